#include "bench/peer/sequence.h"

#include <stddef.h>

static void bit_set(struct peer_sequence *s, uint16_t seq)
{
    s->seen[seq / 8] |= (uint8_t)(1U << (seq % 8));
}

static bool bit_clear(struct peer_sequence *s, uint16_t seq)
{
    bool was_set = s->seen[seq / 8] >> (seq % 8) & 1;

    s->seen[seq / 8] &= (uint8_t) ~(1U << (seq % 8));
    return was_set;
}

enum peer_sequence_verdict peer_sequence_put(struct peer_sequence *s, uint16_t seq,
                                             int64_t *extended)
{
    int64_t at = seq;

    if (s->has_any)
        at = s->highest + (int16_t)(uint16_t)(seq - (uint16_t)s->highest);
    if (extended)
        *extended = at;

    if (!s->has_any) {
        s->has_any = true;
        s->first = s->highest = at;
    } else if (at <= s->highest) {
        if (bit_clear(s, seq)) {
            bit_set(s, seq);
            return PEER_SEQ_AGAIN;
        }
        if (at < s->first) /* the stream's first packet was overtaken */
            s->first = at;
        bit_set(s, seq);
        s->unique++;
        return PEER_SEQ_LATE;
    }

    bool is_first = !s->unique, is_next = at == s->highest + 1;
    for (int64_t i = s->highest + 1; i <= at; i++) /* these bits are of the cycle before */
        (void)bit_clear(s, (uint16_t)i);
    s->highest = at;
    bit_set(s, seq);
    s->unique++;
    if (is_first)
        return PEER_SEQ_FIRST;
    return is_next ? PEER_SEQ_NEXT : PEER_SEQ_AHEAD;
}

uint64_t peer_sequence_lost(const struct peer_sequence *s)
{
    return s->has_any ? (uint64_t)(s->highest - s->first + 1) - s->unique : 0;
}
