#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/loopback/card.h"
#include "bench/loopback/feed.h"

/* Between a sound card and the call: ring, drift, feed, and what a callback does with a block. The
 * cards here are simulated, with clocks that are wrong by a known amount. */

#define STEP 320 /* 20 ms at FEED_HZ */

/* ---- ring ------------------------------------------------------------------------- */

static void ring_gives_back_what_was_put_across_its_end(void **state)
{
    int16_t in[7], out[7];
    struct ring r;

    (void)state;
    assert_int_equal(ring_alloc(&r, 10), 0); /* 16 */
    for (int16_t n = 0; n < 1000; n++) {
        for (int16_t i = 0; i < 7; i++)
            in[i] = (int16_t)(n + i);
        assert_int_equal(ring_put(&r, in, 7), 7);
        assert_int_equal(ring_fill(&r), 7);
        assert_int_equal(ring_get(&r, out, 7), 7);
        assert_memory_equal(in, out, sizeof(in));
    }
    ring_wipe(&r);
}

static void ring_takes_what_fits_and_gives_what_there_is(void **state)
{
    int16_t block[20] = {0};
    struct ring r;

    (void)state;
    assert_int_equal(ring_alloc(&r, 0), EINVAL);
    assert_int_equal(ring_alloc(&r, 1U << 30), EINVAL);
    assert_int_equal(ring_alloc(&r, 16), 0);
    assert_int_equal(ring_put(&r, block, 20), 16);
    assert_int_equal(ring_put(&r, block, 1), 0);
    assert_int_equal(ring_skip(&r, 6), 6);
    assert_int_equal(ring_get(&r, block, 20), 10);
    assert_int_equal(ring_get(&r, block, 20), 0);
    ring_wipe(&r);
}

static void ring_forgets_a_surplus_at_the_next_get(void **state)
{
    int16_t block[8] = {1, 2, 3, 4, 5, 6, 7, 8}, out[8];
    struct ring r;

    (void)state;
    assert_int_equal(ring_alloc(&r, 16), 0);
    assert_int_equal(ring_put(&r, block, 8), 8);
    ring_ask_to_skip(&r, 5);
    assert_int_equal(ring_fill(&r), 8);
    assert_int_equal(ring_get(&r, out, 8), 3);
    assert_int_equal(out[0], 6);
    ring_wipe(&r);
}

#define COUNTED 2000000U

static void *count_up(void *arg)
{
    struct ring *r = arg;
    int16_t block[100];

    for (uint32_t n = 0; n < COUNTED;) {
        for (uint32_t i = 0; i < 100; i++)
            block[i] = (int16_t)((n + i) & 0x7fff);
        n += ring_put(r, block, 100);
    }
    return NULL;
}

