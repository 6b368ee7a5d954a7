#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/loopback/level.h"
#include "bench/loopback/measure.h"
#include "bench/sound/align.h"
#include "bench/sound/chirp.h"
#include "bench/sound/wav.h"

/* Delay and score between two records whose difference is known. */

#define STEP     320
#define START_US 7000000

struct rig {
    struct timed *mouth, *ear;
    struct measure m;
    struct sound speech;
    uint64_t n;
};

static void rig_open(struct rig *r)
{
    struct sound s = {0};

    memset(r, 0, sizeof(*r));
    assert_int_equal(timed_alloc(&r->mouth, 60), 0);
    assert_int_equal(timed_alloc(&r->ear, 60), 0);
    assert_int_equal(wav_read(&s, PICRELAY_VECTORS "/speech_a.wav"), 0);
    assert_int_equal(sound_resample(&r->speech, &s, TIMED_HZ), 0);
    sound_wipe(&s);
}

static void rig_close(struct rig *r)
{
    timed_free(r->mouth);
    timed_free(r->ear);
    sound_wipe(&r->speech);
}

enum what { SPEECH, TONE, SILENCE };

static int16_t sample_of(const struct rig *r, enum what what, int64_t i)
{
    if (i < 0 || what == SILENCE)
        return 0;
    if (what == TONE)
        return (int16_t)lrint(5000 * sin(2 * M_PI * 1000 * (double)i / TIMED_HZ));
    return r->speech.samples[i % r->speech.n_samples];
}

/* The ear has the mouth's sound n_late samples later in its record; its own times are us_late. */
static void both_go_on(struct rig *r, enum what what, double seconds, int64_t n_late,
                       int64_t us_late)
{
    int16_t said[STEP], heard[STEP];

    for (uint64_t end = r->n + (uint64_t)(seconds * TIMED_HZ); r->n < end; r->n += STEP) {
        uint64_t us = START_US + r->n * 1000000 / TIMED_HZ;
        /* the loop is late now and then, by up to 3 ms */
        uint64_t late_us = r->n / STEP % 7 * 500;

        for (unsigned i = 0; i < STEP; i++) {
            said[i] = sample_of(r, what, (int64_t)r->n + i);
            heard[i] = (int16_t)(sample_of(r, what, (int64_t)r->n + i - n_late) / 2);
        }
        timed_put(r->mouth, said, STEP, us + late_us);
        timed_put(r->ear, heard, STEP, (uint64_t)((int64_t)(us + late_us) + us_late));
    }
}

static void delay_is_of_sound_and_of_devices(void **state)
{
    static const struct {
        const char *why;
        int64_t n_late, us_late;
        double ms;
    } rows[] = {
        {"no delay at all", 0, 0, 0},
        {"in the sound", 1600, 0, 100},
        {"of the loudspeaker", 0, 150000, 150},
        {"of both", 800, 70000, 120},
        {"of the microphone: its samples are older than the ear's", 1600, -30000, 70},
        {"nearly the most", 16000, 200000, 1200},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig r;

        rig_open(&r);
        both_go_on(&r, SPEECH, 6, rows[i].n_late, rows[i].us_late);
        assert_int_equal(measure_delay(&r.m, r.mouth, r.ear), 0);
        if (fabs(r.m.delay_ms - rows[i].ms) > 1)
            fail_msg("%s: %.2f ms, not %.0f", rows[i].why, r.m.delay_ms, rows[i].ms);
        rig_close(&r);
    }
}

static void silence_and_tones_have_no_delay(void **state)
{
    static const enum what what[] = {SILENCE, TONE};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r;

        rig_open(&r);
        both_go_on(&r, what[i], 6, 160, 0);
        assert_int_equal(measure_delay(&r.m, r.mouth, r.ear), ENOENT);
        assert_false(r.m.has_delay);
        rig_close(&r);
    }
}

static void another_sound_is_not_found(void **state)
{
    struct sound other = {0}, s = {0};
    struct rig r;

    (void)state;
    rig_open(&r);
    both_go_on(&r, SPEECH, 1, 0, 0);
    assert_int_equal(measure_delay(&r.m, r.mouth, r.ear), ENOENT); /* too little yet */
    rig_close(&r);

    rig_open(&r);
    assert_int_equal(wav_read(&s, PICRELAY_VECTORS "/speech_b.wav"), 0);
    assert_int_equal(sound_resample(&other, &s, TIMED_HZ), 0);
    timed_put(r.mouth, r.speech.samples, 5 * TIMED_HZ, START_US);
    timed_put(r.ear, other.samples, 5 * TIMED_HZ, START_US);
    assert_int_equal(measure_delay(&r.m, r.mouth, r.ear), ENOENT);
    sound_wipe(&s);
    sound_wipe(&other);
    rig_close(&r);
}

static void a_marker_is_found_to_the_sample(void **state)
{
    struct sound chirp = {0}, heard = {0};
    struct align a;

    (void)state;
    assert_int_equal(chirp_make(&chirp, 4000), EINVAL);
    assert_int_equal(chirp_make(&chirp, TIMED_HZ), 0);
    assert_int_equal(sound_alloc(&heard, 3 * TIMED_HZ, TIMED_HZ), 0);
    uint32_t random = 1;
    for (uint32_t i = 0; i < heard.n_samples; i++) { /* noise, 6 dB below it */
        random = random * 1664525 + 1013904223;
        heard.samples[i] = (int16_t)((int)(random >> 16) % 6000 - 3000);
    }
    for (uint32_t i = 0; i < chirp.n_samples; i++)
        heard.samples[12345 + i] = (int16_t)(heard.samples[12345 + i] + chirp.samples[i]);
    assert_int_equal(align_measure(&a, &chirp, &heard), 0);
    assert_int_equal(a.lag, 12345);
    assert_true(a.strength > 0.7 && a.strength <= 1.0);
    assert_true(a.rival < 0.5);
    sound_wipe(&chirp);
    sound_wipe(&heard);
}

