#include <string.h>

#include "codec/transcoder_internal.h"

/* What the playout says becomes PCM: decoded, repaired, or noise that is made up.
 *
 * Codecs write to the stack, which is in the nearest cache: a buffer of each transcoder's own would
 * have been pushed out since its last packet, 20 ms ago. */

enum {
    CONCEAL_MAX_MS = 100, /* every concealment has faded by then; the rest of a loss is silence */
    /* noise is made up this much later than speech would come, so that the packet that ends it, if
     * not later than that, finds no noise in its place */
    NOISE_BEHIND_US = 10000,
    NOISE_LATE_US = 200000,  /* a worker that was held up makes up no more noise than this */
    NOISE_MAX_US = 60000000, /* a sender that is silent for longer without a word has gone */
    NOISE_BRIDGE_MS = 160,   /* between noise and speech: filled rather than skipped */
    /* A sender that uses DTX does not say that it stops, but most send one packet without a frame
     * (RFC 6716 s.3.2.1). Without one it has stopped after longer than a network usually holds
     * packets back, if DTX was agreed on; else it is only late. */
    DTX_PACKET_MAX = 2,
    DTX_WAIT_US = 100000,
    /* libopus sends a frame each 400 ms (1.2 s at 60 ms a frame): after longer it has gone */
    DTX_MAX_US = 1500000,
    DTX_DESCRIBED_MS = 60, /* of its noise are looked at for a CN payload */
    /* beyond a packet's time, to send a frame that is not full: what is late by less goes on in it
     */
    FLUSH_WAIT_US = 200000,
};

static uint64_t samples_of_ticks(struct transcoder *t, uint32_t ticks, uint32_t clock_hz)
{
    uint64_t v = (uint64_t)ticks * t->framer.rate_hz;

    if (clock_hz == t->silence_clock_hz)
        v += t->silence_rest;
    t->silence_clock_hz = clock_hz;
    t->silence_rest = (uint32_t)(v % clock_hz);
    return v / clock_hz;
}

/* ---- PCM into the output's timeline ---- */

static void put_samples(struct transcoder *t, const struct input *in, const struct pcm *pcm)
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

/* Sound that comes when noise has taken its time already is too late: played, it would stretch the
 * output against the input for good. Up to one packet's worth stays, for the next silence to take
 * off: a talkspurt that is late by no more loses nothing of its beginning. */
static bool is_overtaken(struct transcoder *t, uint32_t n)
{
    t->noise.is_overtaken = t->noise.is_overtaken && t->framer.ahead > n;
    return t->noise.is_overtaken;
}

/* Sound of the input, unless a tone is sent in its place, it is a digit that goes as an event, or
 * it is too late. */
static void add_pcm(struct transcoder *t, const struct input *in, const struct pcm *pcm,
                    uint64_t now_us)
{
    const uint64_t n = (uint64_t)pcm->n_frames * t->framer.rate_hz / in->pcm_rate_hz;
    struct framer *f = &t->framer;
    const uint32_t before = f->n;
    uint32_t n_put;
    bool is_digit, is_late;

    if (t->digits.cover > 0) {
        framer_silence(f, transcoder_uncovered(t, n));
        return;
    }
    put_samples(t, in, pcm);
    n_put = f->n - before;
    if (t->n_tail > 0)
        transcoder_splice(t, f->samples + f->n_taken + before, n_put);
    is_digit =
        t->digits.listener && transcoder_hear(t, f->samples + f->n_taken + before, n_put, now_us);
    is_late = is_overtaken(t, n_put);
    if (is_late)
        transcoder_count(&t->stats.late, 1);
    if (is_late || is_digit) {
        framer_unput(f, n_put);
        framer_silence(f, n_put);
    }
}

static void noise_fill(struct transcoder *t, uint32_t n)
{
    int16_t *room = framer_room(&t->framer, n);

    if (!room)
        return;
    comfort_noise_fill(&t->noise.source, room, n);
    framer_put(&t->framer, n);
}

