#ifndef PICRELAY_BENCH_LOAD_TALK_H
#define PICRELAY_BENCH_LOAD_TALK_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Who talks when: talkspurts and pauses of exponential length, on average 1.004 s and 1.587 s, as
 * ITU-T P.59 measured them in conversations; nothing is sent in a pause. [pure]
 */

struct load_talk {
    uint64_t random;
    uint64_t n_left; /* turns until it changes */
    bool is_talking;
};

/** @param random  not 0. @param is_new  a call that begins now: both sides say hello; else it may
 * be in a pause */
void load_talk_init(struct load_talk *t, uint64_t random, bool is_new);
/** One turn of 20 ms. @return whether a packet is sent; *is_first: it begins a talkspurt */
bool load_talk_turn(struct load_talk *t, bool *is_first);

#endif
