#include <errno.h>
#include <string.h>

#include "relay/control/negotiate/negotiate_internal.h"

/* The list of the answer that goes back, and the two directions. */

/* What one answer is made of. */
struct choice {
    const struct negotiate_sides *in;
    struct negotiated_plan *plan;
    struct sdp_format answered[SDP_FORMATS_MAX];
    unsigned n_answered;
    bool is_audio;
    bool transcodes; /* nothing can pass as it is */
};

static bool is_usable(const struct negotiate_sides *in, unsigned k)
{
    return (in->usable >> k) & 1;
}

/* Whether we may decode or encode it; a bad one is reported once. */
static const struct codec *usable_codec(struct choice *c, unsigned k)
{
    const struct sdp_format *f = &c->in->offer->formats[k];

    if (!is_usable(c->in, k) || !format_is_primary(f))
        return NULL;
    return format_codec(f);
}

static unsigned n_offer_formats(const struct choice *c)
{
    return c->in->offer->n_formats < SDP_FORMATS_MAX ? c->in->offer->n_formats : SDP_FORMATS_MAX;
}

/* An answer may list a dynamic type by its number alone: it then means what it was offered as. */
static void read_answer(struct choice *c)
{
    const struct negotiate_sides *in = c->in;

    for (unsigned i = 0; i < in->answer->n_formats && c->n_answered < SDP_FORMATS_MAX; i++) {
        struct sdp_format f = in->answer->formats[i];

        for (unsigned k = 0; str_is_empty(f.name) && k < in->n_offered; k++) {
            if (in->offered[k].pt == f.pt)
                f = in->offered[k];
        }
        f.feedback = in->answer->formats[i].feedback; /* only what the answer itself lists */
        if (c->is_audio && format_is_bad(&f))
            c->plan->bad_answered |= 1ull << i;
        else
            c->answered[c->n_answered++] = f;
    }
}

static void find_bad(struct choice *c)
{
    for (unsigned k = 0; c->is_audio && k < n_offer_formats(c); k++) {
        if (format_is_bad(&c->in->offer->formats[k]))
            c->plan->bad_offered |= 1ull << k;
    }
}

static void answer_add(struct negotiated_plan *plan, const struct sdp_format *f, struct str fmtp)
{
    if (plan->n_answer == SDP_FORMATS_MAX || format_find_same(plan->answer, plan->n_answer, f))
        return;
    plan->answer[plan->n_answer] = *f;
    plan->answer[plan->n_answer++].fmtp = fmtp;
}

/* Feedback comes through to whoever has agreed to it, so both have to: RFC 4585 s.4.2. */
static void answer_add_shared(struct negotiated_plan *plan, const struct sdp_format *offered,
                              const struct sdp_format *answered)
{
    struct sdp_format f = *offered;

    f.feedback &= answered->feedback;
    answer_add(plan, &f, answered->fmtp);
}

/* The offerer's formats that the answerer took, in the answerer's order. */
static void answer_shared(struct choice *c)
{
    for (unsigned i = 0; i < c->n_answered; i++) {
        for (unsigned k = 0; k < n_offer_formats(c); k++) {
            const struct sdp_format *f = &c->in->offer->formats[k];

            if (is_usable(c->in, k) && !((c->plan->bad_offered >> k) & 1) && format_is_primary(f) &&
                format_same(f, &c->answered[i]))
                answer_add_shared(c->plan, f, &c->answered[i]);
        }
    }
}

/* What the offerer may send although the answerer did not take it. */
static void answer_accepted(struct choice *c)
{
    for (unsigned k = 0; k < n_offer_formats(c); k++) {
        const struct sdp_format *f = &c->in->offer->formats[k];

        if (((c->in->accepted >> k) & 1) && usable_codec(c, k))
            answer_add(c->plan, f, f->fmtp);
    }
}

/* The offerer's best-sounding format that we can transcode; its own order decides between equals.
 */
static void answer_best(struct choice *c)
{
    const struct sdp_format *best = NULL;
    unsigned quality = 0;

    for (unsigned k = 0; k < n_offer_formats(c); k++) {
        const struct codec *codec = usable_codec(c, k);

        if (!codec || codec->quality <= quality)
            continue;
        best = &c->in->offer->formats[k];
        quality = codec->quality;
    }
    if (best)
        answer_add(c->plan, best, best->fmtp);
}

static bool has_event(const struct sdp_format *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (format_is_event(&list[i]))
            return true;
    }
    return false;
}

static bool shares_events(const struct choice *c)
{
    for (unsigned k = 0; k < n_offer_formats(c); k++) {
        const struct sdp_format *f = &c->in->offer->formats[k];

        if (format_is_event(f) && format_find_same(c->answered, c->n_answered, f))
            return true;
    }
    return false;
}

/* Inside RED stand payload types: it passes only if every one of them is the same on both sides. */
static bool numbers_agree(const struct choice *c)
{
    for (unsigned i = 0; i < c->plan->n_answer; i++) {
        const struct sdp_format *f = &c->plan->answer[i];
        const struct sdp_format *same = format_find_same(c->answered, c->n_answered, f);

        if (format_is_primary(f) && (!same || same->pt != f->pt))
            return false;
    }
    return true;
}

