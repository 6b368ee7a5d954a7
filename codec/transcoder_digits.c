#include <errno.h>
#include <string.h>

#include "codec/transcoder_internal.h"

/* DTMF in any form: events that arrive, tones that are made of them, tones that are heard, and
 * digits of our own. Whatever it was, it leaves through the one dtmf_relay, so that no digit is
 * sent twice. */

enum {
    /* A tone is never made longer than its event can have lasted, whatever its packets say. */
    TONE_SLACK_MS = 200,
};

/* ---- events that arrive ---- */

/* What the relay of events said to an offer of one. */
static void follow(struct transcoder *t, int err)
{
    if (err || !dtmf_relay_is_new(&t->dtmf))
        return;
    transcoder_count(&t->stats.events, 1);
    t->digits.wanted = 0;
}

/* How long the tone may be by now. */
static uint64_t tone_longest(const struct transcoder *t, uint64_t now_us)
{
    return ((now_us - t->digits.tone_us) / 1000 + TONE_SLACK_MS) * t->framer.rate_hz / 1000;
}

/* The event packets that would be sent say what the tone is to be. */
static void follow_with_tone(struct transcoder *t, uint64_t now_us)
{
    struct digits *d = &t->digits;
    struct dtmf_packet pkt;
    uint64_t longest;

    while (dtmf_relay_get(&t->dtmf, &pkt, now_us) == 0) {
        if (!pkt.marker)
            continue;
        d->wanted = 0;
        d->tone_us = now_us;
        if (tone_start(&d->maker, t->framer.rate_hz, pkt.event.code, pkt.event.volume) != 0)
            d->maker.rate_hz = 0; /* a flash, a modem: no tone of ours */
        framer_flush(&t->framer);
    }
    longest = tone_longest(t, now_us);
    d->wanted = t->dtmf.tone.total < longest ? t->dtmf.tone.total : longest;
}

/* The first event of the payload now, the others when those before them are out: each begins where
 * the one before it ends. */
static void next_packed(struct transcoder *t, uint64_t now_us)
{
    struct packed_events *p = &t->packed;
    const uint8_t *payload = p->payload[p->at];
    struct dtmf_event ev;

    follow(t, dtmf_relay_put(&t->dtmf, payload, DTMF_PAYLOAD, p->ts, p->in->clock_hz, p->out_ts,
                             now_us));
    if (dtmf_parse(&ev, payload, DTMF_PAYLOAD) == 0) {
        p->ts += ev.duration;
        p->out_ts += (uint32_t)((uint64_t)ev.duration * t->codec->clock_hz / p->in->clock_hz);
    }
    p->at++;
    p->n--;
}

/* The event begins ev->ticks after the end of the audio, less what was made up since. */
void transcoder_take_event(struct transcoder *t, const struct input *in,
                           const struct playout_event *ev, uint64_t now_us)
{
    const struct playout_packet *p = ev->packet;
    struct framer *f = &t->framer;
    struct packed_events *packed = &t->packed;
    const size_t n = p->n / DTMF_PAYLOAD;
    uint64_t behind;

    if ((!t->has_event && !t->makes_tones) || t->is_event_blocked || n == 0)
        return;
    framer_flush(f); /* or audio from before the event would be sent after it */
    behind = (uint64_t)ev->ticks * f->rate_hz / in->clock_hz;
    behind = behind > f->ahead ? behind - f->ahead : 0;
    *packed = (struct packed_events){
        .in = in,
        .n = n < PACKED_EVENTS_MAX ? (unsigned)n : PACKED_EVENTS_MAX,
        .ts = p->ts,
        .out_ts = framer_ts(f, behind),
    };
    memcpy(packed->payload, p->payload, packed->n * DTMF_PAYLOAD);
    next_packed(t, now_us);
}

/* ---- tones that are heard, digits of our own ---- */

static void put_own(struct transcoder *t, const struct dtmf_own *own, uint64_t now_us)
{
    follow(t, dtmf_relay_put_own(&t->dtmf, own, framer_ts(&t->framer, 0), now_us));
}

/* The digit in the sound, as it is known by now. */
static void put_heard(struct transcoder *t, bool is_new, bool is_end, uint64_t now_us)
{
    const struct digits *d = &t->digits;
    const struct dtmf_own own = {.code = (uint8_t)d->heard,
                                 .volume = d->volume,
                                 .is_new = is_new,
                                 .is_end = is_end,
                                 .length = d->n_heard,
                                 .per_second = t->framer.rate_hz};

    if (!t->mutes_tones && !t->is_event_blocked)
        put_own(t, &own, now_us);
}

static void end_heard(struct transcoder *t, uint64_t now_us)
{
    if (t->digits.heard >= 0)
        put_heard(t, false, true, now_us);
    t->digits.heard = -1;
}

bool transcoder_hear(struct transcoder *t, const int16_t *samples, uint32_t n, uint64_t now_us)
{
    struct digits *d = &t->digits;
    const int code = tone_listen(d->listener, samples, n);
    const uint8_t volume = tone_volume(samples, n);
    const bool is_new = code != d->heard;
    const bool was_on = d->heard >= 0;

    if (is_new) {
        end_heard(t, now_us);
        d->heard = code;
        d->n_heard = 0;
        d->volume = volume;
    }
    if (code < 0)
        return was_on; /* somewhere in these samples it ends */
    if (is_new)
        framer_mute(&t->framer); /* what came of it before it was sure */
    d->n_heard += n;
    d->volume = volume < d->volume ? volume : d->volume; /* the detector hears its end late */
    put_heard(t, is_new, false, now_us);
    return true;
}

int transcoder_play_digit(struct transcoder *t, const struct digit *digit, uint64_t now_us)
{
    if (digit->code >= TONES_N_CODES || (!t->has_event && !t->makes_tones))
        return EINVAL;
    return digit_queue_put(&t->digits.queue, digit, now_us);
}

/* ---- common ---- */

void transcoder_restart_digits(struct transcoder *t, uint64_t now_us)
{
    end_heard(t, now_us);
    dtmf_relay_restart(&t->dtmf, now_us);
    t->packed.n = 0;
    t->digits.cover = 0;
}

uint64_t transcoder_uncovered(struct transcoder *t, uint64_t n)
{
    const uint64_t covered = n < t->digits.cover ? n : t->digits.cover;

    t->digits.cover -= covered;
    return n - covered;
}

/* The next piece of the tone, a frame at most. */
static bool make_tone(struct transcoder *t)
{
    struct digits *d = &t->digits;
    struct framer *f = &t->framer;
    uint64_t n = d->wanted > d->maker.n_made ? d->wanted - d->maker.n_made : 0;
    int16_t *room;

    n = n < f->n_frame ? n : f->n_frame;
    room = n > 0 && d->maker.rate_hz > 0 ? framer_room(f, (uint32_t)n) : NULL;
    if (!room)
        return false;
    tone_fill(&d->maker, room, (uint32_t)n);
    framer_put(f, (uint32_t)n);
    d->cover += n;
    return true;
}

bool transcoder_run_digits(struct transcoder *t, uint64_t now_us)
{
    struct dtmf_own own;

    if (digit_queue_get(&t->digits.queue, &own, now_us)) {
        put_own(t, &own, now_us);
        return true;
    }
    if (t->makes_tones) {
        if (dtmf_relay_deadline_us(&t->dtmf) <= now_us)
            follow_with_tone(t, now_us);
        if (make_tone(t))
            return true;
    }
    if (t->packed.n > 0) {
        next_packed(t, now_us);
        return true;
    }
    return false;
}
