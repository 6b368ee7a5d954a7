#include "relay/media/srtp_layout.h"

#include <string.h>

#include "relay/media/bytes.h"

#define RTP_FIXED_BYTES  12
#define RTCP_FIXED_BYTES 8
#define RTP_SSRC_AT      8
#define RTCP_SSRC_AT     4
#define EXTENSION_BYTES  4 /* profile and length, before its words: RFC 3550 s.5.3.1 */
#define SALTED_BYTES     10

static bool read_rtp(struct srtp_layout *l, const uint8_t *data, uint32_t len)
{
    uint32_t start = RTP_FIXED_BYTES;

    if (len < start)
        return false;
    start += (data[0] & 0x0fu) * 4; /* CSRCs */
    if (data[0] & 0x10) {
        start += EXTENSION_BYTES;
        if (len < start)
            return false;
        start += get_be16(data + start - 2) * 4u;
    }
    l->ssrc = get_be32(data + RTP_SSRC_AT);
    l->seq = get_be16(data + 2);
    l->start = start;
    return len >= start;
}

bool srtp_layout_read(struct srtp_layout *l, const uint8_t *data, uint32_t len, bool is_rtcp)
{
    if (!is_rtcp)
        return read_rtp(l, data, len);
    if (len < RTCP_FIXED_BYTES)
        return false;
    l->ssrc = get_be32(data + RTCP_SSRC_AT);
    l->seq = 0;
    l->start = RTCP_FIXED_BYTES;
    return true;
}

void srtp_iv(uint8_t iv[SRTP_IV_BYTES], const uint8_t *salt, unsigned salt_len, uint32_t ssrc,
             uint64_t index)
{
    uint8_t salted[SALTED_BYTES];
    uint8_t *at = iv + salt_len - SALTED_BYTES;
    unsigned i;

    put_be32(salted, ssrc);
    put_be16(salted + 4, (uint16_t)(index >> 32));
    put_be32(salted + 6, (uint32_t)index);
    memset(iv, 0, SRTP_IV_BYTES);
    memcpy(iv, salt, salt_len);
    for (i = 0; i < SALTED_BYTES; i++)
        at[i] ^= salted[i];
}
