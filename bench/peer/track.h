#ifndef PICRELAY_BENCH_PEER_TRACK_H
#define PICRELAY_BENCH_PEER_TRACK_H

#include "bench/peer/sdp.h"

/**
 * A decoder of one codec that ends at the listener's rate, whatever the codec's own; and the few of
 * them that one stream needs over its life. [pure] A zeroed list is an empty one.
 */

struct peer_track {
    const struct codec *codec;
    struct codec_decoder *decoder;
    struct codec_spec spec;
    void *resampler;                /* NULL: the decoder's rate is the listener's */
    uint32_t own_hz, rate_hz;       /* of the decoder, and of what comes out */
    int16_t own_pcm[CODEC_PCM_MAX]; /* before the resampler */
};

struct peer_tracks {
    struct peer_track *track[PEER_FORMATS_MAX];
    unsigned n;
};

void peer_tracks_wipe(struct peer_tracks *t);
/** The decoder of a format, opened at its first use. @return 0; ENOTSUP: no such codec; ENOMEM */
int peer_tracks_find(struct peer_track **found, struct peer_tracks *t,
                     const struct codec_spec *spec, uint32_t rate_hz);

/** @param pcm  has room for CODEC_PCM_MAX; n samples are written. @return 0; EBADMSG */
int peer_track_decode(struct peer_track *t, const uint8_t *payload, size_t n_bytes, int16_t *pcm,
                      uint32_t *n);
/**
 * Makes up n_ticks of the RTP clock, at most 120 ms.
 * @param next  the payload behind the loss; NULL: not known
 * @return 0; 1: the end of it was recovered from next; EINVAL
 */
int peer_track_conceal(struct peer_track *t, const uint8_t *next, size_t n_bytes, uint32_t n_ticks,
                       int16_t *pcm, uint32_t *n);
/** How far the resampler is behind, in samples of what comes out. */
int64_t peer_track_latency(const struct peer_track *t);

#endif
