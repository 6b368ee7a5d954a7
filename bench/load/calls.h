#ifndef PICRELAY_BENCH_LOAD_CALLS_H
#define PICRELAY_BENCH_LOAD_CALLS_H

#include "bench/load/histogram.h"
#include "bench/load/mode.h"
#include "bench/load/ng.h"
#include "bench/load/sockets.h"

/** The calls of a load and their way through NG: offer, answer, delete. One thread. */

struct load_call {
    struct load_end end[2];
    uint64_t serial; /* names it */
    bool is_known;   /* to the relay */
    bool is_up;      /* answered */
};

enum load_step { LOAD_OFFER, LOAD_ANSWER, LOAD_DELETE, LOAD_STEPS };

struct load_calls_stats {
    struct load_histogram took[LOAD_STEPS]; /* from the request to its reply */
    uint64_t failed[LOAD_STEPS];
    char reason[160]; /* of the first failure */
};

struct load_calls_config {
    struct load_ng *ng;
    const struct load_mode *mode;
    const struct load_sockets *sockets;
    unsigned n_calls, in_flight;
    const char *direction, *provider;       /* NULL: not said */
    const char *offer_flags, *answer_flags; /* NULL: the mode's; beside them: added */
};

struct load_calls;

/** @param cfg  copied; what it points to is borrowed. @return 0; ENOMEM; EIO; EINVAL: flags */
int load_calls_alloc(struct load_calls **cp, const struct load_calls_config *cfg);
void load_calls_free(struct load_calls *c); /* NULL is allowed; deletes nothing at the relay */

/** Offers and answers of all calls, in_flight at a time. @return how long it took [ns] */
uint64_t load_calls_set_up(struct load_calls *c);
/** Deletes those that the relay knows of. @return how long it took [ns] */
uint64_t load_calls_delete(struct load_calls *c);
/**
 * Offer, answer and delete of ever new calls, in_flight at a time, until the time is over.
 * @return how long it took [ns]
 */
uint64_t load_calls_cycle(struct load_calls *c, uint64_t duration_ns);

const struct load_call *load_calls_at(const struct load_calls *c, unsigned i);
const struct load_calls_stats *load_calls_stats(const struct load_calls *c);
/** Forgets what was measured. */
void load_calls_clear(struct load_calls *c);

#endif
