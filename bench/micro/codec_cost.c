#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spandsp/telephony.h>
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>

#include "bench/micro/codec.h"
#include "codec/resample.h"

enum { RUNS = 5, PT_PCMU = 0, PT_PCMA = 8, PT_IN = 96, PT_OUT = 97, WIDE_HZ = 48000 };

static int16_t pcm_a[CODEC_PCM_MAX], pcm_b[CODEC_PCM_MAX];

static uint64_t cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct codec_options options_of(uint32_t pcm_rate_hz)
{
    return (struct codec_options){
        .pcm_rate_hz = pcm_rate_hz, .ptime_ms = 20, .bitrate = 24000, .complexity = 5};
}

uint32_t bench_common_rate(const struct codec *in, const struct codec *out)
{
    return in->pcm_rate_hz < out->pcm_rate_hz ? in->pcm_rate_hz : out->pcm_rate_hz;
}

struct transcoder *bench_transcoder(const struct codec_spec *in, const struct codec_spec *out)
{
    struct transcoder_config cfg = {.in = {{PT_IN, *in}},
                                    .n_in = 1,
                                    .out_pt = PT_OUT,
                                    .out = *out,
                                    .out_options = options_of(0)};
    struct transcoder *t = NULL;
    const int err = transcoder_alloc(&t, &cfg);

    if (err)
        bench_codec_die(out->name, err);
    return t;
}

/* ---- packets ---- */

void coded_make(struct coded *c, const struct codec_spec *spec, const struct sound *speech,
                uint8_t loss_percent)
{
    struct codec_options opt = options_of(0);
    struct codec_encoder *e = NULL;
    struct sound s = {0};

    c->codec = codec_find(spec);
    c->spec = *spec;
    opt.loss_percent = loss_percent;
    opt.pcm_rate_hz = c->codec->pcm_rate_hz > 16000 ? 16000 : c->codec->pcm_rate_hz;
    if (c->codec->encoder_alloc(&e, spec, &opt) || sound_resample(&s, speech, opt.pcm_rate_hz))
        bench_codec_die(spec->name, EINVAL);
    c->n = s.n_samples / (opt.pcm_rate_hz / 50);
    if (c->n == 0)
        bench_codec_die("the speech is shorter than a packet", EINVAL);
    c->ticks = c->codec->clock_hz / 50;
    c->packets = calloc(c->n, sizeof(*c->packets));
    if (!c->packets)
        bench_codec_die("packets", ENOMEM);
    for (unsigned i = 0; i < c->n; i++) {
        const struct pcm pcm = {.samples = s.samples + (size_t)i * opt.pcm_rate_hz / 50,
                                .n_frames = opt.pcm_rate_hz / 50,
                                .rate_hz = opt.pcm_rate_hz,
                                .n_channels = 1};
        const int n = c->codec->encode(e, &pcm, c->packets[i].payload, 400);

        c->packets[i].n = (uint16_t)(n > 0 ? n : 0);
    }
    c->codec->encoder_free(e);
    sound_wipe(&s);
}

void coded_free(struct coded *c)
{
    free(c->packets);
}

/* ---- the two sides ---- */

/* What a pair needs without anything around it. */
struct bare {
    const struct codec *in, *out;
    struct codec_decoder *decoder;
    struct codec_encoder *encoder;
    struct resample *resample; /* NULL: the decoder gives the encoder's rate */
    uint32_t rate_hz;          /* of the encoder */
};

/* The work that is compared, all packets of it, under names that callgrind can be told
 * (codec_instructions). */
void bench_codec_ready(void);
void bench_codec_bare(const struct bare *b, const struct coded *c);
void bench_codec_whole(struct transcoder *t, const struct coded *c);

static void bare_open(struct bare *b, const struct coded *c, const struct codec_spec *out)
{
    struct codec_options opt;
    uint32_t decoded_hz;

    b->in = c->codec;
    b->out = codec_find(out);
    b->rate_hz = decoded_hz = bench_common_rate(b->in, b->out);
    opt = options_of(b->rate_hz);
    if (b->out->encoder_alloc(&b->encoder, out, &opt)) {
        b->rate_hz = decoded_hz = b->out->pcm_rate_hz;
        opt = options_of(b->rate_hz);
        if (b->out->encoder_alloc(&b->encoder, out, &opt))
            bench_codec_die(out->name, EINVAL);
    }
    if (b->in->decoder_alloc(&b->decoder, &c->spec, decoded_hz)) {
        decoded_hz = b->in->pcm_rate_hz;
        if (b->in->decoder_alloc(&b->decoder, &c->spec, decoded_hz))
            bench_codec_die(c->spec.name, EINVAL);
    }
    if (decoded_hz != b->rate_hz && resample_alloc(&b->resample, decoded_hz, b->rate_hz))
        bench_codec_die("resample", ENOMEM);
}

