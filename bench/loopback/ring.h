#ifndef PICRELAY_LOOPBACK_RING_H
#define PICRELAY_LOOPBACK_RING_H

#include <stdatomic.h>
#include <stdint.h>

/**
 * Samples between PortAudio's callback and our loop: one thread puts, one gets, neither waits. The
 * callback must not lock, allocate or call the system, so this is all that the two share.
 */

struct ring {
    int16_t *samples;
    uint32_t mask;
    /* both only grow; each is written by one side alone */
    _Atomic uint32_t head;    /* put so far */
    _Atomic uint32_t tail;    /* got so far */
    _Atomic uint32_t surplus; /* that the putting side wants forgotten */
};

/** @param least  how many samples fit at the least. @return 0; EINVAL: none, or more than 2^20;
 *  ENOMEM */
int ring_alloc(struct ring *r, uint32_t least);
void ring_wipe(struct ring *r); /* a zeroed one is allowed */

/** @return how many of n fitted. Thread: the one that puts */
uint32_t ring_put(struct ring *r, const int16_t *samples, uint32_t n);
/** @return how many of n there were. Thread: the one that gets */
uint32_t ring_get(struct ring *r, int16_t *samples, uint32_t n);
/** Gets n at the most and forgets them. @return how many. Thread: the one that gets */
uint32_t ring_skip(struct ring *r, uint32_t n);
/** Has n of the oldest forgotten at the next ring_get(). Thread: the one that puts */
void ring_ask_to_skip(struct ring *r, uint32_t n);
/** Samples in it; for the side that asks, the other one may only have made it better. */
uint32_t ring_fill(const struct ring *r);

#endif
