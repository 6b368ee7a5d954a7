#ifndef PICRELAY_BENCH_LOAD_REPORT_H
#define PICRELAY_BENCH_LOAD_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include "bench/load/run.h"

/** What a measurement says, for people and for programs. */

void load_report_print(FILE *out, const struct load_result *r, const char *mode);
/** @return a new object; NULL: no memory. Figures that are not known are null. */
json_t *load_report_json(const struct load_result *r, const char *mode);

#endif