static void bare_close(struct bare *b)
{
    b->in->decoder_free(b->decoder);
    b->out->encoder_free(b->encoder);
    resample_free(b->resample);
}

/* All that is allocated is allocated: the work comes next. */
__attribute__((noinline)) void bench_codec_ready(void)
{
    __asm__ volatile("");
}

/* G.711 is spandsp's here, a sample at a time, as it is mostly called: ours does several at once,
 * and beside that nothing would cost little. @return whether it was decoded */
static bool bare_decode(const struct bare *b, const struct coded_packet *p, struct pcm *pcm)
{
    if (b->in->static_pt != PT_PCMU && b->in->static_pt != PT_PCMA)
        return b->in->decode(b->decoder, p->payload, p->n, pcm) == 0;
    for (unsigned i = 0; i < p->n; i++)
        pcm->samples[i] = b->in->static_pt == PT_PCMU ? ulaw_to_linear(p->payload[i])
                                                      : alaw_to_linear(p->payload[i]);
    pcm->n_frames = p->n;
    pcm->rate_hz = 8000;
    pcm->n_channels = 1;
    return true;
}

static void bare_encode(const struct bare *b, const struct pcm *pcm, uint8_t *payload, size_t cap)
{
    if (b->out->static_pt != PT_PCMU && b->out->static_pt != PT_PCMA) {
        (void)b->out->encode(b->encoder, pcm, payload, cap);
        return;
    }
    for (unsigned i = 0; i < pcm->n_frames; i++)
        payload[i] = b->out->static_pt == PT_PCMU ? linear_to_ulaw(pcm->samples[i])
                                                  : linear_to_alaw(pcm->samples[i]);
    __asm__ volatile("" : : "r"(payload) : "memory"); /* somebody will read it */
}

__attribute__((noinline)) void bench_codec_bare(const struct bare *b, const struct coded *c)
{
    uint8_t payload[CODEC_PAYLOAD_MAX];

    for (unsigned i = 0; i < c->n; i++) {
        struct pcm pcm = {.samples = pcm_a};

        if (!bare_decode(b, &c->packets[i], &pcm))
            continue;
        if (b->resample) {
            pcm.n_frames = resample_run(b->resample, pcm_a, pcm.n_frames, pcm_b, CODEC_PCM_MAX);
            pcm.samples = pcm_b;
            pcm.rate_hz = b->rate_hz;
        }
        bare_encode(b, &pcm, payload, sizeof(payload));
    }
}

static uint64_t bare_run(const struct coded *c, const struct codec_spec *out)
{
    struct bare b = {0};
    uint64_t begin;

    bare_open(&b, c, out);
    bench_codec_ready();
    begin = cpu_ns();
    bench_codec_bare(&b, c);
    begin = cpu_ns() - begin;
    bare_close(&b);
    return begin / (c->n ? c->n : 1);
}

__attribute__((noinline)) void bench_codec_whole(struct transcoder *t, const struct coded *c)
{
    uint8_t payload[CODEC_PAYLOAD_MAX];

    for (unsigned i = 0; i < c->n; i++) {
        struct transcoder_packet pkt = {.pt = PT_IN,
                                        .seq = (uint16_t)i,
                                        .ts = i * c->ticks,
                                        .payload = c->packets[i].payload,
                                        .n = c->packets[i].n};

        transcoder_put(t, &pkt, 1, i * 20000ULL);
        while (transcoder_get(t, &pkt, payload, sizeof(payload), i * 20000ULL) == 0)
            ;
    }
}

static uint64_t transcoder_run(const struct coded *c, const struct codec_spec *out)
{
    struct transcoder *t = bench_transcoder(&c->spec, out);
    uint64_t spent;

    bench_codec_ready();
    spent = cpu_ns();
    bench_codec_whole(t, c);
    spent = cpu_ns() - spent;
    transcoder_free(t);
    return spent / (c->n ? c->n : 1);
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t runs[RUNS])
{
    qsort(runs, RUNS, sizeof(runs[0]), by_size);
    return runs[RUNS / 2];
}

