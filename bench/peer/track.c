#include "bench/peer/track.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <speex/speex_resampler.h>

#define RESAMPLE_QUALITY 8

static void track_free(struct peer_track *t)
{
    t->codec->decoder_free(t->decoder);
    if (t->resampler)
        speex_resampler_destroy(t->resampler);
    free(t);
}

void peer_tracks_wipe(struct peer_tracks *t)
{
    for (unsigned i = 0; i < t->n; i++)
        track_free(t->track[i]);
    *t = (struct peer_tracks){0};
}

static int track_open(struct peer_track *t, const struct codec_spec *spec, uint32_t rate_hz)
{
    int failed = 0;

    t->codec = codec_find(spec);
    t->spec = *spec;
    t->rate_hz = rate_hz;
    if (!t->codec)
        return ENOTSUP;
    t->own_hz = t->codec->pcm_rate_hz < rate_hz ? t->codec->pcm_rate_hz : rate_hz;
    int err = t->codec->decoder_alloc(&t->decoder, spec, t->own_hz);
    if (err || t->own_hz == rate_hz)
        return err;

    t->resampler = speex_resampler_init(1, t->own_hz, rate_hz, RESAMPLE_QUALITY, &failed);
    if (t->resampler)
        return 0;
    t->codec->decoder_free(t->decoder);
    return ENOMEM;
}

int peer_tracks_find(struct peer_track **found, struct peer_tracks *t,
                     const struct codec_spec *spec, uint32_t rate_hz)
{
    for (unsigned i = 0; i < t->n; i++)
        if (codec_same(&t->track[i]->spec, spec)) {
            *found = t->track[i];
            return 0;
        }
    if (t->n == PEER_FORMATS_MAX)
        return ENOMEM;
    struct peer_track *made = calloc(1, sizeof(*made));
    if (!made)
        return ENOMEM;
    int err = track_open(made, spec, rate_hz);
    if (err) {
        free(made);
        return err;
    }
    *found = t->track[t->n++] = made;
    return 0;
}

/* Brings what the decoder wrote to the listener's rate. @return samples in pcm */
static uint32_t widen(struct peer_track *t, const struct pcm *from, int16_t *pcm)
{
    uint32_t n_in = from->n_frames, n_out = CODEC_PCM_MAX;

    if (!t->resampler) {
        memcpy(pcm, from->samples, n_in * sizeof(*pcm));
        return n_in;
    }
    speex_resampler_process_int(t->resampler, 0, from->samples, &n_in, pcm, &n_out);
    return n_out;
}

int peer_track_decode(struct peer_track *t, const uint8_t *payload, size_t n_bytes, int16_t *pcm,
                      uint32_t *n)
{
    struct pcm out = {.samples = t->own_pcm};

    if (t->codec->decode(t->decoder, payload, n_bytes, &out) != 0 || out.n_channels != 1)
        return EBADMSG;
    *n = widen(t, &out, pcm);
    return 0;
}

int peer_track_conceal(struct peer_track *t, const uint8_t *next, size_t n_bytes, uint32_t n_ticks,
                       int16_t *pcm, uint32_t *n)
{
    struct pcm out = {.samples = t->own_pcm};
    uint32_t n_frames = (uint32_t)((uint64_t)n_ticks * t->own_hz / t->spec.clock_hz);

    *n = 0;
    int err = t->codec->conceal(t->decoder, next, n_bytes, n_frames, &out);
    if (err == EINVAL || out.n_channels != 1)
        return EINVAL;
    *n = widen(t, &out, pcm);
    return err;
}

int64_t peer_track_latency(const struct peer_track *t)
{
    return t->resampler ? speex_resampler_get_output_latency(t->resampler) : 0;
}
