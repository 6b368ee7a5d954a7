#include "relay/control/plan.h"

#include <errno.h>

#include "relay/control/apply.h"

int plan_line(struct negotiated_plan *plan, const struct stream *from, const struct stream *to,
              const struct sdp_media *answer)
{
    const struct config *cfg = from->control->cfg;
    const struct negotiate_sides sides = {
        .offer = &from->leg->doc->media[from->index],
        .usable = from->usable,
        .accepted = from->accepted,
        .offered = to->offered,
        .n_offered = to->n_offered,
        .answer = answer,
        .ptime_ms = from->ptime_ms,
        .ptime_reverse_ms = from->ptime_reverse_ms,
        .always_transcode = from->always_transcode,
        .is_single = from->is_single,
        .offerer_digits = from->digits,
        .answerer_digits = to->digits,
        .reorder_window_us = cfg->reorder_window_ms * 1000,
        .settings = from->settings,
        .n_settings = from->n_settings,
        .offerer_interface = &cfg->interfaces[from->leg->interface],
        .answerer_interface = &cfg->interfaces[to->leg->interface],
    };

    return negotiate_answer(plan, &sides);
}

static int plan_again(struct stream *s)
{
    struct stream *from = s->leg->is_offerer ? s : s->sink, *to = s->leg->is_offerer ? s->sink : s;
    struct negotiated_plan *plan = mem_zalloc(sizeof(*plan), NULL);
    const struct negotiated_flow *flow;
    int err;

    if (!plan)
        return ENOMEM;
    flow = from == s ? &plan->from_offerer : &plan->from_answerer;
    err = plan_line(plan, from, to, &to->leg->doc->media[to->index]);
    if (!err && s->digits != DIGITS_AS_THEY_ARE && !negotiated_flow_transcodes(flow))
        err = ENOTSUP;
    if (!err)
        err = apply_streams(from, to, plan);
    mem_deref(plan);
    return err;
}

int plan_digits(struct stream *s, enum negotiate_digits digits)
{
    const enum negotiate_digits before = s->digits;
    int err;

    if (digits == before)
        return 0;
    if (!s->is_active || !s->media || !s->sink || !s->sink->leg || !s->sink->is_active ||
        !s->leg->doc || !s->sink->leg->doc)
        return ENOTCONN;
    if (s->leg->is_waiting || s->sink->leg->is_waiting)
        return EBUSY;
    s->digits = digits;
    err = plan_again(s);
    if (err)
        s->digits = before;
    return err;
}