/* The decoder's own noise; at most 120 ms (codec.h). */
static void noise_conceal(struct transcoder *t, uint32_t n)
{
    const struct input *in = t->current;
    const uint32_t n_frames = (uint32_t)((uint64_t)n * in->pcm_rate_hz / t->framer.rate_hz);
    int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};

    if (in->codec->conceal(in->decoder, NULL, 0, n_frames, &pcm) > 1)
        framer_silence(&t->framer, n);
    else
        put_samples(t, in, &pcm);
}

static void make_noise(struct transcoder *t, uint32_t n)
{
    if (t->noise.kind == NOISE_OF_CN)
        noise_fill(t, n);
    else
        noise_conceal(t, n);
}

/* Where noise was made up meanwhile most of the time is filled already; a small rest is filled as
 * well, a large one is left out. */
void transcoder_add_silence(struct transcoder *t, uint64_t n)
{
    struct framer *f = &t->framer;

    n = transcoder_uncovered(t, n);
    if (transcoder_makes_noise(t) && n > f->ahead &&
        n - f->ahead <= (uint64_t)NOISE_BRIDGE_MS * f->rate_hz / 1000) {
        uint64_t left = n - f->ahead;

        f->ahead = 0;
        for (uint32_t part; left > 0; left -= part) {
            part = left < f->n_frame ? (uint32_t)left : f->n_frame;
            make_noise(t, part);
        }
        return;
    }
    framer_silence(f, n);
}

static void add_silent_ticks(struct transcoder *t, uint32_t ticks, uint32_t clock_hz)
{
    transcoder_add_silence(t, samples_of_ticks(t, ticks, clock_hz));
}

/* Makes up `ticks` of the format decoded last. @return whether `next` gave back a part of it */
static bool conceal(struct transcoder *t, const struct input *in, uint32_t ticks,
                    const struct playout_packet *next, uint64_t now_us)
{
    int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};
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
        add_silent_ticks(t, ticks, in->clock_hz);
        return false;
    }
    add_pcm(t, in, &pcm, now_us);
    return got == 1;
}

/* ---- events of the playout ---- */

static void on_lost(struct transcoder *t, const struct playout_event *ev, uint64_t now_us)
{
    const struct input *in = t->current;
    uint32_t longest, ticks;

    transcoder_count(&t->stats.lost, ev->n_lost);
    if (!in || transcoder_makes_noise(t) || in->clock_hz != ev->clock_hz) {
        add_silent_ticks(t, ev->ticks, ev->clock_hz);
        return;
    }
    if (ev->ticks == 0)
        return;
    longest = in->clock_hz * CONCEAL_MAX_MS / 1000;
    ticks = ev->ticks < longest ? ev->ticks : longest;
    if (conceal(t, in, ticks, ticks == ev->ticks ? ev->packet : NULL, now_us)) {
        transcoder_count(&t->stats.fec_repaired, 1);
        transcoder_count(&t->stats.concealed, ev->n_lost - 1);
    } else {
        transcoder_count(&t->stats.concealed, ev->n_lost);
    }
    if (ticks < ev->ticks)
        add_silent_ticks(t, ev->ticks - ticks, ev->clock_hz);
}

static void on_restart(struct transcoder *t, const struct playout_event *ev, uint64_t now_us)
{
    t->n_tail = 0;
    if (ev->ticks == 0 && t->current && !transcoder_makes_noise(t))
        transcoder_keep_tail(t, t->current);
    for (unsigned i = 0; i < t->n_inputs; i++) {
        const struct input *in = &t->inputs[i];

        if (in->kind == INPUT_AUDIO)
            in->codec->decoder_reset(in->decoder);
        if (in->resample)
            resample_reset(in->resample);
    }
    transcoder_restart_digits(t, now_us);
    t->current = NULL;
    t->noise.kind = NOISE_NONE;
    t->noise.is_guess = false;
    t->noise.is_overtaken = false;
    t->framer.ahead = 0;
    t->framer.is_after_silence = true;
    add_silent_ticks(t, ev->ticks, ev->clock_hz);
}

