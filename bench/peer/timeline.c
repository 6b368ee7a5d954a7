#include "bench/peer/timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <speex/speex_resampler.h>

/* One codec that came. A stream changes its codec rarely, so the list is short. */
struct track {
    const struct codec *codec;
    struct codec_decoder *decoder;
    struct codec_spec spec;
    SpeexResamplerState *resampler; /* NULL: the decoder's rate is the record's */
    int64_t latency;                /* of the resampler, in samples of the record */
};

struct peer_timeline {
    struct sound record;
    uint32_t n_heard; /* samples of it that have been reached */
    struct track tracks[PEER_FORMATS_MAX];
    unsigned n_tracks;
    int16_t pcm[CODEC_PCM_MAX];
    int16_t wide[CODEC_PCM_MAX];
};

int peer_timeline_alloc(struct peer_timeline **tp, uint32_t rate_hz, uint32_t seconds)
{
    struct peer_timeline *t = calloc(1, sizeof(*t));
    if (!t)
        return ENOMEM;

    int err = sound_alloc(&t->record, rate_hz * seconds, rate_hz);
    if (err) {
        free(t);
        return err;
    }
    *tp = t;
    return 0;
}

void peer_timeline_free(struct peer_timeline *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->n_tracks; i++) {
        t->tracks[i].codec->decoder_free(t->tracks[i].decoder);
        if (t->tracks[i].resampler)
            speex_resampler_destroy(t->tracks[i].resampler);
    }
    sound_wipe(&t->record);
    free(t);
}

static int track_open(struct track *track, const struct codec_spec *spec, uint32_t rate_hz)
{
    int failed = 0;

    *track = (struct track){.codec = codec_find(spec), .spec = *spec};
    if (!track->codec)
        return ENOTSUP;
    uint32_t own_hz = track->codec->pcm_rate_hz < rate_hz ? track->codec->pcm_rate_hz : rate_hz;
    int err = track->codec->decoder_alloc(&track->decoder, spec, own_hz);
    if (err || own_hz == rate_hz)
        return err;

    track->resampler = speex_resampler_init(1, own_hz, rate_hz, 8, &failed);
    if (!track->resampler) {
        track->codec->decoder_free(track->decoder);
        return ENOMEM;
    }
    track->latency = speex_resampler_get_output_latency(track->resampler);
    return 0;
}

static int track_find(struct track **found, struct peer_timeline *t, const struct codec_spec *spec)
{
    for (unsigned i = 0; i < t->n_tracks; i++)
        if (codec_same(&t->tracks[i].spec, spec)) {
            *found = &t->tracks[i];
            return 0;
        }
    if (t->n_tracks == PEER_FORMATS_MAX)
        return ENOMEM;
    int err = track_open(&t->tracks[t->n_tracks], spec, t->record.rate_hz);
    if (!err)
        *found = &t->tracks[t->n_tracks++];
    return err;
}

static void record_write(struct peer_timeline *t, int64_t at, const int16_t *samples, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++, at++) {
        if (at < 0 || at >= (int64_t)t->record.n_samples)
            continue;
        t->record.samples[at] = samples[i];
        if (at >= (int64_t)t->n_heard)
            t->n_heard = (uint32_t)at + 1;
    }
}

int peer_timeline_put(struct peer_timeline *t, const struct peer_format *format, int64_t media_us,
                      const uint8_t *payload, size_t n)
{
    struct pcm pcm = {.samples = t->pcm};
    struct track *track;

    int err = track_find(&track, t, &format->spec);
    if (err)
        return err;
    err = track->codec->decode(track->decoder, payload, n, &pcm);
    if (err || pcm.n_channels != 1)
        return EBADMSG;

    uint32_t n_in = pcm.n_frames, n_out = CODEC_PCM_MAX;
    int16_t *samples = t->pcm;
    if (track->resampler) {
        speex_resampler_process_int(track->resampler, 0, t->pcm, &n_in, t->wide, &n_out);
        samples = t->wide;
    } else {
        n_out = n_in;
    }
    int64_t at = media_us * (int64_t)t->record.rate_hz / 1000000;
    record_write(t, at - track->latency, samples, n_out);
    return 0;
}

struct sound peer_timeline_heard(const struct peer_timeline *t)
{
    struct sound s = t->record;

    s.n_samples = t->n_heard;
    return s;
}
