#include "bench/load/frames.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/impair.h"
#include "codec/codec.h"

#define FRAMES_A_SECOND 50
#define VOICE_S         2
#define PITCH_HZ        140.0
#define HARMONICS       20
#define SYLLABLE_S      0.25
#define BREATH          0.6

struct load_frames {
    struct sound sound; /* n frames of it */
    uint32_t n;
    struct load_frame *frames;
};

/* Harmonics of a pitch that wanders, under a formant, and breath, in syllables with pauses between
 * them. The breath is in all bands: where there is nothing, any codec's noise would be all there
 * is. */
static int16_t voice_at(double t, uint64_t *random)
{
    double sum = BREATH * (load_random(random) - 0.5);
    double loudness = fmax(0, sin(2 * M_PI * t / (2 * SYLLABLE_S)));
    double phase = 2 * M_PI * PITCH_HZ * t + 3 * sin(2 * M_PI * 1.5 * t);

    for (unsigned k = 1; k <= HARMONICS; k++)
        sum += sin(k * phase) / (1 + fabs(k * PITCH_HZ - 600) / 200);
    return (int16_t)(3000 * loudness * sum);
}

static int voice_make(struct sound *s, uint32_t rate_hz)
{
    int err = sound_alloc(s, VOICE_S * rate_hz, rate_hz);
    uint64_t random = 1;

    for (uint32_t i = 0; i < s->n_samples && !err; i++)
        s->samples[i] = voice_at((double)i / rate_hz, &random);
    return err;
}

/* @return NULL: no such codec */
static const struct codec *codec_of(struct codec_spec *spec, const struct load_format *format)
{
    const char *map = format->rtpmap;
    size_t n_name = strcspn(map, "/");

    *spec = (struct codec_spec){.n_channels = 1};
    if (n_name >= sizeof(spec->name))
        return NULL;
    memcpy(spec->name, map, n_name);
    if (map[n_name])
        spec->clock_hz = (uint32_t)strtoul(map + n_name + 1, NULL, 10);
    if (strstr(map, "/2"))
        spec->n_channels = 2;
    if (format->fmtp)
        strncpy(spec->fmtp, format->fmtp, sizeof(spec->fmtp) - 1);
    return codec_find(spec);
}

/* Opus works at 16 kHz here, as a relay does that transcodes to wide-band telephony. */
static uint32_t rate_of(const struct codec *c)
{
    return c->pcm_rate_hz > 16000 ? 16000 : c->pcm_rate_hz;
}

static int frames_encode(struct load_frames *f, const struct codec *c, struct codec_encoder *e)
{
    uint32_t n_samples = f->sound.rate_hz / FRAMES_A_SECOND;

    for (uint32_t i = 0; i < f->n; i++) {
        struct pcm pcm = {.samples = f->sound.samples + (size_t)i * n_samples,
                          .n_frames = n_samples,
                          .rate_hz = f->sound.rate_hz,
                          .n_channels = 1};
        int n = c->encode(e, &pcm, f->frames[i].bytes, LOAD_FRAME_MAX);

        if (n <= 0)
            return EINVAL;
        f->frames[i].n = (size_t)n;
    }
    return 0;
}

static int frames_make(struct load_frames *f, const struct codec *c, const struct codec_spec *spec,
                       const struct sound *speech)
{
    struct codec_options options = {.pcm_rate_hz = rate_of(c), .ptime_ms = 20};
    struct codec_encoder *e = NULL;

    int err =
        speech ? sound_resample(&f->sound, speech, rate_of(c)) : voice_make(&f->sound, rate_of(c));
    if (err)
        return err;
    f->n = f->sound.n_samples / (f->sound.rate_hz / FRAMES_A_SECOND);
    f->frames = calloc(f->n ? f->n : 1, sizeof(*f->frames));
    if (!f->frames)
        return ENOMEM;
    err = f->n ? c->encoder_alloc(&e, spec, &options) : EINVAL;
    if (!err)
        err = frames_encode(f, c, e);
    c->encoder_free(e);
    return err;
}

int load_frames_alloc(struct load_frames **fp, const struct load_format *format,
                      const struct sound *speech)
{
    struct codec_spec spec;
    const struct codec *c = codec_of(&spec, format);

    if (!c)
        return EINVAL;
    struct load_frames *f = calloc(1, sizeof(*f));
    if (!f)
        return ENOMEM;
    int err = frames_make(f, c, &spec, speech);
    if (err)
        load_frames_free(f);
    else
        *fp = f;
    return err;
}

void load_frames_free(struct load_frames *f)
{
    if (!f)
        return;
    sound_wipe(&f->sound);
    free(f->frames);
    free(f);
}

const struct load_frame *load_frames_at(const struct load_frames *f, uint64_t number)
{
    return &f->frames[number % f->n];
}

int load_frames_sound(struct sound *said, const struct load_frames *f, uint64_t first, uint32_t n)
{
    uint32_t n_samples = f->sound.rate_hz / FRAMES_A_SECOND;

    int err = sound_alloc(said, n * n_samples, f->sound.rate_hz);
    for (uint32_t i = 0; i < n && !err; i++)
        memcpy(said->samples + (size_t)i * n_samples,
               f->sound.samples + (size_t)((first + i) % f->n) * n_samples,
               n_samples * sizeof(*said->samples));
    return err;
}

static void frame_decode(const struct codec *c, struct codec_decoder *d,
                         const struct load_frame *frames, uint32_t i, uint32_t n, struct pcm *out)
{
    const struct load_frame *f = &frames[i], *next = i + 1 < n && frames[i + 1].n ? f + 1 : NULL;

    if (f->n && c->decode(d, f->bytes, f->n, out) == 0)
        return;
    (void)c->conceal(d, next ? next->bytes : NULL, next ? next->n : 0, rate_of(c) / FRAMES_A_SECOND,
                     out);
}

int load_frames_decode(struct sound *heard, const struct load_format *format,
                       const struct load_frame *frames, uint32_t n)
{
    struct codec_spec spec;
    const struct codec *c = codec_of(&spec, format);
    struct codec_decoder *d = NULL;
    struct pcm out = {.samples = calloc(CODEC_PCM_MAX, sizeof(int16_t))};

    int err = !c ? EINVAL : !out.samples ? ENOMEM : c->decoder_alloc(&d, &spec, rate_of(c));
    uint32_t n_samples = c ? rate_of(c) / FRAMES_A_SECOND : 0;
    if (!err)
        err = sound_alloc(heard, n * n_samples, rate_of(c));
    for (uint32_t i = 0; i < n && !err; i++) {
        frame_decode(c, d, frames, i, n, &out);
        if (out.n_frames == n_samples && out.n_channels == 1)
            memcpy(heard->samples + (size_t)i * n_samples, out.samples,
                   n_samples * sizeof(*out.samples));
    }
    if (c)
        c->decoder_free(d);
    free(out.samples);
    return err;
}
