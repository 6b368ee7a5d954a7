#include "codec/transcoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "codec/comfort_noise.h"
#include "codec/dtmf.h"
#include "codec/framer.h"
#include "codec/playout.h"
#include "codec/ptime.h"
#include "codec/resample.h"

enum {
    PACKET_MAX_MS = 200,  /* the longest packet time that a peer announces (a=maxptime) */
    CONCEAL_MAX_MS = 100, /* every concealment has faded by then; the rest of a loss is silence */
    BAD_PACKET_MS = 20,   /* what a packet that cannot be read is taken for at the start */
    CN_PAYLOAD_MAX = 32,
    /* noise is made up this much later than speech would come, so that the packet that ends it, if
     * not later than that, finds no noise in its place */
    NOISE_BEHIND_US = 10000,
    NOISE_LATE_US = 200000,  /* a worker that was held up makes up no more noise than this */
    NOISE_MAX_US = 60000000, /* a sender that is silent for longer without a word has gone */
    NOISE_BRIDGE_FRAMES = 3, /* between noise and speech: filled rather than skipped */
    NOISE_SEED = 0x70696372,
};

enum input_kind { INPUT_AUDIO, INPUT_EVENT, INPUT_CN };

struct input {
    uint8_t pt;
    enum input_kind kind;
    uint32_t clock_hz;
    const struct codec *codec;
    struct codec_decoder *decoder;
    uint32_t pcm_rate_hz;      /* of the decoder */
    struct resample *resample; /* NULL: the decoder gives the encoder's rate */
};

struct transcoder {
    struct input inputs[TRANSCODER_FORMATS_MAX];
    unsigned n_inputs;
    const struct input *current; /* decoded last; NULL: nothing yet */

    const struct codec *codec; /* of the output */
    struct codec_encoder *encoder;
    uint8_t out_pt;
    uint16_t out_seq;

    bool has_event;
    uint8_t event_pt;

    bool has_cn, is_cn_due;
    uint8_t cn_pt;
    uint8_t cn_payload[CN_PAYLOAD_MAX];
    size_t n_cn;

    bool is_noise_on;
    uint64_t noise_us;     /* when the next frame of noise is due */
    uint64_t noise_end_us; /* when to stop making it up */

    bool has_newest;
    uint16_t newest_seq;
    uint32_t silence_clock_hz, silence_rest; /* ticks * rate not yet a whole sample */

    struct transcoder_stats stats;
    struct comfort_noise noise;
    struct dtmf_relay dtmf;
    struct playout playout;
    struct framer framer;
    int16_t pcm[CODEC_PCM_MAX];
};

