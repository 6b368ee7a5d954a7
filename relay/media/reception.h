#ifndef PICRELAY_RECEPTION_H
#define PICRELAY_RECEPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/media/rtp.h"

/**
 * What a receiver knows of the source it hears: extended sequence, loss, jitter. [pure]
 * Source: RFC 3550 A.1 (sequence), A.3 (loss), A.8 (jitter). One source at a time: another SSRC, or
 * a jump that A.1 takes for a restart, begins a new one; what the former lost stays in the sum.
 */

struct reception {
    bool is_known; /* a packet was heard */
    uint32_t ssrc;
    uint32_t base_ext_seq; /* extended numbers: cycles << 16 | sequence */
    uint32_t max_ext_seq;
    uint64_t n_received;
    uint32_t expected_prior, received_prior; /* at the last report block */
    int64_t lost_before;                     /* by sources that went */
    uint32_t transit_ts;                     /* of the last packet [ticks] */
    uint32_t jitter_q4;                      /* [ticks / 16] */
    uint32_t clock_hz;                       /* of the last packet */
};

/** Takes one accepted packet. @param clock_hz  of its payload type; 0: jitter is not measured */
void reception_put(struct reception *r, const struct rtp_packet *rtp, uint32_t clock_hz,
                   uint64_t now_us);

/** @return packets lost by all sources so far, never negative (duplicates count as received) */
uint64_t reception_lost(const struct reception *r);
/** @return interarrival jitter [ticks of clock_hz] */
uint32_t reception_jitter(const struct reception *r);

/** The figures of a report block: RFC 3550 s.6.4.1. */
struct reception_report {
    uint32_t ssrc;
    uint8_t fraction_lost; /* since the last report [1/256] */
    int32_t lost;          /* of this source, 24 bits signed */
    uint32_t ext_seq;
    uint32_t jitter_ts;
};
/** Closes a reporting interval. */
void reception_take_report(struct reception *r, struct reception_report *report);

/** Whether A.1 takes the step from one sequence number to the next for a restart of the source. */
bool reception_is_jump(uint16_t from, uint16_t to);

#endif
