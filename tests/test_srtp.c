#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/rtcp.h"
#include "relay/media/rtp.h"
#include "relay/media/srtp.h"

#define SSRC 0xcafebabeu

/* Every test runs with each provider: its state is the context. */

static struct srtp_session *session(struct srtp_context *c, const struct srtp_keys *keys,
                                    enum srtp_direction direction)
{
    struct srtp_session *s = NULL;

    assert_int_equal(srtp_session_alloc(&s, c, keys, direction), 0);
    return s;
}

static struct srtp_keys test_keys(enum srtp_suite_id suite, uint8_t mki_len)
{
    struct srtp_keys keys = {.suite = suite, .mki_len = mki_len};
    uint8_t i;

    for (i = 0; i < SRTP_KEY_SALT_MAX; i++)
        keys.key_salt[i] = (uint8_t)(i * 7 + 1);
    for (i = 0; i < mki_len; i++)
        keys.mki[i] = (uint8_t)(i + 1);
    return keys;
}

/** A packet on its way through a session. */
struct wire {
    uint8_t data[2048];
    uint32_t n;
};

static void make_rtp(struct wire *w, uint32_t ssrc, uint16_t seq)
{
    struct rtp_packet rtp = {.pt = 0, .seq = seq, .ts = seq * 160u, .ssrc = ssrc};

    rtp_write(w->data, &rtp);
    memset(w->data + 12, 0x5a, 20);
    w->n = 32;
}

typedef void(srtp_verb)(struct srtp_context *, struct srtp_job *, unsigned);

static int run(struct srtp_context *c, struct srtp_session *s, struct wire *w, bool is_rtcp,
               srtp_verb *verb)
{
    struct srtp_job job = {
        .session = s, .data = w->data, .len = w->n, .cap = sizeof(w->data), .is_rtcp = is_rtcp};

    verb(c, &job, 1);
    w->n = job.len;
    return (int)job.result;
}

/* The packet of libsrtp's srtp_validate(), made with the keys of RFC 3711 B.3. */
static void srtp_writes_the_bytes_of_the_reference(void **state)
{
    static const uint8_t key_salt[30] = {
        0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41,
        0x39, 0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6};
    static const uint8_t plain[28] = {0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                                      0xba, 0xbe, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab,
                                      0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab};
    static const uint8_t sealed[38] = {0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                                       0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8,
                                       0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d,
                                       0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb};
    struct srtp_keys keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80};
    struct srtp_context *c = *state;
    struct srtp_session *tx, *rx;
    struct wire w = {.n = sizeof(plain)};

    memcpy(keys.key_salt, key_salt, sizeof(key_salt));
    tx = session(c, &keys, SRTP_SEND);
    rx = session(c, &keys, SRTP_RECEIVE);
    memcpy(w.data, plain, sizeof(plain));
    assert_int_equal(run(c, tx, &w, false, srtp_seal), SRTP_OK);
    assert_int_equal(w.n, sizeof(sealed));
    assert_memory_equal(w.data, sealed, sizeof(sealed));
    assert_int_equal(run(c, rx, &w, false, srtp_open), SRTP_OK);
    assert_int_equal(w.n, sizeof(plain));
    assert_memory_equal(w.data, plain, sizeof(plain));
    srtp_session_free(tx);
    srtp_session_free(rx);
}

