#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "codec/playout.h"
#include "tests/sim/lossy.h"

enum { TICKS = 160, MS = 1000, PTIME_US = 20 * MS, SSRC = 0x1234 };

static struct playout p;

static int setup(void **state)
{
    (void)state;
    playout_init(&p, 0);
    return 0;
}

/* The k-th packet of a stream of 20 ms at 8 kHz, numbered and stamped from the given start. */
static struct playout_packet packet(uint16_t first_seq, uint32_t first_ts, unsigned k)
{
    static uint8_t byte;

    return (struct playout_packet){.seq = (uint16_t)(first_seq + k),
                                   .ts = first_ts + k * TICKS,
                                   .ticks = TICKS,
                                   .clock_hz = 8000,
                                   .payload = &byte,
                                   .n = 1};
}

static int put(unsigned k, uint64_t now_us)
{
    const struct playout_packet pkt = packet(0, 0, k);

    return playout_put(&p, &pkt, SSRC, now_us);
}

static struct playout_event take(enum playout_kind kind, uint64_t now_us)
{
    struct playout_event ev;

    assert_int_equal(playout_get(&p, &ev, now_us), 0);
    assert_int_equal(ev.kind, kind);
    return ev;
}

static void takes_packet(unsigned k, uint64_t now_us)
{
    assert_int_equal(take(PLAYOUT_PACKET, now_us).packet->seq, (uint16_t)k);
}

static void takes_nothing(uint64_t now_us)
{
    struct playout_event ev;

    assert_int_equal(playout_get(&p, &ev, now_us), EAGAIN);
}

static void starts(unsigned k, uint64_t now_us)
{
    assert_int_equal(put(k, now_us), 0);
    take(PLAYOUT_RESTART, now_us);
    takes_packet(k, now_us);
}

static void packets_in_order_are_released_at_once(void **state)
{
    (void)state;
    starts(0, 0);
    for (unsigned k = 1; k < 100000; k++) { /* the number wraps once */
        assert_int_equal(put(k, k * (uint64_t)PTIME_US), 0);
        takes_packet(k, k * (uint64_t)PTIME_US);
        takes_nothing(k * (uint64_t)PTIME_US);
        assert_int_equal(playout_deadline_us(&p), UINT64_MAX);
    }
}

static void a_gap_waits_for_the_window_and_no_longer(void **state)
{
    struct playout_event ev;

    (void)state;
    starts(0, 0);
    assert_int_equal(put(2, 40 * MS), 0);
    takes_nothing(40 * MS);
    assert_int_equal(playout_deadline_us(&p), 80 * MS);
    takes_nothing(80 * MS - 1);
    ev = take(PLAYOUT_LOST, 80 * MS);
    assert_int_equal(ev.n_lost, 1);
    assert_int_equal(ev.ticks, TICKS);
    assert_int_equal(ev.packet->seq, 2); /* whose FEC may help */
    takes_packet(2, 80 * MS);
    takes_nothing(80 * MS);
}

static void a_packet_that_was_overtaken_is_put_in_its_place(void **state)
{
    (void)state;
    starts(0, 0);
    assert_int_equal(put(3, 60 * MS), 0);
    assert_int_equal(put(2, 61 * MS), 0);
    takes_nothing(61 * MS);
    assert_int_equal(put(1, 62 * MS), 0);
    takes_packet(1, 62 * MS);
    takes_packet(2, 62 * MS);
    takes_packet(3, 62 * MS);
    assert_int_equal(playout_deadline_us(&p), UINT64_MAX);
}

static void the_second_gap_waits_from_the_packet_behind_it(void **state)
{
    (void)state;
    starts(0, 0);
    put(2, 40 * MS);
    put(4, 70 * MS);
    take(PLAYOUT_LOST, 80 * MS);
    takes_packet(2, 80 * MS);
    takes_nothing(80 * MS);
    assert_int_equal(playout_deadline_us(&p), 110 * MS);
    take(PLAYOUT_LOST, 110 * MS);
    takes_packet(4, 110 * MS);
}

