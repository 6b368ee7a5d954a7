#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "codec/conceal.h"
#include "tests/sim/signal.h"

static const uint32_t rates_hz[] = {8000, 16000};

/* A signal with `lost_ms` made up from 100 ms on. */
static void repair(int16_t *a, size_t n, uint32_t rate_hz, uint32_t lost_ms)
{
    const uint32_t frame = rate_hz / 50, from = rate_hz / 10, to = from + rate_hz * lost_ms / 1000;
    struct conceal c;

    conceal_init(&c, rate_hz);
    for (uint32_t at = 0; at + frame <= n; at += frame) {
        if (at >= from && at < to)
            conceal_fill(&c, a + at, frame);
        else
            conceal_good(&c, a + at, frame);
    }
}

static void a_voice_of_any_pitch_goes_on_for_10_ms(void **state)
{
    static const double pitches_hz[] = {70, 100, 137, 180, 250, 333};
    int16_t in[3200], a[3200];

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof(pitches_hz) / sizeof(pitches_hz[0]); i++) {
            const uint32_t hz = rates_hz[k], from = hz / 10;

            signal_sine(in, 3200, hz, pitches_hz[i], 8000);
            memcpy(a, in, sizeof(a));
            repair(a, 3200, hz, 20);
            assert_true(signal_snr_db(in + from, a + from, hz / 100) > 15);
        }
    }
}

static void no_repair_clicks(void **state)
{
    int16_t a[3200];

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        for (uint32_t lost_ms = 20; lost_ms <= 100; lost_ms += 20) {
            const uint32_t hz = rates_hz[k];
            int step;

            signal_sine(a, 3200, hz, 210, 8000);
            step = signal_largest_step(a, 3200);
            repair(a, 3200, hz, lost_ms);
            assert_in_range(signal_largest_step(a, 3200), 0, step * 3 / 2);
        }
    }
}

static void a_long_loss_fades_into_silence(void **state)
{
    int16_t a[3200];
    double before = 1e9;

    (void)state;
    signal_speech(a, 3200, 8000, 16000);
    signal_sine(a, 800, 8000, 150, 8000);
    repair(a, 3200, 8000, 200);
    for (unsigned at = 880; at < 1280; at += 80) { /* 10 ms at a time */
        const double rms = signal_rms(a + at, 80);

        assert_true(rms < before);
        before = rms;
    }
    for (unsigned i = 800 + 480; i < 2400; i++)
        assert_int_equal(a[i], 0);
}

static void what_was_never_heard_is_silent(void **state)
{
    int16_t a[160] = {1, 2, 3};
    struct conceal c;

    (void)state;
    conceal_init(&c, 8000);
    conceal_fill(&c, a, 160);
    assert_true(signal_rms(a, 160) <= 0);
}

static void good_samples_pass_unchanged(void **state)
{
    int16_t in[3200], a[3200];

    (void)state;
    signal_speech(in, 3200, 16000, 8000);
    memcpy(a, in, sizeof(a));
    repair(a, 3200, 16000, 0);
    assert_memory_equal(in, a, sizeof(a));
    repair(a, 3200, 16000, 40);
    /* and again 10 ms after a loss */
    assert_memory_equal(in + 1600 + 640 + 160, a + 1600 + 640 + 160, 800 * sizeof(a[0]));
}

static void full_scale_does_not_wrap(void **state)
{
    int16_t a[3200];

    (void)state;
    for (unsigned i = 0; i < 3200; i++)
        a[i] = i / 40 % 2 ? INT16_MAX : INT16_MIN;
    repair(a, 3200, 8000, 20); /* UBSan watches the arithmetic */
    assert_true(signal_rms(a, 3200) > 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_voice_of_any_pitch_goes_on_for_10_ms),
        cmocka_unit_test(no_repair_clicks),
        cmocka_unit_test(a_long_loss_fades_into_silence),
        cmocka_unit_test(what_was_never_heard_is_silent),
        cmocka_unit_test(good_samples_pass_unchanged),
        cmocka_unit_test(full_scale_does_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
