#include "bench/load/track.h"

#include <stdbool.h>

static bool bit_set(struct load_track *t, uint64_t number)
{
    uint64_t *word = &t->seen[number % LOAD_TRACK_WINDOW / 64], bit = UINT64_C(1) << number % 64;
    bool was_set = *word & bit;

    *word |= bit;
    return was_set;
}

static void bit_clear(struct load_track *t, uint64_t number)
{
    t->seen[number % LOAD_TRACK_WINDOW / 64] &= ~(UINT64_C(1) << number % 64);
}

enum load_track_verdict load_track_put(struct load_track *t, uint64_t number)
{
    if (number < t->next) {
        if (t->next - number > LOAD_TRACK_WINDOW)
            return LOAD_TRACK_STALE;
        return bit_set(t, number) ? LOAD_TRACK_DUPLICATE : LOAD_TRACK_REORDERED;
    }

    /* the places of the gap were last used a window ago */
    uint64_t first =
        number - t->next < LOAD_TRACK_WINDOW ? t->next : number - LOAD_TRACK_WINDOW + 1;
    for (uint64_t i = first; i <= number; i++)
        bit_clear(t, i);
    (void)bit_set(t, number);
    t->next = number + 1;
    return LOAD_TRACK_NEW;
}
