#ifndef PICRELAY_FINGERPRINT_H
#define PICRELAY_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/str.h"

/**
 * The hash of a certificate as a=fingerprint has it: what ties a DTLS handshake to the signalling.
 * [pure] Any thread. Source: RFC 8122 s.5; weaker hashes than SHA-256 are not taken.
 */

#define FINGERPRINT_BYTES_MAX 64  /* SHA-512 */
#define FINGERPRINT_TEXT_MAX  208 /* "sha-512 ", 64 times "AA:" less one colon, NUL */

enum fingerprint_hash {
    FINGERPRINT_SHA_256,
    FINGERPRINT_SHA_384,
    FINGERPRINT_SHA_512,
    FINGERPRINT_HASHES
};

struct fingerprint {
    enum fingerprint_hash hash;
    uint8_t bytes[FINGERPRINT_BYTES_MAX]; /* zeros behind the hash's own */
};

/** "sha-256 AA:BB:...", without regard to case. @return 0; EINVAL: malformed, or not as long as
 *  the hash is; ENOTSUP: of a hash that is too weak, or unknown */
int fingerprint_parse(struct fingerprint *f, struct str value);

/** Writes the value. @return length without NUL; -ENOSPC */
int fingerprint_print(char *buf, size_t cap, const struct fingerprint *f);

/** In constant time. */
bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b);

/** @return bytes of the hash */
size_t fingerprint_len(enum fingerprint_hash hash);

/** "SHA-256", in any case. @return 0; ENOTSUP: too weak, or unknown */
int fingerprint_find_hash(enum fingerprint_hash *hash, struct str name);

#endif
