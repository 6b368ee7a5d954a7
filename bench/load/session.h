#ifndef PICRELAY_BENCH_LOAD_SESSION_H
#define PICRELAY_BENCH_LOAD_SESSION_H

#include <jansson.h>

#include "bench/load/options.h"

/** What one start of picrelay-bench does: one run, several subjects in turn, or a search. */

/**
 * @param document  written: the report (report/document.h), as far as it came; NULL: none
 * @return 0: the load went well, packets were right, all limits hold; else an errno value
 */
int load_session(json_t **document, const struct load_options *o, struct load_run_config *cfg);

#endif
