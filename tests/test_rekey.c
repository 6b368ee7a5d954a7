#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/bytes.h"
#include "relay/media/rtp.h"
#include "relay/media/secure.h"
#include "relay/media/stream.h"

/* A change of a peer's SRTP key, as the worker sees it: by the stage that opens packets, with a
 * clock of the test's own. Each case runs with both providers, and for every suite that both have.
 */

#define SSRC     0x5eed5eedu
#define BEGIN_US 1000000u

struct bench {
    const struct srtp_provider *provider;
    struct srtp_context *peer_srtp;
    struct secure secure;
    struct pool pool;
    struct batch batch;
    _Atomic uint64_t drops[DROP_COUNT];
    struct media_stream *stream;
    struct srtp_session *peer[2]; /* sends under the old key, under the new one */
    uint16_t seq;
    uint32_t ssrc;
};

static const enum srtp_suite_id suites[] = {
    SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
    SRTP_SUITE_AES_CM_128_HMAC_SHA1_32,
    SRTP_SUITE_AEAD_AES_128_GCM,
};

static struct srtp_session *session(struct srtp_context *c, enum srtp_suite_id suite, uint8_t seed,
                                    enum srtp_direction direction)
{
    struct srtp_keys keys = {.suite = suite};
    struct srtp_session *s;

    memset(keys.key_salt, seed, srtp_suite_key_len(suite));
    assert_int_equal(srtp_session_alloc(&s, c, &keys, direction), 0);
    return s;
}

static void put_in_force(struct bench *b, struct srtp_session *rx)
{
    struct media_rules rules = {.set_srtp_rx = true, .srtp_rx = rx};

    stream_apply(b->stream, &rules, b->batch.now_us);
    srtp_session_free(rules.srtp_rx);
}

static void bench_open(struct bench *b, const struct srtp_provider *provider,
                       enum srtp_suite_id suite)
{
    memset(b, 0, sizeof(*b));
    b->provider = provider;
    b->ssrc = SSRC;
    assert_int_equal(secure_init(&b->secure, provider), 0);
    assert_int_equal(srtp_context_alloc(&b->peer_srtp, &srtp_provider_libsrtp), 0);
    assert_int_equal(pool_init(&b->pool, BATCH_MAX), 0);
    b->batch = (struct batch){.now_us = BEGIN_US, .pool = &b->pool, .drops = b->drops};
    b->stream = aligned_alloc(CACHE_LINE, sizeof(*b->stream));
    assert_non_null(b->stream);
    memset(b->stream, 0, sizeof(*b->stream));
    for (uint8_t i = 0; i < 2; i++)
        b->peer[i] = session(b->peer_srtp, suite, (uint8_t)(1 + i), SRTP_SEND);
    put_in_force(b, session(b->secure.srtp, suite, 1, SRTP_RECEIVE));
}

static void change_key(struct bench *b, enum srtp_suite_id suite)
{
    put_in_force(b, session(b->secure.srtp, suite, 2, SRTP_RECEIVE));
}

static void bench_close(struct bench *b)
{
    for (unsigned i = 0; i < b->batch.n; i++)
        pool_give(&b->pool, b->batch.pkt[i]);
    assert_int_equal(b->pool.n_free, BATCH_MAX);
    srtp_session_free(b->peer[0]);
    srtp_session_free(b->peer[1]);
    media_stream_free(b->stream);
    pool_wipe(&b->pool);
    srtp_context_free(b->peer_srtp);
    secure_wipe(&b->secure);
}

static uint32_t write_rtcp(uint8_t *data, uint32_t ssrc)
{
    memset(data, 0, 8);
    data[0] = 0x80; /* an empty RR */
    data[1] = 201;
    data[3] = 1;
    put_be32(data + 4, ssrc);
    return 8;
}

static uint32_t write_rtp(uint8_t *data, uint32_t ssrc, uint16_t seq)
{
    struct rtp_packet rtp = {.seq = seq, .ts = seq * 160u, .ssrc = ssrc};

    rtp_write(data, &rtp);
    memset(data + RTP_HEADER_BYTES, seq & 0xff, 100);
    return RTP_HEADER_BYTES + 100;
}

