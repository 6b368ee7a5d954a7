#ifndef PICRELAY_SRTP_H
#define PICRELAY_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/media/cache.h"
#include "relay/str.h"

/**
 * SRTP over vectors of packets, behind one header. A provider does the work: srtp_multibuffer.c
 * where the CPU can, srtp_libsrtp.c anywhere; both write the same bytes and give the same verdicts.
 * Source: RFC 3711, 4568, 6188, 7714.
 *
 * Threads: sessions are allocated and freed by control and used by one worker in between; control
 * and each worker have a context of their own, of the same provider.
 * A packet that fails changes nothing: no ROC, no replay window, no SSRC state.
 *
 * Names: libre and libsrtp2 export srtp_protect(), srtp_suite_name(), enum srtp_suite and its rows;
 * ours differ, so that a file may see both and neither library is interposed at link time.
 */

enum srtp_suite_id {
    SRTP_SUITE_NONE,
    SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
    SRTP_SUITE_AES_CM_128_HMAC_SHA1_32,
    SRTP_SUITE_AES_256_CM_HMAC_SHA1_80,
    SRTP_SUITE_AES_256_CM_HMAC_SHA1_32,
    SRTP_SUITE_AEAD_AES_128_GCM,
    SRTP_SUITE_AEAD_AES_256_GCM,
    SRTP_SUITE_COUNT
};

#define SRTP_KEY_SALT_MAX 46 /* AES-256 and a 14-byte salt [bytes] */
#define SRTP_MKI_MAX      128
#define SRTP_TRAILER_MAX  (16 + 4 + SRTP_MKI_MAX) /* what srtp_seal() may add [bytes] */

struct srtp_keys {
    enum srtp_suite_id suite;
    uint8_t key_salt[SRTP_KEY_SALT_MAX]; /* master key, then master salt; length by the suite */
    uint8_t mki[SRTP_MKI_MAX];
    uint8_t mki_len; /* 0: no MKI on the wire */
};

enum srtp_direction { SRTP_RECEIVE, SRTP_SEND };

/** A provider's session begins with this. srtp_session_alloc() fills it. */
struct srtp_session {
    const struct srtp_provider *provider;
    uint8_t rtp_tail, rtcp_tail; /* what stands behind the MKI on the wire [bytes] */
    uint8_t mki_len;
    uint8_t *mki; /* NULL: none, as most; so that it takes no room where each packet looks */
};

/** Where a provider keeps what it needs for a packet. */
#define SRTP_HOT_BYTES 448

/** Asks for a session some time before its packet is worked on: like its stream, it is in no near
 *  cache. */
PREFETCH_INLINE void srtp_prefetch(const struct srtp_session *s)
{
    unsigned at;

    for (at = 0; at < SRTP_HOT_BYTES; at += CACHE_LINE)
        __builtin_prefetch((const char *)s + at);
}

/** One packet of a vector, changed in place. */
struct srtp_job {
    struct srtp_session *session;
    uint8_t *data;
    uint32_t len; /* in and out [bytes] */
    uint32_t cap; /* room from data on; to seal: >= len + SRTP_TRAILER_MAX */
    bool is_rtcp;
    enum { SRTP_OK, SRTP_BAD_AUTH, SRTP_REPLAY, SRTP_BAD_PACKET } result;
};

/** What a provider keeps for a thread. A provider's own begins with this. */
struct srtp_context {
    const struct srtp_provider *provider;
};

struct srtp_provider {
    const char *name; /* as in the configuration */
    int (*context_alloc)(struct srtp_context **cp);
    void (*context_free)(struct srtp_context *c);
    int (*session_alloc)(struct srtp_session **sp, struct srtp_context *c,
                         const struct srtp_keys *keys, enum srtp_direction direction);
    void (*session_free)(struct srtp_session *s);
    /* n jobs of this provider, in order of arrival; sessions may be mixed. A provider never sees an
     * MKI: srtp.c takes it off and puts it on, the same for all. A job without bytes fails. */
    void (*seal)(struct srtp_context *c, struct srtp_job *jobs, unsigned n);
    void (*open)(struct srtp_context *c, struct srtp_job *jobs, unsigned n);
};

extern const struct srtp_provider srtp_provider_libsrtp, srtp_provider_multibuffer;

/** @return the first provider that can run here, the fastest first */
const struct srtp_provider *srtp_provider_best(void);
/** @return whether it can run here: multibuffer needs a CPU with AES instructions */
bool srtp_provider_is_available(const struct srtp_provider *provider);

/** Sets the library up. Once, before threads are started. @return 0; EIO */
int srtp_library_init(void);
void srtp_library_close(void);

/** @return 0; ENOTSUP: the provider cannot run here; ENOMEM */
int srtp_context_alloc(struct srtp_context **cp, const struct srtp_provider *provider);
void srtp_context_free(struct srtp_context *c); /* its sessions may live on; NULL is allowed */

/** A session of 16 SSRCs. Receiving, the oldest makes room for another; sending, another is refused
 *  as a bad packet: one that was forgotten and came back would use its keystream twice (RFC 3711
 *  s.9.1). Replay window 128. @param c  of the thread that calls
 *  @return 0; EINVAL: suite unknown; ENOTSUP: not in this provider; ENOMEM; EIO */
int srtp_session_alloc(struct srtp_session **sp, struct srtp_context *c,
                       const struct srtp_keys *keys, enum srtp_direction direction);
void srtp_session_free(struct srtp_session *s); /* wipes the keys; NULL is allowed */

/** Encrypts and tags what is to be sent. Sets len and result of each job: as if one were done after
 *  the other. @param c  of the thread that calls; its provider is that of all sessions */
void srtp_seal(struct srtp_context *c, struct srtp_job *jobs, unsigned n);
/** Authenticates, checks for replay, decrypts what arrived. Sets len and result of each job; an
 *  unknown MKI is SRTP_BAD_PACKET. */
void srtp_open(struct srtp_context *c, struct srtp_job *jobs, unsigned n);

/** @return the suite of an a=crypto name (without case); SRTP_SUITE_NONE */
enum srtp_suite_id srtp_suite_find(struct str name);
/** @return its name in a=crypto; "" for SRTP_SUITE_NONE */
const char *srtp_suite_sdp_name(enum srtp_suite_id suite);
/** Master key and salt together [bytes]: 30 for AES_CM_128; 0 for SRTP_SUITE_NONE */
size_t srtp_suite_key_len(enum srtp_suite_id suite);

/** Fresh random master key and salt, from the kernel. @return 0; EIO */
int srtp_keys_random(struct srtp_keys *keys, enum srtp_suite_id suite);
void srtp_keys_wipe(struct srtp_keys *keys);
/** @return whether both are of one suite, with the same key, salt and MKI and zeros behind them */
bool srtp_keys_equal(const struct srtp_keys *a, const struct srtp_keys *b);

#endif
