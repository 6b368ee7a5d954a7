#include "bench/loopback/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX (1U << 20)

int ring_alloc(struct ring *r, uint32_t least)
{
    uint32_t cap = 1;

    if (!least || least > SAMPLES_MAX)
        return EINVAL;
    while (cap < least)
        cap *= 2;
    int16_t *samples = calloc(cap, sizeof(*samples));
    if (!samples)
        return ENOMEM;
    r->samples = samples;
    r->mask = cap - 1;
    atomic_init(&r->head, 0);
    atomic_init(&r->tail, 0);
    atomic_init(&r->surplus, 0);
    return 0;
}

void ring_wipe(struct ring *r)
{
    free(r->samples);
    r->samples = NULL;
}

/* n samples from a place on: one piece up to the end of the memory, the rest from its front. */
static uint32_t first_piece(const struct ring *r, uint32_t at, uint32_t n)
{
    uint32_t to_end = r->mask + 1 - (at & r->mask);

    return n < to_end ? n : to_end;
}

uint32_t ring_put(struct ring *r, const int16_t *samples, uint32_t n)
{
    uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    uint32_t room = r->mask + 1 - (head - tail);

    n = n < room ? n : room;
    uint32_t n_first = first_piece(r, head, n);
    memcpy(r->samples + (head & r->mask), samples, n_first * sizeof(*samples));
    memcpy(r->samples, samples + n_first, (n - n_first) * sizeof(*samples));
    atomic_store_explicit(&r->head, head + n, memory_order_release);
    return n;
}

uint32_t ring_get(struct ring *r, int16_t *samples, uint32_t n)
{
    uint32_t surplus = atomic_exchange_explicit(&r->surplus, 0, memory_order_relaxed);
    if (surplus)
        (void)ring_skip(r, surplus);

    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);

    n = n < head - tail ? n : head - tail;
    uint32_t n_first = first_piece(r, tail, n);
    memcpy(samples, r->samples + (tail & r->mask), n_first * sizeof(*samples));
    memcpy(samples + n_first, r->samples, (n - n_first) * sizeof(*samples));
    atomic_store_explicit(&r->tail, tail + n, memory_order_release);
    return n;
}

uint32_t ring_skip(struct ring *r, uint32_t n)
{
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);

    n = n < head - tail ? n : head - tail;
    atomic_store_explicit(&r->tail, tail + n, memory_order_release);
    return n;
}

void ring_ask_to_skip(struct ring *r, uint32_t n)
{
    atomic_store_explicit(&r->surplus, n, memory_order_relaxed);
}

uint32_t ring_fill(const struct ring *r)
{
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

    return atomic_load_explicit(&r->head, memory_order_acquire) - tail;
}
