#ifndef PICRELAY_CONCEAL_H
#define PICRELAY_CONCEAL_H

#include <stdint.h>

#include "codec/codec.h"

/**
 * Waveform substitution for codecs that have no concealment of their own: the last pitch period is
 * repeated and faded out, and the joins at both ends are smoothed. It adds no delay. The method is
 * that of ITU-T G.711 appendix I, at any rate up to 16 kHz, with the start of a repair smoothed by
 * a correction that fades instead of a delayed output. [pure]
 *
 * Thread: one at a time. Nothing is allocated; lives by value in a decoder.
 */

#define CONCEAL_RATE_MAX_HZ 16000
#define CONCEAL_PITCH_MAX   (CONCEAL_RATE_MAX_HZ / 66) /* the lowest voice: 66 Hz */
#define CONCEAL_HISTORY     (CONCEAL_RATE_MAX_HZ / 50 + 2 * CONCEAL_PITCH_MAX)

struct conceal {
    uint32_t rate_hz;
    uint32_t n_history;               /* samples of history in use at this rate */
    uint32_t n_lost;                  /* samples made up since the last good one */
    uint32_t period;                  /* length of the cycle; valid while n_lost > 0 */
    uint32_t phase;                   /* the next sample of the cycle */
    int32_t step;                     /* what the first made-up sample would jump by */
    int16_t history[CONCEAL_HISTORY]; /* the newest n_history samples that went out */
    int16_t cycle[CONCEAL_PITCH_MAX + 1];
};

/** @param rate_hz  8000 to CONCEAL_RATE_MAX_HZ [Hz] */
void conceal_init(struct conceal *c, uint32_t rate_hz);
/** Takes note of decoded samples; the first ones after a loss are blended with the repair. */
void conceal_good(struct conceal *c, int16_t *samples, uint32_t n);
/** Makes up n samples that follow what went out last: fading from 10 ms on, silent after 60 ms. */
void conceal_fill(struct conceal *c, int16_t *samples, uint32_t n);
/** The same, as the conceal() of a codec without a way of its own. @return 0; EINVAL: too long */
int conceal_pcm(struct conceal *c, uint32_t n_frames, struct pcm *out);

#endif
