#include "bench/peer/receiver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/peer/rtp.h"
#include "bench/peer/sequence.h"
#include "bench/peer/timeline.h"

struct peer_receiver {
    struct peer_receiver_config cfg;
    struct peer_format formats[PEER_FORMATS_MAX];
    unsigned n_formats;
    const struct peer_format *format; /* of the last audio packet */
    struct peer_sequence sequence;
    struct peer_timeline *timeline;
    struct peer_event_receiver events;
    struct peer_receiver_stats stats;
    struct peer_log log;

    /* media time: where the present source and clock began */
    int64_t base_us;
    uint32_t base_ts;
    uint64_t base_now_us;
    /* the last audio packet in order */
    uint32_t last_ts, last_ticks, last_clock_hz;
    uint64_t last_now_us;
    bool has_last;
};

int peer_receiver_alloc(struct peer_receiver **rp, const struct peer_receiver_config *cfg)
{
    struct peer_receiver *r = calloc(1, sizeof(*r));
    if (!r)
        return ENOMEM;

    r->cfg = *cfg;
    r->n_formats = cfg->local->n_formats;
    memcpy(r->formats, cfg->local->formats, sizeof(r->formats));
    r->cfg.local = NULL;
    int err = peer_timeline_alloc(&r->timeline, PEER_HEARD_HZ, cfg->heard_s);
    if (!err)
        err = peer_log_alloc(&r->log, cfg->log_packets);
    if (err) {
        peer_receiver_free(r);
        return err;
    }
    *rp = r;
    return 0;
}

void peer_receiver_free(struct peer_receiver *r)
{
    if (!r)
        return;
    peer_timeline_free(r->timeline);
    peer_log_wipe(&r->log);
    free(r);
}

void peer_receiver_change(struct peer_receiver *r, const struct peer_description *local)
{
    for (unsigned i = 0; i < local->n_formats; i++) {
        unsigned k = 0;

        while (k < r->n_formats && r->formats[k].pt != local->formats[i].pt)
            k++;
        if (k == PEER_FORMATS_MAX)
            return;
        r->formats[k] = local->formats[i];
        if (k == r->n_formats)
            r->n_formats++;
    }
}

static const struct peer_format *format_find(const struct peer_receiver *r, uint8_t pt)
{
    for (unsigned i = 0; i < r->n_formats; i++)
        if (r->formats[i].pt == pt)
            return &r->formats[i];
    return NULL;
}

/* A new source, or a new clock in the old one: its media time goes on where the wall clock is. */
static void base_set(struct peer_receiver *r, const struct peer_rtp *h, uint64_t now_us)
{
    r->base_us = r->stats.first_us ? (int64_t)(now_us - r->stats.first_us) : 0;
    r->base_ts = h->ts;
    r->base_now_us = now_us;
    r->has_last = false;
}

static void source_check(struct peer_receiver *r, const struct peer_rtp *h, uint64_t now_us)
{
    struct peer_receiver_stats *st = &r->stats;
    bool is_first = !st->packets;

    if (r->cfg.has_ssrc_range && (h->ssrc < r->cfg.ssrc_low || h->ssrc > r->cfg.ssrc_high))
        st->bad_ssrc++;
    if (!is_first && h->ssrc == st->ssrc)
        return;
    if (!is_first) {
        st->ssrc_changes++;
        st->lost += peer_sequence_lost(&r->sequence);
        memset(&r->sequence, 0, sizeof(r->sequence));
    }
    st->ssrc = h->ssrc;
    base_set(r, h, now_us);
    if (is_first)
        st->first_us = now_us;
}

/* RFC 3550 A.8, with times in microseconds. */
static void jitter_update(struct peer_receiver *r, uint32_t ts, uint32_t clock_hz, uint64_t now_us)
{
    int64_t ticks = (int32_t)(ts - r->last_ts);
    double d = (double)(int64_t)(now_us - r->last_now_us) - (double)ticks * 1e6 / clock_hz;

    r->stats.jitter_us += ((d < 0 ? -d : d) - r->stats.jitter_us) / 16;
}

/* Next number: its time must be that of the one before plus what that one held, or later after a
 * silence, which the marker tells of. */
static void step_check(struct peer_receiver *r, const struct peer_rtp *h,
                       enum peer_sequence_verdict verdict)
{
    int32_t step = (int32_t)(h->ts - r->last_ts);

