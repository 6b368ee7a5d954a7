#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "codec/fmtp.h"
#include "tests/sim/signal.h"

static struct codec_spec spec(const char *name, uint32_t clock_hz, uint8_t n_channels)
{
    struct codec_spec s = {.clock_hz = clock_hz, .n_channels = n_channels};

    snprintf(s.name, sizeof(s.name), "%s", name);
    return s;
}

static void table_finds_formats_as_sdp_writes_them(void **state)
{
    static const struct {
        const char *why, *name;
        uint32_t clock_hz;
        uint8_t n_channels;
        const char *found;
    } rows[] = {
        {"as registered", "PCMU", 8000, 1, "PCMU"},
        {"without case", "pcmA", 8000, 1, "PCMA"},
        {"no channels means one", "G722", 8000, 0, "G722"},
        {"opus is always two (RFC 7587)", "OPUS", 48000, 2, "opus"},
        {"opus with one is not", "opus", 48000, 1, "none"},
        {"Lync's stereo G722 is another format", "G722", 8000, 2, "none"},
        {"G722 at its true rate is not its RTP clock", "G722", 16000, 1, "none"},
        {"wide PCMU is another format", "PCMU", 16000, 1, "none"},
        {"a longer name", "PCMUX", 8000, 1, "none"},
        {"no name", "", 8000, 1, "none"},
        {"not a codec", "telephone-event", 8000, 1, "none"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct codec_spec s = spec(rows[i].name, rows[i].clock_hz, rows[i].n_channels);
        const struct codec *c = codec_find(&s);

        if (strcmp(c ? c->name : "none", rows[i].found) != 0)
            fail_msg("%s: found %s", rows[i].why, c ? c->name : "none");
    }
}

static void table_takes_a_name_that_is_not_terminated(void **state)
{
    struct codec_spec s = {.clock_hz = 8000, .n_channels = 1};

    (void)state;
    memset(s.name, 'P', sizeof(s.name));
    assert_null(codec_find(&s));
    assert_string_equal(codec_find_name("opusPCMU", 4)->name, "opus");
    assert_null(codec_find_name("opusPCMU", 8));
}

static void static_types_are_those_of_rfc_3551(void **state)
{
    static const struct {
        const char *name;
        uint32_t clock_hz;
        uint8_t pt;
    } rows[] = {{"PCMU", 8000, 0},  {"GSM", 8000, 3},    {"G723", 8000, 4},  {"DVI4", 8000, 5},
                {"DVI4", 16000, 6}, {"PCMA", 8000, 8},   {"G722", 8000, 9},  {"CN", 8000, 13},
                {"G729", 8000, 18}, {"H261", 90000, 31}, {"H263", 90000, 34}};
    struct codec_spec s;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(codec_static(&s, rows[i].pt), 0);
        assert_string_equal(s.name, rows[i].name);
        assert_int_equal(s.clock_hz, rows[i].clock_hz);
        assert_int_equal(s.n_channels, 1);
        assert_string_equal(s.fmtp, "");
    }
    assert_int_equal(codec_static(&s, 2), ENOENT); /* reserved: two orders of packing */
    assert_int_equal(codec_static(&s, 35), ENOENT);
    assert_int_equal(codec_static(&s, 255), ENOENT);
}

static void static_types_and_rows_agree(void **state)
{
    struct codec_spec s;
    const struct codec *c;

    (void)state;
    for (size_t i = 0; (c = codec_at(i)); i++) {
        if (c->static_pt == 0xff)
            continue;
        assert_int_equal(codec_static(&s, c->static_pt), 0);
        assert_ptr_equal(codec_find(&s), c);
    }
}

static void formats_are_the_same_whatever_their_case_and_fmtp(void **state)
{
    struct codec_spec a = spec("opus", 48000, 2), b = spec("OPUS", 48000, 2);

    (void)state;
    snprintf(b.fmtp, sizeof(b.fmtp), "stereo=1");
    assert_true(codec_same(&a, &b));
    b.clock_hz = 16000;
    assert_false(codec_same(&a, &b));
    a = spec("PCMU", 8000, 0);
    b = spec("PCMU", 8000, 1);
    assert_true(codec_same(&a, &b));
    b = spec("PCMA", 8000, 1);
    assert_false(codec_same(&a, &b));
}