static void ring_loses_nothing_between_two_threads(void **state)
{
    int16_t block[73];
    pthread_t thread;
    struct ring r;
    uint32_t n = 0;

    (void)state;
    assert_int_equal(ring_alloc(&r, 512), 0);
    assert_int_equal(pthread_create(&thread, NULL, count_up, &r), 0);
    while (n < COUNTED) {
        uint32_t got = ring_get(&r, block, 73);

        for (uint32_t i = 0; i < got; i++, n++)
            if (block[i] != (int16_t)(n & 0x7fff))
                fail_msg("sample %u is %d", n, block[i]);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    ring_wipe(&r);
}

/* ---- drift ------------------------------------------------------------------------ */

/* A ring between a clock that is wrong by ppm and us, who take out what drift says. */
static double fill_after(struct drift *d, double ppm, double fill_s, unsigned seconds)
{
    for (unsigned i = 0; i < seconds * 50; i++) {
        double taken = 0.02 * (1 + drift_update(d, fill_s, 0.02) / 1e6);

        fill_s += 0.02 * (1 + ppm / 1e6) - taken;
    }
    return fill_s;
}

static void drift_finds_the_other_clock_and_the_fill(void **state)
{
    static const double ppms[] = {-300, -20, 0, 20, 300, 2000};
    struct drift d;

    (void)state;
    for (size_t i = 0; i < sizeof(ppms) / sizeof(ppms[0]); i++) {
        drift_init(&d, 0.06);
        double fill_s = fill_after(&d, ppms[i], 0.1, 240);
        if (fabs(fill_s - 0.06) > 0.002 || fabs(d.ppm - ppms[i]) > 10)
            fail_msg("%.0f ppm: fill %.4f s, found %.1f ppm", ppms[i], fill_s, d.ppm);
    }
}

static void drift_never_bends_by_more_than_is_heard(void **state)
{
    struct drift d;

    (void)state;
    drift_init(&d, 0.06);
    assert_true(drift_update(&d, 5, 0.02) <= DRIFT_PPM_MAX);
    drift_init(&d, 0.06);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(drift_update(&d, 0, 0.02) >= -DRIFT_PPM_MAX);
}

/* ---- feed ------------------------------------------------------------------------- */

struct rig {
    struct ring ring;
    struct feed feed;
    double hz;    /* what the device really does */
    double owed;  /* samples of it */
    uint64_t n;   /* samples so far */
    double worst; /* step between two samples, by our side */
};

static void rig_open(struct rig *r, bool is_capture, uint32_t device_hz, double ppm)
{
    memset(r, 0, sizeof(*r));
    assert_int_equal(ring_alloc(&r->ring, 96000), 0);
    assert_int_equal(is_capture ? feed_open_capture(&r->feed, &r->ring, device_hz)
                                : feed_open_playback(&r->feed, &r->ring, device_hz),
                     0);
    r->hz = device_hz * (1 + ppm / 1e6);
}

static void rig_close(struct rig *r)
{
    feed_close(&r->feed);
    ring_wipe(&r->ring);
}

static int16_t tone(double seconds)
{
    return (int16_t)lrint(8000 * sin(2 * M_PI * 200 * seconds));
}

/* The device captures 20 ms of a 200 Hz tone, in blocks of 10. */
static void device_captures(struct rig *r)
{
    uint32_t n = (uint32_t)(r->hz / 100);
    int16_t block[2048];

    r->owed += r->hz / 50;
    while (r->owed >= n) {
        for (uint32_t i = 0; i < n; i++)
            block[i] = tone((double)r->n++ / r->hz);
        ring_put(&r->ring, block, n);
        r->owed -= n;
    }
}

static void device_plays(struct rig *r)
{
    uint32_t n = (uint32_t)(r->hz / 100);
    int16_t block[2048];

    r->owed += r->hz / 50;
    while (r->owed >= n) {
        r->n += ring_get(&r->ring, block, n);
        r->owed -= n;
    }
}

static void steps_look(struct rig *r, const int16_t *samples, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        r->worst = fmax(r->worst, fabs((double)samples[i] - samples[i - 1]));
}

static void a_microphone_of_another_clock_is_heard_without_a_gap(void **state)
{
    static const struct {
        uint32_t hz;
        double ppm;
    } rows[] = {{48000, 250}, {44100, -250}, {16000, 100}, {8000, -100}, {96000, 180}};
    int16_t samples[STEP];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig r;
        double ppm = 0; /* the mean of the last 200 s */

        rig_open(&r, true, rows[i].hz, rows[i].ppm);
        for (unsigned step = 0; step < 50 * 300; step++) { /* five minutes */
            device_captures(&r);
            feed_capture(&r.feed, samples, STEP);
            if (step > 50)
                steps_look(&r, samples, STEP);
            if (step >= 50 * 100)
                ppm += (double)r.feed.ppm / (50 * 200);
        }
        /* 8000 at 200 Hz moves by 628 a sample; a gap or garbage would jump */
        if (r.feed.counts.underruns || r.feed.counts.overruns || r.worst > 1000 ||
            fabs(ppm - rows[i].ppm) > 40)
            fail_msg("%u Hz, %.0f ppm: %llu underruns, %llu overruns, step %.0f, found %.0f ppm",
                     rows[i].hz, rows[i].ppm, (unsigned long long)r.feed.counts.underruns,
                     (unsigned long long)r.feed.counts.overruns, r.worst, ppm);
        rig_close(&r);
    }
}

