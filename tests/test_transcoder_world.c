#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/* What the world does to a call besides losing packets: a network that stands still, a transfer in
 * the middle of a gap, comfort noise that is lost with the words around it, a peer that changes its
 * packet time. What is heard is compared, sample by sample or by its steps and levels. */

enum { RATE_HZ = 8000, SECONDS = 6, PT_OUT_RATE = RATE_HZ / 1000 };

static int16_t heard[RATE_HZ * SECONDS], undisturbed[RATE_HZ * SECONDS];

static void open_listening(struct line *l, const struct transcoder_config *cfg, int16_t *pcm)
{
    line_open(l, cfg);
    memset(pcm, 0, sizeof(heard));
    l->r.pcm = pcm;
    l->r.cap = sizeof(heard) / sizeof(heard[0]);
}

/* ---- a network that stands still ---- */

static void send_with_stalls(struct line *l, unsigned n_stalled)
{
    static struct {
        struct transcoder_packet pkt;
        uint8_t payload[CODEC_PAYLOAD_MAX];
    } queue[20];
    unsigned n_queued = 0;

    for (unsigned n = 0; n < 250; n++, l->now_us += 20 * MS) {
        const struct transcoder_packet *pkt =
            sender_next(&l->s, l->sound + (size_t)(n % 50) * l->s.n_frame);

        queue[n_queued].pkt = *pkt;
        memcpy(queue[n_queued].payload, pkt->payload, pkt->n);
        queue[n_queued].pkt.payload = queue[n_queued].payload;
        n_queued++;
        if (n % 50 < n_stalled)
            continue;
        rig_pass_time(l->t, &l->r, l->now_us);
        for (unsigned k = 0; k < n_queued; k++) {
            assert_int_equal(transcoder_put(l->t, &queue[k].pkt, SSRC, l->now_us), 0);
            rig_drain(l->t, &l->r, l->now_us);
        }
        n_queued = 0;
    }
}

/* 200 ms without a packet, then all at once: each is sent on as it was, and nothing is made up. */
static void a_stall_is_passed_on_and_not_repaired(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIG_N_FORMATS; i++) {
        const char *in = rig_formats[i].spec.name;
        const struct transcoder_config cfg = rig_config(in, "PCMU", 20);
        struct line l;

        for (unsigned is_stalled = 0; is_stalled < 2; is_stalled++) {
            open_listening(&l, &cfg, is_stalled ? heard : undisturbed);
            send_with_stalls(&l, is_stalled ? 10 : 0);
            assert_int_equal(transcoder_stats(l.t)->concealed + transcoder_stats(l.t)->late, 0);
            assert_int_equal(l.r.n_marker, 1);
            line_close(&l);
        }
        if (memcmp(heard, undisturbed, sizeof(heard)) != 0)
            fail_msg("%s sounds different after a stall", in);
    }
}

/* ---- a transfer in the middle of a gap ---- */

static void another_source_in_the_middle_of_a_gap_makes_no_click(void **state)
{
    static const char *const codecs[] = {"PCMU", "G722", "opus", "GSM", "G726-32", "SIREN"};

    (void)state;
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        const struct transcoder_config cfg = rig_config(codecs[i], "PCMU", 20);
        struct line l;
        int usual, worst;

        open_listening(&l, &cfg, heard);
        signal_sine(l.sound, l.s.rate_hz, l.s.rate_hz, 300, 8000);
        for (unsigned n = 0; n < 27; n++)
            line_step(&l, n != 24 && n != 25); /* one is held behind them */
        assert_int_equal(transcoder_stats(l.t)->lost, 0);
        usual = signal_largest_step(heard + 2000, 1600);
        sender_close(&l.s);
        sender_open(&l.s, codecs[i], 0, 20);
        l.s.pkt.seq = 40000;
        for (unsigned n = 0; n < 50; n++, l.now_us += 20 * MS) {
            rig_pass_time(l.t, &l.r, l.now_us);
            assert_int_equal(
                transcoder_put(l.t, sender_next(&l.s, l.sound + 7), SSRC + 1, l.now_us), 0);
            rig_drain(l.t, &l.r, l.now_us);
        }
        worst = signal_largest_step(heard + 2000, 8000);
        if (worst > 2 * usual + 600)
            fail_msg("%s: a step of %d, usual are %d", codecs[i], worst, usual);
        line_close(&l);
    }
}

/* ---- comfort noise in the middle of loss ---- */

enum { LAST_WORD = 1, THE_NOISE = 2, FIRST_WORD = 4, LOSSES = 8 };