static void fmtp_gives_numbers_and_nothing_else(void **state)
{
    static const struct {
        const char *why, *fmtp;
        uint32_t value; /* 7: not there */
    } rows[] = {
        {"alone", "usedtx=1", 1},
        {"among others", "stereo=0;usedtx=1;cbr=0", 1},
        {"blanks", "stereo=0; usedtx = 1 ; cbr=0", 1},
        {"without case", "UseDTX=0", 0},
        {"first of several", "usedtx=3;usedtx=4", 3},
        {"a longer name before it", "xusedtx=3;usedtx=4", 4},
        {"a name that goes on", "usedtxx=3", 7},
        {"no value", "usedtx", 7},
        {"empty value", "usedtx=", 7},
        {"not a number", "usedtx=on", 7},
        {"half a number", "usedtx=1x", 7},
        {"negative", "usedtx=-1", 7},
        {"too large", "usedtx=4294967296", 7},
        {"largest", "usedtx=4294967295", 4294967295},
        {"nothing", "", 7},
        {"only separators", ";;;", 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const uint32_t v = fmtp_number(rows[i].fmtp, "usedtx", 7);

        if (v != rows[i].value)
            fail_msg("%s: %u", rows[i].why, (unsigned)v);
    }
}

/* ---- what holds for every codec ---- */

static struct codec_spec spec_of(const struct codec *c)
{
    struct codec_spec s = spec(c->name, c->clock_hz, c->n_channels);

    if (c->default_fmtp)
        snprintf(s.fmtp, sizeof(s.fmtp), "%s", c->default_fmtp);
    return s;
}

static const uint32_t ptimes_ms[] = {10, 20, 40, 60};

static void every_codec_says_how_long_its_payloads_play(void **state)
{
    static int16_t in[48 * 60], out[CODEC_PCM_MAX];
    uint8_t payload[CODEC_PAYLOAD_MAX];
    const struct codec *c;

    (void)state;
    for (size_t i = 0; (c = codec_at(i)); i++) {
        for (size_t k = 0; k < 4; k++) {
            const struct codec_spec s = spec_of(c);
            const struct codec_options opt = {.ptime_ms = ptimes_ms[k]};
            struct codec_encoder *e;
            struct codec_decoder *d;
            struct pcm pcm = {.samples = in, .rate_hz = c->pcm_rate_hz, .n_channels = 1};
            struct pcm got = {.samples = out};
            int n;

            if (c->ptime_ms(&s, ptimes_ms[k]) != ptimes_ms[k]) {
                assert_true(ptimes_ms[k] == 10 || ptimes_ms[k] == 60); /* 20 and 40 ms always go */
                continue;
            }
            pcm.n_frames = c->pcm_rate_hz * ptimes_ms[k] / 1000;
            signal_speech(in, pcm.n_frames, c->pcm_rate_hz, 8000);
            assert_int_equal(c->encoder_alloc(&e, &s, &opt), 0);
            assert_int_equal(c->decoder_alloc(&d, &s, 0), 0);
            n = c->encode(e, &pcm, payload, sizeof(payload));
            assert_true(n > 0);
            assert_int_equal(c->payload_ticks(payload, (size_t)n),
                             c->clock_hz * ptimes_ms[k] / 1000);
            assert_int_equal(c->decode(d, payload, (size_t)n, &got), 0);
            assert_int_equal(got.n_frames, pcm.n_frames);
            assert_int_equal(got.rate_hz, c->pcm_rate_hz);
            assert_int_equal(got.n_channels, 1);
            c->encoder_free(e);
            c->decoder_free(d);
        }
    }
}

static void every_codec_refuses_what_it_cannot_serve(void **state)
{
    static int16_t in[CODEC_PCM_MAX], out[CODEC_PCM_MAX];
    uint8_t payload[CODEC_PAYLOAD_MAX];
    const struct codec *c;

    (void)state;
    for (size_t i = 0; (c = codec_at(i)); i++) {
        const struct codec_spec s = spec_of(c);
        struct codec_options opt = {.pcm_rate_hz = 44100};
        struct codec_encoder *e = NULL;
        struct codec_decoder *d = NULL;
        struct pcm pcm = {.samples = in, .n_frames = 882, .rate_hz = 44100, .n_channels = 1};
        struct pcm got = {.samples = out, .n_frames = 99};

        assert_int_equal(c->encoder_alloc(&e, &s, &opt), EINVAL);
        assert_int_equal(c->decoder_alloc(&d, &s, 44100), EINVAL);
        assert_null(e);
        assert_null(d);
        c->encoder_free(NULL);
        c->decoder_free(NULL);

        opt.pcm_rate_hz = 0;
        assert_int_equal(c->encoder_alloc(&e, &s, &opt), 0);
        assert_int_equal(c->decoder_alloc(&d, &s, 0), 0);
        assert_true(c->encode(e, &pcm, payload, sizeof(payload)) < 0); /* another rate */
        pcm.rate_hz = c->pcm_rate_hz;
        pcm.n_frames = c->pcm_rate_hz / 50;
        assert_true(c->encode(e, &pcm, payload, 0) < 0); /* no room */
        assert_int_equal(c->payload_ticks(payload, 0), 0);
        assert_int_equal(c->decode(d, payload, 0, &got), EBADMSG);
        assert_int_equal(got.n_frames, 0);
        assert_int_equal(c->conceal(d, NULL, 0, c->pcm_rate_hz, &got), EINVAL); /* a second */
        assert_int_equal(got.n_frames, 0);
        c->encoder_free(e);
        c->decoder_free(d);
    }
}

/* Decodes the same payload by two decoders, one of which has a past and was reset. */
static void a_reset_decoder_is_as_good_as_new(void **state)
{
    static int16_t in[960], a[CODEC_PCM_MAX], b[CODEC_PCM_MAX];
    uint8_t loud[CODEC_PAYLOAD_MAX], payload[CODEC_PAYLOAD_MAX];
    const struct codec *c;

    (void)state;
    for (size_t i = 0; (c = codec_at(i)); i++) {
        const struct codec_spec s = spec_of(c);
        const struct codec_options opt = {0};
        struct codec_encoder *e;
        struct codec_decoder *used, *fresh;
        struct pcm pcm = {.samples = in,
                          .n_frames = c->pcm_rate_hz / 50,
                          .rate_hz = c->pcm_rate_hz,
                          .n_channels = 1};
        struct pcm got_a = {.samples = a}, got_b = {.samples = b};
        int n_loud, n;

        assert_int_equal(c->encoder_alloc(&e, &s, &opt), 0);
        assert_int_equal(c->decoder_alloc(&used, &s, 0), 0);
        assert_int_equal(c->decoder_alloc(&fresh, &s, 0), 0);
        signal_sine(in, pcm.n_frames, c->pcm_rate_hz, 440, 20000);
        n_loud = c->encode(e, &pcm, loud, sizeof(loud));
        signal_sine(in, pcm.n_frames, c->pcm_rate_hz, 1000, 3000);
        n = c->encode(e, &pcm, payload, sizeof(payload));
        c->decode(used, loud, (size_t)n_loud, &got_a);
        c->conceal(used, NULL, 0, pcm.n_frames, &got_a);
        c->decoder_reset(used);
        assert_int_equal(c->decode(used, payload, (size_t)n, &got_a), 0);
        assert_int_equal(c->decode(fresh, payload, (size_t)n, &got_b), 0);
        assert_memory_equal(a, b, got_a.n_frames * sizeof(a[0]));
        c->encoder_free(e);
        c->decoder_free(used);
        c->decoder_free(fresh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_finds_formats_as_sdp_writes_them),
        cmocka_unit_test(table_takes_a_name_that_is_not_terminated),
        cmocka_unit_test(static_types_are_those_of_rfc_3551),
        cmocka_unit_test(static_types_and_rows_agree),
        cmocka_unit_test(formats_are_the_same_whatever_their_case_and_fmtp),
        cmocka_unit_test(fmtp_gives_numbers_and_nothing_else),
        cmocka_unit_test(every_codec_says_how_long_its_payloads_play),
        cmocka_unit_test(every_codec_refuses_what_it_cannot_serve),
        cmocka_unit_test(a_reset_decoder_is_as_good_as_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
