#ifndef PICRELAY_BENCH_LOAD_BYTES_H
#define PICRELAY_BENCH_LOAD_BYTES_H

#include <stdint.h>

/** Numbers in network order. [pure] */

static inline void load_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void load_put32(uint8_t *p, uint32_t v)
{
    load_put16(p, (uint16_t)(v >> 16));
    load_put16(p + 2, (uint16_t)v);
}

static inline uint16_t load_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_get32(const uint8_t *p)
{
    return (uint32_t)load_get16(p) << 16 | load_get16(p + 2);
}

#endif