static void a_loudspeaker_of_another_clock_neither_starves_nor_lags(void **state)
{
    static const struct {
        uint32_t hz;
        double ppm;
    } rows[] = {{48000, 250}, {44100, -250}, {96000, 180}, {8000, -180}};
    int16_t samples[STEP];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig r;

        rig_open(&r, false, rows[i].hz, rows[i].ppm);
        for (unsigned step = 0; step < 50 * 300; step++) {
            for (uint32_t k = 0; k < STEP; k++)
                samples[k] = tone((double)(step * STEP + k) / FEED_HZ);
            feed_play(&r.feed, samples, STEP);
            device_plays(&r);
        }
        double expected = r.hz * 300;
        if (r.feed.counts.underruns || r.feed.counts.overruns ||
            fabs((double)r.n - expected) > expected / 100 || feed_delay_us(&r.feed) > 150000)
            fail_msg("%u Hz: %llu underruns, %llu overruns, %llu samples of %.0f, %llu us",
                     rows[i].hz, (unsigned long long)r.feed.counts.underruns,
                     (unsigned long long)r.feed.counts.overruns, (unsigned long long)r.n, expected,
                     (unsigned long long)feed_delay_us(&r.feed));
        rig_close(&r);
    }
}

static void what_a_microphone_misses_is_made_up_and_counted(void **state)
{
    int16_t samples[STEP];
    struct rig r;

    (void)state;
    rig_open(&r, true, 48000, 0);
    for (unsigned step = 0; step < 100; step++) {
        device_captures(&r);
        feed_capture(&r.feed, samples, STEP);
    }
    uint64_t filled = ring_skip(&r.ring, 96000); /* the device stumbles */
    assert_true(filled > 0);
    feed_capture(&r.feed, samples, STEP);
    assert_int_equal(r.feed.counts.underruns, 1);
    assert_in_range(r.feed.counts.concealed, STEP / 2, STEP);
    int64_t energy = 0;
    for (unsigned i = 0; i < STEP; i++)
        energy += (int64_t)samples[i] * samples[i];
    assert_true(energy / STEP > 1000000); /* the tone goes on: not a hole */
    rig_close(&r);
}

static void a_microphone_that_is_gone_falls_silent_and_comes_back(void **state)
{
    int16_t samples[STEP];
    struct rig r;

    (void)state;
    rig_open(&r, true, 48000, 0);
    for (unsigned step = 0; step < 100; step++) {
        if (step < 20 || step > 60)
            device_captures(&r);
        feed_capture(&r.feed, samples, STEP);
        if (step == 60)
            assert_int_equal(samples[STEP - 1], 0);
    }
    assert_int_equal(r.feed.counts.underruns, 1);
    assert_true(r.feed.counts.concealed < 2 * FEED_HZ / 10); /* silence is not made up */
    r.worst = 0;
    steps_look(&r, samples, STEP);
    assert_in_range((int)r.worst, 300, 1000); /* the tone again */
    rig_close(&r);
}

static void after_a_pause_of_ours_old_sound_is_thrown_away(void **state)
{
    int16_t samples[STEP];
    struct rig r;

    (void)state;
    rig_open(&r, true, 48000, 0);
    for (unsigned step = 0; step < 50; step++)
        device_captures(&r); /* a second, and nobody took it */
    feed_capture(&r.feed, samples, STEP);
    assert_int_equal(r.feed.counts.overruns, 1);
    assert_in_range(r.feed.counts.thrown, 40000, 48000);
    assert_true((double)feed_delay_us(&r.feed) <= FEED_TARGET_S * 1e6);
    rig_close(&r);
}

static void a_loudspeaker_that_was_stuck_goes_on_with_what_is_new(void **state)
{
    int16_t samples[STEP] = {0};
    struct rig r;

    (void)state;
    rig_open(&r, false, 48000, 0);
    for (unsigned step = 0; step < 100; step++) /* two seconds */
        feed_play(&r.feed, samples, STEP);
    assert_int_equal(r.feed.counts.overruns, 1);
    assert_true(feed_delay_us(&r.feed) <= 300000);
    device_plays(&r);
    assert_true((double)feed_delay_us(&r.feed) <= FEED_TARGET_S * 1e6);
    rig_close(&r);
}