/* One writer; readers of any thread see whole values (transcoder.h). */
static void count(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static bool is_named(const struct codec_spec *spec, const char *name)
{
    return strncasecmp(spec->name, name, sizeof(spec->name)) == 0;
}

/* The decoder gives the encoder's rate if it can; else its own, and a resampler follows. */
static int input_open_audio(struct input *in, const struct codec_spec *spec, uint32_t rate_hz)
{
    int err;

    in->kind = INPUT_AUDIO;
    in->pcm_rate_hz = rate_hz;
    err = in->codec->decoder_alloc(&in->decoder, spec, rate_hz);
    if (err == EINVAL) {
        in->pcm_rate_hz = in->codec->pcm_rate_hz;
        err = in->codec->decoder_alloc(&in->decoder, spec, in->pcm_rate_hz);
    }
    if (!err && in->pcm_rate_hz != rate_hz)
        err = resample_alloc(&in->resample, in->pcm_rate_hz, rate_hz);
    return err;
}

static int input_open(struct input *in, const struct transcoder_format *format, uint32_t rate_hz)
{
    in->pt = format->pt;
    in->clock_hz = format->spec.clock_hz;
    if (in->clock_hz == 0)
        return EINVAL;
    if (is_named(&format->spec, "telephone-event"))
        in->kind = INPUT_EVENT;
    else if (is_named(&format->spec, "CN"))
        in->kind = INPUT_CN;
    else if ((in->codec = codec_find(&format->spec)))
        return input_open_audio(in, &format->spec, rate_hz);
    else
        return EINVAL;
    return 0;
}

/* No more than the best input has, no more than the output can say. */
static uint32_t choose_rate(const struct transcoder_config *cfg, const struct codec *out)
{
    uint32_t best = 0;

    for (unsigned i = 0; i < cfg->n_in; i++) {
        const struct codec *c = codec_find(&cfg->in[i].spec);

        if (c && c->pcm_rate_hz > best)
            best = c->pcm_rate_hz;
    }
    return best && best < out->pcm_rate_hz ? best : out->pcm_rate_hz;
}

static int output_open(struct transcoder *t, const struct transcoder_config *cfg)
{
    struct codec_options opt = cfg->out_options;
    int err;

    t->codec = codec_find(&cfg->out);
    if (!t->codec)
        return EINVAL;
    opt.ptime_ms = t->codec->ptime_ms(&cfg->out, opt.ptime_ms);
    opt.pcm_rate_hz = choose_rate(cfg, t->codec);
    err = t->codec->encoder_alloc(&t->encoder, &cfg->out, &opt);
    if (err == EINVAL && opt.pcm_rate_hz != t->codec->pcm_rate_hz) {
        opt.pcm_rate_hz = t->codec->pcm_rate_hz;
        err = t->codec->encoder_alloc(&t->encoder, &cfg->out, &opt);
    }
    if (err)
        return err;
    t->out_pt = cfg->out_pt;
    framer_init(&t->framer, opt.pcm_rate_hz, t->codec->clock_hz, opt.ptime_ms);
    return 0;
}

static int inputs_open(struct transcoder *t, const struct transcoder_config *cfg)
{
    for (unsigned i = 0; i < cfg->n_in; i++) {
        const int err = input_open(&t->inputs[i], &cfg->in[i], t->framer.rate_hz);

        t->n_inputs = i + 1; /* also one half open is freed */
        if (err)
            return err;
    }
    return 0;
}

int transcoder_alloc(struct transcoder **tp, const struct transcoder_config *cfg)
{
    struct transcoder *t;
    int err;

    if (cfg->n_in > TRANSCODER_FORMATS_MAX || (cfg->has_event && cfg->event_clock_hz == 0))
        return EINVAL;
    t = calloc(1, sizeof(*t));
    if (!t)
        return ENOMEM;

    t->has_event = cfg->has_event;
    t->event_pt = cfg->event_pt;
    t->has_cn = cfg->has_cn;
    t->cn_pt = cfg->cn_pt;
    playout_init(&t->playout, cfg->reorder_window_us);
    comfort_noise_init(&t->noise, NOISE_SEED);
    err = output_open(t, cfg);
    if (err)
        goto out;
    dtmf_relay_init(&t->dtmf, t->codec->clock_hz, cfg->event_clock_hz);
    err = inputs_open(t, cfg);

out:
    if (err)
        transcoder_free(t);
    else
        *tp = t;
    return err;
}

void transcoder_free(struct transcoder *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->n_inputs; i++) {
        struct input *in = &t->inputs[i];

        if (in->codec)
            in->codec->decoder_free(in->decoder);
        resample_free(in->resample);
    }
    if (t->codec)
        t->codec->encoder_free(t->encoder);
    free(t);
}

/* ---- packets in ---- */

static const struct input *find_input(const struct transcoder *t, uint8_t pt)
{
    for (unsigned i = 0; i < t->n_inputs; i++) {
        if (t->inputs[i].pt == pt)
            return &t->inputs[i];
    }
    return NULL;
}

/* How long a packet plays that cannot be read: as long as the one before it. */
static uint32_t ticks_of_bad(const struct transcoder *t, const struct input *in)
{
    if (t->playout.last_ticks > 0 && t->playout.clock_hz == in->clock_hz)
        return t->playout.last_ticks;
    return in->clock_hz * BAD_PACKET_MS / 1000;
}

/* What the playout is told about a packet. A packet that cannot be used still keeps its place: its
 * number must not be taken for a loss. @return 0; EBADMSG; ENOENT */
