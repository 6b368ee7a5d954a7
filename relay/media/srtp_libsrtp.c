#include "relay/media/srtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <srtp2/srtp.h>

#include "relay/media/bytes.h"

/* The only door to libsrtp2. Debian's is built on NSS: opening a stream for a new SSRC allocates,
 * inside the library, when its first packet has been authenticated. */

#define SSRC_MAX       16
#define REPLAY_WINDOW  128
#define RTP_SSRC_AT    8
#define RTCP_SSRC_AT   4
#define RTP_BYTES_MIN  12
#define RTCP_BYTES_MIN 8

struct libsrtp_session {
    struct srtp_session base;
    srtp_t ctx;
    unsigned n_ssrc, oldest; /* ssrc[] is a ring once it is full */
    uint32_t ssrc[SSRC_MAX];
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

static int create(struct libsrtp_session *s, struct srtp_keys *keys, enum srtp_direction direction)
{
    srtp_policy_t policy = {
        .ssrc.type = direction == SRTP_RECEIVE ? ssrc_any_inbound : ssrc_any_outbound,
        .key = keys->key_salt,
        .window_size = REPLAY_WINDOW,
    };

    policies[keys->suite].rtp(&policy.rtp);
    policies[keys->suite].rtcp(&policy.rtcp);
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

static int libsrtp_session_alloc(struct srtp_session **sp, struct srtp_context *c,
                                 const struct srtp_keys *keys, enum srtp_direction direction)
{
    struct libsrtp_session *s;
    struct srtp_keys copy = *keys; /* the library takes it without const */
    int err;

    (void)c;
    if (!policies[keys->suite].rtp)
        return ENOTSUP;
    s = calloc(1, sizeof(*s));
    if (!s)
        return ENOMEM;
    err = create(s, &copy, direction);
    srtp_keys_wipe(&copy);
    if (err)
        free(s);
    else
        *sp = &s->base;
    return err;
}

static void libsrtp_session_free(struct srtp_session *base)
{
    struct libsrtp_session *s = (struct libsrtp_session *)base;

    (void)srtp_dealloc(s->ctx); /* zeroes the keys */
    free(s);
}

static bool is_known(const struct libsrtp_session *s, uint32_t ssrc)
{
    unsigned i;

    for (i = 0; i < s->n_ssrc; i++) {
        if (s->ssrc[i] == ssrc)
            return true;
    }
    return false;
}

/* Remembers an SSRC for which the library has made a stream; the oldest makes room. */
static void remember_ssrc(struct libsrtp_session *s, uint32_t ssrc)
{
    if (is_known(s, ssrc))
        return;
    if (s->n_ssrc < SSRC_MAX) {
        s->ssrc[s->n_ssrc++] = ssrc;
        return;
    }
    (void)srtp_remove_stream(s->ctx, htonl(s->ssrc[s->oldest])); /* in network order */
    s->ssrc[s->oldest] = ssrc;
    s->oldest = (s->oldest + 1) % SSRC_MAX;
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

static void open_one(struct srtp_job *job)
{
    struct libsrtp_session *s = (struct libsrtp_session *)job->session;
    srtp_err_status_t status;
    int len = (int)job->len;

    if (!is_long_enough(job)) {
        job->result = SRTP_BAD_PACKET;
        return;
    }
    status = job->is_rtcp ? srtp_unprotect_rtcp(s->ctx, job->data, &len)
                          : srtp_unprotect(s->ctx, job->data, &len);
    set_result(job, status, len);
    if (job->result == SRTP_OK)
        remember_ssrc(s, ssrc_of(job));
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
