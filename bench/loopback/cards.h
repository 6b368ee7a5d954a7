#ifndef PICRELAY_LOOPBACK_CARDS_H
#define PICRELAY_LOOPBACK_CARDS_H

#include "bench/loopback/card.h"

/**
 * The microphone and the loudspeaker of a run, kept open by a thread of their own: opening one
 * takes up to seconds, during which the call must go on. A device that disappears is reported, and
 * opened again when it is back, under the name that it had. Thread: any but that one.
 */

#define CARDS_RATE_MAX_HZ 96000

enum card_state {
    CARD_UNUSED,
    CARD_RUNNING,
    CARD_GONE, /* tried again every second */
};

struct card_status {
    enum card_state state;
    char name[128];
    char why[CARD_TEXT_MAX]; /* CARD_GONE: what happened */
    uint32_t rate_hz, latency_us;
    unsigned n_lost, n_opened;                         /* times */
    uint64_t callbacks, samples, xruns, gaps, missing; /* struct card_counts */
};

struct cards_config {
    bool is_used[2]; /* by enum card_way */
    const char *name[2];
    uint32_t rate_hz[2];
};

struct cards;

/**
 * Opens what is used, and waits until it is open.
 * @param why  of what failed. @return 0; as card_open(); ENOMEM; ETIMEDOUT. All is closed then
 */
int cards_open(struct cards **cp, const struct cards_config *cfg, char why[static CARD_TEXT_MAX]);
/** Gives a device that does not answer two seconds to close. NULL is allowed. */
void cards_close(struct cards *c);

/** The loop's side of the ring between it and a device. */
struct ring *cards_ring(struct cards *c, enum card_way way);
struct card_status cards_status(struct cards *c, enum card_way way);

#endif
