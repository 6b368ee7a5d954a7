#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/lossy.h"
#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/*
 * Every codec to every codec, from every packet time to every packet time, over bad networks and
 * from senders whose clocks are off. One seed a cell, so that each run is the same. By default each
 * pair of codecs has six pairs of packet times, in a way that each pair of times has its share of
 * codecs; PICRELAY_LONG_TESTS runs all 36 and for longer.
 */

enum { N_TIMES = 6, N_CELLS = N_TIMES * N_TIMES, RATE_MAX = 48000, WIRE_MAX = 700 };

static const uint32_t times_ms[N_TIMES] = {10, 20, 30, 40, 50, 60};

static bool is_long(void)
{
    return getenv("PICRELAY_LONG_TESTS") != NULL;
}

/* ---- one cell ---- */

struct cell {
    const char *in, *out;
    uint32_t in_ms, out_ms; /* as the codecs can do them */
    int ppm;                /* how much faster the sender's clock is than ours */
    uint32_t seed, length_ms;
    bool is_lossy;

    struct transcoder *t;
    struct sender s;
    struct receiver r;
    struct lossy net;
    int16_t sound[RATE_MAX];  /* a second of speech, said again and again */
    uint64_t n_first, n_last; /* of the packets that came */
    uint64_t n_sent;
    bool has_come;
};

struct wire {
    uint64_t n_sent;
    uint32_t seq, ts, n;
    uint8_t payload[WIRE_MAX];
};

static uint32_t time_of(const char *codec, uint32_t wanted_ms)
{
    const struct codec_spec *spec = &rig_format(codec)->spec;

    return codec_find(spec)->ptime_ms(spec, wanted_ms);
}

static uint64_t sent_at_us(const struct cell *c, uint64_t n)
{
    return (uint64_t)((double)(n * c->in_ms * MS) * (1 - c->ppm * 1e-6));
}

static void cell_open(struct cell *c)
{
    const struct transcoder_config cfg = rig_config(c->in, c->out, c->out_ms);
    const struct lossy_config bad = {.seed = c->seed + 1,
                                     .loss = 0.04,
                                     .burst = 1 + c->seed % 3,
                                     .duplicate = 0.02,
                                     .reorder = 0.04,
                                     .reorder_us = 25 * MS,
                                     .jitter_us = 10 * MS};

    lossy_init(&c->net, c->is_lossy ? &bad : &(struct lossy_config){.seed = 1});
    c->t = rig_open(&cfg);
    sender_open(&c->s, c->in, 0, c->in_ms);
    receiver_open(&c->r, c->out, 0, NULL, 0);
    signal_speech(c->sound, c->s.rate_hz, c->s.rate_hz, 8000);
}

static void cell_close(struct cell *c)
{
    sender_close(&c->s);
    receiver_close(&c->r);
    transcoder_free(c->t);
}

static void send_next(struct cell *c)
{
    const uint64_t per_second = c->s.rate_hz / c->s.n_frame;
    int16_t *said = c->sound + c->n_sent % per_second * c->s.n_frame;
    const struct transcoder_packet *pkt = sender_next(&c->s, said);
    struct wire w = {.n_sent = c->n_sent, .seq = pkt->seq, .ts = pkt->ts, .n = (uint32_t)pkt->n};

    assert_in_range(pkt->n, 1, WIRE_MAX);
    memcpy(w.payload, pkt->payload, pkt->n);
    assert_int_equal(lossy_send(&c->net, &w, sizeof(w), sent_at_us(c, c->n_sent)), 0);
    c->n_sent++;
}

static void arrive_until(struct cell *c, uint64_t until_us)
{
    struct transcoder_packet got = {.pt = rig_format(c->in)->pt};
    struct wire w;

    for (uint64_t at_us; (at_us = lossy_deadline_us(&c->net)) < until_us;) {
        rig_pass_time(c->t, &c->r, at_us);
        (void)lossy_receive(&c->net, &w, sizeof(w), at_us);
        if (!c->has_come)
            c->n_first = w.n_sent; /* what it has overtaken is late */
        c->has_come = true;
        c->n_last = w.n_sent > c->n_last ? w.n_sent : c->n_last;
        got.seq = (uint16_t)w.seq;
        got.ts = w.ts;
        got.payload = w.payload;
        got.n = w.n;
        transcoder_put(c->t, &got, SSRC, at_us);
        rig_drain(c->t, &c->r, at_us);
    }
}