static void srtp_opens_what_it_sealed_in_every_suite(void **state)
{
    static const struct {
        enum srtp_suite_id suite;
        uint8_t mki_len;
        uint32_t rtp_more, rtcp_more; /* bytes */
    } rows[] = {
        {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 0, 10, 14},
        {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 1, 11, 15}, /* Lync's MKI 1:1 */
        {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 128, 138, 142},
        {SRTP_SUITE_AES_CM_128_HMAC_SHA1_32, 0, 4, 14},
        {SRTP_SUITE_AES_CM_128_HMAC_SHA1_32, 4, 8, 18},
        {SRTP_SUITE_AES_256_CM_HMAC_SHA1_80, 0, 10, 14},
        {SRTP_SUITE_AES_256_CM_HMAC_SHA1_32, 0, 4, 14},
        {SRTP_SUITE_AEAD_AES_128_GCM, 0, 16, 20},
        {SRTP_SUITE_AEAD_AES_256_GCM, 0, 16, 20},
        {SRTP_SUITE_AEAD_AES_256_GCM, 2, 18, 22},
    };
    static const uint8_t rr[8] = {0x80, 201, 0, 1, 0xca, 0xfe, 0xba, 0xbe};
    struct srtp_context *c = *state;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct srtp_keys keys = test_keys(rows[i].suite, rows[i].mki_len);
        struct srtp_session *tx = session(c, &keys, SRTP_SEND);
        struct srtp_session *rx = session(c, &keys, SRTP_RECEIVE);
        struct wire w, plain;

        print_message("    %s, MKI of %u\n", srtp_suite_sdp_name(keys.suite), keys.mki_len);
        make_rtp(&plain, SSRC, 1);
        w = plain;
        assert_int_equal(run(c, tx, &w, false, srtp_seal), SRTP_OK);
        assert_int_equal(w.n, plain.n + rows[i].rtp_more);
        assert_memory_not_equal(w.data + 12, plain.data + 12, 20);
        assert_int_equal(run(c, rx, &w, false, srtp_open), SRTP_OK);
        assert_int_equal(w.n, plain.n);
        assert_memory_equal(w.data, plain.data, plain.n);

        memcpy(w.data, rr, sizeof(rr));
        w.n = sizeof(rr);
        assert_int_equal(run(c, tx, &w, true, srtp_seal), SRTP_OK);
        assert_int_equal(w.n, sizeof(rr) + rows[i].rtcp_more);
        assert_int_equal(run(c, rx, &w, true, srtp_open), SRTP_OK);
        assert_int_equal(w.n, sizeof(rr));
        srtp_session_free(tx);
        srtp_session_free(rx);
    }
}

/** A sender and a receiver with the same keys. */
struct pair {
    struct srtp_context *c;
    struct srtp_session *tx, *rx;
};

static struct pair pair_open(void **state, uint8_t mki_len)
{
    struct srtp_keys keys = test_keys(SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, mki_len);
    struct srtp_context *c = *state;

    return (struct pair){c, session(c, &keys, SRTP_SEND), session(c, &keys, SRTP_RECEIVE)};
}

static void pair_close(struct pair *p)
{
    srtp_session_free(p->tx);
    srtp_session_free(p->rx);
}

static void seal_rtp(struct pair *p, struct wire *w, uint32_t ssrc, uint16_t seq)
{
    make_rtp(w, ssrc, seq);
    assert_int_equal(run(p->c, p->tx, w, false, srtp_seal), SRTP_OK);
}

static void srtp_follows_the_rollover_counter_with_loss_and_disorder(void **state)
{
    struct pair p = pair_open(state, 0);
    static struct wire late;
    struct wire w;
    uint32_t i;

    for (i = 65000; i < 65000 + 3 * 65536; i++) { /* three wraps, every 7th lost, some late */
        seal_rtp(&p, &w, SSRC, (uint16_t)i);
        if (i % 65536 == 65530)
            late = w;
        else if (i % 7)
            assert_int_equal(run(p.c, p.rx, &w, false, srtp_open), SRTP_OK);
        if (i % 65536 == 20 && i > 65536) /* from before the wrap, behind it */
            assert_int_equal(run(p.c, p.rx, &late, false, srtp_open), SRTP_OK);
    }
    pair_close(&p);
}

static int open_rtp(struct pair *p, uint32_t ssrc, uint16_t seq)
{
    struct wire w;

    seal_rtp(p, &w, ssrc, seq);
    return run(p->c, p->rx, &w, false, srtp_open);
}

/* So many packets are sent and never come. */
static uint32_t lose(struct pair *p, uint32_t seq, uint32_t n)
{
    struct wire w;

    for (; n > 0; n--)
        seal_rtp(p, &w, SSRC, (uint16_t)seq++);
    return seq;
}

