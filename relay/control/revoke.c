#include "relay/control/revoke.h"

#include "relay/control/apply.h"
#include "relay/control/policy/parties.h"
#include "relay/control/status/report.h"
#include "relay/log.h"

/* ---- encryption -------------------------------------------------------------------------------
 */

static enum policy_side side_of(const struct leg *leg)
{
    const struct config *cfg = leg->call->control->cfg;

    return cfg->interfaces[leg->interface].provider[0] ? POLICY_SIDE_PUBLIC
                                                       : POLICY_SIDE_ENTERPRISE;
}

static bool has_clear_stream(const struct leg *leg, enum media_kind kind)
{
    for (unsigned i = 0; i < leg->n_streams; i++) {
        const struct stream *s = leg->streams[i];

        if (s->kind == kind && s->is_active && !sdp_proto_is_secure(s->proto))
            return true;
    }
    return false;
}

static void check_encryption(struct policy_decision *d, const struct call *call,
                             const struct policy_query *q)
{
    struct le *le;

    for (le = call->legs.head; le && d->verdict == POLICY_ALLOW; le = le->next) {
        const struct leg *leg = le->data;

        if (has_clear_stream(leg, q->kind) &&
            policy_encryption(call->control->policy, q, side_of(leg)) == POLICY_ENCRYPTION_REQUIRED)
            policy_deny_clear(d, side_of(leg));
    }
}

/* ---- what goes --------------------------------------------------------------------------------
 */

static void mute_kind(struct leg *leg, enum media_kind kind)
{
    for (unsigned i = 0; i < leg->n_streams; i++) {
        struct stream *s = leg->streams[i];

        if (s->kind != kind)
            continue;
        s->is_allowed = false;
        apply_mute_stream(s);
    }
}

static bool has_media_left(const struct call *call)
{
    const struct le *le;

    for (le = call->legs.head; le; le = le->next) {
        const struct leg *leg = le->data;

        for (unsigned i = 0; i < leg->n_streams; i++) {
            if (leg->streams[i]->is_allowed && leg->streams[i]->media)
                return true;
        }
    }
    return false;
}

static void revoke_kind(struct call *call, const struct parties *p, const struct policy_query *q,
                        const struct policy_decision *d)
{
    struct control *c = call->control;
    const bool ends = policy_ends_revoked(c->policy, q);
    struct le *le;

    report_decision(c, str_of(call->id), ends ? "revoke" : "revoke_at_end", p, q->kind, d);
    log_notice(call->id, "policy: %s: %s", ends ? "no longer allowed" : "the call may finish",
               d->reason);
    if (!ends)
        return;
    totals_add_verdict(&c->totals, d->provider[0] ? d->provider : NULL, q->kind, d);
    call->verdicts[q->kind].decision = *d;
    for (le = call->legs.head; le; le = le->next)
        mute_kind(le->data, q->kind);
}

void revoke_call(struct call *call)
{
    struct parties p;
    bool has_changed = false;

    parties_of_call(&p, call);
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        const struct call_verdict *before = &call->verdicts[kind];
        const struct policy_query q = parties_query(&p, (enum media_kind)kind);
        struct policy_decision d;

        if (!before->is_decided || before->decision.verdict != POLICY_ALLOW)
            continue;
        policy_decide(&d, call->control->policy, &q);
        check_encryption(&d, call, &q);
        if (d.verdict == POLICY_ALLOW)
            continue;
        revoke_kind(call, &p, &q, &d);
        has_changed = call->verdicts[kind].decision.verdict != POLICY_ALLOW || has_changed;
    }
    if (has_changed && !has_media_left(call))
        call_end(call, RECORD_END_POLICY, call->control->cfg->delete_delay_s);
}
