#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/comfort_noise.h"
#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

static int16_t pcm[48000];

static double level_dbov(const int16_t *samples, size_t n)
{
    return 20 * log10(signal_rms(samples, n) / 32767);
}

/* How alike neighbours are, -1 to 1: what the first reflection coefficient is about. */
static double neighbours(const int16_t *samples, size_t n)
{
    double product = 0, power = 1;

    for (size_t i = 1; i < n; i++) {
        product += (double)samples[i] * samples[i - 1];
        power += (double)samples[i] * samples[i];
    }
    return product / power;
}

static void noise_has_the_level_of_its_payload(void **state)
{
    (void)state;
    for (uint8_t level = 20; level <= 70; level = (uint8_t)(level + 10)) {
        for (uint8_t index = 27; index <= 227; index = (uint8_t)(index + 50)) {
            const uint8_t payload[] = {level, index, 127, 90};
            struct comfort_noise cn;

            comfort_noise_init(&cn, 1);
            assert_int_equal(comfort_noise_set(&cn, payload, sizeof(payload)), 0);
            comfort_noise_fill(&cn, pcm, 48000);
            if (fabs(level_dbov(pcm, 48000) + level) > 1)
                fail_msg("-%u dBov, index %u: %.1f", level, index, level_dbov(pcm, 48000));
        }
    }
}

/* With A(z) = 1 + k z^-1 neighbours are alike by -k. */
static void noise_has_the_spectrum_of_its_payload(void **state)
{
    static const uint8_t low[] = {40, 27}, high[] = {40, 227}, white[] = {40};
    struct comfort_noise cn;

    (void)state;
    comfort_noise_init(&cn, 7);
    comfort_noise_set(&cn, low, sizeof(low));
    comfort_noise_fill(&cn, pcm, 48000);
    assert_true(fabs(neighbours(pcm, 48000) - 0.787) < 0.03);
    comfort_noise_set(&cn, high, sizeof(high));
    comfort_noise_fill(&cn, pcm, 48000);
    assert_true(fabs(neighbours(pcm, 48000) + 0.787) < 0.03);
    comfort_noise_set(&cn, white, sizeof(white));
    comfort_noise_fill(&cn, pcm, 48000);
    assert_true(fabs(neighbours(pcm, 48000)) < 0.03);
    comfort_noise_set(&cn, low, sizeof(low));
    comfort_noise_whiten(&cn);
    comfort_noise_fill(&cn, pcm, 48000);
    assert_true(fabs(neighbours(pcm, 48000)) < 0.03);
    assert_true(fabs(level_dbov(pcm, 48000) + 40) < 1);
}

static void a_description_makes_the_same_noise_again(void **state)
{
    static const uint8_t payload[] = {45, 60, 150, 127, 100};
    uint8_t described[COMFORT_NOISE_PAYLOAD];
    struct comfort_noise cn;

    (void)state;
    comfort_noise_init(&cn, 3);
    comfort_noise_set(&cn, payload, sizeof(payload));
    comfort_noise_fill(&cn, pcm, 16000);
    assert_int_equal(comfort_noise_describe(described, pcm, 16000), sizeof(payload));
    assert_in_range(described[0], 44, 46);
    for (size_t i = 1; i < sizeof(payload); i++)
        assert_in_range(described[i], payload[i] - 6, payload[i] + 6);
}

static void any_payload_makes_noise_that_stays_within_bounds(void **state)
{
    uint32_t x = 12345;

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        uint8_t payload[16];
        struct comfort_noise cn;

        for (size_t k = 0; k < sizeof(payload); k++)
            payload[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        comfort_noise_init(&cn, x);
        payload[0] = (uint8_t)(payload[0] | 0x20); /* -32 dBov or less: no clipping to hide it */
        assert_int_equal(comfort_noise_set(&cn, payload, 1 + i % 16), 0);
        comfort_noise_fill(&cn, pcm, 8000);
        assert_true(level_dbov(pcm, 8000) < -10);
    }
}

