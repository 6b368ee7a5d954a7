#include "relay/media/stream.h"

static void swap_session(struct srtp_session **a, struct srtp_session **b)
{
    struct srtp_session *session = *a;

    *a = *b;
    *b = session;
}

/* A key that is taken away ends at once: another peer may be meant. So does one that waits for a
 * handshake with another certificate, as its session was taken away before. */
static void change_receiver(struct media_stream *s, struct srtp_session **rx, uint64_t now_us)
{
    s->has_old_key = s->srtp_rx && *rx;
    s->old_until_us = s->has_old_key ? now_us + STREAM_OLD_KEY_US : 0;
    swap_session(&s->srtp_rx, rx);
    swap_session(&s->srtp_old, rx);
}

static void swap_sessions(struct media_stream *s, struct media_rules *rules, uint64_t now_us)
{
    if (rules->set_srtp_rx)
        change_receiver(s, &rules->srtp_rx, now_us);
    if (rules->set_srtp_tx)
        swap_session(&s->srtp_tx, &rules->srtp_tx);
}

void stream_set_keys(struct media_stream *s, struct srtp_session **rx, struct srtp_session **tx,
                     uint64_t now_us)
{
    change_receiver(s, rx, now_us);
    swap_session(&s->srtp_tx, tx);
    s->awaits_keys = false;
}

void stream_set_rtcp_keys(struct media_stream *s, struct srtp_session **rx,
                          struct srtp_session **tx)
{
    swap_session(&s->srtcp_rx, rx);
    swap_session(&s->srtcp_tx, tx);
    s->awaits_rtcp_keys = false;
}

void stream_block_events(struct media_stream *s, bool is_blocked)
{
    s->is_event_blocked = is_blocked;
    if (s->transcoder)
        transcoder_block_events(s->transcoder, is_blocked);
}

static void swap_transcoder(struct media_stream *s, struct media_rules *rules)
{
    struct transcoder *transcoder = s->transcoder;

    if (!rules->set_transcoder)
        return;
    s->transcoder = rules->transcoder;
    s->is_transcoder_fresh = true;
    rules->transcoder = transcoder;
    stream_block_events(s, s->is_event_blocked);
    if (++s->transcoder_generation == 0) /* 0 stands for relayed packets */
        s->transcoder_generation = 1;
}

void stream_apply(struct media_stream *s, struct media_rules *rules, uint64_t now_us)
{
    enum media_component c;

    for (c = MEDIA_RTP; c < MEDIA_COMPONENTS; c++) {
        gate_set(&s->gate[c], rules->source, &rules->remote[c], now_us);
        stats_set_addr(&s->count.source[c], &s->gate[c].locked);
    }
    s->learning = (struct gate_learning){.host = rules->learn_host, .has_nat = rules->has_nat};
    formats_set(&s->formats, rules);
    rate_gate_set(&s->rate, rules);
    ssrc_gate_set(&s->heard, rules);
    s->needs_rtcp = rules->needs_rtcp;
    s->has_pictures = rules->has_pictures;
    s->takes_dtls = rules->takes_dtls;
    s->awaits_keys = rules->awaits_keys;
    s->has_rtcp_keys = rules->has_rtcp_keys;
    s->awaits_rtcp_keys = rules->awaits_rtcp_keys;
    s->is_muxed = rules->is_muxed;
    s->may_receive = rules->may_receive;
    s->may_send = rules->may_send;
    s->is_rtcp_translated = rules->is_rtcp_translated;
    s->sink = rules->sink;
    s->event_pt = rules->event_pt & 0x7f;
    s->event_hz = rules->event_hz;
    swap_sessions(s, rules, now_us);
    swap_transcoder(s, rules);
}

void stream_set_remote(struct media_stream *s, enum media_component component,
                       const union addr *remote, uint64_t now_us)
{
    gate_set(&s->gate[component], s->gate[component].rule, remote, now_us);
    stats_set_addr(&s->count.source[component], &s->gate[component].locked);
}
