#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>

#include "codec/codec.h"
#include "tests/sim/signal.h"

static const struct codec_spec none = {.clock_hz = 8000, .n_channels = 1};

static const struct codec *gsm(void)
{
    return codec_find_name("GSM", 3);
}

static void speech_keeps_its_level_and_likeness(void **state)
{
    static int16_t in[8000], out[8000];
    uint8_t bytes[50 * 33];
    const struct codec_options opt = {0};
    const struct pcm pcm = {.samples = in, .n_frames = 8000, .rate_hz = 8000, .n_channels = 1};
    struct pcm got = {.samples = out};
    struct codec_encoder *e;
    struct codec_decoder *d;

    (void)state;
    signal_speech(in, 8000, 8000, 8000);
    assert_int_equal(gsm()->encoder_alloc(&e, &none, &opt), 0);
    assert_int_equal(gsm()->decoder_alloc(&d, &none, 0), 0);
    assert_int_equal(gsm()->encode(e, &pcm, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(gsm()->decode(d, bytes, sizeof(bytes), &got), 0);
    assert_int_equal(got.n_frames, 8000);
    assert_true(signal_snr_db(in, out, 8000) > 5);
    assert_true(fabs(20 * log10(signal_rms(out, 8000) / signal_rms(in, 8000))) < 1.5);
    gsm()->encoder_free(e);
    gsm()->decoder_free(d);
}

static void payloads_that_are_not_frames_are_refused(void **state)
{
    static const struct {
        const char *why;
        size_t n;
        uint8_t first, second;
        uint32_t ticks;
    } rows[] = {
        {"one frame", 33, 0xd0, 0, 160},
        {"two frames", 66, 0xd0, 0xd7, 320},
        {"no signature", 33, 0xc0, 0, 0},
        {"no signature on the second", 66, 0xd0, 0x10, 0},
        {"a byte short", 32, 0xd0, 0, 0},
        {"a byte too long", 34, 0xd0, 0xd0, 0},
        {"the 65 bytes of a wave file", 65, 0xd0, 0xd0, 0},
    };
    int16_t out[320];
    struct codec_decoder *d;

    (void)state;
    assert_int_equal(gsm()->decoder_alloc(&d, &none, 0), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[66] = {rows[i].first};
        struct pcm pcm = {.samples = out};

        bytes[33] = rows[i].second;
        if (gsm()->payload_ticks(bytes, rows[i].n) != rows[i].ticks)
            fail_msg("%s", rows[i].why);
        assert_int_equal(gsm()->decode(d, bytes, rows[i].n, &pcm), rows[i].ticks ? 0 : EBADMSG);
        assert_int_equal(pcm.n_frames, rows[i].ticks);
    }
    gsm()->decoder_free(d);
}

static void packet_times_are_whole_frames(void **state)
{
    (void)state;
    assert_int_equal(gsm()->ptime_ms(&none, 0), 20);
    assert_int_equal(gsm()->ptime_ms(&none, 10), 20);
    assert_int_equal(gsm()->ptime_ms(&none, 50), 40);
    assert_int_equal(gsm()->ptime_ms(&none, 60), 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speech_keeps_its_level_and_likeness),
        cmocka_unit_test(payloads_that_are_not_frames_are_refused),
        cmocka_unit_test(packet_times_are_whole_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
