#include "codec/siren_codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/mlt.h"
#include "codec/ptime.h"
#include "codec/siren_codes.h"

enum { FRAMES_MAX = CODEC_PCM_MAX / MLT_SIZE, CONCEAL_MAX_MS = 120, NOISE_SEED = 1 };

/* Of a spectrum that is repeated, by how many frames in a row have been lost. The standard repeats
 * once and is silent then; a fade over what a repair may last is heard less. */
static const float fading[] = {1, 0.7f, 0.5f, 0.35f, 0.2f, 0.1f, 0};

struct codec_encoder {
    const struct siren_format *format;
    struct mlt mlt;
};

struct codec_decoder {
    const struct siren_format *format;
    struct mlt mlt;
    uint32_t n_lost; /* frames since the last good one */
    uint32_t seed;
    float last[MLT_SIZE]; /* the last good spectrum */
};

int siren_encoder_open(struct codec_encoder **ep, const struct codec_options *opt,
                       const struct siren_format *format)
{
    if (opt->pcm_rate_hz != 0 && opt->pcm_rate_hz != SIREN_RATE_HZ)
        return EINVAL;
    *ep = calloc(1, sizeof(**ep));
    if (!*ep)
        return ENOMEM;
    (*ep)->format = format;
    return 0;
}

int siren_decoder_open(struct codec_decoder **dp, uint32_t pcm_rate_hz,
                       const struct siren_format *format)
{
    struct codec_decoder *d;

    if (pcm_rate_hz != 0 && pcm_rate_hz != SIREN_RATE_HZ)
        return EINVAL;
    d = malloc(sizeof(*d));
    if (!d)
        return ENOMEM;
    d->format = format;
    siren_decoder_reset(d);
    *dp = d;
    return 0;
}

void siren_encoder_free(struct codec_encoder *e)
{
    free(e);
}

void siren_decoder_free(struct codec_decoder *d)
{
    free(d);
}

void siren_decoder_reset(struct codec_decoder *d)
{
    *d = (struct codec_decoder){.format = d->format, .seed = NOISE_SEED};
}

uint32_t siren_ticks(const struct siren_format *format, size_t n)
{
    if (n % format->n_bytes != 0 || n / format->n_bytes > FRAMES_MAX)
        return 0;
    return (uint32_t)(n / format->n_bytes) * MLT_SIZE;
}

uint32_t siren_ptime_ms(uint32_t wanted_ms, uint32_t longest_ms)
{
    const uint32_t ms = ptime_any(NULL, wanted_ms) / SIREN_FRAME_MS * SIREN_FRAME_MS;

    if (ms == 0)
        return SIREN_FRAME_MS;
    return ms < longest_ms ? ms : longest_ms;
}

int siren_encode(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    const uint32_t n = in->n_frames / MLT_SIZE;

    if (in->rate_hz != SIREN_RATE_HZ || in->n_channels != 1 || in->n_frames % MLT_SIZE != 0)
        return -EINVAL;
    if (n * e->format->n_bytes > cap)
        return -ENOBUFS;
    for (uint32_t i = 0; i < n; i++) {
        float samples[MLT_SIZE], spectrum[MLT_SIZE];

        for (unsigned k = 0; k < MLT_SIZE; k++)
            samples[k] = in->samples[i * MLT_SIZE + k];
        mlt_analyze(&e->mlt, samples, spectrum);
        siren_frame_write(e->format, spectrum, payload + i * e->format->n_bytes);
    }
    return (int)(n * e->format->n_bytes);
}

static int16_t sample_of(float x)
{
    x = x < INT16_MAX ? x : INT16_MAX;
    x = x > INT16_MIN ? x : INT16_MIN;
    return (int16_t)(x + (x < 0 ? -0.5f : 0.5f));
}

static void play(struct codec_decoder *d, const float spectrum[MLT_SIZE], int16_t pcm[MLT_SIZE])
{
    float samples[MLT_SIZE];

    mlt_synthesize(&d->mlt, spectrum, samples);
    for (unsigned k = 0; k < MLT_SIZE; k++)
        pcm[k] = sample_of(samples[k]);
}

static void play_lost(struct codec_decoder *d, int16_t pcm[MLT_SIZE])
{
    const uint32_t silent = sizeof(fading) / sizeof(fading[0]) - 1;
    const float gain = fading[d->n_lost < silent ? d->n_lost : silent];
    float spectrum[MLT_SIZE];

    for (unsigned k = 0; k < MLT_SIZE; k++)
        spectrum[k] = d->last[k] * gain;
    d->n_lost += d->n_lost < silent;
    play(d, spectrum, pcm);
}

/* @return whether it was a frame; if not, nothing has changed but the seed */
static bool play_frame(struct codec_decoder *d, const uint8_t *frame, int16_t pcm[MLT_SIZE])
{
    float spectrum[MLT_SIZE];

    if (!siren_frame_read(d->format, frame, spectrum, &d->seed))
        return false;
    memcpy(d->last, spectrum, sizeof(d->last));
    d->n_lost = 0;
    play(d, spectrum, pcm);
    return true;
}

/* @return the first good frame of a payload of n_frames; n_frames: none */
static uint32_t first_good(struct codec_decoder *d, const uint8_t *payload, uint32_t n_frames)
{
    float spectrum[MLT_SIZE];
    uint32_t i = 0;

    while (i < n_frames &&
           !siren_frame_read(d->format, payload + i * d->format->n_bytes, spectrum, &d->seed))
        i++;
    return i;
}

int siren_decode(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    const uint32_t n_frames = siren_ticks(d->format, n) / MLT_SIZE;
    uint32_t i = 0;

    pcm_set(out, 0, SIREN_RATE_HZ);
    if (n_frames == 0)
        return EBADMSG;
    if (!play_frame(d, payload, out->samples)) {
        if (first_good(d, payload, n_frames) == n_frames)
            return EBADMSG;
        play_lost(d, out->samples);
    }
    for (i = 1; i < n_frames; i++) {
        if (!play_frame(d, payload + i * d->format->n_bytes, out->samples + i * MLT_SIZE))
            play_lost(d, out->samples + i * MLT_SIZE);
    }
    pcm_set(out, n_frames * MLT_SIZE, SIREN_RATE_HZ);
    return 0;
}

int siren_conceal(struct codec_decoder *d, const uint8_t *next, size_t n, uint32_t n_frames,
                  struct pcm *out)
{
    uint32_t done = 0;

    (void)next; /* carries nothing of the packet before it */
    (void)n;
    pcm_set(out, 0, SIREN_RATE_HZ);
    if (n_frames > SIREN_RATE_HZ / 1000 * CONCEAL_MAX_MS)
        return EINVAL;
    for (; done + MLT_SIZE <= n_frames; done += MLT_SIZE)
        play_lost(d, out->samples + done);
    if (done < n_frames) { /* a sender that changes its packet time: not whole frames were lost */
        int16_t rest[MLT_SIZE];

        play_lost(d, rest);
        memcpy(out->samples + done, rest, (n_frames - done) * sizeof(*rest));
    }
    pcm_set(out, n_frames, SIREN_RATE_HZ);
    return 0;
}