/* A second of talk, half a second of silence that one CN packet describes, and talk again. */
static void talk_and_pause(struct line *l, unsigned lost)
{
    static const uint8_t quiet = 60; /* [-dBov] */

    for (unsigned n = 0; n < 50; n++)
        line_step(l, n < 49 || !(lost & LAST_WORD));
    if (lost & THE_NOISE)
        l->s.pkt.seq++;
    else
        assert_int_equal(line_put(l, PT_CN, line_ts(l), &quiet, 1), 0);
    l->s.pkt.ts += 500 * 8;
    l->now_us += 500 * MS;
    for (unsigned n = 0; n < 50; n++)
        line_step(l, n > 0 || !(lost & FIRST_WORD));
}

static void comfort_noise_in_the_middle_of_loss_keeps_time_and_level(void **state)
{
    (void)state;
    for (unsigned has_cn = 0; has_cn < 2; has_cn++) {
        for (unsigned lost = 0; lost < LOSSES; lost++) {
            struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
            const size_t step = RATE_HZ / 100;
            double usual;
            struct line l;

            cfg.has_cn = has_cn;
            open_listening(&l, &cfg, heard);
            signal_sine(l.sound, RATE_HZ, RATE_HZ, 300, 8000);
            talk_and_pause(&l, lost);
            rig_pass_time(l.t, &l.r, l.now_us + 40 * MS);
            usual = signal_rms(heard + 20 * step, step);
            for (size_t k = 0; k < 250; k++) {
                const double level = signal_rms(heard + k * step, step) / usual;
                const bool is_pause = k > 112 && k < 148; /* what was lost has faded by then */

                if (level > 1.3 || (is_pause && level > 0.1))
                    fail_msg("CN %s, lost %u: level %.2f after %zu ms", has_cn ? "passed" : "made",
                             lost, level, k * 10);
            }
            assert_in_range(l.r.end_ts, (2500 - 20) * PT_OUT_RATE, (2500 + 20) * PT_OUT_RATE);
            assert_in_range(signal_largest_step(heard, sizeof(heard) / sizeof(heard[0])), 0,
                            2 * signal_largest_step(heard + 2000, 1600) + 600);
            line_close(&l);
        }
    }
}

/* ---- a peer that changes its packet time ---- */

static void set_ptime(struct sender *s, uint32_t ptime_ms)
{
    const uint32_t before = s->ticks;

    s->n_frame = s->rate_hz / 1000 * ptime_ms;
    s->ticks = s->codec->clock_hz / 1000 * ptime_ms;
    s->pkt.ts += before - s->ticks; /* the next packet follows the one before it, not itself */
}

/* 20, 60, 10 ms and back, as a re-offer may ask for it; also while what goes out has 30. */
static void a_peer_that_changes_its_packet_time_is_followed(void **state)
{
    static const uint32_t times_ms[] = {20, 60, 10, 20};
    static const struct {
        const char *in;
        double purity_db;
    } rows[] = {{"PCMU", 30}, {"PCMA", 30}, {"G722", 25}, {"opus", 12}};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transcoder_config cfg =
            rig_config(rows[i / 2].in, "PCMA", i % 2 == 0 ? 20 : 30);
        struct line l;
        double db;

        open_listening(&l, &cfg, heard);
        signal_sine(l.sound, l.s.rate_hz, l.s.rate_hz, 500, 8000);
        for (size_t k = 0; k < sizeof(times_ms) / sizeof(times_ms[0]); k++) {
            set_ptime(&l.s, times_ms[k]);
            for (unsigned n = 0; n < 1200 / times_ms[k]; n++, l.now_us += times_ms[k] * 1000ULL) {
                rig_pass_time(l.t, &l.r, l.now_us);
                assert_int_equal(transcoder_put(l.t, sender_next(&l.s, l.sound), SSRC, l.now_us),
                                 0);
                rig_drain(l.t, &l.r, l.now_us);
            }
        }
        assert_int_equal(transcoder_stats(l.t)->concealed, 0);
        assert_int_equal(l.r.n_marker, 1);
        assert_int_equal(l.r.end_ts, 4800 * PT_OUT_RATE);
        db = signal_purity_db(heard + 4000, 32000, RATE_HZ, 500);
        if (db < rows[i / 2].purity_db)
            fail_msg("%s to %u ms: %.1f dB", rows[i / 2].in, cfg.out_options.ptime_ms, db);
        line_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stall_is_passed_on_and_not_repaired),
        cmocka_unit_test(another_source_in_the_middle_of_a_gap_makes_no_click),
        cmocka_unit_test(comfort_noise_in_the_middle_of_loss_keeps_time_and_level),
        cmocka_unit_test(a_peer_that_changes_its_packet_time_is_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
