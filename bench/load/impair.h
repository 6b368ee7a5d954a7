#ifndef PICRELAY_BENCH_LOAD_IMPAIR_H
#define PICRELAY_BENCH_LOAD_IMPAIR_H

#include <stdbool.h>
#include <stdint.h>

/**
 * A bad network between an endpoint and the relay, of which each stream has its own from one seed:
 * the same seed has the same packets lost, delayed and doubled in each run. [pure]
 */

/** A zeroed struct is a good network. Shares are of 0..100 %. */
struct load_impair {
    double loss;  /* packets that never arrive, in the long run */
    double burst; /* how many are lost in a row, on average (Gilbert); 0 and 1: each by itself */
    double jitter_ms; /* packets are delayed by up to this, each by itself */
    double reorder;   /* packets that come behind the next one */
    double dup;       /* packets that come twice */
    double drift_ppm; /* the sender's clock against the relay's; above 0: it is fast */
    uint32_t seed;
};

bool load_impair_is_any(const struct load_impair *i);

/** Of one stream. */
struct load_impair_state {
    uint64_t random;
    bool is_bursting;
    double drift_ns; /* how far its clock is off by now */
};

struct load_impair_fate {
    bool is_lost, is_doubled;
    uint64_t delay_ns; /* 0: sent at once */
};

void load_impair_init(struct load_impair_state *s, const struct load_impair *i, uint32_t stream);
/** What becomes of the next packet. */
struct load_impair_fate load_impair_next(struct load_impair_state *s, const struct load_impair *i,
                                         uint64_t interval_ns);
/**
 * How many packets the clock of the stream has for one turn of the plan: 1, but 0 or 2 when it has
 * drifted by an interval.
 */
unsigned load_impair_turn(struct load_impair_state *s, const struct load_impair *i,
                          uint64_t interval_ns);

/** A number in [0, 1) of xorshift64*. @param random  not 0 */
double load_random(uint64_t *random);
/** A state for load_random(), never 0: SplitMix64 of seed and name. */
uint64_t load_random_seed(uint64_t seed, uint64_t name);

#endif
