#ifndef PICRELAY_PACING_H
#define PICRELAY_PACING_H

#include <stdint.h>

/**
 * How long a worker lets packets gather before it looks at its sockets again. [pure]
 *
 * Under light load a packet is handled at once. As the rate grows, each wake-up is shared by more
 * packets: none are left waiting below PACING_FROM_PPS, all of the limit from PACING_FULL_PPS on.
 */

#define PACING_FROM_PPS  25000
#define PACING_FULL_PPS  50000
#define PACING_WINDOW_US 20000 /* of the rate: a frame of audio, so that bursts of one even out */

struct pacing {
    uint32_t limit_us;  /* 0: never gathers */
    uint32_t rate_pps;  /* of the last window */
    uint64_t window_us; /* when the present one began; 0: none has yet */
    uint64_t n_packets; /* in it */
};

/** The rule. @return how long to gather at a rate [us] */
uint32_t pacing_rule(uint32_t rate_pps, uint32_t limit_us);

void pacing_init(struct pacing *p, uint32_t limit_us);
/** Counts a batch that has arrived; it may be empty. @param now_us  never earlier than before */
void pacing_put(struct pacing *p, unsigned n_packets, uint64_t now_us);

/** @return how long to gather now [us] */
static inline uint32_t pacing_gather_us(const struct pacing *p)
{
    return pacing_rule(p->rate_pps, p->limit_us);
}

#endif
