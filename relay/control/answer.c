#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/apply.h"
#include "relay/control/command.h"
#include "relay/control/describe.h"
#include "relay/control/digits.h"
#include "relay/control/plan.h"
#include "relay/control/fragment.h"
#include "relay/control/transport/handshake.h"
#include "relay/control/transport/keys.h"
#include "relay/control/sdp/lync_sdp.h"
#include "relay/control/policy/parties.h"
#include "relay/control/status/report.h"
#include "relay/control/transport/transport.h"

/* One answer on its way through. */
struct answer {
    struct control *c;
    const struct ng_request *req;
    struct command_result *res;
    struct sdp_doc *doc; /* the answerer's; moves into its leg */
    struct call *call;
    struct dialogue d;
    struct parties_verdicts verdicts;
    struct describe_line lines[SDP_MEDIA_MAX];
    struct negotiated_plan *plans; /* by line; only those of relayed lines are filled in */
    unsigned n_relayed;
};

static bool is_complete(struct answer *a)
{
    const struct ng_request *req = a->req;

    if (str_is_empty(req->call_id))
        command_fail(a->res, "No call-id in message");
    else if (str_is_empty(req->from_tag))
        command_fail(a->res, "No from-tag in message");
    else if (str_is_empty(req->to_tag))
        command_fail(a->res, "No to-tag in message");
    else if (str_is_empty(req->sdp))
        command_fail(a->res, "No SDP body in message");
    else
        return command_parse_sdp(&a->doc, req->sdp, a->res) == 0;
    return false;
}

/* Every line of the offer has its line in the answer: RFC 3264 s.6. */
static bool find_legs(struct answer *a)
{
    int err = dialogue_answer(&a->d, a->call, a->req);

    if (err || a->d.answerer->n_streams < a->d.offerer->doc->n_media) {
        command_fail(a->res, "Invalid dialogue association");
        return false;
    }
    if (a->doc->n_media != a->d.offerer->doc->n_media) {
        command_fail(a->res, "Incomplete SDP specification");
        log_warning(a->call->id, "answer with %u m= lines to an offer with %u", a->doc->n_media,
                    a->d.offerer->doc->n_media);
        return false;
    }
    return true;
}

static void decide(struct answer *a)
{
    struct parties p;

    parties_find(&p, a->c, a->req, a->call);
    parties_decide(&a->verdicts, a->c, &p, a->doc);
    report_verdicts(a->c, a->req->call_id, "answer", &p, &a->verdicts);
}

/* ---- transport --------------------------------------------------------------------------------
 */

/* A peer that answered an ICE offer without ICE is reached at its plain address. */
static void accept_ice(struct answer *a)
{
    struct leg *leg = a->d.answerer;

    if (leg->has_ice && !transport_doc_has_ice(a->doc)) {
        log_notice(a->call->id, "answered without ICE: media goes to the address in the SDP");
        leg->has_ice = false;
        leg->refused_ice = true;
    }
    if (leg->has_ice && leg->ice && transport_ice_restarts(leg, a->doc))
        leg->remote_ufrag = mem_deref(leg->remote_ufrag);
}

static bool offerer_may_mux(const struct answer *a, const struct sdp_media *offer)
{
    return offer->has_rtcp_mux && a->d.offerer->dialect == DIALECT_RFC &&
           !(a->req->rtcp_mux & (NG_MUX_DEMUX | NG_MUX_REJECT));
}

/* Whether the offerer gets its keys by DTLS: if that is all it offers, or both and SDES is not
 * preferred. */
static bool takes_dtls(const struct stream *s, const struct sdp_media *offer)
{
    if (s->leg->dialect != DIALECT_RFC || s->refuses_dtls)
        return false;
    if (sdp_proto_is_dtls(offer->proto))
        return true;
    return sdp_proto_is_secure(offer->proto) && !str_is_empty(offer->fingerprint) &&
           (!s->prefers_sdes || lync_choose_crypto(offer) < 0);
}