static struct pair pair_of_suite(void **state, enum srtp_suite_id suite)
{
    struct srtp_keys keys = test_keys(suite, 0);
    struct srtp_context *c = *state;

    return (struct pair){c, session(c, &keys, SRTP_SEND), session(c, &keys, SRTP_RECEIVE)};
}

static const enum srtp_suite_id both_kinds[] = {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
                                                SRTP_SUITE_AEAD_AES_128_GCM};

/* The guess of RFC 3711 s.3.3.1 holds for 2^15 packets: 11 minutes of speech. */
static void srtp_finds_a_source_again_after_a_long_gap(void **state)
{
    static const uint32_t gaps[] = {32000, 40000, 65000, 70000, 3 * 65536 + 100};

    for (size_t k = 0; k < 2; k++) {
        struct pair p = pair_of_suite(state, both_kinds[k]);
        uint32_t seq = 65000;

        for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
            unsigned n_lost = 0;

            assert_int_equal(open_rtp(&p, SSRC, (uint16_t)seq++), SRTP_OK);
            seq = lose(&p, seq, gaps[i]);
            while (open_rtp(&p, SSRC, (uint16_t)seq++) != SRTP_OK)
                assert_true(++n_lost < 8);
            if (gaps[i] < 65536 + 32768) /* the next ROC: nothing more is lost */
                assert_int_equal(n_lost, 0);
        }
        pair_close(&p);
    }
}

static void srtp_joins_a_source_late(void **state)
{
    for (size_t k = 0; k < 2; k++) {
        struct pair p = pair_of_suite(state, both_kinds[k]);
        uint32_t seq = lose(&p, 100, 2 * 65536); /* of an hour of speech */
        unsigned n_lost = 0;

        assert_int_equal(open_rtp(&p, SSRC + 1, 1), SRTP_OK); /* one that begins */
        while (open_rtp(&p, SSRC, (uint16_t)seq++) != SRTP_OK)
            assert_true(++n_lost < 8);
        for (unsigned i = 0; i < 100; i++)
            assert_int_equal(open_rtp(&p, SSRC, (uint16_t)seq++), SRTP_OK);
        assert_int_equal(open_rtp(&p, SSRC + 1, 2), SRTP_OK);
        pair_close(&p);
    }
}

/* The search may not be led by what is not genuine, nor make a replay of anything else. */
static void srtp_is_found_by_no_forgery_and_no_replay(void **state)
{
    struct pair p = pair_open(state, 0);
    struct wire first, w;
    uint32_t seq = 10;

    seal_rtp(&p, &first, SSRC, (uint16_t)seq++);
    w = first;
    assert_int_equal(run(p.c, p.rx, &w, false, srtp_open), SRTP_OK);
    for (unsigned i = 0; i < 20; i++) {
        w = first;
        assert_int_equal(run(p.c, p.rx, &w, false, srtp_open), SRTP_REPLAY);
        assert_memory_equal(w.data, first.data, first.n);
        seal_rtp(&p, &w, SSRC, (uint16_t)seq++);
        w.data[w.n - 1] ^= 1;
        assert_int_equal(run(p.c, p.rx, &w, false, srtp_open), SRTP_BAD_AUTH);
    }
    assert_int_equal(open_rtp(&p, SSRC, (uint16_t)seq++), SRTP_OK);
    seq = lose(&p, seq, 40000);
    assert_int_equal(open_rtp(&p, SSRC, (uint16_t)seq), SRTP_OK);
    w = first; /* from before the jump, where its number looks like one of the next ROC */
    assert_int_equal(run(p.c, p.rx, &w, false, srtp_open), SRTP_BAD_AUTH);
    pair_close(&p);
}

