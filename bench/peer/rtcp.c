#include "bench/peer/rtcp.h"

#include <string.h>

#include "bench/peer/rtp.h"

#define NTP_OFFSET_S 2208988800U /* 1900 to 1970 */

enum { SR = 200, RR = 201, SDES = 202, BYE = 203, APP = 204, RTPFB = 205, PSFB = 206 };

static void ntp_of(uint64_t wall_us, uint32_t *seconds, uint32_t *fraction)
{
    *seconds = (uint32_t)(wall_us / 1000000 + NTP_OFFSET_S);
    *fraction = (uint32_t)(((wall_us % 1000000) << 32) / 1000000);
}

uint32_t peer_rtcp_ntp_middle(uint64_t wall_us)
{
    uint32_t seconds, fraction;

    ntp_of(wall_us, &seconds, &fraction);
    return seconds << 16 | fraction >> 16;
}

/* @return where the packet ends */
static uint8_t *header_write(uint8_t *p, unsigned count, unsigned type, size_t n)
{
    p[0] = (uint8_t)(0x80 | count);
    p[1] = (uint8_t)type;
    peer_put16(p + 2, (uint16_t)(n / 4 - 1));
    return p + n;
}

static uint8_t *block_write(uint8_t *p, const struct peer_rtcp_report *r)
{
    peer_put32(p, r->source);
    peer_put32(p + 4, r->lost & 0xffffff);
    p[4] = r->fraction_lost;
    peer_put32(p + 8, r->highest_seq);
    peer_put32(p + 12, r->jitter);
    peer_put32(p + 16, r->last_sr);
    peer_put32(p + 20, r->delay_since_sr);
    return p + 24;
}

static uint8_t *report_write(uint8_t *p, const struct peer_rtcp_report *r)
{
    size_t n = (r->is_sender ? 28U : 8U) + (r->has_block ? 24U : 0U);
    uint8_t *block = p + (r->is_sender ? 28 : 8);
    uint32_t seconds, fraction;

    peer_put32(p + 4, r->ssrc);
    if (r->is_sender) {
        ntp_of(r->wall_us, &seconds, &fraction);
        peer_put32(p + 8, seconds);
        peer_put32(p + 12, fraction);
        peer_put32(p + 16, r->rtp_ts);
        peer_put32(p + 20, r->packets);
        peer_put32(p + 24, r->octets);
    }
    if (r->has_block)
        block_write(block, r);
    return header_write(p, r->has_block, r->is_sender ? SR : RR, n);
}

static uint8_t *sdes_write(uint8_t *p, uint32_t ssrc)
{
    static const char name[] = PEER_RTCP_CNAME;
    const size_t n_name = sizeof(name) - 1;      /* counted, not ended by a NUL */
    size_t n = (8 + 2 + n_name + 1 + 3) / 4 * 4; /* item list ends with a zero: s.6.5 */

    memset(p, 0, n);
    peer_put32(p + 4, ssrc);
    p[8] = 1; /* CNAME */
    p[9] = (uint8_t)n_name;
    memcpy(p + 10, name, n_name);
    return header_write(p, 1, SDES, n);
}

size_t peer_rtcp_write(uint8_t *packet, size_t cap, const struct peer_rtcp_report *report)
{
    if (cap < PEER_RTCP_MAX)
        return 0;

    uint8_t *p = report_write(packet, report);
    p = sdes_write(p, report->ssrc);
    if (report->is_bye) {
        peer_put32(p + 4, report->ssrc);
        p = header_write(p, 1, BYE, 8);
    }
    return (size_t)(p - packet);
}

static void block_read(struct peer_rtcp_stats *s, const uint8_t *b, uint64_t wall_us)
{
    uint32_t last_sr = peer_get32(b + 16), delay = peer_get32(b + 20);

    s->has_block = true;
    s->block_fraction = b[4];
    s->block_lost = peer_get32(b + 4) & 0xffffff;
    s->block_highest_seq = peer_get32(b + 8);
    s->block_jitter = peer_get32(b + 12);
    if (last_sr) { /* s.6.4.1: A - LSR - DLSR */
        uint32_t took = peer_rtcp_ntp_middle(wall_us) - last_sr - delay;

        if (took < 1U << 31)
            s->round_trip_us = (uint64_t)took * 1000000 >> 16;
    }
}

/* The blocks of a report; what follows them are extensions, which MS-RTP adds: left alone. */
static void blocks_read(struct peer_rtcp_stats *s, const uint8_t *p, size_t n, size_t at,
                        uint32_t own_ssrc, uint64_t wall_us)
{
    for (unsigned i = p[0] & 0x1f; i && at + 24 <= n; i--, at += 24)
        if (peer_get32(p + at) == own_ssrc)
            block_read(s, p + at, wall_us);
}

static void sdes_read(struct peer_rtcp_stats *s, const uint8_t *p, size_t n)
{
    if (n < 10 || p[8] != 1 || (size_t)p[9] + 10 > n || p[9] >= sizeof(s->cname))
        return;
    memcpy(s->cname, p + 10, p[9]);
    s->cname[p[9]] = 0;
}

static void packet_read(struct peer_rtcp_stats *s, const uint8_t *p, size_t n, uint32_t own_ssrc,
                        uint64_t now_us, uint64_t wall_us)
{
    switch (p[1]) {
    case SR:
        if (n < 28)
            break;
        s->sr++;
        s->last_sr = peer_get32(p + 8) << 16 | peer_get32(p + 12) >> 16;
        s->last_sr_us = now_us;
        s->sr_packets = peer_get32(p + 20);
        blocks_read(s, p, n, 28, own_ssrc, wall_us);
        return;
    case RR:
        if (n < 8)
            break;
        s->rr++;
        blocks_read(s, p, n, 8, own_ssrc, wall_us);
        return;
    case SDES:
        s->sdes++;
        sdes_read(s, p, n);
        return;
    case BYE:
        s->bye++;
        return;
    case APP:
        s->app++;
        return;
    case RTPFB:
    case PSFB:
        s->feedback++;
        return;
    }
    s->bad++;
}

void peer_rtcp_put(struct peer_rtcp_stats *s, const uint8_t *packet, size_t n, uint32_t own_ssrc,
                   uint64_t now_us, uint64_t wall_us)
{
    s->packets++;
    while (n) {
        size_t n_one = n >= 4 ? 4U * (peer_get16(packet + 2) + 1U) : 0;

        if (n_one < 4 || n_one > n || packet[0] >> 6 != 2) {
            s->bad++;
            return;
        }
        packet_read(s, packet, n_one, own_ssrc, now_us, wall_us);
        packet += n_one;
        n -= n_one;
    }
}