static double compare(const struct coded *c, const struct codec_spec *out)
{
    uint64_t bare[RUNS], whole[RUNS];

    for (unsigned i = 0; i < RUNS; i++) {
        bare[i] = bare_run(c, out);
        whole[i] = transcoder_run(c, out);
    }
    printf("%-8s %-8s %9.2f %9.2f %7.3f\n", c->spec.name, out->name, (double)median(bare) / 1000,
           (double)median(whole) / 1000, (double)median(whole) / (double)median(bare));
    return (double)median(whole) / (double)median(bare);
}

static void once(const struct coded *c, const struct codec_spec *out)
{
    printf("%s %s %u\n", c->spec.name, out->name, c->n);
    (void)bare_run(c, out);
    (void)transcoder_run(c, out);
}

/* Each side of each pair once, for an instrument that counts. */
void bench_codec_once(const struct sound *speech)
{
    struct coded coded[BENCH_CODECS_MAX];
    size_t n = 0;

    for (; bench_codec_spec(n); n++)
        coded_make(&coded[n], bench_codec_spec(n), speech, 0);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            if (i != k)
                once(&coded[i], bench_codec_spec(k));
        }
    }
    while (n > 0)
        coded_free(&coded[--n]);
}

void bench_codec_cost(const struct sound *speech)
{
    double worst = 0;

    printf("%-8s %-8s %9s %9s %7s\n", "from", "to", "bare us", "whole us", "ratio");
    for (size_t i = 0; bench_codec_spec(i); i++) {
        struct coded c;

        coded_make(&c, bench_codec_spec(i), speech, 0);
        for (size_t k = 0; bench_codec_spec(k); k++) {
            const double ratio = i == k ? 0 : compare(&c, bench_codec_spec(k));

            worst = ratio > worst ? ratio : worst;
        }
        coded_free(&c);
    }
    printf("worst ratio %.3f\n", worst);
}

/* ---- through 48 kHz ---- */

/* G.711 to Opus as relays do it that know one rate: decode, to 48 kHz, encode. */
static uint64_t wide_run(const struct coded *c, const struct codec_spec *out)
{
    const struct codec_options opt = options_of(WIDE_HZ);
    const struct codec *opus = codec_find(out);
    uint8_t payload[CODEC_PAYLOAD_MAX];
    struct codec_decoder *d = NULL;
    struct codec_encoder *e = NULL;
    struct resample *r = NULL;
    uint64_t begin;

    if (c->codec->decoder_alloc(&d, &c->spec, 8000) || opus->encoder_alloc(&e, out, &opt) ||
        resample_alloc(&r, 8000, WIDE_HZ))
        bench_codec_die("48 kHz", ENOMEM);
    begin = cpu_ns();
    for (unsigned i = 0; i < c->n; i++) {
        struct pcm pcm = {.samples = pcm_a};

        if (c->codec->decode(d, c->packets[i].payload, c->packets[i].n, &pcm))
            continue;
        resample_run(r, pcm_a, pcm.n_frames, pcm_b, WIDE_HZ / 50);
        pcm = (struct pcm){
            .samples = pcm_b, .n_frames = WIDE_HZ / 50, .rate_hz = WIDE_HZ, .n_channels = 1};
        (void)opus->encode(e, &pcm, payload, sizeof(payload));
    }
    begin = cpu_ns() - begin;
    c->codec->decoder_free(d);
    opus->encoder_free(e);
    resample_free(r);
    return begin / (c->n ? c->n : 1);
}

void bench_codec_rate(const struct sound *speech)
{
    const struct codec_spec opus = {"opus", 48000, 2, ""}, pcmu = {"PCMU", 8000, 1, ""};
    uint64_t narrow[RUNS], wide[RUNS];
    struct coded c;

    coded_make(&c, &pcmu, speech, 0);
    for (unsigned i = 0; i < RUNS; i++) {
        narrow[i] = transcoder_run(&c, &opus);
        wide[i] = wide_run(&c, &opus);
    }
    printf("PCMU to Opus, complexity 5, 24 kbit/s, a frame of 20 ms:\n"
           "at 8 kHz, whole transcoder %.1f us; bare codecs through 48 kHz %.1f us; ratio %.3f\n",
           (double)median(narrow) / 1000, (double)median(wide) / 1000,
           (double)median(narrow) / (double)median(wide));
    coded_free(&c);
}
