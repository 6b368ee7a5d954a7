#include "codec/dtmf.h"

#include <errno.h>
#include <string.h>

enum {
    SEGMENT_MAX = 0xffff, /* the longest duration that its field holds */
    N_ENDS = 3,           /* RFC 4733 s.2.5.1.4 */
    END_INTERVAL_US = 20000,
    /* an event whose packets stop coming has ended; s.2.5.2.2 lets the receiver choose when */
    SILENT_US = 250000,
    /* how far back an event is an old one rather than one of a sender that turned its clock back */
    OLD_S = 10,
    /* Clock of the events that we make up ourselves. Another one than a peer's, so that their time
     * stamps are never compared; and each begins far behind the last. */
    OWN_HZ = 4000,
    OWN_TS_STEP = 100000,
    OWN_LONGEST = 0xfffe, /* [ticks of OWN_HZ]: 16 s */
};

int dtmf_parse(struct dtmf_event *ev, const uint8_t *payload, size_t n)
{
    if (n < DTMF_PAYLOAD)
        return EBADMSG;
    *ev = (struct dtmf_event){
        .code = payload[0],
        .is_end = (payload[1] & 0x80) != 0,
        .volume = payload[1] & 0x3f,
        .duration = (uint16_t)(payload[2] << 8 | payload[3]),
    };
    return ev->duration ? 0 : EBADMSG;
}

void dtmf_print(const struct dtmf_event *ev, uint8_t payload[DTMF_PAYLOAD])
{
    payload[0] = ev->code;
    payload[1] = (uint8_t)((ev->is_end ? 0x80 : 0) | (ev->volume & 0x3f));
    payload[2] = (uint8_t)(ev->duration >> 8);
    payload[3] = (uint8_t)ev->duration;
}

void dtmf_relay_init(struct dtmf_relay *r, uint32_t audio_hz, uint32_t event_hz)
{
    memset(r, 0, sizeof(*r));
    r->audio_hz = audio_hz;
    r->event_hz = event_hz;
}

static void tone_close(struct dtmf_tone *tone, uint64_t now_us)
{
    if (!tone->is_open)
        return;
    tone->is_open = false;
    tone->is_update_due = false; /* the end packet says as much */
    tone->n_ends_due = N_ENDS;
    tone->due_us = now_us;
}

/* What the input says about the length so far, in the output's clock. */
static void tone_update(struct dtmf_relay *r, const struct dtmf_event *ev, uint64_t now_us)
{
    const uint64_t total = (r->in_before + ev->duration) * r->event_hz / r->in_hz;
    struct dtmf_tone *tone = &r->tone;

    r->in_duration = ev->duration;
    tone->volume = ev->volume;
    if (total > tone->total)
        tone->total = total;
    if (tone->total == 0)
        tone->total = 1;
    tone->is_update_due = true;
    tone->due_us = now_us + SILENT_US;
    if (ev->is_end)
        tone_close(tone, now_us);
}

static uint32_t audio_ticks(const struct dtmf_relay *r, uint64_t event_ticks)
{
    return (uint32_t)(event_ticks * r->audio_hz / r->event_hz);
}

/* Receivers tell events apart by their time stamps, so a new one never begins before the end of the
 * one before it (RFC 4733 s.2.5.1.1). */
static uint32_t ts_after_previous(const struct dtmf_relay *r, uint32_t out_ts)
{
    const struct dtmf_tone *old = &r->previous;
    const uint32_t end = old->ts + audio_ticks(r, old->total - old->before);

    return old->total > 0 && (int32_t)(end - out_ts) > 0 ? end : out_ts;
}

static void tone_start(struct dtmf_relay *r, const struct dtmf_event *ev, uint32_t ts,
                       uint32_t in_hz, uint32_t out_ts, uint64_t now_us)
{
    tone_close(&r->tone, now_us);
    r->previous = r->tone;
    r->tone = (struct dtmf_tone){
        .code = ev->code,
        .is_open = true,
        .is_marker_due = true,
        .ts = ts_after_previous(r, out_ts),
    };
    r->has_input = true;
    r->in_hz = in_hz;
    r->in_ts = ts;
    r->in_before = 0;
    tone_update(r, ev, now_us);
}

/* A long event goes on in a new segment, which begins where the one before it ended, without an end
 * packet between them (RFC 4733 s.2.5.1.3). */
static bool is_next_segment(const struct dtmf_relay *r, const struct dtmf_event *ev, uint32_t ts)
{
    const uint32_t ahead = ts - r->in_ts;

    return r->tone.is_open && ev->code == r->tone.code &&
           (ahead == SEGMENT_MAX || ahead == r->in_duration);
}