static void silence_and_full_scale_are_described(void **state)
{
    uint8_t payload[COMFORT_NOISE_PAYLOAD];

    (void)state;
    memset(pcm, 0, sizeof(pcm));
    comfort_noise_describe(payload, pcm, 160);
    assert_int_equal(payload[0], 127);
    assert_int_equal(payload[1], 127); /* no spectrum */
    for (size_t i = 0; i < 160; i++)
        pcm[i] = i % 2 ? 32767 : -32767;
    comfort_noise_describe(payload, pcm, 160);
    assert_int_equal(payload[0], 0);
    assert_int_equal(comfort_noise_describe(payload, pcm, 0), COMFORT_NOISE_PAYLOAD);
    assert_int_equal(payload[0], 127);
}

static void an_empty_payload_is_refused(void **state)
{
    struct comfort_noise cn;

    (void)state;
    comfort_noise_init(&cn, 0);
    assert_int_equal(comfort_noise_set(&cn, NULL, 0), EBADMSG);
    comfort_noise_fill(&cn, pcm, 100);
    assert_int_equal((int)signal_rms(pcm, 100), 0);
}

/* ---- in a stream ---- */

static struct transcoder_config dtx_config(void)
{
    struct transcoder_config cfg = rig_config("opus", "PCMA", 20);

    strcpy(cfg.in[0].spec.fmtp, "usedtx=1");
    return cfg;
}

/* An Opus sender with DTX: talks for n packets, then sends nothing. */
static void talk(struct line *l, int n)
{
    for (int i = 0; i < n; i++)
        line_step(l, true);
}

static void stop(struct line *l, uint32_t ms)
{
    l->now_us += (uint64_t)ms * MS;
    l->s.pkt.ts += ms * 48;
    rig_pass_time(l->t, &l->r, l->now_us - 1);
}

static void a_sender_that_stops_is_heard_as_noise_where_there_is_no_dtx(void **state)
{
    const struct transcoder_config cfg = dtx_config();
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    talk(&l, 10);
    stop(&l, 400);
    assert_in_range(l.r.n_audio, 10 + 13, 10 + 20);
    talk(&l, 1);
    assert_int_equal(l.r.end_ts, (10 + 20 + 1) * 160); /* noise and timeline agree */
    assert_int_equal(l.r.silence_ticks, 0);
    stop(&l, 5000);
    assert_in_range(l.r.n_audio, 31 + 60, 31 + 80); /* it has gone: no noise for ever */
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX);
    line_close(&l);
}

static void a_sender_that_stops_is_comfort_noise_where_it_was_negotiated(void **state)
{
    struct transcoder_config cfg = dtx_config();
    struct line l;

    (void)state;
    cfg.has_cn = true;
    line_open(&l, &cfg);
    talk(&l, 10);
    stop(&l, 400);
    assert_int_equal(l.r.n_audio, 10);
    assert_int_equal(l.r.n_cn, 1);
    assert_int_equal(l.r.last.ts, 10 * 160);
    assert_int_equal(l.r.last.n, COMFORT_NOISE_PAYLOAD);
    talk(&l, 1);
    assert_true(l.r.last.marker);
    assert_int_equal(l.r.last.ts, (10 + 20) * 160);
    stop(&l, 400);
    assert_int_equal(l.r.n_cn, 2);
    line_close(&l);
}