/* A receiver without DTX hears noise rather than nothing when the sender stops. */
static void expect_dtx(struct transcoder *t, const struct input *in, const struct playout_packet *p,
                       uint64_t now_us)
{
    const uint64_t played_us = (uint64_t)p->ticks * 1000000 / in->clock_hz;
    const bool is_told = p->n > 0 && p->n <= DTX_PACKET_MAX;

    t->noise.kind = NOISE_NONE;
    if (!in->codec->has_dtx || t->codec->has_dtx || (!is_told && !in->may_use_dtx))
        return;
    t->noise.kind = NOISE_EXPECTED;
    t->noise.due_us = now_us + played_us + (is_told ? NOISE_BEHIND_US : DTX_WAIT_US);
    t->noise.end_us = now_us + DTX_MAX_US;
}

/* The time of the input from which on noise stands for it; of how long that lasts, the arrival of
 * the next packet is but a guess. */
static void begin_guess(struct transcoder *t, uint32_t clock_hz, uint32_t ts, uint64_t at_us)
{
    t->noise.is_guess = true;
    t->noise.guess_hz = clock_hz;
    t->noise.guess_ts = ts;
    t->noise.guess_us = at_us;
}

/* The packet after a guess tells whether it was right: the time stamps of a sender that had stopped
 * leap over its silence, those of one that was held up, by its machine or the network, do not. */
static void check_guess(struct transcoder *t, const struct input *in,
                        const struct playout_packet *p, uint64_t now_us)
{
    struct noise *noise = &t->noise;
    const uint32_t leap = p->ts - noise->guess_ts;

    if (noise->is_guess && in->clock_hz == noise->guess_hz && in == t->current &&
        (uint64_t)leap * 1000000 / in->clock_hz < now_us - noise->guess_us)
        noise->is_overtaken = true;
    noise->is_guess = false;
}

static void on_audio(struct transcoder *t, const struct input *in, const struct playout_packet *p,
                     uint64_t now_us)
{
    int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};

    check_guess(t, in, p, now_us);
    t->current = in;
    expect_dtx(t, in, p, now_us);
    if (p->n > 0 && in->codec->decode(in->decoder, p->payload, p->n, &pcm) == 0) {
        transcoder_count(&t->stats.decoded, 1);
        add_pcm(t, in, &pcm, now_us);
    } else {
        if (p->n > 0) /* else it was counted as it arrived */
            transcoder_count(&t->stats.bad_payload, 1);
        transcoder_count(&t->stats.concealed, 1);
        for (uint32_t left = p->ticks, most = in->clock_hz * CONCEAL_MAX_MS / 1000; left > 0;) {
            const uint32_t part = left < most ? left : most;

            conceal(t, in, part, NULL, now_us);
            left -= part;
        }
    }
    t->flush_us = framer_is_begun(&t->framer)
                      ? now_us + (uint64_t)p->ticks * 1000000 / in->clock_hz + FLUSH_WAIT_US
                      : UINT64_MAX;
}

/* The coefficients of a CN payload describe the spectrum at its own rate (RFC 3389 s.3.2): at
 * another one only the level is true. */
static void on_cn(struct transcoder *t, const struct input *in, const struct playout_packet *p,
                  uint64_t now_us)
{
    struct framer *f = &t->framer;

    if (comfort_noise_set(&t->noise.source, p->payload, p->n) != 0)
        return;
    if (in->clock_hz != f->rate_hz)
        comfort_noise_whiten(&t->noise.source);
    framer_flush(f);
    if (t->has_cn) {
        t->n_cn = in->clock_hz != t->codec->clock_hz ? 1
                  : p->n < CN_PAYLOAD_MAX            ? p->n
                                                     : CN_PAYLOAD_MAX;
        memcpy(t->cn_payload, p->payload, t->n_cn);
        t->is_cn_due = true;
        t->noise.kind = NOISE_NONE;
        return;
    }
    if (!transcoder_makes_noise(t))
        t->noise.due_us = now_us + f->ahead * 1000000 / f->rate_hz + NOISE_BEHIND_US;
    t->noise.kind = NOISE_OF_CN;
    begin_guess(t, in->clock_hz, p->ts, now_us);
    t->noise.end_us = now_us + NOISE_MAX_US;
}

