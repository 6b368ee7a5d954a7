#include "tests/sim/rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/red.h"
#include "tests/sim/signal.h"

const struct transcoder_format rig_formats[] = {
    {PT_PCMU, {"PCMU", 8000, 1, ""}},    {PT_PCMA, {"PCMA", 8000, 1, ""}},
    {PT_G722, {"G722", 8000, 1, ""}},    {PT_OPUS, {"opus", 48000, 2, "useinbandfec=1"}},
    {PT_G726, {"G726-32", 8000, 1, ""}}, {PT_AAL2, {"AAL2-G726-32", 8000, 1, ""}},
    {PT_GSM, {"GSM", 8000, 1, ""}},      {PT_SIREN, {"SIREN", 16000, 1, "bitrate=16000"}},
    {PT_G7221, {"G7221", 16000, 1, ""}},
};
_Static_assert(sizeof(rig_formats) / sizeof(rig_formats[0]) == RIG_N_FORMATS, "rig.h");

const struct transcoder_format *rig_format(const char *name)
{
    for (size_t i = 0; i < RIG_N_FORMATS; i++) {
        if (strcmp(rig_formats[i].spec.name, name) == 0)
            return &rig_formats[i];
    }
    fail_msg("no format %s", name);
    return NULL;
}

struct transcoder_config rig_config(const char *in, const char *out, uint32_t ptime_ms)
{
    const uint32_t out_hz = rig_format(out)->spec.clock_hz;
    struct transcoder_config cfg = {
        .n_in = 3,
        .out_pt = PT_OUT,
        .out = rig_format(out)->spec,
        .out_options = {.ptime_ms = ptime_ms},
        .has_event = true,
        .event_pt = PT_OUT_EVENT,
        .event_clock_hz = out_hz,
        .cn_pt = PT_OUT_CN,
    };

    cfg.in[0] = *rig_format(in);
    cfg.in[1] = (struct transcoder_format){PT_EVENT, {"telephone-event", 8000, 1, "0-16"}};
    cfg.in[2] = (struct transcoder_format){PT_CN, {"CN", 8000, 1, ""}};
    return cfg;
}

void sender_open(struct sender *s, const char *name, uint32_t rate_hz, uint32_t ptime_ms)
{
    const struct transcoder_format *f = rig_format(name);
    struct codec_options opt = {.ptime_ms = ptime_ms, .loss_percent = 20, .bitrate = 32000};

    memset(s, 0, sizeof(*s));
    s->codec = codec_find(&f->spec);
    s->rate_hz = rate_hz ? rate_hz : s->codec->pcm_rate_hz;
    opt.pcm_rate_hz = s->rate_hz;
    s->n_frame = s->rate_hz * ptime_ms / 1000;
    s->ticks = s->codec->clock_hz * ptime_ms / 1000;
    assert_int_equal(s->codec->encoder_alloc(&s->encoder, &f->spec, &opt), 0);
    s->pkt = (struct transcoder_packet){.pt = f->pt, .seq = 65530, .ts = 0xfffff000};
}

const struct transcoder_packet *sender_next(struct sender *s, int16_t *samples)
{
    const struct pcm pcm = {
        .samples = samples, .n_frames = s->n_frame, .rate_hz = s->rate_hz, .n_channels = 1};
    const int n = s->codec->encode(s->encoder, &pcm, s->payload, sizeof(s->payload));

    assert_true(n > 0);
    s->pkt.seq++;
    s->pkt.ts += s->ticks;
    s->pkt.payload = s->payload;
    s->pkt.n = (size_t)n;
    return &s->pkt;
}

void sender_close(struct sender *s)
{
    s->codec->encoder_free(s->encoder);
}

void receiver_open(struct receiver *r, const char *name, uint32_t rate_hz, int16_t *pcm, size_t cap)
{
    memset(r, 0, sizeof(*r));
    r->codec = codec_find(&rig_format(name)->spec);
    r->rate_hz = rate_hz ? rate_hz : r->codec->pcm_rate_hz;
    r->pcm = pcm;
    r->cap = cap;
    assert_int_equal(r->codec->decoder_alloc(&r->decoder, &rig_format(name)->spec, r->rate_hz), 0);
}

static void receive_audio(struct receiver *r, const struct transcoder_packet *pkt)
{
    static int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};

    r->n_audio++;
    r->n_marker += pkt->marker;
    assert_true((int32_t)(pkt->ts - r->end_ts) >= 0); /* time goes forward */
    assert_true(pkt->marker || pkt->ts == r->end_ts);
    r->silence_ticks += pkt->ts - r->end_ts;
    r->end_ts = pkt->ts + r->codec->payload_ticks(pkt->payload, pkt->n);
    if (!r->pcm)
        return;
    assert_int_equal(r->codec->decode(r->decoder, pkt->payload, pkt->n, &pcm), 0);
    r->n_pcm = (size_t)((uint64_t)(pkt->ts - r->pcm_ts) * r->rate_hz / r->codec->clock_hz);
    assert_true(r->n_pcm + pcm.n_frames <= r->cap);
    memcpy(r->pcm + r->n_pcm, room, pcm.n_frames * sizeof(room[0]));
    r->n_pcm += pcm.n_frames;
}

