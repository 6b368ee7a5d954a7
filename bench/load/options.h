#ifndef PICRELAY_BENCH_LOAD_OPTIONS_H
#define PICRELAY_BENCH_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/load/run.h"

/** The command line of picrelay-bench: one row an option. What a scenario says comes first, what is
 *  given beside it is put over it. */

struct load_options {
    const char *ng, *versus, *scenario_name, *mode, *direction, *provider, *offer_flags,
        *answer_flags, *local, *interface, *floor, *wake, *floor_address, *floor_space, *impair,
        *attack, *limits, *soak, *speech, *html, *render, *names;
    unsigned sockets, in_flight, pid, versus_pid, cpu, relay_cpu, max_calls, runs;
    bool is_capacity, is_set_ups, is_place, is_json, is_help, is_quiet, is_print, is_reference;
    struct scenario scenario;
};

/** A CPU that was not given. */
#define LOAD_OPTIONS_ANY_CPU (~0u)

/** @param err  one sentence. @return 0; EINVAL; what reading a scenario's file gives */
int load_options_parse(struct load_options *o, int argc, char **argv, char *err, size_t err_cap);
/** Reads the words of the options. @param cfg  borrows the options' scenario. @return 0; EINVAL */
int load_options_config(struct load_run_config *cfg, const struct load_options *o, char *err,
                        size_t err_cap);
void load_options_usage(FILE *out);

#endif
