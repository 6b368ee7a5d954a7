#include "relay/media/srtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <srtp2/srtp.h>

#include "relay/media/bytes.h"
#include "relay/media/srtp_window.h"

/* The only door to libsrtp2. Debian's is built on NSS: opening a stream for a new SSRC allocates,
 * inside the library, when its first packet has been authenticated. */

#define SSRC_MAX       16
#define REPLAY_WINDOW  128
#define RTP_SEQ_AT     2
#define RTP_SSRC_AT    8
#define RTCP_SSRC_AT   4
#define RTP_BYTES_MIN  12
#define RTCP_BYTES_MIN 8
#define COPY_BYTES     2048

struct libsrtp_session {
    struct srtp_session base;
    srtp_t ctx;
    struct srtp_keys keys;   /* for the stream of a source that is joined late */
    unsigned n_ssrc, oldest; /* ssrc[] is a ring once it is full */
    uint32_t ssrc[SSRC_MAX];
    struct srtp_window window[SSRC_MAX]; /* RTP: only what is highest is kept */
    unsigned n_failed;                   /* for srtp_window_retry() */
    bool is_gcm;
};

typedef void(set_policy_h)(srtp_crypto_policy_t *p);

/* SRTCP keeps its 80-bit tag where SRTP has 32: RFC 4568 s.6.2.2, RFC 6188 s.4. */
static const struct {
    set_policy_h *rtp, *rtcp;
} policies[SRTP_SUITE_COUNT] = {
    [SRTP_SUITE_AES_CM_128_HMAC_SHA1_80] = {srtp_crypto_policy_set_rtp_default,
                                            srtp_crypto_policy_set_rtcp_default},
    [SRTP_SUITE_AES_CM_128_HMAC_SHA1_32] = {srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
                                            srtp_crypto_policy_set_rtcp_default},
    [SRTP_SUITE_AES_256_CM_HMAC_SHA1_80] = {srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
                                            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    [SRTP_SUITE_AES_256_CM_HMAC_SHA1_32] = {srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
                                            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    [SRTP_SUITE_AEAD_AES_128_GCM] = {srtp_crypto_policy_set_aes_gcm_128_16_auth,
                                     srtp_crypto_policy_set_aes_gcm_128_16_auth},
    [SRTP_SUITE_AEAD_AES_256_GCM] = {srtp_crypto_policy_set_aes_gcm_256_16_auth,
                                     srtp_crypto_policy_set_aes_gcm_256_16_auth},
};

int srtp_library_init(void)
{
    return srtp_init() == srtp_err_status_ok ? 0 : EIO;
}

void srtp_library_close(void)
{
    (void)srtp_shutdown();
}

static srtp_policy_t policy_of(struct srtp_keys *keys, srtp_ssrc_type_t type, uint32_t ssrc)
{
    srtp_policy_t policy = {
        .ssrc = {.type = type, .value = ssrc},
        .key = keys->key_salt,
        .window_size = REPLAY_WINDOW,
    };

    policies[keys->suite].rtp(&policy.rtp);
    policies[keys->suite].rtcp(&policy.rtcp);
    return policy;
}

static int create(struct libsrtp_session *s, enum srtp_direction direction)
{
    const srtp_policy_t policy =
        policy_of(&s->keys, direction == SRTP_RECEIVE ? ssrc_any_inbound : ssrc_any_outbound, 0);

    switch (srtp_create(&s->ctx, &policy)) {
    case srtp_err_status_ok:
        return 0;
    case srtp_err_status_alloc_fail:
        return ENOMEM;
    default:
        return ENOTSUP;
    }
}

/* The library has all it needs in its sessions. */
static int libsrtp_context_alloc(struct srtp_context **cp)
{
    struct srtp_context *c = calloc(1, sizeof(*c));

    if (!c)
        return ENOMEM;
    *cp = c;
    return 0;
}

static void libsrtp_context_free(struct srtp_context *c)
{
    free(c);
}

static void session_delete(struct libsrtp_session *s)
{
    srtp_keys_wipe(&s->keys);
    free(s);
}

static int libsrtp_session_alloc(struct srtp_session **sp, struct srtp_context *c,
                                 const struct srtp_keys *keys, enum srtp_direction direction)
{
    struct libsrtp_session *s;
    int err;

    (void)c;
    if (!policies[keys->suite].rtp)
        return ENOTSUP;
    s = calloc(1, sizeof(*s));
    if (!s)
        return ENOMEM;
    s->keys = *keys; /* the library takes them without const */
    s->is_gcm =
        keys->suite == SRTP_SUITE_AEAD_AES_128_GCM || keys->suite == SRTP_SUITE_AEAD_AES_256_GCM;
    err = create(s, direction);
    if (err)
        session_delete(s);
    else
        *sp = &s->base;
    return err;
}

static void libsrtp_session_free(struct srtp_session *base)
{
    struct libsrtp_session *s = (struct libsrtp_session *)base;

    (void)srtp_dealloc(s->ctx); /* zeroes the keys */
    session_delete(s);
}

/* @return SSRC_MAX: unknown */
static unsigned find_ssrc(const struct libsrtp_session *s, uint32_t ssrc)
{
    unsigned i;

    for (i = 0; i < s->n_ssrc; i++) {
        if (s->ssrc[i] == ssrc)
            return i;
    }
    return SSRC_MAX;
}

static bool is_known(const struct libsrtp_session *s, uint32_t ssrc)
{
    return find_ssrc(s, ssrc) != SSRC_MAX;
}

/* Remembers an SSRC for which the library has made a stream; the oldest makes room. */
static void remember_ssrc(struct libsrtp_session *s, uint32_t ssrc)
{
    unsigned at = s->n_ssrc;

    if (is_known(s, ssrc))
        return;
    if (s->n_ssrc < SSRC_MAX) {
        s->n_ssrc++;
    } else {
        at = s->oldest;
        (void)srtp_remove_stream(s->ctx, htonl(s->ssrc[at])); /* in network order */
        s->oldest = (s->oldest + 1) % SSRC_MAX;
    }
    s->ssrc[at] = ssrc;
    s->window[at] = (struct srtp_window){0};
}

static void set_result(struct srtp_job *job, srtp_err_status_t status, int len)
{
    switch (status) {
    case srtp_err_status_ok:
        job->result = SRTP_OK;
        job->len = (uint32_t)len;
        break;
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail: /* GCM's tag */
        job->result = SRTP_BAD_AUTH;
        break;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
        job->result = SRTP_REPLAY;
        break;
    default:
        job->result = SRTP_BAD_PACKET;
        break;
    }
}

static bool is_long_enough(const struct srtp_job *job)
{
    return job->len >= (job->is_rtcp ? RTCP_BYTES_MIN : RTP_BYTES_MIN);
}

static uint32_t ssrc_of(const struct srtp_job *job)
{
    return get_be32(job->data + (job->is_rtcp ? RTCP_SSRC_AT : RTP_SSRC_AT));
}

/* The library has no way to be told a ROC before it knows the source. */
static bool join_late(struct libsrtp_session *s, uint32_t ssrc)
{
    const srtp_policy_t policy = policy_of(&s->keys, ssrc_specific, ssrc);

    return srtp_add_stream(s->ctx, &policy) == srtp_err_status_ok;
}

static uint64_t guess_of(const struct libsrtp_session *s, const struct srtp_job *job)
{
    const struct srtp_window nothing_seen = {0};
    const unsigned at = find_ssrc(s, ssrc_of(job));

    return srtp_window_guess(at == SSRC_MAX ? &nothing_seen : &s->window[at],
                             get_be16(job->data + RTP_SEQ_AT));
}

/* Tries a packet that has failed once more. */
static void retry_one(struct libsrtp_session *s, struct srtp_job *job, uint64_t index)
{
    const uint32_t ssrc = ssrc_of(job);
    const bool is_late = !is_known(s, ssrc);
    int len = (int)job->len;

    if (index > SRTP_INDEX_MAX || (is_late && !join_late(s, ssrc)))
        return;
    if (srtp_set_stream_roc(s->ctx, ssrc, (uint32_t)(index >> 16)) == srtp_err_status_ok &&
        srtp_unprotect(s->ctx, job->data, &len) == srtp_err_status_ok) {
        job->result = SRTP_OK;
        job->len = (uint32_t)len;
    }
    /* taken back, or it would count for the next packet */
    (void)srtp_set_stream_roc(s->ctx, ssrc, 0);
    if (job->result != SRTP_OK && is_late)
        (void)srtp_remove_stream(s->ctx, htonl(ssrc));
}

static void note_packet(struct libsrtp_session *s, uint32_t ssrc, uint64_t index)
{
    struct srtp_window *w;

    s->n_failed = 0;
    remember_ssrc(s, ssrc);
    w = &s->window[find_ssrc(s, ssrc)];
    if (index > w->highest)
        w->highest = index;
}

static void open_rtp(struct libsrtp_session *s, struct srtp_job *job)
{
    const uint32_t ssrc = ssrc_of(job);
    uint64_t index = guess_of(s, job);
    uint32_t n_copied = 0;
    uint8_t copy[COPY_BYTES];
    srtp_err_status_t status;
    int len = (int)job->len;

    /* GCM is decrypted in place before it is verified */
    if (s->is_gcm && job->len <= sizeof(copy)) {
        n_copied = job->len;
        memcpy(copy, job->data, n_copied);
    }
    status = srtp_unprotect(s->ctx, job->data, &len);
    set_result(job, status, len);
    if (job->result == SRTP_BAD_AUTH || job->result == SRTP_REPLAY) {
        memcpy(job->data, copy, n_copied);
        index = srtp_window_retry(index, s->n_failed++);
        retry_one(s, job, index);
    }
    if (job->result == SRTP_OK)
        note_packet(s, ssrc, index);
}

static void open_rtcp(struct libsrtp_session *s, struct srtp_job *job)
{
    int len = (int)job->len;
    const srtp_err_status_t status = srtp_unprotect_rtcp(s->ctx, job->data, &len);

    set_result(job, status, len);
    if (job->result == SRTP_OK)
        note_packet(s, ssrc_of(job), 0);
}

static void open_one(struct srtp_job *job)
{
    struct libsrtp_session *s = (struct libsrtp_session *)job->session;

    if (!is_long_enough(job))
        job->result = SRTP_BAD_PACKET;
    else if (job->is_rtcp)
        open_rtcp(s, job);
    else
        open_rtp(s, job);
}

static void seal_one(struct srtp_job *job)
{
    struct libsrtp_session *s = (struct libsrtp_session *)job->session;
    srtp_err_status_t status;
    int len = (int)job->len;

    if (!is_long_enough(job) || job->cap < job->len + SRTP_TRAILER_MAX ||
        (s->n_ssrc == SSRC_MAX && !is_known(s, ssrc_of(job)))) {
        job->result = SRTP_BAD_PACKET;
        return;
    }
    status = job->is_rtcp ? srtp_protect_rtcp(s->ctx, job->data, &len)
                          : srtp_protect(s->ctx, job->data, &len);
    set_result(job, status, len);
    if (job->result == SRTP_OK)
        remember_ssrc(s, ssrc_of(job));
}

static void libsrtp_open(struct srtp_context *c, struct srtp_job *jobs, unsigned n)
{
    unsigned i;

    (void)c;
    for (i = 0; i < n; i++)
        open_one(&jobs[i]);
}

static void libsrtp_seal(struct srtp_context *c, struct srtp_job *jobs, unsigned n)
{
    unsigned i;

    (void)c;
    for (i = 0; i < n; i++)
        seal_one(&jobs[i]);
}

const struct srtp_provider srtp_provider_libsrtp = {
    .name = "libsrtp2",
    .context_alloc = libsrtp_context_alloc,
    .context_free = libsrtp_context_free,
    .session_alloc = libsrtp_session_alloc,
    .session_free = libsrtp_session_free,
    .seal = libsrtp_seal,
    .open = libsrtp_open,
};
