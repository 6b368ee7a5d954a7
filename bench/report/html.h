#ifndef PICRELAY_BENCH_REPORT_HTML_H
#define PICRELAY_BENCH_REPORT_HTML_H

#include <stdio.h>

#include <jansson.h>

/** A document of report/document.h as one page that needs nothing else: no network, no script. */
void report_html(FILE *out, const json_t *document);

#endif
