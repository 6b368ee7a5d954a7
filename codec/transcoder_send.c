#include <string.h>

#include "codec/transcoder_internal.h"

/* Frames, events and comfort noise become packets of one stream. */

static void packet_write(struct transcoder *t, struct transcoder_packet *out, uint8_t pt,
                         const uint8_t *payload, size_t n)
{
    *out = (struct transcoder_packet){.pt = pt, .seq = t->out_seq++, .payload = payload, .n = n};
}

/* With RED on, the payload before it travels with each. */
static void audio_write(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf, size_t n,
                        size_t cap, uint32_t ts)
{
    const uint32_t ticks = t->codec->clock_hz / 1000 * t->options.ptime_ms;
    size_t n_red = 0;

    if (t->is_red_on)
        n_red = red_wrap(&t->red, t->out_pt, ts, ticks, buf, n, cap);
    packet_write(t, out, n_red ? t->red_pt : t->out_pt, buf, n_red ? n_red : n);
    out->ts = ts;
}

/* @return whether a frame of audio was encoded to be sent; those of DTX are passed over */
static bool send_audio(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf,
                       size_t cap)
{
    struct pcm pcm;
    uint32_t ts;
    bool marker;

    while (framer_get(&t->framer, &pcm, &ts, &marker) == 0) {
        const int n = t->codec->encode(t->encoder, &pcm, buf, cap);

        transcoder_count(&t->stats.encoded, 1);
        if (n <= 0) {
            framer_not_sent(&t->framer);
            continue;
        }
        audio_write(t, out, buf, (size_t)n, cap, ts);
        out->marker = marker;
        return true;
    }
    return false;
}

static bool send_event(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf,
                       uint64_t now_us)
{
    struct dtmf_packet pkt;

    if (dtmf_relay_get(&t->dtmf, &pkt, now_us) != 0)
        return false;
    dtmf_print(&pkt.event, buf);
    packet_write(t, out, t->event_pt, buf, DTMF_PAYLOAD);
    out->ts = pkt.ts;
    out->marker = pkt.marker;
    return true;
}

static bool send_cn(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf)
{
    t->is_cn_due = false;
    memcpy(buf, t->cn_payload, t->n_cn);
    packet_write(t, out, t->cn_pt, buf, t->n_cn);
    out->ts = framer_ts(&t->framer, 0);
    framer_not_sent(&t->framer); /* audio that follows begins a talkspurt */
    return true;
}

static bool has_event(const struct transcoder *t, uint64_t now_us)
{
    return t->has_event && dtmf_relay_deadline_us(&t->dtmf) <= now_us;
}

bool transcoder_send(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf, size_t cap,
                     uint64_t now_us)
{
    /* asked twice for each packet that arrives, and mostly there is nothing: that is seen at once
     */
    return (framer_has_news(&t->framer) && send_audio(t, out, buf, cap)) ||
           (has_event(t, now_us) && send_event(t, out, buf, now_us)) ||
           (t->is_cn_due && send_cn(t, out, buf));
}
