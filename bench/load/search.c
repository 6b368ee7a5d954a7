#include "bench/load/search.h"

#define PRECISION 50 /* 1 / 50: 2 % */

void load_search_init(struct load_search *s, unsigned first, unsigned max)
{
    *s = (struct load_search){.now = first, .max = max};
}

static unsigned next_of(const struct load_search *s)
{
    unsigned apart = s->bad - s->good, step = s->good / PRECISION;

    if (!s->bad) {
        unsigned up = s->good + (s->good + 1) / 2;

        if (s->good == s->max)
            return 0;
        return up < s->max ? up : s->max;
    }
    return apart > (step ? step : 1) ? s->good + apart / 2 : 0;
}

void load_search_put(struct load_search *s, bool is_carried)
{
    if (!is_carried && !s->has_failed) {
        s->has_failed = true;
        return;
    }
    s->has_failed = false;
    if (is_carried)
        s->good = s->now;
    else
        s->bad = s->now;
    s->now = next_of(s);
}
