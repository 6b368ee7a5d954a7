#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/* Codecs whose RTP clock is 16000 between those of 8000 and 48000, with what Lync sends beside
 * them: CN at their clock, telephone-event at 8000. */

enum { SECONDS = 2 };

static const struct {
    const char *in, *out;
    double least_db; /* purity of a tone; that of the poorer codec */
} pairs[] = {
    {"SIREN", "opus", 15},  {"opus", "SIREN", 15},  {"SIREN", "PCMU", 15}, {"PCMU", "SIREN", 15},
    {"SIREN", "G722", 15},  {"G722", "SIREN", 15},  {"G7221", "opus", 15}, {"opus", "G7221", 15},
    {"G7221", "SIREN", 15}, {"SIREN", "G7221", 15}, {"G7221", "PCMA", 15}, {"GSM", "G7221", 10},
};
enum { N_PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

static int16_t said[48000 * SECONDS], heard[48000 * (SECONDS + 1)];

/* A tone of 1 kHz, each end at its codec's own rate. */
static void run_tone(const struct transcoder_config *cfg, const char *in, const char *out,
                     uint32_t ptime_ms, struct receiver *r)
{
    struct transcoder *t = rig_open(cfg);
    struct sender s;
    uint64_t now_us = 0;

    sender_open(&s, in, 0, ptime_ms);
    receiver_open(r, out, 0, heard, sizeof(heard) / sizeof(heard[0]));
    signal_sine(said, (size_t)s.rate_hz * SECONDS, s.rate_hz, 1000, 8000);
    for (size_t at = 0; at + s.n_frame <= (size_t)s.rate_hz * SECONDS; at += s.n_frame) {
        assert_int_equal(transcoder_put(t, sender_next(&s, said + at), SSRC, now_us), 0);
        rig_drain(t, r, now_us);
        now_us += (uint64_t)ptime_ms * MS;
    }
    assert_int_equal(transcoder_stats(t)->concealed, 0);
    sender_close(&s);
    receiver_close(r);
    transcoder_free(t);
}

static void a_tone_keeps_its_pitch_level_and_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_PAIRS; i++) {
        const struct transcoder_config cfg = rig_config(pairs[i].in, pairs[i].out, 20);
        struct receiver r;
        double purity_db, level_db;
        uint32_t hz;

        run_tone(&cfg, pairs[i].in, pairs[i].out, 20, &r);
        hz = r.rate_hz;
        assert_int_equal(r.n_audio, 50 * SECONDS);
        assert_int_equal(r.n_marker, 1);
        assert_int_equal(r.silence_ticks, 0);
        assert_int_equal(r.end_ts, SECONDS * cfg.out.clock_hz);
        purity_db = signal_purity_db(heard + hz / 2, hz, hz, 1000);
        level_db = 20 * log10(signal_rms(heard + hz / 2, hz) / (8000 / sqrt(2)));
        if (purity_db < pairs[i].least_db || fabs(level_db) > 1.5)
            fail_msg("%s to %s: purity %.1f dB, level %.1f dB", pairs[i].in, pairs[i].out,
                     purity_db, level_db);
    }
}

/* SIREN takes two frames in a packet at the most, so 60 ms become 40. */
static void packet_times_are_made_to_fit(void **state)
{
    static const uint32_t rows[][3] = {{20, 40, 40}, {40, 20, 20}, {20, 60, 40}, {40, 30, 20}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transcoder_config cfg = rig_config("G7221", "SIREN", rows[i][1]);
        struct receiver r;

        run_tone(&cfg, "G7221", "SIREN", rows[i][0], &r);
        assert_int_equal(r.n_audio, SECONDS * 1000 / rows[i][2]);
        assert_int_equal(r.end_ts, SECONDS * 16000);
    }
}

/* Five packets of a digit of 100 ms, its time stamp where the audio stopped. */
static void dial(struct line *l, uint32_t ts)
{
    for (uint32_t k = 1; k <= 5; k++)
        line_event(l, 4, k == 5, k * 160, ts);
}

static void a_digit_at_8000_beside_siren_becomes_one_at_48000(void **state)
{
    const struct transcoder_config cfg = rig_config("SIREN", "opus", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    dial(&l, line_ts(&l));
    l.s.pkt.ts += 5 * 320; /* the audio that was not sent meanwhile */
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    assert_true(l.r.n_event >= 5);
    for (unsigned i = 0; i < l.r.n_event; i++) {
        assert_int_equal(l.r.events[i].code, 4);
        assert_int_equal(l.r.event_ts[i], 5 * 960);
        assert_int_equal(l.r.events[i].duration, (i < 4 ? i + 1 : 5) * 960);
    }
    assert_int_equal(l.r.end_ts, 15 * 960);
    assert_int_equal(transcoder_stats(l.t)->concealed, 0);
    line_close(&l);
}

/* Time stamps are of the one line of time that the stream has; durations count the event's clock.
 */
static void a_digit_to_siren_counts_in_8000(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "SIREN", 20);
    struct line l;

    (void)state;
    cfg.event_clock_hz = 8000;
    line_open(&l, &cfg);
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    dial(&l, line_ts(&l));
    l.s.pkt.ts += 5 * 160;
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    assert_true(l.r.n_event >= 5);
    for (unsigned i = 0; i < l.r.n_event; i++) {
        assert_int_equal(l.r.event_ts[i], 5 * 320);
        assert_int_equal(l.r.events[i].duration, (i < 4 ? i + 1 : 5) * 160);
    }
    assert_int_equal(l.r.end_ts, 15 * 320);
    line_close(&l);
}

/* A pause with a description of its noise is no loss: numbers go on, time leaps. */
static void comfort_noise_at_16000_is_a_pause(void **state)
{
    static const uint8_t level[] = {60};
    struct transcoder_config cfg = rig_config("SIREN", "opus", 20);
    struct line l;

    (void)state;
    cfg.in[2] = (struct transcoder_format){PT_CN, {"CN", 16000, 1, ""}};
    line_open(&l, &cfg);
    for (int i = 0; i < 10; i++)
        line_step(&l, true);
    assert_int_equal(line_put(&l, PT_CN, line_ts(&l), level, sizeof(level)), 0);
    rig_pass_time(l.t, &l.r, l.now_us += 400 * MS);
    l.s.pkt.ts += 20 * 320;
    for (int i = 0; i < 10; i++)
        line_step(&l, true);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    assert_int_equal(transcoder_stats(l.t)->concealed, 0);
    assert_int_equal(l.r.end_ts, 40 * 960);
    line_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_keeps_its_pitch_level_and_time),
        cmocka_unit_test(packet_times_are_made_to_fit),
        cmocka_unit_test(a_digit_at_8000_beside_siren_becomes_one_at_48000),
        cmocka_unit_test(a_digit_to_siren_counts_in_8000),
        cmocka_unit_test(comfort_noise_at_16000_is_a_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
