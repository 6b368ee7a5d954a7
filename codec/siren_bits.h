#ifndef PICRELAY_SIREN_BITS_H
#define PICRELAY_SIREN_BITS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Bits of a frame, the most significant of a byte first. What would go past the end is not written,
 * and reads as nothing: a frame may end in the middle of a code (G.722.1 s.4.5). [pure]
 */

struct siren_writer {
    uint8_t *bytes;   /* zeroed up to the end */
    uint32_t at, end; /* [bits] */
};

struct siren_reader {
    const uint8_t *bytes;
    uint32_t at, end; /* [bits] */
    bool is_short;    /* something was read past the end */
};

/** Writes the low n_bits of value. */
static inline void siren_put(struct siren_writer *w, uint32_t value, uint32_t n_bits)
{
    while (n_bits > 0 && w->at < w->end) {
        const uint32_t bit = value >> --n_bits & 1;

        w->bytes[w->at / 8] = (uint8_t)(w->bytes[w->at / 8] | bit << (7 - w->at % 8));
        w->at++;
    }
}

/** @return the next bit; 0 past the end */
static inline uint32_t siren_get_bit(struct siren_reader *r)
{
    uint32_t bit;

    if (r->at >= r->end) {
        r->is_short = true;
        return 0;
    }
    bit = (uint32_t)r->bytes[r->at / 8] >> (7 - r->at % 8) & 1;
    r->at++;
    return bit;
}

static inline uint32_t siren_get(struct siren_reader *r, uint32_t n_bits)
{
    uint32_t value = 0;

    while (n_bits-- > 0)
        value = value << 1 | siren_get_bit(r);
    return value;
}

/** Follows a tree of siren_codes.h to a leaf. @return what the leaf holds; 0 with is_short set */
static inline unsigned siren_get_leaf(struct siren_reader *r, const int16_t (*tree)[2])
{
    int node = 0;

    do
        node = tree[node][siren_get_bit(r)];
    while (node >= 0 && !r->is_short);
    return node < 0 ? (unsigned)~node : 0;
}

#endif
