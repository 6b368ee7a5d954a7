#include "relay/media/saving.h"

#include <stdbool.h>

static uint8_t next_steps(const struct saving *s, unsigned load_permille, uint64_t now_us)
{
    const uint64_t rest_us = now_us - s->changed_us;
    const bool is_first = s->changed_us == 0;

    if (load_permille >= SAVING_ALL_PERMILLE)
        return SAVING_MAX;
    if (load_permille >= SAVING_MORE_PERMILLE && s->steps < SAVING_MAX &&
        (is_first || rest_us >= SAVING_MORE_US))
        return (uint8_t)(s->steps + 1);
    if (load_permille < SAVING_LESS_PERMILLE && s->steps > 0 && rest_us >= SAVING_LESS_US)
        return (uint8_t)(s->steps - 1);
    return s->steps;
}

uint8_t saving_put(struct saving *s, unsigned load_permille, uint64_t now_us)
{
    const uint8_t steps = next_steps(s, load_permille, now_us);

    if (steps != s->steps)
        s->changed_us = now_us;
    s->steps = steps;
    return steps;
}