/* Keys of the leg that offered: its own protocol decides, or that it offers encryption. */
static int answer_offerer_keys(const struct answer *a, struct stream *s,
                               const struct sdp_media *offer)
{
    bool is_optional = lync_is_optional_srtp(offer) && a->d.offerer->dialect != DIALECT_RFC;

    s->proto = is_optional ? SDP_RTP_SAVP : offer->proto;
    if (takes_dtls(s, offer))
        return handshake_answer(s, offer, s->is_passive);
    handshake_end(s);
    if (sdp_proto_is_secure(s->proto))
        return keys_answer(s, offer);
    keys_none(s);
    return 0;
}

/* Keys of the leg that answered: what was offered as secure is not taken back. */
static int accept_answerer_keys(struct stream *s, const struct sdp_media *answer)
{
    if (sdp_proto_is_dtls(s->proto))
        return handshake_accept(s, answer);
    handshake_end(s);
    if (sdp_proto_is_secure(s->proto))
        return keys_accept(s, answer);
    keys_none(s);
    return 0;
}

/* ---- one m= line ------------------------------------------------------------------------------
 */

static void report_bad_formats(const struct answer *a, const struct sdp_media *m, uint64_t bad)
{
    for (unsigned i = 0; bad && i < m->n_formats; i++, bad >>= 1) {
        if (bad & 1)
            log_warning(a->call->id, "%.*s is not used: its fmtp cannot be served: %.*s",
                        (int)m->formats[i].name.n, m->formats[i].name.p, (int)m->formats[i].fmtp.n,
                        m->formats[i].fmtp.p);
    }
}

static int negotiate_line(struct answer *a, unsigned i, struct stream *from, struct stream *to)
{
    const struct sdp_media *answer = &a->doc->media[i];
    int err;

    from->is_single = ng_has(a->req, NG_FLAG_SINGLE_CODEC);
    err = plan_line(&a->plans[i], from, to, answer);
    report_bad_formats(a, &a->d.offerer->doc->media[i], a->plans[i].bad_offered);
    report_bad_formats(a, answer, a->plans[i].bad_answered);
    if (err)
        return err;
    digits_warn(from, &a->plans[i].from_offerer);
    digits_warn(to, &a->plans[i].from_answerer);
    return 0;
}

static int accept_line(struct answer *a, unsigned i)
{
    const struct sdp_media *offer = &a->d.offerer->doc->media[i];
    const struct sdp_media *answer = &a->doc->media[i];
    struct stream *from = a->d.offerer->streams[i], *to = a->d.answerer->streams[i];
    int err;

    if (!from->is_allowed || !offer->port || !parties_allow(&a->verdicts, answer) || !from->media ||
        !to->media)
        return ECONNREFUSED;
    err = negotiate_line(a, i, from, to);
    if (!err)
        err = accept_answerer_keys(to, answer);
    if (!err)
        err = answer_offerer_keys(a, from, offer);
    to->is_muxed = to->offers_mux && answer->has_rtcp_mux;
    from->is_muxed = offerer_may_mux(a, offer);
    return err;
}

static const char *why_not(int err)
{
    switch (err) {
    case ECONNREFUSED:
        return NULL; /* the peer or policy refused it: said elsewhere */
    case ENOENT:
        return "no codec in common, or no crypto line or fingerprint that can be used";
    case EIO:
        return "no random numbers for keys";
    default:
        return strerror(err);
    }
}

static void take_line(struct answer *a, unsigned i)
{
    const struct sdp_media *offer = &a->d.offerer->doc->media[i];
    struct stream *from = a->d.offerer->streams[i], *to = a->d.answerer->streams[i];
    struct describe_line *line = &a->lines[i];
    int err;

    line->is_kept = offer->kind == MEDIA_IM && from->is_allowed;
    if (line->is_kept)
        return;
    err = accept_line(a, i);
    if (err) {
        line->is_rejected = true;
        from->is_active = to->is_active = false;
        if (why_not(err))
            log_warning(a->call->id, "m= line %u is rejected: %s", i + 1, why_not(err));
        return;
    }
    line->formats = a->plans[i].answer;
    line->n_formats = a->plans[i].n_answer;
    line->ptime_ms = from->ptime_reverse_ms;
    a->n_relayed++;
}

