#ifndef PICRELAY_BENCH_PEER_RECEIVER_H
#define PICRELAY_BENCH_PEER_RECEIVER_H

#include "bench/peer/event.h"
#include "bench/peer/log.h"
#include "bench/peer/sdp.h"
#include "bench/sound/sound.h"

/**
 * The RTP stream that a peer receives: checked, counted, decoded in order of arrival and put where
 * its timestamp says, so that what was lost stays a gap. No concealment and no jitter buffer, on
 * purpose. [pure: packets and a clock value in, sound and counts out] Source: RFC 3550 s.6.4, A.8.
 */

#define PEER_HEARD_HZ 16000 /* of what was heard */

struct peer_receiver;

struct peer_rtp;
/** Somebody who listens live. Called for each packet of a listed format, borrowed; not for
 * duplicates.
 */
typedef void(peer_packet_h)(const struct peer_format *format, const struct peer_rtp *packet,
                            uint64_t now_us, void *arg);

struct peer_receiver_config {
    const struct peer_description *local; /* what we listed: copied */
    bool has_ssrc_range;                  /* as the other end announced it */
    uint32_t ssrc_low, ssrc_high;
    uint32_t heard_s; /* how much is recorded */
    size_t log_packets;
    peer_packet_h *packet_h; /* NULL: nobody */
    void *arg;
};

struct peer_receiver_stats {
    uint64_t packets, payload_bytes;
    uint64_t lost; /* numbers left out between those that came */
    uint64_t duplicates, reordered;
    uint64_t bad_header;  /* not RTP, or one that is cut */
    uint64_t bad_pt;      /* a payload type that we did not list */
    uint64_t bad_payload; /* refused by the decoder */
    uint64_t bad_ts;      /* next number, but not the time after the one before */
    uint64_t bad_marker;  /* a marker, but no silence before it */
    uint64_t bad_ssrc;    /* outside the range announced */
    uint64_t silences;    /* next number, later time: nothing was sent in between */
    uint64_t markers, comfort_noise, extensions;
    uint64_t ssrc_changes, pt_changes;
    uint32_t ssrc;
    uint8_t pt; /* of the last audio packet */
    uint64_t first_us, last_us;
    double jitter_us;     /* RFC 3550 s.6.4.1 */
    uint32_t highest_seq; /* extended, of the present source */
};

/** @return 0; ENOMEM */
int peer_receiver_alloc(struct peer_receiver **rp, const struct peer_receiver_config *cfg);
void peer_receiver_free(struct peer_receiver *r); /* NULL is allowed */

/** After a further offer and answer. Formats of before are still understood, for packets under way.
 */
void peer_receiver_change(struct peer_receiver *r, const struct peer_description *local);

/** Takes an RTP packet (not SRTP) of any content. */
void peer_receiver_put(struct peer_receiver *r, const uint8_t *packet, size_t n, uint64_t now_us);

struct peer_receiver_stats peer_receiver_stats(const struct peer_receiver *r);
const struct peer_event_receiver *peer_receiver_events(const struct peer_receiver *r);
const struct peer_log *peer_receiver_log(const struct peer_receiver *r);
/** What was heard so far, from the first packet on; borrowed until the next packet. */
struct sound peer_receiver_heard(const struct peer_receiver *r);
/** @return the format of the last audio packet; NULL: none came */
const struct peer_format *peer_receiver_format(const struct peer_receiver *r);
/** Ticks of the present clock and of its RTP clock rate, as sent against as arrived: 1.0 is true;
 *  0: too little came. */
double peer_receiver_clock_ratio(const struct peer_receiver *r);

#endif
