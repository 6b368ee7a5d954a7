#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/dtmf.h"
#include "codec/transcoder.h"
#include "tests/sim/lossy.h"
#include "tests/sim/malloc_count.h"
#include "tests/sim/signal.h"

/* Payload types of these tests; the output's are other numbers, so that a mix-up shows. */
enum {
    PT_PCMU = 0,
    PT_GSM = 3,
    PT_PCMA = 8,
    PT_G722 = 9,
    PT_CN = 13,
    PT_EVENT = 101,
    PT_OPUS = 111,
    PT_G726 = 115,
    PT_AAL2 = 116,
    PT_OUT = 96,
    PT_OUT_EVENT = 97,
    PT_OUT_CN = 98,
    SSRC = 7,
    MS = 1000,
};

static const struct transcoder_format formats[] = {
    {PT_PCMU, {"PCMU", 8000, 1, ""}},    {PT_PCMA, {"PCMA", 8000, 1, ""}},
    {PT_G722, {"G722", 8000, 1, ""}},    {PT_OPUS, {"opus", 48000, 2, "useinbandfec=1"}},
    {PT_G726, {"G726-32", 8000, 1, ""}}, {PT_AAL2, {"AAL2-G726-32", 8000, 1, ""}},
    {PT_GSM, {"GSM", 8000, 1, ""}},
};
enum { N_CODECS = sizeof(formats) / sizeof(formats[0]) };

static const struct transcoder_format *format(const char *name)
{
    for (size_t i = 0; i < N_CODECS; i++) {
        if (strcmp(formats[i].spec.name, name) == 0)
            return &formats[i];
    }
    fail_msg("no format %s", name);
    return NULL;
}

/* In: the codec, events and CN at its clock. Out: the codec and events; CN if asked for. */
static struct transcoder_config config(const char *in, const char *out, uint32_t ptime_ms)
{
    const uint32_t out_hz = format(out)->spec.clock_hz;
    struct transcoder_config cfg = {
        .n_in = 3,
        .out_pt = PT_OUT,
        .out = format(out)->spec,
        .out_options = {.ptime_ms = ptime_ms},
        .has_event = true,
        .event_pt = PT_OUT_EVENT,
        .event_clock_hz = out_hz,
        .cn_pt = PT_OUT_CN,
    };

    cfg.in[0] = *format(in);
    cfg.in[1] = (struct transcoder_format){PT_EVENT, {"telephone-event", 8000, 1, "0-16"}};
    cfg.in[2] = (struct transcoder_format){PT_CN, {"CN", 8000, 1, ""}};
    return cfg;
}

/* ---- a sender: one codec, its own PCM, numbers and time stamps ---- */

struct sender {
    const struct codec *codec;
    struct codec_encoder *encoder;
    uint32_t rate_hz, n_frame, ticks;
    struct transcoder_packet pkt;
    uint8_t payload[CODEC_PAYLOAD_MAX];
};

