#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/micro/codec.h"
#include "bench/sound/score.h"
#include "codec/resample.h"
#include "tests/sim/lossy.h"

/*
 * The sender's leg loses packets; what the relay sends arrives. Three sounds are scored (STOI, see
 * score.h) against the speech: the codecs called directly without a network ("direct"), what the
 * transcoder made of it ("relayed"), and what decode-what-arrives makes of it ("plain": silence
 * where nothing came, no FEC, no concealment), through the same two codecs.
 */

enum { PT_IN = 96, SEED = 20261122, N_SEEDS = 8, TAIL_US = 200000 };

static const struct {
    const char *title;
    double loss, burst;
} networks[] = {
    {"0 %", 0, 1},
    {"1 %", 0.01, 1},
    {"3 %", 0.03, 1},
    {"5 %", 0.05, 1},
    {"10 %", 0.10, 1},
    {"5 %, bursts of 3", 0.05, 3},
    {"10 %, bursts of 3", 0.10, 3},
};
enum { N_NETWORKS = sizeof(networks) / sizeof(networks[0]) };

/* Of one source codec: what repair gave, by network and run, as the mean over all it went to. */
struct gains {
    unsigned n_runs, n_pairs;
    double gain[N_NETWORKS]
               [N_SEEDS * BENCH_SPEECHES_MAX]; /* relayed less plain, summed over pairs */
    double damage[N_NETWORKS];                 /* direct less plain, likewise, of all */
};

/* What the receiver hears, on the output's timeline. */
struct listener {
    const struct codec *codec;
    struct codec_decoder *decoder;
    struct sound heard;
};

static void listener_open(struct listener *l, const struct codec_spec *spec, unsigned n_packets)
{
    l->codec = codec_find(spec);
    if (l->codec->decoder_alloc(&l->decoder, spec, 0) ||
        sound_alloc(&l->heard, (n_packets + 20) * (l->codec->pcm_rate_hz / 50),
                    l->codec->pcm_rate_hz))
        bench_codec_die(spec->name, ENOMEM);
}

static void listener_close(struct listener *l)
{
    l->codec->decoder_free(l->decoder);
    sound_wipe(&l->heard);
}

static void listen(struct listener *l, uint32_t ts, const uint8_t *payload, size_t n)
{
    static int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};
    const uint64_t at = (uint64_t)ts * l->heard.rate_hz / l->codec->clock_hz;

    if (l->codec->decode(l->decoder, payload, n, &pcm) || at + pcm.n_frames > l->heard.n_samples)
        return;
    memcpy(l->heard.samples + at, room, pcm.n_frames * sizeof(room[0]));
}

static double score_of(const struct listener *l, const struct sound *speech)
{
    struct score s;

    if (score_compare(&s, speech, &l->heard))
        bench_codec_die("score", EINVAL);
    return s.stoi;
}

/* ---- relayed ---- */

static void drain(struct transcoder *t, struct listener *l, uint64_t now_us)
{
    uint8_t buf[CODEC_PAYLOAD_MAX];
    struct transcoder_packet out;

    while (transcoder_get(t, &out, buf, sizeof(buf), now_us) == 0)
        listen(l, out.ts, out.payload, out.n);
}

static void arrive(struct transcoder *t, struct listener *l, const struct coded *c, unsigned i,
                   uint64_t now_us)
{
    const struct transcoder_packet pkt = {.pt = PT_IN,
                                          .seq = (uint16_t)i,
                                          .ts = i * c->ticks,
                                          .payload = c->packets[i].payload,
                                          .n = c->packets[i].n};

    while (transcoder_deadline_us(t) <= now_us)
        drain(t, l, transcoder_deadline_us(t));
    transcoder_put(t, &pkt, 1, now_us);
    drain(t, l, now_us);
}

static double relayed(const struct coded *c, const struct codec_spec *out, struct lossy *net,
                      const struct sound *speech)
{
    struct transcoder *t = bench_transcoder(&c->spec, out);
    struct listener l;
    uint64_t now_us = 0;
    double stoi;

    listener_open(&l, out, c->n);
    for (unsigned i = 0; i < c->n; i++, now_us += 20000) {
        unsigned k;

        (void)lossy_send(net, &i, sizeof(i), now_us);
        while (lossy_receive(net, &k, sizeof(k), now_us) == sizeof(k))
            arrive(t, &l, c, k, now_us);
    }
    for (uint64_t end_us = now_us + TAIL_US; transcoder_deadline_us(t) <= end_us;)
        drain(t, &l, transcoder_deadline_us(t));
    stoi = score_of(&l, speech);
    listener_close(&l);
    transcoder_free(t);
    return stoi;
}

/* ---- plain, and without a network ---- */

