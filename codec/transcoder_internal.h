#ifndef PICRELAY_TRANSCODER_INTERNAL_H
#define PICRELAY_TRANSCODER_INTERNAL_H

#include "codec/comfort_noise.h"
#include "codec/digit_queue.h"
#include "codec/dtmf.h"
#include "codec/framer.h"
#include "codec/playout.h"
#include "codec/red.h"
#include "codec/resample.h"
#include "codec/tones.h"
#include "codec/transcoder.h"

/**
 * A transcoder from the inside: what its four parts share. In the order of a packet's life:
 * transcoder_arrive.c (what a packet is, its place in the sequence), transcoder_play.c (what the
 * playout says becomes PCM), transcoder_digits.c (DTMF in any form), transcoder_send.c (frames
 * become packets). transcoder.c opens, closes and drives them.
 */

enum {
    PACKET_MAX_MS = 200, /* the longest packet time that a peer announces (a=maxptime) */
    CN_PAYLOAD_MAX = 32,
    SPLICE_MS = 5,
    PACKED_EVENTS_MAX = 4, /* events in one payload (RFC 4733 s.2.5.1.5) that are read */
};

enum input_kind { INPUT_AUDIO, INPUT_EVENT, INPUT_CN, INPUT_RED };

struct input {
    uint8_t pt;
    enum input_kind kind;
    uint32_t clock_hz;
    const struct codec *codec;
    struct codec_decoder *decoder;
    bool may_use_dtx;          /* its fmtp has usedtx=1 */
    uint32_t pcm_rate_hz;      /* of the decoder */
    struct resample *resample; /* NULL: the decoder gives the encoder's rate */
};

/** Noise that is made up while nothing arrives. */
enum noise_kind {
    NOISE_NONE,
    NOISE_EXPECTED, /* the sender uses DTX and may have stopped: noise from start_us on */
    NOISE_OF_CN,    /* described by a CN payload */
    NOISE_OF_DTX,   /* the decoder of `current` makes it */
};

struct noise {
    enum noise_kind kind;
    uint64_t due_us; /* of the next frame */
    uint64_t end_us; /* when to stop making it up */
    /* How long the sender is silent is a guess: if its packets are late, their time is filled. */
    bool is_guess;
    uint32_t guess_hz; /* clock of guess_ts */
    uint32_t guess_ts; /* where the audio before it ends */
    uint64_t guess_us; /* when that was */
    bool is_overtaken; /* the guess was wrong, and noise still stands for sound that comes now */
    struct comfort_noise source;
};

/** Events of one payload that wait for the one before them. */
struct packed_events {
    const struct input *in;
    unsigned n; /* payloads left */
    uint32_t ts, out_ts;
    uint8_t payload[PACKED_EVENTS_MAX][DTMF_PAYLOAD];
    unsigned at;
};

/** DTMF as sound, and digits of our own. */
struct digits {
    /* events become tones */
    struct tone_maker maker;
    uint64_t tone_us; /* when it began */
    uint64_t wanted;  /* length of the tone so far [samples] */
    uint64_t cover;   /* samples of tones that stand for time still to come in the input */

    /* tones become events */
    struct tone_listener *listener; /* NULL: nobody listens */
    int heard;                      /* the code that is on; -1: none */
    uint8_t volume;                 /* of the loudest part of it */
    uint64_t n_heard;               /* samples of it */

    struct digit_queue queue; /* digits of our own */
};

struct transcoder {
    struct input inputs[TRANSCODER_FORMATS_MAX];
    unsigned n_inputs;
    const struct input *current; /* decoded last; NULL: nothing yet */

    const struct codec *codec; /* of the output */
    struct codec_encoder *encoder;
    struct codec_options options; /* as configured */
    uint8_t complexity_saving;    /* steps below them */
    unsigned n_calm;              /* reports in a row that told of no loss */
    uint16_t loss_permille;       /* that the encoder is prepared for */
    uint8_t out_pt;
    uint16_t out_seq;

