#include "relay/control/negotiate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PT_DYNAMIC_MIN 96
#define PT_DYNAMIC_MAX 127

/* A codec string of the NG protocol: NAME[/CLOCK[/CHANNELS[/...]]]. */
struct codec_word {
    struct str name;
    uint32_t clock_hz;  /* 0: any */
    uint8_t n_channels; /* 0: any */
};

static struct str next_part(struct str *rest)
{
    const char *slash = rest->n ? memchr(rest->p, '/', rest->n) : NULL;
    struct str part = {rest->p, slash ? (size_t)(slash - rest->p) : rest->n};

    *rest = slash ? (struct str){slash + 1, rest->n - part.n - 1} : (struct str){NULL, 0};
    return part;
}

static uint32_t decimal(struct str s)
{
    uint32_t value = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || value > 1000000)
            return 0;
        value = value * 10 + (uint32_t)(s.p[i] - '0');
    }
    return value;
}

static struct codec_word word_read(struct str text)
{
    struct codec_word w = {.name = next_part(&text)};

    w.clock_hz = decimal(next_part(&text));
    w.n_channels = (uint8_t)decimal(next_part(&text));
    return w;
}

static bool word_matches(struct str text, const struct sdp_format *f)
{
    struct codec_word w = word_read(text);

    return str_equal_nocase(w.name, f->name) && (!w.clock_hz || w.clock_hz == f->clock_hz) &&
           (!w.n_channels || w.n_channels == f->n_channels);
}

/* @return position in the list; -1: not in it */
static int list_find(const struct ng_strings *list, const struct sdp_format *f)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (word_matches(list->v[i], f))
            return (int)i;
    }
    return -1;
}

static bool list_has_word(const struct ng_strings *list, struct str word)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (str_equal_nocase(list->v[i], word))
            return true;
    }
    return false;
}

static bool list_has_all(const struct ng_strings *list)
{
    return list_has_word(list, STR("all")) || list_has_word(list, STR("full"));
}

static bool is_event(const struct sdp_format *f)
{
    return str_equal_nocase(f->name, STR("telephone-event"));
}

static bool is_comfort_noise(const struct sdp_format *f)
{
    return str_equal_nocase(f->name, STR("CN"));
}

/* What carries speech or pictures, not an addition to it. */
static bool is_primary(const struct sdp_format *f)
{
    return !is_event(f) && !is_comfort_noise(f) && !str_equal_nocase(f->name, STR("red"));
}

static bool same_format(const struct sdp_format *a, const struct sdp_format *b)
{
    if (str_is_empty(a->name) || str_is_empty(b->name))
        return a->pt == b->pt && str_is_empty(a->name) && str_is_empty(b->name);
    return str_equal_nocase(a->name, b->name) && a->clock_hz == b->clock_hz &&
           a->n_channels == b->n_channels;
}

static const struct codec *codec_of(const struct sdp_format *f)
{
    struct codec_spec spec;

    return sdp_format_spec(&spec, f) ? NULL : codec_find(&spec);
}

/* ---- offer ------------------------------------------------------------------------------------
 */

enum fate { FATE_LISTED, FATE_HIDDEN, FATE_GONE };

/* What becomes of one format of the offer. "all" spares telephone-event: a call that is transcoded
 * keeps its DTMF unless the request takes it out by name. */
static enum fate format_fate(const struct sdp_format *f, const struct ng_codec_ops *ops)
{
    bool is_excepted = list_find(&ops->except, f) >= 0 || list_find(&ops->offer, f) >= 0;
    bool is_restored =
        !list_has_word(&ops->strip, STR("full")) && list_find(&ops->transcode, f) >= 0;
    bool all_applies = !is_excepted && !is_event(f);

    if (list_find(&ops->ignore, f) >= 0)
        return FATE_GONE;
    if (list_find(&ops->strip, f) >= 0 ||
        (list_has_all(&ops->strip) && all_applies && !is_restored))
        return FATE_GONE;
    if (list_find(&ops->mask, f) >= 0 || list_find(&ops->consume, f) >= 0)
        return FATE_HIDDEN;
    if ((list_has_all(&ops->mask) || list_has_all(&ops->consume)) && all_applies && !is_restored)
        return FATE_HIDDEN;
    return FATE_LISTED;
}