/* Whether an addition that both sides list, or only the offerer, belongs into the answer. */
static bool wants_addition(const struct choice *c, const struct sdp_format *f, bool is_shared)
{
    if (format_is_red(f))
        return c->transcodes ? f->clock_hz == c->plan->answer[0].clock_hz
                             : is_shared && numbers_agree(c);
    if (is_shared)
        return true;
    if (!c->transcodes)
        return false;
    /* events of the offerer become tones where the answerer took none, and get another clock where
     * it took them on that of its own speech */
    if (format_is_event(f))
        return !shares_events(c);
    return f->clock_hz == c->plan->answer[0].clock_hz;
}

static void answer_additions(struct choice *c)
{
    for (unsigned k = 0; k < n_offer_formats(c); k++) {
        const struct sdp_format *f = &c->in->offer->formats[k];
        const struct sdp_format *shared = format_find_same(c->answered, c->n_answered, f);

        if (!is_usable(c->in, k) || format_is_primary(f) || !wants_addition(c, f, shared != NULL))
            continue;
        answer_add(c->plan, f, shared && format_is_event(f) ? shared->fmtp : f->fmtp);
    }
}

/* telephone-event that the answerer took and the offerer never listed: it was added for it. */
static bool converts_digits(const struct choice *c)
{
    return c->is_audio && has_event(c->answered, c->n_answered) &&
           !has_event(c->in->offer->formats, n_offer_formats(c)) &&
           format_first_transcodable(c->answered, c->n_answered) &&
           format_first_transcodable(c->plan->answer, c->plan->n_answer);
}

/* For peers that are confused by more (single-codec): the first, and what goes with it. */
static void answer_single(struct negotiated_plan *plan)
{
    const struct sdp_format first = plan->answer[0];
    unsigned kept = 1;

    for (unsigned i = 1; i < plan->n_answer; i++) {
        if (!format_is_primary(&plan->answer[i]) && plan->answer[i].clock_hz == first.clock_hz)
            plan->answer[kept++] = plan->answer[i];
    }
    plan->n_answer = kept;
}

/* ---- packet times ---- */

static unsigned pick_ptime(unsigned forced_ms, const struct sdp_media *receiver)
{
    unsigned ptime = forced_ms ? forced_ms : receiver->ptime_ms;

    if (ptime < 10 || ptime > 60)
        ptime = 20;
    if (receiver->maxptime_ms >= 10 && ptime > receiver->maxptime_ms)
        ptime = receiver->maxptime_ms;
    return ptime / 10 * 10;
}

/* A packet time that the sender does not use itself is made by decoding and encoding again; so is
 * one that the receiver takes, where the sender's is too long for it. */
static bool repacketizes(unsigned forced_ms, const struct sdp_media *sender,
                         const struct sdp_media *receiver)
{
    const unsigned sent_ms = sender->ptime_ms ? sender->ptime_ms : 20;

    if (forced_ms)
        return forced_ms != sent_ms;
    return receiver->maxptime_ms >= 10 && sent_ms > receiver->maxptime_ms;
}

/* ---- the two directions ---- */

static void make_flows(struct choice *c)
{
    const struct negotiate_sides *in = c->in;
    struct negotiated_plan *plan = c->plan;
    const bool always = in->always_transcode || converts_digits(c);
    struct negotiate_direction forth = {.from = plan->answer,
                                        .n_from = plan->n_answer,
                                        .to = c->answered,
                                        .n_to = c->n_answered,
                                        .is_audio = c->is_audio,
                                        .settings = in->settings,
                                        .n_settings = in->n_settings,
                                        .receiver = in->answerer_interface,
                                        .reorder_window_us = in->reorder_window_us};
    struct negotiate_direction back = forth;

    forth.mutes_tones = in->offerer_digits == DIGITS_MUTED;
    forth.always_transcode = always || in->offerer_digits != DIGITS_AS_THEY_ARE ||
                             repacketizes(in->ptime_ms, in->offer, in->answer);
    forth.ptime_ms = pick_ptime(in->ptime_ms, in->answer);
    back.from = c->answered;
    back.n_from = c->n_answered;
    back.to = plan->answer;
    back.n_to = plan->n_answer;
    back.receiver = in->offerer_interface;
    back.mutes_tones = in->answerer_digits == DIGITS_MUTED;
    back.always_transcode = always || in->answerer_digits != DIGITS_AS_THEY_ARE ||
                            repacketizes(in->ptime_reverse_ms, in->answer, in->offer);
    back.ptime_ms = pick_ptime(in->ptime_reverse_ms, in->offer);

    negotiate_flow(&plan->from_offerer, &forth);
    negotiate_flow(&plan->from_answerer, &back);
}

int negotiate_answer(struct negotiated_plan *plan, const struct negotiate_sides *in)
{
    struct choice c = {.in = in, .plan = plan, .is_audio = in->offer->kind == MEDIA_AUDIO};

    memset(plan, 0, sizeof(*plan));
    find_bad(&c);
    read_answer(&c);
    answer_shared(&c);
    c.transcodes = plan->n_answer == 0 && c.is_audio;
    if (c.is_audio && format_first_transcodable(c.answered, c.n_answered)) {
        answer_accepted(&c);
        if (plan->n_answer == 0)
            answer_best(&c);
    }
    if (plan->n_answer == 0)
        return ENOENT;
    answer_additions(&c);
    if (in->is_single)
        answer_single(plan);
    make_flows(&c);
    return 0;
}