static void sender_open(struct sender *s, const char *name, uint32_t rate_hz, uint32_t ptime_ms)
{
    const struct transcoder_format *f = format(name);
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

/* The next packet, of n_frame samples; borrowed until the next. */
static const struct transcoder_packet *sender_next(struct sender *s, int16_t *samples)
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

static void sender_close(struct sender *s)
{
    s->codec->encoder_free(s->encoder);
}

/* ---- a receiver: checks numbers, decodes, and lays the sound on its timeline ---- */

struct receiver {
    const struct codec *codec;
    struct codec_decoder *decoder;
    uint32_t rate_hz;
    bool has_seq;
    uint16_t seq;
    unsigned n_audio, n_event, n_cn, n_marker;
    uint32_t end_ts;        /* of the audio so far */
    uint64_t silence_ticks; /* time stamps that no audio covers */
    struct transcoder_packet last;
    struct dtmf_event events[64];
    uint32_t event_ts[64];
    bool event_marker[64];
    size_t n_pcm;
    int16_t *pcm; /* NULL: not decoded */
    size_t cap;
};

static void receiver_open(struct receiver *r, const char *name, uint32_t rate_hz, int16_t *pcm,
                          size_t cap)
{
    memset(r, 0, sizeof(*r));
    r->codec = codec_find(&format(name)->spec);
    r->rate_hz = rate_hz ? rate_hz : r->codec->pcm_rate_hz;
    r->pcm = pcm;
    r->cap = cap;
    assert_int_equal(r->codec->decoder_alloc(&r->decoder, &format(name)->spec, r->rate_hz), 0);
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
    r->n_pcm = (size_t)((uint64_t)pkt->ts * r->rate_hz / r->codec->clock_hz);
    assert_true(r->n_pcm + pcm.n_frames <= r->cap);
    memcpy(r->pcm + r->n_pcm, room, pcm.n_frames * sizeof(room[0]));
    r->n_pcm += pcm.n_frames;
}

static void receive(struct receiver *r, const struct transcoder_packet *pkt)
{
    assert_true(!r->has_seq || pkt->seq == (uint16_t)(r->seq + 1));
    r->has_seq = true;
    r->seq = pkt->seq;
    r->last = *pkt;
    if (pkt->pt == PT_OUT) {
        receive_audio(r, pkt);
    } else if (pkt->pt == PT_OUT_EVENT) {
        assert_in_range(r->n_event, 0, 63);
        assert_int_equal(dtmf_parse(&r->events[r->n_event], pkt->payload, pkt->n), 0);
        r->event_marker[r->n_event] = pkt->marker;
        r->event_ts[r->n_event++] = pkt->ts;
    } else {
        assert_int_equal(pkt->pt, PT_OUT_CN);
        assert_false(pkt->marker);
        r->n_cn++;
    }
}

static void receiver_close(struct receiver *r)
{
    r->codec->decoder_free(r->decoder);
}

static unsigned drain(struct transcoder *t, struct receiver *r, uint64_t now_us)
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

/* Lets time pass as a worker does: awake at each deadline. */
static void pass_time(struct transcoder *t, struct receiver *r, uint64_t until_us)
{
    while (transcoder_deadline_us(t) <= until_us)
        drain(t, r, transcoder_deadline_us(t));
}

static struct transcoder *open(const struct transcoder_config *cfg)
{
    struct transcoder *t = NULL;

    assert_int_equal(transcoder_alloc(&t, cfg), 0);
    return t;
}

/* ---- sound ---- */

enum { SECONDS = 2 };
static int16_t sound_in[48000 * SECONDS], sound_out[48000 * (SECONDS + 1)];

/* Speech through a transcoder, without loss. Both ends listen at rate_hz. */
static void run_speech(const char *in, const char *out, uint32_t rate_hz, uint32_t in_ms,
                       uint32_t out_ms, struct receiver *r)
{
    const struct transcoder_config cfg = config(in, out, out_ms);
    struct transcoder *t = open(&cfg);
    struct sender s;
    uint64_t now_us = 0;

    sender_open(&s, in, rate_hz, in_ms);
    receiver_open(r, out, rate_hz, sound_out, sizeof(sound_out) / sizeof(sound_out[0]));
    memset(sound_out, 0, sizeof(sound_out));
    signal_speech(sound_in, (size_t)rate_hz * SECONDS, rate_hz, 8000);
    for (size_t at = 0; at + s.n_frame <= (size_t)rate_hz * SECONDS; at += s.n_frame) {
        assert_int_equal(transcoder_put(t, sender_next(&s, sound_in + at), SSRC, now_us), 0);
        drain(t, r, now_us);
        now_us += (uint64_t)in_ms * MS;
    }
    assert_int_equal(transcoder_stats(t)->concealed, 0);
    sender_close(&s);
    receiver_close(r);
    transcoder_free(t);
}

static bool is_one_of(const char *in, const char *out, const char *name)
{
    return strcmp(in, name) == 0 || strcmp(out, name) == 0;
}

static void every_codec_reaches_every_codec(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CODECS; i++) {
        for (size_t k = 0; k < N_CODECS; k++) {
            const char *in = formats[i].spec.name, *out = formats[k].spec.name;
            const bool is_parametric = is_one_of(in, out, "opus") || is_one_of(in, out, "GSM");
            const bool is_wide = codec_find(&formats[i].spec)->pcm_rate_hz > 8000 &&
                                 codec_find(&formats[k].spec)->pcm_rate_hz > 8000;
            const uint32_t hz = is_wide ? 16000 : 8000;
            struct receiver r;
            size_t delay;
            double snr_db, level;

            run_speech(in, out, hz, 20, 20, &r);
            assert_int_equal(r.n_audio, 50 * SECONDS);
            assert_int_equal(r.n_marker, 1);
            delay = signal_delay(sound_in, sound_out, hz, hz / 40);
            snr_db = signal_snr_db(sound_in, sound_out + delay, hz);
            level = signal_rms(sound_out + delay, hz) / signal_rms(sound_in, hz);
            if (snr_db < (is_parametric ? 2 : 12) || fabs(20 * log10(level)) > 2)
                fail_msg("%s to %s: %.1f dB, level %.2f, delay %zu", in, out, snr_db, level, delay);
            if (!is_one_of(in, out, "opus") &&
                delay > (i == k ? 48 : 24)) /* the filter banks of G.722 */
                fail_msg("%s to %s is delayed by %zu samples", in, out, delay);
        }
    }
}