static void a_duplicate_and_a_late_packet_are_told_apart(void **state)
{
    (void)state;
    starts(0, 0);
    put(1, 20 * MS);
    takes_packet(1, 20 * MS);
    assert_int_equal(put(1, 20 * MS), EALREADY);
    assert_int_equal(put(0, 20 * MS), EALREADY);
    put(3, 60 * MS);
    assert_int_equal(put(3, 60 * MS), EALREADY); /* also while it is held */
    take(PLAYOUT_LOST, 100 * MS);
    takes_packet(3, 100 * MS);
    assert_int_equal(put(2, 101 * MS), ESTALE);
    takes_nothing(101 * MS);
}

static void a_full_window_ends_the_wait(void **state)
{
    (void)state;
    starts(0, 0);
    for (unsigned k = 2; k < 2 + PLAYOUT_SLOTS; k++) {
        takes_nothing(k);
        assert_int_equal(put(k, k), 0);
    }
    assert_int_equal(put(2 + PLAYOUT_SLOTS, 100), ENOBUFS); /* get was not called */
    assert_int_equal(take(PLAYOUT_LOST, 100).n_lost, 1);
    for (unsigned k = 2; k < 2 + PLAYOUT_SLOTS; k++)
        takes_packet(k, 100);
    takes_nothing(100);
}

static void a_jump_of_time_without_one_of_numbers_is_silence(void **state)
{
    struct playout_packet pkt = packet(0, 0, 1);

    (void)state;
    starts(0, 0);
    pkt.ts += 8000;
    assert_int_equal(playout_put(&p, &pkt, SSRC, 1020 * MS), 0);
    assert_int_equal(take(PLAYOUT_SILENCE, 1020 * MS).ticks, 8000);
    takes_packet(1, 1020 * MS);
}

static void loss_comes_before_silence_when_both_are_missing(void **state)
{
    struct playout_packet pkt = packet(0, 0, 3);
    struct playout_event ev;

    (void)state;
    starts(0, 0);
    pkt.ts += 8000;
    assert_int_equal(playout_put(&p, &pkt, SSRC, 1060 * MS), 0);
    ev = take(PLAYOUT_LOST, 1100 * MS);
    assert_int_equal(ev.n_lost, 2);
    assert_int_equal(ev.ticks, 2 * TICKS);
    assert_null(ev.packet); /* FEC of a packet beyond a silence is not about the loss */
    assert_int_equal(take(PLAYOUT_SILENCE, 1100 * MS).ticks, 8000);
    takes_packet(3, 1100 * MS);
}

static void time_stamps_that_nothing_explains_are_not_believed(void **state)
{
    static const struct {
        const char *why;
        uint32_t leap;
    } rows[] = {{"an hour within 20 ms", 8000 * 3600},
                {"backwards", (uint32_t)-8000},
                {"an overlap", (uint32_t)-80},
                {"half the number space", 0x80000000}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct playout_packet pkt = packet(0, 0, 1);

        playout_init(&p, 0);
        starts(0, 0);
        pkt.ts += rows[i].leap;
        assert_int_equal(playout_put(&p, &pkt, SSRC, 20 * MS), 0);
        takes_packet(1, 20 * MS);
        pkt.seq++;
        pkt.ts += TICKS; /* goes on from there */
        assert_int_equal(playout_put(&p, &pkt, SSRC, 40 * MS), 0);
        takes_packet(2, 40 * MS);
    }
}

static void an_hour_of_silence_is_believed_after_an_hour(void **state)
{
    struct playout_packet pkt = packet(0, 0, 1);
    const uint64_t hour_us = 3600ULL * 1000 * MS;

    (void)state;
    starts(0, 0);
    pkt.ts += 8000 * 3600;
    playout_put(&p, &pkt, SSRC, hour_us);
    assert_int_equal(take(PLAYOUT_SILENCE, hour_us).ticks, 8000 * 3600);
}

static void another_source_restarts_without_silence(void **state)
{
    struct playout_packet pkt = packet(40000, 123456, 0);

    (void)state;
    starts(0, 0);
    put(2, 20 * MS); /* waits for 1, which belongs to the past now */
    assert_int_equal(playout_put(&p, &pkt, SSRC + 1, 40 * MS), 0);
    assert_int_equal(take(PLAYOUT_RESTART, 40 * MS).ticks, 0);
    takes_packet(40000, 40 * MS);
    takes_nothing(40 * MS);
}

