#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "tests/sim/signal.h"

/* The tests look at payloads with RFC 6716 in hand and never call libopus: opus.c is its one door.
 */

enum { FRAME = 320, SECOND = 16000 }; /* 20 ms and 1 s at 16 kHz */

static const struct codec *opus(void)
{
    return codec_find_name("opus", 4);
}

static struct codec_encoder *encoder(const char *fmtp, const struct codec_options *opt)
{
    struct codec_spec s = {.name = "opus", .clock_hz = 48000, .n_channels = 2};
    struct codec_encoder *e = NULL;

    snprintf(s.fmtp, sizeof(s.fmtp), "%s", fmtp);
    assert_int_equal(opus()->encoder_alloc(&e, &s, opt), 0);
    return e;
}

static struct codec_decoder *decoder(uint32_t rate_hz)
{
    const struct codec_spec s = {.name = "opus", .clock_hz = 48000, .n_channels = 2};
    struct codec_decoder *d = NULL;

    assert_int_equal(opus()->decoder_alloc(&d, &s, rate_hz), 0);
    return d;
}

struct payload {
    uint8_t bytes[CODEC_PAYLOAD_MAX];
    size_t n;
};

/* n frames of 20 ms of PCM at rate_hz. @return bytes in all */
static size_t encode(struct codec_encoder *e, int16_t *in, uint32_t rate_hz, struct payload *out,
                     size_t n)
{
    size_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        const uint32_t frame = rate_hz / 50;
        const struct pcm pcm = {
            .samples = in + i * frame, .n_frames = frame, .rate_hz = rate_hz, .n_channels = 1};
        const int got = opus()->encode(e, &pcm, out[i].bytes, sizeof(out[i].bytes));

        assert_true(got >= 0);
        out[i].n = (size_t)got;
        sum += out[i].n;
    }
    return sum;
}

/* RFC 6716 s.3.1, table 2: the audio bandwidth [Hz] of a payload. */
static int bandwidth_hz(const struct payload *p)
{
    static const int silk[] = {4000, 6000, 8000}, celt[] = {4000, 8000, 12000, 20000};
    const int config = p->bytes[0] >> 3;

    if (config < 12)
        return silk[config / 4];
    return config < 16 ? (config < 14 ? 12000 : 20000) : celt[(config - 16) / 4];
}

/* s.4.2.3: voice activity, then LBRR, of a 20 ms SILK frame in a code 0 packet. */
static bool has_lbrr(const struct payload *p)
{
    return p->n > 1 && !(p->bytes[0] & 0x80) && (p->bytes[1] & 0x40);
}

static struct payload payloads[100];
static int16_t speech[2 * 48000];

static void speech_keeps_level_and_delay_at_8_and_16_khz(void **state)
{
    static const uint32_t rates[] = {8000, 16000, 48000};
    static int16_t out[2 * 48000];

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const uint32_t hz = rates[k], n = 2 * hz, frame = hz / 50;
        const struct codec_options opt = {.pcm_rate_hz = hz, .bitrate = 32000};
        struct codec_encoder *e = encoder("", &opt);
        struct codec_decoder *d = decoder(hz);
        size_t delay;

        signal_speech(speech, n, hz, 8000);
        encode(e, speech, hz, payloads, 100);
        for (size_t i = 0; i < 100; i++) {
            struct pcm pcm = {.samples = out + i * frame};
            int16_t room[CODEC_PCM_MAX];

            pcm.samples = room;
            assert_int_equal(opus()->decode(d, payloads[i].bytes, payloads[i].n, &pcm), 0);
            assert_int_equal(pcm.n_frames, frame);
            memcpy(out + i * frame, room, frame * sizeof(room[0]));
        }
        delay = signal_delay(speech, out, hz, hz / 50);
        assert_in_range(delay, 1, hz / 80); /* the encoder looks ahead 6.5 ms, SILK resamples */
        assert_true(signal_snr_db(speech, out + delay, hz) > 5);
        assert_true(signal_rms(out, n) > 0.85 * signal_rms(speech, n));
        assert_true(signal_rms(out, n) < 1.15 * signal_rms(speech, n));
        opus()->encoder_free(e);
        opus()->decoder_free(d);
    }
}

