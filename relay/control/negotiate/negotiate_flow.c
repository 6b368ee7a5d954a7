#include <string.h>

#include "relay/control/negotiate/negotiate_internal.h"

/* What is to be done with each payload type that arrives from one side. */

enum { COMPLEXITY_DEFAULT = 0xff };

static void flow_add_input(struct negotiated_flow *flow, const struct sdp_format *f)
{
    struct transcoder_config *t = &flow->transcoder;

    if (t->n_in == TRANSCODER_FORMATS_MAX || sdp_format_spec(&t->in[t->n_in].spec, f))
        return;
    t->in[t->n_in++].pt = f->pt;
    flow->action[f->pt] = MEDIA_TRANSCODE;
}

static void flow_primary(struct negotiated_flow *flow, const struct negotiate_direction *d,
                         const struct sdp_format *target)
{
    for (unsigned i = 0; i < d->n_from; i++) {
        const struct sdp_format *f = &d->from[i];
        const struct sdp_format *same = format_find_same(d->to, d->n_to, f);

        if (!format_is_primary(f))
            continue;
        if (same && !(d->always_transcode && target && format_codec(f))) {
            flow->action[f->pt] = MEDIA_RELAY;
            flow->out_pt[f->pt] = same->pt;
        } else if (d->is_audio && target && format_codec(f)) {
            flow_add_input(flow, f);
        }
    }
}

static uint8_t relay_action(const struct sdp_format *f)
{
    if (format_is_event(f))
        return MEDIA_RELAY_EVENT;
    return format_is_red(f) ? MEDIA_RELAY_RED : MEDIA_RELAY;
}

/* Events, comfort noise and RED follow the speech: through the transcoder if it is transcoded, so
 * that they share its sequence and timestamps; else as they are, if the clock is the same. */
static void flow_additions(struct negotiated_flow *flow, const struct negotiate_direction *d,
                           bool transcodes)
{
    for (unsigned i = 0; i < d->n_from; i++) {
        const struct sdp_format *f = &d->from[i];
        const struct sdp_format *same = format_find_same(d->to, d->n_to, f);

        if (format_is_primary(f))
            continue;
        if (transcodes) {
            flow_add_input(flow, f);
        } else if (same) {
            flow->action[f->pt] = relay_action(f);
            flow->out_pt[f->pt] = same->pt;
        }
    }
}

/* What the receiver takes beside speech. Of several event clocks, that of the speech. */
static void output_additions(struct transcoder_config *t, const struct negotiate_direction *d,
                             const struct sdp_format *target)
{
    const bool wants_red = d->receiver && d->receiver->sends_red;

    for (unsigned i = 0; i < d->n_to; i++) {
        const struct sdp_format *f = &d->to[i];

        if (format_is_event(f) && (!t->has_event || f->clock_hz == target->clock_hz)) {
            t->has_event = true;
            t->event_pt = f->pt;
            t->event_clock_hz = f->clock_hz;
        } else if (format_is_comfort_noise(f) && f->clock_hz == target->clock_hz) {
            t->has_cn = true;
            t->cn_pt = f->pt;
        } else if (format_is_red(f) && wants_red && f->clock_hz == target->clock_hz) {
            t->has_red = true;
            t->red_pt = f->pt;
        }
    }
}

/* DTMF in the form that each side knows. */
static void output_digits(struct transcoder_config *t, const struct negotiate_direction *d)
{
    bool has_event = false;

    for (unsigned i = 0; i < d->n_from; i++)
        has_event = has_event || format_is_event(&d->from[i]);
    t->mutes_tones = d->mutes_tones;
    t->makes_tones = !t->has_event; /* also for digits that the control side plays */
    t->hears_tones = !has_event && t->has_event;
}

static bool setting_is_of(const struct negotiated_setting *s, const struct sdp_format *f)
{
    return str_equal_nocase(str_of(s->name), f->name) &&
           (s->clock_hz == 0 || s->clock_hz == f->clock_hz);
}