static void a_pause_before_another_source_is_told(void **state)
{
    struct playout_packet pkt = packet(40000, 123456, 0);

    (void)state;
    starts(0, 0);
    playout_put(&p, &pkt, SSRC + 1, 5020 * MS);
    assert_int_equal(take(PLAYOUT_RESTART, 5020 * MS).ticks, 5 * 8000);
}

static void a_number_far_off_counts_once_the_next_confirms_it(void **state)
{
    (void)state;
    starts(0, 0);
    assert_int_equal(put(30000, 20 * MS), ESTALE);
    assert_int_equal(put(1, 21 * MS), 0); /* it was a stray */
    takes_packet(1, 21 * MS);
    assert_int_equal(put(30001, 22 * MS), ESTALE);
    assert_int_equal(put(30002, 40 * MS), 0);
    take(PLAYOUT_RESTART, 40 * MS);
    takes_packet(30002, 40 * MS);
}

static void a_long_outage_is_one_loss(void **state)
{
    struct playout_event ev;

    (void)state;
    starts(0, 0);
    put(500, 10000 * MS);
    takes_nothing(10000 * MS);
    ev = take(PLAYOUT_LOST, 10040 * MS);
    assert_int_equal(ev.n_lost, 499);
    assert_int_equal(ev.ticks, 499 * TICKS);
    takes_packet(500, 10040 * MS);
}

static void events_do_not_move_the_timeline(void **state)
{
    struct playout_packet event = packet(1, TICKS, 0), after = packet(2, 0, 0);
    struct playout_event ev;

    (void)state;
    event.is_timeless = true;
    event.ts = TICKS + 800; /* 100 ms after the audio */
    event.ticks = 0;
    after.ts = TICKS + 1600;
    starts(0, 0);
    playout_put(&p, &event, SSRC, 120 * MS);
    ev = take(PLAYOUT_PACKET, 120 * MS);
    assert_int_equal(ev.ticks, 800);
    playout_put(&p, &after, SSRC, 220 * MS);
    assert_int_equal(take(PLAYOUT_SILENCE, 220 * MS).ticks, 1600);
    takes_packet(2, 220 * MS);
}

static void what_is_lost_of_an_event_is_not_made_up_as_audio(void **state)
{
    struct playout_packet event = packet(1, 0, 0), after = packet(4, 0, 0);

    (void)state;
    event.is_timeless = true;
    event.ts = TICKS;
    after.ts = TICKS + 800;
    starts(0, 0);
    playout_put(&p, &event, SSRC, 20 * MS);
    take(PLAYOUT_PACKET, 20 * MS);
    playout_put(&p, &after, SSRC, 120 * MS); /* its last two packets did not come */
    assert_int_equal(take(PLAYOUT_LOST, 160 * MS).ticks, 0);
    assert_int_equal(take(PLAYOUT_SILENCE, 160 * MS).ticks, 800);
    takes_packet(4, 160 * MS);
}

static void an_event_of_another_clock_is_placed_by_its_arrival(void **state)
{
    struct playout_packet event = packet(1, 0xdeadbeef, 0);

    (void)state;
    event.is_timeless = true;
    event.clock_hz = 16000;
    starts(0, 0);
    playout_put(&p, &event, SSRC, 120 * MS);
    assert_int_equal(take(PLAYOUT_PACKET, 120 * MS).ticks, 1600);
}

static void a_payload_that_is_too_long_is_refused(void **state)
{
    static const uint8_t bytes[PLAYOUT_PAYLOAD_MAX + 1];
    struct playout_packet pkt = packet(0, 0, 0);

    (void)state;
    pkt.payload = bytes;
    pkt.n = sizeof(bytes);
    assert_int_equal(playout_put(&p, &pkt, SSRC, 0), EMSGSIZE);
    takes_nothing(0);
}

struct tally {
    unsigned n_played, n_lost;
    uint64_t ticks;
    uint16_t next_seq;
};