static void an_empty_opus_frame_says_at_once_that_the_sender_stops(void **state)
{
    static const uint8_t dtx[] = {0x08}; /* SILK, narrowband, 20 ms, no frame */
    const struct transcoder_config cfg = rig_config("opus", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    talk(&l, 5);
    line_put(&l, PT_OPUS, line_ts(&l), dtx, sizeof(dtx));
    assert_int_equal(transcoder_deadline_us(l.t), l.now_us + 30 * MS);
    line_close(&l);
}

static void a_burst_of_loss_is_not_taken_for_silence(void **state)
{
    struct transcoder_config cfg = dtx_config();
    struct line l;

    (void)state;
    cfg.has_cn = true;
    line_open(&l, &cfg);
    talk(&l, 10);
    line_step(&l, false);
    line_step(&l, false);
    line_step(&l, true); /* behind the gap: the sender goes on */
    rig_pass_time(l.t, &l.r, l.now_us + 20 * MS);
    assert_int_equal(l.r.n_cn, 0);
    assert_int_equal(l.r.n_audio, 13);
    line_close(&l);
}

/* Packets that come in heaps, 160 ms apart, as some senders and networks make them. */
static void a_sender_that_is_late_is_not_filled_with_noise(void **state)
{
    struct transcoder_config cfg = rig_config("opus", "PCMA", 30);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    for (int heap = 0; heap < 20; heap++) {
        rig_pass_time(l.t, &l.r, l.now_us);
        for (int i = 0; i < 8; i++) {
            line_step(&l, true);
            l.now_us -= 20 * MS;
        }
        l.now_us += 160 * MS;
    }
    assert_int_equal(l.r.end_ts, 160 * 160 / 240 * 240);
    assert_int_equal(l.r.n_marker, 1);
    line_close(&l);
}

/* n packets are held up somewhere and come all at once when the last of them is made. */
static void stall(struct line *l, unsigned n)
{
    l->now_us += n * 20ULL * MS;
    for (unsigned i = 0; i < n; i++) {
        line_step(l, true);
        l->now_us -= 20 * MS;
    }
}

/* By how much the output is longer than the input [ticks of the output]. */
static int32_t n_stretched(const struct line *l, uint32_t silence_ms)
{
    const uint32_t ticks_ms = l->r.codec->clock_hz / 1000;

    return (int32_t)(l->r.end_ts - (l->n_steps * 20 + silence_ms) * ticks_ms);
}

/* What was filled with noise in the belief that the sender had stopped is not played once more: the
 * output keeps the input's clock, stall after stall. */
static void a_stall_that_is_taken_for_silence_does_not_stretch_the_output(void **state)
{
    static const struct {
        const char *out;
        unsigned n_stalled; /* packets of 20 ms */
    } rows[] = {{"PCMA", 15}, {"G722", 15}, {"PCMA", 8}, {"SIREN", 25}, {"PCMA", 100}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct transcoder_config cfg = rig_config("opus", rows[i].out, 20);
        const int32_t packet = (int32_t)cfg.out.clock_hz / 50;
        uint32_t x = 4711 + (uint32_t)i;
        struct line l;

        strcpy(cfg.in[0].spec.fmtp, "usedtx=1");
        line_open(&l, &cfg);
        for (int n = 0; n < 20; n++) {
            x = x * 1664525 + 1013904223;
            talk(&l, 1 + (int)(x >> 27));
            stall(&l, rows[i].n_stalled);
            if (labs(n_stretched(&l, 0)) > packet)
                fail_msg("row %zu, stall %d: %d ticks", i, n, n_stretched(&l, 0));
        }
        assert_int_equal(l.r.silence_ticks, 0);
        assert_true(transcoder_stats(l.t)->late > 0);
        line_close(&l);
    }
}

/* The same behind a CN payload: it does not say how long the silence will be. */
static void a_stall_after_comfort_noise_does_not_stretch_the_output(void **state)
{
    static const uint8_t sid[] = {60};
    static const char *const outs[] = {"PCMA", "G722", "GSM"};

    (void)state;
    for (size_t i = 0; i < sizeof(outs) / sizeof(outs[0]); i++) {
        const struct transcoder_config cfg = rig_config("PCMU", outs[i], 20);
        struct line l;

        line_open(&l, &cfg);
        for (unsigned turn = 1; turn <= 10; turn++) {
            talk(&l, 10);
            line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
            l.s.pkt.ts += 200 * 8;
            rig_pass_time(l.t, &l.r, l.now_us += 200 * MS);
            stall(&l, 15);
            if (labs(n_stretched(&l, turn * 200)) > 160)
                fail_msg("%s, turn %u: %d ticks", outs[i], turn, n_stretched(&l, turn * 200));
        }
        assert_true(transcoder_stats(l.t)->late > 0);
        line_close(&l);
    }
}

/* Lync has numbers for CN at 8, 16 and 24 kHz, and sends any of them beside any codec. */
static void comfort_noise_of_any_clock_has_its_level(void **state)
{
    static const uint32_t clocks_hz[] = {8000, 16000, 24000};
    static const uint8_t sid[] = {30, 127, 100, 140}; /* -30 dBov, and a spectrum */
    static int16_t heard[16000];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (unsigned k = 0; k < 2; k++) {
            struct transcoder_config cfg = rig_config(k ? "SIREN" : "PCMU", "PCMA", 20);
            struct line l;
            double db;

            cfg.in[2].spec.clock_hz = clocks_hz[i];
            line_open(&l, &cfg);
            talk(&l, 10);
            line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
            l.r.pcm = heard;
            l.r.cap = sizeof(heard) / sizeof(heard[0]);
            l.r.pcm_ts = l.r.end_ts;
            rig_pass_time(l.t, &l.r, l.now_us + 1000 * MS);
            assert_in_range(l.r.n_pcm, 7500, 8300);
            db = 20 * log10(signal_rms(heard + 800, 6400) / 32767);
            if (fabs(db + 30) > 2)
                fail_msg("CN/%u beside %s: %.1f dBov", clocks_hz[i], k ? "SIREN" : "PCMU", db);
            line_close(&l);
        }
    }
}