static void every_packet_time_becomes_every_other(void **state)
{
    static const uint32_t times_ms[] = {10, 20, 30, 40, 50, 60};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < 6; k++) {
            const uint32_t sent_ms = SECONDS * 1000 / times_ms[i] * times_ms[i];
            struct receiver r;

            run_speech("PCMA", "PCMU", 8000, times_ms[i], times_ms[k], &r);
            assert_int_equal(r.n_audio, sent_ms / times_ms[k]);
            assert_int_equal(r.end_ts, r.n_audio * times_ms[k] * 8);
            assert_int_equal(r.silence_ticks, 0);
            assert_int_equal(signal_delay(sound_in, sound_out, 8000, 200), 0);
            assert_true(signal_snr_db(sound_in, sound_out, 8000) > 25);
        }
    }
}

static void a_packet_in_order_leaves_in_the_same_moment(void **state)
{
    static const char *const outs[] = {"PCMA", "G722", "opus"};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const struct transcoder_config cfg = config("PCMU", outs[k], 20);
        struct transcoder *t = open(&cfg);
        struct sender s;
        struct receiver r;

        sender_open(&s, "PCMU", 0, 20);
        receiver_open(&r, outs[k], 0, NULL, 0);
        signal_speech(sound_in, 8000, 8000, 8000);
        for (unsigned i = 0; i < 50; i++) {
            transcoder_put(t, sender_next(&s, sound_in + i * s.n_frame), SSRC, i * 20 * MS);
            assert_int_equal(drain(t, &r, i * 20 * MS), 1);
            assert_int_equal(transcoder_deadline_us(t), UINT64_MAX);
        }
        sender_close(&s);
        receiver_close(&r);
        transcoder_free(t);
    }
}

/* A wide and a narrow codec into one output: the narrow one comes through a resampler. */
static void a_sender_may_change_its_codec_in_mid_stream(void **state)
{
    struct transcoder_config cfg = config("G722", "opus", 20);
    struct transcoder *t;
    struct sender wide, narrow;
    struct receiver r;
    size_t at = 0;

    (void)state;
    cfg.in[cfg.n_in++] = *format("PCMU");
    t = open(&cfg);
    sender_open(&wide, "G722", 0, 20);
    sender_open(&narrow, "PCMU", 0, 20);
    receiver_open(&r, "opus", 16000, sound_out, sizeof(sound_out) / sizeof(sound_out[0]));
    for (unsigned i = 0; i < 100; i++) {
        struct sender *s = i / 25 % 2 ? &narrow : &wide, *other = i / 25 % 2 ? &wide : &narrow;

        signal_sine(sound_in, s->n_frame, s->rate_hz, 500, 8000); /* whole periods */
        assert_int_equal(transcoder_put(t, sender_next(s, sound_in), SSRC, i * 20 * MS), 0);
        drain(t, &r, i * 20 * MS);
        other->pkt.seq = s->pkt.seq;
        other->pkt.ts = s->pkt.ts;
    }
    assert_int_equal(r.n_audio, 100);
    assert_int_equal(r.end_ts, 100 * 960);
    assert_int_equal(r.silence_ticks, 0);
    for (at = 4000; at < 30000; at += 8000) /* the middle of each stretch */
        assert_true(signal_purity_db(sound_out + at, 3200, 16000, 500) > 10);
    sender_close(&wide);
    sender_close(&narrow);
    receiver_close(&r);
    transcoder_free(t);
}

/* ---- one packet at a time: PCMU in, PCMA out, 20 ms ---- */

struct line {
    struct transcoder *t;
    struct sender s;
    struct receiver r;
    uint64_t now_us;
    unsigned n_steps;
};

static void line_open(struct line *l, const struct transcoder_config *cfg)
{
    memset(l, 0, sizeof(*l));
    l->t = open(cfg);
    sender_open(&l->s, cfg->in[0].spec.name, 0, 20);
    receiver_open(&l->r, cfg->out.name, 0, NULL, 0);
    signal_speech(sound_in, l->s.rate_hz, l->s.rate_hz, 8000);
}

static void line_close(struct line *l)
{
    sender_close(&l->s);
    receiver_close(&l->r);
    transcoder_free(l->t);
}

/* The next packet is made; time goes on by 20 ms; it is put if it is to arrive. */
static int line_step(struct line *l, bool is_arriving)
{
    const unsigned at = l->n_steps++ % 50; /* a second of speech, again and again */
    const struct transcoder_packet *pkt = sender_next(&l->s, sound_in + (size_t)at * l->s.n_frame);
    int err = 0;

    pass_time(l->t, &l->r, l->now_us);
    if (is_arriving) {
        err = transcoder_put(l->t, pkt, SSRC, l->now_us);
        drain(l->t, &l->r, l->now_us);
    }
    l->now_us += 20 * MS;
    return err;
}

/* Another packet of the sender's sequence, put now. */
static int line_put(struct line *l, uint8_t pt, uint32_t ts, const void *payload, size_t n)
{
    const struct transcoder_packet pkt = {
        .pt = pt, .seq = ++l->s.pkt.seq, .ts = ts, .payload = payload, .n = n};
    int err;

    pass_time(l->t, &l->r, l->now_us);
    err = transcoder_put(l->t, &pkt, SSRC, l->now_us);
    drain(l->t, &l->r, l->now_us);
    return err;
}

