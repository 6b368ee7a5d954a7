#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/command.h"
#include "relay/control/describe.h"
#include "relay/control/fragment.h"
#include "relay/control/dialect.h"
#include "relay/control/undo.h"
#include "relay/control/transport/keys.h"
#include "relay/control/sdp/lync_sdp.h"
#include "relay/control/policy/parties.h"
#include "relay/control/status/report.h"
#include "relay/control/transport/transport.h"

/* One offer on its way through. */
struct offer {
    struct control *c;
    const struct ng_request *req;
    struct command_result *res;
    struct sdp_doc *doc; /* the offerer's; moves into its leg */
    struct dialect_wish dialects;
    struct parties parties;
    struct parties_verdicts verdicts;
    struct call *call;
    bool is_new;       /* the call was made, or came back, for this offer */
    struct undo *undo; /* of a call that is up; NULL: new */
    struct dialogue d;
    struct describe_line lines[SDP_MEDIA_MAX];
};

void command_fail(struct command_result *res, const char *reason)
{
    res->result = CONTROL_ERROR;
    (void)re_snprintf(res->error, sizeof(res->error), "%s", reason);
}

int command_parse_sdp(struct sdp_doc **docp, struct str body, struct command_result *res)
{
    int err = sdp_parse(docp, lync_pick_body(body));

    if (err == EBADE)
        command_fail(res, "Incomplete SDP specification");
    else if (err)
        command_fail(res, "Failed to parse SDP");
    return err;
}

static bool is_complete(struct offer *o)
{
    const struct ng_request *req = o->req;

    if (str_is_empty(req->call_id))
        command_fail(o->res, "No call-id in message");
    else if (str_is_empty(req->from_tag))
        command_fail(o->res, "No from-tag in message");
    else if (str_is_empty(req->sdp))
        command_fail(o->res, "No SDP body in message");
    else if (str_equal(req->from_tag, req->to_tag))
        command_fail(o->res, "Invalid dialogue association");
    else if (dialect_wish_read(&o->dialects, req->dialect))
        command_fail(o->res, "Unknown dialect");
    else
        return command_parse_sdp(&o->doc, req->sdp, o->res) == 0;
    return false;
}

static bool is_carried(const struct offer *o, const struct sdp_media *m)
{
    return parties_allow(&o->verdicts, m) && !lync_lacks_key(m);
}

/* Policy may allow what we cannot carry: "RTP/AV" is no protocol, and Messenger's k= no key.
 * @return why there is nothing to relay; NULL: there is */
static const char *why_nothing_is_carried(const struct offer *o)
{
    const char *why = "No media line has a protocol that is relayed";

    for (unsigned i = 0; i < o->doc->n_media; i++) {
        if (is_carried(o, &o->doc->media[i]))
            return NULL;
        if (parties_allow(&o->verdicts, &o->doc->media[i]))
            why = "Encryption is required without a key that is known";
    }
    return why;
}

static bool is_supported(struct offer *o)
{
    const bool is_up = o->call && !o->call->is_ended; /* its lines may all be turned off */
    const char *why = o->verdicts.n_media && !is_up ? why_nothing_is_carried(o) : NULL;

    if (why)
        command_fail(o->res, why);
    return !why;
}

/* Decided before anything is allocated. */
static bool is_allowed(struct offer *o)
{
    parties_find(&o->parties, o->c, o->req, o->call);
    parties_decide(&o->verdicts, o->c, &o->parties, o->doc);
    parties_refuse_clear(&o->verdicts, o->c, &o->parties, o->doc, o->dialects.sender);
    report_verdicts(o->c, o->req->call_id, "offer", &o->parties, &o->verdicts);
    if (!o->verdicts.reason)
        return true;
    o->res->result = CONTROL_ERROR;
    (void)re_snprintf(o->res->error, sizeof(o->res->error), "policy: %s", o->verdicts.reason);
    report_refused(o->c, o->req, &o->parties, &o->verdicts);
    return false;
}

/* loop-protect: a document that has been here already goes on as it is. */
static bool comes_back(const struct offer *o)
{
    for (unsigned i = 0; ng_has(o->req, NG_FLAG_LOOP_PROTECT) && i < o->doc->n_session_lines; i++) {
        const struct sdp_line *line = &o->doc->lines[i];

        if (line->type == 'a' && str_equal(line->value, str_of(o->c->loop_mark)))
            return true;
    }
    return false;
}

/* Only IM, or nothing but lines that are off: no media of ours is needed. */
static bool needs_nothing(struct offer *o)
{
    if (!comes_back(o) && (o->verdicts.n_media || (o->call && !o->call->is_ended)))
        return false;
    memcpy(o->res->sdp, o->req->sdp.p, o->req->sdp.n);
    o->res->sdp_len = o->req->sdp.n;
    return true;
}

/* What a worker that is too busy would do to the calls it has, a refusal spares them. */
static bool is_overloaded(const struct control *c)
{
    for (unsigned i = 0; i < media_n_workers(c->media); i++) {
        if (media_load_permille(c->media, i) < 10 * c->cfg->load_limit_percent)
            return false;
    }
    return true;
}