static bool offer_lists(const struct negotiated_offer *out, const struct sdp_format *f)
{
    for (unsigned i = 0; i < out->n_formats; i++) {
        if (same_format(&out->formats[i], f))
            return true;
    }
    return false;
}

static bool pt_is_taken(const struct negotiated_offer *out, const struct sdp_media *offer,
                        unsigned pt)
{
    for (unsigned i = 0; i < out->n_formats; i++) {
        if (out->formats[i].pt == pt)
            return true;
    }
    for (unsigned i = 0; i < offer->n_formats; i++) {
        if (offer->formats[i].pt == pt)
            return true;
    }
    return false;
}

static int free_pt(const struct negotiated_offer *out, const struct sdp_media *offer,
                   const struct codec *codec)
{
    if (codec->static_pt < PT_DYNAMIC_MIN && !pt_is_taken(out, offer, codec->static_pt))
        return codec->static_pt;
    for (unsigned pt = PT_DYNAMIC_MIN; pt <= PT_DYNAMIC_MAX; pt++) {
        if (!pt_is_taken(out, offer, pt))
            return (int)pt;
    }
    return -1;
}

/* Adds a codec that the offer did not list, if we can transcode to it. */
static void offer_add(struct negotiated_offer *out, const struct sdp_media *offer, struct str word)
{
    struct str name = word_read(word).name;
    const struct codec *codec = codec_find_name(name.p, name.n);
    struct sdp_format f;
    int pt;

    if (!codec || out->n_formats == SDP_FORMATS_MAX)
        return;
    f = (struct sdp_format){.name = str_of(codec->name),
                            .clock_hz = codec->clock_hz,
                            .n_channels = codec->n_channels,
                            .fmtp = str_of(codec->default_fmtp)};
    pt = free_pt(out, offer, codec);
    if (pt < 0 || offer_lists(out, &f))
        return;
    f.pt = (uint8_t)pt;
    out->formats[out->n_formats++] = f;
}

/* What the request wants first, in its order; the sort is stable because each place is taken once.
 */
static void offer_sort(struct negotiated_offer *out, const struct ng_strings *order)
{
    unsigned done = 0;

    for (unsigned o = 0; o < order->n; o++) {
        for (unsigned i = done; i < out->n_formats; i++) {
            struct sdp_format f = out->formats[i];

            if (!word_matches(order->v[o], &f))
                continue;
            memmove(&out->formats[done + 1], &out->formats[done], (i - done) * sizeof(f));
            out->formats[done++] = f;
        }
    }
}

static bool has_primary(const struct sdp_format *formats, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (is_primary(&formats[i]))
            return true;
    }
    return false;
}

static void offer_restore(struct negotiated_offer *out, const struct sdp_media *offer)
{
    out->n_formats = 0;
    for (unsigned i = 0; i < offer->n_formats && i < SDP_FORMATS_MAX; i++) {
        out->formats[out->n_formats++] = offer->formats[i];
        out->usable |= 1ull << i;
    }
}

static void offer_take(struct negotiated_offer *out, const struct sdp_media *offer,
                       const struct ng_codec_ops *ops)
{
    for (unsigned i = 0; i < offer->n_formats && i < SDP_FORMATS_MAX; i++) {
        const struct sdp_format *f = &offer->formats[i];
        enum fate fate = format_fate(f, ops);

        if (fate == FATE_GONE)
            continue;
        out->usable |= 1ull << i;
        if (list_find(&ops->accept, f) >= 0 || list_has_all(&ops->accept) ||
            list_find(&ops->consume, f) >= 0)
            out->accepted |= 1ull << i;
        if (fate == FATE_LISTED)
            out->formats[out->n_formats++] = *f;
    }
}