static uint32_t line_ts(const struct line *l) /* of the sender's next packet */
{
    return l->s.pkt.ts + l->s.ticks;
}

static void silence_moves_the_time_stamps_and_sets_the_marker(void **state)
{
    const struct transcoder_config cfg = config("PCMU", "opus", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    assert_true(l.r.last.marker);
    line_step(&l, true);
    assert_false(l.r.last.marker);
    l.s.pkt.ts += 8000; /* a second without packets */
    l.now_us += 1000 * MS;
    line_step(&l, true);
    assert_true(l.r.last.marker);
    assert_int_equal(l.r.last.ts, 2 * 960 + 48000);
    assert_int_equal(transcoder_stats(l.t)->silence, 1);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void a_lost_packet_is_made_up_after_the_window(void **state)
{
    struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    cfg.reorder_window_us = 30 * MS;
    line_open(&l, &cfg);
    for (int i = 0; i < 10; i++)
        line_step(&l, true);
    line_step(&l, false);
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 10); /* waits */
    assert_int_equal(transcoder_deadline_us(l.t), 220 * MS + 30 * MS);
    pass_time(l.t, &l.r, 249 * MS);
    assert_int_equal(l.r.n_audio, 10);
    pass_time(l.t, &l.r, 250 * MS);
    assert_int_equal(l.r.n_audio, 12);
    assert_int_equal(l.r.end_ts, 12 * 160);
    assert_int_equal(l.r.n_marker, 1);
    assert_int_equal(transcoder_stats(l.t)->lost, 1);
    assert_int_equal(transcoder_stats(l.t)->concealed, 1);
    line_close(&l);
}

static void a_long_loss_is_made_up_for_100_ms_and_silent_after(void **state)
{
    const struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    for (int i = 0; i < 50; i++)
        line_step(&l, false);
    line_step(&l, true);
    pass_time(l.t, &l.r, l.now_us + 40 * MS);
    assert_int_equal(l.r.n_audio, 2 + 5);
    assert_int_equal(l.r.end_ts, 52 * 160);
    assert_int_equal(l.r.silence_ticks, 45 * 160);
    line_close(&l);
}

static void a_packet_that_was_overtaken_is_not_a_loss(void **state)
{
    const struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct transcoder_packet held;
    uint8_t payload[CODEC_PAYLOAD_MAX];
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    line_step(&l, false);
    held = l.s.pkt;
    memcpy(payload, held.payload, held.n);
    held.payload = payload;
    line_step(&l, true);
    assert_int_equal(transcoder_put(l.t, &held, SSRC, l.now_us), 0);
    assert_int_equal(drain(l.t, &l.r, l.now_us), 2);
    assert_int_equal(transcoder_put(l.t, &held, SSRC, l.now_us), EALREADY);
    assert_int_equal(transcoder_stats(l.t)->reordered, 1);
    assert_int_equal(transcoder_stats(l.t)->duplicate, 1);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void a_payload_that_cannot_be_read_is_made_up(void **state)
{
    static const uint8_t bad[] = {0x03, 0x00}; /* Opus: no frames */
    static const uint8_t huge[1601];
    const struct transcoder_config cfg = config("opus", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    assert_int_equal(line_put(&l, PT_OPUS, line_ts(&l), bad, sizeof(bad)), EBADMSG);
    l.s.pkt.ts += 960;
    assert_int_equal(line_put(&l, PT_OPUS, line_ts(&l), huge, sizeof(huge)), EBADMSG);
    l.s.pkt.ts += 960;
    assert_int_equal(line_put(&l, PT_OPUS, line_ts(&l), NULL, 0), EBADMSG);
    l.s.pkt.ts += 960;
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 5);
    assert_int_equal(l.r.end_ts, 5 * 160);
    assert_int_equal(l.r.n_marker, 1);
    assert_int_equal(transcoder_stats(l.t)->bad_payload, 3);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void a_payload_type_that_is_not_listed_is_refused_and_is_no_loss(void **state)
{
    const struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    assert_int_equal(line_put(&l, 77, line_ts(&l), "x", 1), ENOENT);
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 2);
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void another_source_goes_on_in_the_same_timeline(void **state)
{
    const struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct line l;
    struct transcoder_packet pkt;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    pkt = *sender_next(&l.s, sound_in);
    pkt.seq = 5;
    pkt.ts = 99;
    assert_int_equal(transcoder_put(l.t, &pkt, SSRC + 1, 20 * MS), 0);
    assert_int_equal(drain(l.t, &l.r, 20 * MS), 1);
    assert_int_equal(l.r.end_ts, 320);
    assert_int_equal(l.r.silence_ticks, 0);
    line_close(&l);
}

static void fec_gives_a_lost_packet_back(void **state)
{
    const struct transcoder_config cfg = config("opus", "G722", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    sender_close(&l.s);
    sender_open(&l.s, "opus", 16000, 20);
    signal_speech(sound_in, 16000, 16000, 8000);
    for (int i = 0; i < 100; i++)
        line_step(&l, i % 10 != 9);
    pass_time(l.t, &l.r, l.now_us + 100 * MS);
    assert_int_equal(transcoder_stats(l.t)->lost, 9); /* the tenth is the last packet */
    assert_true(transcoder_stats(l.t)->fec_repaired > 5);
    assert_int_equal(transcoder_stats(l.t)->fec_repaired + transcoder_stats(l.t)->concealed, 9);
    assert_int_equal(l.r.n_audio, 99);
    line_close(&l);
}

/* ---- events ---- */

static void line_event(struct line *l, uint8_t code, bool is_end, uint32_t duration, uint32_t ts)
{
    const struct dtmf_event ev = {
        .code = code, .is_end = is_end, .duration = (uint16_t)duration, .volume = 10};
    uint8_t payload[DTMF_PAYLOAD];

    dtmf_print(&ev, payload);
    line_put(l, PT_EVENT, ts, payload, sizeof(payload));
    l->now_us += 20 * MS;
}

static void a_digit_takes_its_place_in_the_audio(void **state)
{
    const struct transcoder_config cfg = config("PCMU", "opus", 20);
    struct line l;
    uint32_t ts;

    (void)state;
    line_open(&l, &cfg);
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    ts = line_ts(&l);
    for (uint32_t k = 1; k <= 5; k++)
        line_event(&l, 4, k == 5, k * 160, ts);
    for (int k = 0; k < 2; k++) {
        line_event(&l, 4, true, 800, ts);
        l.now_us -= 20 * MS;
    }
    l.s.pkt.ts += 5 * 160; /* the audio that was not sent meanwhile */
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    assert_int_equal(l.r.n_event, 4 + 3);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(l.r.events[i].code, 4);
        assert_int_equal(l.r.events[i].is_end, i >= 4);
        assert_int_equal(l.r.event_ts[i], 5 * 960);
        assert_int_equal(l.r.event_marker[i], i == 0);
        assert_int_equal(l.r.events[i].duration, (i < 4 ? i + 1 : 5) * 960);
    }
    assert_int_equal(l.r.end_ts, 15 * 960);
    assert_int_equal(l.r.silence_ticks, 5 * 960);
    assert_int_equal(transcoder_stats(l.t)->events, 1);
    line_close(&l);
}

static void audio_sent_beside_a_digit_is_passed_too(void **state)
{
    const struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct line l;
    uint32_t ts;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    ts = line_ts(&l);
    for (uint32_t k = 1; k <= 5; k++) {
        line_event(&l, 4, k == 5, k * 160, ts);
        l.now_us -= 20 * MS;
        line_step(&l, true);
    }
    pass_time(l.t, &l.r, l.now_us + 100 * MS);
    assert_int_equal(l.r.n_audio, 6);
    assert_int_equal(l.r.end_ts, 6 * 160);
    assert_int_equal(l.r.silence_ticks, 0);
    assert_int_equal(l.r.n_event, 4 + 3);
    line_close(&l);
}

static void audio_before_a_digit_leaves_before_it(void **state)
{
    const struct transcoder_config cfg = config("PCMU", "PCMA", 60);
    struct line l;
    uint32_t ts;

    (void)state;
    line_open(&l, &cfg);
    for (int i = 0; i < 4; i++)
        line_step(&l, true); /* 20 ms are left over */
    assert_int_equal(l.r.n_audio, 1);
    ts = line_ts(&l);
    line_event(&l, 4, true, 800, ts);
    assert_int_equal(l.r.n_audio, 2);
    assert_int_equal(l.r.n_event, 1);
    l.s.pkt.ts += 800;
    l.now_us += 80 * MS;
    for (int i = 0; i < 3; i++)
        line_step(&l, true);
    /* the filling is taken off the pause: 80 + 100 ms of input, then audio */
    assert_int_equal(l.r.end_ts, (80 + 100 + 60) * 8);
    line_close(&l);
}

static void digits_survive_a_bad_network_in_order_and_once(void **state)
{
    static struct lossy net;

    (void)state;
    for (uint32_t seed = 1; seed <= 10; seed++) {
        const struct lossy_config bad = {.seed = seed,
                                         .loss = 0.15,
                                         .duplicate = 0.1,
                                         .reorder = 0.1,
                                         .reorder_us = 25 * MS,
                                         .jitter_us = 10 * MS};
        const struct transcoder_config cfg = config("PCMU", "PCMA", 20);
        struct transcoder *t = open(&cfg);
        struct receiver r;
        unsigned n_digits = 0;
        uint16_t seq = 0;

        lossy_init(&net, &bad);
        receiver_open(&r, "PCMA", 0, NULL, 0);
        for (uint64_t now_us = 0; now_us < 8200ULL * MS; now_us += MS) {
            const uint32_t in_digit = (uint32_t)(now_us / MS) % 400; /* 160 ms on, 240 off */
            const uint32_t digit = (uint32_t)(now_us / MS) / 400;
            uint8_t data[8], payload[4];
            struct transcoder_packet pkt = {.pt = PT_EVENT, .payload = payload, .n = 4};

            if (in_digit % 20 == 0 && in_digit <= 200 && digit < 20) {
                const uint32_t length = in_digit < 160 ? in_digit + 20 : 160;
                const struct dtmf_event ev = {.code = (uint8_t)(digit / 2 % 10),
                                              .is_end = in_digit >= 160,
                                              .duration = (uint16_t)(length * 8)};

                dtmf_print(&ev, data);
                memcpy(data + 4, (uint16_t[]){seq++, (uint16_t)digit}, 4);
                lossy_send(&net, data, sizeof(data), now_us);
            }
            pass_time(t, &r, now_us);
            while (lossy_receive(&net, data, sizeof(data), now_us) == sizeof(data)) {
                uint16_t numbers[2];

                memcpy(payload, data, 4);
                memcpy(numbers, data + 4, 4);
                pkt.seq = numbers[0];
                pkt.ts = 1000 + numbers[1] * 3200U;
                transcoder_put(t, &pkt, SSRC, now_us);
                drain(t, &r, now_us);
            }
            for (unsigned i = 0; i < r.n_event; i++) {
                if (!r.event_marker[i])
                    continue;
                assert_int_equal(r.events[i].code, n_digits / 2 % 10); /* each digit twice */
                n_digits++;
            }
            r.n_event = 0;
        }
        assert_int_equal(n_digits, 20);
        receiver_close(&r);
        transcoder_free(t);
    }
}

static void events_that_nobody_wants_are_dropped(void **state)
{
    struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    cfg.has_event = false;
    line_open(&l, &cfg);
    line_step(&l, true);
    line_event(&l, 4, true, 800, line_ts(&l));
    line_step(&l, true);
    assert_int_equal(l.r.n_event, 0);
    assert_int_equal(l.r.n_audio, 2);
    line_close(&l);
}

/* ---- comfort noise ---- */

static void comfort_noise_is_passed_where_the_receiver_takes_it(void **state)
{
    static const uint8_t sid[] = {60, 1, 2, 3};
    struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    cfg.has_cn = true;
    line_open(&l, &cfg);
    line_step(&l, true);
    line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
    assert_int_equal(l.r.n_cn, 1);
    assert_int_equal(l.r.last.ts, 160);
    assert_int_equal(l.r.last.n, 4); /* the same clock: coefficients hold */
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX);
    l.now_us += 200 * MS;
    l.s.pkt.ts += 1600;
    line_step(&l, true);
    assert_true(l.r.last.marker);
    assert_int_equal(l.r.last.ts, 160 + 1600);
    line_close(&l);
}

static void comfort_noise_is_made_where_the_receiver_takes_none(void **state)
{
    static const uint8_t sid[] = {40};
    const struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    static int16_t pcm[16000];
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    l.r.pcm = pcm;
    l.r.cap = 16000;
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    for (int i = 0; i < 10; i++) { /* one in 100 ms, for a second */
        line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
        l.now_us += 100 * MS;
        l.s.pkt.ts += 800;
    }
    pass_time(l.t, &l.r, l.now_us - 1);
    assert_int_equal(l.r.n_audio, 55);
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 56);
    assert_int_equal(l.r.end_ts, 56 * 160);
    assert_int_equal(l.r.n_marker, 1);
    assert_int_equal(l.r.silence_ticks, 0);
    /* -40 dBov: an rms of 328 */
    assert_in_range((int)signal_rms(pcm + 1000, 7000), 295, 360);
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX); /* it stops with the speech */
    line_close(&l);
}