static void the_bit_rate_is_what_was_asked_or_what_suits_the_rate(void **state)
{
    static const struct {
        const char *why, *fmtp;
        struct codec_options opt;
        size_t bitrate;
    } rows[] = {
        {"default at 16 kHz", "", {.pcm_rate_hz = 16000, .is_cbr = true}, 24000},
        {"default at 8 kHz", "", {.pcm_rate_hz = 8000, .is_cbr = true}, 16000},
        {"asked for", "", {.pcm_rate_hz = 16000, .is_cbr = true, .bitrate = 32000}, 32000},
        {"receiver's limit",
         "maxaveragebitrate=12000",
         {.pcm_rate_hz = 16000, .is_cbr = true},
         12000},
        {"receiver wants cbr", "cbr=1;maxaveragebitrate=20000", {.pcm_rate_hz = 16000}, 20000},
        {"a limit too low to be one",
         "maxaveragebitrate=1",
         {.pcm_rate_hz = 16000, .is_cbr = true},
         6000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct codec_encoder *e = encoder(rows[i].fmtp, &rows[i].opt);
        size_t bits;

        signal_speech(speech, SECOND, rows[i].opt.pcm_rate_hz, 8000);
        bits = 8 * encode(e, speech, rows[i].opt.pcm_rate_hz, payloads, 50);
        if (bits > rows[i].bitrate * 11 / 10 || bits < rows[i].bitrate * 8 / 10)
            fail_msg("%s: %zu bit/s", rows[i].why, bits);
        opus()->encoder_free(e);
    }
}

static void no_band_is_sent_that_the_receiver_throws_away(void **state)
{
    static const struct {
        const char *fmtp;
        int most_hz;
    } rows[] = {{"maxplaybackrate=8000", 4000},
                {"maxplaybackrate=16000", 8000},
                {"maxplaybackrate=24000", 12000},
                {"", 20000}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct codec_options opt = {.pcm_rate_hz = 48000, .bitrate = 64000};
        struct codec_encoder *e = encoder(rows[i].fmtp, &opt);
        int widest = 0;

        signal_speech(speech, 48000, 48000, 8000);
        for (size_t k = 0; k < 48000; k++) /* hiss: something in every band */
            speech[k] = (int16_t)(speech[k] / 2 + (int)(k * 7919 % 4001) - 2000);
        encode(e, speech, 48000, payloads, 50);
        for (size_t k = 25; k < 50; k++)
            widest = bandwidth_hz(&payloads[k]) > widest ? bandwidth_hz(&payloads[k]) : widest;
        assert_int_equal(widest, rows[i].most_hz);
        opus()->encoder_free(e);
    }
}

static void fec_is_written_where_loss_is_expected_and_the_receiver_can_use_it(void **state)
{
    static const struct {
        const char *why, *fmtp;
        struct codec_options opt;
        bool is_fec;
    } rows[] = {
        {"loss", "useinbandfec=1", {.pcm_rate_hz = 16000, .loss_percent = 10}, true},
        {"asked for", "useinbandfec=1", {.pcm_rate_hz = 16000, .is_fec = true}, true},
        {"no loss", "useinbandfec=1", {.pcm_rate_hz = 16000}, false},
        {"of no use to the receiver", "", {.pcm_rate_hz = 16000, .loss_percent = 10}, false},
        {"refused", "useinbandfec=0", {.pcm_rate_hz = 16000, .loss_percent = 10}, false},
        {"at 8 kHz", "useinbandfec=1", {.pcm_rate_hz = 8000, .loss_percent = 10}, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct codec_encoder *e = encoder(rows[i].fmtp, &rows[i].opt);
        unsigned n = 0;

        signal_speech(speech, SECOND, rows[i].opt.pcm_rate_hz, 8000);
        encode(e, speech, rows[i].opt.pcm_rate_hz, payloads, 50);
        for (size_t k = 0; k < 50; k++)
            n += has_lbrr(&payloads[k]);
        if (rows[i].is_fec != (n > 10))
            fail_msg("%s: %u of 50 payloads have FEC", rows[i].why, n);
        opus()->encoder_free(e);
    }
}

static void fec_follows_what_it_is_told_while_it_runs(void **state)
{
    struct codec_options opt = {.pcm_rate_hz = 16000};
    struct codec_encoder *e = encoder("useinbandfec=1", &opt);
    unsigned n = 0;

    (void)state;
    signal_speech(speech, 2 * SECOND, 16000, 8000);
    encode(e, speech, 16000, payloads, 50);
    opt.loss_percent = 20;
    assert_int_equal(opus()->encoder_set(e, &opt), 0);
    encode(e, speech + SECOND, 16000, payloads + 50, 50);
    for (size_t k = 0; k < 50; k++) {
        assert_false(has_lbrr(&payloads[k]));
        n += has_lbrr(&payloads[50 + k]);
    }
    assert_true(n > 10);
    opus()->encoder_free(e);
}

/* Loses every fifth payload of 2 s. @return likeness to the same stream without loss [dB] */
static double repaired_snr_db(bool is_fec_used, unsigned *n_fec)
{
    static int16_t whole[2 * SECOND], repaired[2 * SECOND], room[CODEC_PCM_MAX];
    struct codec_decoder *a = decoder(16000), *b = decoder(16000);

    for (size_t i = 0; i < 99; i++) {
        const struct payload *p = &payloads[i], *next = &payloads[i + 1];
        struct pcm pcm = {.samples = room};

        assert_int_equal(opus()->decode(a, p->bytes, p->n, &pcm), 0);
        memcpy(whole + i * FRAME, room, FRAME * sizeof(room[0]));
        if (i % 5 != 4)
            assert_int_equal(opus()->decode(b, p->bytes, p->n, &pcm), 0);
        else
            *n_fec +=
                opus()->conceal(b, is_fec_used ? next->bytes : NULL, next->n, FRAME, &pcm) == 1;
        assert_int_equal(pcm.n_frames, FRAME);
        memcpy(repaired + i * FRAME, room, FRAME * sizeof(room[0]));
    }
    opus()->decoder_free(a);
    opus()->decoder_free(b);
    return signal_snr_db(whole, repaired, 99 * FRAME);
}

static void fec_repairs_better_than_concealment(void **state)
{
    const struct codec_options opt = {.pcm_rate_hz = 16000, .loss_percent = 20, .bitrate = 32000};
    struct codec_encoder *e = encoder("useinbandfec=1", &opt);
    unsigned n_fec = 0, n_plc = 0;
    double fec_db, plc_db;

    (void)state;
    signal_speech(speech, 2 * SECOND, 16000, 8000);
    encode(e, speech, 16000, payloads, 100);
    fec_db = repaired_snr_db(true, &n_fec);
    plc_db = repaired_snr_db(false, &n_plc);
    assert_true(n_fec >= 10);
    assert_int_equal(n_plc, 0);
    assert_true(fec_db > plc_db + 2);
    opus()->encoder_free(e);
}

static void a_loss_of_any_length_is_made_up_in_full(void **state)
{
    static const uint32_t lengths[] = {1, 39, 40, 41, 160, 320, 333, 640, 1000, 1920};
    const struct codec_options opt = {.pcm_rate_hz = 16000, .loss_percent = 20};
    struct codec_encoder *e = encoder("useinbandfec=1", &opt);
    struct codec_decoder *d = decoder(16000);
    static int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};

    (void)state;
    signal_speech(speech, SECOND, 16000, 8000);
    encode(e, speech, 16000, payloads, 50);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (int is_next = 0; is_next < 2; is_next++) {
            const struct payload *next = &payloads[20 + i];

            opus()->decode(d, payloads[i].bytes, payloads[i].n, &pcm);
            assert_true(
                opus()->conceal(d, is_next ? next->bytes : NULL, next->n, lengths[i], &pcm) <= 1);
            assert_int_equal(pcm.n_frames, lengths[i]);
        }
    }
    opus()->encoder_free(e);
    opus()->decoder_free(d);
}