static void srtp_refuses_replays_and_what_is_older_than_the_window(void **state)
{
    struct pair p = pair_open(state, 0);
    static struct wire sent[300];
    struct wire again;
    int i;

    for (i = 0; i < 300; i++)
        seal_rtp(&p, &sent[i], SSRC, (uint16_t)(1000 + i));
    for (i = 0; i < 300; i += 2) {
        again = sent[i];
        assert_int_equal(run(p.c, p.rx, &again, false, srtp_open), SRTP_OK);
        again = sent[i];
        assert_int_equal(run(p.c, p.rx, &again, false, srtp_open), SRTP_REPLAY);
    }
    again = sent[298 - 127]; /* the oldest place of a window of 128 */
    assert_int_equal(run(p.c, p.rx, &again, false, srtp_open), SRTP_OK);
    again = sent[298 - 129];
    assert_int_equal(run(p.c, p.rx, &again, false, srtp_open), SRTP_REPLAY);
    pair_close(&p);
}

static void srtp_is_unchanged_by_packets_that_fail(void **state)
{
    struct pair p = pair_open(state, 1);
    struct wire w, bad;
    unsigned seed = 3;
    uint32_t i, at;

    for (i = 0; i < 2000; i++) {
        seal_rtp(&p, &w, SSRC, (uint16_t)(64000 + i)); /* around a wrap */
        bad = w;
        at = (uint32_t)rand_r(&seed) % w.n;
        bad.data[at] ^= (uint8_t)(1 << (i % 8));
        assert_int_not_equal(run(p.c, p.rx, &bad, false, srtp_open), SRTP_OK);
        bad = w;
        bad.n = (uint32_t)rand_r(&seed) % w.n; /* cut off */
        assert_int_not_equal(run(p.c, p.rx, &bad, false, srtp_open), SRTP_OK);
        make_rtp(&bad, SSRC, (uint16_t)(i * 31)); /* never sealed */
        assert_int_not_equal(run(p.c, p.rx, &bad, false, srtp_open), SRTP_OK);
        assert_int_equal(run(p.c, p.rx, &w, false, srtp_open), SRTP_OK);
    }
    pair_close(&p);
}

static void srtp_refuses_a_wrong_mki_and_a_missing_one(void **state)
{
    struct pair with = pair_open(state, 1), without = pair_open(state, 0);
    struct srtp_keys other = test_keys(SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 1);
    struct srtp_session *tx;
    struct wire w;

    other.mki[0] = 9;
    tx = session(*state, &other, SRTP_SEND);
    make_rtp(&w, SSRC, 1);
    assert_int_equal(run(with.c, tx, &w, false, srtp_seal), SRTP_OK);
    assert_int_equal(run(with.c, with.rx, &w, false, srtp_open), SRTP_BAD_PACKET);
    seal_rtp(&without, &w, SSRC, 2);
    assert_int_equal(run(with.c, with.rx, &w, false, srtp_open), SRTP_BAD_PACKET);
    srtp_session_free(tx);
    pair_close(&with);
    pair_close(&without);
}

static void srtp_never_seals_two_packets_with_one_number(void **state)
{
    struct pair p = pair_open(state, 0);
    struct wire w;

    seal_rtp(&p, &w, SSRC, 7);
    make_rtp(&w, SSRC, 7);
    assert_int_equal(run(p.c, p.tx, &w, false, srtp_seal), SRTP_REPLAY);
    seal_rtp(&p, &w, SSRC, 8);
    pair_close(&p);
}

static void srtp_seals_only_where_the_trailer_has_room(void **state)
{
    struct pair p = pair_open(state, 0);
    struct wire w;
    struct srtp_job job;

    make_rtp(&w, SSRC, 1);
    job = (struct srtp_job){.session = p.tx, .data = w.data, .len = w.n, .cap = w.n + 10};
    srtp_seal(p.c, &job, 1);
    assert_int_equal(job.result, SRTP_BAD_PACKET);
    pair_close(&p);
}

