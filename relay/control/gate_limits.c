#include "relay/control/gate_limits.h"

#include <stdlib.h>

/* Five times what 10 ms packets need; a picture of a call's resolution in packets of 100 bytes. */
#define AUDIO_PPS_MAX 500
#define VIDEO_PPS_MAX 5000

#define VIDEO_BPS       4000000 /* 720p of a conference */
#define AUDIO_BPS       128000  /* of a codec that is not listed here */
#define OPUS_BPS_MAX    510000  /* RFC 7587 s.3.1 */
#define HEADERS_PPS     100     /* packets of 10 ms */
#define HEADER_BYTES    40      /* RTP, and extensions */
#define PACKET_MS_MIN   60      /* peers send longer packets than they say */
#define SSRC_SILENCE_US 200000  /* ten packets: the other source is gone, not late */

struct codec_rate {
    struct str name;
    uint32_t bps;
};

static const struct codec_rate rates[] = {
    {STR_INIT("PCMU"), 64000},    {STR_INIT("PCMA"), 64000},    {STR_INIT("G722"), 64000},
    {STR_INIT("G726-16"), 16000}, {STR_INIT("G726-24"), 24000}, {STR_INIT("G726-32"), 32000},
    {STR_INIT("G726-40"), 40000}, {STR_INIT("GSM"), 13200},     {STR_INIT("SIREN"), 16000},
    {STR_INIT("G7221"), 32000},   {STR_INIT("speex"), 44000},   {STR_INIT("iLBC"), 15200},
    {STR_INIT("G729"), 8000},     {STR_INIT("x-msrta"), 45000}, {STR_INIT("SILK"), 40000},
    {STR_INIT("opus"), 128000},   {STR_INIT("CN"), 8000},       {STR_INIT("telephone-event"), 8000},
};

/* "maxaveragebitrate=20000" within fmtp: RFC 7587 s.6.1. @return 0: not there */
static uint32_t opus_bps(struct str fmtp)
{
    static const struct str key = STR_INIT("maxaveragebitrate=");
    const char *at = fmtp.n ? memmem(fmtp.p, fmtp.n, key.p, key.n) : NULL;
    uint32_t bps = 0;

    if (!at)
        return 0;
    for (at += key.n; at < fmtp.p + fmtp.n && *at >= '0' && *at <= '9' && bps <= OPUS_BPS_MAX; at++)
        bps = bps * 10 + (uint32_t)(*at - '0');
    return bps > OPUS_BPS_MAX ? OPUS_BPS_MAX : bps;
}

static uint32_t format_bps(const struct sdp_format *f)
{
    uint32_t told = str_equal_nocase(f->name, STR("opus")) ? opus_bps(f->fmtp) : 0;

    if (told)
        return told;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        if (str_equal_nocase(f->name, rates[i].name))
            return rates[i].bps;
    }
    return AUDIO_BPS;
}

static bool is_red(const struct sdp_format *f)
{
    return str_equal_nocase(f->name, STR("red"));
}

/* The highest rate of what may arrive; three times of it with redundancy (two generations). What
 * the sender numbers otherwise than it said is taken for what is not listed. */
static uint32_t audio_bps(const struct negotiated_flow *flow, const struct sdp_media *m)
{
    uint32_t bps = 0;
    bool has_red = false;
    unsigned n_known = 0, n_may_arrive = 0;

    for (unsigned pt = 0; pt < 128; pt++)
        n_may_arrive += flow->action[pt] != MEDIA_DROP;
    for (unsigned i = 0; i < m->n_formats; i++) {
        const struct sdp_format *f = &m->formats[i];
        uint32_t own = is_red(f) ? 0 : format_bps(f);

        if (flow->action[f->pt & 0x7f] == MEDIA_DROP)
            continue;
        n_known++;
        has_red = has_red || is_red(f);
        bps = own > bps ? own : bps;
    }
    if (n_known < n_may_arrive && bps < AUDIO_BPS)
        bps = AUDIO_BPS;
    return has_red ? 3 * bps : bps;
}

static uint32_t with_margin(uint64_t value, unsigned margin_percent)
{
    return (uint32_t)(value * (100 + margin_percent) / 100);
}

static unsigned longest_packet_ms(const struct sdp_media *m)
{
    unsigned ms = m->ptime_ms > m->maxptime_ms ? m->ptime_ms : m->maxptime_ms;

    return ms < PACKET_MS_MIN ? PACKET_MS_MIN : ms > 200 ? 200 : ms;
}

void gate_limits_set(struct media_rules *rules, const struct negotiated_flow *flow,
                     const struct sdp_media *m, unsigned margin_percent)
{
    const bool is_audio = m->kind == MEDIA_AUDIO;
    const uint32_t bps = is_audio ? audio_bps(flow, m) : VIDEO_BPS;
    const uint64_t packet = (uint64_t)bps / 8 * longest_packet_ms(m) / 1000;
    const uint32_t longest = with_margin(packet, margin_percent) + HEADER_BYTES;

    rules->max_pps = is_audio ? AUDIO_PPS_MAX : VIDEO_PPS_MAX;
    rules->max_bytes_ps = with_margin(bps / 8, margin_percent) + HEADERS_PPS * HEADER_BYTES;
    rules->max_packet_bytes = is_audio && longest < UINT16_MAX ? (uint16_t)longest : 0;
    rules->ssrc_silence_us = is_audio ? SSRC_SILENCE_US : 0; /* pictures have retransmissions */
    rules->has_pictures = !is_audio;
}
