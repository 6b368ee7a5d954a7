#include "relay/control/apply.h"

#include <errno.h>
#include <string.h>

#include "relay/control/gate_limits.h"
#include "relay/control/transport/handshake.h"
#include "relay/control/transport/transport.h"
#include "relay/log.h"

static void set_addr(union addr *to, const struct sockaddr_storage *from)
{
    memset(to, 0, sizeof(*to));
    memcpy(to, from, from->ss_family == AF_INET6 ? sizeof(to->in6) : sizeof(to->in));
}

static void set_host(union addr *a, const union addr *host)
{
    uint16_t port = addr_port(a);

    *a = *host;
    addr_set_port(a, port);
}

/* SIP-source-address: the port of the description on the host that the request came from. */
static void trust_source(union addr *a, const struct stream *s)
{
    set_host(a, &s->leg->received_from);
    if (transport_is_own(s->control, a))
        memset(a, 0, sizeof(*a));
}

/* Muxing that was offered and not taken leaves RTCP on the next port. */
static union addr rtcp_of(const struct stream *s, const struct sdp_media *m)
{
    union addr rtcp = s->is_muxed ? m->rtp : m->rtcp;

    if (!s->is_muxed && m->has_rtcp_mux && !m->has_rtcp_attribute)
        addr_set_port(&rtcp, (uint16_t)(addr_port(&m->rtp) + 1));
    return rtcp;
}

union addr apply_described(const struct stream *s, enum media_component component)
{
    const struct sdp_media *m = &s->leg->doc->media[s->index];

    return component == MEDIA_RTP ? m->rtp : rtcp_of(s, m);
}

/* Where the peer is: with ICE the selected pair, once there is one; else its description. */
static void rules_remote(struct media_rules *r, const struct stream *s)
{
    const struct sdp_media *m = &s->leg->doc->media[s->index];

    if (s->ice && s->leg->has_ice) {
        r->source = MEDIA_SOURCE_EXACT;
        for (unsigned i = 0; i < MEDIA_COMPONENTS; i++) {
            if (s->progress[i].is_selected)
                set_addr(&r->remote[i], &s->progress[i].media);
        }
        return;
    }
    r->source = s->leg->is_strict ? MEDIA_SOURCE_EXACT : MEDIA_SOURCE_LEARN;
    r->remote[MEDIA_RTP] = m->rtp;
    r->remote[MEDIA_RTCP] = rtcp_of(s, m);
    if (s->leg->trusts_source && addr_is_set(&s->leg->received_from)) {
        trust_source(&r->remote[MEDIA_RTP], s);
        trust_source(&r->remote[MEDIA_RTCP], s);
    }
    if (addr_is_any(&m->rtp)) /* on hold the old way: RFC 3264 s.8.4 */
        memset(r->remote, 0, sizeof(r->remote));
    r->learn_host = s->leg->received_from;
    r->has_nat = addr_is_set(&r->learn_host) && addr_is_set(&m->rtp) &&
                 !addr_equal_host(&r->learn_host, &m->rtp);
}

static void rules_flow(struct media_rules *r, const struct negotiated_flow *flow)
{
    memcpy(r->action, flow->action, sizeof(r->action));
    memcpy(r->out_pt, flow->out_pt, sizeof(r->out_pt));
    memcpy(r->clock_hz, flow->clock_hz, sizeof(r->clock_hz));
    r->event_hz = flow->event_hz;
    r->event_pt = flow->event_pt;
}

/* MS-RTP and MS-SDPEXT: which sources count, and that silence on RTCP ends calls. */
static void rules_dialect(struct media_rules *r, const struct stream *s)
{
    const struct sdp_media *m = &s->leg->doc->media[s->index];
    const bool is_microsoft = s->leg->dialect != DIALECT_RFC;

    r->ssrc_low = m->ssrc_low;
    r->ssrc_high = m->ssrc_high;
    r->is_ssrc_throttled = is_microsoft && m->kind == MEDIA_AUDIO;
    r->needs_rtcp = is_microsoft;
}

static int make_session(struct srtp_session **sp, const struct stream *s,
                        const struct srtp_keys *keys, enum srtp_direction direction)
{
    int err;

    *sp = NULL;
    if (keys->suite == SRTP_SUITE_NONE)
        return 0;
    err = srtp_session_alloc(sp, s->control->srtp, keys, direction);
    if (err)
        log_warning(s->leg->call->id, "SRTP with %s could not be set up: %s",
                    srtp_suite_sdp_name(keys->suite), strerror(err));
    return err;
}

/* Sessions go on while their keys are the same, so that ROC and replay window do (RFC 3711
 * s.3.2.1). */
static int rules_keys(struct media_rules *r, struct stream *s)
{
    int err = 0;

    if (!srtp_keys_equal(&s->remote, &s->remote_in_force)) {
        err = make_session(&r->srtp_rx, s, &s->remote, SRTP_RECEIVE);
        r->set_srtp_rx = true;
    }
    if (!err && !srtp_keys_equal(&s->local.keys, &s->local_in_force)) {
        err = make_session(&r->srtp_tx, s, &s->local.keys, SRTP_SEND);
        r->set_srtp_tx = true;
    }
    return err;
}

