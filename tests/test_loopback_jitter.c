#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/loopback/jitter.h"

/* The jitter buffer of an ear, with a clock and a network of the test's: packets of PCMU that hold
 * a tone each of its own level, so that what comes out tells which packet it was. */

#define STEP 320
#define US   20000

static const struct peer_format pcmu = {0, {"PCMU", 8000, 1, ""}};
static const struct peer_format opus = {111, {"opus", 48000, 2, ""}};
static const struct peer_format event = {101, {"telephone-event", 8000, 1, ""}};

struct rig {
    struct jitter *jitter;
    uint64_t now_us;
    int16_t out[STEP];
};

static void rig_open(struct rig *r)
{
    memset(r, 0, sizeof(*r));
    r->now_us = 1000000;
    assert_int_equal(jitter_alloc(&r->jitter), 0);
}

static void put_as(struct rig *r, const struct peer_format *f, uint16_t seq, uint32_t ts)
{
    uint8_t payload[160];
    struct peer_rtp p = {
        .pt = f->pt, .seq = seq, .ts = ts, .ssrc = 1, .payload = payload, .n = sizeof(payload)};

    memset(payload, 0x10, sizeof(payload)); /* a constant, far from silence */
    jitter_put(r->jitter, f, &p, r->now_us);
}

static void put(struct rig *r, uint16_t seq)
{
    put_as(r, &pcmu, seq, seq * 160U);
}

/* @return the loudest sample of the next 20 ms */
static int get(struct rig *r)
{
    int peak = 0;

    jitter_get(r->jitter, r->out, STEP);
    r->now_us += US;
    for (unsigned i = 0; i < STEP; i++)
        peak = abs(r->out[i]) > peak ? abs(r->out[i]) : peak;
    return peak;
}

static void it_plays_when_enough_is_there(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    assert_int_equal(get(&r), 0);
    put(&r, 1);
    assert_int_equal(get(&r), 0); /* one packet is less than it wants */
    put(&r, 2);
    assert_true(get(&r) > 1000);
    for (uint16_t seq = 3; seq < 100; seq++) {
        put(&r, seq);
        assert_true(get(&r) > 1000);
    }
    const struct jitter_counts *c = jitter_counts(r.jitter);
    assert_int_equal(c->played, 98);
    assert_int_equal(c->lost + c->late + c->starved + c->skipped + c->concealed, 0);
    assert_int_equal(jitter_target_ms(r.jitter), JITTER_LEAST_MS);
    jitter_free(r.jitter);
}

static void what_is_overtaken_is_played_in_its_place(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    put(&r, 2);
    put(&r, 1); /* even the first one */
    put(&r, 4);
    put(&r, 3);
    for (unsigned i = 0; i < 4; i++)
        assert_true(get(&r) > 1000);
    assert_int_equal(jitter_counts(r.jitter)->played, 4);
    assert_int_equal(jitter_counts(r.jitter)->lost, 0);
    jitter_free(r.jitter);
}

static void a_lost_packet_is_made_up_and_counted(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (uint16_t seq = 1; seq < 50; seq++) {
        if (seq != 20)
            put(&r, seq);
        (void)get(&r);
    }
    const struct jitter_counts *c = jitter_counts(r.jitter);
    assert_int_equal(c->lost, 1);
    assert_int_equal(c->concealed, STEP);
    assert_int_equal(c->late, 0);
    jitter_free(r.jitter);
}

static void what_comes_after_its_time_is_late(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (uint16_t seq = 1; seq < 50; seq++) {
        if (seq != 20)
            put(&r, seq);
        if (seq == 25)
            put(&r, 20);
        (void)get(&r);
    }
    assert_int_equal(jitter_counts(r.jitter)->lost, 1);
    assert_int_equal(jitter_counts(r.jitter)->late, 1);
    jitter_free(r.jitter);
}

static void a_late_burst_is_waited_for_and_still_played(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (uint16_t seq = 1; seq < 600; seq++) {
        if (seq < 20 || seq > 24)
            put(&r, seq);
        if (seq == 24) /* a stall of five packets, then all of them */
            for (uint16_t k = 20; k <= 24; k++)
                put(&r, k);
        (void)get(&r);
    }
    const struct jitter_counts *c = jitter_counts(r.jitter);
    assert_int_equal(c->lost, 0);
    assert_int_equal(c->late, 0);
    assert_true(c->concealed > 0);
    /* and the delay that this brought goes away again */
    assert_true(c->skipped > 0);
    jitter_free(r.jitter);
}

