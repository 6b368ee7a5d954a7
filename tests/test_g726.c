#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "codec/codec.h"
#include "tests/sim/signal.h"

static const struct codec_spec none = {.clock_hz = 8000, .n_channels = 1};

static const struct codec *named(const char *name)
{
    return codec_find_name(name, strlen(name));
}

static int code(const struct codec *c, int16_t *in, uint32_t n, uint8_t *bytes)
{
    const struct codec_options opt = {0};
    const struct pcm pcm = {.samples = in, .n_frames = n, .rate_hz = 8000, .n_channels = 1};
    struct codec_encoder *e;
    int got;

    assert_int_equal(c->encoder_alloc(&e, &none, &opt), 0);
    got = c->encode(e, &pcm, bytes, 4000);
    c->encoder_free(e);
    return got;
}

static void decode(const struct codec *c, const uint8_t *bytes, size_t n, int16_t *out)
{
    struct pcm pcm = {.samples = out};
    struct codec_decoder *d;

    assert_int_equal(c->decoder_alloc(&d, &none, 0), 0);
    assert_int_equal(c->decode(d, bytes, n, &pcm), 0);
    c->decoder_free(d);
}

static void both_orders_carry_the_same_codes_with_nibbles_swapped(void **state)
{
    int16_t in[1600];
    uint8_t low[800], high[800];

    (void)state;
    signal_speech(in, 1600, 8000, 8000);
    assert_int_equal(code(named("G726-32"), in, 1600, low), 800);
    assert_int_equal(code(named("AAL2-G726-32"), in, 1600, high), 800);
    assert_memory_not_equal(low, high, 800);
    for (unsigned i = 0; i < 800; i++)
        assert_int_equal(low[i], (uint8_t)(high[i] << 4 | high[i] >> 4));
}

/* Which order is which: after a loud first sample the code of the first one has magnitude 7, the
 * largest (G.726 table 7: codes 0111 and 1000), and it is in the low bits of G726-32. */
static void the_first_sample_is_in_the_low_bits_of_g726_32(void **state)
{
    int16_t in[2] = {32000, 0};
    uint8_t low[1], high[1];

    (void)state;
    assert_int_equal(code(named("G726-32"), in, 2, low), 1);
    assert_int_equal(code(named("AAL2-G726-32"), in, 2, high), 1);
    assert_int_equal(low[0] & 0x0f, 7);
    assert_int_equal(high[0] >> 4, 7);
}

static void speech_keeps_its_waveform(void **state)
{
    static int16_t in[8000], out[8000];
    uint8_t bytes[4000];

    (void)state;
    signal_speech(in, 8000, 8000, 8000);
    code(named("AAL2-G726-32"), in, 8000, bytes);
    decode(named("AAL2-G726-32"), bytes, 4000, out);
    assert_true(signal_snr_db(in, out, 8000) > 20);
}

static void an_odd_number_of_samples_is_refused(void **state)
{
    int16_t in[3] = {0};
    uint8_t bytes[4];

    (void)state;
    assert_int_equal(code(named("G726-32"), in, 3, bytes), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_orders_carry_the_same_codes_with_nibbles_swapped),
        cmocka_unit_test(the_first_sample_is_in_the_low_bits_of_g726_32),
        cmocka_unit_test(speech_keeps_its_waveform),
        cmocka_unit_test(an_odd_number_of_samples_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
