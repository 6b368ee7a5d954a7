#ifndef PICRELAY_SIPHASH_H
#define PICRELAY_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/**
 * SipHash-2-4: a hash of bytes that strangers choose, which nobody without the key can make
 * collide. [pure] Thread: any. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF".
 */

struct siphash_key {
    uint64_t k[2]; /* random, drawn once a table */
};

uint64_t siphash(const struct siphash_key *key, const void *data, size_t n);

#endif