void negotiate_offer(struct negotiated_offer *out, const struct sdp_media *offer,
                     const struct ng_codec_ops *ops, const struct config_interface *to,
                     bool keeps_empty)
{
    out->n_formats = 0;
    out->usable = out->accepted = 0;

    offer_take(out, offer, ops);
    if (offer->kind == MEDIA_AUDIO) {
        for (unsigned i = 0; i < ops->transcode.n; i++)
            offer_add(out, offer, ops->transcode.v[i]);
        for (unsigned i = 0; to && i < to->n_transcode; i++)
            offer_add(out, offer, str_of(to->transcode[i]));
    }
    offer_sort(out, &ops->offer);
    if (!keeps_empty && !has_primary(out->formats, out->n_formats))
        offer_restore(out, offer);
}

/* ---- answer -----------------------------------------------------------------------------------
 */

static const struct sdp_format *find_same(const struct sdp_format *list, unsigned n,
                                          const struct sdp_format *f)
{
    for (unsigned i = 0; i < n; i++) {
        if (same_format(&list[i], f))
            return &list[i];
    }
    return NULL;
}

/* An answer may list a dynamic type by its number alone: it then means what it was offered as. */
static unsigned answer_formats(struct sdp_format *list, const struct negotiate_sides *in)
{
    unsigned n = 0;

    for (unsigned i = 0; i < in->answer->n_formats && n < SDP_FORMATS_MAX; i++) {
        struct sdp_format f = in->answer->formats[i];

        for (unsigned k = 0; str_is_empty(f.name) && k < in->n_offered; k++) {
            if (in->offered[k].pt == f.pt)
                f = in->offered[k];
        }
        list[n++] = f;
    }
    return n;
}

static const struct sdp_format *first_transcodable(const struct sdp_format *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (is_primary(&list[i]) && codec_of(&list[i]))
            return &list[i];
    }
    return NULL;
}

static void answer_add(struct negotiated_plan *plan, const struct sdp_format *f, struct str fmtp)
{
    if (plan->n_answer == SDP_FORMATS_MAX || find_same(plan->answer, plan->n_answer, f))
        return;
    plan->answer[plan->n_answer] = *f;
    plan->answer[plan->n_answer++].fmtp = fmtp;
}

/* The offerer's formats that the answerer took, in the answerer's order. */
static void answer_shared(struct negotiated_plan *plan, const struct negotiate_sides *in,
                          const struct sdp_format *answered, unsigned n_answered)
{
    for (unsigned i = 0; i < n_answered; i++) {
        for (unsigned k = 0; k < in->offer->n_formats && k < SDP_FORMATS_MAX; k++) {
            const struct sdp_format *f = &in->offer->formats[k];

            if (((in->usable >> k) & 1) && is_primary(f) && same_format(f, &answered[i]))
                answer_add(plan, f, answered[i].fmtp);
        }
    }
}

/* What the offerer may send although the answerer did not take it. */
static void answer_accepted(struct negotiated_plan *plan, const struct negotiate_sides *in)
{
    for (unsigned k = 0; k < in->offer->n_formats && k < SDP_FORMATS_MAX; k++) {
        const struct sdp_format *f = &in->offer->formats[k];

        if (((in->usable & in->accepted) >> k & 1) && is_primary(f) && codec_of(f))
            answer_add(plan, f, f->fmtp);
    }
}

/* The offerer's best-sounding format that we can transcode; its own order decides between equals.
 */
static void answer_best(struct negotiated_plan *plan, const struct negotiate_sides *in)
{
    const struct sdp_format *best = NULL;
    unsigned quality = 0;

    for (unsigned k = 0; k < in->offer->n_formats && k < SDP_FORMATS_MAX; k++) {
        const struct sdp_format *f = &in->offer->formats[k];
        const struct codec *codec = is_primary(f) ? codec_of(f) : NULL;

        if (!((in->usable >> k) & 1) || !codec || codec->quality <= quality)
            continue;
        best = f;
        quality = codec->quality;
    }
    if (best)
        answer_add(plan, best, best->fmtp);
}