/* ---- into force -------------------------------------------------------------------------------
 */

/* Of several branches, the one that answered last is heard, and nobody else by either side. */
static void connect_legs(struct answer *a)
{
    struct leg *offerer = a->d.offerer, *answerer = a->d.answerer;

    leg_unplug(offerer, answerer);
    leg_unplug(answerer, offerer);
    answerer->peer = offerer;
    offerer->peer = answerer;
}

static void apply_line(struct answer *a, unsigned i)
{
    struct stream *from = a->d.offerer->streams[i], *to = a->d.answerer->streams[i];

    if (a->lines[i].is_kept)
        return;
    if (!a->lines[i].is_rejected && !apply_streams(from, to, &a->plans[i])) {
        from->sink = to;
        to->sink = from;
        return;
    }
    if (!a->lines[i].is_rejected)
        a->n_relayed--;
    a->lines[i].is_rejected = true;
    apply_mute_stream(from);
    apply_mute_stream(to);
}

static void put_into_force(struct answer *a)
{
    for (unsigned i = 0; i < a->doc->n_media; i++)
        apply_line(a, i);
    transport_set_remote_ice(a->d.answerer); /* no checks for a line that was refused */
    transport_set_remote_ice(a->d.offerer);
    fragment_take_waiting(a->d.answerer);
    fragment_take_waiting(a->d.offerer);
}

static void finish(struct answer *a)
{
    struct leg *offerer = a->d.offerer;
    int n = describe_leg(a->res->sdp, SDP_TEXT_MAX, offerer, a->d.answerer->doc, a->lines, a->req,
                         false);

    if (n < 0) {
        command_fail(a->res, "Error rewriting SDP");
        return;
    }
    a->res->sdp_len = (size_t)n;
    if (!a->call->answered_us)
        a->call->answered_us = clock_now_us();
    a->call->last_signal_wall_us = clock_wall_us();
    report_answered(a->call, offerer, a->d.answerer);
}

static void set_answerer_doc(struct answer *a)
{
    struct leg *leg = a->d.answerer;

    transport_forget_own(a->c, a->doc);
    leg_set_doc(leg, a->doc);
    leg_set_source(leg, a->req);
    leg->is_answered = true;
    a->d.offerer->is_waiting = false;
}

void command_answer(struct control *c, const struct ng_request *req, struct command_result *res)
{
    struct answer *a;

    if (ng_has(req, NG_FLAG_FRAGMENT)) {
        fragment_take(c, req, res);
        return;
    }
    a = mem_zalloc(sizeof(*a), NULL);
    if (!a) {
        command_fail(res, "Parallel session limit reached");
        return;
    }
    a->c = c;
    a->req = req;
    a->res = res;
    if (!is_complete(a))
        goto out;
    a->call = call_find(c, req->call_id);
    if (!a->call || a->call->is_ended) {
        command_fail(res, "Unknown call-id");
        goto out;
    }
    if (!find_legs(a))
        goto out;
    a->plans = mem_zalloc(a->doc->n_media * sizeof(*a->plans), NULL);
    if (!a->plans && a->doc->n_media) {
        command_fail(res, "Parallel session limit reached");
        goto out;
    }
    decide(a);
    accept_ice(a);
    digits_take_flag(a->d.answerer, req);
    for (unsigned i = 0; i < a->doc->n_media; i++)
        take_line(a, i);
    set_answerer_doc(a);
    connect_legs(a);
    put_into_force(a);
    finish(a);
    a->doc = NULL;
out:
    sdp_free(a->doc);
    mem_deref(a->plans);
    mem_deref(a);
}
