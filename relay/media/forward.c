#include "relay/media/forward.h"

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

/* The header extension goes: its ids were agreed with one leg alone (a=extmap is not passed on). */
static enum drop forward(struct packet *p, const struct batch *b)
{
    struct media_stream *s = p->stream;
    struct route_source source = {.stream = s, .ssrc = p->rtp.ssrc};
    enum drop reason;
    size_t cut;

    if (p->kind != PACKET_RTP)
        return DROP_NONE;
    reason = forward_check(s->sink);
    if (reason != DROP_NONE)
        return reason;
    if (!route_map(&s->sink->route, &source, &p->rtp,
                   formats_find(&s->formats, p->rtp.pt)->clock_hz, b->now_us))
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
