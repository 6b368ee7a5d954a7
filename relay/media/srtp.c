#include "relay/media/srtp.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static const struct suite {
    const char *name;
    uint8_t key_len; /* master key and salt [bytes] */
} suites[SRTP_SUITE_COUNT] = {
    [SRTP_SUITE_NONE] = {"", 0},
    [SRTP_SUITE_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 16 + 14}, /* RFC 4568 */
    [SRTP_SUITE_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 16 + 14},
    [SRTP_SUITE_AES_256_CM_HMAC_SHA1_80] = {"AES_256_CM_HMAC_SHA1_80", 32 + 14}, /* RFC 6188 */
    [SRTP_SUITE_AES_256_CM_HMAC_SHA1_32] = {"AES_256_CM_HMAC_SHA1_32", 32 + 14},
    [SRTP_SUITE_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 16 + 12}, /* RFC 7714 */
    [SRTP_SUITE_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", 32 + 12},
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

int srtp_session_alloc(struct srtp_session **sp, const struct srtp_provider *provider,
                       const struct srtp_keys *keys, enum srtp_direction direction)
{
    struct srtp_session *s;
    int err;

    if (srtp_suite_key_len(keys->suite) == 0 || keys->mki_len > SRTP_MKI_MAX)
        return EINVAL;
    err = provider->session_alloc(&s, keys, direction);
    if (err)
        return err;
    s->provider = provider;
    *sp = s;
    return 0;
}

void srtp_session_free(struct srtp_session *s)
{
    if (s)
        s->provider->session_free(s);
}

/* @return jobs at the front that one provider can take at once; usually all */
static unsigned run_length(const struct srtp_job *jobs, unsigned n)
{
    unsigned i;

    for (i = 1; i < n && jobs[i].session->provider == jobs[0].session->provider; i++)
        ;
    return i;
}

void srtp_seal(struct srtp_job *jobs, unsigned n)
{
    unsigned run;

    for (; n > 0; jobs += run, n -= run) {
        run = run_length(jobs, n);
        jobs->session->provider->seal(jobs, run);
    }
}

void srtp_open(struct srtp_job *jobs, unsigned n)
{
    unsigned run;

    for (; n > 0; jobs += run, n -= run) {
        run = run_length(jobs, n);
        jobs->session->provider->open(jobs, run);
    }
}