/* Speech and noise by turns, the arrival of each shaken by up to 15 ms: what the noise was ahead in
 * one pause is taken off the next. */
static void comfort_noise_never_drifts_from_the_input(void **state)
{
    static const uint8_t sid[] = {60};
    const struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct line l;
    uint64_t input_ms = 0;

    (void)state;
    line_open(&l, &cfg);
    for (unsigned turn = 0; turn < 300; turn++) {
        for (int i = 0; i < 10; i++, input_ms += 20) {
            l.now_us = input_ms * MS + turn * 7 % 15 * MS;
            assert_int_equal(line_step(&l, true), 0);
        }
        l.now_us = input_ms * MS + turn * 11 % 15 * MS;
        line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
        l.s.pkt.ts += 330 * 8;
        input_ms += 330;
        assert_in_range(l.r.end_ts, (input_ms - 350) * 8, (input_ms - 330 + 60) * 8);
    }
    line_close(&l);
}

/* ---- time ---- */

/* An hour through a network that loses 3 %, in bursts. What goes out covers exactly what was sent.
 */
static void an_hour_of_loss_does_not_drift(void **state)
{
    static struct lossy net;
    const struct lossy_config bad = {.seed = 11,
                                     .loss = 0.03,
                                     .burst = 2,
                                     .duplicate = 0.01,
                                     .reorder = 0.02,
                                     .reorder_us = 30 * MS,
                                     .jitter_us = 10 * MS};
    const struct transcoder_config cfg = config("PCMU", "G722", 20);
    struct transcoder *t = open(&cfg);
    struct receiver r;
    const uint32_t n_packets = 3600 * 50;
    uint8_t payload[160] = {0};
    uint32_t first = UINT32_MAX, k;

    (void)state;
    lossy_init(&net, &bad);
    receiver_open(&r, "G722", 0, NULL, 0);
    for (uint32_t i = 0; i <= n_packets; i++) {
        const uint64_t now_us = i * 20ULL * MS;

        if (i < n_packets)
            assert_int_equal(lossy_send(&net, &i, sizeof(i), now_us), 0);
        for (uint64_t at_us; (at_us = lossy_deadline_us(&net)) < now_us + 20 * MS;) {
            struct transcoder_packet pkt = {.pt = PT_PCMU, .payload = payload, .n = 160};

            pass_time(t, &r, at_us);
            assert_int_equal(lossy_receive(&net, &k, sizeof(k), at_us), sizeof(k));
            first = first == UINT32_MAX ? k : first; /* what it overtook is late */
            pkt.seq = (uint16_t)k;
            pkt.ts = k * 160;
            transcoder_put(t, &pkt, SSRC, at_us);
            drain(t, &r, at_us);
        }
    }
    pass_time(t, &r, (n_packets + 10) * 20ULL * MS);
    assert_true(net.lost > 3000);
    assert_int_equal(k, n_packets - 1); /* the last one came */
    assert_int_equal(r.end_ts, (n_packets - first) * 160);
    assert_int_equal((uint64_t)r.n_audio * 160 + r.silence_ticks, r.end_ts);
    receiver_close(&r);
    transcoder_free(t);
}