/* First the interface, then what the request said about this codec. */
static void output_options(struct codec_options *o, const struct negotiate_direction *d,
                           const struct sdp_format *target)
{
    o->complexity = COMPLEXITY_DEFAULT;
    if (d->receiver && str_equal_nocase(target->name, STR("opus"))) {
        o->bitrate = d->receiver->opus.bitrate;
        o->is_fec = d->receiver->opus.fec;
        o->is_dtx = d->receiver->opus.dtx;
        if (d->receiver->opus.complexity)
            o->complexity = d->receiver->opus.complexity;
    }
    for (unsigned i = 0; i < d->n_settings; i++) {
        const struct codec_options *s = &d->settings[i].options;

        if (!setting_is_of(&d->settings[i], target))
            continue;
        if (s->bitrate)
            o->bitrate = s->bitrate;
        if (s->complexity)
            o->complexity = s->complexity;
        if (s->ptime_ms)
            o->ptime_ms = s->ptime_ms;
        if (s->loss_percent)
            o->loss_percent = s->loss_percent;
        o->is_fec = o->is_fec || s->is_fec;
        o->is_dtx = o->is_dtx || s->is_dtx;
        o->is_cbr = o->is_cbr || s->is_cbr;
    }
}

static void flow_output(struct negotiated_flow *flow, const struct negotiate_direction *d,
                        const struct sdp_format *target)
{
    struct transcoder_config *t = &flow->transcoder;

    t->out_pt = target->pt;
    (void)sdp_format_spec(&t->out, target);
    t->out_options.ptime_ms = d->ptime_ms;
    t->reorder_window_us = d->reorder_window_us;
    output_options(&t->out_options, d, target);
    output_additions(t, d, target);
    output_digits(t, d);
}

static bool flow_relays(const struct negotiated_flow *flow)
{
    for (unsigned pt = 0; pt < 128; pt++) {
        if (flow->action[pt] == MEDIA_RELAY)
            return true;
    }
    return false;
}

/* The format that is relayed as speech; NULL: none */
static const struct sdp_format *relayed_speech(const struct negotiated_flow *flow,
                                               const struct negotiate_direction *d)
{
    for (unsigned i = 0; i < d->n_from; i++) {
        if (flow->action[d->from[i].pt & 127] == MEDIA_RELAY && format_is_primary(&d->from[i]))
            return &d->from[i];
    }
    return NULL;
}

/* Where speech is relayed, digits of ours go between it: of several event clocks, by its own. */
static void flow_events(struct negotiated_flow *flow, const struct negotiate_direction *d)
{
    const struct sdp_format *speech = relayed_speech(flow, d);

    for (unsigned i = 0; speech && d->is_audio && i < d->n_to; i++) {
        const struct sdp_format *f = &d->to[i];

        if (!format_is_event(f) || (flow->event_hz && f->clock_hz != speech->clock_hz))
            continue;
        flow->event_hz = f->clock_hz;
        flow->event_pt = f->pt;
    }
}

bool negotiated_flow_transcodes(const struct negotiated_flow *flow)
{
    return flow->transcoder.n_in > 0;
}

static void flow_name(struct negotiated_flow *flow, const struct negotiate_direction *d)
{
    for (unsigned i = 0; i < d->n_from; i++) {
        struct str name = d->from[i].name;

        if (flow->action[d->from[i].pt & 127] == MEDIA_DROP || !format_is_primary(&d->from[i]))
            continue;
        if (name.n >= sizeof(flow->codec))
            name.n = sizeof(flow->codec) - 1;
        if (name.n)
            memcpy(flow->codec, name.p, name.n);
        return;
    }
}

void negotiate_flow(struct negotiated_flow *flow, const struct negotiate_direction *d)
{
    const struct sdp_format *target = format_first_transcodable(d->to, d->n_to);

    for (unsigned i = 0; i < d->n_from; i++)
        flow->clock_hz[d->from[i].pt & 127] = d->from[i].clock_hz;
    flow_primary(flow, d, target);
    flow_additions(flow, d, negotiated_flow_transcodes(flow) && !flow_relays(flow));
    if (negotiated_flow_transcodes(flow))
        flow_output(flow, d, target);
    flow_events(flow, d);
    flow_name(flow, d);
}
