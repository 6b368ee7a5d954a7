#ifndef PICRELAY_BENCH_PEER_SRTP_H
#define PICRELAY_BENCH_PEER_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/peer/sdp.h"

/**
 * SRTP and SRTCP of one peer, by libsrtp2: AES_CM_128_HMAC_SHA1_80, with or without an MKI; the
 * suites of DTLS-SRTP.
 * Source: RFC 3711, RFC 4568. Thread: the loop's.
 */

/** What protection adds at the most [bytes]: SRTCP index, MKI, tag. */
#define PEER_SRTP_TRAILER 20

struct peer_srtp;

/** @param tx, rx  the keys that we and that the other end have announced. @return 0; ENOMEM */
int peer_srtp_alloc(struct peer_srtp **sp, const struct peer_crypto *tx,
                    const struct peer_crypto *rx);
void peer_srtp_free(struct peer_srtp *s); /* NULL is allowed */

/** @param n  in and out; the buffer has room for PEER_SRTP_TRAILER more. @return 0; EBADMSG */
int peer_srtp_protect(struct peer_srtp *s, bool is_rtcp, uint8_t *packet, size_t *n);
/** @return 0; EACCES: the tag is wrong; EALREADY: a replay; EBADMSG: not a packet */
int peer_srtp_unprotect(struct peer_srtp *s, bool is_rtcp, uint8_t *packet, size_t *n);

/** What DTLS-SRTP may agree on: RFC 5764, RFC 7714. */
enum peer_suite { PEER_SUITE_CM_128, PEER_SUITE_GCM_128, PEER_SUITE_GCM_256 };
#define PEER_SRTP_KEY_MAX 46

/** @param profile  its number in use_srtp. @return 0; ENOENT */
int peer_suite_find(enum peer_suite *suite, unsigned long profile);
void peer_suite_lengths(enum peer_suite suite, size_t *key, size_t *salt);
/** @param tx, rx  master key, then salt. @return 0; ENOMEM */
int peer_srtp_alloc_suite(struct peer_srtp **sp, enum peer_suite suite, const uint8_t *tx,
                          const uint8_t *rx);

/** A fresh random key under a tag. @return 0; EIO */
int peer_crypto_make(struct peer_crypto *c, uint32_t tag, uint8_t n_mki);

#endif