static void an_hour_through_a_resampler_does_not_drift(void **state)
{
    struct transcoder_config cfg = config("PCMU", "G722", 20);
    struct transcoder *t;
    struct receiver r;
    uint8_t payload[160] = {0};

    (void)state;
    cfg.in[cfg.n_in++] = *format("G722"); /* makes the encoder wide */
    t = open(&cfg);
    receiver_open(&r, "G722", 0, NULL, 0);
    for (uint32_t i = 0; i < 3600 * 50; i++) {
        const struct transcoder_packet pkt = {
            .pt = PT_PCMU, .seq = (uint16_t)i, .ts = i * 160, .payload = payload, .n = 160};

        transcoder_put(t, &pkt, SSRC, i * 20ULL * MS);
        assert_int_equal(drain(t, &r, i * 20ULL * MS), 1);
    }
    assert_int_equal(r.end_ts, 3600 * 8000);
    receiver_close(&r);
    transcoder_free(t);
}

/* ---- memory, and what peers may do ---- */

static void nothing_is_allocated_while_media_flows(void **state)
{
    static const uint8_t sid[] = {60};

    (void)state;
    for (size_t i = 0; i < N_CODECS; i++) {
        for (size_t k = 0; k < N_CODECS; k++) {
            struct transcoder_config cfg =
                config(formats[i].spec.name, formats[k].spec.name, k % 2 ? 40 : 20);
            struct line l;
            uint64_t before;

            cfg.in[cfg.n_in++] = *format(i == 0 ? "G722" : "PCMU"); /* with a resampler */
            line_open(&l, &cfg);
            before = malloc_count();
            for (int n = 0; n < 100; n++) {
                line_step(&l, n % 9 != 8);
                if (n % 30 == 10)
                    line_event(&l, 5, true, 800, line_ts(&l));
                if (n % 30 == 20)
                    line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
            }
            assert_true(transcoder_stats(l.t)->lost > 5);
            assert_int_equal(malloc_count() - before, 0);
            line_close(&l);
        }
    }
    free(malloc(1)); /* the count counts */
    assert_true(malloc_count() > 0);
}

