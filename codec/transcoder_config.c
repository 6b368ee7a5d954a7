#include <string.h>

#include "codec/transcoder.h"

/* Member by member: what pads the structs has no value, and a copy need not keep it. */

static bool spec_equal(const struct codec_spec *a, const struct codec_spec *b)
{
    return strcmp(a->name, b->name) == 0 && a->clock_hz == b->clock_hz &&
           a->n_channels == b->n_channels && strcmp(a->fmtp, b->fmtp) == 0;
}

static bool options_equal(const struct codec_options *a, const struct codec_options *b)
{
    return a->pcm_rate_hz == b->pcm_rate_hz && a->ptime_ms == b->ptime_ms &&
           a->bitrate == b->bitrate && a->complexity == b->complexity &&
           a->loss_percent == b->loss_percent && a->is_fec == b->is_fec && a->is_dtx == b->is_dtx &&
           a->is_cbr == b->is_cbr;
}

static bool input_equal(const struct transcoder_config *a, const struct transcoder_config *b)
{
    if (a->n_in != b->n_in)
        return false;

    for (unsigned i = 0; i < a->n_in; i++) {
        if (a->in[i].pt != b->in[i].pt || !spec_equal(&a->in[i].spec, &b->in[i].spec))
            return false;
    }
    return true;
}

static bool output_equal(const struct transcoder_config *a, const struct transcoder_config *b)
{
    return a->out_pt == b->out_pt && spec_equal(&a->out, &b->out) &&
           options_equal(&a->out_options, &b->out_options);
}

/* What goes out beside the codec: digits, comfort noise, redundancy. */
static bool additions_equal(const struct transcoder_config *a, const struct transcoder_config *b)
{
    return a->has_event == b->has_event && a->event_pt == b->event_pt &&
           a->event_clock_hz == b->event_clock_hz && a->makes_tones == b->makes_tones &&
           a->hears_tones == b->hears_tones && a->mutes_tones == b->mutes_tones &&
           a->has_cn == b->has_cn && a->cn_pt == b->cn_pt && a->has_red == b->has_red &&
           a->red_pt == b->red_pt;
}

bool transcoder_config_equal(const struct transcoder_config *a, const struct transcoder_config *b)
{
    return input_equal(a, b) && output_equal(a, b) && additions_equal(a, b) &&
           a->reorder_window_us == b->reorder_window_us;
}