/* Time in the output is time in the input, whatever was lost, late, doubled, or on another clock:
 * short of what was lost at the ends, and of a frame that is not full (or has been filled). */
static void expect_time_kept(const struct cell *c)
{
    const uint64_t said_ms = (c->n_last - c->n_first + 1) * c->in_ms;
    const uint64_t heard_ms = c->r.end_ts / (c->r.codec->clock_hz / 1000);

    if (heard_ms + 2 * c->out_ms < said_ms || heard_ms > said_ms + 2 * c->out_ms)
        fail_msg("%s %u ms to %s %u ms, seed %u: %u ms were sent and %u heard", c->in, c->in_ms,
                 c->out, c->out_ms, c->seed, (unsigned)said_ms, (unsigned)heard_ms);
    assert_int_equal(c->r.n_audio * (uint64_t)c->out_ms * (c->r.codec->clock_hz / 1000) +
                         c->r.silence_ticks,
                     c->r.end_ts);
}

static void cell_run(struct cell *c)
{
    const struct transcoder_stats *stats;

    cell_open(c);
    while (c->n_sent * c->in_ms < c->length_ms) {
        arrive_until(c, sent_at_us(c, c->n_sent));
        send_next(c);
    }
    arrive_until(c, UINT64_MAX);
    rig_pass_time(c->t, &c->r, sent_at_us(c, c->n_sent) + 1000 * MS);
    expect_time_kept(c);
    stats = transcoder_stats(c->t);
    assert_int_equal(stats->bad_payload, 0);
    assert_true(c->is_lossy || stats->lost + stats->late + stats->concealed == 0);
    cell_close(c);
}

static void every_pair_of_codecs_keeps_time_at_every_pair_of_packet_times(void **state)
{
    static struct cell c;
    const unsigned step = is_long() ? 1 : N_TIMES;

    (void)state;
    for (unsigned i = 0; i < RIG_N_FORMATS * RIG_N_FORMATS; i++) {
        for (unsigned k = is_long() ? 0 : i % N_TIMES; k < N_CELLS; k += step) {
            c = (struct cell){.in = rig_formats[i / RIG_N_FORMATS].spec.name,
                              .out = rig_formats[i % RIG_N_FORMATS].spec.name,
                              .ppm = i % 2 ? 300 : -300,
                              .seed = i * N_CELLS + k,
                              .length_ms = is_long() ? 6000 : 1500,
                              .is_lossy = true};
            c.in_ms = time_of(c.in, times_ms[(k / N_TIMES + k) % N_TIMES]);
            c.out_ms = time_of(c.out, times_ms[k / N_TIMES]);
            cell_run(&c);
        }
    }
}

/* An hour of media, without loss: nothing is made up for what a clock gains or loses in it, which
 * is more than a second. */
static void an_hour_of_a_clock_that_is_off_is_followed(void **state)
{
    static struct cell c;
    const unsigned n = is_long() ? 2 * N_CELLS : 4;

    (void)state;
    for (unsigned k = 0; k < n; k++) {
        const unsigned at = is_long() ? k / 2 : 7 * k + 1;

        c = (struct cell){.in = "PCMU",
                          .out = "PCMA",
                          .in_ms = times_ms[at % N_TIMES],
                          .out_ms = times_ms[at / N_TIMES],
                          .ppm = k % 2 ? 300 : -300,
                          .seed = k,
                          .length_ms = 3600 * 1000};
        cell_run(&c);
    }
}

/* The same of each codec as a source, for as long as its encoders can be waited for. */
static void no_codec_drifts_from_a_clock_that_is_off(void **state)
{
    static struct cell c;

    (void)state;
    for (unsigned i = 0; i < RIG_N_FORMATS * 2; i++) {
        c = (struct cell){.in = rig_formats[i / 2].spec.name,
                          .out = i % 4 < 2 ? "PCMU" : "G722",
                          .ppm = i % 2 ? 300 : -300,
                          .seed = i,
                          .length_ms = is_long() ? 3600 * 1000 : 60 * 1000};
        c.in_ms = time_of(c.in, times_ms[i % N_TIMES]);
        c.out_ms = time_of(c.out, times_ms[(i + 1) % N_TIMES]);
        cell_run(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_codecs_keeps_time_at_every_pair_of_packet_times),
        cmocka_unit_test(an_hour_of_a_clock_that_is_off_is_followed),
        cmocka_unit_test(no_codec_drifts_from_a_clock_that_is_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
