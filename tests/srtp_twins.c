#include "tests/srtp_twins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/bytes.h"

enum { MULTIBUFFER, LIBSRTP, N_TWINS };

static const struct {
    enum srtp_suite_id suite;
    uint8_t mki_len;
} kinds[TWINS_SESSIONS] = {
    {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 0}, {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 0},
    {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 1}, {SRTP_SUITE_AES_CM_128_HMAC_SHA1_32, 0},
    {SRTP_SUITE_AES_CM_128_HMAC_SHA1_32, 4}, {SRTP_SUITE_AES_256_CM_HMAC_SHA1_80, 0},
    {SRTP_SUITE_AES_256_CM_HMAC_SHA1_32, 0}, {SRTP_SUITE_AEAD_AES_128_GCM, 0},
    {SRTP_SUITE_AEAD_AES_256_GCM, 0},        {SRTP_SUITE_AEAD_AES_256_GCM, 128},
};

static unsigned below(struct twins *t, unsigned n)
{
    return (unsigned)rand_r(&t->seed) % n;
}

static bool one_in(struct twins *t, unsigned n)
{
    return below(t, n) == 0;
}

/* ---- sessions ---------------------------------------------------------------------------------
 */

static void open_session(struct twins *t, unsigned which, unsigned i, const struct srtp_keys *keys)
{
    struct twin_session *s = &t->session[which][i];
    unsigned k;

    for (k = 0; k < TWINS_SENDERS; k++)
        assert_int_equal(srtp_session_alloc(&s->tx[k], t->c[which], keys, SRTP_SEND), 0);
    assert_int_equal(srtp_session_alloc(&s->rx, t->c[which], keys, SRTP_RECEIVE), 0);
}

struct twins *twins_open(struct srtp_context *c, unsigned seed)
{
    struct twins *t = calloc(1, sizeof(*t));
    unsigned i, k;

    assert_non_null(t);
    t->seed = seed;
    t->c[MULTIBUFFER] = c;
    assert_int_equal(srtp_context_alloc(&t->c[LIBSRTP], &srtp_provider_libsrtp), 0);
    for (i = 0; i < TWINS_SESSIONS; i++) {
        struct srtp_keys keys = {.suite = kinds[i].suite, .mki_len = kinds[i].mki_len};

        for (k = 0; k < SRTP_KEY_SALT_MAX; k++)
            keys.key_salt[k] = (uint8_t)below(t, 256);
        for (k = 0; k < keys.mki_len; k++)
            keys.mki[k] = (uint8_t)below(t, 256);
        open_session(t, MULTIBUFFER, i, &keys);
        open_session(t, LIBSRTP, i, &keys);
        for (k = 0; k < TWINS_SENDERS * TWINS_SOURCES; k++) /* many not far from a wrap */
            t->seq[i][k] = (uint16_t)(one_in(t, 2) ? 65536 - below(t, 50) : below(t, 65536));
    }
    return t;
}

void twins_close(struct twins *t)
{
    unsigned which, i, k;

    for (which = 0; which < N_TWINS; which++) {
        for (i = 0; i < TWINS_SESSIONS; i++) {
            for (k = 0; k < TWINS_SENDERS; k++)
                srtp_session_free(t->session[which][i].tx[k]);
            srtp_session_free(t->session[which][i].rx);
        }
    }
    srtp_context_free(t->c[LIBSRTP]);
    free(t);
}

/* ---- packets ----------------------------------------------------------------------------------
 */

void twins_rtp(uint8_t *data, uint32_t ssrc, uint16_t seq, uint32_t len)
{
    memset(data, (uint8_t)seq, len);
    data[0] = 0x80;
    data[1] = 0;
    put_be16(data + 2, seq);
    put_be32(data + 4, seq * 160u);
    put_be32(data + 8, ssrc);
}

/* Mostly the next number; sometimes a jump, or one that has been sent. */
static uint16_t next_seq(struct twins *t, unsigned session, unsigned source)
{
    uint16_t *seq = &t->seq[session][source], before = *seq;

    if (one_in(t, 100))
        *seq = (uint16_t)(*seq + below(t, 25000));
    if (one_in(t, 40))
        return (uint16_t)(*seq - below(t, 200));
    *seq = (uint16_t)(*seq + 1);
    t->n_wraps += *seq < before;
    return *seq;
}

/* CSRCs and an extension, or what claims to be one. */
static void random_header(struct twins *t, uint8_t *data, uint32_t len)
{
    uint32_t at = 12;

    if (one_in(t, 4)) {
        data[0] |= (uint8_t)below(t, 16);
        at += (data[0] & 15u) * 4;
    }
    if (one_in(t, 4) && at + 4 <= len) {
        data[0] |= 0x10;
        put_be16(data + at + 2, (uint16_t)below(t, one_in(t, 10) ? 65536 : 5));
    }
}

