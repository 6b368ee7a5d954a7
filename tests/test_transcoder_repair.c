#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/lossy.h"
#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/* What a listener must not notice: packet times that do not fit, clocks that drift, sources that
 * jump, and bursts of loss. */

enum { SECONDS_MAX = 12 };
static int16_t heard[16000 * SECONDS_MAX];

/* A sine of whole periods in 10 ms, so that any packet time continues it. */
static void fill_sine(struct line *l, double hz)
{
    signal_sine(l->sound, l->s.rate_hz, l->s.rate_hz, hz, 8000);
}

/* ---- an hour ---- */

/* Each of the last seconds of an hour is as pure a sine as the first one was. */
static void a_sine_of_an_hour_stays_a_sine(void **state)
{
    static const struct {
        const char *in, *out;
        uint32_t in_ms, out_ms;
        double purity_db;
    } rows[] = {
        {"PCMU", "PCMA", 30, 20, 30}, {"PCMA", "PCMU", 20, 30, 30}, {"PCMU", "G722", 50, 40, 12},
        {"G722", "PCMU", 10, 60, 25}, {"G722", "PCMA", 60, 10, 25},
    };
    static int16_t sound[8000];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transcoder_config cfg = rig_config(rows[i].in, rows[i].out, rows[i].out_ms);
        const uint32_t n_packets = 3600 * 1000 / rows[i].in_ms;
        struct transcoder *t = rig_open(&cfg);
        uint64_t now_us = 0;
        struct sender s;
        struct receiver r;
        double db;

        sender_open(&s, rows[i].in, 8000, rows[i].in_ms);
        receiver_open(&r, rows[i].out, 8000, NULL, 0);
        signal_sine(sound, 8000, 8000, 500, 8000);
        for (uint32_t n = 0; n < n_packets; n++, now_us += rows[i].in_ms * 1000ULL) {
            if (n == n_packets - 2000 / rows[i].in_ms) { /* the last two seconds are listened to */
                r.pcm = heard;
                r.cap = sizeof(heard) / sizeof(heard[0]);
                r.pcm_ts = r.end_ts;
            }
            transcoder_put(t, sender_next(&s, sound), SSRC, now_us);
            rig_drain(t, &r, now_us);
        }
        assert_int_equal(r.n_marker, 1);
        assert_int_equal(r.silence_ticks, 0);
        assert_int_equal(transcoder_stats(t)->concealed, 0);
        assert_in_range(r.end_ts, 3600U * 8000 - 60 * 8, 3600U * 8000);
        db = signal_purity_db(heard + 4000, 8000, 8000, 500);
        if (db < rows[i].purity_db)
            fail_msg("%s %u ms to %s %u ms: %.1f dB", rows[i].in, rows[i].in_ms, rows[i].out,
                     rows[i].out_ms, db);
        sender_close(&s);
        receiver_close(&r);
        transcoder_free(t);
    }
}

/* ---- clocks ---- */

/* A sender whose clock is off by 300 ppm: its packets come ever earlier or later against ours. In
 * an hour that is more than a second, and nothing of it may be heard or held back. */
static void a_drifting_sender_is_followed(void **state)
{
    static const int ppm[] = {300, -300};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
        struct line l;

        line_open(&l, &cfg);
        for (uint32_t n = 0; n < 180000; n++) {
            line_step(&l, true);
            assert_int_equal(l.r.n_audio, n + 1); /* at once, each */
            l.now_us = (uint64_t)((n + 1) * 20000.0 * (1 + ppm[i] * 1e-6));
        }
        assert_int_equal(l.r.n_marker, 1);
        assert_int_equal(l.r.end_ts, 180000 * 160);
        assert_int_equal(transcoder_stats(l.t)->concealed + transcoder_stats(l.t)->late, 0);
        line_close(&l);
    }
}

/* ---- jumps ---- */

