#include "relay/media/reports.h"

#include <string.h>

#include "relay/clock.h"
#include "relay/media/forward.h"
#include "relay/media/rtcp.h"
#include "relay/media/rtcp_report.h"
#include "relay/media/rtcp_translate.h"

static bool is_report_way_open(const struct media_stream *s)
{
    return stream_can_send(s, stream_rtcp_component(s));
}

/* What the peer lost of our packets, the encoder that makes them should know. It belongs to the
 * stream of the other leg, whose arrivals it transcodes. */
static void tell_encoder(struct media_stream *s, uint32_t loss_permille)
{
    struct media_stream *from = s->sink;
    const struct transcoder_conditions now = {
        .loss_permille = (uint16_t)(loss_permille < 1000 ? loss_permille : 1000)};

    if (from && from->sink == s && from->transcoder)
        (void)transcoder_adapt(from->transcoder, &now);
}

static void read_report(struct media_stream *s, struct rtcp_reader reader, uint64_t now_us)
{
    struct report_of_peer of_peer;

    report_take(&s->report, &of_peer, reader, s->route.ssrc, now_us);
    if (of_peer.has_block) {
        gauge_set(&s->count.peer_loss_permille, of_peer.loss_permille);
        gauge_set(&s->count.peer_jitter_ts, of_peer.jitter_ts);
        tell_encoder(s, of_peer.loss_permille);
    }
    if (of_peer.has_round_trip)
        gauge_set(&s->count.round_trip_us, of_peer.round_trip_us);
}

/* @return bytes written over the packet; 0: there is nothing to tell the other leg */
static size_t translate(struct packet *p, struct rtcp_reader reader)
{
    const struct media_stream *s = p->stream, *sink = s->sink;
    struct translation t = {
        .forward = &sink->route,
        .forward_source = {.stream = s},
        .back = &s->route,
        .back_reception = &sink->reception,
        .back_source = {.stream = sink},
        .cname = str_of(sink->cname),
        .has_pictures = s->has_pictures,
    };
    uint8_t data[PACKET_MAX];
    size_t n = rtcp_translate(&t, reader, data, sizeof(data));

    memcpy(p->data, data, n);
    return n;
}

/* @return true: it goes on to the other leg */
static bool take_rtcp(struct packet *p, const struct batch *b)
{
    struct media_stream *s = p->stream, *sink = s->sink;
    struct rtcp_reader reader;

    if (rtcp_begin(&reader, p->data, p->len) != 0) /* accepted, so it cannot be */
        return false;
    read_report(s, reader, b->now_us);
    if (!s->is_rtcp_translated || !sink || !is_report_way_open(sink))
        return false;
    p->len = (uint32_t)translate(p, reader);
    if (p->len == 0)
        return false;
    sink->report.sent_us = b->now_us;
    forward_address(p, sink, stream_rtcp_component(sink));
    return true;
}

void reports_batch(struct batch *b)
{
    unsigned i, n = 0;

    for (i = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];

        if (p->kind == PACKET_RTP || take_rtcp(p, b))
            b->pkt[n++] = p;
        else
            pool_give(b->pool, p);
    }
    b->n = n;
}

/* Where the other leg's reports are told on, ours are only there to fill their gaps. */
static bool has_reports_of_ours(const struct media_stream *s)
{
    return (!s->is_rtcp_translated || s->needs_rtcp) && is_report_way_open(s);
}

void reports_schedule(struct wheel *wheel, struct media_stream *s, uint32_t random, uint64_t now_us)
{
    if (!has_reports_of_ours(s))
        wheel_cancel(wheel, &s->report_timer);
    else if (!wheel_is_armed(&s->report_timer)) /* the first after half the time: RFC 3550 s.6.2 */
        wheel_arm(wheel, &s->report_timer, now_us + report_interval_us(random, s->needs_rtcp) / 2);
}

static uint32_t write_report(struct media_stream *s, uint8_t *data, uint64_t now_us)
{
    if (s->is_rtcp_translated)
        return (uint32_t)report_write_empty(data, PACKET_MAX, &s->route, str_of(s->cname));
    return (uint32_t)report_write(&s->report, data, PACKET_MAX, &s->route, &s->reception,
                                  str_of(s->cname), clock_ntp(clock_wall_us()), now_us);
}

void reports_send(struct wheel *wheel, struct media_stream *s, struct batch *b, uint32_t random)
{
    const uint64_t interval_us = report_interval_us(random, s->needs_rtcp);
    const uint64_t silent_us = b->now_us - s->report.sent_us;
    struct packet *p;

    if (s->is_rtcp_translated && silent_us < interval_us) {
        wheel_arm(wheel, &s->report_timer, s->report.sent_us + interval_us);
        return;
    }
    wheel_arm(wheel, &s->report_timer, b->now_us + interval_us);
    p = pool_take(b->pool);
    if (!p)
        return;
    p->stream = NULL;
    p->kind = PACKET_RTCP;
    p->len = write_report(s, p->data, b->now_us);
    s->report.sent_us = b->now_us;
    forward_address(p, s, stream_rtcp_component(s));
    b->pkt[b->n++] = p;
}
