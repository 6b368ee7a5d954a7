#include "relay/media/receive.h"

#include "relay/media/rtcp.h"
#include "relay/media/stream.h"

/* A hello may be here before ICE has chosen its way, or before the answer: control keeps it. */
static enum drop check_dtls_source(struct packet *p, enum drop reason)
{
    p->is_early = reason == DROP_NOT_READY;
    return reason == DROP_SOURCE ? DROP_DTLS_SOURCE : DROP_NONE;
}

static enum drop check_source(struct packet *p, const struct batch *b)
{
    const struct media_stream *s = p->stream;
    enum drop reason =
        gate_check(&s->gate[p->component], &s->learning, &p->addr, b->now_us, &p->may_lock);

    return p->kind == PACKET_DTLS ? check_dtls_source(p, reason) : reason;
}

void receive_source_batch(struct batch *b)
{
    batch_filter(b, check_source);
}

/* Several packets of a batch may have been told that they may lock: the first does. */
static enum drop lock_source(struct packet *p)
{
    struct media_stream *s = p->stream;
    struct gate *g = &s->gate[p->component];

    if (addr_is_set(&g->locked))
        return addr_equal(&g->locked, &p->addr) ? DROP_NONE : DROP_SOURCE;
    gate_lock(g, &p->addr);
    stats_set_addr(&s->count.source[p->component], &g->locked);
    return DROP_NONE;
}

static void count_accepted(const struct packet *p, const struct batch *b)
{
    struct stream_counters *c = &p->stream->count;
    enum media_component kind = p->kind == PACKET_RTP ? MEDIA_RTP : MEDIA_RTCP;

    stats_count_add(&c->in[kind], p->wire_len);
    counter_set(&c->last_in_us[kind], b->now_us);
}

static enum drop accept_rtcp(struct packet *p, const struct batch *b)
{
    struct rtcp_reader reader;

    if (rtcp_begin(&reader, p->data, p->len) != 0)
        return DROP_RTCP_BAD;
    if (p->may_lock && lock_source(p) != DROP_NONE)
        return DROP_SOURCE;
    count_accepted(p, b);
    return DROP_NONE;
}

static enum drop accept_rtp(struct packet *p, const struct batch *b)
{
    struct media_stream *s = p->stream;
    const struct format *format;
    enum drop reason;

    if (rtp_parse(&p->rtp, p->data, p->len) != 0)
        return DROP_RTP_BAD;
    format = formats_find(&s->formats, p->rtp.pt);
    if (format->action == MEDIA_DROP)
        return DROP_PAYLOAD_TYPE;
    if (p->may_lock && lock_source(p) != DROP_NONE)
        return DROP_SOURCE;
    if (!s->may_receive)
        return DROP_ON_HOLD;
    reason = ssrc_gate_check(&s->heard, p->rtp.ssrc, b->now_us);
    if (reason != DROP_NONE)
        return reason;
    if (!rate_gate_take(&s->rate, p->len, b->now_us))
        return DROP_POLICY_GATE;
    reception_put(&s->reception, &p->rtp, format->clock_hz, b->now_us);
    stats_put_rtp(&s->count, &p->rtp, &s->reception);
    count_accepted(p, b);
    return DROP_NONE;
}

static enum drop accept_packet(struct packet *p, const struct batch *b)
{
    return p->kind == PACKET_RTP ? accept_rtp(p, b) : accept_rtcp(p, b);
}

void receive_accept_batch(struct batch *b)
{
    batch_filter(b, accept_packet);
}