static bool is_old(const struct dtmf_relay *r, uint32_t ts)
{
    const uint32_t behind = r->in_ts - ts;

    return behind > 0 && behind < OLD_S * r->in_hz;
}

int dtmf_relay_put(struct dtmf_relay *r, const uint8_t *payload, size_t n, uint32_t ts,
                   uint32_t in_hz, uint32_t out_ts, uint64_t now_us)
{
    struct dtmf_event ev;
    const int err = dtmf_parse(&ev, payload, n);
    bool is_known;

    if (err)
        return err;

    is_known = r->has_input && in_hz == r->in_hz; /* else the time stamps cannot be compared */
    if (is_known && ts == r->in_ts && ev.code == r->tone.code) {
        if (!r->tone.is_open || (!ev.is_end && ev.duration <= r->in_duration))
            return EALREADY;
        tone_update(r, &ev, now_us);
    } else if (is_known && is_old(r, ts)) {
        return ESTALE;
    } else if (is_known && is_next_segment(r, &ev, ts)) {
        r->in_before += ts - r->in_ts;
        r->in_ts = ts;
        tone_update(r, &ev, now_us);
    } else {
        tone_start(r, &ev, ts, in_hz, out_ts, now_us);
    }
    return 0;
}

int dtmf_relay_put_own(struct dtmf_relay *r, const struct dtmf_own *own, uint32_t out_ts,
                       uint64_t now_us)
{
    const uint64_t ticks = own->length * OWN_HZ / own->per_second;
    const struct dtmf_event ev = {
        .code = own->code,
        .is_end = own->is_end,
        .volume = own->volume,
        .duration = (uint16_t)(ticks == 0            ? 1
                               : ticks > OWN_LONGEST ? OWN_LONGEST
                                                     : ticks),
    };
    uint8_t payload[DTMF_PAYLOAD];

    if (own->is_new)
        r->own_ts += OWN_TS_STEP;
    dtmf_print(&ev, payload);
    return dtmf_relay_put(r, payload, DTMF_PAYLOAD, r->own_ts, OWN_HZ, out_ts, now_us);
}

void dtmf_relay_restart(struct dtmf_relay *r, uint64_t now_us)
{
    tone_close(&r->tone, now_us);
    r->has_input = false;
}

bool dtmf_relay_is_new(const struct dtmf_relay *r)
{
    return r->tone.is_marker_due;
}

/* One packet of the tone as it is now; a segment that is full goes out first.
 * @return whether the packet brought the tone up to date */
static bool tone_send(const struct dtmf_relay *r, struct dtmf_tone *tone, bool is_end,
                      struct dtmf_packet *pkt)
{
    const uint64_t length = tone->total - tone->before;
    const bool is_full = length > SEGMENT_MAX;

    *pkt = (struct dtmf_packet){
        .event = {.code = tone->code, .volume = tone->volume, .is_end = is_end && !is_full},
        .ts = tone->ts,
        .marker = tone->is_marker_due,
    };
    pkt->event.duration = (uint16_t)(is_full ? SEGMENT_MAX : length);
    tone->is_marker_due = false;
    if (is_full) {
        tone->before += SEGMENT_MAX;
        tone->ts += audio_ticks(r, SEGMENT_MAX);
    }
    return !is_full;
}

static void tone_send_end(const struct dtmf_relay *r, struct dtmf_tone *tone,
                          struct dtmf_packet *pkt, uint64_t now_us)
{
    if (tone_send(r, tone, true, pkt)) {
        tone->n_ends_due--;
        tone->due_us = now_us + END_INTERVAL_US;
    }
}

int dtmf_relay_get(struct dtmf_relay *r, struct dtmf_packet *pkt, uint64_t now_us)
{
    struct dtmf_tone *tone = &r->tone;

    if (r->previous.n_ends_due > 0) { /* at once: the next event has begun */
        tone_send_end(r, &r->previous, pkt, now_us);
        return 0;
    }
    if (tone->is_open && now_us >= tone->due_us && !tone->is_update_due)
        tone_close(tone, now_us);
    if (tone->is_update_due) {
        tone->is_update_due = !tone_send(r, tone, false, pkt);
        return 0;
    }
    if (tone->n_ends_due > 0 && now_us >= tone->due_us) {
        tone_send_end(r, tone, pkt, now_us);
        return 0;
    }
    return EAGAIN;
}
