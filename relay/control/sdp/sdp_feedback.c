#include "relay/control/sdp/sdp_feedback.h"

#include "relay/control/sdp/sdp_scan.h"

static const struct {
    struct str type, parameter;
} kinds[] = {
    [SDP_FEEDBACK_NACK] = {STR_INIT("nack"), STR_INIT("")},
    [SDP_FEEDBACK_PLI] = {STR_INIT("nack"), STR_INIT("pli")},
    [SDP_FEEDBACK_FIR] = {STR_INIT("ccm"), STR_INIT("fir")},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* @return its bit; 0: none that we translate */
static uint8_t find(struct str type, struct str parameter)
{
    for (unsigned i = 0; i < KINDS; i++) {
        if (str_equal_nocase(kinds[i].type, type) &&
            str_equal_nocase(kinds[i].parameter, parameter))
            return (uint8_t)(1u << i);
    }
    return 0;
}

void sdp_feedback_read(struct sdp_media *m, struct str value)
{
    const struct str pt_text = scan_word(&value), type = scan_word(&value);
    const uint8_t bit = find(type, scan_trim(value));
    const bool is_all = str_equal(pt_text, STR("*"));
    uint32_t pt = 0;

    if (m->kind != MEDIA_VIDEO || (!is_all && !scan_uint(&pt, pt_text, 127)))
        return;
    for (unsigned i = 0; i < m->n_formats; i++) {
        if (is_all || m->formats[i].pt == pt)
            m->formats[i].feedback |= bit;
    }
}

void sdp_feedback_put(struct sdp_printer *p, const struct sdp_format *f)
{
    for (unsigned i = 0; i < KINDS; i++) {
        if (!(f->feedback >> i & 1))
            continue;
        sdp_put(p, "a=rtcp-fb:%u " STR_FMT, f->pt, STR_ARG(kinds[i].type));
        if (!str_is_empty(kinds[i].parameter))
            sdp_put(p, " " STR_FMT, STR_ARG(kinds[i].parameter));
        sdp_put(p, "\r\n");
    }
}
