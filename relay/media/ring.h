#ifndef PICRELAY_RING_H
#define PICRELAY_RING_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "relay/media/cache.h"

/**
 * A bounded lock-free ring of pointers: one thread puts, one thread takes. What the producer wrote
 * to an object before ring_put() is seen by the consumer after ring_get().
 *
 * Waking: ring_put() says whether the ring was empty, that is whether the consumer may have gone to
 * sleep. This is Dekker's pattern (each side stores its own index, then loads the other's), so the
 * four accesses that it rests on are sequentially consistent: either the producer sees that all
 * was taken and wakes, or the consumer sees the new item. ring_get() must have returned NULL
 * before the consumer sleeps.
 */

#define RING_SIZE 1024 /* slots; a power of two */

struct ring {
    _Alignas(CACHE_LINE) atomic_size_t tail; /* next slot to fill; written by the producer */
    size_t seen_head;                        /* the producer's last look at head */
    _Alignas(CACHE_LINE) atomic_size_t head; /* next slot to empty; written by the consumer */
    _Alignas(CACHE_LINE) void *slot[RING_SIZE];
};

static inline void ring_init(struct ring *r)
{
    atomic_init(&r->tail, 0);
    atomic_init(&r->head, 0);
    r->seen_head = 0;
}

/**
 * Puts one pointer (not NULL) in. Thread: the producer.
 * @param was_empty  written on success: the consumer may be asleep and has to be woken
 * @return 0; ENOBUFS: full
 */
static inline int ring_put(struct ring *r, void *item, bool *was_empty)
{
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

    if (tail - r->seen_head == RING_SIZE) {
        r->seen_head = atomic_load_explicit(&r->head, memory_order_acquire);
        if (tail - r->seen_head == RING_SIZE)
            return ENOBUFS;
    }
    r->slot[tail % RING_SIZE] = item;
    atomic_store_explicit(&r->tail, tail + 1, memory_order_seq_cst);
    r->seen_head = atomic_load_explicit(&r->head, memory_order_seq_cst);
    *was_empty = r->seen_head == tail;
    return 0;
}

/** Takes the oldest pointer out. Thread: the consumer. @return NULL: empty */
static inline void *ring_get(struct ring *r)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    void *item;

    if (atomic_load_explicit(&r->tail, memory_order_seq_cst) == head)
        return NULL;
    item = r->slot[head % RING_SIZE];
    atomic_store_explicit(&r->head, head + 1, memory_order_seq_cst);
    return item;
}

#endif
