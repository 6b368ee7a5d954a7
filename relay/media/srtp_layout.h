#ifndef PICRELAY_SRTP_LAYOUT_H
#define PICRELAY_SRTP_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Where things stand in an SRTP or SRTCP packet, and the IV that belongs to it. [pure]
 * Source: RFC 3711 s.3.1, 3.4 and 4.1.1; RFC 7714 s.8.1, 9.1.
 */

#define SRTP_IV_BYTES    16
#define SRTCP_WORD_BYTES 4           /* E flag and index, behind the payload: RFC 3711 s.3.4 */
#define SRTCP_E_FLAG     0x80000000u /* the packet is encrypted */

struct srtp_layout {
    uint32_t ssrc;
    uint32_t start; /* of what is encrypted: behind the header, its CSRCs and extension [bytes] */
    uint16_t seq;   /* SRTP only */
};

/** Reads the header of len bytes. Its version is not looked at. @return false: it is cut off */
bool srtp_layout_read(struct srtp_layout *l, const uint8_t *data, uint32_t len, bool is_rtcp);

/**
 * The IV of one packet: the salt with SSRC and index in its last ten bytes.
 * @param salt_len  14: the counter block of AES-CM, two zeros behind; 12: the nonce of AES-GCM
 * @param index     48 bits of SRTP or 31 of SRTCP
 */
void srtp_iv(uint8_t iv[SRTP_IV_BYTES], const uint8_t *salt, unsigned salt_len, uint32_t ssrc,
             uint64_t index);

#endif