    if (verdict != PEER_SEQ_NEXT || !r->has_last || !r->last_ticks)
        return;
    if (step == (int32_t)r->last_ticks)
        r->stats.bad_marker += h->marker;
    else if (step > (int32_t)r->last_ticks)
        r->stats.silences++;
    else
        r->stats.bad_ts++;
}

static void audio_put(struct peer_receiver *r, const struct peer_format *f,
                      const struct peer_rtp *h, enum peer_sequence_verdict verdict, uint64_t now_us)
{
    const struct codec *codec = codec_find(&f->spec);
    uint32_t clock_hz = f->spec.clock_hz;

    if (r->format && f != r->format) {
        r->stats.pt_changes++;
        if (clock_hz != r->last_clock_hz)
            base_set(r, h, now_us);
    }
    r->format = f;
    r->stats.pt = f->pt;
    step_check(r, h, verdict);
    if (r->has_last)
        jitter_update(r, h->ts, clock_hz, now_us);

    int64_t media_us =
        r->base_us + (int64_t)(int32_t)(h->ts - r->base_ts) * 1000000 / (int64_t)clock_hz;
    peer_log_put(&r->log, now_us, media_us, h->payload, h->n);
    if (peer_timeline_put(r->timeline, f, media_us, h->payload, h->n) != 0)
        r->stats.bad_payload++;
    if (verdict == PEER_SEQ_LATE)
        return;
    r->last_ts = h->ts;
    r->last_ticks = codec ? codec->payload_ticks(h->payload, h->n) : 0;
    r->last_clock_hz = clock_hz;
    r->last_now_us = now_us;
    r->has_last = true;
}

static void payload_put(struct peer_receiver *r, const struct peer_rtp *h,
                        enum peer_sequence_verdict verdict, uint64_t now_us)
{
    const struct peer_format *f = format_find(r, h->pt);

    if (f && r->cfg.packet_h)
        r->cfg.packet_h(f, h, now_us, r->cfg.arg);
    if (!f || !f->spec.clock_hz) {
        r->stats.bad_pt++;
    } else if (strcasecmp(f->spec.name, "telephone-event") == 0) {
        peer_event_put(&r->events, h->ts, h->payload, h->n);
        r->has_last = false; /* the next audio packet's time says nothing about its step */
    } else if (strcasecmp(f->spec.name, "CN") == 0) {
        r->stats.comfort_noise++;
        r->has_last = false;
    } else {
        audio_put(r, f, h, verdict, now_us);
    }
}

void peer_receiver_put(struct peer_receiver *r, const uint8_t *packet, size_t n, uint64_t now_us)
{
    struct peer_receiver_stats *st = &r->stats;
    struct peer_rtp h;

    if (peer_rtp_read(&h, packet, n) != 0) {
        st->bad_header++;
        return;
    }
    source_check(r, &h, now_us);
    enum peer_sequence_verdict verdict = peer_sequence_put(&r->sequence, h.seq, NULL);
    if (verdict == PEER_SEQ_AGAIN) {
        st->duplicates++;
        return;
    }
    st->packets++;
    st->payload_bytes += h.n;
    st->last_us = now_us;
    st->reordered += verdict == PEER_SEQ_LATE;
    st->markers += h.marker;
    st->extensions += h.has_extension;
    payload_put(r, &h, verdict, now_us);
}

struct peer_receiver_stats peer_receiver_stats(const struct peer_receiver *r)
{
    struct peer_receiver_stats st = r->stats;

    st.lost += peer_sequence_lost(&r->sequence);
    st.highest_seq = (uint32_t)r->sequence.highest;
    return st;
}

const struct peer_event_receiver *peer_receiver_events(const struct peer_receiver *r)
{
    return &r->events;
}

const struct peer_log *peer_receiver_log(const struct peer_receiver *r)
{
    return &r->log;
}

struct sound peer_receiver_heard(const struct peer_receiver *r)
{
    return peer_timeline_heard(r->timeline);
}

const struct peer_format *peer_receiver_format(const struct peer_receiver *r)
{
    return r->format;
}

double peer_receiver_clock_ratio(const struct peer_receiver *r)
{
    uint64_t wall_us = r->last_now_us - r->base_now_us;

    /* less than a second says little: one late packet would look like a wrong clock */
    if (!r->has_last || wall_us < 1000000)
        return 0;
    return (double)(int32_t)(r->last_ts - r->base_ts) * 1e6 / r->last_clock_hz / (double)wall_us;
}