static void silence_is_not_sent_with_dtx(void **state)
{
    static const char *const fmtps[] = {"usedtx=1", ""};
    static int16_t silence[2 * SECOND];

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct codec_options opt = {.pcm_rate_hz = 16000};
        struct codec_encoder *e = encoder(fmtps[k], &opt);
        unsigned n_sent = 0;

        encode(e, silence, 16000, payloads, 100);
        for (size_t i = 50; i < 100; i++)
            n_sent += payloads[i].n > 0;
        if (k == 0)
            assert_in_range(n_sent, 1, 10); /* one in 400 ms keeps the noise fresh */
        else
            assert_int_equal(n_sent, 50);
        opus()->encoder_free(e);
    }
}

static void packet_times_are_those_that_a_frame_can_have(void **state)
{
    static const struct {
        const char *fmtp;
        uint32_t wanted_ms, ms;
    } rows[] = {{"", 0, 20},
                {"", 10, 10},
                {"", 20, 20},
                {"", 30, 20},
                {"", 40, 40},
                {"", 50, 40},
                {"", 60, 60},
                {"", 5, 10},
                {"", 200, 60},
                {"maxptime=20", 60, 20},
                {"minptime=40", 20, 40},
                {"maxptime=3", 20, 10}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct codec_spec s = {.name = "opus", .clock_hz = 48000, .n_channels = 2};

        snprintf(s.fmtp, sizeof(s.fmtp), "%s", rows[i].fmtp);
        assert_int_equal(opus()->ptime_ms(&s, rows[i].wanted_ms), rows[i].ms);
    }
}

