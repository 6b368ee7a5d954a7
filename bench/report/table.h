#ifndef PICRELAY_BENCH_REPORT_TABLE_H
#define PICRELAY_BENCH_REPORT_TABLE_H

#include <stdio.h>

#include "bench/load/run.h"

/** What one measurement says, for people. */
void report_print(FILE *out, const struct load_result *r);

#endif