static void srtp_keeps_sixteen_sources_and_lets_the_oldest_go(void **state)
{
    struct pair p = pair_open(state, 0), other = pair_open(state, 0);
    static struct wire sent[17], again;
    uint32_t i;

    for (i = 0; i < 17; i++) {
        seal_rtp(i < 16 ? &p : &other, &sent[i], SSRC + i, 100);
        again = sent[i];
        assert_int_equal(run(p.c, p.rx, &again, false, srtp_open), SRTP_OK);
    }
    for (i = 1; i < 17; i++) { /* their replay windows are there */
        again = sent[i];
        assert_int_equal(run(p.c, p.rx, &again, false, srtp_open), SRTP_REPLAY);
    }
    again = sent[0]; /* the first is forgotten */
    assert_int_equal(run(p.c, p.rx, &again, false, srtp_open), SRTP_OK);
    pair_close(&p);
    pair_close(&other);
}

static void srtp_sends_for_sixteen_sources_and_forgets_none(void **state)
{
    struct pair p = pair_open(state, 0);
    struct wire w;
    uint32_t i;

    for (i = 0; i < 16; i++)
        seal_rtp(&p, &w, SSRC + i, 100);
    make_rtp(&w, SSRC + 16, 100);
    assert_int_equal(run(p.c, p.tx, &w, false, srtp_seal), SRTP_BAD_PACKET);
    make_rtp(&w, SSRC, 100); /* the same keystream again */
    assert_int_equal(run(p.c, p.tx, &w, false, srtp_seal), SRTP_REPLAY);
    seal_rtp(&p, &w, SSRC, 101);
    pair_close(&p);
}

static void srtp_works_on_a_vector_of_mixed_sessions(void **state)
{
    struct pair a = pair_open(state, 0), b = pair_open(state, 1);
    struct srtp_job jobs[8];
    static struct wire w[8];
    unsigned i;

    for (i = 0; i < 8; i++) {
        make_rtp(&w[i], SSRC, (uint16_t)i);
        jobs[i] = (struct srtp_job){.session = i % 2 ? a.tx : b.tx,
                                    .data = w[i].data,
                                    .len = w[i].n,
                                    .cap = sizeof(w[i].data)};
    }
    srtp_seal(a.c, jobs, 8);
    w[3].data[15] ^= 1;
    for (i = 0; i < 8; i++)
        jobs[i].session = i % 2 ? a.rx : b.rx;
    srtp_open(a.c, jobs, 8);
    for (i = 0; i < 8; i++)
        assert_int_equal(jobs[i].result, i == 3 ? SRTP_BAD_AUTH : SRTP_OK);
    pair_close(&a);
    pair_close(&b);
}

