#ifndef PICRELAY_BENCH_LOAD_CALLS_H
#define PICRELAY_BENCH_LOAD_CALLS_H

#include "bench/load/histogram.h"
#include "bench/load/mode.h"
#include "bench/load/ng.h"
#include "bench/load/sdp.h"
#include "bench/load/sockets.h"
#include "bench/scenario/scenario.h"

/** The calls of a load and their way through NG: offer, answer, delete. One thread. */

struct load_call {
    struct load_end end[LOAD_MEDIA_MAX][2]; /* by kind and side */
    const struct scenario_part *part;       /* what it asks of the relay */
    uint64_t serial;                        /* names it */
    uint64_t offered_ns;                    /* on load_now_ns() */
    bool is_known;                          /* to the relay */
    bool is_up;                             /* answered; or refused, where that is wanted */
    bool is_held;
    bool is_busy; /* a job of it is under way */
};

enum load_step { LOAD_OFFER, LOAD_ANSWER, LOAD_REOFFER, LOAD_REANSWER, LOAD_DELETE, LOAD_STEPS };

/** What is done with a call: one step or more. */
enum load_job {
    LOAD_SET_UP, /* offer, answer */
    LOAD_HOLD,   /* both again: A sends only */
    LOAD_RESUME, /* both again: as before */
    LOAD_TEAR,   /* delete */
    LOAD_CYCLE,  /* offer, answer, delete */
};

struct load_calls_stats {
    struct load_histogram took[LOAD_STEPS]; /* from the request to its reply */
    uint64_t failed[LOAD_STEPS];
    uint64_t refused; /* as they had to be */
    char reason[160]; /* of the first failure */
};

struct load_calls_config {
    struct load_ng *ng;
    const struct load_sockets *sockets;
    const struct scenario *scenario;
    unsigned n_calls, in_flight;
    const char *direction, *provider;       /* NULL: not said */
    const char *offer_flags, *answer_flags; /* NULL: the mode's; beside them: added */
};

struct load_calls;

/** A job has come to its end. @param i  the call */
typedef void(load_job_h)(unsigned i, enum load_job job, bool is_good, void *arg);

/** @param cfg  copied; what it points to is borrowed. @return 0; ENOMEM; EIO; EINVAL: flags */
int load_calls_alloc(struct load_calls **cp, const struct load_calls_config *cfg);
void load_calls_free(struct load_calls *c); /* NULL is allowed; deletes nothing at the relay */

/* all of them, in_flight at a time; each waits until it is done */

/** Offers and answers of the first n calls. @return how long it took [ns] */
uint64_t load_calls_set_up(struct load_calls *c, unsigned n);
/** Deletes those that the relay knows of. @return how long it took [ns] */
uint64_t load_calls_delete(struct load_calls *c);
/** Offer, answer and delete of ever new calls, until the time is over. @return how long [ns] */
uint64_t load_calls_cycle(struct load_calls *c, uint64_t duration_ns);

/* one by one, while media runs */

/**
 * Begins a job; its end is told by load_calls_poll().
 * @param h  NULL: nobody wants to know
 * @return 0; EAGAIN: too many requests are under way; EBUSY: so is one of this call
 */
int load_calls_begin(struct load_calls *c, unsigned i, enum load_job job);
void load_calls_listen(struct load_calls *c, load_job_h *h, void *arg);
/** Takes replies, without waiting. */
void load_calls_poll(struct load_calls *c);
/** How many jobs are under way. */
unsigned load_calls_busy(const struct load_calls *c);
/** Has the relay left a request without any reply? Nothing new is asked of it then. */
bool load_calls_is_silent(const struct load_calls *c);

const struct load_call *load_calls_at(const struct load_calls *c, unsigned i);
const struct load_calls_stats *load_calls_stats(const struct load_calls *c);

#endif