static void an_allocation_that_fails_leaves_nothing_behind(void **state)
{
    struct transcoder_config cfg = config("opus", "G722", 20);
    struct transcoder *t = NULL;
    uint64_t n = 0;
    int err;

    (void)state;
    if (!malloc_fail_nth(1))
        skip();
    cfg.in[cfg.n_in++] = *format("PCMU");
    do {
        malloc_fail_nth(++n);
        err = transcoder_alloc(&t, &cfg);
        malloc_fail_nth(0);
        assert_true(err == 0 || (err == ENOMEM && !t));
    } while (err);
    assert_true(n > 8);
    transcoder_free(t);
}

static void formats_without_a_codec_are_refused(void **state)
{
    struct transcoder_config cfg = config("PCMU", "PCMA", 20);
    struct transcoder *t = NULL;

    (void)state;
    cfg.in[1].spec = (struct codec_spec){"SPEEX", 8000, 1, ""};
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    cfg = config("PCMU", "PCMA", 20);
    cfg.out = (struct codec_spec){"H264", 90000, 1, ""};
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    cfg = config("PCMU", "PCMA", 20);
    cfg.in[2].spec.clock_hz = 0;
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    cfg = config("PCMU", "PCMA", 20);
    cfg.event_clock_hz = 0;
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    cfg = config("PCMU", "PCMA", 20);
    cfg.n_in = TRANSCODER_FORMATS_MAX + 1;
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    assert_null(t);
}

