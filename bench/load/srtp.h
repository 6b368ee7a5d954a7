#ifndef PICRELAY_BENCH_LOAD_SRTP_H
#define PICRELAY_BENCH_LOAD_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

/**
 * SRTP of one direction of one stream, on libcrypto alone: it shares no code with the relay, whose
 * bytes it checks, and costs a fraction of what Debian's libsrtp2 does. AES_CM_128 with
 * HMAC_SHA1_80 or _32, no MKI. Source: RFC 3711 s.3.3, 3.4, 4.1.1, 4.2 and 4.3.
 */

enum load_suite {
    LOAD_SUITE_NONE,
    LOAD_SUITE_SHA1_80,
    LOAD_SUITE_SHA1_32,
};

#define LOAD_SRTP_KEY_BYTES  30 /* master key, then master salt */
#define LOAD_SRTP_GROWTH_MAX 10
#define LOAD_RTP_HEADER      12
#define LOAD_RTCP_HEADER     8 /* in the clear */
#define LOAD_SRTCP_GROWTH                                                                          \
    14 /* the index and a tag of 80 bits, with either suite: RFC 4568 s.6.2                        \
        */

struct load_srtp {
    EVP_CIPHER_CTX *aes;  /* keyed; the IV comes with each packet */
    SHA_CTX inner, outer; /* HMAC, with the key's two blocks behind them */
    uint8_t salt[14];
    unsigned tag_bytes;
    bool has_begun;
    uint64_t index; /* the highest that was authentic: ROC << 16 | SEQ */
};

/** The name in SDP (RFC 4568 s.6.2). @return NULL: LOAD_SUITE_NONE */
const char *load_suite_name(enum load_suite suite);

/** @return 0; ENOMEM */
int load_srtp_init(struct load_srtp *s, enum load_suite suite,
                   const uint8_t key[LOAD_SRTP_KEY_BYTES]);
void load_srtp_wipe(struct load_srtp *s); /* a zeroed struct is allowed */

/**
 * Encrypts in place and appends the tag.
 * @param packet  a header of 12 bytes and the payload; LOAD_SRTP_GROWTH_MAX bytes of room behind it
 * @param index   ROC << 16 | SEQ
 * @return bytes
 */
size_t load_srtp_protect(struct load_srtp *s, uint8_t *packet, size_t n, uint64_t index);
/** Checks and decrypts in place. @return bytes; 0: not authentic, nothing is changed */
size_t load_srtp_unprotect(struct load_srtp *s, uint8_t *packet, size_t n);

/** SRTCP of one direction: the same keys to begin with, others derived from them. */
struct load_srtcp {
    struct load_srtp keyed;
    uint32_t index; /* of the next packet */
};

/** @return 0; ENOMEM */
int load_srtcp_init(struct load_srtcp *s, const uint8_t key[LOAD_SRTP_KEY_BYTES]);
void load_srtcp_wipe(struct load_srtcp *s); /* a zeroed struct is allowed */
/** As load_srtp_protect(), with LOAD_SRTCP_GROWTH bytes of room. */
size_t load_srtcp_protect(struct load_srtcp *s, uint8_t *packet, size_t n);
/** As load_srtp_unprotect(). */
size_t load_srtcp_unprotect(struct load_srtcp *s, uint8_t *packet, size_t n);

#endif
