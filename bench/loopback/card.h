#ifndef PICRELAY_LOOPBACK_CARD_H
#define PICRELAY_LOOPBACK_CARD_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/loopback/ring.h"

/**
 * The one door to PortAudio: its devices, and one mono stream in or out of one of them, with a ring
 * between its callback and us. Thread: one at a time for all of it, because PortAudio is not thread
 * safe; rings and counters are the exception.
 */

enum card_way { CARD_CAPTURE, CARD_PLAYBACK };

#define CARD_TEXT_MAX 400

/** What the callback counts; anybody may read. */
struct card_counts {
    _Atomic uint64_t callbacks;
    _Atomic uint64_t samples;
    _Atomic uint64_t xruns;   /* of the device itself, as PortAudio tells */
    _Atomic uint64_t gaps;    /* times that the ring had too little to play, or no room */
    _Atomic uint64_t missing; /* samples of these: faded out, or not captured */
};

struct card {
    struct ring *ring;
    enum card_way way;
    void *stream;
    uint32_t rate_hz, latency_us;
    int n_channels;
    char name[128];
    struct card_counts *counts;
    /* the callback's: how the last gap is smoothed */
    int16_t last;  /* sample played */
    uint32_t fade; /* 0: silent; CARD_FADE: at full level */
    int16_t block[4096];
};

/** Starts the library and looks for devices. What its parts write to stderr is not shown.
 *  @return 0; EIO: and why */
int card_library_open(char why[static CARD_TEXT_MAX]);
void card_library_close(void);

/** One line a device: number, name, channels, rate. @return how many devices there are */
int card_list(FILE *f);

/**
 * Opens and starts a stream.
 * @param name     number, name or part of a name; NULL: the system's default
 * @param rate_hz  0: the device's own, or one of the customary ones
 * @return 0; ENODEV: no such device; EBUSY: it is held by another program, or is gone; EINVAL: not
 *         this way or not at this rate; EIO. why tells, and what to do
 */
int card_open(struct card *c, const char *name, uint32_t rate_hz, char why[static CARD_TEXT_MAX]);
void card_close(struct card *c); /* a closed one is allowed */
/** Whether its callback is still called, as far as the library knows. */
bool card_is_running(const struct card *c);

/** What the callback does with a block, apart from PortAudio. */
void card_play_block(struct card *c, int16_t *out, uint32_t n);
void card_capture_block(struct card *c, const int16_t *in, uint32_t n);

#endif