static void receive_red(struct receiver *r, const struct transcoder_packet *pkt)
{
    struct red_block b[RED_BLOCKS_MAX];
    const unsigned n = red_parse(b, pkt->payload, pkt->n);
    struct transcoder_packet primary = *pkt;

    assert_in_range(n, 1, 2);
    primary.payload = b[n - 1].payload;
    primary.n = b[n - 1].n;
    receive_audio(r, &primary);
}

static void receive(struct receiver *r, const struct transcoder_packet *pkt)
{
    assert_true(!r->has_seq || pkt->seq == (uint16_t)(r->seq + 1));
    r->has_seq = true;
    r->seq = pkt->seq;
    r->last = *pkt;
    memcpy(r->last_payload, pkt->payload, pkt->n);
    if (r->red_pt && pkt->pt == r->red_pt) {
        receive_red(r, pkt);
    } else if (pkt->pt == PT_OUT) {
        receive_audio(r, pkt);
    } else if (pkt->pt == PT_OUT_EVENT) {
        assert_in_range(r->n_event, 0, RIG_EVENTS_MAX - 1);
        assert_int_equal(dtmf_parse(&r->events[r->n_event], pkt->payload, pkt->n), 0);
        r->event_marker[r->n_event] = pkt->marker;
        r->event_ts[r->n_event++] = pkt->ts;
    } else {
        assert_int_equal(pkt->pt, PT_OUT_CN);
        assert_false(pkt->marker);
        r->n_cn++;
    }
}

void receiver_close(struct receiver *r)
{
    r->codec->decoder_free(r->decoder);
}

unsigned rig_drain(struct transcoder *t, struct receiver *r, uint64_t now_us)
{
    uint8_t buf[CODEC_PAYLOAD_MAX];
    struct transcoder_packet out;
    unsigned n = 0;

    while (transcoder_get(t, &out, buf, sizeof(buf), now_us) == 0) {
        receive(r, &out);
        n++;
    }
    return n;
}

void rig_pass_time(struct transcoder *t, struct receiver *r, uint64_t until_us)
{
    while (transcoder_deadline_us(t) <= until_us)
        rig_drain(t, r, transcoder_deadline_us(t));
}

struct transcoder *rig_open(const struct transcoder_config *cfg)
{
    struct transcoder *t = NULL;

    assert_int_equal(transcoder_alloc(&t, cfg), 0);
    return t;
}

void line_open(struct line *l, const struct transcoder_config *cfg)
{
    memset(l, 0, sizeof(*l));
    l->t = rig_open(cfg);
    sender_open(&l->s, cfg->in[0].spec.name, 0, 20);
    receiver_open(&l->r, cfg->out.name, 0, NULL, 0);
    signal_speech(l->sound, l->s.rate_hz, l->s.rate_hz, 8000);
}

void line_close(struct line *l)
{
    sender_close(&l->s);
    receiver_close(&l->r);
    transcoder_free(l->t);
}

int line_step(struct line *l, bool is_arriving)
{
    const unsigned at = l->n_steps++ % 50; /* a second of speech, again and again */
    const struct transcoder_packet *pkt = sender_next(&l->s, l->sound + (size_t)at * l->s.n_frame);
    int err = 0;

    rig_pass_time(l->t, &l->r, l->now_us);
    if (is_arriving) {
        err = transcoder_put(l->t, pkt, SSRC, l->now_us);
        rig_drain(l->t, &l->r, l->now_us);
    }
    l->now_us += 20 * MS;
    return err;
}

int line_put(struct line *l, uint8_t pt, uint32_t ts, const void *payload, size_t n)
{
    const struct transcoder_packet pkt = {
        .pt = pt, .seq = ++l->s.pkt.seq, .ts = ts, .payload = payload, .n = n};
    int err;

    rig_pass_time(l->t, &l->r, l->now_us);
    err = transcoder_put(l->t, &pkt, SSRC, l->now_us);
    rig_drain(l->t, &l->r, l->now_us);
    return err;
}

uint32_t line_ts(const struct line *l)
{
    return l->s.pkt.ts + l->s.ticks;
}

void line_event(struct line *l, uint8_t code, bool is_end, uint32_t duration, uint32_t ts)
{
    const struct dtmf_event ev = {
        .code = code, .is_end = is_end, .duration = (uint16_t)duration, .volume = 10};
    uint8_t payload[DTMF_PAYLOAD];

    dtmf_print(&ev, payload);
    line_put(l, PT_EVENT, ts, payload, sizeof(payload));
    l->now_us += 20 * MS;
}