static void drain(struct tally *t, uint64_t now_us)
{
    struct playout_event ev;

    while (playout_get(&p, &ev, now_us) == 0) {
        if (ev.kind == PLAYOUT_LOST) {
            t->n_lost += ev.n_lost;
            t->next_seq = (uint16_t)(t->next_seq + ev.n_lost);
        } else if (ev.kind == PLAYOUT_PACKET) {
            if (t->n_played++ > 0)
                assert_int_equal(ev.packet->seq, t->next_seq);
            t->next_seq = (uint16_t)(ev.packet->seq + 1);
        }
        if (ev.kind != PLAYOUT_RESTART)
            t->ticks += ev.ticks;
    }
}

/* Whatever the network does, every number is played or lost, once and in order, and the ticks of
 * all that adds up to the time that was sent. */
static void every_number_is_played_or_lost_exactly_once(void **state)
{
    static struct lossy net;

    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        const struct lossy_config config = {.seed = seed,
                                            .loss = 0.02 * (seed % 5),
                                            .burst = seed % 4,
                                            .duplicate = 0.05,
                                            .reorder = 0.1,
                                            .reorder_us = 7000 * (seed % 7),
                                            .jitter_us = 15000};
        struct tally t = {0};
        uint32_t first_k = 0, last_k = 0;
        bool is_first = true;

        lossy_init(&net, &config);
        playout_init(&p, 0);
        for (uint32_t k = 0; k < 5000; k++)
            for (uint64_t now_us = (uint64_t)k * PTIME_US, end = now_us + PTIME_US; now_us < end;
                 now_us += MS) {
                uint32_t got;

                if (now_us % PTIME_US == 0)
                    assert_int_equal(lossy_send(&net, &k, sizeof(k), now_us), 0);
                drain(&t, now_us);
                while (lossy_receive(&net, &got, sizeof(got), now_us) == sizeof(got)) {
                    const int err = put(got, now_us);

                    assert_true(err == 0 || err == EALREADY || err == ESTALE);
                    if (is_first)
                        first_k = got;
                    is_first = false;
                    if (!err && got > last_k)
                        last_k = got;
                    drain(&t, now_us);
                }
            }
        drain(&t, 200000 * (uint64_t)MS);
        assert_int_equal(t.n_played + t.n_lost, last_k - first_k + 1);
        assert_int_equal(t.ticks, (uint64_t)(last_k - first_k + 1) * TICKS);
        if (config.reorder_us <= 40 * MS && config.loss <= 0)
            assert_int_equal(t.n_lost, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(packets_in_order_are_released_at_once, setup),
        cmocka_unit_test_setup(a_gap_waits_for_the_window_and_no_longer, setup),
        cmocka_unit_test_setup(a_packet_that_was_overtaken_is_put_in_its_place, setup),
        cmocka_unit_test_setup(the_second_gap_waits_from_the_packet_behind_it, setup),
        cmocka_unit_test_setup(a_duplicate_and_a_late_packet_are_told_apart, setup),
        cmocka_unit_test_setup(a_full_window_ends_the_wait, setup),
        cmocka_unit_test_setup(a_jump_of_time_without_one_of_numbers_is_silence, setup),
        cmocka_unit_test_setup(loss_comes_before_silence_when_both_are_missing, setup),
        cmocka_unit_test_setup(time_stamps_that_nothing_explains_are_not_believed, setup),
        cmocka_unit_test_setup(an_hour_of_silence_is_believed_after_an_hour, setup),
        cmocka_unit_test_setup(another_source_restarts_without_silence, setup),
        cmocka_unit_test_setup(a_pause_before_another_source_is_told, setup),
        cmocka_unit_test_setup(a_number_far_off_counts_once_the_next_confirms_it, setup),
        cmocka_unit_test_setup(a_long_outage_is_one_loss, setup),
        cmocka_unit_test_setup(events_do_not_move_the_timeline, setup),
        cmocka_unit_test_setup(what_is_lost_of_an_event_is_not_made_up_as_audio, setup),
        cmocka_unit_test_setup(an_event_of_another_clock_is_placed_by_its_arrival, setup),
        cmocka_unit_test_setup(a_payload_that_is_too_long_is_refused, setup),
        cmocka_unit_test(every_number_is_played_or_lost_exactly_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
