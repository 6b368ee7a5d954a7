#include "bench/load/pattern.h"

#include <stdlib.h>
#include <string.h>

#define SIGN UINT64_C(0x8080808080808080)
/* Bit 6 clear and bit 5 set is a loud sample in both laws. One of zero would lose its sign: mu-law
 * has a minus zero, linear samples do not. */
#define QUIET UINT64_C(0x4040404040404040)
#define LOUD  UINT64_C(0x2020202020202020)

/* SplitMix64 (Steele, Lea, Flood 2014): eight bytes that depend on all bits of the seed. */
static uint64_t hash(uint64_t seed)
{
    seed += UINT64_C(0x9e3779b97f4a7c15);
    seed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    seed = (seed ^ seed >> 27) * UINT64_C(0x94d049bb133111eb);
    return seed ^ seed >> 31;
}

/* Eight bits to the signs of eight bytes, the lowest first in memory (x86-64 and its like). */
static uint64_t spread(uint8_t bits)
{
    uint64_t one_each = (bits * UINT64_C(0x0101010101010101)) & UINT64_C(0x8040201008040201);

    return (one_each + UINT64_C(0x7f7f7f7f7f7f7f7f)) & SIGN;
}

void load_pattern_write(uint8_t *payload, size_t n, uint32_t stream, uint32_t number)
{
    uint64_t name = (uint64_t)stream << 32 | number;

    for (unsigned i = 0; i < n / 8; i++) {
        uint64_t bytes = hash(name * 31 + i);

        if (i < 8)
            bytes = (bytes & ~(SIGN | QUIET)) | LOUD | spread((uint8_t)(name >> (8 * i)));
        memcpy(payload + 8 * (size_t)i, &bytes, 8);
    }
}

void load_pattern_read(const uint8_t *payload, uint32_t *stream, uint32_t *number)
{
    uint64_t name = 0;

    for (unsigned i = 0; i < 64; i++)
        name |= (uint64_t)(payload[i] >> 7) << i;
    *stream = (uint32_t)(name >> 32);
    *number = (uint32_t)name;
}

bool load_pattern_is_same(const uint8_t *payload, size_t n, uint32_t stream, uint32_t number)
{
    uint8_t expected[LOAD_PATTERN_MAX];

    load_pattern_write(expected, n, stream, number);
    return memcmp(expected, payload, n) == 0;
}

int load_pattern_sample(uint8_t byte, enum load_law law)
{
    byte = law == LOAD_ALAW ? byte ^ 0x55 : (uint8_t)~byte;

    int exponent = byte >> 4 & 7, mantissa = byte & 15, value;
    if (law == LOAD_ULAW)
        value = (((mantissa << 3) + 0x84) << exponent) - 0x84;
    else
        value = exponent ? ((mantissa << 4) + 0x108) << (exponent - 1) : (mantissa << 4) + 8;
    /* the sign bit means plus in A-law as it is sent, and minus in inverted mu-law */
    return (byte >> 7) == (law == LOAD_ALAW) ? value : -value;
}

bool load_pattern_is_like(const uint8_t payload[LOAD_PATTERN_BYTES], uint32_t stream,
                          uint32_t number, enum load_law sent, enum load_law heard)
{
    uint8_t expected[LOAD_PATTERN_BYTES];

    load_pattern_write(expected, sizeof(expected), stream, number);
    for (unsigned i = 0; i < LOAD_PATTERN_BYTES; i++) {
        int a = load_pattern_sample(expected[i], sent), b = load_pattern_sample(payload[i], heard);

        if (abs(a - b) > abs(a) / 16 + 16) /* a step is 1/16 to 1/32 of the value */
            return false;
    }
    return true;
}
