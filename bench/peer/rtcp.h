#ifndef PICRELAY_BENCH_PEER_RTCP_H
#define PICRELAY_BENCH_PEER_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The RTCP of a peer: compound packets of SR or RR, SDES and, at the end, BYE; and what the other
 * end's say. [pure] Source: RFC 3550 s.6; single packets as MS-RTP allows them are read too.
 */

#define PEER_RTCP_MAX   512
#define PEER_RTCP_CNAME "peer@picrelay.invalid"

/** What is reported. */
struct peer_rtcp_report {
    uint32_t ssrc; /* ours */
    bool is_sender;
    uint32_t packets, octets, rtp_ts;
    uint64_t wall_us; /* CLOCK_REALTIME of rtp_ts */

    bool has_block;                             /* something was received */
    uint32_t source, lost, highest_seq, jitter; /* jitter in ticks */
    uint8_t fraction_lost;
    uint32_t last_sr, delay_since_sr; /* LSR, DLSR [1/65536 s] */
    bool is_bye;
};

/** @return bytes; 0: cap < PEER_RTCP_MAX */
size_t peer_rtcp_write(uint8_t *packet, size_t cap, const struct peer_rtcp_report *report);

/** What came. */
struct peer_rtcp_stats {
    uint64_t sr, rr, sdes, bye, app, feedback, bad, packets;
    uint32_t last_sr;    /* middle 32 bits of the last SR's NTP time */
    uint64_t last_sr_us; /* when it came, 0: never */
    uint32_t sr_packets; /* as the other end counted its own */
    bool has_block;      /* about our stream */
    uint32_t block_lost;
    uint8_t block_fraction;
    uint32_t block_highest_seq, block_jitter;
    uint64_t round_trip_us; /* 0: not known */
    char cname[64];
};

/** Takes an RTCP packet (not SRTCP) of any content. @param own_ssrc  whose blocks matter */
void peer_rtcp_put(struct peer_rtcp_stats *s, const uint8_t *packet, size_t n, uint32_t own_ssrc,
                   uint64_t now_us, uint64_t wall_us);

/** The middle 32 bits of the NTP time of a CLOCK_REALTIME [us]. */
uint32_t peer_rtcp_ntp_middle(uint64_t wall_us);

#endif