    bool has_event, makes_tones, mutes_tones, is_event_blocked;
    uint8_t event_pt;
    uint32_t event_hz;

    bool has_cn, is_cn_due;
    uint8_t cn_pt;
    uint8_t cn_payload[CN_PAYLOAD_MAX];
    size_t n_cn;

    bool has_red, is_red_on;
    uint8_t red_pt;

    bool has_newest;
    uint16_t newest_seq;
    uint32_t silence_clock_hz, silence_rest; /* ticks * rate not yet a whole sample */
    uint32_t n_tail;   /* samples of the source before, to be faded out; 0: none */
    uint64_t flush_us; /* when a frame that is not full is sent all the same; UINT64_MAX: never */

    struct transcoder_stats stats;
    struct noise noise;
    struct dtmf_relay dtmf;
    struct packed_events packed;
    struct digits digits;
    struct red_sender red;
    struct playout playout;
    struct framer framer;
    int16_t tail[48 * SPLICE_MS];
};

/* One writer; readers of any thread see whole values (transcoder.h). */
static inline void transcoder_count(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/** Whether noise stands in the place of a sender that has fallen silent. */
static inline bool transcoder_makes_noise(const struct transcoder *t)
{
    return t->noise.kind == NOISE_OF_CN || t->noise.kind == NOISE_OF_DTX;
}

/* ---- transcoder_arrive.c ---- */

const struct input *transcoder_input(const struct transcoder *t, uint8_t pt);

/* ---- transcoder_play.c ---- */

/** Turns one event of the playout into PCM, noise, digits. */
void transcoder_play(struct transcoder *t, const struct playout_event *ev, uint64_t now_us);
/** Puts the frame of noise that is due. @return whether one was */
bool transcoder_run_noise(struct transcoder *t, uint64_t now_us);
/** Fills a frame that has begun and to which nothing has come for long. @return whether one was */
bool transcoder_run_flush(struct transcoder *t, uint64_t now_us);
/** Time of the input passed without sound [samples of the framer]. */
void transcoder_add_silence(struct transcoder *t, uint64_t n);

/* ---- transcoder_splice.c ---- */

/** Makes up how the sound of `in` would go on, before its decoder forgets it. */
void transcoder_keep_tail(struct transcoder *t, const struct input *in);
/** Fades it into the first samples of the next source. */
void transcoder_splice(struct transcoder *t, int16_t *samples, uint32_t n);

/* ---- transcoder_digits.c ---- */

/** An event packet arrived. */
void transcoder_take_event(struct transcoder *t, const struct input *in,
                           const struct playout_event *ev, uint64_t now_us);
/** The input is another one from now on. */
void transcoder_restart_digits(struct transcoder *t, uint64_t now_us);
/** Takes off n samples of input what tones have covered. @return samples that are left */
uint64_t transcoder_uncovered(struct transcoder *t, uint64_t n);
/** Hears decoded sound. @return whether a digit is in it, so that it is not to be sent */
bool transcoder_hear(struct transcoder *t, const int16_t *samples, uint32_t n, uint64_t now_us);
/** Does what is due of tones and digits. @return whether anything was */
bool transcoder_run_digits(struct transcoder *t, uint64_t now_us);
/** @return false: transcoder_run_digits() would do nothing */
static inline bool transcoder_has_digits(const struct transcoder *t)
{
    return t->makes_tones || t->packed.n > 0 || t->digits.queue.n > 0;
}
static inline uint64_t transcoder_digits_deadline_us(const struct transcoder *t)
{
    const uint64_t relay_us = dtmf_relay_deadline_us(&t->dtmf);
    const uint64_t queue_us = digit_queue_deadline_us(&t->digits.queue);

    return queue_us < relay_us ? queue_us : relay_us;
}

/* ---- transcoder_send.c ---- */

/** @return whether *out was written: audio, event or comfort noise */
bool transcoder_send(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf, size_t cap,
                     uint64_t now_us);

#endif