static double plain(const struct coded *c, const struct codec_spec *out, struct lossy *net,
                    const struct sound *speech)
{
    const struct codec *codec = codec_find(out);
    const uint32_t rate_hz = codec->pcm_rate_hz;
    struct codec_options opt = {
        .pcm_rate_hz = rate_hz, .ptime_ms = 20, .bitrate = 24000, .complexity = 5};
    struct codec_encoder *e = NULL;
    struct listener first, second;
    struct sound at_rate = {0};
    uint8_t payload[CODEC_PAYLOAD_MAX];
    double stoi;

    listener_open(&first, &c->spec, c->n);
    for (unsigned i = 0, k; i < c->n; i++) {
        (void)lossy_send(net, &i, sizeof(i), i * 20000ULL);
        while (lossy_receive(net, &k, sizeof(k), i * 20000ULL) == sizeof(k))
            listen(&first, k * c->ticks, c->packets[k].payload, c->packets[k].n);
    }
    if (codec->encoder_alloc(&e, out, &opt) || sound_resample(&at_rate, &first.heard, rate_hz))
        bench_codec_die(out->name, ENOMEM);
    listener_open(&second, out, c->n);
    for (unsigned i = 0; i < c->n; i++) {
        const struct pcm pcm = {.samples = at_rate.samples + (size_t)i * rate_hz / 50,
                                .n_frames = rate_hz / 50,
                                .rate_hz = rate_hz,
                                .n_channels = 1};
        const int n = codec->encode(e, &pcm, payload, sizeof(payload));

        if (n > 0)
            listen(&second, i * (codec->clock_hz / 50), payload, (size_t)n);
    }
    stoi = score_of(&second, speech);
    codec->encoder_free(e);
    sound_wipe(&at_rate);
    listener_close(&first);
    listener_close(&second);
    return stoi;
}

static struct lossy *network(unsigned i, unsigned seed)
{
    static struct lossy net;
    const struct lossy_config cfg = {
        .seed = SEED + seed, .loss = networks[i].loss, .burst = networks[i].burst};

    lossy_init(&net, &cfg);
    return &net;
}

/* ---- tables ---- */

/* One cell: the means over all runs of relayed and of plain. */
static void cell_print(const struct speeches *in, const struct coded *coded,
                       const struct codec_spec *out, unsigned i, struct gains *g,
                       const double *direct)
{
    const unsigned n_seeds = networks[i].loss > 0 ? N_SEEDS : 1; /* without loss all are the same */
    double sum_relayed = 0, sum_plain = 0;

    for (unsigned n = 0; n < in->n; n++) {
        for (unsigned seed = 0; seed < n_seeds; seed++) {
            const double r = relayed(&coded[n], out, network(i, seed), &in->speech[n]);
            const double p = plain(&coded[n], out, network(i, seed), &in->speech[n]);

            sum_relayed += r;
            sum_plain += p;
            g->gain[i][n * N_SEEDS + seed] += r - p;
            g->damage[i] += direct[n] - p;
        }
    }
    printf(" %.3f / %.3f |", sum_relayed / (in->n * n_seeds), sum_plain / (in->n * n_seeds));
}

static void pair_print(const struct speeches *in, const struct coded *coded,
                       const struct codec_spec *out, struct gains *g)
{
    double direct[BENCH_SPEECHES_MAX], sum = 0;

    for (unsigned n = 0; n < in->n; n++)
        sum += direct[n] = plain(&coded[n], out, network(0, 0), &in->speech[n]);
    printf("| %s | %s | %.3f |", coded->spec.name, out->name, sum / in->n);
    for (unsigned i = 0; i < N_NETWORKS; i++)
        cell_print(in, coded, out, i, g, direct);
    printf("\n");
    fflush(stdout);
    g->n_pairs++;
}

static void head_print(const char *first)
{
    printf("%s", first);
    for (unsigned i = 0; i < N_NETWORKS; i++)
        printf(" %s |", networks[i].title);
    printf("\n");
}

/* Mean, twice its standard error over the runs, and how much of the damage is undone. */
static void gains_print(const struct gains *g, const char *name)
{
    printf("| %s |", name);
    for (unsigned i = 0; i < N_NETWORKS; i++) {
        double sum = 0, squares = 0, mean, variance;
        unsigned n_better = 0;

        for (unsigned k = 0; k < g->n_runs; k++) {
            const double gain = g->gain[i][k] / g->n_pairs;

            sum += gain;
            squares += gain * gain;
            n_better += gain > 0;
        }
        mean = sum / g->n_runs;
        variance = (squares - g->n_runs * mean * mean) / (g->n_runs - 1);
        if (networks[i].loss > 0)
            printf(" %+.3f ±%.3f, %.0f %%, %u/%u |", mean, 2 * sqrt(fmax(variance, 0) / g->n_runs),
                   100 * sum * g->n_pairs / g->damage[i], n_better, g->n_runs);
        else
            printf(" |");
    }
    printf("\n");
}

void bench_codec_sound(const struct speeches *in)
{
    static struct gains gains[BENCH_CODECS_MAX];
    struct coded coded[BENCH_SPEECHES_MAX];

    printf("STOI, relayed / plain; mean of %u runs (%u speakers, %d seeds)\n\n", in->n * N_SEEDS,
           in->n, N_SEEDS);
    head_print("| from | to | direct |");
    printf("|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; bench_codec_spec(i); i++) {
        gains[i].n_runs = in->n * N_SEEDS;
        for (unsigned n = 0; n < in->n; n++)
            coded_make(&coded[n], bench_codec_spec(i), &in->speech[n], 10);
        for (size_t k = 0; bench_codec_spec(k); k++) {
            if (i != k)
                pair_print(in, coded, bench_codec_spec(k), &gains[i]);
        }
        for (unsigned n = 0; n < in->n; n++)
            coded_free(&coded[n]);
    }
    printf("\nWhat repair gives: relayed less plain, ± twice the standard error; how much of what "
           "loss took\nfrom direct; in how many runs it was better. Mean over all codecs it went "
           "to.\n\n");
    head_print("| from |");
    printf("|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; bench_codec_spec(i); i++)
        gains_print(&gains[i], bench_codec_spec(i)->name);
}
