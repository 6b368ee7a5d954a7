#ifndef PICRELAY_COMFORT_NOISE_H
#define PICRELAY_COMFORT_NOISE_H

#include <stddef.h>
#include <stdint.h>

/**
 * RFC 3389 comfort noise: white noise of the level that a payload names. Its spectral coefficients
 * are not used. [pure] Nothing is allocated; lives by value in its owner.
 */
struct comfort_noise {
    uint32_t seed;
    int32_t amplitude; /* of the samples: they are uniform between -amplitude and amplitude */
};

/** Silent until the first comfort_noise_set(). @param seed  of the noise; any value but 0 */
void comfort_noise_init(struct comfort_noise *cn, uint32_t seed);
/** Takes the level of a payload. @return 0; EBADMSG: empty */
int comfort_noise_set(struct comfort_noise *cn, const uint8_t *payload, size_t n);
void comfort_noise_fill(struct comfort_noise *cn, int16_t *samples, uint32_t n);

#endif
