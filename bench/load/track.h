#ifndef PICRELAY_BENCH_LOAD_TRACK_H
#define PICRELAY_BENCH_LOAD_TRACK_H

#include <stdint.h>

/**
 * Which packets of one stream have come back: each is counted once, whatever the order. [pure]
 */

#define LOAD_TRACK_WINDOW 256 /* packets; at 20 ms they are 5 s */

enum load_track_verdict {
    LOAD_TRACK_NEW,       /* in order, or after a gap */
    LOAD_TRACK_REORDERED, /* new, but a later one was here before it */
    LOAD_TRACK_DUPLICATE,
    LOAD_TRACK_STALE, /* older than the window: new or not cannot be told */
};

/** A zeroed struct has seen nothing. */
struct load_track {
    uint64_t next; /* the highest number that was seen, plus 1 */
    uint64_t seen[LOAD_TRACK_WINDOW / 64];
};

enum load_track_verdict load_track_put(struct load_track *t, uint64_t number);

#endif
