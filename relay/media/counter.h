#ifndef PICRELAY_COUNTER_H
#define PICRELAY_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/**
 * Figures with one writer and any number of readers. A load and a store, both relaxed: with one
 * writer that loses nothing, and it spares the locked instruction of atomic_fetch_add().
 */

static inline void counter_add(_Atomic uint64_t *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static inline void counter_set(_Atomic uint64_t *c, uint64_t value)
{
    atomic_store_explicit(c, value, memory_order_relaxed);
}

static inline uint64_t counter_get(const _Atomic uint64_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

/** A figure that fits 32 bits: an SSRC, a sequence number, a payload type. */
static inline void gauge_set(_Atomic uint32_t *g, uint32_t value)
{
    atomic_store_explicit(g, value, memory_order_relaxed);
}

static inline uint32_t gauge_get(const _Atomic uint32_t *g)
{
    return atomic_load_explicit(g, memory_order_relaxed);
}

#endif
