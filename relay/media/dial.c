#include "relay/media/dial.h"

#include <stdlib.h>

#include "relay/media/forward.h"
#include "relay/media/stream.h"

struct dial *dial_alloc(struct media_stream *s)
{
    struct dial *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->stream = s;
    d->timer.kind = TIMER_DIAL;
    return d;
}

/* Ticks of the sound's clock, which time stamps count in; before there was any, of the events'. */
static uint32_t sound_hz(const struct media_stream *s)
{
    const uint32_t hz = s->sink ? s->sink->route.clock_hz : 0;

    return hz ? hz : s->event_hz;
}

static bool is_taken(const struct media_stream *s)
{
    return s->sink && s->event_hz > 0;
}

/* A description that changed may have brought other clocks, or nobody to take a digit any more. */
static void follow_rules(struct dial *d)
{
    const struct media_stream *s = d->stream;
    const bool is_idle = dtmf_relay_deadline_us(&d->relay) == UINT64_MAX;

    if (!is_taken(s))
        d->queue.n = 0;
    else if (is_idle && (d->relay.event_hz != s->event_hz || d->relay.audio_hz != sound_hz(s)))
        dtmf_relay_init(&d->relay, sound_hz(s), s->event_hz);
}

static uint64_t deadline_us(const struct dial *d)
{
    const uint64_t queue_us = digit_queue_deadline_us(&d->queue);
    const uint64_t relay_us = dtmf_relay_deadline_us(&d->relay);

    return queue_us < relay_us ? queue_us : relay_us;
}

int dial_put(struct dial *d, struct wheel *wheel, const struct digit *digit, uint64_t now_us)
{
    const int err = digit_queue_put(&d->queue, digit, now_us);

    wheel_arm(wheel, &d->timer, deadline_us(d));
    return err;
}

/* One packet of a digit; while nothing may be sent that way, its time passes unheard. */
static void send_event(const struct media_stream *s, const struct dtmf_packet *event,
                       struct batch *b)
{
    struct packet *p = NULL;

    if (is_taken(s) && forward_check(s->sink) == DROP_NONE)
        p = pool_take(b->pool);
    if (!p)
        return;
    dtmf_print(&event->event, p->data + RTP_HEADER_BYTES);
    forward_fresh(p, DTMF_PAYLOAD);
    p->rtp.pt = s->event_pt;
    p->rtp.marker = event->marker;
    p->rtp.ts = event->ts;
    forward_inserted(p, s, b->now_us);
    b->pkt[b->n++] = p;
}

void dial_due(struct dial *d, struct wheel *wheel, struct batch *b)
{
    struct dtmf_packet event;
    struct dtmf_own own;

    follow_rules(d);
    if (digit_queue_get(&d->queue, &own, b->now_us))
        (void)dtmf_relay_put_own(&d->relay, &own, route_ts_at(&d->stream->sink->route, b->now_us),
                                 b->now_us);
    while (!batch_is_full(b) && dtmf_relay_get(&d->relay, &event, b->now_us) == 0)
        send_event(d->stream, &event, b);
    wheel_arm(wheel, &d->timer, deadline_us(d));
}
