#ifndef PICRELAY_BENCH_REPORT_PROGRESS_H
#define PICRELAY_BENCH_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/load/series.h"

/** How a run goes, while it goes: one line that is written over on a terminal, else a line now and
 *  then. */

struct report_progress {
    FILE *out; /* NULL: nothing is said */
    bool is_terminal;
    double seconds, next_s; /* of the whole run; of the next plain line */
};

void report_progress_init(struct report_progress *p, FILE *out, double seconds);
void report_progress_put(struct report_progress *p, const struct load_point *point,
                         const struct load_series *series);
/** Leaves the line. */
void report_progress_end(struct report_progress *p);

#endif