static void speech_is_scored_in_pieces_and_to_the_end(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    assert_int_equal(measure_score(&r.m, r.mouth, r.ear, false), EAGAIN);
    both_go_on(&r, SPEECH, 12, 1600, 0);
    assert_int_equal(measure_score(&r.m, r.mouth, r.ear, false), 0);
    assert_int_equal(measure_score(&r.m, r.mouth, r.ear, false), 0);
    assert_int_equal(measure_score(&r.m, r.mouth, r.ear, false), EAGAIN);
    both_go_on(&r, SILENCE, 2, 1600, 0);
    assert_int_equal(measure_score(&r.m, r.mouth, r.ear, true), 0);
    assert_int_equal(r.m.n_scores, 3);
    assert_int_equal(r.m.n_passed, 3);
    assert_true(r.m.worst.stoi > 0.95);
    assert_int_equal(measure_score(&r.m, r.mouth, r.ear, true), EAGAIN); /* all is scored */
    rig_close(&r);
}

static void what_is_not_heard_fails_its_score_and_silence_has_none(void **state)
{
    int16_t nothing[STEP] = {0};
    struct rig r;

    (void)state;
    rig_open(&r);
    for (unsigned i = 0; i < 50 * 8; i++) {
        timed_put(r.mouth, r.speech.samples + i % 200 * STEP, STEP, START_US + i * 20000U);
        timed_put(r.ear, nothing, STEP, START_US + i * 20000U);
    }
    assert_int_equal(measure_score(&r.m, r.mouth, r.ear, false), 0);
    assert_int_equal(r.m.n_scores, 1);
    assert_int_equal(r.m.n_passed, 0);
    rig_close(&r);

    rig_open(&r);
    both_go_on(&r, SILENCE, 8, 0, 0);
    assert_int_equal(measure_score(&r.m, r.mouth, r.ear, false), EINVAL);
    assert_int_equal(r.m.n_scores, 0);
    rig_close(&r);
}

static void a_record_keeps_the_last_of_it(void **state)
{
    int16_t block[TIMED_HZ];
    struct sound s = {0};
    struct timed *t;

    (void)state;
    assert_int_equal(timed_alloc(&t, 0), EINVAL);
    assert_int_equal(timed_alloc(&t, 3601), EINVAL);
    assert_int_equal(timed_alloc(&t, 2), 0);
    for (int16_t second = 0; second < 5; second++) {
        for (unsigned i = 0; i < TIMED_HZ; i++)
            block[i] = second;
        timed_put(t, block, TIMED_HZ, START_US + (uint64_t)second * 1000000);
    }
    assert_int_equal(timed_count(t), 5 * TIMED_HZ);
    assert_int_equal(timed_us(t, 4 * TIMED_HZ), START_US + 4000000);
    assert_int_equal(timed_copy_all(t, &s), 0);
    assert_int_equal(s.n_samples, 2 * TIMED_HZ);
    assert_int_equal(s.samples[0], 3);
    assert_int_equal(s.samples[2 * TIMED_HZ - 1], 4);
    sound_wipe(&s);
    /* before what is kept, and beyond its end, is silence */
    assert_int_equal(timed_copy(t, &s, 2 * TIMED_HZ, 4 * TIMED_HZ), 0);
    assert_int_equal(s.samples[0], 0);
    assert_int_equal(s.samples[TIMED_HZ], 3);
    sound_wipe(&s);
    assert_int_equal(timed_copy(t, &s, 3, 2), EINVAL);
    timed_free(t);
}

static void a_level_is_of_full_scale(void **state)
{
    int16_t sine[8000], loud[160];
    struct level l;

    (void)state;
    level_init(&l);
    assert_true(l.rms_db == LEVEL_SILENT_DB);
    for (unsigned i = 0; i < 8000; i++)
        sine[i] = (int16_t)lrint(4634 * sin(2 * M_PI * i / 8));
    for (unsigned i = 0; i < 8000; i += 160)
        level_put(&l, sine + i, 160, 8000);
    assert_true(fabs(l.rms_db + 20) < 0.1);
    assert_true(fabs(l.peak_db + 17) < 0.2);
    assert_int_equal(l.n_clipped, 0);
    for (unsigned i = 0; i < 160; i++)
        loud[i] = i % 2 ? INT16_MAX : INT16_MIN;
    level_put(&l, loud, 160, 8000);
    assert_int_equal(l.n_clipped, 160);
    memset(sine, 0, sizeof(sine));
    level_put(&l, sine, 8000, 8000);
    assert_true(l.rms_db < -60 && l.loudest_db > -21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delay_is_of_sound_and_of_devices),
        cmocka_unit_test(silence_and_tones_have_no_delay),
        cmocka_unit_test(another_sound_is_not_found),
        cmocka_unit_test(a_marker_is_found_to_the_sample),
        cmocka_unit_test(speech_is_scored_in_pieces_and_to_the_end),
        cmocka_unit_test(what_is_not_heard_fails_its_score_and_silence_has_none),
        cmocka_unit_test(a_record_keeps_the_last_of_it),
        cmocka_unit_test(a_level_is_of_full_scale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