static int describe(const struct transcoder *t, const struct input *in,
                    const struct transcoder_packet *pkt, struct playout_packet *p)
{
    *p = (struct playout_packet){
        .pt = pkt->pt, .marker = pkt->marker, .seq = pkt->seq, .ts = pkt->ts};
    if (!in) {
        p->is_timeless = true;
        p->clock_hz = t->codec->clock_hz;
        return ENOENT;
    }
    p->clock_hz = in->clock_hz;
    p->is_timeless = in->kind == INPUT_EVENT;
    if (pkt->n > 0 && pkt->n <= PLAYOUT_PAYLOAD_MAX) {
        p->payload = pkt->payload;
        p->n = pkt->n;
    }
    if (in->kind != INPUT_AUDIO)
        return p->n > 0 ? 0 : EBADMSG;

    p->ticks = p->n ? in->codec->payload_ticks(p->payload, p->n) : 0;
    if (p->ticks > 0 && p->ticks <= in->clock_hz * PACKET_MAX_MS / 1000)
        return 0;
    p->ticks = ticks_of_bad(t, in);
    p->payload = NULL;
    p->n = 0;
    return EBADMSG;
}

static void count_order(struct transcoder *t, uint16_t seq)
{
    if (t->has_newest && (int16_t)(uint16_t)(seq - t->newest_seq) < 0) {
        count(&t->stats.reordered, 1);
        return;
    }
    t->has_newest = true;
    t->newest_seq = seq;
}

int transcoder_put(struct transcoder *t, const struct transcoder_packet *pkt, uint32_t ssrc,
                   uint64_t now_us)
{
    struct playout_packet p;
    const int fault = describe(t, find_input(t, pkt->pt), pkt, &p);
    const int err = playout_put(&t->playout, &p, ssrc, now_us);

    if (err == EALREADY) {
        count(&t->stats.duplicate, 1);
        return EALREADY;
    }
    if (err) {
        count(&t->stats.late, 1);
        return ESTALE;
    }
    if (t->playout.is_restart)
        t->has_newest = false;
    count_order(t, pkt->seq);
    if (fault == EBADMSG)
        count(&t->stats.bad_payload, 1);
    return fault;
}

/* ---- what the playout says ---- */

static uint64_t samples_of_ticks(struct transcoder *t, uint32_t ticks, uint32_t clock_hz)
{
    uint64_t v = (uint64_t)ticks * t->framer.rate_hz;

    if (clock_hz == t->silence_clock_hz)
        v += t->silence_rest;
    t->silence_clock_hz = clock_hz;
    t->silence_rest = (uint32_t)(v % clock_hz);
    return v / clock_hz;
}

static void make_noise(struct transcoder *t, uint32_t n)
{
    int16_t *room = framer_room(&t->framer, n);

    if (!room)
        return;
    comfort_noise_fill(&t->noise, room, n);
    framer_put(&t->framer, n);
}

/* Time passed without sound in the input. Where noise was made up meanwhile most of it is filled
 * already; a small rest is filled as well, a large one is left out. */
static void add_silence(struct transcoder *t, uint32_t ticks, uint32_t clock_hz)
{
    struct framer *f = &t->framer;
    const uint64_t n = samples_of_ticks(t, ticks, clock_hz);

    if (t->is_noise_on && n > f->ahead &&
        n - f->ahead <= (uint64_t)NOISE_BRIDGE_FRAMES * f->n_frame) {
        make_noise(t, (uint32_t)(n - f->ahead));
        f->ahead = 0;
        return;
    }
    framer_silence(f, n);
}

static void add_pcm(struct transcoder *t, const struct input *in, const struct pcm *pcm)
{
    struct framer *f = &t->framer;
    const uint64_t n = (uint64_t)pcm->n_frames * f->rate_hz / in->pcm_rate_hz;
    const uint32_t cap = (uint32_t)n + 1; /* where the ratio is not whole, now and then one more */
    int16_t *room = framer_room(f, cap);

    if (!room) /* cannot be: PACKET_MAX_MS and FRAMER_MAX leave room */
        return;
    if (in->resample) {
        framer_put(f, resample_run(in->resample, pcm->samples, pcm->n_frames, room, cap));
        return;
    }
    memcpy(room, pcm->samples, pcm->n_frames * sizeof(*room));
    framer_put(f, pcm->n_frames);
}

