#include "bench/load/stream.h"

#include <string.h>

#include "bench/load/bytes.h"
#include "bench/load/pattern.h"

#define MARKER 0x80

#define RESYNC_TURNS 512 /* 10 s: further off is not a wrong guess, but a wrong time stamp */

static enum load_law law_of(const struct load_format *f)
{
    return f->pt == 0 ? LOAD_ULAW : LOAD_ALAW; /* RFC 3551, table 4 */
}

/* Where packets are lost the relay conceals them: what it makes up has no pattern. */
static enum load_check check_of(const struct load_stream_config *cfg)
{
    enum load_check check = load_mode_check(cfg->mode, cfg->kind);

    return check == LOAD_CHECK_LIKE && cfg->is_impaired ? LOAD_CHECK_CLOCK : check;
}

int load_stream_init(struct load_stream *s, const struct load_stream_config *cfg)
{
    const struct load_end *end = cfg->end;
    int err = 0;

    *s = (struct load_stream){
        .format = load_mode_format(cfg->mode, cfg->kind, cfg->side),
        .check = check_of(cfg),
        .law = law_of(&cfg->mode->format[cfg->side]),
        .other_law = law_of(&cfg->mode->format[!cfg->side]),
        .n_pattern = cfg->kind == LOAD_VIDEO ? LOAD_PATTERN_MAX : LOAD_PATTERN_BYTES,
        .name = cfg->name,
        .pt = end->pt,
        .dtmf_pt = end->dtmf_pt,
        .ssrc = cfg->random[0],
        .ts = cfg->random[1],
        .seq = (uint16_t)(cfg->random[2] & 0x7fff), /* the first packets are of ROC 0 for
                                                       everybody: RFC 3711 s.3.3.1 */
        .is_marked = true,
    };
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

/* ---- sending ----------------------------------------------------------------------------------
 */

static struct load_stamp *turn_begin(struct load_stream *s, enum load_stamp_state state)
{
    struct load_stamp *stamp = &s->stamps[s->n_turns % LOAD_STAMPS];

    *stamp = (struct load_stamp){.number = (uint32_t)s->n_turns, .state = (uint8_t)state};
    s->n_turns++;
    return stamp;
}

void load_stream_skip(struct load_stream *s)
{
    (void)turn_begin(s, LOAD_TURN_SILENT);
}

static size_t payload_write(const struct load_stream *s, uint8_t *payload, uint64_t number,
                            const struct load_frame *frame)
{
    if (frame) {
        memcpy(payload, frame->bytes, frame->n);
        return frame->n;
    }
    load_pattern_write(payload, s->n_pattern, s->name, (uint32_t)number);
    return s->n_pattern;
}

size_t load_stream_write(struct load_stream *s, uint8_t packet[LOAD_PACKET_MAX],
                         const struct load_frame *frame)
{
    uint64_t number = s->n_turns, at = s->seq + s->n_sent++; /* ROC << 16 | SEQ, from ROC 0 */
    uint32_t ts = s->ts + (uint32_t)number * s->format->ticks;
    uint8_t pt = s->pt, *payload = packet + LOAD_RTP_HEADER;
    bool is_first = s->is_marked;
    size_t n;

    bool is_event = load_keypad_turn(&s->keypad, payload, &is_first);
    if (is_event) {
        pt = s->dtmf_pt;
        ts = s->keypad.ts;
        n = LOAD_EVENT_BYTES;
    } else {
        n = payload_write(s, payload, number, frame);
        s->is_marked = false;
    }
    turn_begin(s, is_event ? LOAD_TURN_SILENT : LOAD_TURN_MADE)->seq = (uint16_t)at;
    packet[0] = 0x80; /* version 2: RFC 3550 s.5.1 */
    packet[1] = (uint8_t)(pt | (is_first ? MARKER : 0));
    load_put16(packet + 2, (uint16_t)at);
    load_put32(packet + 4, ts);
    load_put32(packet + 8, s->ssrc);
    s->octets += n;
    n += LOAD_RTP_HEADER;
    return s->out.aes ? load_srtp_protect(&s->out, packet, n, at) : n;
}

const struct load_stamp *load_stream_stamp_of(const struct load_stream *s, uint64_t number)
{
    const struct load_stamp *stamp = &s->stamps[number % LOAD_STAMPS];

    return number < s->n_turns && stamp->number == (uint32_t)number ? stamp : NULL;
}

bool load_stream_stamp(struct load_stream *s, uint64_t number, uint64_t wall_ns)
{
    struct load_stamp *stamp = &s->stamps[number % LOAD_STAMPS];

    if (stamp->number != (uint32_t)number || stamp->state == LOAD_TURN_SENT)
        return false; /* forgotten, or sent a second time */
    stamp->ns = wall_ns;
    stamp->state = LOAD_TURN_SENT;
    return true;
}

/* ---- hearing ----------------------------------------------------------------------------------
 */

static enum load_verdict pattern_check(const struct load_stream *s, const uint8_t *payload,
                                       uint64_t *number)
{
    uint32_t name, n;
    bool is_whole;

    load_pattern_read(payload, &name, &n);
    if (s->check == LOAD_CHECK_LIKE)
        is_whole = load_pattern_is_like(payload, name, n, s->other_law, s->law);
    else
        is_whole = load_pattern_is_same(payload, s->n_pattern, name, n);
    if (!is_whole)
        return LOAD_CORRUPTED;
    *number = n;
    return name == (s->name ^ 1) ? LOAD_GOOD : LOAD_MISROUTED;
}

static uint64_t last_sent(const struct load_stream *from)
{
    for (uint64_t n = from->n_turns; n && from->n_turns - n < LOAD_STAMPS; n--)
        if (from->stamps[(n - 1) % LOAD_STAMPS].state == LOAD_TURN_SENT)
            return n - 1;
    return 0;
}

/* Which packet it is, by its time stamp. The first one is taken for the latest that was sent; if
 * that was wrong, sooner or later one seems to come from the future, or from further back than
 * stamps are kept, which sets it right. */
static enum load_verdict clock_check(struct load_stream *s, const struct load_stream *from,
                                     uint32_t ts, uint64_t *number)
{
    int32_t ticks = (int32_t)s->format->ticks;

    if (!s->has_heard) {
        s->has_heard = true;
        s->heard_number = last_sent(from);
        s->heard_ts = ts;
    }
    int32_t past = (int32_t)(ts - s->heard_ts);
    int64_t n = (int64_t)s->heard_number + past / ticks, turns = (int64_t)from->n_turns;
    if (past % ticks || n < turns - RESYNC_TURNS || n > turns + RESYNC_TURNS)
        return LOAD_CORRUPTED;
    if (n >= turns || n < turns - LOAD_STAMPS || n < 0)
        n = (int64_t)last_sent(from);
    *number = (uint64_t)n;
    s->heard_number = *number; /* so that time stamps may wrap */
    s->heard_ts = ts;
    return LOAD_GOOD;
}

/* The time of a packet may be a wrong guess; that it came twice is known by its sequence number. */
static bool is_doubled(struct load_stream *s, uint16_t seq)
{
    if (!s->heard_last_seq)
        s->heard_last_seq = UINT64_C(0x10000) + seq;
    uint64_t number = s->heard_last_seq + (uint64_t)(int16_t)(seq - (uint16_t)s->heard_last_seq);
    if (number > s->heard_last_seq)
        s->heard_last_seq = number;
    return load_track_put(&s->seq_track, number) == LOAD_TRACK_DUPLICATE;
}

/* Relays may have numbers of their own, but a constant distance from those that were sent. */
static enum load_verdict sequence_check(struct load_stream *s, const struct load_stamp *stamp,
                                        uint16_t seq)
{
    uint16_t added = (uint16_t)(seq - stamp->seq);
    bool is_jump = s->has_heard && added != s->heard_seq;

    s->has_heard = true;
    s->heard_seq = added;
    return is_jump ? LOAD_RENUMBERED : LOAD_GOOD;
}

static enum load_verdict payload_check(struct load_stream *s, const struct load_stream *from,
                                       const uint8_t *packet, size_t n, uint64_t *number)
{
    bool has_pattern = s->check != LOAD_CHECK_CLOCK;
    enum load_verdict v;

    if (has_pattern && n != LOAD_RTP_HEADER + s->n_pattern)
        return LOAD_STRAY;
    if (n == LOAD_RTP_HEADER)
        return LOAD_CORRUPTED;
    if (has_pattern)
        v = pattern_check(s, packet + LOAD_RTP_HEADER, number);
    else if (is_doubled(s, load_get16(packet + 2)))
        return LOAD_DOUBLED;
    else
        v = clock_check(s, from, load_get32(packet + 4), number);
    if (v != LOAD_GOOD)
        return v;
    if (*number >= from->n_turns)
        return LOAD_CORRUPTED; /* it was never sent */
    const struct load_stamp *stamp = load_stream_stamp_of(from, *number);
    if (stamp && stamp->state != LOAD_TURN_SENT)
        return has_pattern ? LOAD_CORRUPTED : LOAD_FILLED;
    return stamp && s->check == LOAD_CHECK_SAME ? sequence_check(s, stamp, load_get16(packet + 2))
                                                : LOAD_GOOD;
}

enum load_verdict load_stream_read(struct load_stream *s, const struct load_stream *from,
                                   uint8_t *packet, size_t *n, uint64_t *number)
{
    if (*n < LOAD_RTP_HEADER || packet[0] != 0x80)
        return LOAD_STRAY;
    uint8_t pt = packet[1] & (uint8_t)~MARKER;
    bool is_event = s->dtmf_pt && pt == s->dtmf_pt;
    if (!is_event && pt != s->pt)
        return LOAD_STRAY;
    if (s->in.aes && !(*n = load_srtp_unprotect(&s->in, packet, *n)))
        return LOAD_UNAUTHENTIC;
    if (!is_event)
        return payload_check(s, from, packet, *n, number);
    load_key_ear_put(&s->key_ear, load_get32(packet + 4), packet + LOAD_RTP_HEADER,
                     *n - LOAD_RTP_HEADER);
    return LOAD_EVENT;
}
