#ifndef PICRELAY_BENCH_SOUND_H
#define PICRELAY_BENCH_SOUND_H

#include <stddef.h>
#include <stdint.h>

/**
 * A piece of mono sound in memory, and its change of rate as a whole. For peers and reports, not
 * for the data path: everything here allocates. Any thread.
 */

#define SOUND_RATE_MIN_HZ 4000
#define SOUND_RATE_MAX_HZ 96000
/** The longest sound that is taken: an hour at 48 kHz [samples]. */
#define SOUND_SAMPLES_MAX (3600U * 48000U)

/** Host order, mono. A zeroed struct is an empty sound; sound_wipe() frees the samples. */
struct sound {
    int16_t *samples;
    uint32_t n_samples;
    uint32_t rate_hz;
};

/** Silence of a length. @return 0; EINVAL: too long, or a rate that is not taken; ENOMEM */
int sound_alloc(struct sound *s, uint32_t n_samples, uint32_t rate_hz);
void sound_wipe(struct sound *s);

/**
 * Makes out the same sound at another rate; the filter's delay is taken out, so that times stay.
 * @return 0; EINVAL: a rate that is not taken; ENOMEM. out is written on success only.
 */
int sound_resample(struct sound *out, const struct sound *in, uint32_t rate_hz);

#endif
