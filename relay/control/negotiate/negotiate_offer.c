#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "relay/control/negotiate/negotiate_internal.h"

/* The list of the offer that goes out. */

enum { PT_DYNAMIC_MIN = 96, PT_DYNAMIC_MAX = 127, PT_EVENT_USUAL = 101 };

enum fate { FATE_LISTED, FATE_HIDDEN, FATE_GONE };

/* What becomes of one format of the offer. "all" spares telephone-event: a call that is transcoded
 * keeps its DTMF unless the request takes it out by name. */
static enum fate format_fate(const struct sdp_format *f, const struct ng_codec_ops *ops)
{
    const bool is_excepted =
        codec_words_find(&ops->except, f) >= 0 || codec_words_find(&ops->offer, f) >= 0;
    const bool is_restored =
        !codec_words_have(&ops->strip, STR("full")) && codec_words_find(&ops->transcode, f) >= 0;
    const bool all_applies = !is_excepted && !is_restored && !format_is_event(f);

    if (codec_words_find(&ops->ignore, f) >= 0 || codec_words_find(&ops->strip, f) >= 0)
        return FATE_GONE;
    if (codec_words_have_all(&ops->strip) && all_applies)
        return FATE_GONE;
    if (codec_words_find(&ops->mask, f) >= 0 || codec_words_find(&ops->consume, f) >= 0)
        return FATE_HIDDEN;
    if ((codec_words_have_all(&ops->mask) || codec_words_have_all(&ops->consume)) && all_applies)
        return FATE_HIDDEN;
    return FATE_LISTED;
}

/* Formats of Microsoft's that have no public specification: nobody else can take them, so a
 * receiver outside that world is not bothered with them. */
static bool is_proprietary(const struct sdp_format *f)
{
    static const struct str names[] = {
        {"x-msrta", 7}, {"x-rtvc1", 7}, {"SILK", 4}, {"X-H264UC", 8}, {"x-ulpfecuc", 10}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_equal_nocase(f->name, names[i]))
            return true;
    }
    return false;
}

static bool may_know_proprietary(const struct config_interface *to, const struct ng_codec_ops *ops)
{
    if (!to || to->dialect == DIALECT_AUTO)
        return ops->transcode.n == 0 && (!to || to->n_transcode == 0);
    return to->dialect != DIALECT_RFC;
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
                   unsigned wanted)
{
    if (wanted <= PT_DYNAMIC_MAX && !pt_is_taken(out, offer, wanted))
        return (int)wanted;
    for (unsigned pt = PT_DYNAMIC_MIN; pt <= PT_DYNAMIC_MAX; pt++) {
        if (!pt_is_taken(out, offer, pt))
            return (int)pt;
    }
    return -1;
}

/* What a word adds. telephone-event is named like a codec: adding it means that DTMF is converted.
 * @return whether there is such a format */
static bool format_of_word(struct sdp_format *f, unsigned *wanted_pt, const struct codec_word *w)
{
    const struct codec *codec;

    if (str_equal_nocase(w->name, STR("telephone-event"))) {
        *wanted_pt = PT_EVENT_USUAL;
        *f = (struct sdp_format){.name = STR("telephone-event"),
                                 .clock_hz = w->clock_hz ? w->clock_hz : 8000,
                                 .n_channels = 1,
                                 .fmtp = STR("0-15")};
        return true;
    }
    codec = codec_find_name(w->name.p, w->name.n);
    if (!codec || (w->clock_hz && w->clock_hz != codec->clock_hz))
        return false;
    *wanted_pt = codec->static_pt;
    *f = (struct sdp_format){.name = str_of(codec->name),
                             .clock_hz = codec->clock_hz,
                             .n_channels = codec->n_channels,
                             .fmtp = str_of(codec->default_fmtp)};
    return true;
}

static void offer_add(struct negotiated_offer *out, const struct sdp_media *offer, struct str word)
{
    const struct codec_word w = codec_word_read(word);
    struct sdp_format f;
    unsigned wanted_pt;
    int pt;

    if (out->n_formats == SDP_FORMATS_MAX || !format_of_word(&f, &wanted_pt, &w))
        return;
    pt = free_pt(out, offer, wanted_pt);
    if (pt < 0 || format_find_same(out->formats, out->n_formats, &f))
        return;
    f.pt = (uint8_t)pt;
    out->formats[out->n_formats++] = f;
}

