#ifndef PICRELAY_BENCH_PEER_RTP_H
#define PICRELAY_BENCH_PEER_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** RTP headers, and whether a datagram is RTP or RTCP. [pure] Source: RFC 3550 s.5.1, RFC 5761. */

#define PEER_RTP_HEADER_BYTES 12
#define PEER_PACKET_MAX       1500

/** Host order. */
struct peer_rtp {
    uint8_t pt;
    bool marker, has_extension;
    uint8_t n_csrc;
    uint16_t seq;
    uint32_t ts, ssrc;
    const uint8_t *payload; /* borrowed from the packet */
    size_t n;               /* bytes of payload, without padding */
};

/** @return 0; EBADMSG */
int peer_rtp_read(struct peer_rtp *h, const uint8_t *packet, size_t n);
/** Writes the PEER_RTP_HEADER_BYTES of a header without CSRC and extension. */
void peer_rtp_write(uint8_t *packet, const struct peer_rtp *h);

/** Where RTP and RTCP come to one port. RFC 5761 s.4. */
bool peer_rtp_is_rtcp(const uint8_t *packet, size_t n);

uint16_t peer_get16(const uint8_t *p);
uint32_t peer_get32(const uint8_t *p);
void peer_put16(uint8_t *p, uint16_t v);
void peer_put32(uint8_t *p, uint32_t v);

#endif