static void random_packet(struct twins *t, struct twin_packet *p, unsigned sender)
{
    const unsigned source = sender * TWINS_SOURCES + below(t, one_in(t, 100) ? TWINS_SOURCES : 2);
    uint32_t i;

    p->is_rtcp = one_in(t, 6);
    p->len = (p->is_rtcp ? 8 : 12) + below(t, one_in(t, 3) ? 1489 : 180);
    for (i = 0; i < p->len; i++)
        p->data[i] = (uint8_t)below(t, 256);
    if (p->is_rtcp) {
        put_be32(p->data, 0x80c90001);
        put_be32(p->data + 4, source);
        return;
    }
    p->data[0] = 0x80;
    put_be16(p->data + 2, next_seq(t, p->session, source));
    put_be32(p->data + 8, source);
    random_header(t, p->data, p->len);
}

/* ---- both do it -------------------------------------------------------------------------------
 */

static void set_job(struct twins *t, unsigned i, const struct twin_packet *p, int sender)
{
    unsigned which;

    for (which = 0; which < N_TWINS; which++) {
        const struct twin_session *s = &t->session[which][p->session];

        memcpy(t->data[which][i], p->data, p->len);
        t->jobs[which][i] = (struct srtp_job){.session = sender < 0 ? s->rx : s->tx[sender],
                                              .data = t->data[which][i],
                                              .len = p->len,
                                              .cap = TWINS_BYTES,
                                              .is_rtcp = p->is_rtcp};
    }
}

/* What a packet is that is too short for its tag is a matter of taste: a bad one, one with a bad
 * tag, even a replay, by its number. Nobody takes it. */
static bool verdicts_agree(const struct srtp_job *multibuffer, const struct srtp_job *libsrtp)
{
    if (multibuffer->result == SRTP_BAD_PACKET)
        return libsrtp->result != SRTP_OK;
    return multibuffer->result == libsrtp->result;
}

/* What failed is no more than a verdict: nobody looks at its bytes. */
static void compare(const struct twins *t, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        const struct srtp_job *a = &t->jobs[MULTIBUFFER][i], *b = &t->jobs[LIBSRTP][i];

        assert_true(verdicts_agree(a, b));
        if (a->result != SRTP_OK)
            continue;
        assert_int_equal(a->len, b->len);
        assert_memory_equal(a->data, b->data, a->len);
    }
}

/* @return packets on the wire */
static unsigned seal(struct twins *t, unsigned n)
{
    unsigned i, k = 0;

    for (i = 0; i < n; i++) {
        const unsigned sender = one_in(t, 200);

        t->wire[i].session = below(t, one_in(t, 3) ? TWINS_SESSIONS : 2);
        random_packet(t, &t->wire[i], sender);
        set_job(t, i, &t->wire[i], (int)sender);
    }
    srtp_seal(t->c[MULTIBUFFER], t->jobs[MULTIBUFFER], n);
    srtp_seal(t->c[LIBSRTP], t->jobs[LIBSRTP], n);
    compare(t, n);
    for (i = 0; i < n; i++) {
        const struct srtp_job *job = &t->jobs[MULTIBUFFER][i];

        if (job->result != SRTP_OK)
            continue;
        t->wire[k].session = t->wire[i].session;
        t->wire[k].is_rtcp = t->wire[i].is_rtcp;
        t->wire[k].len = job->len;
        memcpy(t->wire[k++].data, job->data, job->len);
    }
    t->n_sealed += k;
    return k;
}

/* ---- the network between them -----------------------------------------------------------------
 */

static void swap(struct twin_packet *a, struct twin_packet *b)
{
    const struct twin_packet c = *a;

    *a = *b;
    *b = c;
}

static void spoil(struct twins *t, struct twin_packet *p)
{
    if (one_in(t, 20))
        p->data[below(t, p->len)] ^= (uint8_t)(1 << below(t, 8));
    if (one_in(t, 60))
        p->len = below(t, p->len + 1); /* cut off */
    if (one_in(t, 100))
        p->session = below(t, TWINS_SESSIONS); /* somebody else's */
}

static void carry(struct twins *t, unsigned n)
{
    const unsigned room = sizeof(t->kept) / sizeof(t->kept[0]);
    unsigned i;

    for (i = 0; i < n; i++) {
        struct twin_packet *p = &t->wire[i];

        if (one_in(t, 10))
            swap(p, &t->wire[i + below(t, n - i < 20 ? n - i : 20)]);
        if (one_in(t, 10)) /* the vector has it twice, if it is opened at all */
            *p = t->wire[below(t, i + 1)];
        if (one_in(t, 10))
            t->kept[t->n_kept++ % room] = *p;
        if (one_in(t, 10) && t->n_kept > room)
            *p = t->kept[below(t, room)];
        spoil(t, p);
    }
}

void twins_send_vector(struct twins *t, unsigned n)
{
    unsigned i;

    n = seal(t, n);
    carry(t, n);
    for (i = 0; i < n; i++)
        set_job(t, i, &t->wire[i], -1);
    srtp_open(t->c[MULTIBUFFER], t->jobs[MULTIBUFFER], n);
    srtp_open(t->c[LIBSRTP], t->jobs[LIBSRTP], n);
    compare(t, n);
    for (i = 0; i < n; i++)
        t->n[t->jobs[MULTIBUFFER][i].result]++;
}
