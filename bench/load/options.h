#ifndef PICRELAY_BENCH_LOAD_OPTIONS_H
#define PICRELAY_BENCH_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/load/run.h"

/** The command line of picrelay-bench: one row an option. */

struct load_options {
    const char *ng, *mode, *direction, *provider, *offer_flags, *answer_flags, *local, *floor,
        *wake;
    unsigned calls, sockets, in_flight, seconds, warm_ms, pid, cpu, relay_cpu, max_calls;
    bool is_capacity, is_set_ups, is_place, is_json, is_help;
};

/** A CPU that was not given. */
#define LOAD_OPTIONS_ANY_CPU (~0u)

/** @param err  one sentence. @return 0; EINVAL */
int load_options_parse(struct load_options *o, int argc, char **argv, char *err, size_t err_cap);
/** Reads the words of the options. @return 0; EINVAL */
int load_options_config(struct load_run_config *cfg, const struct load_options *o, char *err,
                        size_t err_cap);
void load_options_usage(FILE *out);

#endif