/* RFC 6716 s.3.4 lists what makes a packet malformed. */
static void malformed_payloads_are_refused_and_do_no_harm(void **state)
{
    static const struct {
        const char *why;
        uint8_t bytes[4];
        size_t n;
    } rows[] = {
        {"code 1 with an odd length", {0x01, 0}, 2},
        {"code 2 without a length", {0x02}, 1},
        {"code 2, length beyond the end", {0x02, 200, 0}, 3},
        {"code 3 without a count", {0x03}, 1},
        {"code 3, no frames", {0x03, 0x00}, 2},
        {"code 3, 126 ms", {0x1b, 0x3f, 0, 0}, 4},
        {"code 3, padding beyond the end", {0x03, 0x41, 0xff, 0xff}, 4},
    };
    struct codec_decoder *d = decoder(16000);
    static int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (opus()->decode(d, rows[i].bytes, rows[i].n, &pcm) != EBADMSG)
            fail_msg("%s: taken", rows[i].why);
        assert_int_equal(pcm.n_frames, 0);
        assert_int_equal(opus()->conceal(d, rows[i].bytes, rows[i].n, FRAME, &pcm), 0);
        assert_int_equal(pcm.n_frames, FRAME);
    }
    opus()->decoder_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speech_keeps_level_and_delay_at_8_and_16_khz),
        cmocka_unit_test(the_bit_rate_is_what_was_asked_or_what_suits_the_rate),
        cmocka_unit_test(no_band_is_sent_that_the_receiver_throws_away),
        cmocka_unit_test(fec_is_written_where_loss_is_expected_and_the_receiver_can_use_it),
        cmocka_unit_test(fec_follows_what_it_is_told_while_it_runs),
        cmocka_unit_test(fec_repairs_better_than_concealment),
        cmocka_unit_test(a_loss_of_any_length_is_made_up_in_full),
        cmocka_unit_test(silence_is_not_sent_with_dtx),
        cmocka_unit_test(packet_times_are_those_that_a_frame_can_have),
        cmocka_unit_test(malformed_payloads_are_refused_and_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
