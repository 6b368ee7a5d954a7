#ifndef PICRELAY_LOOPBACK_TIMED_H
#define PICRELAY_LOOPBACK_TIMED_H

#include "bench/sound/sound.h"

/**
 * The last minutes of one sound, and when each sample was at the mouth or at the ear: what delay
 * and score are measured on, and what is written as a WAV in the end. [pure]
 */

#define TIMED_HZ 16000

struct timed;

/** @param seconds  how much is kept. @return 0; EINVAL: more than an hour; ENOMEM */
int timed_alloc(struct timed **tp, uint32_t seconds);
void timed_free(struct timed *t); /* NULL is allowed */

/** @param us  when the first of them was, or will be, in the air; on the clock of loop_now_us() */
void timed_put(struct timed *t, const int16_t *samples, uint32_t n, uint64_t us);

/** Samples put so far, also those that are no longer kept. */
uint64_t timed_count(const struct timed *t);
/** When a sample was in the air, by what timed_put() was told around it. */
int64_t timed_us(const struct timed *t, uint64_t index);
/** Copies samples [from, to); those that are not kept are silence. @return 0; ENOMEM; EINVAL */
int timed_copy(const struct timed *t, struct sound *s, uint64_t from, uint64_t to);
/** All that is kept. @return as timed_copy() */
int timed_copy_all(const struct timed *t, struct sound *s);

#endif
