/* What a frame of 20 ms costs in SIREN and in G.722.1, encoder and decoder, on one core.
 *
 *     bench_siren tests/vectors/speech_a.wav
 *
 * Each figure is the median of five runs over the sound, which has to be of 16 kHz. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/sound/wav.h"
#include "codec/codec.h"

enum { FRAME = 320, ROUNDS = 5, PASSES = 20, FRAME_BYTES_MAX = 80 };

static const struct codec_spec formats[] = {
    {.name = "SIREN", .clock_hz = 16000, .fmtp = "bitrate=16000"},
    {.name = "G7221", .clock_hz = 16000, .fmtp = "bitrate=24000"},
    {.name = "G7221", .clock_hz = 16000, .fmtp = "bitrate=32000"},
};

struct run {
    const struct codec *codec;
    struct codec_encoder *encoder;
    struct codec_decoder *decoder;
    struct sound sound;
    uint32_t n_frames;
    uint8_t *bytes;
    uint32_t frame_bytes;
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void encode_all(struct run *r)
{
    for (uint32_t i = 0; i < r->n_frames; i++) {
        const struct pcm in = {.samples = r->sound.samples + i * FRAME,
                               .n_frames = FRAME,
                               .rate_hz = 16000,
                               .n_channels = 1};

        r->codec->encode(r->encoder, &in, r->bytes + i * r->frame_bytes, r->frame_bytes);
    }
}

static void decode_all(struct run *r)
{
    int16_t samples[FRAME];

    for (uint32_t i = 0; i < r->n_frames; i++) {
        struct pcm out = {.samples = samples};

        r->codec->decode(r->decoder, r->bytes + i * r->frame_bytes, r->frame_bytes, &out);
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* @return the median of the runs [us a frame] */
static double measure(struct run *r, void (*work)(struct run *r))
{
    double us[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        const double begin = now_us();

        for (unsigned k = 0; k < PASSES; k++)
            work(r);
        us[i] = (now_us() - begin) / PASSES / r->n_frames;
    }
    qsort(us, ROUNDS, sizeof(us[0]), compare);
    return us[ROUNDS / 2];
}

static int run_format(struct run *r, const struct codec_spec *spec)
{
    const struct codec_options opt = {0};
    double encode_us, decode_us;
    int err;

    r->codec = codec_find(spec);
    r->frame_bytes = r->codec->bitrate / 50 / 8;
    err = r->codec->encoder_alloc(&r->encoder, spec, &opt);
    if (err)
        return err;
    err = r->codec->decoder_alloc(&r->decoder, spec, 0);
    if (!err) {
        encode_us = measure(r, encode_all);
        decode_us = measure(r, decode_all);
        printf("%s %s: encoder %.2f us, decoder %.2f us, together %.2f us a frame\n", spec->name,
               spec->fmtp, encode_us, decode_us, encode_us + decode_us);
        r->codec->decoder_free(r->decoder);
    }
    r->codec->encoder_free(r->encoder);
    return err;
}

int main(int argc, char **argv)
{
    struct run r = {0};
    int err;

    if (argc != 2) {
        fprintf(stderr, "usage: bench_siren SPEECH.wav (16 kHz)\n");
        return 2;
    }
    err = wav_read(&r.sound, argv[1]);
    if (err || r.sound.rate_hz != 16000) {
        fprintf(stderr, "%s: %s\n", argv[1], err ? strerror(err) : "not of 16 kHz");
        return 1;
    }
    r.n_frames = r.sound.n_samples / FRAME;
    r.bytes = calloc(r.n_frames + 1, FRAME_BYTES_MAX);
    for (size_t i = 0; !err && r.bytes && i < sizeof(formats) / sizeof(formats[0]); i++)
        err = run_format(&r, &formats[i]);
    free(r.bytes);
    sound_wipe(&r.sound);
    return err != 0;
}