static void a_jump_of_the_source_is_followed_without_silence(void **state)
{
    static const struct {
        const char *why;
        uint16_t seq;
        uint32_t ts, ssrc;
        unsigned lost; /* packets that may go before the new source is believed */
    } rows[] = {
        {"SSRC", 0, 0, 1, 0},
        {"SSRC, numbers and time", 40000, 0x7fffffff, 1, 0},
        {"time stamp forward", 0, 5000000, 0, 0},
        {"time stamp backward", 0, 0 - 5000000U, 0, 0},
        {"numbers: RFC 3550 A.1 wants two", 20000, 0, 0, 1},
        {"numbers and time", 20000, 77777777, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
        struct line l;
        unsigned expected = 20;

        line_open(&l, &cfg);
        fill_sine(&l, 500);
        for (int n = 0; n < 20; n++)
            line_step(&l, true);
        l.s.pkt.seq = (uint16_t)(l.s.pkt.seq + rows[i].seq);
        l.s.pkt.ts += rows[i].ts;
        for (unsigned n = 0; n < 20; n++) {
            transcoder_put(l.t, sender_next(&l.s, l.sound), SSRC + rows[i].ssrc, l.now_us);
            rig_drain(l.t, &l.r, l.now_us);
            l.now_us += 20 * MS;
            expected += n >= rows[i].lost;
            if (l.r.n_audio != expected)
                fail_msg("%s: packet %u, %u of %u", rows[i].why, n, l.r.n_audio, expected);
        }
        assert_int_equal(l.r.silence_ticks, 0); /* in one timeline */
        line_close(&l);
    }
}

static void after_hold_the_pause_is_in_the_time_stamps(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    l.now_us += 30000ULL * MS; /* held; the sender's clock stands still meanwhile */
    l.s.pkt.seq = 9;
    l.s.pkt.ts = 5;
    transcoder_put(l.t, sender_next(&l.s, l.sound), SSRC + 1, l.now_us);
    rig_drain(l.t, &l.r, l.now_us);
    assert_int_equal(l.r.n_audio, 2);
    assert_true(l.r.last.marker);
    assert_in_range(l.r.end_ts, 30 * 8000, 30 * 8000 + 480);
    line_close(&l);
}

/* ---- bursts ---- */

/* The level of 10 ms each: after a burst it is back at once, during it it only fades. */
static void check_levels(const char *codec, unsigned n_lost, const int16_t *pcm, uint32_t rate_hz,
                         size_t lost_at)
{
    const size_t step = rate_hz / 100;
    const double usual = signal_rms(pcm + lost_at - 4 * step, 4 * step);
    const size_t burst = (size_t)n_lost * 2;

    for (size_t k = 0; k < burst + 20; k++) {
        const double level = signal_rms(pcm + lost_at + k * step, step) / usual;

        if (level > 1.5)
            fail_msg("%s, %u lost: %zu ms after, level %.2f", codec, n_lost, k * 10, level);
        if (k > burst + 4 && level < 0.6)
            fail_msg("%s, %u lost: %zu ms after, still %.2f", codec, n_lost, k * 10, level);
        /* Opus has a delay of its own, and fades a sine, which no voice is, sooner */
        if (k < 2 && level < 0.5 && strcmp(codec, "opus") != 0)
            fail_msg("%s, %u lost: silent after %zu ms", codec, n_lost, k * 10);
    }
}

static void a_burst_makes_no_click_and_no_jump_of_level(void **state)
{
    static const char *const codecs[] = {"PCMU", "G722", "opus", "GSM", "G726-32"};

    (void)state;
    for (size_t c = 0; c < sizeof(codecs) / sizeof(codecs[0]); c++) {
        for (unsigned n_lost = 1; n_lost <= 6; n_lost++) { /* 20 to 120 ms */
            for (unsigned hz = 150; hz <= 450; hz += 100) {
                const struct transcoder_config cfg = rig_config(codecs[c], "PCMU", 20);
                size_t lost_at;
                struct line l;
                int usual, worst;

                line_open(&l, &cfg);
                fill_sine(&l, hz);
                memset(heard, 0, sizeof(heard));
                l.r.pcm = heard;
                l.r.cap = sizeof(heard) / sizeof(heard[0]);
                for (unsigned n = 0; n < 50; n++)
                    line_step(&l, n < 25 || n >= 25 + n_lost);
                lost_at = 25 * 160;
                usual = signal_largest_step(heard + 2000, 2000);
                worst = signal_largest_step(heard + lost_at - 40, n_lost * 160 + 400);
                if (worst > 2 * usual + 600)
                    fail_msg("%s, %u lost, %u Hz: a step of %d, usual are %d", codecs[c], n_lost,
                             hz, worst, usual);
                check_levels(codecs[c], n_lost, heard, 8000, lost_at);
                assert_int_equal(l.r.end_ts, 50 * 160);
                line_close(&l);
            }
        }
    }
}

/* ---- the end of a talkspurt ---- */

static void the_end_of_a_talkspurt_is_not_kept_back(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 30);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    for (int i = 0; i < 4; i++)
        line_step(&l, true); /* 80 ms: two frames and 20 ms */
    assert_int_equal(l.r.n_audio, 2);
    rig_pass_time(l.t, &l.r, l.now_us + 180 * MS);
    assert_int_equal(l.r.n_audio, 2); /* a late packet may still come */
    rig_pass_time(l.t, &l.r, l.now_us + 220 * MS);
    assert_int_equal(l.r.n_audio, 3);
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX);
    l.now_us += 920 * MS; /* a second later it goes on, as if nothing had been filled */
    l.s.pkt.ts += 920 * 8;
    for (int i = 0; i < 3; i++)
        line_step(&l, true);
    assert_int_equal(l.r.end_ts, (1000 + 60) * 8);
    line_close(&l);
}

