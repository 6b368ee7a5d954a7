#ifndef PICRELAY_BENCH_REPORT_LIMITS_H
#define PICRELAY_BENCH_REPORT_LIMITS_H

#include "bench/load/run.h"

/** What a scenario demands, beside what was measured. [pure] */

#define REPORT_LIMITS_MAX 20

struct report_limit {
    const char *key, *unit, *what;
    double limit, value;
    bool is_least; /* value has to be at least this, not at most */
    bool is_known; /* else it was not measured, and does not hold */
    bool holds;
};

/** @return how many are set */
unsigned report_limits(struct report_limit limits[REPORT_LIMITS_MAX], const struct load_result *r);
/** Do all of them hold? */
bool report_holds(const struct load_result *r);

#endif
