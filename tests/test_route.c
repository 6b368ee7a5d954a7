#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/route.h"

#define OUR_SSRC 0xabcdef01u
#define START_US UINT64_C(5000000)

static const int leg_a, leg_b; /* their addresses stand for streams */

static const struct route_source from_a = {.stream = &leg_a, .ssrc = 1};
static const struct route_source from_a_anew = {.stream = &leg_a, .ssrc = 2};
static const struct route_source from_b = {.stream = &leg_b, .ssrc = 1};
static const struct route_source from_codec = {.stream = &leg_a, .generation = 1};
static const struct route_source from_new_codec = {.stream = &leg_a, .generation = 2};

/* Sends seq, ts at 8 kHz. @return what came out */
static struct rtp_packet pass(struct route *r, const struct route_source *source, uint16_t seq,
                              uint32_t ts, uint64_t now_us)
{
    struct rtp_packet rtp = {.ssrc = source->ssrc, .seq = seq, .ts = ts, .payload_len = 160};

    assert_true(route_map(r, source, &rtp, 8000, now_us));
    return rtp;
}

static void route_keeps_gaps_order_and_distances_of_a_source(void **state)
{
    static const uint16_t seqs[] = {65534, 65535, 1, 0, 2, 5, 3};
    struct rtp_packet first, rtp;
    struct route r;
    size_t i;

    (void)state;
    route_init(&r, OUR_SSRC, 12345);
    first = pass(&r, &from_a, 65533, 1000, START_US);
    assert_int_equal(first.ssrc, OUR_SSRC);
    for (i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
        uint16_t step = (uint16_t)(seqs[i] - 65533);

        rtp = pass(&r, &from_a, seqs[i], 1000 + 160u * step, START_US + 20000u * (i + 1));
        assert_int_equal((uint16_t)(rtp.seq - first.seq), step);
        assert_int_equal(rtp.ts - first.ts, 160u * step);
    }
    assert_int_equal(r.n_packets, 8);
    assert_int_equal(r.n_bytes, 8 * 160);
}

static void route_goes_on_without_a_jump_when_the_source_changes(void **state)
{
    static const struct {
        const char *reason;
        const struct route_source *source;
        uint16_t seq;
    } rows[] = {
        {"another SSRC", &from_a_anew, 40000},
        {"a transcoder begins", &from_codec, 0},
        {"another transcoder", &from_new_codec, 0},
        {"relay again", &from_a, 7},
        {"another leg with the same SSRC", &from_b, 20000},
        {"the same source, 3000 further", &from_b, 23000},
        {"the same source, far back", &from_b, 100},
    };
    struct rtp_packet before, rtp;
    uint64_t now_us = START_US;
    struct route r;
    size_t i;

    (void)state;
    route_init(&r, OUR_SSRC, 1);
    before = pass(&r, &from_a, 100, 77, now_us);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("    %s\n", rows[i].reason);
        now_us += 20000;
        rtp = pass(&r, rows[i].source, rows[i].seq, 0x90000000u, now_us);
        assert_int_equal(rtp.seq, (uint16_t)(before.seq + 1));
        assert_int_equal(rtp.ts, before.ts + 160); /* 20 ms went by */
        assert_int_equal(rtp.ssrc, OUR_SSRC);
        before = rtp;
    }
}

static void route_never_gives_two_sources_the_same_number(void **state)
{
    struct rtp_packet rtp = {.ssrc = 2, .seq = 499};
    struct rtp_packet before, after;
    struct route r;

    (void)state;
    route_init(&r, OUR_SSRC, 1);
    before = pass(&r, &from_a, 100, 0, START_US);
    after = pass(&r, &from_a_anew, 500, 0, START_US);
    assert_int_equal(after.seq, (uint16_t)(before.seq + 1));
    assert_int_not_equal(after.ts, before.ts); /* in the same microsecond, too */
    assert_false(route_map(&r, &from_a_anew, &rtp, 8000, START_US)); /* would be before's number */
    assert_int_equal(rtp.seq, 499);
    assert_int_equal(pass(&r, &from_a_anew, 501, 160, START_US).seq, (uint16_t)(after.seq + 1));
}

