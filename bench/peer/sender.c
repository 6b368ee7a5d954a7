#include "bench/peer/sender.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bench/peer/rtp.h"

#define WIDE_HZ 16000 /* the most that a peer's sounds have */

struct peer_sender {
    struct peer_sender_config cfg;
    const struct codec *codec;
    struct codec_encoder *encoder;
    struct sound sound; /* at the encoder's rate */
    int16_t *frame;     /* a packet time of PCM */
    uint32_t n_frame, ticks;
    bool is_saying;
    bool is_paused; /* nothing was sent for the packet time before */
    uint32_t at;    /* the next sample to be said */
    uint16_t seq;
    uint32_t ts, first_ts, event_ts;
    struct peer_event_sender events;
    struct peer_sender_stats stats;
    struct peer_log log;
};

static uint32_t rate_of(const struct codec *codec)
{
    return codec->pcm_rate_hz < WIDE_HZ ? codec->pcm_rate_hz : WIDE_HZ;
}

static int encoder_open(struct codec_encoder **ep, const struct codec_spec *spec, uint32_t ptime_ms)
{
    const struct codec *codec = codec_find(spec);
    struct codec_options opt = {.ptime_ms = ptime_ms, .complexity = 0xff};

    if (!codec)
        return ENOTSUP;
    opt.pcm_rate_hz = rate_of(codec);
    return codec->encoder_alloc(ep, spec, &opt);
}

/* What follows from the format. */
static void format_set(struct peer_sender *s, const struct peer_format *audio)
{
    s->cfg.audio = *audio;
    s->codec = codec_find(&audio->spec);
    s->sound.rate_hz = rate_of(s->codec);
    s->n_frame = s->sound.rate_hz / 1000 * s->cfg.ptime_ms;
    s->ticks = audio->spec.clock_hz / 1000 * s->cfg.ptime_ms;
}

static int sender_open(struct peer_sender *s)
{
    const struct peer_format audio = s->cfg.audio;

    int err = encoder_open(&s->encoder, &audio.spec, s->cfg.ptime_ms);
    if (err)
        return err;
    format_set(s, &audio);
    s->frame = calloc((size_t)WIDE_HZ / 1000 * s->cfg.ptime_ms, sizeof(*s->frame));
    if (!s->frame)
        return ENOMEM;
    if (s->cfg.says)
        err = sound_resample(&s->sound, s->cfg.says, s->sound.rate_hz);
    s->cfg.says = NULL;
    if (!err)
        err = peer_log_alloc(&s->log, s->cfg.log_packets);
    /* RFC 3550 s.5.1: both start at random */
    if (!err && (getrandom(&s->seq, sizeof(s->seq), 0) < 0 ||
                 getrandom(&s->first_ts, sizeof(s->first_ts), 0) < 0))
        err = EIO;
    s->ts = s->first_ts;
    return err;
}

int peer_sender_alloc(struct peer_sender **sp, const struct peer_sender_config *cfg)
{
    struct peer_sender *s = calloc(1, sizeof(*s));
    if (!s)
        return ENOMEM;

    s->cfg = *cfg;
    int err = sender_open(s);
    if (err) {
        peer_sender_free(s);
        return err;
    }
    *sp = s;
    return 0;
}

void peer_sender_free(struct peer_sender *s)
{
    if (!s)
        return;
    if (s->codec)
        s->codec->encoder_free(s->encoder);
    sound_wipe(&s->sound);
    peer_log_wipe(&s->log);
    free(s->frame);
    free(s);
}

int peer_sender_change(struct peer_sender *s, const struct peer_format *audio,
                       const struct peer_format *event)
{
    struct codec_encoder *encoder;

    s->cfg.event = event ? *event : (struct peer_format){0};
    if (codec_same(&audio->spec, &s->cfg.audio.spec)) {
        s->cfg.audio.pt = audio->pt;
        return 0;
    }
    int err = encoder_open(&encoder, &audio->spec, s->cfg.ptime_ms);
    if (err)
        return err;
    s->codec->encoder_free(s->encoder);
    s->encoder = encoder;
    if (s->is_saying)
        s->at = s->sound.n_samples;
    format_set(s, audio);
    return 0;
}

void peer_sender_say(struct peer_sender *s)
{
    s->is_saying = true;
}

bool peer_sender_is_done(const struct peer_sender *s)
{
    return s->is_saying && s->at >= s->sound.n_samples && !peer_event_is_waiting(&s->events);
}

