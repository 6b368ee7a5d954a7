#ifndef PICRELAY_RTP_H
#define PICRELAY_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * RTP headers: read, checked, and rewritten where they stand. [pure]
 * Source: RFC 3550 s.5.1 and 5.3.1.
 */

#define RTP_HEADER_BYTES 12 /* without CSRCs and extension */

/** What a header says; numbers in host order. */
struct rtp_packet {
    uint32_t ssrc, ts;
    uint16_t seq;
    uint8_t pt;
    bool marker;
    uint16_t csrc_end;      /* header and CSRCs [bytes] */
    uint16_t payload_start; /* csrc_end and the extension [bytes] */
    uint16_t payload_len;   /* without padding [bytes]; may be 0 */
};

/** @param len  at most 65535. @return 0; EBADMSG: impossible; then *rtp is as it was */
int rtp_parse(struct rtp_packet *rtp, const uint8_t *data, size_t len);

/** Writes marker, payload type, numbers and SSRC over the header at data; the rest stays. */
void rtp_rewrite(uint8_t *data, const struct rtp_packet *rtp);

/** Writes a fresh header of RTP_HEADER_BYTES. */
void rtp_write(uint8_t *data, const struct rtp_packet *rtp);

/**
 * Takes the header extension out by moving the header towards the payload.
 * @return bytes by which the packet now starts later; 0: it had none
 */
size_t rtp_strip_extension(uint8_t *data, struct rtp_packet *rtp);

/** How far b is ahead of a, -32768..32767. */
static inline int rtp_seq_diff(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(b - a);
}

#endif