static bool has_event_of(const struct negotiated_offer *out, uint32_t clock_hz)
{
    for (unsigned i = 0; i < out->n_formats; i++) {
        if (format_is_event(&out->formats[i]) && out->formats[i].clock_hz == clock_hz)
            return true;
    }
    return false;
}

/* Digits go on the clock of the speech beside them (RFC 4733 s.2.1): an offer that lists events
 * lists them for what was added, too. */
static void offer_add_events(struct negotiated_offer *out, const struct sdp_media *offer,
                             unsigned first_added)
{
    const unsigned end = out->n_formats;
    bool lists_events = false;

    for (unsigned i = 0; i < first_added; i++)
        lists_events = lists_events || format_is_event(&out->formats[i]);
    for (unsigned i = first_added; lists_events && i < end; i++) {
        const uint32_t clock_hz = out->formats[i].clock_hz;
        char word[40];

        if (!format_is_primary(&out->formats[i]) || has_event_of(out, clock_hz))
            continue;
        (void)snprintf(word, sizeof(word), "telephone-event/%" PRIu32, clock_hz);
        offer_add(out, offer, str_of(word));
    }
}

static void keep_settings(struct negotiated_offer *out, const struct ng_strings *words)
{
    for (unsigned i = 0; i < words->n && out->n_settings < NEGOTIATED_SETTINGS_MAX; i++) {
        const struct codec_word w = codec_word_read(words->v[i]);

        if (codec_word_settings(&out->settings[out->n_settings], &w))
            out->n_settings++;
    }
}

/* What the request wants first, in its order; the sort is stable because each place is taken once.
 */
static void offer_sort(struct negotiated_offer *out, const struct ng_strings *order)
{
    unsigned done = 0;

    for (unsigned o = 0; o < order->n; o++) {
        for (unsigned i = done; i < out->n_formats; i++) {
            const struct sdp_format f = out->formats[i];

            if (!codec_word_matches(order->v[o], &f))
                continue;
            memmove(&out->formats[done + 1], &out->formats[done], (i - done) * sizeof(f));
            out->formats[done++] = f;
        }
    }
}

static bool has_primary(const struct negotiated_offer *out)
{
    for (unsigned i = 0; i < out->n_formats; i++) {
        if (format_is_primary(&out->formats[i]))
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
                       const struct ng_codec_ops *ops, bool takes_proprietary)
{
    for (unsigned i = 0; i < offer->n_formats && i < SDP_FORMATS_MAX; i++) {
        const struct sdp_format *f = &offer->formats[i];
        const enum fate fate = format_fate(f, ops);

        if (fate == FATE_GONE || (!takes_proprietary && is_proprietary(f)) ||
            (offer->kind == MEDIA_VIDEO && format_is_repair(f)))
            continue;
        out->usable |= 1ull << i;
        if (codec_words_find(&ops->accept, f) >= 0 || codec_words_have_all(&ops->accept) ||
            codec_words_find(&ops->consume, f) >= 0)
            out->accepted |= 1ull << i;
        if (fate == FATE_LISTED)
            out->formats[out->n_formats++] = *f;
    }
}

static void offer_transcoded(struct negotiated_offer *out, const struct sdp_media *offer,
                             const struct ng_codec_ops *ops, const struct config_interface *to)
{
    const unsigned first_added = out->n_formats;

    for (unsigned i = 0; i < ops->transcode.n; i++)
        offer_add(out, offer, ops->transcode.v[i]);
    for (unsigned i = 0; to && i < to->n_transcode; i++)
        offer_add(out, offer, str_of(to->transcode[i]));
    offer_add_events(out, offer, first_added);
    if (codec_words_have_all(&ops->mask) || codec_words_have_all(&ops->consume) ||
        codec_words_have_all(&ops->strip))
        offer_sort(out, &ops->transcode); /* the whole list is the request's, and so is its order */
    keep_settings(out, &ops->set);
    keep_settings(out, &ops->transcode);
}

void negotiate_offer(struct negotiated_offer *out, const struct sdp_media *offer,
                     const struct ng_codec_ops *ops, const struct config_interface *to,
                     bool keeps_empty)
{
    memset(out, 0, sizeof(*out));
    offer_take(out, offer, ops, may_know_proprietary(to, ops));
    if (offer->kind == MEDIA_AUDIO)
        offer_transcoded(out, offer, ops, to);
    offer_sort(out, &ops->offer);
    if (!keeps_empty && !has_primary(out))
        offer_restore(out, offer);
}