/* Any bytes in any order: what comes out is still a stream that receive() accepts. */
static void noise_on_the_wire_becomes_an_orderly_stream(void **state)
{
    static const uint8_t pts[] = {PT_PCMU, PT_OPUS, PT_EVENT, PT_CN, 77};
    struct transcoder_config cfg = config("PCMU", "opus", 20);
    struct transcoder *t;
    struct receiver r;
    uint64_t x = 88172645463325252ULL;
    uint8_t payload[1500];

    (void)state;
    cfg.in[cfg.n_in++] = *format("opus");
    t = open(&cfg);
    receiver_open(&r, "opus", 0, NULL, 0);
    for (uint64_t i = 0; i < 5000; i++) {
        struct transcoder_packet pkt = {.payload = payload};

        for (size_t k = 0; k < sizeof(payload); k += 8) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            memcpy(payload + k, &x, k + 8 <= sizeof(payload) ? 8 : sizeof(payload) - k);
        }
        pkt.pt = pts[x % 5];
        pkt.n = x >> 8 & 1 ? x >> 16 & 7 : x >> 16 & 1023;
        pkt.seq = (uint16_t)(i + (x >> 32 & 3));
        pkt.ts = x >> 40 & 1 ? (uint32_t)i * 160 : (uint32_t)(x >> 41);
        transcoder_put(t, &pkt, SSRC + (uint32_t)((x >> 50) % 50 / 49), i * 20 * MS);
        drain(t, &r, i * 20 * MS);
        r.n_event = 0;
    }
    assert_true(r.n_audio > 100);
    receiver_close(&r);
    transcoder_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_reaches_every_codec),
        cmocka_unit_test(every_packet_time_becomes_every_other),
        cmocka_unit_test(a_packet_in_order_leaves_in_the_same_moment),
        cmocka_unit_test(a_sender_may_change_its_codec_in_mid_stream),
        cmocka_unit_test(silence_moves_the_time_stamps_and_sets_the_marker),
        cmocka_unit_test(a_lost_packet_is_made_up_after_the_window),
        cmocka_unit_test(a_long_loss_is_made_up_for_100_ms_and_silent_after),
        cmocka_unit_test(a_packet_that_was_overtaken_is_not_a_loss),
        cmocka_unit_test(a_payload_that_cannot_be_read_is_made_up),
        cmocka_unit_test(a_payload_type_that_is_not_listed_is_refused_and_is_no_loss),
        cmocka_unit_test(another_source_goes_on_in_the_same_timeline),
        cmocka_unit_test(fec_gives_a_lost_packet_back),
        cmocka_unit_test(a_digit_takes_its_place_in_the_audio),
        cmocka_unit_test(audio_sent_beside_a_digit_is_passed_too),
        cmocka_unit_test(audio_before_a_digit_leaves_before_it),
        cmocka_unit_test(digits_survive_a_bad_network_in_order_and_once),
        cmocka_unit_test(events_that_nobody_wants_are_dropped),
        cmocka_unit_test(comfort_noise_is_passed_where_the_receiver_takes_it),
        cmocka_unit_test(comfort_noise_is_made_where_the_receiver_takes_none),
        cmocka_unit_test(comfort_noise_never_drifts_from_the_input),
        cmocka_unit_test(an_hour_of_loss_does_not_drift),
        cmocka_unit_test(an_hour_through_a_resampler_does_not_drift),
        cmocka_unit_test(nothing_is_allocated_while_media_flows),
        cmocka_unit_test(an_allocation_that_fails_leaves_nothing_behind),
        cmocka_unit_test(formats_without_a_codec_are_refused),
        cmocka_unit_test(noise_on_the_wire_becomes_an_orderly_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
