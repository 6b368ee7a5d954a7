#ifndef PICRELAY_FRAMER_H
#define PICRELAY_FRAMER_H

#include "codec/codec.h"

/**
 * The output's timeline: PCM of any length goes in, frames of one packet time come out, each with
 * its RTP time stamp. Silence moves the time stamps on without samples. What was put in before its
 * time (made up while nothing arrived) is taken off the next silence, so the output never drifts
 * from the input. [pure]
 *
 * Thread: one at a time. Nothing is allocated; lives by value in its owner.
 */

/** 320 ms at 48 kHz: the longest input (200 ms) behind a frame that is not full (60 ms) and what is
 *  held (FRAMER_HOLD_MAX_MS), and spare */
#define FRAMER_HOLD_MAX_MS 50
#define FRAMER_MAX         15360

struct framer {
    uint32_t rate_hz, clock_hz;
    uint32_t n_frame;      /* samples of a packet time */
    uint64_t position;     /* of samples[n_taken] [samples since the start, silence included] */
    uint64_t jump;         /* silence to go over once the frame before it is out [samples] */
    uint64_t ahead;        /* samples that stand for time that has not passed in the input */
    uint32_t n_hold;       /* samples at the end that are not to be given out yet */
    bool is_ended;         /* nothing follows the newest for now: none is held */
    bool is_after_silence; /* the next frame begins a talkspurt */
    uint32_t n_taken;      /* at the front: given out by framer_get(), not yet removed */
    uint32_t n;            /* samples behind these */
    int16_t samples[FRAMER_MAX];
};

/** @param clock_hz  RTP clock of the output */
void framer_init(struct framer *f, uint32_t rate_hz, uint32_t clock_hz, uint32_t ptime_ms);

/** @return where n samples may be written, to be followed by framer_put(); NULL: no room */
int16_t *framer_room(struct framer *f, uint32_t n);
/** Takes the n samples written to framer_room(). */
void framer_put(struct framer *f, uint32_t n);
/** Takes back the last n of them; none may have been given out. */
void framer_unput(struct framer *f, uint32_t n);

/** Keeps the n newest samples back, at most FRAMER_HOLD_MAX_MS of them, until others follow or it
 * is known that none do: what is heard in them can still be taken out. A delay of n samples. */
void framer_hold(struct framer *f, uint32_t n);
/** Takes the sound out of all that was not given out yet, without a click. Time stays. */
void framer_mute(struct framer *f);

/** n samples of time passed without sound. A frame that has begun is filled up. */
void framer_silence(struct framer *f, uint64_t n);
/** @return whether samples wait for others: for a frame to be full, or because they are held */
bool framer_is_begun(const struct framer *f);
/** Nothing will follow soon: fills a frame that has begun, so that it is sent. At most one filling
 *  is ahead of the input at a time. */
void framer_flush(struct framer *f);
/** Counts n samples put as ahead of the input. */
void framer_ahead(struct framer *f, uint32_t n);

/** @return false: framer_get() would find nothing */
static inline bool framer_has_news(const struct framer *f)
{
    return f->n >= f->n_frame || f->jump > 0;
}

/**
 * Takes the next full frame.
 * @param marker  whether it begins a talkspurt
 * @return 0; EAGAIN: none is full. pcm is borrowed until the next call.
 */
int framer_get(struct framer *f, struct pcm *pcm, uint32_t *ts, bool *marker);
/** The frame just taken was not sent (DTX): the next one begins a talkspurt. */
void framer_not_sent(struct framer *f);

/** @return the RTP time stamp of the sample that is put next, `after` samples later */
uint32_t framer_ts(const struct framer *f, uint64_t after);

#endif