static void a_pause_of_the_sender_is_silence_and_no_fault(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (uint16_t seq = 1; seq < 20; seq++) {
        put(&r, seq);
        (void)get(&r);
    }
    for (unsigned i = 0; i < 100; i++) /* on hold: two seconds */
        (void)get(&r);
    assert_int_equal(get(&r), 0);
    for (uint16_t seq = 20; seq < 40; seq++) {
        put_as(&r, &pcmu, seq, (seq + 100U) * 160);
        (void)get(&r);
    }
    assert_true(get(&r) > 1000);
    assert_int_equal(jitter_counts(r.jitter)->starved, 0);
    assert_int_equal(jitter_counts(r.jitter)->lost, 0);
    jitter_free(r.jitter);
}

static void digits_are_silence_and_no_loss(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (uint16_t seq = 1; seq < 60; seq++) {
        bool is_digit = seq >= 20 && seq < 27;

        put_as(&r, is_digit ? &event : &pcmu, seq, is_digit ? 20U * 160 : seq * 160U);
        (void)get(&r);
    }
    const struct jitter_counts *c = jitter_counts(r.jitter);
    assert_int_equal(c->lost + c->starved + c->late + c->concealed, 0);
    jitter_free(r.jitter);
}

static void another_source_or_another_codec_goes_on(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (uint16_t seq = 1; seq < 20; seq++) {
        put(&r, seq);
        (void)get(&r);
    }
    for (uint16_t seq = 30000; seq < 30020; seq++) { /* numbers far off */
        put(&r, seq);
        (void)get(&r);
    }
    assert_int_equal(jitter_counts(r.jitter)->restarts, 1);
    for (uint16_t seq = 30020; seq < 30040; seq++) {
        put_as(&r, &opus, seq, seq * 960U); /* not decodable as such, but of its clock */
        (void)get(&r);
    }
    assert_int_equal(jitter_counts(r.jitter)->restarts, 1);
    jitter_free(r.jitter);
}

static void numbers_wrap(void **state)
{
    struct rig r;
    uint16_t seq = 65500;

    (void)state;
    rig_open(&r);
    for (unsigned i = 0; i < 100; i++, seq++) {
        put_as(&r, &pcmu, seq, (uint32_t)(i - 50) * 160);
        (void)get(&r);
    }
    const struct jitter_counts *c = jitter_counts(r.jitter);
    assert_int_equal(c->restarts + c->lost + c->late, 0);
    assert_int_equal(c->played, 99);
    jitter_free(r.jitter);
}

static void a_sender_that_is_too_fast_is_followed(void **state)
{
    struct rig r;
    uint16_t seq = 1;

    (void)state;
    rig_open(&r);
    for (unsigned i = 0; i < 50 * 120; i++) { /* two minutes, 1000 ppm */
        put(&r, seq++);
        if (i % 1000 == 999)
            put(&r, seq++);
        (void)get(&r);
    }
    assert_true(jitter_counts(r.jitter)->skipped >= 3);
    assert_true(jitter_held_ms(r.jitter) <= 100);
    jitter_free(r.jitter);
}

static void a_rough_network_gets_more_delay(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (uint16_t seq = 1; seq < 500; seq++) {
        uint64_t kept_us = r.now_us;

        r.now_us += (seq * 7919U) % 40000; /* up to 40 ms late */
        put(&r, seq);
        r.now_us = kept_us;
        (void)get(&r);
    }
    assert_in_range(jitter_target_ms(r.jitter), JITTER_LEAST_MS + 20, JITTER_MOST_MS);
    jitter_free(r.jitter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_plays_when_enough_is_there),
        cmocka_unit_test(what_is_overtaken_is_played_in_its_place),
        cmocka_unit_test(a_lost_packet_is_made_up_and_counted),
        cmocka_unit_test(what_comes_after_its_time_is_late),
        cmocka_unit_test(a_late_burst_is_waited_for_and_still_played),
        cmocka_unit_test(a_pause_of_the_sender_is_silence_and_no_fault),
        cmocka_unit_test(digits_are_silence_and_no_loss),
        cmocka_unit_test(another_source_or_another_codec_goes_on),
        cmocka_unit_test(numbers_wrap),
        cmocka_unit_test(a_sender_that_is_too_fast_is_followed),
        cmocka_unit_test(a_rough_network_gets_more_delay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
