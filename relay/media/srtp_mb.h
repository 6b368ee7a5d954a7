#ifndef PICRELAY_SRTP_MB_H
#define PICRELAY_SRTP_MB_H

#include <intel-ipsec-mb.h>

#include "relay/media/srtp.h"
#include "relay/media/srtp_layout.h"
#include "relay/media/srtp_sources.h"

/**
 * What the rooms of the multi-buffer provider share, and nobody else sees:
 *   srtp_mb_keys.c       from master keys to key schedules, once a session
 *   srtp_mb_crypto.c     many packets through the library at once
 *   srtp_multibuffer.c   the provider: indices, replay, verdicts
 * They are the only door to intel-ipsec-mb.
 */

#define MB_VECTOR     64 /* packets that go through the library together; longer vectors in turns */
#define MB_TAG_MAX    16
#define MB_SALT_MAX   14
#define MB_AUTH_BYTES 20 /* of the HMAC-SHA1 key */
#define MB_KEY_MAX    32

struct mb_suite {
    uint8_t key_len, salt_len; /* master's and session's alike [bytes] */
    uint8_t rtp_tag, rtcp_tag; /* [bytes] */
    bool is_gcm;
};

/** What the key derivation gives for SRTP, and again for SRTCP: RFC 3711 s.4.3. */
struct mb_secrets {
    uint8_t key[MB_KEY_MAX], auth[MB_AUTH_BYTES], salt[MB_SALT_MAX];
};

/** The same as the library takes it: nothing of it is left to be computed for a packet. */
struct mb_keys {
    _Alignas(16) uint8_t aes[15 * 16];                /* AES-CM: round keys */
    uint8_t ipad[MB_AUTH_BYTES], opad[MB_AUTH_BYTES]; /* SHA-1 after its first block */
    uint8_t salt[MB_SALT_MAX];
};

struct mb_session {
    struct srtp_session base;
    const struct mb_suite *suite;
    struct gcm_key_data *gcm; /* SRTP's, SRTCP's; NULL: AES-CM */
    struct mb_keys rtp_keys;  /* up to its first source, a session is what SRTP_HOT_BYTES ask for */
    struct srtp_sources sources;
    struct mb_keys rtcp_keys;
};

_Static_assert(offsetof(struct mb_session, sources.source[1]) <= SRTP_HOT_BYTES,
               "what most packets look at is asked for ahead");

/** A packet of the vector that is being worked on. */
struct mb_item {
    struct srtp_job *job;
    struct mb_session *session;
    struct srtp_layout at;
    uint32_t end;     /* of what is encrypted [bytes] */
    uint64_t index;   /* that it is taken to have */
    bool is_asked;    /* its tag is to be verified */
    bool has_verdict; /* that has been done, for this index */
    bool is_genuine;
    uint8_t tag[MB_TAG_MAX];
};

/** The library and what it works on, of one thread. */
struct mb_context {
    struct srtp_context base;
    IMB_MGR *wide;    /* as many lanes as the CPU has */
    IMB_MGR *narrow;  /* for fewer packets than those; may be the same */
    unsigned n_lanes; /* of wide, for SHA-1 */
    struct mb_item item[MB_VECTOR];
    struct mb_item *in_hash[MB_VECTOR];
    IMB_JOB hash[MB_VECTOR], cipher[MB_VECTOR];
    _Alignas(16) uint8_t iv[MB_VECTOR][SRTP_IV_BYTES];
    uint8_t digest[MB_VECTOR][12]; /* HMAC-SHA1-96, of which tags are the front */
};

/* ---- srtp_mb_keys.c */

/** @return NULL: not in this provider */
const struct mb_suite *mb_suite_find(enum srtp_suite_id suite);

/** RFC 3711 s.4.3, RFC 6188, RFC 7714 s.11. @return 0; EIO: the library would not */
int mb_keys_derive(struct mb_context *c, struct mb_secrets *out, const struct srtp_keys *keys,
                   bool is_rtcp);

/** Computes the schedules of SRTP or SRTCP. */
void mb_keys_set(const struct mb_context *c, struct mb_session *s, const struct mb_secrets *secrets,
                 bool is_rtcp);

/* ---- srtp_mb_crypto.c */

/** Sets what is the same in all jobs, once a context. */
void mb_crypto_init(struct mb_context *c);

/** Finds out which of the items that ask are genuine under their index. AES-CM: the packet is as it
 *  was, then. AES-GCM: one that is genuine is in clear already. */
void mb_verify(struct mb_context *c, unsigned n);
/** The same for one item. */
void mb_verify_one(struct mb_context *c, struct mb_item *item);
/** Puts back the ciphertext of a genuine AES-GCM item, which has a verdict no longer. */
void mb_undo(struct mb_context *c, struct mb_item *item);

/** Decrypts the AES-CM items whose job succeeded. Sets the length of all that did. */
void mb_decrypt(struct mb_context *c, unsigned n);

/** Encrypts and tags the items whose job succeeded; one that the library does not do has failed. */
void mb_encrypt(struct mb_context *c, unsigned n);

static inline const struct mb_keys *mb_item_keys(const struct mb_item *item)
{
    return item->job->is_rtcp ? &item->session->rtcp_keys : &item->session->rtp_keys;
}

static inline unsigned mb_item_tag_len(const struct mb_item *item)
{
    const struct mb_suite *suite = item->session->suite;

    return item->job->is_rtcp ? suite->rtcp_tag : suite->rtp_tag;
}

#endif
