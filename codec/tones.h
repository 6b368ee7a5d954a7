#ifndef PICRELAY_TONES_H
#define PICRELAY_TONES_H

#include <stdbool.h>
#include <stdint.h>

/**
 * DTMF digits as sound: made from RFC 4733 events for a receiver without telephone-event, heard in
 * the audio of a sender without it. Source: ITU-T Q.23 (frequencies), RFC 4733 s.3.2 (codes,
 * volume). Thread: one at a time.
 */

#define TONES_N_CODES 16 /* 0..9, *, #, A..D: the codes that are tones */
#define TONES_RAMP_MS 2  /* of a tone at its start, so that it begins without a click */

/** A digit as it is made. [pure] Lives by value in its owner. */
struct tone_maker {
    uint32_t rate_hz;
    uint32_t n_made; /* samples so far */
    double step[2];  /* of the phase [radians a sample] */
    double amplitude;
};

/** @param volume  of RFC 4733: 0..63 is 0 to -63 dBm0; softer than a receiver hears is raised
 *  @return 0; EINVAL: no code of a tone */
int tone_start(struct tone_maker *m, uint32_t rate_hz, uint8_t code, uint8_t volume);
/** Makes the next n samples. */
void tone_fill(struct tone_maker *m, int16_t *samples, uint32_t n);

struct tone_listener;

/** @param rate_hz  of what it will hear. @return 0; EINVAL: a rate outside 8 to 48 kHz; ENOMEM */
int tone_listener_alloc(struct tone_listener **lp, uint32_t rate_hz);
void tone_listener_free(struct tone_listener *l); /* NULL is allowed */
/** The longest that tone_listen() takes to be sure of a digit. */
#define TONES_SURE_MS 40

/** Hears n samples, any number of them. @return the code of the digit that is on at the end of
 *  them; -1: none. It takes 25 to TONES_SURE_MS of a digit to be sure of it. */
int tone_listen(struct tone_listener *l, const int16_t *samples, uint32_t n);
/** @return how loud n samples are, as the volume of RFC 4733 */
uint8_t tone_volume(const int16_t *samples, uint32_t n);

#endif
