#include "relay/media/route.h"

#include <string.h>

#include "relay/media/reception.h"

#define CLOCK_HZ_UNKNOWN 8000 /* taken for a payload type without a clock */
#define GAP_MAX_US       UINT64_C(3600000000)
#define SHIFT_AGE_MAX    4096 /* packets: long after any that is late, long before numbers wrap */

void route_init(struct route *r, uint32_t ssrc, uint64_t random)
{
    /* The first half of the sequence space, so that the peer's SRTP index cannot be guessed wrong
     * by a loss of the first packets around the wrap: RFC 3711 s.3.3.1 */
    *r = (struct route){
        .ssrc = ssrc,
        .max_ext_seq = (uint32_t)(random & 0x7fff),
        .last_ts = (uint32_t)(random >> 32),
    };
}

bool route_is_source(const struct route *r, const struct route_source *source)
{
    return r->has_source && r->source.stream == source->stream &&
           r->source.generation == source->generation && r->source.ssrc == source->ssrc;
}

uint32_t route_ts_at(const struct route *r, uint64_t now_us)
{
    uint32_t clock_hz = r->clock_hz ? r->clock_hz : CLOCK_HZ_UNKNOWN;
    uint64_t gap_us = now_us > r->last_us ? now_us - r->last_us : 0;

    if (r->last_us == 0) /* nothing was sent yet */
        return r->last_ts;
    if (gap_us > GAP_MAX_US)
        gap_us = GAP_MAX_US;
    return r->last_ts + (uint32_t)(gap_us * clock_hz / 1000000);
}

/* Its first packet gets our next number. */
static void take_source(struct route *r, const struct route_source *source, uint16_t seq)
{
    r->source = *source;
    r->has_source = true;
    r->first_ext_seq = r->max_ext_seq + 1;
    r->seq_offset = (uint16_t)(r->first_ext_seq - seq);
    r->max_in_seq = (uint16_t)(seq - 1);
    r->n_shifts = 0;
}

/* The next sequence number, and the timestamp that the time since the last packet asks for. */
static void begin_source(struct route *r, const struct route_source *source,
                         const struct rtp_packet *rtp, uint64_t now_us)
{
    uint32_t ts = route_ts_at(r, now_us);

    if (r->last_us != 0 && ts == r->last_ts)
        ts++; /* two packets of one moment would be taken for one frame */
    take_source(r, source, rtp->seq);
    r->ts_offset = ts - rtp->ts;
}

void route_hand_over(struct route *r, const struct route_handover *to)
{
    take_source(r, &to->source, to->seq);
    r->ts_offset += to->old_ts - to->ts;
}

/* ---- shifts -----------------------------------------------------------------------------------
 */

/* From the source's next number on, the offset changes by `by`. */
static void shift(struct route *r, uint16_t by)
{
    const uint16_t in_seq = (uint16_t)(r->max_in_seq + 1);
    const bool is_known = r->n_shifts > 0 && r->shifts[r->n_shifts - 1].in_seq == in_seq;

    if (!is_known) {
        if (r->n_shifts == ROUTE_SHIFTS)
            memmove(&r->shifts[0], &r->shifts[1], --r->n_shifts * sizeof(r->shifts[0]));
        r->shifts[r->n_shifts++] =
            (struct route_shift){.in_seq = in_seq, .offset_before = r->seq_offset};
    }
    r->seq_offset = (uint16_t)(r->seq_offset + by);
}

/* The offset of one of the source's numbers. @return false: too old to know */
static bool offset_of(struct route *r, uint16_t seq, uint16_t *offset)
{
    unsigned i = r->n_shifts;

    *offset = r->seq_offset;
    if (i == 0)
        return true;
    if (rtp_seq_diff(r->shifts[i - 1].in_seq, seq) > SHIFT_AGE_MAX)
        i = r->n_shifts = 0;
    for (; i > 0 && rtp_seq_diff(r->shifts[i - 1].in_seq, seq) < 0; i--)
        *offset = r->shifts[i - 1].offset_before;
    return i > 0 || r->n_shifts < ROUTE_SHIFTS;
}

/* The source's number of one of ours; a packet put between is taken for the one before it. */
static uint16_t unshifted(const struct route *r, uint16_t out_seq)
{
    uint16_t offset = r->seq_offset, seq = (uint16_t)(out_seq - offset);

    for (unsigned i = r->n_shifts; i > 0; i--) {
        const struct route_shift *s = &r->shifts[i - 1];

        if (rtp_seq_diff((uint16_t)(s->in_seq + offset), out_seq) >= 0)
            break;
        offset = s->offset_before;
        seq = (uint16_t)(out_seq - offset);
        if (rtp_seq_diff(s->in_seq, seq) >= 0)
            seq = (uint16_t)(s->in_seq - 1);
    }
    return seq;
}

void route_insert(struct route *r, struct rtp_packet *rtp, uint64_t now_us)
{
    rtp->seq = (uint16_t)++r->max_ext_seq;
    rtp->ssrc = r->ssrc;
    if (r->has_source)
        shift(r, 1);
    if (r->last_us == 0)
        r->last_us = now_us;
    r->n_packets++;
    r->n_bytes += rtp->payload_len;
}

void route_skip(struct route *r, const struct route_source *source, uint16_t seq)
{
    const int step = rtp_seq_diff(r->max_in_seq, seq);

    if (!route_is_source(r, source) || step <= 0 || reception_is_jump(r->max_in_seq, seq))
        return;
    r->max_in_seq = seq;
    r->max_ext_seq += (uint32_t)step - 1;
    shift(r, UINT16_MAX);
}

/* ---- the way there, and back ------------------------------------------------------------------
 */

bool route_map(struct route *r, const struct route_source *source, struct rtp_packet *rtp,
               uint32_t clock_hz, uint64_t now_us)
{
    uint16_t offset;
    uint32_t step;

    if (!route_is_source(r, source) || reception_is_jump(r->max_in_seq, rtp->seq))
        begin_source(r, source, rtp, now_us);
    if (!offset_of(r, rtp->seq, &offset))
        return false;
    step = (uint32_t)rtp_seq_diff((uint16_t)r->max_ext_seq, (uint16_t)(rtp->seq + offset));
    if ((int32_t)(r->max_ext_seq + step - r->first_ext_seq) < 0)
        return false;
    rtp->seq = (uint16_t)(rtp->seq + offset);
    rtp->ts += r->ts_offset;
    rtp->ssrc = r->ssrc;
    if ((int32_t)step > 0) {
        r->max_in_seq = (uint16_t)(rtp->seq - offset);
        r->max_ext_seq += step;
        r->last_ts = rtp->ts;
        r->last_us = now_us;
        r->clock_hz = clock_hz;
    }
    r->n_packets++;
    r->n_bytes += rtp->payload_len;
    return true;
}

uint32_t route_map_ts(const struct route *r, uint32_t ts)
{
    return ts + r->ts_offset;
}

bool route_unmap_seq(const struct route *r, uint16_t out_seq, uint16_t *in_seq)
{
    uint32_t ext_seq = r->max_ext_seq + (uint32_t)rtp_seq_diff((uint16_t)r->max_ext_seq, out_seq);

    if (!r->has_source || (int32_t)(ext_seq - r->first_ext_seq) < 0 ||
        (int32_t)(r->max_ext_seq - ext_seq) < 0)
        return false;
    *in_seq = unshifted(r, out_seq);
    return true;
}
