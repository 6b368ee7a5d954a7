#ifndef PICRELAY_BENCH_LOAD_SEARCH_H
#define PICRELAY_BENCH_LOAD_SEARCH_H

#include <stdbool.h>

/**
 * Looks for the largest number of calls that is carried: upwards by half until one is not, then
 * between the two until they are 2 % apart. A number is given up only when it failed twice, so that
 * one hiccup of the machine does not decide. [pure]
 */

struct load_search {
    unsigned good; /* the largest that was carried; 0: none */
    unsigned bad;  /* the smallest that was not; 0: none yet */
    unsigned now;  /* what is to be tried; 0: the search is over */
    unsigned max;
    bool has_failed; /* now, once */
};

/** @param first, max  calls; first <= max */
void load_search_init(struct load_search *s, unsigned first, unsigned max);
/** What s->now calls came to. */
void load_search_put(struct load_search *s, bool is_carried);

#endif
