#include <errno.h>
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

enum { PT_IN = 96, SEED = 20261122, TAIL_US = 200000 };

static const struct {
    double loss, burst;
} networks[] = {{0, 1}, {0.01, 1}, {0.03, 1}, {0.05, 1}, {0.10, 1}, {0.05, 3}, {0.10, 3}};
enum { N_NETWORKS = sizeof(networks) / sizeof(networks[0]) };

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

static struct lossy *network(unsigned i)
{
    static struct lossy net;
    const struct lossy_config cfg = {
        .seed = SEED, .loss = networks[i].loss, .burst = networks[i].burst};

    lossy_init(&net, &cfg);
    return &net;
}

static void pair_print(const struct coded *c, const struct codec_spec *out,
                       const struct sound *speech)
{
    printf("%-8s %-8s  direct %.3f  relayed", c->spec.name, out->name,
           plain(c, out, network(0), speech));
    for (unsigned i = 0; i < N_NETWORKS; i++)
        printf(" %.3f", relayed(c, out, network(i), speech));
    printf("  plain");
    for (unsigned i = 0; i < N_NETWORKS; i++)
        printf(" %.3f", plain(c, out, network(i), speech));
    printf("\n");
}

void bench_codec_sound(const struct sound *speech)
{
    printf("STOI at loss of");
    for (unsigned i = 0; i < N_NETWORKS; i++)
        printf(" %g %%%s", networks[i].loss * 100, networks[i].burst > 1 ? " in bursts of 3" : "");
    printf("\n");
    for (size_t i = 0; bench_codec_spec(i); i++) {
        struct coded c;

        coded_make(&c, bench_codec_spec(i), speech, 10);
        for (size_t k = 0; bench_codec_spec(k); k++) {
            if (i != k)
                pair_print(&c, bench_codec_spec(k), speech);
        }
        coded_free(&c);
    }
}