static void suites_are_found_by_their_names(void **state)
{
    static const struct {
        const char *name;
        enum srtp_suite_id suite;
        size_t key_len;
    } rows[] = {
        {"AES_CM_128_HMAC_SHA1_80", SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 30},
        {"aes_cm_128_hmac_sha1_32", SRTP_SUITE_AES_CM_128_HMAC_SHA1_32, 30},
        {"AES_256_CM_HMAC_SHA1_80", SRTP_SUITE_AES_256_CM_HMAC_SHA1_80, 46},
        {"AES_256_CM_HMAC_SHA1_32", SRTP_SUITE_AES_256_CM_HMAC_SHA1_32, 46},
        {"AEAD_AES_128_GCM", SRTP_SUITE_AEAD_AES_128_GCM, 28},
        {"AEAD_AES_256_GCM", SRTP_SUITE_AEAD_AES_256_GCM, 44},
        {"F8_128_HMAC_SHA1_80", SRTP_SUITE_NONE, 0},
        {"AES_CM_128_HMAC_SHA1_8", SRTP_SUITE_NONE, 0},
        {"", SRTP_SUITE_NONE, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(srtp_suite_find(str_of(rows[i].name)), rows[i].suite);
        assert_int_equal(srtp_suite_key_len(rows[i].suite), rows[i].key_len);
    }
}

static void keys_are_random_of_the_right_length_and_can_be_wiped(void **state)
{
    static const struct srtp_keys zero;
    struct srtp_keys a, b;
    struct srtp_session *s;
    size_t i;

    assert_int_equal(srtp_keys_random(&a, SRTP_SUITE_AES_CM_128_HMAC_SHA1_80), 0);
    assert_int_equal(srtp_keys_random(&b, SRTP_SUITE_AES_CM_128_HMAC_SHA1_80), 0);
    assert_memory_not_equal(a.key_salt, b.key_salt, 30);
    for (i = 30; i < SRTP_KEY_SALT_MAX; i++)
        assert_int_equal(a.key_salt[i], 0);
    srtp_keys_wipe(&a);
    assert_memory_equal(&a, &zero, sizeof(a));
    assert_int_equal(srtp_session_alloc(&s, *state, &a, SRTP_SEND), EINVAL);
}

static void keys_are_equal_if_all_their_members_are(void **state)
{
    struct srtp_keys a, b;

    (void)state;
    memset(&b, 0xaa, sizeof(b)); /* in the padding too, where there is any */
    assert_int_equal(srtp_keys_random(&a, SRTP_SUITE_AES_CM_128_HMAC_SHA1_80), 0);
    b.suite = a.suite;
    memcpy(b.key_salt, a.key_salt, sizeof(b.key_salt));
    memset(b.mki, 0, sizeof(b.mki));
    b.mki_len = 0;
    assert_true(srtp_keys_equal(&a, &b));
    b.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_32;
    assert_false(srtp_keys_equal(&a, &b));
    b.suite = a.suite;
    b.key_salt[29] ^= 1;
    assert_false(srtp_keys_equal(&a, &b));
    b.key_salt[29] ^= 1;
    a.mki_len = b.mki_len = 1;
    assert_true(srtp_keys_equal(&a, &b));
    b.mki[0] = 1;
    assert_false(srtp_keys_equal(&a, &b));
    b.mki[0] = 0;
    b.mki_len = 2;
    assert_false(srtp_keys_equal(&a, &b));
}

static int setup(void **state, const struct srtp_provider *provider)
{
    struct srtp_context *c;

    if (srtp_library_init() || srtp_context_alloc(&c, provider))
        return -1;
    *state = c;
    return 0;
}

static int setup_libsrtp(void **state)
{
    return setup(state, &srtp_provider_libsrtp);
}

static int setup_multibuffer(void **state)
{
    return setup(state, &srtp_provider_multibuffer);
}

static int teardown(void **state)
{
    srtp_context_free(*state);
    srtp_library_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(srtp_writes_the_bytes_of_the_reference),
        cmocka_unit_test(srtp_opens_what_it_sealed_in_every_suite),
        cmocka_unit_test(srtp_follows_the_rollover_counter_with_loss_and_disorder),
        cmocka_unit_test(srtp_finds_a_source_again_after_a_long_gap),
        cmocka_unit_test(srtp_joins_a_source_late),
        cmocka_unit_test(srtp_is_found_by_no_forgery_and_no_replay),
        cmocka_unit_test(srtp_refuses_replays_and_what_is_older_than_the_window),
        cmocka_unit_test(srtp_is_unchanged_by_packets_that_fail),
        cmocka_unit_test(srtp_refuses_a_wrong_mki_and_a_missing_one),
        cmocka_unit_test(srtp_never_seals_two_packets_with_one_number),
        cmocka_unit_test(srtp_seals_only_where_the_trailer_has_room),
        cmocka_unit_test(srtp_keeps_sixteen_sources_and_lets_the_oldest_go),
        cmocka_unit_test(srtp_sends_for_sixteen_sources_and_forgets_none),
        cmocka_unit_test(srtp_works_on_a_vector_of_mixed_sessions),
        cmocka_unit_test(suites_are_found_by_their_names),
        cmocka_unit_test(keys_are_random_of_the_right_length_and_can_be_wiped),
        cmocka_unit_test(keys_are_equal_if_all_their_members_are),
    };
    int n_failed = cmocka_run_group_tests_name("libsrtp2", tests, setup_libsrtp, teardown);

    if (srtp_provider_is_available(&srtp_provider_multibuffer))
        n_failed += cmocka_run_group_tests_name("multibuffer", tests, setup_multibuffer, teardown);
    else
        print_message("multibuffer cannot run on this CPU\n");
    return n_failed;
}
