#ifndef PICRELAY_COMFORT_NOISE_H
#define PICRELAY_COMFORT_NOISE_H

#include <stddef.h>
#include <stdint.h>

/**
 * RFC 3389 comfort noise, both ways: noise of the level and the spectrum that a payload names, and
 * a payload that names those of a sound. [pure] Nothing is allocated; lives by value in its owner.
 */

#define COMFORT_NOISE_ORDER 10 /* reflection coefficients that are used; further ones are not */
/** The payload that is written: the level and COMFORT_NOISE_SENT coefficients [bytes]. */
#define COMFORT_NOISE_SENT    4
#define COMFORT_NOISE_PAYLOAD (1 + COMFORT_NOISE_SENT)

struct comfort_noise {
    uint32_t seed;
    float rms;                             /* of the noise; full scale is 32767 */
    float excitation;                      /* rms of the white noise before the filter */
    unsigned order;                        /* 0: white */
    float k[COMFORT_NOISE_ORDER];          /* reflection coefficients, a_m = k_m */
    float memory[COMFORT_NOISE_ORDER + 1]; /* of the lattice */
};

/** Silent until the first comfort_noise_set(). @param seed  of the noise; any value but 0 */
void comfort_noise_init(struct comfort_noise *cn, uint32_t seed);
/** Takes level and spectrum of a payload. @return 0; EBADMSG: empty */
int comfort_noise_set(struct comfort_noise *cn, const uint8_t *payload, size_t n);
/** Makes the noise white: its spectrum was of another sampling rate (RFC 3389 s.3.2). */
void comfort_noise_whiten(struct comfort_noise *cn);
void comfort_noise_fill(struct comfort_noise *cn, int16_t *samples, uint32_t n);

/**
 * Describes a sound as comfort noise. It should be noise, of 20 ms or more.
 * @return bytes of the payload, COMFORT_NOISE_PAYLOAD at most
 */
size_t comfort_noise_describe(uint8_t payload[COMFORT_NOISE_PAYLOAD], const int16_t *samples,
                              uint32_t n);

#endif
