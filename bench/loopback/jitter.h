#ifndef PICRELAY_LOOPBACK_JITTER_H
#define PICRELAY_LOOPBACK_JITTER_H

#include "bench/peer/receiver.h"
#include "bench/peer/rtp.h"

/**
 * The jitter buffer of an ear: packets in as they come, sound out as it is asked for. Holds as much
 * as the jitter of the stream wants, makes up what is lost (in-band FEC, else the codec's own
 * concealment), plays the silence of a stream that pauses, and follows a sender whose clock is not
 * ours by a packet time left out or put in. [pure: packets and a clock value in, 16 kHz out]
 */

#define JITTER_HZ       16000
#define JITTER_LEAST_MS 40
#define JITTER_MOST_MS  240

struct jitter;

struct jitter_counts {
    uint64_t played;    /* packets */
    uint64_t lost;      /* packets that were due and not there */
    uint64_t recovered; /* of these, by in-band FEC */
    uint64_t late;      /* packets that came after they were given up */
    uint64_t starved;   /* packet times with nothing at all to play */
    uint64_t skipped;   /* packets left out to bring the delay down */
    uint64_t concealed; /* samples made up, for whatever reason */
    uint64_t restarts;  /* another source, or numbers far off */
    uint64_t bad;       /* packets that no decoder took */
};

/** @return 0; ENOMEM */
int jitter_alloc(struct jitter **jp);
void jitter_free(struct jitter *j); /* NULL is allowed */

/** Takes a packet of any format and content: events and comfort noise are silence of their length.
 */
void jitter_put(struct jitter *j, const struct peer_format *format, const struct peer_rtp *packet,
                uint64_t now_us);
/** Writes the next n samples; silence while there is nothing to play. */
void jitter_get(struct jitter *j, int16_t *samples, uint32_t n);

/** How long a packet that comes now waits [ms]; what is aimed at [ms]. */
uint32_t jitter_held_ms(const struct jitter *j);
uint32_t jitter_target_ms(const struct jitter *j);
const struct jitter_counts *jitter_counts(const struct jitter *j);

#endif
