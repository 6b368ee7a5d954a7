#ifndef PICRELAY_BENCH_LOAD_CHURN_H
#define PICRELAY_BENCH_LOAD_CHURN_H

#include "bench/load/calls.h"
#include "bench/load/media.h"

/**
 * Calls that come, are put on hold, and go while media runs. New ones come when the plan says,
 * whether the relay has kept up with those before or not. One thread.
 */

struct churn_config {
    const struct scenario *scenario;
    struct load_calls *calls;
    struct load_media *media;
    unsigned n_places;
    uint64_t seed;
};

struct churn_stats {
    uint64_t begun, ended, failed, refused;
    uint64_t blocked; /* no place was free: the generator's limit */
    uint64_t holds;
};

struct churn;

/** @return 0; ENOMEM */
int churn_alloc(struct churn **cp, const struct churn_config *cfg);
void churn_free(struct churn *c); /* NULL is allowed */

/** A call that was set up before media began. @return 0; ENOMEM */
int churn_adopt(struct churn *c, unsigned i);
/** Does what is due. From the first time on, new calls come. */
void churn_tick(struct churn *c, uint64_t now_ns);

unsigned churn_up(const struct churn *c);
const struct churn_stats *churn_stats(const struct churn *c);

#endif
