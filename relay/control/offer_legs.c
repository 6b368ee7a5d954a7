#include "relay/control/offer.h"

#include <errno.h>
#include <string.h>

#include "relay/control/sdp/lync_sdp.h"
#include "relay/control/transport/keys.h"
#include "relay/control/transport/transport.h"

static bool wants_ice_towards(const struct offer *o, const struct leg *leg)
{
    switch (o->req->ice) {
    case NG_ICE_REMOVE:
        return false;
    case NG_ICE_FORCE:
    case NG_ICE_FORCE_RELAY:
    case NG_ICE_OPTIONAL:
        return !leg->refused_ice || ng_has(o->req, NG_FLAG_RESET);
    case NG_ICE_DEFAULT:
        break;
    }
    return transport_doc_has_ice(o->d.offerer->doc) && !leg->refused_ice;
}

static bool is_lite(const struct offer *o, const struct leg *leg, enum ng_ice_lite side)
{
    if (o->req->ice_lite == NG_ICE_LITE_DEFAULT)
        return o->c->cfg->interfaces[leg->interface].ice_lite;
    return (o->req->ice_lite & side) != 0;
}

static int prepare_ice(struct offer *o)
{
    struct leg *a = o->d.offerer, *b = o->d.answerer;
    int err = 0;

    a->has_ice = transport_doc_has_ice(a->doc) && !ng_has(o->req, NG_FLAG_REJECT_ICE);
    b->has_ice = wants_ice_towards(o, b);
    if (a->has_ice)
        err = transport_open_ice(a, a->doc->is_ice_lite, is_lite(o, a, NG_ICE_LITE_BACKWARD));
    if (!err && b->has_ice)
        err = transport_open_ice(b, true, is_lite(o, b, NG_ICE_LITE_FORWARD));
    return err;
}

static enum sdp_proto asked_proto(const struct offer *o, const struct sdp_media *m)
{
    static const enum sdp_proto protos[] = {
        [NG_PROTO_RTP_AVP] = SDP_RTP_AVP,
        [NG_PROTO_RTP_AVPF] = SDP_RTP_AVPF,
        [NG_PROTO_RTP_SAVP] = SDP_RTP_SAVP,
        [NG_PROTO_RTP_SAVPF] = SDP_RTP_SAVPF,
        [NG_PROTO_UDP_TLS_RTP_SAVP] = SDP_UDP_TLS_RTP_SAVP,
        [NG_PROTO_UDP_TLS_RTP_SAVPF] = SDP_UDP_TLS_RTP_SAVPF,
    };

    if (o->req->proto >= NG_PROTO_RTP_AVP && o->req->proto <= NG_PROTO_UDP_TLS_RTP_SAVPF)
        return protos[o->req->proto];
    /* encryption that was offered is not taken away on the way (AVP with a=crypto) */
    if (lync_is_optional_srtp(m) && o->d.offerer->dialect != DIALECT_RFC)
        return SDP_RTP_SAVP;
    return m->proto;
}

static enum sdp_proto secure_proto(enum sdp_proto p)
{
    return p == SDP_RTP_AVP ? SDP_RTP_SAVP : p == SDP_RTP_AVPF ? SDP_RTP_SAVPF : p;
}

static enum sdp_proto sdes_proto(enum sdp_proto p)
{
    return p == SDP_UDP_TLS_RTP_SAVP    ? SDP_RTP_SAVP
           : p == SDP_UDP_TLS_RTP_SAVPF ? SDP_RTP_SAVPF
                                        : p;
}

static enum sdp_proto clear_proto(enum sdp_proto p)
{
    p = sdes_proto(p);
    return p == SDP_RTP_SAVP ? SDP_RTP_AVP : p == SDP_RTP_SAVPF ? SDP_RTP_AVPF : p;
}

/* What policy says of encryption on that side counts more than what is asked for. Microsoft's
 * clients of that time have no DTLS. */
static enum sdp_proto wanted_proto(struct offer *o, const struct sdp_media *m)
{
    const bool is_sdes = o->req->dtls_off || o->d.answerer->dialect != DIALECT_RFC;
    const enum sdp_proto asked = is_sdes ? sdes_proto(asked_proto(o, m)) : asked_proto(o, m);
    const struct policy_query q = parties_query(&o->parties, m->kind);
    const enum policy_side side = *o->c->cfg->interfaces[o->d.answerer->interface].provider
                                      ? POLICY_SIDE_PUBLIC
                                      : POLICY_SIDE_ENTERPRISE;

    switch (policy_encryption(o->c->policy, &q, side)) {
    case POLICY_ENCRYPTION_REQUIRED:
        return secure_proto(asked);
    case POLICY_ENCRYPTION_NONE:
        if (sdp_proto_is_secure(asked))
            (void)re_snprintf(o->res->warning, sizeof(o->res->warning),
                              "policy: media of the %s side is not encrypted",
                              policy_side_name(side));
        return clear_proto(asked);
    default:
        return asked;
    }
}