/* Makes up `ticks` of the format decoded last. @return whether `next` gave back a part of it */
static bool conceal(struct transcoder *t, const struct input *in, uint32_t ticks,
                    const struct playout_packet *next)
{
    struct pcm pcm = {.samples = t->pcm};
    const uint32_t n_frames = (uint32_t)((uint64_t)ticks * in->pcm_rate_hz / in->clock_hz);
    const uint8_t *fec = NULL;
    size_t n_fec = 0;
    int got;

    if (next && next->pt == in->pt && next->n > 0) {
        fec = next->payload;
        n_fec = next->n;
    }
    got = in->codec->conceal(in->decoder, fec, n_fec, n_frames, &pcm);
    if (got > 1) {
        add_silence(t, ticks, in->clock_hz);
        return false;
    }
    add_pcm(t, in, &pcm);
    return got == 1;
}

static void on_lost(struct transcoder *t, const struct playout_event *ev)
{
    const struct input *in = t->current;
    uint32_t longest, ticks;

    count(&t->stats.lost, ev->n_lost);
    if (!in || t->is_noise_on || in->clock_hz != ev->clock_hz) {
        add_silence(t, ev->ticks, ev->clock_hz);
        return;
    }
    if (ev->ticks == 0)
        return;
    longest = in->clock_hz * CONCEAL_MAX_MS / 1000;
    ticks = ev->ticks < longest ? ev->ticks : longest;
    if (conceal(t, in, ticks, ticks == ev->ticks ? ev->packet : NULL)) {
        count(&t->stats.fec_repaired, 1);
        count(&t->stats.concealed, ev->n_lost - 1);
    } else {
        count(&t->stats.concealed, ev->n_lost);
    }
    if (ticks < ev->ticks)
        add_silence(t, ev->ticks - ticks, ev->clock_hz);
}

static void on_silence(struct transcoder *t, const struct playout_event *ev)
{
    count(&t->stats.silence, 1);
    add_silence(t, ev->ticks, ev->clock_hz);
}

static void on_restart(struct transcoder *t, const struct playout_event *ev, uint64_t now_us)
{
    for (unsigned i = 0; i < t->n_inputs; i++) {
        const struct input *in = &t->inputs[i];

        if (in->kind == INPUT_AUDIO)
            in->codec->decoder_reset(in->decoder);
        if (in->resample)
            resample_reset(in->resample);
    }
    dtmf_relay_restart(&t->dtmf, now_us);
    t->current = NULL;
    t->is_noise_on = false;
    t->framer.ahead = 0;
    t->framer.is_after_silence = true;
    add_silence(t, ev->ticks, ev->clock_hz);
}

static void on_audio(struct transcoder *t, const struct input *in, const struct playout_packet *p)
{
    struct pcm pcm = {.samples = t->pcm};

    t->is_noise_on = false;
    t->current = in;
    if (p->n > 0 && in->codec->decode(in->decoder, p->payload, p->n, &pcm) == 0) {
        count(&t->stats.decoded, 1);
        add_pcm(t, in, &pcm);
        return;
    }
    if (p->n > 0) /* else it was counted as it arrived */
        count(&t->stats.bad_payload, 1);
    count(&t->stats.concealed, 1);
    for (uint32_t left = p->ticks, most = in->clock_hz * CONCEAL_MAX_MS / 1000; left > 0;) {
        const uint32_t part = left < most ? left : most;

        conceal(t, in, part, NULL);
        left -= part;
    }
}

/* The event begins `behind` ticks after the end of the audio, less what was made up since. */
static void on_event(struct transcoder *t, const struct input *in, const struct playout_event *ev,
                     uint64_t now_us)
{
    const struct playout_packet *p = ev->packet;
    struct framer *f = &t->framer;
    uint64_t behind;

    if (!t->has_event || p->n == 0)
        return;
    framer_flush(f); /* else audio from before the event would follow it */
    behind = (uint64_t)ev->ticks * f->rate_hz / in->clock_hz;
    behind = behind > f->ahead ? behind - f->ahead : 0;
    if (dtmf_relay_put(&t->dtmf, p->payload, p->n, p->ts, in->clock_hz, framer_ts(f, behind),
                       now_us) == 0 &&
        dtmf_relay_is_new(&t->dtmf))
        count(&t->stats.events, 1);
}

/* The coefficients of a CN payload describe the spectrum at its own rate (RFC 3389 s.3.2): at
 * another one only the level is true. */
