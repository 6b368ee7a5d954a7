#include "bench/load/stream.h"

#include <string.h>

#include "bench/load/pattern.h"

#define MARKER 0x80

int load_stream_init(struct load_stream *s, const struct load_end *end)
{
    int err = 0;

    *s = (struct load_stream){.relay = end->relay};
    if (end->out.suite)
        err = load_srtp_init(&s->out, end->out.suite, end->out.key);
    if (!err && end->in.suite)
        err = load_srtp_init(&s->in, end->in.suite, end->in.key);
    if (err)
        load_stream_wipe(s);
    return err;
}

void load_stream_wipe(struct load_stream *s)
{
    load_srtp_wipe(&s->out);
    load_srtp_wipe(&s->in);
}

static void put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, (uint16_t)(v >> 16));
    put16(p + 2, (uint16_t)v);
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

size_t load_stream_write(struct load_stream *s, uint8_t packet[LOAD_PACKET_MAX], unsigned index,
                         const struct load_mode *mode, const struct load_frame *frame)
{
    uint64_t number = s->n_sent++, at = s->seq + number; /* ROC << 16 | SEQ, from ROC 0 */
    size_t n = LOAD_RTP_HEADER;

    packet[0] = 0x80; /* version 2: RFC 3550 s.5.1 */
    packet[1] = (uint8_t)(mode->format[index % 2].pt | (number ? 0 : MARKER));
    put16(packet + 2, (uint16_t)at);
    put32(packet + 4, s->ts + (uint32_t)number * mode->ticks[index % 2]);
    put32(packet + 8, s->ssrc);
    if (frame) {
        memcpy(packet + n, frame->bytes, frame->n);
        n += frame->n;
    } else {
        load_pattern_write(packet + n, index, (uint32_t)number);
        n += LOAD_PATTERN_BYTES;
    }
    return s->out.aes ? load_srtp_protect(&s->out, packet, n, at) : n;
}

static enum load_law law_of(const struct load_format *f)
{
    return f->pt == 0 ? LOAD_ULAW : LOAD_ALAW; /* RFC 3551, table 4 */
}

static enum load_verdict payload_check(const uint8_t *payload, unsigned index,
                                       const struct load_mode *mode, uint64_t *number)
{
    unsigned side = index % 2;
    uint32_t stream, n;
    bool is_whole;

    load_pattern_read(payload, &stream, &n);
    if (mode->check == LOAD_CHECK_LIKE)
        is_whole = load_pattern_is_like(payload, stream, n, law_of(&mode->format[!side]),
                                        law_of(&mode->format[side]));
    else
        is_whole = load_pattern_is_same(payload, stream, n);
    if (!is_whole)
        return LOAD_CORRUPTED;
    *number = n;
    return stream == (index ^ 1) ? LOAD_GOOD : LOAD_MISROUTED;
}

/* Which packet it is, by its time stamp; the first one is taken for the latest that was sent. */
static enum load_verdict clock_check(struct load_stream *s, const struct load_stream *from,
                                     uint32_t ts, uint32_t ticks, uint64_t *number)
{
    if (!s->has_heard) {
        s->heard_number = from->n_sent ? from->n_sent - 1 : 0;
        s->heard_ts = ts;
    }
    int32_t past = (int32_t)(ts - s->heard_ts);
    int64_t n = (int64_t)s->heard_number + past / (int32_t)ticks;
    if (past % (int32_t)ticks || n < 0 || (uint64_t)n >= from->n_sent)
        return LOAD_CORRUPTED;
    *number = (uint64_t)n;
    return LOAD_GOOD;
}

/* Relays may have numbers of their own, but a constant distance from those that were sent. */
static enum load_verdict sequence_check(struct load_stream *s, const struct load_stream *from,
                                        uint16_t seq, uint64_t number)
{
    uint16_t added = (uint16_t)(seq - (uint16_t)(from->seq + number));
    bool is_jump = s->has_heard && added != s->heard_seq;

    s->has_heard = true;
    s->heard_seq = added;
    return is_jump ? LOAD_RENUMBERED : LOAD_GOOD;
}

enum load_verdict load_stream_read(struct load_stream *s, const struct load_stream *from,
                                   unsigned index, const struct load_mode *mode, uint8_t *packet,
                                   size_t n, uint64_t *number)
{
    const struct load_format *format = &mode->format[index % 2];
    bool has_pattern = mode->check != LOAD_CHECK_CLOCK;
    enum load_verdict v;

    if (n < LOAD_RTP_HEADER || packet[0] != 0x80 || (packet[1] & ~MARKER) != format->pt)
        return LOAD_STRAY;
    if (s->in.aes && !(n = load_srtp_unprotect(&s->in, packet, n)))
        return LOAD_UNAUTHENTIC;
    if (has_pattern && n != LOAD_RTP_HEADER + LOAD_PATTERN_BYTES)
        return LOAD_STRAY;
    if (n == LOAD_RTP_HEADER)
        return LOAD_CORRUPTED;
    if (has_pattern)
        v = payload_check(packet + LOAD_RTP_HEADER, index, mode, number);
    else
        v = clock_check(s, from, get32(packet + 4), mode->ticks[index % 2], number);
    if (v != LOAD_GOOD)
        return v;
    if (*number >= from->n_sent)
        return LOAD_CORRUPTED;
    return sequence_check(s, from, get16(packet + 2), *number);
}
