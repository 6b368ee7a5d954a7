#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

#include "codec/dtmf.h"

enum { MS = 1000 };

static struct dtmf_relay r;

static int put(uint8_t code, bool is_end, uint32_t duration, uint32_t ts, uint64_t now_us)
{
    const struct dtmf_event ev = {
        .code = code, .is_end = is_end, .volume = 10, .duration = (uint16_t)duration};
    uint8_t payload[DTMF_PAYLOAD];

    dtmf_print(&ev, payload);
    return dtmf_relay_put(&r, payload, sizeof(payload), ts, 8000, 5000 + ts, now_us);
}

static struct dtmf_packet take(uint64_t now_us)
{
    struct dtmf_packet pkt = {0};

    assert_int_equal(dtmf_relay_get(&r, &pkt, now_us), 0);
    return pkt;
}

static void takes_nothing(uint64_t now_us)
{
    struct dtmf_packet pkt;

    assert_int_equal(dtmf_relay_get(&r, &pkt, now_us), EAGAIN);
}

/* Takes the three end packets, each when it is due. */
static void takes_ends(uint8_t code, uint32_t duration, uint64_t now_us)
{
    for (int i = 0; i < 3; i++) {
        struct dtmf_packet pkt;

        if (i > 0)
            takes_nothing(now_us);
        now_us = dtmf_relay_deadline_us(&r) > now_us ? dtmf_relay_deadline_us(&r) : now_us;
        pkt = take(now_us);
        assert_true(pkt.event.is_end);
        assert_int_equal(pkt.event.code, code);
        assert_int_equal(pkt.event.duration, duration);
    }
    assert_int_equal(dtmf_relay_deadline_us(&r), UINT64_MAX);
    takes_nothing(now_us + 1000000);
}

static void a_payload_is_read_as_rfc_4733_draws_it(void **state)
{
    static const uint8_t star[] = {10, 0x80 | 0x40 | 7, 0x03, 0x20}; /* with the reserved bit */
    struct dtmf_event ev;
    uint8_t again[DTMF_PAYLOAD];

    (void)state;
    assert_int_equal(dtmf_parse(&ev, star, sizeof(star)), 0);
    assert_int_equal(ev.code, 10);
    assert_true(ev.is_end);
    assert_int_equal(ev.volume, 7);
    assert_int_equal(ev.duration, 800);
    dtmf_print(&ev, again);
    assert_int_equal(again[1], 0x87); /* the reserved bit is written as zero */
    assert_int_equal(dtmf_parse(&ev, star, 3), EBADMSG);
    assert_int_equal(dtmf_parse(&ev, (const uint8_t[]){1, 0, 0, 0}, 4), EBADMSG);
}

static void a_digit_is_passed_with_three_end_packets(void **state)
{
    struct dtmf_packet pkt;

    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    for (uint32_t k = 1; k <= 4; k++) {
        assert_int_equal(put(5, false, k * 160, 1000, k * 20 * MS), 0);
        pkt = take(k * 20 * MS);
        assert_int_equal(pkt.event.code, 5);
        assert_int_equal(pkt.event.duration, k * 160);
        assert_int_equal(pkt.event.volume, 10);
        assert_int_equal(pkt.ts, 6000); /* of its beginning, throughout */
        assert_int_equal(pkt.marker, k == 1);
        takes_nothing(k * 20 * MS);
    }
    assert_int_equal(put(5, true, 800, 1000, 100 * MS), 0);
    assert_int_equal(put(5, true, 800, 1000, 100 * MS), EALREADY);
    assert_int_equal(put(5, true, 800, 1000, 100 * MS), EALREADY);
    takes_ends(5, 800, 100 * MS);
}

static void one_end_packet_of_three_is_enough(void **state)
{
    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    put(5, false, 160, 1000, 0);
    take(0);
    put(5, true, 800, 1000, 100 * MS);
    takes_ends(5, 800, 100 * MS);
}

static void an_event_of_which_only_the_end_arrives_is_passed(void **state)
{
    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    put(7, true, 800, 1000, 0);
    assert_true(dtmf_relay_is_new(&r));
    takes_ends(7, 800, 0);
}

static void an_event_whose_end_is_lost_ends_by_itself(void **state)
{
    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    put(7, false, 400, 1000, 0);
    take(0);
    takes_nothing(249 * MS);
    takes_ends(7, 400, 250 * MS);
    assert_int_equal(put(7, false, 600, 1000, 600 * MS), EALREADY); /* no second digit of it */
    takes_nothing(600 * MS);
}

static void a_new_event_ends_the_one_before_it_first(void **state)
{
    struct dtmf_packet pkt;

    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    put(1, false, 400, 1000, 0);
    take(0);
    put(2, false, 160, 3000, 100 * MS);
    for (int i = 0; i < 3; i++) {
        pkt = take(100 * MS);
        assert_int_equal(pkt.event.code, 1);
        assert_true(pkt.event.is_end);
        assert_int_equal(pkt.ts, 6000);
    }
    pkt = take(100 * MS);
    assert_int_equal(pkt.event.code, 2);
    assert_false(pkt.event.is_end);
    assert_true(pkt.marker);
    assert_int_equal(pkt.ts, 8000);
}

