#ifndef PICRELAY_BENCH_LOAD_RUN_H
#define PICRELAY_BENCH_LOAD_RUN_H

#include "bench/load/floor.h"
#include "bench/load/calls.h"
#include "bench/load/media.h"
#include "bench/load/proc.h"

/** One measurement: calls are set up, talk for some seconds, and are deleted. One thread. */

struct load_run_config {
    const char *ng; /* NULL: the floor */
    const char *direction, *provider, *offer_flags, *answer_flags;
    const char *local;
    const struct load_mode *mode;
    unsigned n_calls, n_pairs, in_flight;
    unsigned warm_ms, measure_ms;
    pid_t pid;         /* of the relay; 0: its costs are not known */
    bool has_no_media; /* calls are set up and deleted, no more */
    enum floor_kind floor;
    bool is_gathering; /* the floor */
    int relay_cpu;     /* for the floor; -1: any */
};

struct load_result {
    unsigned n_calls, n_up;
    uint64_t set_up_ns, delete_ns;
    struct load_calls_stats calls;
    struct load_media_stats media;
    bool has_proc;
    struct load_proc idle, signalled, begin,
        end; /* before; with calls; around the measured packets */
    char problem[256];
};

/**
 * @param r  written in any case, as far as the measurement came
 * @return 0; ECONNREFUSED: calls could not be set up; ESRCH: the relay has ended; ECANCELED: by a
 *         signal; EMFILE, ENOMEM and others of the system. r->problem says it in words.
 */
int load_run(struct load_result *r, const struct load_run_config *cfg);

/**
 * Set-up, answer and tear-down of ever new calls for measure_ms, in_flight at a time, no media.
 * @return as load_run()
 */
int load_run_set_ups(struct load_result *r, const struct load_run_config *cfg);

/* what is read off a result */
double load_result_loss(const struct load_result *r);          /* 0..1 */
double load_result_cpu_us(const struct load_result *r);        /* a packet; < 0: not known */
double load_result_cpu_share(const struct load_result *r);     /* of one core, 0..; < 0 */
double load_result_rss_bytes(const struct load_result *r);     /* a call; < 0: not known */
double load_result_set_ups_per_s(const struct load_result *r); /* offers and answers */
/** Were all packets that came back right? */
bool load_result_is_clean(const struct load_result *r);
/** Did the generator keep its pace? If not, the figures are its own. */
bool load_result_is_paced(const struct load_result *r);

#endif