int peer_sender_dial(struct peer_sender *s, const char *digits)
{
    return *s->cfg.event.spec.name ? peer_event_queue(&s->events, digits) : ENOTSUP;
}

/* Takes the next packet time of the sound, or silence. @return whether it begins the sound */
static bool frame_fill(struct peer_sender *s)
{
    bool is_first = s->is_saying && !s->at;

    memset(s->frame, 0, s->n_frame * sizeof(*s->frame));
    if (s->cfg.source_h)
        s->cfg.source_h(s->frame, s->n_frame, s->sound.rate_hz, s->cfg.arg);
    else if (s->is_saying && s->at < s->sound.n_samples) {
        uint32_t left = s->sound.n_samples - s->at;
        uint32_t n = left < s->n_frame ? left : s->n_frame;

        memcpy(s->frame, s->sound.samples + s->at, n * sizeof(*s->frame));
        s->at += n;
    }
    return is_first;
}

static int64_t media_us_of(const struct peer_sender *s, uint32_t ts)
{
    return (int64_t)(ts - s->first_ts) * 1000000 / s->cfg.audio.spec.clock_hz;
}

/* @return bytes of payload; 0: nothing */
static size_t audio_next(struct peer_sender *s, struct peer_rtp *h, uint8_t *payload, size_t cap)
{
    struct pcm pcm = {
        .samples = s->frame, .n_frames = s->n_frame, .rate_hz = s->sound.rate_hz, .n_channels = 1};

    if (frame_fill(s)) {
        s->stats.has_said = true;
        s->stats.said_media_us = media_us_of(s, s->ts);
    }
    int n = s->codec->encode(s->encoder, &pcm, payload, cap);
    if (n < 0)
        s->stats.encode_errors++;
    /* RFC 3551 s.4.1: the marker is on the first packet of a talkspurt; only a hold ends one */
    h->marker = !s->stats.packets || s->is_paused;
    h->pt = s->cfg.audio.pt;
    h->ts = s->ts;
    return n > 0 ? (size_t)n : 0;
}

static size_t event_next(struct peer_sender *s, struct peer_rtp *h, uint8_t *payload)
{
    uint32_t ticks = s->cfg.event.spec.clock_hz / 1000 * s->cfg.ptime_ms;

    if (s->cfg.source_h) /* its time passes too */
        (void)frame_fill(s);
    peer_event_next(&s->events, payload, ticks, &h->marker);
    if (h->marker)
        s->event_ts = s->ts;
    h->pt = s->cfg.event.pt;
    h->ts = s->event_ts;
    s->stats.events++;
    return 4;
}

size_t peer_sender_next(struct peer_sender *s, uint8_t *packet, size_t cap, uint64_t now_us)
{
    struct peer_rtp h = {.seq = s->seq, .ssrc = s->cfg.ssrc};
    uint8_t *payload = packet + PEER_RTP_HEADER_BYTES;
    size_t room = cap - PEER_RTP_HEADER_BYTES;

    /* digits wait for the end of the sound, so that it is heard whole */
    bool is_event =
        peer_event_is_waiting(&s->events) && (!s->is_saying || s->at >= s->sound.n_samples);
    size_t n = is_event ? event_next(s, &h, payload) : audio_next(s, &h, payload, room);
    s->ts += s->ticks; /* time passes, whether anything is sent or not */
    if (!n)
        return 0;

    s->is_paused = false;
    peer_rtp_write(packet, &h);
    s->seq++;
    if (!s->stats.packets++)
        s->stats.first_us = now_us;
    s->stats.last_us = now_us;
    s->stats.last_ts = h.ts;
    s->stats.payload_bytes += n;
    peer_log_put(&s->log, now_us, media_us_of(s, h.ts), payload, n);
    return PEER_RTP_HEADER_BYTES + n;
}

void peer_sender_skip(struct peer_sender *s)
{
    if (s->cfg.source_h)
        (void)frame_fill(s);
    s->ts += s->ticks;
    s->is_paused = true;
}

const struct peer_sender_stats *peer_sender_stats(const struct peer_sender *s)
{
    return &s->stats;
}

const struct codec_spec *peer_sender_codec(const struct peer_sender *s)
{
    return &s->cfg.audio.spec;
}

const struct peer_log *peer_sender_log(const struct peer_sender *s)
{
    return &s->log;
}