/* Puts a packet of the peer's into the batch. */
static struct packet *arrive(struct bench *b, unsigned key, bool is_rtcp)
{
    struct packet *p = pool_take(&b->pool);
    struct srtp_job job = {.session = b->peer[key], .cap = PACKET_MAX, .is_rtcp = is_rtcp};

    assert_non_null(p);
    p->stream = b->stream;
    p->kind = is_rtcp ? PACKET_RTCP : PACKET_RTP;
    job.data = p->data;
    job.len = is_rtcp ? write_rtcp(p->data, b->ssrc) : write_rtp(p->data, b->ssrc, b->seq++);
    srtp_seal(b->peer_srtp, &job, 1);
    assert_int_equal(job.result, SRTP_OK);
    p->len = job.len;
    b->batch.pkt[b->batch.n++] = p;
    return p;
}

/* @return how many of the batch were let through; each of them is in clear */
static unsigned open_batch(struct bench *b)
{
    unsigned n;

    secure_open_batch(&b->secure, &b->batch);
    n = b->batch.n;
    for (unsigned i = 0; i < n; i++) {
        const struct packet *p = b->batch.pkt[i];

        if (p->kind == PACKET_RTCP) {
            assert_int_equal(p->len, 8);
        } else {
            assert_int_equal(p->len, RTP_HEADER_BYTES + 100);
            assert_int_equal(p->data[RTP_HEADER_BYTES + 99], p->data[3]);
        }
        pool_give(&b->pool, b->batch.pkt[i]);
    }
    b->batch.n = 0;
    return n;
}

static unsigned is_taken(struct bench *b, unsigned key, bool is_rtcp)
{
    (void)arrive(b, key, is_rtcp);
    return open_batch(b);
}

static void for_each(void (*test)(const struct srtp_provider *, enum srtp_suite_id))
{
    const struct srtp_provider *providers[] = {&srtp_provider_libsrtp, &srtp_provider_multibuffer};

    for (unsigned i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof(suites) / sizeof(suites[0]); k++) {
            if (srtp_provider_is_available(providers[i]))
                test(providers[i], suites[k]);
        }
    }
}

static void in_flight(const struct srtp_provider *provider, enum srtp_suite_id suite)
{
    struct bench b;

    bench_open(&b, provider, suite);
    assert_int_equal(is_taken(&b, 0, false), 1);
    change_key(&b, suite);
    for (unsigned i = 0; i < 10; i++)
        (void)arrive(&b, 0, i % 2);
    assert_int_equal(open_batch(&b), 10);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(is_taken(&b, 1, i % 2), 1);
    bench_close(&b);
}

static void what_is_in_flight_under_the_old_key_is_taken(void **state)
{
    (void)state;
    for_each(in_flight);
}

static void after_the_first(const struct srtp_provider *provider, enum srtp_suite_id suite)
{
    struct bench b;

    for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
        bench_open(&b, provider, suite);
        change_key(&b, suite);
        assert_int_equal(is_taken(&b, 0, false), 1);
        (void)arrive(&b, 1, is_rtcp);
        (void)arrive(&b, 0, false); /* in the same batch */
        assert_int_equal(open_batch(&b), 1);
        assert_int_equal(is_taken(&b, 0, false), 0);
        assert_int_equal(is_taken(&b, 0, true), 0);
        assert_int_equal(is_taken(&b, 1, true), 1);
        /* SRTCP counts for itself: one of the old key may have a number of the new one's */
        assert_int_equal(b.drops[DROP_SRTP_AUTH] + b.drops[DROP_SRTP_REPLAY], 3);
        bench_close(&b);
    }
}

static void the_first_packet_under_the_new_key_ends_the_old_one(void **state)
{
    (void)state;
    for_each(after_the_first);
}

static void after_its_time(const struct srtp_provider *provider, enum srtp_suite_id suite)
{
    struct bench b;

    bench_open(&b, provider, suite);
    change_key(&b, suite);
    b.batch.now_us = BEGIN_US + STREAM_OLD_KEY_US - 1;
    assert_int_equal(is_taken(&b, 0, false), 1);
    b.batch.now_us++;
    assert_int_equal(is_taken(&b, 0, false), 0);
    assert_int_equal(is_taken(&b, 1, false), 1);
    bench_close(&b);
}