static int rules_transcoder(struct media_rules *r, struct stream *s,
                            const struct negotiated_flow *flow)
{
    bool is_needed = negotiated_flow_transcodes(flow);
    int err = 0;

    if (is_needed && s->transcoder_config &&
        transcoder_config_equal(s->transcoder_config, &flow->transcoder))
        return 0; /* as before: codec state and timestamps go on */
    if (!is_needed && !s->transcodes)
        return 0;

    if (is_needed)
        err = transcoder_alloc(&r->transcoder, &flow->transcoder);
    if (err) {
        log_warning(s->leg->call->id, "no transcoder from %s to %s: %s", flow->codec,
                    flow->transcoder.out.name, strerror(err));
        return err;
    }
    r->set_transcoder = true;
    return 0;
}

/* Media has taken over what rules_transcoder() made. Without memory for the note, the next offer
 * makes another transcoder. */
static void note_transcoder(struct stream *s, const struct negotiated_flow *flow)
{
    const bool is_needed = negotiated_flow_transcodes(flow);

    s->transcoder_config = mem_deref(s->transcoder_config);
    if (is_needed) {
        s->transcoder_config = mem_alloc(sizeof(flow->transcoder), NULL);
        if (s->transcoder_config)
            memcpy(s->transcoder_config, &flow->transcoder, sizeof(flow->transcoder));
    }
    if (is_needed == s->transcodes)
        return;
    s->transcodes = is_needed;
    if (is_needed)
        s->control->n_transcoders++;
    else
        s->control->n_transcoders--;
}

static void rules_drop(struct media_rules *r)
{
    srtp_session_free(r->srtp_rx);
    srtp_session_free(r->srtp_tx);
    transcoder_free(r->transcoder);
}

/* Rules of stream s, whose arrivals go to sink as flow says. */
static int apply_one(struct stream *s, struct stream *sink, const struct negotiated_flow *flow,
                     bool is_transcoded_call)
{
    struct media_rules r = {.sink = sink->media,
                            .is_muxed = s->is_muxed,
                            .takes_dtls = handshake_is_used(s),
                            .awaits_keys = handshake_is_pending(s),
                            .has_rtcp_keys = handshake_is_used(s) && !s->is_muxed,
                            .awaits_rtcp_keys = handshake_rtcp_is_pending(s)};
    enum sdp_direction mine = s->leg->doc->media[s->index].direction;
    enum sdp_direction other = sink->leg->doc->media[sink->index].direction;
    int err;

    rules_remote(&r, s);
    rules_flow(&r, flow);
    r.may_receive = (mine & SDP_SENDONLY) && (other & SDP_RECVONLY);
    r.may_send = (other & SDP_SENDONLY) && (mine & SDP_RECVONLY);
    r.is_rtcp_translated = !is_transcoded_call;
    gate_limits_set(&r, flow, &s->leg->doc->media[s->index], s->control->cfg->gate_margin_percent);
    rules_dialect(&r, s);

    err = rules_keys(&r, s);
    if (!err)
        err = rules_transcoder(&r, s, flow);
    if (err) {
        rules_drop(&r);
        return err;
    }
    err = media_stream_set(s->media, &r);
    if (err)
        return err;
    if (r.set_transcoder)
        note_transcoder(s, flow);
    s->remote_in_force = s->remote;
    s->local_in_force = s->local.keys;
    return 0;
}

int apply_streams(struct stream *a, struct stream *b, const struct negotiated_plan *plan)
{
    bool is_transcoded = negotiated_flow_transcodes(&plan->from_offerer) ||
                         negotiated_flow_transcodes(&plan->from_answerer);
    int err = apply_one(a, b, &plan->from_offerer, is_transcoded);

    if (!err)
        err = apply_one(b, a, &plan->from_answerer, is_transcoded);
    if (err) {
        apply_mute_stream(a);
        apply_mute_stream(b);
        return err;
    }
    memcpy(a->codec, plan->from_offerer.codec, sizeof(a->codec));
    memcpy(b->codec, plan->from_answerer.codec, sizeof(b->codec));
    a->takes_events = plan->from_offerer.event_hz > 0;
    b->takes_events = plan->from_answerer.event_hz > 0;
    a->is_active = b->is_active = true;
    handshake_start(a);
    handshake_start(b);
    return 0;
}

void apply_mute_stream(struct stream *s)
{
    s->is_active = false;
    if (s->media)
        media_stream_mute(s->media);
}

void apply_mute(struct leg *leg)
{
    for (unsigned i = 0; i < leg->n_streams; i++)
        apply_mute_stream(leg->streams[i]);
}

void apply_selected_pair(struct stream *s, unsigned component, const struct sockaddr_storage *to)
{
    union addr remote;

    set_addr(&remote, to);
    if (s->media)
        (void)media_stream_set_remote(s->media, component == 1 ? MEDIA_RTP : MEDIA_RTCP, &remote);
}
