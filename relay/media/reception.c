#include "relay/media/reception.h"

#define MAX_DROPOUT  3000 /* RFC 3550 A.1: a longer gap is a restart */
#define MAX_MISORDER 100  /* packets that may come late, RFC 3550 A.1 */
#define LOST_MAX     0x7fffff
#define LOST_MIN     (-0x800000)

bool reception_is_jump(uint16_t from, uint16_t to)
{
    int step = rtp_seq_diff(from, to);

    return step >= MAX_DROPOUT || step < -MAX_MISORDER;
}

static uint32_t n_expected(const struct reception *r)
{
    return r->is_known ? r->max_ext_seq - r->base_ext_seq + 1 : 0;
}

static int64_t n_lost(const struct reception *r)
{
    return (int64_t)n_expected(r) - (int64_t)r->n_received;
}

static void begin_source(struct reception *r, const struct rtp_packet *rtp)
{
    int64_t lost = n_lost(r);

    *r = (struct reception){
        .is_known = true,
        .ssrc = rtp->ssrc,
        .base_ext_seq = rtp->seq,
        .max_ext_seq = rtp->seq,
        .lost_before = r->lost_before + (lost > 0 ? lost : 0),
    };
}

/* RFC 3550 A.8. A change of clock (another payload type) starts the measure again: RFC 7160 s.4. */
static void measure_jitter(struct reception *r, uint32_t ts, uint32_t clock_hz, uint64_t now_us)
{
    uint64_t arrival_ts = now_us / 1000000 * clock_hz + now_us % 1000000 * clock_hz / 1000000;
    uint32_t transit_ts = (uint32_t)arrival_ts - ts;
    int32_t step = (int32_t)(transit_ts - r->transit_ts);
    uint32_t distance = step < 0 ? 0u - (uint32_t)step : (uint32_t)step;

    if (clock_hz != r->clock_hz) {
        r->jitter_q4 = 0;
        distance = 0;
    }
    r->clock_hz = clock_hz;
    r->transit_ts = transit_ts;
    if (distance > 60 * clock_hz) /* the sender's clock was set: no jitter */
        return;
    r->jitter_q4 += distance - ((r->jitter_q4 + 8) >> 4);
}

void reception_put(struct reception *r, const struct rtp_packet *rtp, uint32_t clock_hz,
                   uint64_t now_us)
{
    int step;

    if (!r->is_known || rtp->ssrc != r->ssrc ||
        reception_is_jump((uint16_t)r->max_ext_seq, rtp->seq))
        begin_source(r, rtp);
    step = rtp_seq_diff((uint16_t)r->max_ext_seq, rtp->seq);
    if (step > 0)
        r->max_ext_seq += (uint32_t)step;
    r->n_received++;
    if (clock_hz > 0)
        measure_jitter(r, rtp->ts, clock_hz, now_us);
}

uint64_t reception_lost(const struct reception *r)
{
    int64_t lost = n_lost(r) + r->lost_before;

    return lost > 0 ? (uint64_t)lost : 0;
}

uint32_t reception_jitter(const struct reception *r)
{
    return r->jitter_q4 >> 4;
}

void reception_take_report(struct reception *r, struct reception_report *report)
{
    uint32_t expected = n_expected(r);
    uint32_t expected_now = expected - r->expected_prior;
    uint32_t received_now = (uint32_t)r->n_received - r->received_prior;
    int64_t lost = n_lost(r);

    *report = (struct reception_report){
        .ssrc = r->ssrc, .ext_seq = r->max_ext_seq, .jitter_ts = reception_jitter(r)};
    if (expected_now > received_now) {
        uint64_t fraction = ((uint64_t)(expected_now - received_now) << 8) / expected_now;

        report->fraction_lost = (uint8_t)(fraction > UINT8_MAX ? UINT8_MAX : fraction);
    }
    report->lost = (int32_t)(lost > LOST_MAX ? LOST_MAX : lost < LOST_MIN ? LOST_MIN : lost);
    r->expected_prior = expected;
    r->received_prior = (uint32_t)r->n_received;
}
