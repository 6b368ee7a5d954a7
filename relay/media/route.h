#ifndef PICRELAY_ROUTE_H
#define PICRELAY_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/media/rtp.h"

/**
 * The one RTP stream that a leg's peer hears: one SSRC, sequence numbers and timestamps that go on
 * whatever feeds it - another SSRC, a source that starts again, a transcoder instead of a relayed
 * codec, another leg. Lync drops what it hears for 2 s when an SSRC or a sequence number jumps.
 * [pure]
 *
 * Within a source, gaps and order are passed on as they are: they are the receiver's to repair.
 */

/** Who feeds. Another id means: its numbers have nothing to do with those before. */
struct route_source {
    const void *stream;  /* compared, never followed */
    uint32_t generation; /* of its transcoder; 0: relayed */
    uint32_t ssrc;       /* of the sender, relayed */
};

/** A packet of ours between those of the source, or one of its packets left out, moves what follows
 *  by one: before in_seq, another offset was added. */
struct route_shift {
    uint16_t in_seq, offset_before;
};
#define ROUTE_SHIFTS 16 /* that a late packet may be overtaken by */

struct route {
    uint32_t ssrc; /* ours */
    bool has_source;
    uint8_t n_shifts; /* the newest is the last */
    struct route_source source;
    uint16_t seq_offset; /* added to the source's numbers */
    uint32_t ts_offset;
    uint16_t max_in_seq;         /* of the source */
    uint32_t first_ext_seq;      /* of what we sent: where the source began, */
    uint32_t max_ext_seq;        /* and the highest; cycles << 16 | sequence */
    uint32_t last_ts;            /* of the packet with max_ext_seq, */
    uint64_t last_us;            /* when it was sent, */
    uint32_t clock_hz;           /* and its clock; 0: not known */
    uint32_t n_packets, n_bytes; /* sent, for sender reports: RFC 3550 s.6.4.1 */
    struct route_shift shifts[ROUTE_SHIFTS];
};

/** @param random  sequence number and timestamp to start with: RFC 3550 s.5.1 */
void route_init(struct route *r, uint32_t ssrc, uint64_t random);

/**
 * Gives a packet the numbers and the SSRC with which it is sent.
 * @param clock_hz  0: not known
 * @return false: it is older than the first packet of its source that was sent, or than what is
 *         remembered of shifts, so its number may have been used for something else; nothing has
 *         changed
 */
bool route_map(struct route *r, const struct route_source *source, struct rtp_packet *rtp,
               uint32_t clock_hz, uint64_t now_us);

/** Gives a packet that is no source's the next number and the SSRC; its ts is ours already. What
 * the source sends from now on follows it. */
void route_insert(struct route *r, struct rtp_packet *rtp, uint64_t now_us);

/** Leaves out a packet of the source: those after it close up, unless they were sent before. */
void route_skip(struct route *r, const struct route_source *source, uint16_t seq);

/** A first packet of another source, and what its numbers stand for in the one that feeds now. */
struct route_handover {
    struct route_source source;
    uint16_t seq;
    uint32_t ts, old_ts; /* the same moment in both sources; one clock rate */
};
/** Lets another source go on where the one that feeds now stands, to the tick: for the same sound
 *  by another way. */
void route_hand_over(struct route *r, const struct route_handover *to);

/** @return whether the source feeds now: its numbers can be mapped */
bool route_is_source(const struct route *r, const struct route_source *source);

/** Maps a source's timestamp (of a sender report) to ours. */
uint32_t route_map_ts(const struct route *r, uint32_t ts);

/**
 * Maps one of our sequence numbers (of a receiver report or a NACK) back to the source's.
 * @return false: it was sent before the source began
 */
bool route_unmap_seq(const struct route *r, uint16_t out_seq, uint16_t *in_seq);

/** @return our timestamp at a moment, counted on from the last packet */
uint32_t route_ts_at(const struct route *r, uint64_t now_us);

#endif