static void a_loudspeaker_that_takes_large_bites_gets_a_deeper_ring(void **state)
{
    int16_t samples[STEP] = {0}, block[6000];
    struct rig r;
    uint64_t n_short = 0;

    (void)state;
    rig_open(&r, false, 48000, 0);
    for (unsigned step = 1; step <= 50 * 20; step++) {
        feed_play(&r.feed, samples, STEP);
        if (step % 6)
            continue;
        if (ring_get(&r.ring, block, 5760) < 5760) { /* 120 ms at once */
            n_short = step;
            feed_deepen(&r.feed);
        }
    }
    assert_true(n_short < 50 * 10); /* and then no more */
    rig_close(&r);
}

static void a_rate_that_no_card_has_is_refused(void **state)
{
    struct ring ring;
    struct feed f;

    (void)state;
    assert_int_equal(ring_alloc(&ring, 100), 0);
    assert_int_equal(feed_open_capture(&f, &ring, 0), EINVAL);
    assert_int_equal(feed_open_playback(&f, &ring, 1000000), EINVAL);
    ring_wipe(&ring);
}

/* ---- what the callback does ------------------------------------------------------- */

static void a_gap_in_playback_fades_and_is_counted_once(void **state)
{
    int16_t in[1000], out[1000];
    struct card_counts counts = {0};
    struct ring ring;
    struct card c = {.ring = &ring, .way = CARD_PLAYBACK, .counts = &counts, .n_channels = 1};

    (void)state;
    assert_int_equal(ring_alloc(&ring, 4096), 0);
    card_play_block(&c, out, 100);
    assert_int_equal(counts.gaps, 0); /* nothing was ever played */
    for (unsigned i = 0; i < 1000; i++)
        in[i] = 10000;
    ring_put(&ring, in, 1000);
    card_play_block(&c, out, 900);
    assert_true(out[0] < 100); /* in from silence */
    assert_int_equal(out[899], 10000);
    card_play_block(&c, out, 1000);
    card_play_block(&c, in, 1000);
    assert_int_equal(counts.gaps, 1);
    for (unsigned i = 1; i < 1000; i++)
        assert_in_range(abs(out[i] - out[i - 1]), 0, 100);
    assert_int_equal(out[999], 0);
    ring_wipe(&ring);
}

static void what_the_ring_has_no_room_for_is_counted(void **state)
{
    int16_t in[1000] = {0};
    struct card_counts counts = {0};
    struct ring ring;
    struct card c = {.ring = &ring, .way = CARD_CAPTURE, .counts = &counts, .n_channels = 1};

    (void)state;
    assert_int_equal(ring_alloc(&ring, 1024), 0);
    card_capture_block(&c, in, 1000);
    card_capture_block(&c, in, 1000);
    assert_int_equal(counts.gaps, 1);
    assert_int_equal(counts.missing, 976);
    ring_wipe(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_gives_back_what_was_put_across_its_end),
        cmocka_unit_test(ring_takes_what_fits_and_gives_what_there_is),
        cmocka_unit_test(ring_forgets_a_surplus_at_the_next_get),
        cmocka_unit_test(ring_loses_nothing_between_two_threads),
        cmocka_unit_test(drift_finds_the_other_clock_and_the_fill),
        cmocka_unit_test(drift_never_bends_by_more_than_is_heard),
        cmocka_unit_test(a_microphone_of_another_clock_is_heard_without_a_gap),
        cmocka_unit_test(a_loudspeaker_of_another_clock_neither_starves_nor_lags),
        cmocka_unit_test(what_a_microphone_misses_is_made_up_and_counted),
        cmocka_unit_test(a_microphone_that_is_gone_falls_silent_and_comes_back),
        cmocka_unit_test(after_a_pause_of_ours_old_sound_is_thrown_away),
        cmocka_unit_test(a_loudspeaker_that_was_stuck_goes_on_with_what_is_new),
        cmocka_unit_test(a_loudspeaker_that_takes_large_bites_gets_a_deeper_ring),
        cmocka_unit_test(a_rate_that_no_card_has_is_refused),
        cmocka_unit_test(a_gap_in_playback_fades_and_is_counted_once),
        cmocka_unit_test(what_the_ring_has_no_room_for_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
