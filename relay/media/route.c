#include "relay/media/route.h"

#include "relay/media/reception.h"

#define CLOCK_HZ_UNKNOWN 8000 /* taken for a payload type without a clock */
#define GAP_MAX_US       UINT64_C(3600000000)

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

/* The next sequence number, and the timestamp that the time since the last packet asks for. */
static void begin_source(struct route *r, const struct route_source *source,
                         const struct rtp_packet *rtp, uint64_t now_us)
{
    uint32_t ts = route_ts_at(r, now_us);

    if (r->last_us != 0 && ts == r->last_ts)
        ts++; /* two packets of one moment would be taken for one frame */
    r->source = *source;
    r->has_source = true;
    r->first_ext_seq = r->max_ext_seq + 1;
    r->seq_offset = (uint16_t)(r->first_ext_seq - rtp->seq);
    r->ts_offset = ts - rtp->ts;
    r->max_in_seq = (uint16_t)(rtp->seq - 1);
}

bool route_map(struct route *r, const struct route_source *source, struct rtp_packet *rtp,
               uint32_t clock_hz, uint64_t now_us)
{
    int step;

    if (!route_is_source(r, source) || reception_is_jump(r->max_in_seq, rtp->seq))
        begin_source(r, source, rtp, now_us);
    step = rtp_seq_diff(r->max_in_seq, rtp->seq);
    if ((int32_t)(r->max_ext_seq + (uint32_t)step - r->first_ext_seq) < 0)
        return false;
    rtp->seq = (uint16_t)(rtp->seq + r->seq_offset);
    rtp->ts += r->ts_offset;
    rtp->ssrc = r->ssrc;
    if (step > 0) {
        r->max_in_seq = (uint16_t)(rtp->seq - r->seq_offset);
        r->max_ext_seq += (uint32_t)step;
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
    *in_seq = (uint16_t)(out_seq - r->seq_offset);
    return true;
}
