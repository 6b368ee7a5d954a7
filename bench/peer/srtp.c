#include "bench/peer/srtp.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <srtp2/srtp.h>

struct peer_srtp {
    srtp_t tx, rx;
    bool has_tx_mki, has_rx_mki;
};

/* libsrtp2 wants one call of srtp_init() in a process; there is no object to keep this in. */
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void library_init(void)
{
    (void)srtp_init(); /* if it fails, so does srtp_create() */
}

static bool context_create(srtp_t *ctx, const struct peer_crypto *c, srtp_ssrc_type_t direction)
{
    uint8_t mki[4], key[PEER_KEY_BYTES];
    srtp_master_key_t master = {.key = key, .mki_id = mki, .mki_size = c->n_mki};
    srtp_master_key_t *masters[] = {&master};
    srtp_policy_t policy = {
        .ssrc.type = direction,
        .keys = masters,
        .num_master_keys = 1,
        .window_size = 128,
    };

    memcpy(key, c->key, sizeof(key));
    for (unsigned i = 0; i < c->n_mki && i < sizeof(mki); i++) /* most significant byte first */
        mki[i] = (uint8_t)(c->mki >> (8 * (c->n_mki - 1U - i)));
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    return srtp_create(ctx, &policy) == srtp_err_status_ok;
}

int peer_srtp_alloc(struct peer_srtp **sp, const struct peer_crypto *tx,
                    const struct peer_crypto *rx)
{
    struct peer_srtp *s = calloc(1, sizeof(*s));
    if (!s)
        return ENOMEM;

    pthread_once(&library_once, library_init);
    s->has_tx_mki = tx->n_mki > 0;
    s->has_rx_mki = rx->n_mki > 0;
    if (!context_create(&s->tx, tx, ssrc_any_outbound) ||
        !context_create(&s->rx, rx, ssrc_any_inbound)) {
        peer_srtp_free(s);
        return ENOMEM;
    }
    *sp = s;
    return 0;
}

static const struct {
    unsigned long profile;
    size_t key, salt; /* [bytes] */
    void (*set)(srtp_crypto_policy_t *policy);
} suites[] = {
    [PEER_SUITE_CM_128] = {1, 16, 14, srtp_crypto_policy_set_rtp_default},
    [PEER_SUITE_GCM_128] = {7, 16, 12, srtp_crypto_policy_set_aes_gcm_128_16_auth},
    [PEER_SUITE_GCM_256] = {8, 32, 12, srtp_crypto_policy_set_aes_gcm_256_16_auth},
};

int peer_suite_find(enum peer_suite *suite, unsigned long profile)
{
    for (unsigned i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
        if (suites[i].profile == profile) {
            *suite = (enum peer_suite)i;
            return 0;
        }
    return ENOENT;
}

void peer_suite_lengths(enum peer_suite suite, size_t *key, size_t *salt)
{
    *key = suites[suite].key;
    *salt = suites[suite].salt;
}

static bool suite_create(srtp_t *ctx, enum peer_suite suite, const uint8_t *key,
                         srtp_ssrc_type_t direction)
{
    uint8_t copy[PEER_SRTP_KEY_MAX];
    srtp_policy_t policy = {.ssrc.type = direction, .key = copy, .window_size = 128};

    memcpy(copy, key, suites[suite].key + suites[suite].salt);
    suites[suite].set(&policy.rtp);
    suites[suite].set(&policy.rtcp);
    return srtp_create(ctx, &policy) == srtp_err_status_ok;
}

int peer_srtp_alloc_suite(struct peer_srtp **sp, enum peer_suite suite, const uint8_t *tx,
                          const uint8_t *rx)
{
    struct peer_srtp *s = calloc(1, sizeof(*s));
    if (!s)
        return ENOMEM;

    pthread_once(&library_once, library_init);
    if (!suite_create(&s->tx, suite, tx, ssrc_any_outbound) ||
        !suite_create(&s->rx, suite, rx, ssrc_any_inbound)) {
        peer_srtp_free(s);
        return ENOMEM;
    }
    *sp = s;
    return 0;
}

void peer_srtp_free(struct peer_srtp *s)
{
    if (!s)
        return;
    if (s->tx)
        srtp_dealloc(s->tx);
    if (s->rx)
        srtp_dealloc(s->rx);
    free(s);
}

int peer_srtp_protect(struct peer_srtp *s, bool is_rtcp, uint8_t *packet, size_t *n)
{
    int length = (int)*n;

    srtp_err_status_t status = is_rtcp
                                   ? srtp_protect_rtcp_mki(s->tx, packet, &length, s->has_tx_mki, 0)
                                   : srtp_protect_mki(s->tx, packet, &length, s->has_tx_mki, 0);
    if (status != srtp_err_status_ok)
        return EBADMSG;
    *n = (size_t)length;
    return 0;
}

int peer_srtp_unprotect(struct peer_srtp *s, bool is_rtcp, uint8_t *packet, size_t *n)
{
    int length = (int)*n;

    srtp_err_status_t status = is_rtcp
                                   ? srtp_unprotect_rtcp_mki(s->rx, packet, &length, s->has_rx_mki)
                                   : srtp_unprotect_mki(s->rx, packet, &length, s->has_rx_mki);
    if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old)
        return EALREADY;
    if (status == srtp_err_status_auth_fail || status == srtp_err_status_bad_mki)
        return EACCES;
    if (status != srtp_err_status_ok || length < 0)
        return EBADMSG;
    *n = (size_t)length;
    return 0;
}

int peer_crypto_make(struct peer_crypto *c, uint32_t tag, uint8_t n_mki)
{
    *c = (struct peer_crypto){.tag = tag, .n_mki = n_mki, .mki = n_mki ? 1 : 0};
    snprintf(c->suite, sizeof(c->suite), "AES_CM_128_HMAC_SHA1_80");
    return getrandom(c->key, sizeof(c->key), 0) == sizeof(c->key) ? 0 : EIO;
}