/* telephone-event where the answerer took it too; comfort noise where it can be understood. */
static void answer_additions(struct negotiated_plan *plan, const struct negotiate_sides *in,
                             const struct sdp_format *answered, unsigned n_answered,
                             bool transcodes)
{
    for (unsigned k = 0; k < in->offer->n_formats && k < SDP_FORMATS_MAX; k++) {
        const struct sdp_format *f = &in->offer->formats[k];
        const struct sdp_format *shared = find_same(answered, n_answered, f);

        if (!((in->usable >> k) & 1) || is_primary(f))
            continue;
        if (shared)
            answer_add(plan, f, is_event(f) ? shared->fmtp : f->fmtp);
        else if (transcodes && is_comfort_noise(f) && f->clock_hz == plan->answer[0].clock_hz)
            answer_add(plan, f, f->fmtp);
    }
}

/* ---- flows ------------------------------------------------------------------------------------
 */

/* One direction: what its sender may send, and what its receiver takes. */
struct direction {
    const struct sdp_format *from, *to;
    unsigned n_from, n_to;
    unsigned ptime_ms;
    bool always_transcode;
    bool is_audio;
};

static void flow_add_input(struct negotiated_flow *flow, const struct sdp_format *f)
{
    struct transcoder_config *t = &flow->transcoder;

    if (t->n_in == TRANSCODER_FORMATS_MAX || sdp_format_spec(&t->in[t->n_in].spec, f))
        return;
    t->in[t->n_in++].pt = f->pt;
    flow->action[f->pt] = MEDIA_TRANSCODE;
}

static void flow_primary(struct negotiated_flow *flow, const struct direction *d,
                         const struct sdp_format *target)
{
    for (unsigned i = 0; i < d->n_from; i++) {
        const struct sdp_format *f = &d->from[i];
        const struct sdp_format *same = find_same(d->to, d->n_to, f);

        if (!is_primary(f))
            continue;
        if (same && !(d->always_transcode && target && codec_of(f))) {
            flow->action[f->pt] = MEDIA_RELAY;
            flow->out_pt[f->pt] = same->pt;
        } else if (d->is_audio && target && codec_of(f)) {
            flow_add_input(flow, f);
        }
    }
}

/* Events and comfort noise follow the speech: through the transcoder if it is transcoded, so that
 * they share its sequence and timestamps; else as they are, if the clock is the same. */
static void flow_additions(struct negotiated_flow *flow, const struct direction *d, bool transcodes)
{
    for (unsigned i = 0; i < d->n_from; i++) {
        const struct sdp_format *f = &d->from[i];
        const struct sdp_format *same = find_same(d->to, d->n_to, f);

        if (is_primary(f))
            continue;
        if (transcodes && (is_event(f) || is_comfort_noise(f))) {
            flow_add_input(flow, f);
        } else if (!transcodes && same) {
            flow->action[f->pt] = MEDIA_RELAY;
            flow->out_pt[f->pt] = same->pt;
        }
    }
}

static void flow_output(struct negotiated_flow *flow, const struct direction *d,
                        const struct sdp_format *target)
{
    struct transcoder_config *t = &flow->transcoder;

    t->out_pt = target->pt;
    (void)sdp_format_spec(&t->out, target);
    t->out_options.ptime_ms = d->ptime_ms;
    t->out_options.complexity = 0xff;
    for (unsigned i = 0; i < d->n_to; i++) {
        const struct sdp_format *f = &d->to[i];

        if (is_event(f) && (!t->has_event || f->clock_hz == target->clock_hz)) {
            t->has_event = true;
            t->event_pt = f->pt;
            t->event_clock_hz = f->clock_hz;
        } else if (is_comfort_noise(f) && f->clock_hz == target->clock_hz) {
            t->has_cn = true;
            t->cn_pt = f->pt;
        }
    }
}

static bool flow_relays(const struct negotiated_flow *flow)
{
    for (unsigned pt = 0; pt < 128; pt++) {
        if (flow->action[pt] == MEDIA_RELAY)
            return true;
    }
    return false;
}

