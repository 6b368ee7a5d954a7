#include "bench/peer/timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peer/track.h"

struct peer_timeline {
    struct sound record;
    uint32_t n_heard; /* samples of it that have been reached */
    struct peer_tracks tracks;
    int16_t pcm[CODEC_PCM_MAX];
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
    peer_tracks_wipe(&t->tracks);
    sound_wipe(&t->record);
    free(t);
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
    struct peer_track *track;
    uint32_t n_out;

    int err = peer_tracks_find(&track, &t->tracks, &format->spec, t->record.rate_hz);
    if (!err)
        err = peer_track_decode(track, payload, n, t->pcm, &n_out);
    if (err)
        return err;
    int64_t at = media_us * (int64_t)t->record.rate_hz / 1000000;
    record_write(t, at - peer_track_latency(track), t->pcm, n_out);
    return 0;
}

struct sound peer_timeline_heard(const struct peer_timeline *t)
{
    struct sound s = t->record;

    s.n_samples = t->n_heard;
    return s;
}
