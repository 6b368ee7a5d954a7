#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "codec/framer.h"

static struct framer f;

static void put(uint32_t n, int16_t value)
{
    int16_t *room = framer_room(&f, n);

    assert_non_null(room);
    for (uint32_t i = 0; i < n; i++)
        room[i] = value;
    framer_put(&f, n);
}

static struct pcm takes(uint32_t ts, bool marker)
{
    struct pcm pcm = {0};
    uint32_t got_ts = 0;
    bool got_marker = false;

    assert_int_equal(framer_get(&f, &pcm, &got_ts, &got_marker), 0);
    assert_int_equal(got_ts, ts);
    assert_int_equal(got_marker, marker);
    return pcm;
}

static void takes_nothing(void)
{
    struct pcm pcm;
    uint32_t ts;
    bool marker;

    assert_int_equal(framer_get(&f, &pcm, &ts, &marker), EAGAIN);
}

static void frames_are_cut_from_any_lengths(void **state)
{
    (void)state;
    framer_init(&f, 8000, 8000, 20);
    takes_nothing();
    put(100, 1);
    takes_nothing();
    put(250, 2);
    assert_int_equal(takes(0, true).samples[99], 1);
    assert_int_equal(takes(160, false).samples[0], 2);
    takes_nothing();
    assert_int_equal(framer_ts(&f, 0), 350);
}

static void time_stamps_count_in_the_clock_of_the_output(void **state)
{
    static const struct {
        uint32_t rate_hz, clock_hz, step;
    } rows[] = {{16000, 8000, 160}, {8000, 48000, 960}, {48000, 48000, 960}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        framer_init(&f, rows[i].rate_hz, rows[i].clock_hz, 20);
        for (uint32_t k = 0; k < 10; k++) {
            put(rows[i].rate_hz / 50, 0);
            takes(k * rows[i].step, k == 0);
        }
    }
}

static void silence_is_gone_over_once_the_frame_before_it_is_out(void **state)
{
    struct pcm pcm;

    (void)state;
    framer_init(&f, 8000, 8000, 20);
    put(200, 7);
    framer_silence(&f, 1000); /* 120 fill the second frame, 880 are skipped */
    takes(0, true);
    pcm = takes(160, false);
    assert_int_equal(pcm.samples[39], 7);
    assert_int_equal(pcm.samples[40], 0);
    takes_nothing();
    put(160, 7);
    takes(320 + 880, true);
}

static void a_silence_shorter_than_the_frame_is_put_into_it(void **state)
{
    struct pcm pcm;

    (void)state;
    framer_init(&f, 8000, 8000, 20);
    put(80, 7);
    framer_silence(&f, 30);
    put(50, 7);
    pcm = takes(0, true);
    assert_int_equal(pcm.samples[79], 7);
    assert_int_equal(pcm.samples[80], 0);
    assert_int_equal(pcm.samples[110], 7);
}

static void what_was_put_ahead_is_taken_off_the_next_silence(void **state)
{
    (void)state;
    framer_init(&f, 8000, 8000, 20);
    put(100, 7);
    framer_flush(&f); /* 60 samples ahead */
    takes(0, true);
    framer_silence(&f, 1000);
    takes_nothing();
    put(160, 7);
    takes(1100, true); /* as if nothing had been filled: 100 + 1000 */
}

static void only_one_filling_is_ahead_at_a_time(void **state)
{
    (void)state;
    framer_init(&f, 8000, 8000, 20);
    for (uint32_t k = 0; k < 10; k++) {
        put(100, 7);
        framer_flush(&f); /* no silence in between: the input is not behind by more and more */
    }
    for (uint32_t k = 0; k < 6; k++)
        takes(k * 160, k == 0);
    takes_nothing(); /* 1,000 samples and one filling of 60 */
}

static void time_stamps_wrap_and_positions_do_not(void **state)
{
    (void)state;
    framer_init(&f, 8000, 48000, 20);
    takes_nothing();
    framer_silence(&f, 0x100000000ULL / 6 + 1); /* a day at 48 kHz */
    takes_nothing();
    put(160, 7);
    takes((uint32_t)((0x100000000ULL / 6 + 1) * 6), true);
}

static void no_more_is_taken_than_there_is_room_for(void **state)
{
    (void)state;
    framer_init(&f, 48000, 48000, 60);
    put(FRAMER_MAX - 10, 7);
    assert_null(framer_room(&f, 11));
    framer_silence(&f, 2870); /* would not fit: the frame stays as it is */
    takes(0, true);
}

static void what_is_held_waits_for_what_follows(void **state)
{
    (void)state;
    framer_init(&f, 8000, 8000, 20);
    framer_hold(&f, 320);
    put(160 * 2, 1);
    takes_nothing();
    assert_true(framer_is_begun(&f));
    put(159, 2);
    takes_nothing();
    put(1, 2);
    assert_int_equal(takes(0, true).samples[0], 1);
    takes_nothing();
    framer_silence(&f, 800); /* nothing follows */
    assert_int_equal(takes(160, false).samples[0], 1);
    assert_int_equal(takes(320, false).samples[0], 2);
    takes_nothing();
    assert_false(framer_is_begun(&f));
    put(160 * 3, 3);
    assert_int_equal(takes(480 + 800, true).samples[0], 3);
    takes_nothing();
    framer_flush(&f);
    (void)takes(1440, false);
    (void)takes(1600, false);
    takes_nothing();
}

static void what_is_held_can_be_taken_out_without_a_click(void **state)
{
    struct pcm pcm;

    (void)state;
    framer_init(&f, 8000, 8000, 20);
    framer_hold(&f, 320);
    put(160 * 3, 8000);
    (void)takes(0, true);
    framer_mute(&f);
    put(160, 0);
    pcm = takes(160, false);
    for (unsigned i = 0; i < 160; i++)
        assert_int_equal(pcm.samples[i], i < 16 ? 8000 - 500 * (int)i : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_cut_from_any_lengths),
        cmocka_unit_test(time_stamps_count_in_the_clock_of_the_output),
        cmocka_unit_test(silence_is_gone_over_once_the_frame_before_it_is_out),
        cmocka_unit_test(a_silence_shorter_than_the_frame_is_put_into_it),
        cmocka_unit_test(what_was_put_ahead_is_taken_off_the_next_silence),
        cmocka_unit_test(only_one_filling_is_ahead_at_a_time),
        cmocka_unit_test(time_stamps_wrap_and_positions_do_not),
        cmocka_unit_test(no_more_is_taken_than_there_is_room_for),
        cmocka_unit_test(what_is_held_waits_for_what_follows),
        cmocka_unit_test(what_is_held_can_be_taken_out_without_a_click),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
