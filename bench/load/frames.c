#include "bench/load/frames.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

#define N_FRAMES   100 /* of 20 ms */
#define RATE_HZ    8000
#define FRAME      (RATE_HZ / 50)
#define PITCH_HZ   140.0
#define HARMONICS  20
#define SYLLABLE_S 0.25

struct load_frames {
    struct load_frame frames[N_FRAMES];
};

/* Harmonics of a pitch that wanders, under a formant, in syllables with pauses between them. */
static int16_t voice_at(unsigned i)
{
    double t = (double)i / RATE_HZ, sum = 0;
    double loudness = fmax(0, sin(2 * M_PI * t / (2 * SYLLABLE_S)));
    double phase = 2 * M_PI * PITCH_HZ * t + 3 * sin(2 * M_PI * 1.5 * t);

    for (unsigned k = 1; k <= HARMONICS; k++)
        sum += sin(k * phase) / (1 + fabs(k * PITCH_HZ - 600) / 200);
    return (int16_t)(3000 * loudness * sum);
}

static int frames_encode(struct load_frames *f, const struct codec *c, struct codec_encoder *e)
{
    int16_t samples[FRAME];
    struct pcm pcm = {.samples = samples, .n_frames = FRAME, .rate_hz = RATE_HZ, .n_channels = 1};

    for (unsigned i = 0; i < N_FRAMES; i++) {
        for (unsigned j = 0; j < FRAME; j++)
            samples[j] = voice_at(i * FRAME + j);
        int n = c->encode(e, &pcm, f->frames[i].bytes, LOAD_FRAME_MAX);
        if (n <= 0)
            return EINVAL;
        f->frames[i].n = (size_t)n;
    }
    return 0;
}

int load_frames_alloc(struct load_frames **fp, const char *rtpmap)
{
    const struct codec *c = codec_find_name(rtpmap, strcspn(rtpmap, "/"));
    struct codec_options options = {.pcm_rate_hz = RATE_HZ, .ptime_ms = 20};
    struct codec_spec spec = {.n_channels = 1};
    struct codec_encoder *e = NULL;
    struct load_frames *f = calloc(1, sizeof(*f));

    if (!f)
        return ENOMEM;
    if (c) {
        memcpy(spec.name, rtpmap, strcspn(rtpmap, "/")); /* shorter than c->name's maximum */
        spec.clock_hz = c->clock_hz;
        spec.n_channels = c->n_channels;
    }
    int err = c ? c->encoder_alloc(&e, &spec, &options) : EINVAL;
    if (!err)
        err = frames_encode(f, c, e);
    if (c)
        c->encoder_free(e);
    if (err)
        load_frames_free(f);
    else
        *fp = f;
    return err;
}

void load_frames_free(struct load_frames *f)
{
    free(f);
}

const struct load_frame *load_frames_at(const struct load_frames *f, uint64_t number)
{
    return &f->frames[number % N_FRAMES];
}
