#include "relay/media/rtcp.h"

#include <errno.h>
#include <string.h>

#include "relay/media/bytes.h"

#define RTCP_VERSION      2
#define FLAG_PADDING      0x20
#define HEADER_BYTES      4u
#define SSRC_BYTES        4u
#define SENDER_INFO_BYTES 20u
#define BLOCK_BYTES       24u
#define SDES_END          0
#define SDES_CNAME        1

static size_t part_bytes(const uint8_t *p)
{
    return HEADER_BYTES + 4u * (size_t)get_be16(p + 2);
}

int rtcp_begin(struct rtcp_reader *r, const uint8_t *data, size_t n)
{
    const uint8_t *p = data;
    size_t left = n, len;

    if (n < HEADER_BYTES + SSRC_BYTES) /* nothing shorter says who speaks */
        return EBADMSG;
    while (left > 0) {
        if (left < HEADER_BYTES || p[0] >> 6 != RTCP_VERSION)
            return EBADMSG;
        len = part_bytes(p);
        if (len > left)
            return EBADMSG;
        if (p[0] & FLAG_PADDING) {
            uint8_t padding = p[len - 1];

            /* padding is for the last packet alone, in whole words: RFC 3550 s.6.4.1 */
            if (len != left || padding == 0 || padding % 4 != 0 || padding > len - HEADER_BYTES)
                return EBADMSG;
        }
        p += len;
        left -= len;
    }
    *r = (struct rtcp_reader){data, n};
    return 0;
}

bool rtcp_next(struct rtcp_reader *r, struct rtcp_part *part)
{
    size_t len, padding;

    if (r->n == 0)
        return false;
    len = part_bytes(r->p);
    padding = r->p[0] & FLAG_PADDING ? r->p[len - 1] : 0;
    *part = (struct rtcp_part){
        .kind = r->p[1],
        .count = r->p[0] & 0x1f,
        .body = r->p + HEADER_BYTES,
        .n = len - HEADER_BYTES - padding,
    };
    r->p += len;
    r->n -= len;
    return true;
}

bool rtcp_sender_ssrc(const struct rtcp_part *part, uint32_t *ssrc)
{
    if (part->n < SSRC_BYTES)
        return false;
    *ssrc = get_be32(part->body);
    return true;
}

int rtcp_read_sender_info(struct rtcp_sender_info *si, const struct rtcp_part *part)
{
    const uint8_t *p = part->body + SSRC_BYTES;

    if (part->kind != RTCP_KIND_SR || part->n < SSRC_BYTES + SENDER_INFO_BYTES)
        return EBADMSG;
    *si = (struct rtcp_sender_info){
        .ntp = (uint64_t)get_be32(p) << 32 | get_be32(p + 4),
        .ts = get_be32(p + 8),
        .n_packets = get_be32(p + 12),
        .n_bytes = get_be32(p + 16),
    };
    return 0;
}

static void read_block(struct rtcp_block *block, const uint8_t *p)
{
    uint32_t lost = get_be32(p + 4) & 0xffffff;

    *block = (struct rtcp_block){
        .ssrc = get_be32(p),
        .fraction_lost = p[4],
        .lost = (int32_t)(lost ^ 0x800000) - 0x800000, /* 24 bits signed */
        .ext_seq = get_be32(p + 8),
        .jitter_ts = get_be32(p + 12),
        .lsr = get_be32(p + 16),
        .dlsr = get_be32(p + 20),
    };
}

int rtcp_find_block(struct rtcp_block *block, const struct rtcp_part *part, uint32_t ssrc)
{
    size_t at = SSRC_BYTES;
    unsigned i;

    if (part->kind == RTCP_KIND_SR)
        at += SENDER_INFO_BYTES;
    else if (part->kind != RTCP_KIND_RR)
        return ENOENT;
    for (i = 0; i < part->count && at + BLOCK_BYTES <= part->n; i++, at += BLOCK_BYTES) {
        if (get_be32(part->body + at) == ssrc) {
            read_block(block, part->body + at);
            return 0;
        }
    }
    return ENOENT;
}

/* Reads the items of one SDES chunk up to its END. @return bytes used, without the pad; 0: broken
 */
static size_t read_chunk(const uint8_t *p, size_t n, struct str *cname)
{
    size_t at = 0;

    while (at < n && p[at] != SDES_END) {
        if (n - at < 2 || n - at - 2 < p[at + 1])
            return 0;
        if (p[at] == SDES_CNAME)
            *cname = (struct str){(const char *)p + at + 2, p[at + 1]};
        at += 2u + p[at + 1];
    }
    return at + 1;
}

