#ifndef PICRELAY_BENCH_LOAD_RUN_INTERNAL_H
#define PICRELAY_BENCH_LOAD_RUN_INTERNAL_H

#include "bench/load/run.h"

/** What the files run*.c share: a measurement under way. */

struct run {
    const struct load_run_config *cfg;
    struct load_result *result;
    unsigned n_places;
    pid_t pid;
    struct load_sockets sockets;
    struct load_wire *wire;
    struct load_ng *ng;
    struct load_calls *calls;
    struct churn *churn;
    struct floor *floor;
    struct load_end (*floor_ends)[2]; /* as calls have them, a kind each */
    struct load_media *media;
    struct attack *attack;
    struct load_ears *ears;
    uint64_t attack_ns; /* when it begins; 0: it has, or there is none */
    unsigned n_silent;
};

/** Says what went wrong, if nothing has been said yet. @return err */
int run_problem(struct load_result *r, int err, const char *what);
/** @return 0, also if its process is not known; ESRCH */
int run_proc_read(struct run *run, struct load_proc *p);

/* run_media.c */
/** The calls talk. @return as load_run() */
int run_media(struct run *run);

#endif
