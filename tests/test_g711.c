#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "tests/sim/signal.h"

static const struct codec *law(const char *name)
{
    return codec_find_name(name, strlen(name));
}

static void code(const struct codec *c, const int16_t *in, uint32_t n, uint8_t *bytes)
{
    const struct codec_spec s = {.clock_hz = 8000, .n_channels = 1};
    const struct codec_options opt = {0};
    struct pcm pcm = {.samples = (int16_t *)in, .n_frames = n, .rate_hz = 8000, .n_channels = 1};
    struct codec_encoder *e;

    assert_int_equal(c->encoder_alloc(&e, &s, &opt), 0);
    assert_int_equal(c->encode(e, &pcm, bytes, n), n);
    c->encoder_free(e);
}

static void decode(const struct codec *c, const uint8_t *bytes, uint32_t n, int16_t *out)
{
    const struct codec_spec s = {.clock_hz = 8000, .n_channels = 1};
    struct pcm pcm = {.samples = out};
    struct codec_decoder *d;

    assert_int_equal(c->decoder_alloc(&d, &s, 0), 0);
    assert_int_equal(c->decode(d, bytes, n, &pcm), 0);
    assert_int_equal(pcm.n_frames, n);
    c->decoder_free(d);
}

/* G.711 tables 1a to 2b: the decoder outputs of chosen characters, on the scale of 16 bits. */
static void characters_have_the_values_of_the_standard(void **state)
{
    static const struct {
        const char *law;
        uint8_t character;
        int16_t value;
    } rows[] = {
        {"PCMU", 0xff, 0},  {"PCMU", 0x7f, 0},   {"PCMU", 0x80, 32124}, {"PCMU", 0x00, -32124},
        {"PCMU", 0xfe, 8},  {"PCMU", 0x7e, -8},  {"PCMU", 0xef, 132},   {"PCMU", 0x8f, 16764},
        {"PCMA", 0xd5, 8},  {"PCMA", 0x55, -8},  {"PCMA", 0xaa, 32256}, {"PCMA", 0x2a, -32256},
        {"PCMA", 0xd4, 24}, {"PCMA", 0x54, -24}, {"PCMA", 0xc5, 264},   {"PCMA", 0xa5, 16896},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int16_t v;

        decode(law(rows[i].law), &rows[i].character, 1, &v);
        if (v != rows[i].value)
            fail_msg("%s %02x is %d, not %d", rows[i].law, rows[i].character, v, rows[i].value);
    }
}

/* The segment by search, as the standard's tables are read: the slow way, for comparison. */
static uint8_t character_of(bool is_ulaw, int v)
{
    const int negative = v < 0;
    int magnitude = is_ulaw ? abs(v) + 132 : negative ? -v - 1 : v;
    int segment = 0;

    magnitude = magnitude > 32767 ? 32767 : magnitude;
    while (magnitude >> (segment + 8))
        segment++;
    if (is_ulaw)
        return (uint8_t)(~((segment << 4) | (magnitude >> (segment + 3) & 15)) ^ (negative << 7));
    magnitude >>= segment ? segment + 3 : 4;
    return (uint8_t)(((segment << 4) | (magnitude & 15) | (negative ? 0 : 0x80)) ^ 0x55);
}

/* All of them, at any place in a payload that is no whole number of blocks. */
static void every_sample_has_the_character_of_its_segment(void **state)
{
    static const char *const laws[] = {"PCMU", "PCMA"};
    static int16_t samples[65536 + 7];
    static uint8_t bytes[65536 + 7];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        samples[i] = (int16_t)(i & 0xffff);
    for (size_t k = 0; k < 2; k++) {
        code(law(laws[k]), samples, sizeof(bytes), bytes);
        for (size_t i = 0; i < sizeof(bytes); i++) {
            if (bytes[i] != character_of(k == 0, samples[i]))
                fail_msg("%s of %d is %02x, not %02x", laws[k], samples[i], bytes[i],
                         character_of(k == 0, samples[i]));
        }
    }
}

static void every_character_survives_decoding_and_encoding(void **state)
{
    static const char *const laws[] = {"PCMU", "PCMA"};
    uint8_t all[256], again[256];
    int16_t pcm[256];

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        for (unsigned i = 0; i < 256; i++)
            all[i] = (uint8_t)i;
        decode(law(laws[k]), all, 256, pcm);
        code(law(laws[k]), pcm, 256, again);
        if (k == 0)
            all[0x7f] = 0xff; /* negative zero of the mu-law comes back as positive */
        assert_memory_equal(all, again, 256);
    }
}

static void extremes_saturate_with_their_sign(void **state)
{
    const int16_t in[] = {INT16_MAX, INT16_MIN};
    uint8_t bytes[2];

    (void)state;
    code(law("PCMU"), in, 2, bytes);
    assert_int_equal(bytes[0], 0x80);
    assert_int_equal(bytes[1], 0x00);
    code(law("PCMA"), in, 2, bytes);
    assert_int_equal(bytes[0], 0xaa);
    assert_int_equal(bytes[1], 0x2a);
}

/* G.712: at least 33 dB for a sine of -30 to 0 dBm0; the codec alone gives some more. */
static void a_sine_keeps_its_quality_from_loud_to_quiet(void **state)
{
    static const double amplitudes[] = {30000, 8000, 2000, 700};
    int16_t in[8000], out[8000];
    uint8_t bytes[8000];

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        signal_sine(in, 8000, 8000, 1020, amplitudes[k]);
        for (int i = 0; i < 2; i++) {
            const struct codec *c = law(i ? "PCMA" : "PCMU");

            code(c, in, 8000, bytes);
            decode(c, bytes, 8000, out);
            assert_true(signal_snr_db(in, out, 8000) > 33);
        }
    }
}

static void a_loss_fades_and_joins_without_a_click(void **state)
{
    const struct codec *c = law("PCMU");
    const struct codec_spec s = {.clock_hz = 8000, .n_channels = 1};
    int16_t in[1600], out[1600];
    uint8_t bytes[1600];
    struct pcm pcm = {.samples = out};
    struct codec_decoder *d;

    (void)state;
    signal_sine(in, 1600, 8000, 250, 8000);
    code(c, in, 1600, bytes);
    assert_int_equal(c->decoder_alloc(&d, &s, 0), 0);
    c->decode(d, bytes, 800, &pcm);
    pcm.samples = out + 800;
    assert_int_equal(c->conceal(d, NULL, 0, 160, &pcm), 0);
    assert_int_equal(pcm.n_frames, 160);
    pcm.samples = out + 960;
    c->decode(d, bytes + 960, 640, &pcm);
    /* the sine itself steps by 1,568 at most */
    assert_true(signal_largest_step(out, 1600) < 2000);
    assert_true(signal_snr_db(in + 800, out + 800, 80) > 20); /* unchanged for 10 ms */
    c->decoder_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_have_the_values_of_the_standard),
        cmocka_unit_test(every_sample_has_the_character_of_its_segment),
        cmocka_unit_test(every_character_survives_decoding_and_encoding),
        cmocka_unit_test(extremes_saturate_with_their_sign),
        cmocka_unit_test(a_sine_keeps_its_quality_from_loud_to_quiet),
        cmocka_unit_test(a_loss_fades_and_joins_without_a_click),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
