#ifndef PICRELAY_SAVING_H
#define PICRELAY_SAVING_H

#include <stdint.h>

/**
 * By how many steps the encoders of a worker work with less complexity than they were told to, by
 * the load of the worker. [pure]
 *
 * A little worse sound is better than sound that is late: above SAVING_MORE_PERMILLE one step is
 * saved, and when its effect is in the measure, another; above SAVING_ALL_PERMILLE all at once.
 * Below SAVING_LESS_PERMILLE they are given back one by one, each after a time of calm. The marks
 * lie so far apart that no step given back reaches the upper one: from complexity 5 to 1 the work
 * falls to about a half, and no single step takes a third of it.
 */

#define SAVING_MORE_PERMILLE 700
#define SAVING_ALL_PERMILLE  900
#define SAVING_LESS_PERMILLE 500
#define SAVING_MORE_US       1000000 /* between two steps: what load.h looks back */
#define SAVING_LESS_US       5000000
#define SAVING_MAX           9 /* from the most complexity there is, 10, to the least, 1 */

struct saving {
    uint8_t steps;
    uint64_t changed_us; /* 0: never */
};

/** Takes a measure of the load; *s begins as zero. @return the steps to save from now on
 *  @param now_us  never earlier than before */
uint8_t saving_put(struct saving *s, unsigned load_permille, uint64_t now_us);

#endif
