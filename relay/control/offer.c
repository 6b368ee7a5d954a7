#include "relay/control/offer.h"

#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/digits.h"
#include "relay/control/fragment.h"
#include "relay/control/sdp/lync_sdp.h"
#include "relay/control/status/report.h"
#include "relay/control/transport/transport.h"

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

bool offer_carries(const struct offer *o, const struct sdp_media *m)
{
    return parties_allow(&o->verdicts, m) && !lync_lacks_key(m);
}

/* Policy may allow what we cannot carry: "RTP/AV" is no protocol, and Messenger's k= no key.
 * @return why there is nothing to relay; NULL: there is */
static const char *why_nothing_is_carried(const struct offer *o)
{
    const char *why = "No media line has a protocol that is relayed";

    for (unsigned i = 0; i < o->doc->n_media; i++) {
        if (offer_carries(o, &o->doc->media[i]))
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
    else if (o->call->is_ended) {
        call_revive(o->call, now_us);
        dialogue_forget_former(o->call, o->req);
    }
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
    digits_take_flag(a, o->req);
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
        err = offer_prepare_legs(o);
    if (err)
        fail(o, err);
    else
        finish(o);
out:
    sdp_free(o->doc);
    mem_deref(o);
}