static void route_starts_in_the_lower_half_of_the_sequence_space(void **state)
{
    struct route r;

    (void)state;
    route_init(&r, OUR_SSRC, UINT64_MAX);
    assert_true(pass(&r, &from_a, 9, 0, START_US).seq <= 0x8000);
}

static void route_tells_numbers_back_to_the_source(void **state)
{
    struct rtp_packet first, last;
    struct route r;
    uint16_t seq;

    (void)state;
    route_init(&r, OUR_SSRC, 0x7ff0);
    (void)pass(&r, &from_a, 1, 0, START_US);
    first = pass(&r, &from_a_anew, 65530, 0, START_US + 20000);
    last = pass(&r, &from_a_anew, 10, 0, START_US + 40000);
    assert_true(route_unmap_seq(&r, first.seq, &seq));
    assert_int_equal(seq, 65530);
    assert_true(route_unmap_seq(&r, last.seq, &seq));
    assert_int_equal(seq, 10);
    assert_false(route_unmap_seq(&r, (uint16_t)(first.seq - 1), &seq)); /* of the source before */
    assert_false(route_unmap_seq(&r, (uint16_t)(last.seq + 1), &seq));  /* never sent */
    assert_true(route_is_source(&r, &from_a_anew));
    assert_false(route_is_source(&r, &from_a));
    assert_int_equal(route_map_ts(&r, 0), first.ts);
}

static void route_counts_the_clock_on_for_sender_reports(void **state)
{
    struct rtp_packet rtp;
    struct route r;

    (void)state;
    route_init(&r, OUR_SSRC, 1);
    assert_int_equal(route_ts_at(&r, START_US), r.last_ts);
    rtp = pass(&r, &from_a, 1, 555, START_US);
    assert_int_equal(route_ts_at(&r, START_US + 1000000), rtp.ts + 8000);
    assert_int_equal(route_ts_at(&r, START_US - 1), rtp.ts);
}

/* ---- packets put between, packets left out ---- */

/* @return the number that a packet of our own got */
static uint16_t insert(struct route *r)
{
    struct rtp_packet rtp = {.ts = 5, .payload_len = 4};

    route_insert(r, &rtp, START_US);
    assert_int_equal(rtp.ssrc, OUR_SSRC);
    assert_int_equal(rtp.ts, 5);
    return rtp.seq;
}

static uint16_t pass_seq(struct route *r, uint16_t seq)
{
    return pass(r, &from_a, seq, 160u * seq, START_US + 20000u * seq).seq;
}

static void route_moves_on_what_follows_a_packet_of_ours(void **state)
{
    struct route r;
    uint16_t first, seq;

    (void)state;
    route_init(&r, OUR_SSRC, 1);
    first = pass_seq(&r, 100);
    assert_int_equal(insert(&r), first + 1);
    assert_int_equal(insert(&r), first + 2);
    assert_int_equal(pass_seq(&r, 101), first + 3);
    assert_int_equal(insert(&r), first + 4);
    assert_int_equal(pass_seq(&r, 103), first + 6); /* 102 has a place that nothing else took */
    assert_int_equal(pass_seq(&r, 102), first + 5);
    assert_int_equal(r.n_packets, 7);

    /* to the source, a report tells of its own packets only */
    for (unsigned i = 0; i < 7; i++) {
        static const uint16_t told[] = {100, 100, 100, 101, 101, 102, 103};

        assert_true(route_unmap_seq(&r, (uint16_t)(first + i), &seq));
        assert_int_equal(seq, told[i]);
    }
}

static void route_closes_up_over_a_packet_that_is_left_out(void **state)
{
    struct route r;
    uint16_t first, seq;

    (void)state;
    route_init(&r, OUR_SSRC, 1);
    route_skip(&r, &from_a, 99); /* nothing was sent yet */
    first = pass_seq(&r, 100);
    route_skip(&r, &from_a, 101);
    assert_int_equal(pass_seq(&r, 102), first + 1);
    route_skip(&r, &from_a, 104); /* overtakes 103 */
    route_skip(&r, &from_a, 104); /* comes twice */
    route_skip(&r, &from_a, 99);
    assert_int_equal(pass_seq(&r, 105), first + 3);
    assert_int_equal(pass_seq(&r, 103), first + 2);
    route_skip(&r, &from_b, 106);        /* not who feeds */
    route_skip(&r, &from_a, 105 + 5000); /* a jump: the next one tells */
    assert_int_equal(pass_seq(&r, 106), first + 4);
    assert_true(route_unmap_seq(&r, (uint16_t)(first + 1), &seq));
    assert_int_equal(seq, 102);
    assert_true(route_unmap_seq(&r, (uint16_t)(first + 3), &seq));
    assert_int_equal(seq, 105);
}