static bool has_room(struct offer *o)
{
    const struct control *c = o->c;
    const char *reason;

    if (c->is_draining || (c->cfg->max_calls && c->n_live >= c->cfg->max_calls))
        reason = "Parallel session limit reached";
    else if (is_overloaded(c))
        reason = "Load limit exceeded";
    else
        return true;
    o->res->result = o->req->has_load_limit ? CONTROL_LOAD_LIMIT : CONTROL_ERROR;
    (void)re_snprintf(o->res->error, sizeof(o->res->error), "%s", reason);
    return false;
}

static int keep_parties(struct offer *o)
{
    int err = parties_keep(o->call, &o->parties);

    if (err)
        return err;
    report_keep_verdicts(o->call, &o->verdicts);
    o->call->policy_turn = o->c->policy_turn;
    return 0;
}

static int open_call(struct offer *o)
{
    uint64_t now_us = clock_now_us();
    int err = 0;

    o->is_new = !o->call || o->call->is_ended;
    if (!o->call)
        err = call_alloc(&o->call, o->c, o->req->call_id, now_us);
    else if (o->call->is_ended)
        call_revive(o->call, now_us);
    if (err)
        return err;
    o->call->last_signal_wall_us = clock_wall_us();
    if (o->req->tos != NG_TOS_DEFAULT)
        o->call->tos = o->req->tos;
    err = o->is_new ? keep_parties(o) : undo_save(&o->undo, o->call);
    if (err)
        return err;
    return dialogue_offer(&o->d, o->call, o->req, &o->parties.interfaces);
}

/* ---- the legs ---------------------------------------------------------------------------------
 */

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
    from->is_allowed = to->is_allowed = is_carried(o, m) && !is_unwanted(o, m);
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

static int prepare_legs(struct offer *o)
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

/* ---- result -----------------------------------------------------------------------------------
 */

static void fail(struct offer *o, int err)
{
    switch (err) {
    case ENOSPC:
        command_fail(o->res, "Ran out of ports");
        break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        o->res->result = o->req->has_load_limit ? CONTROL_LOAD_LIMIT : CONTROL_ERROR;
        (void)re_snprintf(o->res->error, sizeof(o->res->error), "Parallel session limit reached");
        break;
    case ELOOP:
        command_fail(o->res, "Invalid dialogue association");
        break;
    case EMLINK:
        command_fail(o->res, "Too many branches in one call");
        break;
    case ENOTSUP:
        command_fail(o->res, "No SRTP suite is left to offer");
        break;
    default:
        command_fail(o->res, "Error rewriting SDP");
    }
    if (err == ENOSPC || err == EMFILE || err == ENFILE || err == ENOMEM)
        o->c->counters.events[CONTROL_RESOURCE_EXHAUSTED]++;
    log_warning(o->call ? o->call->id : NULL, "offer refused: %s (%s)", o->res->error,
                strerror(err));
    undo_apply(o->undo);
    o->undo = NULL;
    if (o->call && o->is_new)
        call_end(o->call, RECORD_END_FAILED, 0);
}

/* What cannot be taken back, once nothing else can fail. */
static int put_into_force(struct offer *o)
{
    struct leg *a = o->d.offerer;
    int err = 0;

    if (a->has_ice && a->ice && transport_ice_restarts(a, a->doc))
        err = transport_restart_ice(a);
    if (!err && !o->is_new)
        err = keep_parties(o);
    if (err)
        return err;
    leg_follow_doc(a, o->d.answerer);
    undo_forget(o->undo);
    o->undo = NULL;
    return 0;
}

static void finish(struct offer *o)
{
    struct leg *a = o->d.offerer, *b = o->d.answerer;
    int n = describe_leg(o->res->sdp, SDP_TEXT_MAX, b, a->doc, o->lines, o->req, true);
    int err = n < 0 ? EBADMSG : put_into_force(o);

    if (err) {
        fail(o, err);
        return;
    }
    o->res->sdp_len = (size_t)n;
    report_reduced(&o->verdicts, a->doc, o->res->warning, sizeof(o->res->warning));
    log_info(o->call->id, "offer: provider %s, %s (%s: %s) to %s (%s: %s)", o->call->provider,
             o->c->cfg->interfaces[a->interface].name, dialect_name(a->dialect), a->dialect_why,
             o->c->cfg->interfaces[b->interface].name, dialect_name(b->dialect), b->dialect_why);
}

void command_offer(struct control *c, const struct ng_request *req, struct command_result *res)
{
    struct offer *o;
    int err;

    if (ng_has(req, NG_FLAG_FRAGMENT)) {
        fragment_take(c, req, res);
        return;
    }
    o = mem_zalloc(sizeof(*o), NULL);
    if (!o) {
        command_fail(res, "Parallel session limit reached");
        return;
    }
    o->c = c;
    o->req = req;
    o->res = res;
    if (!is_complete(o))
        goto out;
    o->call = call_find(c, req->call_id);
    if (!is_allowed(o) || !is_supported(o) || needs_nothing(o))
        goto out;
    if ((!o->call || o->call->is_ended) && !has_room(o))
        goto out;

    err = open_call(o);
    if (!err)
        err = prepare_legs(o);
    if (err)
        fail(o, err);
    else
        finish(o);
out:
    sdp_free(o->doc);
    mem_deref(o);
}
