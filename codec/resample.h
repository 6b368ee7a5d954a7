#ifndef PICRELAY_RESAMPLE_H
#define PICRELAY_RESAMPLE_H

#include <stdint.h>

/**
 * Changes the sampling rate of a mono stream (speexdsp). All memory is allocated at the start.
 * Thread: one at a time.
 */
struct resample;

/** @return 0; EINVAL: rates outside 8 to 48 kHz; ENOMEM */
int resample_alloc(struct resample **rp, uint32_t from_hz, uint32_t to_hz);
void resample_free(struct resample *r); /* NULL is allowed */
/** Forgets the signal so far. */
void resample_reset(struct resample *r);
/** @return samples written to out, n * to_hz / from_hz in the long run and at most `cap` */
uint32_t resample_run(struct resample *r, const int16_t *in, uint32_t n, int16_t *out,
                      uint32_t cap);

#endif