/* Any order of late packets, packets of ours and packets left out: each number is given once. */
static void route_gives_no_number_twice_however_packets_come(void **state)
{
    static uint8_t n_given[65536];
    struct route r;
    uint32_t x = 7;

    (void)state;
    route_init(&r, OUR_SSRC, 1);
    memset(n_given, 0, sizeof(n_given));
    for (unsigned i = 0; i < 30000; i++) { /* by twos, the later one first */
        struct rtp_packet rtp = {.ssrc = 1, .seq = (uint16_t)(40000 + (i ^ 3))};

        x = x * 1664525 + 1013904223;
        if (x >> 28 == 0)
            n_given[insert(&r)]++;
        if (x >> 28 == 1)
            route_skip(&r, &from_a, rtp.seq);
        else if (route_map(&r, &from_a, &rtp, 8000, START_US + i))
            n_given[rtp.seq]++;
        assert_int_equal((uint16_t)(r.max_in_seq + r.seq_offset), (uint16_t)r.max_ext_seq);
    }
    for (unsigned i = 0; i < 65536; i++)
        assert_in_range(n_given[i], 0, 1);
}

/* More of ours than are remembered: what is later than that is refused rather than given a number
 * that was used. */
static void route_refuses_what_is_older_than_its_memory(void **state)
{
    struct rtp_packet rtp = {.ssrc = 1, .seq = 101};
    struct route r;
    uint16_t last = 0;

    (void)state;
    route_init(&r, OUR_SSRC, 1);
    (void)pass_seq(&r, 100);
    for (uint16_t i = 0; i < ROUTE_SHIFTS + 1; i++) {
        (void)insert(&r);
        last = pass_seq(&r, (uint16_t)(102 + i));
    }
    assert_false(route_map(&r, &from_a, &rtp, 8000, START_US));
    rtp.seq = 102 + ROUTE_SHIFTS / 2;
    assert_true(route_map(&r, &from_a, &rtp, 8000, START_US));
    assert_int_equal(pass_seq(&r, 102 + ROUTE_SHIFTS + 5000 / 2), (uint16_t)(last + 2500));
}

static void route_hands_over_to_the_tick(void **state)
{
    const struct route_handover to = {
        .source = from_codec, .seq = 0, .ts = 0, .old_ts = 77 + 3 * 160};
    struct rtp_packet before, rtp;
    struct route r;

    (void)state;
    route_init(&r, OUR_SSRC, 1);
    (void)pass(&r, &from_a, 100, 77, START_US);
    (void)insert(&r);
    before = pass(&r, &from_a, 102, 77 + 320, START_US + 40000);
    route_hand_over(&r, &to);
    rtp = pass(&r, &from_codec, 0, 0, START_US + 66000); /* 6 ms late */
    assert_int_equal(rtp.seq, (uint16_t)(before.seq + 1));
    assert_int_equal(rtp.ts, before.ts + 160);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(route_keeps_gaps_order_and_distances_of_a_source),
        cmocka_unit_test(route_goes_on_without_a_jump_when_the_source_changes),
        cmocka_unit_test(route_never_gives_two_sources_the_same_number),
        cmocka_unit_test(route_starts_in_the_lower_half_of_the_sequence_space),
        cmocka_unit_test(route_tells_numbers_back_to_the_source),
        cmocka_unit_test(route_counts_the_clock_on_for_sender_reports),
        cmocka_unit_test(route_moves_on_what_follows_a_packet_of_ours),
        cmocka_unit_test(route_closes_up_over_a_packet_that_is_left_out),
        cmocka_unit_test(route_gives_no_number_twice_however_packets_come),
        cmocka_unit_test(route_refuses_what_is_older_than_its_memory),
        cmocka_unit_test(route_hands_over_to_the_tick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
