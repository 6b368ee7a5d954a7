#include "relay/control/ng/siphash.h"

#include <endian.h>
#include <string.h>

static uint64_t rotate(uint64_t x, unsigned n_bits)
{
    return (x << n_bits) | (x >> (64 - n_bits));
}

static void mix(uint64_t v[4], unsigned n_rounds)
{
    while (n_rounds--) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void take_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, 2);
    v[0] ^= word;
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t n)
{
    uint64_t v[4] = {
        key->k[0] ^ 0x736f6d6570736575, /* "somepseudorandomlygeneratedbytes" */
        key->k[1] ^ 0x646f72616e646f6d,
        key->k[0] ^ 0x6c7967656e657261,
        key->k[1] ^ 0x7465646279746573,
    };
    const unsigned char *p = data;
    uint64_t word;
    size_t left = n;

    for (; left >= sizeof(word); left -= sizeof(word), p += sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        take_word(v, le64toh(word));
    }

    word = (uint64_t)n << 56; /* the last word: its length modulo 256 and the bytes that are left */
    for (size_t i = 0; i < left; i++)
        word |= (uint64_t)p[i] << (8 * i);
    take_word(v, word);

    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