bool negotiated_flow_transcodes(const struct negotiated_flow *flow)
{
    return flow->transcoder.n_in > 0;
}

static void flow_make(struct negotiated_flow *flow, const struct direction *d)
{
    const struct sdp_format *target = first_transcodable(d->to, d->n_to);

    for (unsigned i = 0; i < d->n_from; i++)
        flow->clock_hz[d->from[i].pt & 127] = d->from[i].clock_hz;
    flow_primary(flow, d, target);
    flow_additions(flow, d, negotiated_flow_transcodes(flow) && !flow_relays(flow));
    if (negotiated_flow_transcodes(flow))
        flow_output(flow, d, target);
    for (unsigned i = 0; i < d->n_from; i++) {
        struct str name = d->from[i].name;

        if (flow->action[d->from[i].pt & 127] == MEDIA_DROP || !is_primary(&d->from[i]))
            continue;
        if (name.n >= sizeof(flow->codec))
            name.n = sizeof(flow->codec) - 1;
        if (name.n)
            memcpy(flow->codec, name.p, name.n);
        break;
    }
}

static unsigned pick_ptime(unsigned forced_ms, const struct sdp_media *receiver)
{
    unsigned ptime = forced_ms ? forced_ms : receiver->ptime_ms;

    if (ptime < 10 || ptime > 60)
        ptime = 20;
    if (receiver->maxptime_ms >= 10 && ptime > receiver->maxptime_ms)
        ptime = receiver->maxptime_ms;
    return ptime / 10 * 10;
}

/* A packet time that the sender does not use itself is made by decoding and encoding again. */
static bool repacketizes(unsigned forced_ms, const struct sdp_media *sender)
{
    return forced_ms && forced_ms != (sender->ptime_ms ? sender->ptime_ms : 20);
}

static void make_flows(struct negotiated_plan *plan, const struct negotiate_sides *in,
                       const struct sdp_format *answered, unsigned n_answered)
{
    bool is_audio = in->offer->kind == MEDIA_AUDIO;
    struct direction forth = {.from = plan->answer,
                              .n_from = plan->n_answer,
                              .to = answered,
                              .n_to = n_answered,
                              .is_audio = is_audio,
                              .always_transcode =
                                  in->always_transcode || repacketizes(in->ptime_ms, in->offer),
                              .ptime_ms = pick_ptime(in->ptime_ms, in->answer)};
    struct direction back = {.from = answered,
                             .n_from = n_answered,
                             .to = plan->answer,
                             .n_to = plan->n_answer,
                             .is_audio = is_audio,
                             .always_transcode = in->always_transcode ||
                                                 repacketizes(in->ptime_reverse_ms, in->answer),
                             .ptime_ms = pick_ptime(in->ptime_reverse_ms, in->offer)};

    flow_make(&plan->from_offerer, &forth);
    flow_make(&plan->from_answerer, &back);
    plan->from_offerer.transcoder.reorder_window_us = in->reorder_window_us;
    plan->from_answerer.transcoder.reorder_window_us = in->reorder_window_us;
}

int negotiate_answer(struct negotiated_plan *plan, const struct negotiate_sides *in)
{
    struct sdp_format answered[SDP_FORMATS_MAX];
    unsigned n_answered = answer_formats(answered, in);
    bool is_audio = in->offer->kind == MEDIA_AUDIO;
    bool transcodes;

    memset(plan, 0, sizeof(*plan));
    answer_shared(plan, in, answered, n_answered);
    transcodes = plan->n_answer == 0;
    if (is_audio && first_transcodable(answered, n_answered)) {
        answer_accepted(plan, in);
        if (plan->n_answer == 0)
            answer_best(plan, in);
    }
    if (plan->n_answer == 0)
        return ENOENT;
    answer_additions(plan, in, answered, n_answered, transcodes && is_audio);
    make_flows(plan, in, answered, n_answered);
    return 0;
}
