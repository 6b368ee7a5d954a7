#ifndef PICRELAY_SSRC_GATE_H
#define PICRELAY_SSRC_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/media/drop.h"
#include "relay/media/media.h"

/**
 * Which sources of an RTP stream are heard: one at a time, by one of three rules. [pure: an SSRC
 * and a clock value in, a verdict out]
 *
 *   range     a=x-ssrc-range: the peer has said which SSRCs are its own; no other is heard. For a
 *             range of one that is all; a wider one has one of the next rules beside it
 *   throttle  Microsoft's peers: a new source is heard at once and current from its second packet
 *             on; after its first, no other is for 2 s. MS-RTP, SSRC change throttling
 *   silence   else: the one that is heard must have been silent first
 *
 * Source: MS-SDPEXT and MS-RTP (SSRC range and throttling); threat model, section 3.
 */

#define SSRC_THROTTLE_US 2000000

struct ssrc_gate {
    uint32_t silence_us; /* 0, without throttle: any SSRC at any time */
    uint32_t low, high;  /* 0: no range */
    bool is_throttled;

    bool is_bound; /* a source is heard */
    uint32_t ssrc;
    uint64_t heard_us;           /* last */
    uint32_t next_ssrc;          /* throttle: heard once; */
    uint64_t throttled_until_us; /* no other than these two until then; 0: normal mode */
};

/** Gives new rules; whoever comes next is heard. */
void ssrc_gate_set(struct ssrc_gate *g, const struct media_rules *rules);
/** @return DROP_NONE: it is the source that is heard, or takes its place; DROP_SSRC_RANGE;
 *          DROP_SSRC_THROTTLED; DROP_POLICY_GATE: beside a source that is not silent */
enum drop ssrc_gate_check(struct ssrc_gate *g, uint32_t ssrc, uint64_t now_us);

#endif