static void prepare_mux(const struct offer *o, struct stream *to, const struct sdp_media *m)
{
    unsigned mux = o->req->rtcp_mux;

    to->offers_mux = m->has_rtcp_mux;
    if (mux & NG_MUX_DEMUX)
        to->offers_mux = false;
    if (mux & (NG_MUX_OFFER | NG_MUX_REQUIRE))
        to->offers_mux = true;
    to->requires_mux = (mux & NG_MUX_REQUIRE) != 0;
    if (sdp_proto_is_dtls(to->proto)) /* without it RTCP would need a handshake of its own */
        to->offers_mux = true;
    if (to->leg->dialect != DIALECT_RFC) /* two components are the safe choice with Lync */
        to->offers_mux = to->requires_mux = false;
}

static int prepare_keys(struct offer *o, struct stream *to, const struct sdp_media *m)
{
    if (!sdp_proto_is_secure(to->proto) || sdp_proto_is_dtls(to->proto))
        return 0;
    if (o->req->sdes & NG_SDES_OFF)
        return ENOTSUP;
    return keys_offer(to, m, o->req);
}

static int prepare_formats(struct offer *o, struct stream *from, struct stream *to,
                           const struct sdp_media *m, struct describe_line *line)
{
    struct negotiated_offer formats;
    const struct config_interface *itf = &o->c->cfg->interfaces[to->leg->interface];

    negotiate_offer(&formats, m, &o->req->codec, itf, ng_has(o->req, NG_FLAG_ALLOW_NO_CODEC_MEDIA));
    from->usable = formats.usable;
    from->accepted = formats.accepted;
    memcpy(from->settings, formats.settings, sizeof(from->settings));
    from->n_settings = formats.n_settings;
    from->ptime_ms = (unsigned)o->req->ptime_ms;
    from->ptime_reverse_ms = (unsigned)o->req->ptime_reverse_ms;
    from->always_transcode =
        ng_has(o->req, NG_FLAG_ALWAYS_TRANSCODE) || ng_has(o->req, NG_FLAG_INJECT_DTMF);
    mem_deref(to->offered);
    to->n_offered = 0;
    to->offered = mem_alloc((formats.n_formats + 1) * sizeof(*to->offered), NULL);
    if (!to->offered)
        return ENOMEM;
    memcpy(to->offered, formats.formats, formats.n_formats * sizeof(*to->offered));
    to->n_offered = formats.n_formats;
    *line = (struct describe_line){
        .formats = to->offered, .n_formats = to->n_offered, .ptime_ms = from->ptime_ms};
    return 0;
}

/* sdp-media-remove: refused like what policy forbids, with port 0, so that lines keep their number.
 */
static bool is_unwanted(const struct offer *o, const struct sdp_media *m)
{
    for (unsigned i = 0; i < o->req->media_remove.n; i++) {
        if (str_equal_nocase(o->req->media_remove.v[i], m->kind_text))
            return true;
    }
    return false;
}

static int prepare_line(struct offer *o, unsigned i)
{
    const struct sdp_media *m = &o->d.offerer->doc->media[i];
    struct stream *from = o->d.offerer->streams[i], *to = o->d.answerer->streams[i];
    struct describe_line *line = &o->lines[i];
    int err;

    from->kind = to->kind = m->kind;
    from->is_allowed = to->is_allowed = offer_carries(o, m) && !is_unwanted(o, m);
    line->is_kept = m->kind == MEDIA_IM && from->is_allowed;
    line->is_rejected = !from->is_allowed;
    if (line->is_kept || line->is_rejected)
        return 0;

    from->proto = m->proto;
    from->refuses_dtls = o->req->dtls_off;
    from->is_passive = o->req->dtls_passive;
    from->prefers_sdes = (o->req->sdes & NG_SDES_PREFER) != 0;
    to->proto = wanted_proto(o, m);
    prepare_mux(o, to, m);
    err = transport_open(from);
    if (!err)
        err = transport_open(to);
    if (!err)
        err = prepare_keys(o, to, m);
    if (!err)
        err = prepare_formats(o, from, to, m, line);
    return err;
}

int offer_prepare_legs(struct offer *o)
{
    struct leg *a = o->d.offerer, *b = o->d.answerer;
    int err;

    dialect_settle(a, o->doc, o->dialects.sender);
    dialect_settle(b, b->doc, o->dialects.receiver);
    transport_forget_own(o->c, o->doc);
    a->doc = o->doc; /* the former one is kept by undo */
    o->doc = NULL;
    a->is_offerer = true;
    a->is_waiting = true;
    b->is_offerer = false;
    leg_set_source(a, o->req);
    err = leg_grow(a, a->doc->n_media);
    if (!err)
        err = leg_grow(b, a->doc->n_media);
    if (!err)
        err = prepare_ice(o);
    for (unsigned i = 0; !err && i < a->doc->n_media; i++)
        err = prepare_line(o, i);
    return err;
}
