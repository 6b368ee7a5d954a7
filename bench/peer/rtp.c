#include "bench/peer/rtp.h"

#include <errno.h>

uint16_t peer_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t peer_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void peer_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

void peer_put32(uint8_t *p, uint32_t v)
{
    peer_put16(p, (uint16_t)(v >> 16));
    peer_put16(p + 2, (uint16_t)v);
}

int peer_rtp_read(struct peer_rtp *h, const uint8_t *packet, size_t n)
{
    if (n < PEER_RTP_HEADER_BYTES || packet[0] >> 6 != 2)
        return EBADMSG;

    size_t at = PEER_RTP_HEADER_BYTES + 4U * (packet[0] & 0x0f);
    *h = (struct peer_rtp){
        .pt = packet[1] & 0x7f,
        .marker = packet[1] >> 7,
        .has_extension = packet[0] & 0x10,
        .n_csrc = packet[0] & 0x0f,
        .seq = peer_get16(packet + 2),
        .ts = peer_get32(packet + 4),
        .ssrc = peer_get32(packet + 8),
    };
    if (h->has_extension) {
        if (n < at + 4)
            return EBADMSG;
        at += 4 + 4U * peer_get16(packet + at + 2);
    }
    size_t n_padding = packet[0] & 0x20 ? packet[n - 1] : 0;
    if (n < at + n_padding || (packet[0] & 0x20 && !n_padding))
        return EBADMSG;
    h->payload = packet + at;
    h->n = n - at - n_padding;
    return 0;
}

void peer_rtp_write(uint8_t *packet, const struct peer_rtp *h)
{
    packet[0] = 0x80;
    packet[1] = (uint8_t)(h->pt | (h->marker ? 0x80 : 0));
    peer_put16(packet + 2, h->seq);
    peer_put32(packet + 4, h->ts);
    peer_put32(packet + 8, h->ssrc);
}

bool peer_rtp_is_rtcp(const uint8_t *packet, size_t n)
{
    return n >= 2 && packet[0] >> 6 == 2 && packet[1] >= 192 && packet[1] <= 223;
}
