#ifndef PICRELAY_BENCH_REPORT_DOCUMENT_H
#define PICRELAY_BENCH_REPORT_DOCUMENT_H

#include <jansson.h>

#include "bench/load/run.h"

/**
 * The report as data: what programs read, and what table and HTML are made of. A document is the
 * figures of one run, or {"runs": [{"row", "subject", "run", "figures"}, ...]} of several.
 */

/** @return a new object; NULL: no memory. Figures that are not known are null. */
json_t *report_figures(const struct load_result *r);

#endif
