#ifndef PICRELAY_LOOPBACK_FEED_H
#define PICRELAY_LOOPBACK_FEED_H

#include <stdbool.h>

#include "bench/loopback/drift.h"
#include "bench/loopback/ring.h"
#include "codec/conceal.h"

/**
 * Between a ring that a sound card fills or drains by its clock, and a call that wants 16 kHz by
 * the network's: changes the rate, holds the fill by changing it a little more, and makes up what
 * is missing. Thread: the loop's. The other side of the rings is PortAudio's.
 */

#define FEED_HZ 16000
/* Of sound in a ring: two packet times, and what a busy loop adds; each underrun adds to it. */
#define FEED_TARGET_S     0.06
#define FEED_TARGET_MAX_S 0.24
#define FEED_CHUNK        480 /* samples of the device that are resampled at a time */

struct feed_counts {
    uint64_t underruns; /* times that the ring had run empty */
    uint64_t concealed; /* samples at FEED_HZ that were made up for it */
    uint64_t overruns;  /* times that it was so full that some was thrown away */
    uint64_t thrown;    /* samples of the device thrown away */
};

struct feed {
    struct ring *ring;
    void *resampler; /* speexdsp's */
    uint32_t device_hz;
    int32_t ppm; /* that it is set to */
    bool is_primed, is_stuck;
    uint32_t n_missing; /* samples in a row */
    struct drift drift;
    struct conceal conceal;
    struct feed_counts counts;
    int16_t chunk[FEED_CHUNK]; /* captured, and resampled up to chunk_at */
    uint32_t chunk_at, chunk_n;
};

/** What a sound card captured. @return 0; EINVAL: a rate that is not taken; ENOMEM */
int feed_open_capture(struct feed *f, struct ring *ring, uint32_t device_hz);
/** What a sound card is to play. */
int feed_open_playback(struct feed *f, struct ring *ring, uint32_t device_hz);
void feed_close(struct feed *f); /* a zeroed one is allowed */

/** Takes exactly n samples at FEED_HZ: captured ones, or made up. */
void feed_capture(struct feed *f, int16_t *samples, uint32_t n);
/** Gives n samples at FEED_HZ to be played. */
void feed_play(struct feed *f, const int16_t *samples, uint32_t n);

/** The device has asked for more than there was: from now on there is more. Once for each time that
 *  this is noticed. */
void feed_deepen(struct feed *f);

/** How long a sample put now stays in the ring, or one got now was there [us]. */
uint64_t feed_delay_us(const struct feed *f);

#endif
