#ifndef PICRELAY_RTCP_REPORT_H
#define PICRELAY_RTCP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/media/reception.h"
#include "relay/media/route.h"
#include "relay/media/rtcp.h"
#include "relay/str.h"

/**
 * Our own reports on a leg, and what its peer reports of us. [pure]
 * Source: RFC 3550 s.6.2 (interval), 6.4 (reports), A.3; round trip: s.6.4.1.
 */

/** The first report comes after half an interval. */
#define REPORT_INTERVAL_US 5000000
/** Microsoft's peers want RTCP at least this often: they drop a call after 30 s without any. */
#define REPORT_SILENCE_MAX_US 5000000

struct report_state {
    bool has_peer_sr;
    uint32_t peer_ssrc;       /* of the peer's last SR, */
    uint32_t peer_sr_mid;     /* the middle 32 bits of its NTP time, */
    uint64_t peer_sr_us;      /* and when it came */
    uint32_t sent_sr_mid;     /* of our last SR */
    uint64_t sent_sr_us;      /* 0: none was sent */
    uint32_t n_packets_prior; /* sent, at our last report */
    uint64_t sent_us;         /* the last RTCP towards the peer, whoever wrote it */
};

/** @param is_needed  REPORT_SILENCE_MAX_US is kept
 *  @return the time to the next report: an interval x 0.5 to 1.5 */
uint64_t report_interval_us(uint32_t random, bool is_needed);

/** What the peer says of what we send. */
struct report_of_peer {
    bool has_block, has_round_trip;
    uint32_t loss_permille, jitter_ts, round_trip_us;
};

/** Takes a datagram that has arrived. @param our_ssrc  towards this peer */
void report_take(struct report_state *st, struct report_of_peer *of_peer, struct rtcp_reader reader,
                 uint32_t our_ssrc, uint64_t now_us);

/**
 * Writes SR (if we have sent since the last report) or RR, and SDES.
 * @param reception  of the peer; an interval is closed if it was heard
 * @param ntp        wall clock, for the SR
 * @return bytes written
 */
size_t report_write(struct report_state *st, uint8_t *data, size_t cap, const struct route *route,
                    struct reception *reception, struct str cname, uint64_t ntp, uint64_t now_us);

/**
 * Writes an RR without a block, and SDES: a sign of life on a leg whose reports are the other
 * leg's, told on. What these say of reception and of time is not to be mixed with ours.
 * @return bytes written
 */
size_t report_write_empty(uint8_t *data, size_t cap, const struct route *route, struct str cname);

#endif
