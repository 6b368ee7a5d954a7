#include "relay/media/pacing.h"

uint32_t pacing_rule(uint32_t rate_pps, uint32_t limit_us)
{
    if (rate_pps <= PACING_FROM_PPS)
        return 0;
    if (rate_pps >= PACING_FULL_PPS)
        return limit_us;
    return (uint32_t)((uint64_t)limit_us * (rate_pps - PACING_FROM_PPS) /
                      (PACING_FULL_PPS - PACING_FROM_PPS));
}

void pacing_init(struct pacing *p, uint32_t limit_us)
{
    *p = (struct pacing){.limit_us = limit_us};
}

void pacing_put(struct pacing *p, unsigned n_packets, uint64_t now_us)
{
    uint64_t span_us, rate_pps;

    if (p->window_us == 0)
        p->window_us = now_us;
    p->n_packets += n_packets;
    span_us = now_us - p->window_us;
    if (span_us < PACING_WINDOW_US)
        return;
    rate_pps = p->n_packets * 1000000 / span_us;
    p->rate_pps = rate_pps > UINT32_MAX ? UINT32_MAX : (uint32_t)rate_pps;
    p->window_us = now_us;
    p->n_packets = 0;
}