static void the_old_key_ends_when_its_time_is_over(void **state)
{
    (void)state;
    for_each(after_its_time);
}

static void copies_and_forgeries(const struct srtp_provider *provider, enum srtp_suite_id suite)
{
    struct bench b;
    struct packet *first, *again;

    bench_open(&b, provider, suite);
    first = arrive(&b, 0, false);
    again = pool_take(&b.pool);
    assert_non_null(again);
    *again = *first;
    again->data = again->buf + (first->data - first->buf);
    assert_int_equal(open_batch(&b), 1);
    change_key(&b, suite);
    b.batch.pkt[b.batch.n++] = again; /* recorded before the change */
    assert_int_equal(open_batch(&b), 0);
    first = arrive(&b, 0, false);
    first->data[first->len - 1] ^= 1;
    assert_int_equal(open_batch(&b), 0);
    first = arrive(&b, 1, false);
    first->data[first->len - 1] ^= 1;
    assert_int_equal(open_batch(&b), 0);
    assert_int_equal(is_taken(&b, 0, false), 1); /* a forgery has ended nothing */
    bench_close(&b);
}

static void neither_replays_nor_forgeries_pass_between_two_keys(void **state)
{
    (void)state;
    for_each(copies_and_forgeries);
}

/* A third key within the time of the first: two keys are what there is room for. */
static void a_key_before_the_old_one_is_forgotten(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, &srtp_provider_libsrtp, suites[0]);
    change_key(&b, suites[0]);
    put_in_force(&b, session(b.secure.srtp, suites[0], 3, SRTP_RECEIVE));
    assert_int_equal(is_taken(&b, 0, false), 0);
    assert_int_equal(is_taken(&b, 1, false), 1);
    bench_close(&b);
}

static void a_key_that_is_taken_away_ends_at_once(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, &srtp_provider_libsrtp, suites[0]);
    put_in_force(&b, NULL); /* another certificate: keys are still to come */
    assert_false(b.stream->has_old_key);
    put_in_force(&b, session(b.secure.srtp, suites[0], 2, SRTP_RECEIVE));
    assert_int_equal(is_taken(&b, 0, false), 0);
    assert_int_equal(is_taken(&b, 1, false), 1);
    bench_close(&b);
}

/* Random packets of both keys, in batches, against what the rule says of each: an old one counts
 * until the first new one. */
static void at_random(const struct srtp_provider *provider, enum srtp_suite_id suite)
{
    unsigned n_taken = 0, n_right = 0, n = 0;
    uint32_t random = 20261122;
    struct bench b;

    for (unsigned change = 0; change < 8; change++) {
        bool has_changed = false;

        bench_open(&b, provider, suite);
        change_key(&b, suite);
        for (unsigned i = 0; i < 96; i++, n++) {
            random = random * 1664525 + 1013904223;
            unsigned key = (random >> 24) < 4 * i;

            (void)arrive(&b, key, random >> 23 & 1);
            has_changed = has_changed || key;
            n_right += key || !has_changed;
            if (b.batch.n > (random >> 16 & 15))
                n_taken += open_batch(&b);
        }
        n_taken += open_batch(&b);
        assert_int_equal(n_taken, n_right);
        bench_close(&b);
    }
    assert_true(n_right > 8 && n_right < n);
}

static void any_mixture_is_judged_as_packet_after_packet(void **state)
{
    (void)state;
    for_each(at_random);
}

static int setup(void **state)
{
    (void)state;
    return srtp_library_init();
}

static int teardown(void **state)
{
    (void)state;
    srtp_library_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_flight_under_the_old_key_is_taken),
        cmocka_unit_test(the_first_packet_under_the_new_key_ends_the_old_one),
        cmocka_unit_test(the_old_key_ends_when_its_time_is_over),
        cmocka_unit_test(neither_replays_nor_forgeries_pass_between_two_keys),
        cmocka_unit_test(a_key_before_the_old_one_is_forgotten),
        cmocka_unit_test(a_key_that_is_taken_away_ends_at_once),
        cmocka_unit_test(any_mixture_is_judged_as_packet_after_packet),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
