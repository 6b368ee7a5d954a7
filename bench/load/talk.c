#include "bench/load/talk.h"

#include <math.h>

#include "bench/load/impair.h"

#define TURNS_A_SECOND 50
#define SPURT_S        1.004
#define PAUSE_S        1.587

static uint64_t length_of(struct load_talk *t, double mean_s)
{
    double turns = -log(1 - load_random(&t->random)) * mean_s * TURNS_A_SECOND;

    return 1 + (uint64_t)turns;
}

void load_talk_init(struct load_talk *t, uint64_t random, bool is_new)
{
    *t = (struct load_talk){.random = random};
    t->is_talking = is_new || load_random(&t->random) < SPURT_S / (SPURT_S + PAUSE_S);
    t->n_left = length_of(t, t->is_talking ? SPURT_S : PAUSE_S);
}

bool load_talk_turn(struct load_talk *t, bool *is_first)
{
    *is_first = !t->n_left && !t->is_talking;
    if (!t->n_left) {
        t->is_talking = !t->is_talking;
        t->n_left = length_of(t, t->is_talking ? SPURT_S : PAUSE_S);
    }
    t->n_left--;
    return t->is_talking;
}