static void the_same_digit_twice_is_two_events(void **state)
{
    struct dtmf_packet pkt;

    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    put(9, true, 400, 1000, 0);
    takes_ends(9, 400, 0);
    put(9, true, 400, 2000, 200 * MS);
    pkt = take(200 * MS);
    assert_true(pkt.marker);
    assert_int_equal(pkt.ts, 7000);
}

static void events_never_overlap_in_the_output(void **state)
{
    const struct dtmf_event ev = {.code = 1, .is_end = true, .duration = 800};
    uint8_t payload[DTMF_PAYLOAD];

    (void)state;
    dtmf_print(&ev, payload);
    dtmf_relay_init(&r, 8000, 8000);
    /* Two events that would begin at the same place: a receiver would take them for one. */
    dtmf_relay_put(&r, payload, 4, 1000, 8000, 77, 0);
    assert_int_equal(take(0).ts, 77);
    dtmf_relay_put(&r, payload, 4, 5000, 8000, 77, 0);
    take(0);
    take(0);
    assert_int_equal(take(0).ts, 77 + 800);
}

static void an_older_event_is_not_played_again(void **state)
{
    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    put(1, true, 400, 1000, 0);
    takes_ends(1, 400, 0);
    put(2, true, 400, 2000, 100 * MS);
    takes_ends(2, 400, 100 * MS);
    assert_int_equal(put(1, true, 400, 1000, 300 * MS), ESTALE);
    assert_int_equal(put(2, false, 200, 2000, 300 * MS), EALREADY);
    takes_nothing(2000 * MS);
}

static void durations_and_times_follow_the_clocks_of_the_output(void **state)
{
    struct dtmf_packet pkt;

    (void)state;
    dtmf_relay_init(&r, 48000, 48000);
    put(3, false, 160, 1000, 0);
    pkt = take(0);
    assert_int_equal(pkt.event.duration, 960);
    assert_int_equal(pkt.ts, 6000);   /* as it was given: the caller knows the timeline */
    dtmf_relay_init(&r, 16000, 8000); /* Lync: events at 8000 beside audio at 16000 */
    put(3, false, 160, 1000, 0);
    assert_int_equal(take(0).event.duration, 160);
}

/* RFC 4733 s.2.5.1.3: a duration that its field cannot hold goes on in a second segment. */
static void a_long_event_goes_on_in_segments(void **state)
{
    struct dtmf_packet pkt;

    (void)state;
    dtmf_relay_init(&r, 48000, 48000);
    put(3, false, 10000, 1000, 0);
    take(0);
    put(3, false, 12000, 1000, 20 * MS); /* 72,000 ticks at 48 kHz */
    pkt = take(20 * MS);
    assert_int_equal(pkt.event.duration, 0xffff);
    assert_int_equal(pkt.ts, 6000);
    assert_false(pkt.event.is_end);
    pkt = take(20 * MS);
    assert_int_equal(pkt.event.duration, 72000 - 0xffff);
    assert_int_equal(pkt.ts, 6000 + 0xffff);
    assert_false(pkt.marker);
    put(3, true, 13000, 1000, 40 * MS);
    takes_ends(3, 78000 - 0xffff, 40 * MS);
}

static void a_segment_that_arrives_continues_its_event(void **state)
{
    struct dtmf_packet pkt;

    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    put(3, false, 0xffff, 1000, 0);
    pkt = take(0);
    assert_int_equal(pkt.event.duration, 0xffff);
    put(3, false, 160, 1000 + 0xffff, 20 * MS);
    pkt = take(20 * MS); /* the full segment, then the new one; no end, no marker */
    assert_int_equal(pkt.event.duration, 0xffff);
    pkt = take(20 * MS);
    assert_false(pkt.marker);
    assert_false(pkt.event.is_end);
    assert_int_equal(pkt.event.duration, 160);
    assert_int_equal(pkt.ts, 6000 + 0xffff);
    put(3, true, 320, 1000 + 0xffff, 40 * MS);
    takes_ends(3, 320, 40 * MS);
}

static void another_source_ends_what_is_on(void **state)
{
    (void)state;
    dtmf_relay_init(&r, 8000, 8000);
    put(3, false, 160, 1000, 0);
    take(0);
    dtmf_relay_restart(&r, 20 * MS);
    takes_ends(3, 160, 20 * MS);
    assert_int_equal(put(4, true, 160, 500, 500 * MS), 0); /* its clock is another */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_is_read_as_rfc_4733_draws_it),
        cmocka_unit_test(a_digit_is_passed_with_three_end_packets),
        cmocka_unit_test(one_end_packet_of_three_is_enough),
        cmocka_unit_test(an_event_of_which_only_the_end_arrives_is_passed),
        cmocka_unit_test(an_event_whose_end_is_lost_ends_by_itself),
        cmocka_unit_test(a_new_event_ends_the_one_before_it_first),
        cmocka_unit_test(the_same_digit_twice_is_two_events),
        cmocka_unit_test(events_never_overlap_in_the_output),
        cmocka_unit_test(an_older_event_is_not_played_again),
        cmocka_unit_test(durations_and_times_follow_the_clocks_of_the_output),
        cmocka_unit_test(a_long_event_goes_on_in_segments),
        cmocka_unit_test(a_segment_that_arrives_continues_its_event),
        cmocka_unit_test(another_source_ends_what_is_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