static void on_packet(struct transcoder *t, const struct playout_event *ev, uint64_t now_us)
{
    const struct playout_packet *p = ev->packet;
    const struct input *in = transcoder_input(t, p->pt);

    if (!in || in->kind == INPUT_RED)
        return;
    if (in->kind == INPUT_AUDIO)
        on_audio(t, in, p, now_us);
    else if (in->kind == INPUT_EVENT)
        transcoder_take_event(t, in, ev, now_us);
    else
        on_cn(t, in, p, now_us);
}

void transcoder_play(struct transcoder *t, const struct playout_event *ev, uint64_t now_us)
{
    switch (ev->kind) {
    case PLAYOUT_RESTART:
        on_restart(t, ev, now_us);
        break;
    case PLAYOUT_LOST:
        on_lost(t, ev, now_us);
        break;
    case PLAYOUT_SILENCE:
        transcoder_count(&t->stats.silence, 1);
        add_silent_ticks(t, ev->ticks, ev->clock_hz);
        break;
    case PLAYOUT_PACKET:
        on_packet(t, ev, now_us);
        break;
    }
}

/* ---- what time brings ---- */

/* The noise of a sender that has stopped, in words for the receiver. Its spectrum is told only
 * where the decoder's rate is that of the CN (RFC 3389 s.3.2). */
static void describe_dtx(struct transcoder *t)
{
    const struct input *in = t->current;
    int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};

    t->noise.kind = NOISE_NONE;
    framer_flush(&t->framer);
    if (in->codec->conceal(in->decoder, NULL, 0, in->pcm_rate_hz * DTX_DESCRIBED_MS / 1000, &pcm) >
        1)
        return;
    t->n_cn = comfort_noise_describe(t->cn_payload, pcm.samples, pcm.n_frames);
    if (in->pcm_rate_hz != t->codec->clock_hz)
        t->n_cn = 1;
    t->is_cn_due = true;
}

/* @return whether the sender has stopped: noise is to be made from now on */
static bool has_stopped(struct transcoder *t)
{
    if (playout_is_waiting(&t->playout)) { /* it goes on, behind a gap */
        t->noise.due_us = playout_deadline_us(&t->playout);
        return false;
    }
    if (t->has_cn) {
        describe_dtx(t);
        return false;
    }
    t->noise.kind = NOISE_OF_DTX;
    begin_guess(t, t->current->clock_hz, t->playout.next_ts, t->noise.due_us);
    return true;
}

bool transcoder_run_noise(struct transcoder *t, uint64_t now_us)
{
    struct framer *f = &t->framer;
    struct noise *noise = &t->noise;

    if (noise->kind == NOISE_NONE || now_us < noise->due_us)
        return false;
    if (now_us >= noise->end_us) {
        noise->kind = NOISE_NONE;
        return false;
    }
    if (noise->kind == NOISE_EXPECTED && !has_stopped(t))
        return t->is_cn_due;
    if (now_us - noise->due_us > NOISE_LATE_US)
        noise->due_us = now_us;
    make_noise(t, f->n_frame);
    framer_ahead(f, f->n_frame);
    noise->due_us += (uint64_t)f->n_frame * 1000000 / f->rate_hz;
    return true;
}

bool transcoder_run_flush(struct transcoder *t, uint64_t now_us)
{
    if (now_us < t->flush_us)
        return false;
    t->flush_us = UINT64_MAX;
    if (!framer_is_begun(&t->framer))
        return false;
    framer_flush(&t->framer);
    return !framer_is_begun(&t->framer);
}
