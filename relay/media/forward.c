#include "relay/media/forward.h"

#include <string.h>

#include "codec/red.h"

enum drop forward_check(const struct media_stream *sink)
{
    if (!sink)
        return DROP_NO_SINK;
    if (!sink->may_send)
        return DROP_ON_HOLD;
    return stream_can_send(sink, MEDIA_RTP) ? DROP_NONE : DROP_NOT_READY;
}

void forward_address(struct packet *p, struct media_stream *out, enum media_component component)
{
    p->out = out;
    p->component = (uint8_t)component;
    p->addr = *gate_remote(&out->gate[component]);
}

/* RFC 4733 events that are not to pass: what follows closes up, so that nothing seems lost. */
static enum drop leave_out(const struct media_stream *s, const struct rtp_packet *rtp)
{
    const struct route_source source = {.stream = s, .ssrc = rtp->ssrc};

    if (s->sink)
        route_skip(&s->sink->route, &source, rtp->seq);
    return DROP_BLOCKED;
}

static bool is_event(const struct media_stream *s, uint8_t pt)
{
    return formats_find(&s->formats, pt)->action == MEDIA_RELAY_EVENT;
}

/* What follows the payload is padding; it stays. */
static void shorten_payload(struct packet *p, size_t n)
{
    uint8_t *payload = p->data + p->rtp.payload_start;
    const size_t cut = p->rtp.payload_len - n;
    const size_t n_padding = p->len - p->rtp.payload_start - p->rtp.payload_len;

    memmove(payload + n, payload + p->rtp.payload_len, n_padding);
    p->rtp.payload_len = (uint16_t)n;
    p->len -= (uint32_t)cut;
}

/* Events repeated beside sound go; where they are what the packet is sent for, all of it. RED that
 * cannot be read could be read by the other side. */
static bool take_events_out(const struct media_stream *s, struct packet *p)
{
    uint8_t *payload = p->data + p->rtp.payload_start;
    struct red_block blocks[RED_BLOCKS_MAX];
    const unsigned n = red_parse(blocks, payload, p->rtp.payload_len);
    uint32_t events = 0;

    if (n == 0 || is_event(s, blocks[n - 1].pt))
        return false;
    for (unsigned i = 0; i + 1 < n; i++)
        events |= (uint32_t)is_event(s, blocks[i].pt) << i;
    if (events)
        shorten_payload(p, red_remove(payload, blocks, n, events));
    return true;
}

/* @return whether something is left of it that may pass */
static bool pass_blocked(const struct media_stream *s, struct packet *p, uint8_t action)
{
    if (action == MEDIA_RELAY_RED)
        return take_events_out(s, p);
    return action != MEDIA_RELAY_EVENT;
}

/* The header extension goes: its ids were agreed with one leg alone (a=extmap is not passed on). */
static enum drop forward(struct packet *p, const struct batch *b)
{
    struct media_stream *s = p->stream;
    struct route_source source = {.stream = s, .ssrc = p->rtp.ssrc};
    const struct format *format;
    enum drop reason;
    size_t cut;

    if (p->kind != PACKET_RTP)
        return DROP_NONE;
    format = formats_find(&s->formats, p->rtp.pt);
    if (s->is_event_blocked && !pass_blocked(s, p, format->action))
        return leave_out(s, &p->rtp);
    reason = forward_check(s->sink);
    if (reason != DROP_NONE)
        return reason;
    if (!route_map(&s->sink->route, &source, &p->rtp, format->clock_hz, b->now_us))
        return DROP_TOO_LATE;
    p->rtp.pt = s->formats.out_pt[p->rtp.pt];
    cut = rtp_strip_extension(p->data, &p->rtp);
    p->data += cut;
    p->len -= (uint32_t)cut;
    rtp_rewrite(p->data, &p->rtp);
    forward_address(p, s->sink, MEDIA_RTP);
    return DROP_NONE;
}

void forward_batch(struct batch *b)
{
    batch_filter(b, forward);
}

void forward_fresh(struct packet *p, size_t n)
{
    p->stream = NULL;
    p->kind = PACKET_RTP;
    p->len = (uint32_t)(RTP_HEADER_BYTES + n);
    p->rtp = (struct rtp_packet){
        .csrc_end = RTP_HEADER_BYTES,
        .payload_start = RTP_HEADER_BYTES,
        .payload_len = (uint16_t)n,
    };
}

void forward_inserted(struct packet *p, const struct media_stream *from, uint64_t now_us)
{
    route_insert(&from->sink->route, &p->rtp, now_us);
    rtp_write(p->data, &p->rtp);
    forward_address(p, from->sink, MEDIA_RTP);
}

/* Else time would go on by our clock, and a few samples would be skipped or said twice. */
void forward_hand_over(const struct packet *p, const struct media_stream *from)
{
    const struct route_source relayed = {.stream = from, .ssrc = p->rtp.ssrc};
    const uint32_t clock_hz = formats_find(&from->formats, p->rtp.pt)->clock_hz;
    struct route *r = &from->sink->route;

    /* a transcoder's own numbers begin at 0 (transcoder.h) */
    if (route_is_source(r, &relayed) && r->clock_hz == clock_hz &&
        transcoder_clock_hz(from->transcoder) == clock_hz)
        route_hand_over(r,
                        &(struct route_handover){
                            .source = {.stream = from, .generation = from->transcoder_generation},
                            .old_ts = p->rtp.ts});
}

void forward_transcoded(struct packet *p, const struct media_stream *from, uint64_t now_us)
{
    struct media_stream *sink = from->sink;
    struct route_source source = {.stream = from, .generation = from->transcoder_generation};

    /* the sink lists what it may send by the same payload types as what it may receive */
    route_map(&sink->route, &source, &p->rtp, formats_find(&sink->formats, p->rtp.pt)->clock_hz,
              now_us);
    rtp_write(p->data, &p->rtp);
    forward_address(p, sink, MEDIA_RTP);
}