/* A talkspurt that comes a little late is played from its beginning; what that is ahead by, the
 * next silence gives back. */
static void a_talkspurt_that_is_a_little_late_is_played_whole(void **state)
{
    const struct transcoder_config cfg = dtx_config();
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    talk(&l, 10);
    stop(&l, 400);
    l.now_us += 110 * MS;
    talk(&l, 10);
    assert_int_equal(transcoder_stats(l.t)->late, 0);
    assert_int_equal(n_stretched(&l, 400), 160);
    stop(&l, 400);
    talk(&l, 1);
    assert_int_equal(n_stretched(&l, 800), 0);
    line_close(&l);
}

static void comfort_noise_into_opus_with_dtx_is_hardly_sent(void **state)
{
    static const uint8_t sid[] = {65};
    struct transcoder_config cfg = rig_config("PCMU", "opus", 20);
    struct line l;

    (void)state;
    cfg.out_options.is_dtx = true;
    line_open(&l, &cfg);
    talk(&l, 50);
    for (int i = 0; i < 30; i++) { /* three seconds of it */
        line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
        l.now_us += 100 * MS;
        l.s.pkt.ts += 800;
    }
    rig_pass_time(l.t, &l.r, l.now_us - 1);
    assert_in_range(l.r.n_audio, 50, 50 + 60); /* of 150 frames */
    line_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_has_the_level_of_its_payload),
        cmocka_unit_test(noise_has_the_spectrum_of_its_payload),
        cmocka_unit_test(a_description_makes_the_same_noise_again),
        cmocka_unit_test(any_payload_makes_noise_that_stays_within_bounds),
        cmocka_unit_test(silence_and_full_scale_are_described),
        cmocka_unit_test(an_empty_payload_is_refused),
        cmocka_unit_test(a_sender_that_stops_is_heard_as_noise_where_there_is_no_dtx),
        cmocka_unit_test(a_sender_that_stops_is_comfort_noise_where_it_was_negotiated),
        cmocka_unit_test(an_empty_opus_frame_says_at_once_that_the_sender_stops),
        cmocka_unit_test(a_burst_of_loss_is_not_taken_for_silence),
        cmocka_unit_test(a_sender_that_is_late_is_not_filled_with_noise),
        cmocka_unit_test(a_stall_that_is_taken_for_silence_does_not_stretch_the_output),
        cmocka_unit_test(a_stall_after_comfort_noise_does_not_stretch_the_output),
        cmocka_unit_test(comfort_noise_of_any_clock_has_its_level),
        cmocka_unit_test(a_talkspurt_that_is_a_little_late_is_played_whole),
        cmocka_unit_test(comfort_noise_into_opus_with_dtx_is_hardly_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
