#include "bench/load/impair.h"

bool load_impair_is_any(const struct load_impair *i)
{
    return i->loss > 0 || i->jitter_ms > 0 || i->reorder > 0 || i->dup > 0 || i->drift_ppm != 0;
}

double load_random(uint64_t *random)
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return (double)(*random * UINT64_C(0x2545f4914f6cdd1d) >> 11) / 9007199254740992.0; /* 2^53 */
}

uint64_t load_random_seed(uint64_t seed, uint64_t name)
{
    uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + name + UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x ? x : 1;
}

void load_impair_init(struct load_impair_state *s, const struct load_impair *i, uint32_t stream)
{
    *s = (struct load_impair_state){.random = load_random_seed(i->seed, stream)};
}

/* Gilbert's two states: a burst ends with 1/burst, and begins so often that the share is kept. */
static bool is_lost(struct load_impair_state *s, const struct load_impair *i)
{
    double p = i->loss / 100, r = i->burst > 1 ? 1 / i->burst : 1 - p;

    if (p <= 0)
        return false;
    if (p >= 1)
        return true;
    if (s->is_bursting)
        s->is_bursting = load_random(&s->random) >= r;
    else
        s->is_bursting = load_random(&s->random) < p * r / (1 - p);
    return s->is_bursting;
}

struct load_impair_fate load_impair_next(struct load_impair_state *s, const struct load_impair *i,
                                         uint64_t interval_ns)
{
    struct load_impair_fate fate = {.is_lost = is_lost(s, i)};

    if (i->jitter_ms > 0)
        fate.delay_ns = (uint64_t)(load_random(&s->random) * i->jitter_ms * 1e6);
    if (i->reorder > 0 && load_random(&s->random) < i->reorder / 100)
        fate.delay_ns += interval_ns + interval_ns / 2;
    if (i->dup > 0)
        fate.is_doubled = load_random(&s->random) < i->dup / 100;
    return fate;
}

unsigned load_impair_turn(struct load_impair_state *s, const struct load_impair *i,
                          uint64_t interval_ns)
{
    s->drift_ns += i->drift_ppm * (double)interval_ns / 1e6;
    if (s->drift_ns >= (double)interval_ns) {
        s->drift_ns -= (double)interval_ns;
        return 2;
    }
    if (s->drift_ns <= -(double)interval_ns) {
        s->drift_ns += (double)interval_ns;
        return 0;
    }
    return 1;
}
