#include "relay/media/srtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define GCM_TAIL 0 /* the tag is part of the ciphertext, before the MKI: RFC 7714 s.8.2, 9.2 */

static const struct suite {
    const char *name;
    uint8_t key_len;             /* master key and salt [bytes] */
    uint8_t rtp_tail, rtcp_tail; /* tags behind the MKI [bytes]: RFC 3711 s.3.1, 3.4 */
} suites[SRTP_SUITE_COUNT] = {
    [SRTP_SUITE_NONE] = {"", 0, 0, 0},
    [SRTP_SUITE_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 16 + 14, 10, 10},
    [SRTP_SUITE_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 16 + 14, 4, 10},
    [SRTP_SUITE_AES_256_CM_HMAC_SHA1_80] = {"AES_256_CM_HMAC_SHA1_80", 32 + 14, 10, 10},
    [SRTP_SUITE_AES_256_CM_HMAC_SHA1_32] = {"AES_256_CM_HMAC_SHA1_32", 32 + 14, 4, 10},
    [SRTP_SUITE_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 16 + 12, GCM_TAIL, GCM_TAIL},
    [SRTP_SUITE_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", 32 + 12, GCM_TAIL, GCM_TAIL},
};

static const struct suite *suite_row(enum srtp_suite_id suite)
{
    return &suites[(unsigned)suite < SRTP_SUITE_COUNT ? suite : SRTP_SUITE_NONE];
}

enum srtp_suite_id srtp_suite_find(struct str name)
{
    enum srtp_suite_id i;

    for (i = SRTP_SUITE_NONE + 1; i < SRTP_SUITE_COUNT; i++) {
        if (str_equal_nocase(name, str_of(suites[i].name)))
            return i;
    }
    return SRTP_SUITE_NONE;
}

const char *srtp_suite_sdp_name(enum srtp_suite_id suite)
{
    return suite_row(suite)->name;
}

size_t srtp_suite_key_len(enum srtp_suite_id suite)
{
    return suite_row(suite)->key_len;
}

int srtp_keys_random(struct srtp_keys *keys, enum srtp_suite_id suite)
{
    size_t n = srtp_suite_key_len(suite);

    memset(keys, 0, sizeof(*keys));
    keys->suite = suite;
    return getrandom(keys->key_salt, n, 0) == (ssize_t)n ? 0 : EIO;
}

void srtp_keys_wipe(struct srtp_keys *keys)
{
    explicit_bzero(keys, sizeof(*keys));
}

bool srtp_keys_equal(const struct srtp_keys *a, const struct srtp_keys *b)
{
    return a->suite == b->suite && a->mki_len == b->mki_len &&
           memcmp(a->key_salt, b->key_salt, sizeof(a->key_salt)) == 0 &&
           memcmp(a->mki, b->mki, sizeof(a->mki)) == 0;
}

bool srtp_provider_is_available(const struct srtp_provider *provider)
{
    struct srtp_context *c;

    if (srtp_context_alloc(&c, provider) != 0)
        return false;
    srtp_context_free(c);
    return true;
}

const struct srtp_provider *srtp_provider_best(void)
{
    if (srtp_provider_is_available(&srtp_provider_multibuffer))
        return &srtp_provider_multibuffer;
    return &srtp_provider_libsrtp;
}

int srtp_context_alloc(struct srtp_context **cp, const struct srtp_provider *provider)
{
    struct srtp_context *c;
    int err = provider->context_alloc(&c);

    if (err)
        return err;
    c->provider = provider;
    *cp = c;
    return 0;
}

void srtp_context_free(struct srtp_context *c)
{
    if (c)
        c->provider->context_free(c);
}

static int keep_mki(struct srtp_session *s, const struct srtp_keys *keys)
{
    s->mki_len = keys->mki_len;
    s->mki = NULL;
    if (keys->mki_len == 0)
        return 0;
    s->mki = malloc(keys->mki_len);
    if (!s->mki)
        return ENOMEM;
    memcpy(s->mki, keys->mki, keys->mki_len);
    return 0;
}

int srtp_session_alloc(struct srtp_session **sp, struct srtp_context *c,
                       const struct srtp_keys *keys, enum srtp_direction direction)
{
    struct srtp_session *s;
    int err;

    if (srtp_suite_key_len(keys->suite) == 0 || keys->mki_len > SRTP_MKI_MAX)
        return EINVAL;
    err = c->provider->session_alloc(&s, c, keys, direction);
    if (err)
        return err;
    s->provider = c->provider;
    s->rtp_tail = suite_row(keys->suite)->rtp_tail;
    s->rtcp_tail = suite_row(keys->suite)->rtcp_tail;
    err = keep_mki(s, keys);
    if (err)
        srtp_session_free(s);
    else
        *sp = s;
    return err;
}

void srtp_session_free(struct srtp_session *s)
{
    if (!s)
        return;
    free(s->mki);
    s->provider->session_free(s);
}

static uint32_t tail_of(const struct srtp_job *job)
{
    return job->is_rtcp ? job->session->rtcp_tail : job->session->rtp_tail;
}

/* The MKI is not authenticated, and one session has one master key: it is compared, and taken out.
 * (libsrtp 2.5 looks for SRTCP's MKI behind SRTP's tag, and fails where their lengths differ.) */
static void take_mki_off(struct srtp_job *job)
{
    const struct srtp_session *s = job->session;
    uint32_t tail = tail_of(job);
    uint8_t *mki;

    if (s->mki_len == 0)
        return;
    if (job->len < tail + s->mki_len) {
        job->len = 0;
        return;
    }
    mki = job->data + job->len - tail - s->mki_len;
    if (memcmp(mki, s->mki, s->mki_len) != 0) {
        job->len = 0;
        return;
    }
    memmove(mki, mki + s->mki_len, tail);
    job->len -= s->mki_len;
}

static void put_mki_on(struct srtp_job *job)
{
    const struct srtp_session *s = job->session;
    uint32_t tail = tail_of(job);
    uint8_t *mki;

    if (s->mki_len == 0 || job->result != SRTP_OK)
        return;
    mki = job->data + job->len - tail;
    memmove(mki + s->mki_len, mki, tail);
    memcpy(mki, s->mki, s->mki_len);
    job->len += s->mki_len;
}

void srtp_seal(struct srtp_context *c, struct srtp_job *jobs, unsigned n)
{
    unsigned i;

    c->provider->seal(c, jobs, n);
    for (i = 0; i < n; i++)
        put_mki_on(&jobs[i]);
}

void srtp_open(struct srtp_context *c, struct srtp_job *jobs, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++)
        take_mki_off(&jobs[i]);
    c->provider->open(c, jobs, n);
}
