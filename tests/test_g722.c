#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>

#include "codec/codec.h"
#include "tests/sim/signal.h"

#define G722 (codec_find_name("G722", 4))

static const struct codec_spec spec = {.name = "G722", .clock_hz = 8000, .n_channels = 1};

/* One second through encoder and decoder, each at its own rate. @return bytes */
static int pass(const int16_t *in, uint32_t in_hz, int16_t *out, uint32_t out_hz)
{
    static uint8_t bytes[8000];
    const struct codec_options opt = {.pcm_rate_hz = in_hz};
    struct pcm pcm = {
        .samples = (int16_t *)in, .n_frames = in_hz, .rate_hz = in_hz, .n_channels = 1};
    struct pcm got = {.samples = out};
    struct codec_encoder *e;
    struct codec_decoder *d;
    int n, n_out = 0;

    assert_int_equal(G722->encoder_alloc(&e, &spec, &opt), 0);
    assert_int_equal(G722->decoder_alloc(&d, &spec, out_hz), 0);
    n = G722->encode(e, &pcm, bytes, sizeof(bytes));
    for (int i = 0; i < n; i += 160) {
        assert_int_equal(G722->decode(d, bytes + i, 160, &got), 0);
        n_out += (int)got.n_frames;
        got.samples += got.n_frames;
    }
    assert_int_equal(n_out, out_hz);
    G722->encoder_free(e);
    G722->decoder_free(d);
    return n;
}

static void a_byte_is_one_tick_and_two_samples(void **state)
{
    static int16_t in[16000], out[16000];

    (void)state;
    assert_int_equal(pass(in, 16000, out, 16000), 8000);
    assert_int_equal(pass(in, 8000, out, 8000), 8000);
}

static void tones_of_both_bands_keep_level_and_purity(void **state)
{
    static const struct {
        double hz, purity_db;
    } rows[] = {{300, 30}, {1000, 30}, {2500, 30}, {6000, 15}};
    static int16_t in[16000], out[16000];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        signal_sine(in, 16000, 16000, rows[i].hz, 8000);
        pass(in, 16000, out, 16000);
        assert_true(signal_purity_db(out + 1600, 14400, 16000, rows[i].hz) > rows[i].purity_db);
        assert_true(fabs(20 * log10(signal_rms(out + 1600, 14400) / signal_rms(in, 16000))) < 1);
    }
}

/* The two filter banks delay by 22 samples together (G.722 s.1.4.3); nothing else may. */
static void speech_is_delayed_by_the_filter_banks_alone(void **state)
{
    static int16_t in[16000], out[16000];
    size_t delay;

    (void)state;
    signal_speech(in, 16000, 16000, 8000);
    pass(in, 16000, out, 16000);
    delay = signal_delay(in, out, 8000, 200);
    assert_in_range(delay, 20, 24);
    assert_true(signal_snr_db(in, out + delay, 15000) > 15);
}

static void a_narrow_side_hears_the_lower_band_at_its_level(void **state)
{
    static const uint32_t rates[][2] = {{8000, 8000}, {16000, 8000}, {8000, 16000}};
    static int16_t in[16000], out[16000];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const uint32_t from = rates[i][0], to = rates[i][1];

        signal_sine(in, from, from, 1000, 8000);
        pass(in, from, out, to);
        assert_true(signal_purity_db(out + to / 10, to - to / 10, to, 1000) > 25);
        assert_true(fabs(20 * log10(signal_rms(out + to / 10, to - to / 10) / 5657)) < 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_is_one_tick_and_two_samples),
        cmocka_unit_test(tones_of_both_bands_keep_level_and_purity),
        cmocka_unit_test(speech_is_delayed_by_the_filter_banks_alone),
        cmocka_unit_test(a_narrow_side_hears_the_lower_band_at_its_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
