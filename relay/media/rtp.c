#include "relay/media/rtp.h"

#include <errno.h>
#include <string.h>

#include "relay/media/bytes.h"

#define RTP_VERSION   2
#define FLAG_PADDING  0x20
#define FLAG_EXTENDED 0x10
#define FLAG_MARKER   0x80

int rtp_parse(struct rtp_packet *rtp, const uint8_t *data, size_t len)
{
    size_t csrc_end, start, padding = 0;

    if (len < RTP_HEADER_BYTES || len > UINT16_MAX || data[0] >> 6 != RTP_VERSION)
        return EBADMSG;
    csrc_end = RTP_HEADER_BYTES + 4u * (data[0] & 0x0f);
    start = csrc_end;
    if (data[0] & FLAG_EXTENDED) {
        if (len < csrc_end + 4)
            return EBADMSG;
        start += 4 + 4u * get_be16(data + csrc_end + 2);
    }
    if (start > len)
        return EBADMSG;
    if (data[0] & FLAG_PADDING) {
        padding = data[len - 1];
        if (padding == 0 || padding > len - start)
            return EBADMSG;
    }
    *rtp = (struct rtp_packet){
        .ssrc = get_be32(data + 8),
        .ts = get_be32(data + 4),
        .seq = get_be16(data + 2),
        .pt = data[1] & 0x7f,
        .marker = (data[1] & FLAG_MARKER) != 0,
        .csrc_end = (uint16_t)csrc_end,
        .payload_start = (uint16_t)start,
        .payload_len = (uint16_t)(len - start - padding),
    };
    return 0;
}

void rtp_rewrite(uint8_t *data, const struct rtp_packet *rtp)
{
    data[1] = (uint8_t)((rtp->marker ? FLAG_MARKER : 0) | rtp->pt);
    put_be16(data + 2, rtp->seq);
    put_be32(data + 4, rtp->ts);
    put_be32(data + 8, rtp->ssrc);
}

void rtp_write(uint8_t *data, const struct rtp_packet *rtp)
{
    data[0] = RTP_VERSION << 6;
    rtp_rewrite(data, rtp);
}

size_t rtp_strip_extension(uint8_t *data, struct rtp_packet *rtp)
{
    size_t n = (size_t)rtp->payload_start - rtp->csrc_end;

    if (n == 0)
        return 0;
    memmove(data + n, data, rtp->csrc_end);
    data[n] &= (uint8_t)~FLAG_EXTENDED;
    rtp->payload_start = rtp->csrc_end;
    return n;
}
