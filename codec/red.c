#include "codec/red.h"

#include <string.h>

enum { HEADER = 4, LAST_HEADER = 1 };

/* One header of the chain (RFC 2198 s.3). @return its bytes; 0: cut off */
static size_t header_read(struct red_block *b, const uint8_t *at, size_t left)
{
    if (left == 0)
        return 0;
    *b = (struct red_block){.pt = at[0] & 0x7f};
    if (!(at[0] & 0x80))
        return LAST_HEADER;
    if (left < HEADER)
        return 0;
    b->ts_offset = (uint32_t)(at[1] << 6 | at[2] >> 2);
    b->n = (size_t)(at[2] & 3) << 8 | at[3];
    return HEADER;
}

unsigned red_parse(struct red_block blocks[RED_BLOCKS_MAX], const uint8_t *payload, size_t n)
{
    unsigned n_blocks = 0;
    size_t at = 0, size;

    if (n == 0)
        return 0;
    do {
        if (n_blocks == RED_BLOCKS_MAX)
            return 0;
        size = header_read(&blocks[n_blocks++], payload + at, n - at);
        at += size;
    } while (size == HEADER);
    if (size == 0)
        return 0;

    for (unsigned i = 0; i + 1 < n_blocks; i++) {
        if (blocks[i].n > n - at)
            return 0;
        blocks[i].payload = payload + at;
        at += blocks[i].n;
    }
    blocks[n_blocks - 1].payload = payload + at;
    blocks[n_blocks - 1].n = n - at; /* what is left: its header has no length */
    return n_blocks;
}

size_t red_remove(uint8_t *payload, const struct red_block *blocks, unsigned n_blocks,
                  uint32_t removed)
{
    const unsigned primary = n_blocks - 1;
    size_t at = 0;

    removed &= ~(UINT32_C(1) << primary);
    for (unsigned i = 0; i < primary; i++) {
        if (removed >> i & 1)
            continue;
        memmove(payload + at, payload + (size_t)i * HEADER, HEADER);
        at += HEADER;
    }
    payload[at++] = payload[(size_t)primary * HEADER];
    for (unsigned i = 0; i < n_blocks; i++) {
        if (removed >> i & 1)
            continue;
        memmove(payload + at, blocks[i].payload, blocks[i].n);
        at += blocks[i].n;
    }
    return at;
}

void red_init(struct red_sender *r)
{
    r->n = 0;
    r->ts = 0;
}

void red_note(struct red_sender *r, uint32_t ts, const uint8_t *payload, size_t n)
{
    r->ts = ts;
    r->n = n <= sizeof(r->payload) ? n : 0;
    memcpy(r->payload, payload, r->n);
}

static bool can_repeat(const struct red_sender *r, uint32_t ts, uint32_t ticks)
{
    const uint32_t offset = ts - r->ts;

    return r->n > 0 && offset > 0 && offset <= RED_OFFSET_MAX && offset <= RED_DISTANCE_MAX * ticks;
}

size_t red_wrap(struct red_sender *r, uint8_t pt, uint32_t ts, uint32_t ticks, uint8_t *buf,
                size_t n, size_t cap)
{
    const uint32_t offset = ts - r->ts;
    const bool repeats = can_repeat(r, ts, ticks) && r->n + n + RED_OVERHEAD <= cap;
    const size_t before = repeats ? HEADER + LAST_HEADER + r->n : LAST_HEADER;
    uint8_t repeated[RED_REPEATED_MAX];
    const size_t n_repeated = r->n;

    if (before + n > cap)
        return 0;
    memcpy(repeated, r->payload, n_repeated);
    red_note(r, ts, buf, n);
    memmove(buf + before, buf, n);
    if (repeats) {
        buf[0] = 0x80 | pt;
        buf[1] = (uint8_t)(offset >> 6);
        buf[2] = (uint8_t)(offset << 2 | n_repeated >> 8);
        buf[3] = (uint8_t)n_repeated;
        memcpy(buf + HEADER + LAST_HEADER, repeated, n_repeated);
    }
    buf[before - LAST_HEADER - (repeats ? n_repeated : 0)] = pt;
    return before + n;
}