int rtcp_find_cname(struct str *cname, const struct rtcp_part *part, uint32_t ssrc)
{
    size_t at = 0, used;
    unsigned i;

    if (part->kind != RTCP_KIND_SDES)
        return ENOENT;
    for (i = 0; i < part->count && at + SSRC_BYTES < part->n; i++) {
        struct str found = {NULL, 0};

        used = read_chunk(part->body + at + SSRC_BYTES, part->n - at - SSRC_BYTES, &found);
        if (used == 0)
            return ENOENT;
        if (get_be32(part->body + at) == ssrc && found.p) {
            while (found.n > 0 && found.p[found.n - 1] == '\0') /* Lync counts a NUL in */
                found.n--;
            *cname = found;
            return 0;
        }
        at += SSRC_BYTES + ((used + 3) & ~(size_t)3);
    }
    return ENOENT;
}

int rtcp_read_feedback(struct rtcp_feedback *fb, const struct rtcp_part *part)
{
    if ((part->kind != RTCP_KIND_RTPFB && part->kind != RTCP_KIND_PSFB) || part->n < 2 * SSRC_BYTES)
        return EBADMSG;
    *fb = (struct rtcp_feedback){
        .sender_ssrc = get_be32(part->body),
        .media_ssrc = get_be32(part->body + SSRC_BYTES),
        .fci = part->body + 2 * SSRC_BYTES,
        .fci_len = part->n - 2 * SSRC_BYTES,
    };
    return 0;
}

/* Takes room for one packet and writes its header. @return its body; NULL: no room */
static uint8_t *begin_part(struct rtcp_writer *w, unsigned kind, unsigned count, size_t body_len)
{
    uint8_t *p = w->data + w->n;

    if (w->cap - w->n < HEADER_BYTES + body_len) {
        w->is_full = true;
        return NULL;
    }
    p[0] = (uint8_t)(RTCP_VERSION << 6 | count);
    p[1] = (uint8_t)kind;
    put_be16(p + 2, (uint16_t)(body_len / 4));
    w->n += HEADER_BYTES + body_len;
    return p + HEADER_BYTES;
}

static void write_block(uint8_t *p, const struct rtcp_block *block)
{
    put_be32(p, block->ssrc);
    put_be32(p + 4, (uint32_t)block->lost & 0xffffff);
    p[4] = block->fraction_lost;
    put_be32(p + 8, block->ext_seq);
    put_be32(p + 12, block->jitter_ts);
    put_be32(p + 16, block->lsr);
    put_be32(p + 20, block->dlsr);
}

void rtcp_write_report(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_sender_info *si,
                       const struct rtcp_block *block)
{
    size_t len = SSRC_BYTES + (si ? SENDER_INFO_BYTES : 0) + (block ? BLOCK_BYTES : 0);
    uint8_t *p = begin_part(w, si ? RTCP_KIND_SR : RTCP_KIND_RR, block ? 1 : 0, len);

    if (!p)
        return;
    put_be32(p, ssrc);
    p += SSRC_BYTES;
    if (si) {
        put_be32(p, (uint32_t)(si->ntp >> 32));
        put_be32(p + 4, (uint32_t)si->ntp);
        put_be32(p + 8, si->ts);
        put_be32(p + 12, si->n_packets);
        put_be32(p + 16, si->n_bytes);
        p += SENDER_INFO_BYTES;
    }
    if (block)
        write_block(p, block);
}

void rtcp_write_cname(struct rtcp_writer *w, uint32_t ssrc, struct str cname)
{
    size_t n = cname.n > UINT8_MAX ? UINT8_MAX : cname.n;
    size_t items = 2 + n + 1; /* with at least one END */
    size_t len = SSRC_BYTES + ((items + 3) & ~(size_t)3);
    uint8_t *p = begin_part(w, RTCP_KIND_SDES, 1, len);

    if (!p)
        return;
    memset(p, 0, len);
    put_be32(p, ssrc);
    p[4] = SDES_CNAME;
    p[5] = (uint8_t)n;
    if (n > 0)
        memcpy(p + 6, cname.p, n);
}

void rtcp_write_feedback(struct rtcp_writer *w, enum rtcp_kind kind, uint8_t fmt,
                         const struct rtcp_feedback *fb)
{
    uint8_t *p = begin_part(w, kind, fmt, 2 * SSRC_BYTES + fb->fci_len);

    if (!p)
        return;
    put_be32(p, fb->sender_ssrc);
    put_be32(p + 4, fb->media_ssrc);
    if (fb->fci_len > 0)
        memcpy(p + 8, fb->fci, fb->fci_len);
}
