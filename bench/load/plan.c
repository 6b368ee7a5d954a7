#include "bench/load/plan.h"

uint64_t load_plan_due_ns(const struct load_plan *p, uint64_t k)
{
    uint64_t round = k / p->n_streams, slot = k % p->n_streams;

    return p->start_ns + round * p->interval_ns + slot * p->interval_ns / p->n_streams;
}

uint64_t load_plan_due(const struct load_plan *p, uint64_t now_ns)
{
    if (now_ns < p->start_ns)
        return 0;

    uint64_t past_ns = now_ns - p->start_ns;
    uint64_t rounds = past_ns / p->interval_ns, rest_ns = past_ns % p->interval_ns;

    /* slots with floor(slot * interval / n) <= rest, which is slot * interval / n < rest + 1 */
    return rounds * p->n_streams +
           ((rest_ns + 1) * p->n_streams + p->interval_ns - 1) / p->interval_ns;
}

uint32_t load_plan_stream(const struct load_plan *p, uint64_t k)
{
    uint32_t slot = (uint32_t)(k % p->n_streams), n_calls = p->n_streams / 2, call = slot / 2;

    if (slot % 2 == 0)
        return 2 * call;
    return 2 * ((call + n_calls / 2) % n_calls) + 1;
}