/* ---- several bad things at once ---- */

static void every_pair_survives_bad_networks(void **state)
{
    static const uint32_t times_ms[] = {10, 20, 30, 60};
    static struct lossy net;
    unsigned seed = 0;

    (void)state;
    for (size_t i = 0; i < RIG_N_CODECS; i++) {
        for (size_t k = 0; k < RIG_N_CODECS; k++) {
            const char *in = rig_formats[i].spec.name, *out = rig_formats[k].spec.name;
            const uint32_t out_ms = times_ms[(i + k) % 4];
            const struct transcoder_config cfg = rig_config(in, out, out_ms);
            const struct lossy_config bad = {.seed = seed + 1,
                                             .loss = 0.05,
                                             .burst = 3,
                                             .duplicate = 0.02,
                                             .reorder = 0.05,
                                             .reorder_us = 30 * MS,
                                             .jitter_us = 15 * MS};
            struct line l;
            unsigned n_sent = 0;

            seed++;
            line_open(&l, &cfg);
            lossy_init(&net, &bad);
            for (; n_sent < 500; n_sent++) {
                const struct transcoder_packet *pkt =
                    sender_next(&l.s, l.sound + (size_t)(n_sent % 50) * l.s.n_frame);
                struct {
                    uint32_t seq, ts, n;
                    uint8_t payload[400];
                } wire = {.seq = pkt->seq, .ts = pkt->ts, .n = (uint32_t)pkt->n};

                memcpy(wire.payload, pkt->payload, pkt->n);
                assert_int_equal(lossy_send(&net, &wire, sizeof(wire), l.now_us), 0);
                l.now_us += 20 * MS;
                for (uint64_t at; (at = lossy_deadline_us(&net)) < l.now_us;) {
                    struct transcoder_packet got = {.pt = pkt->pt};

                    rig_pass_time(l.t, &l.r, at);
                    lossy_receive(&net, &wire, sizeof(wire), at);
                    got.seq = (uint16_t)wire.seq;
                    got.ts = wire.ts;
                    got.payload = wire.payload;
                    got.n = wire.n;
                    transcoder_put(l.t, &got, SSRC, at);
                    rig_drain(l.t, &l.r, at);
                }
            }
            rig_pass_time(l.t, &l.r, l.now_us + 100 * MS);
            /* ten seconds, give or take what was lost at both ends and the last frame */
            assert_in_range(l.r.end_ts / (l.r.codec->clock_hz / 1000), 9700, 10160);
            assert_true(transcoder_stats(l.t)->lost > 0);
            line_close(&l);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sine_of_an_hour_stays_a_sine),
        cmocka_unit_test(a_drifting_sender_is_followed),
        cmocka_unit_test(a_jump_of_the_source_is_followed_without_silence),
        cmocka_unit_test(after_hold_the_pause_is_in_the_time_stamps),
        cmocka_unit_test(a_burst_makes_no_click_and_no_jump_of_level),
        cmocka_unit_test(the_end_of_a_talkspurt_is_not_kept_back),
        cmocka_unit_test(every_pair_survives_bad_networks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
