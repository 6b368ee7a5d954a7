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
    forward_address(p, sink, stream_rtcp_component(sink));
    return p->len > 0;
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

void reports_schedule(struct wheel *wheel, struct media_stream *s, uint32_t random, uint64_t now_us)
{
    if (s->is_rtcp_translated || !is_report_way_open(s))
        wheel_cancel(wheel, &s->report_timer);
    else if (!wheel_is_armed(&s->report_timer)) /* the first after half the time: RFC 3550 s.6.2 */
        wheel_arm(wheel, &s->report_timer, now_us + report_interval_us(random) / 2);
}

void reports_send(struct wheel *wheel, struct media_stream *s, struct batch *b, uint32_t random)
{
    struct packet *p = pool_take(b->pool);

    wheel_arm(wheel, &s->report_timer, b->now_us + report_interval_us(random));
    if (!p)
        return;
    p->stream = NULL;
    p->kind = PACKET_RTCP;
    p->len = (uint32_t)report_write(&s->report, p->data, PACKET_MAX, &s->route, &s->reception,
                                    str_of(s->cname), clock_ntp(clock_wall_us()), b->now_us);
    forward_address(p, s, stream_rtcp_component(s));
    b->pkt[b->n++] = p;
}