static void on_cn(struct transcoder *t, const struct input *in, const struct playout_packet *p,
                  uint64_t now_us)
{
    struct framer *f = &t->framer;

    if (comfort_noise_set(&t->noise, p->payload, p->n) != 0)
        return;
    framer_flush(f);
    if (t->has_cn) {
        t->n_cn = in->clock_hz != t->codec->clock_hz ? 1
                  : p->n < CN_PAYLOAD_MAX            ? p->n
                                                     : CN_PAYLOAD_MAX;
        memcpy(t->cn_payload, p->payload, t->n_cn);
        t->is_cn_due = true;
        return;
    }
    if (!t->is_noise_on)
        t->noise_us = now_us + f->ahead * 1000000 / f->rate_hz + NOISE_BEHIND_US;
    t->is_noise_on = true;
    t->noise_end_us = now_us + NOISE_MAX_US;
}

static void on_packet(struct transcoder *t, const struct playout_event *ev, uint64_t now_us)
{
    const struct playout_packet *p = ev->packet;
    const struct input *in = find_input(t, p->pt);

    if (!in)
        return;
    if (in->kind == INPUT_AUDIO)
        on_audio(t, in, p);
    else if (in->kind == INPUT_EVENT)
        on_event(t, in, ev, now_us);
    else
        on_cn(t, in, p, now_us);
}

static void on_playout(struct transcoder *t, const struct playout_event *ev, uint64_t now_us)
{
    switch (ev->kind) {
    case PLAYOUT_RESTART:
        on_restart(t, ev, now_us);
        break;
    case PLAYOUT_LOST:
        on_lost(t, ev);
        break;
    case PLAYOUT_SILENCE:
        on_silence(t, ev);
        break;
    case PLAYOUT_PACKET:
        on_packet(t, ev, now_us);
        break;
    }
}

/* ---- packets out ---- */

static void packet_write(struct transcoder *t, struct transcoder_packet *out, uint8_t pt,
                         const uint8_t *payload, size_t n)
{
    *out = (struct transcoder_packet){.pt = pt, .seq = t->out_seq++, .payload = payload, .n = n};
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

        count(&t->stats.encoded, 1);
        if (n <= 0) {
            framer_not_sent(&t->framer);
            continue;
        }
        packet_write(t, out, t->out_pt, buf, (size_t)n);
        out->ts = ts;
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
    if (!t->is_cn_due)
        return false;
    t->is_cn_due = false;
    memcpy(buf, t->cn_payload, t->n_cn);
    packet_write(t, out, t->cn_pt, buf, t->n_cn);
    out->ts = framer_ts(&t->framer, 0);
    framer_not_sent(&t->framer); /* audio that follows begins a talkspurt */
    return true;
}

/* Puts the frame of noise that is due. @return whether one was */
static bool run_noise(struct transcoder *t, uint64_t now_us)
{
    struct framer *f = &t->framer;

    if (!t->is_noise_on || now_us < t->noise_us)
        return false;
    if (now_us >= t->noise_end_us) {
        t->is_noise_on = false;
        return false;
    }
    if (now_us - t->noise_us > NOISE_LATE_US)
        t->noise_us = now_us;
    make_noise(t, f->n_frame);
    framer_ahead(f, f->n_frame);
    t->noise_us += (uint64_t)f->n_frame * 1000000 / f->rate_hz;
    return true;
}

int transcoder_get(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf, size_t cap,
                   uint64_t now_us)
{
    struct playout_event ev;

    if (cap < CODEC_PAYLOAD_MAX)
        return EINVAL;
    for (;;) {
        if (send_audio(t, out, buf, cap) || send_event(t, out, buf, now_us) || send_cn(t, out, buf))
            return 0;
        if (playout_get(&t->playout, &ev, now_us) == 0)
            on_playout(t, &ev, now_us);
        else if (!run_noise(t, now_us))
            return EAGAIN;
    }
}

uint64_t transcoder_deadline_us(const struct transcoder *t)
{
    const uint64_t playout_us = playout_deadline_us(&t->playout);
    const uint64_t event_us = dtmf_relay_deadline_us(&t->dtmf);
    uint64_t first = playout_us < event_us ? playout_us : event_us;

    if (t->is_noise_on && t->noise_us < first)
        first = t->noise_us;
    return first;
}

int transcoder_set_options(struct transcoder *t, const struct codec_options *opt)
{
    return t->codec->encoder_set ? t->codec->encoder_set(t->encoder, opt) : 0;
}

const struct transcoder_stats *transcoder_stats(const struct transcoder *t)
{
    return &t->stats;
}
