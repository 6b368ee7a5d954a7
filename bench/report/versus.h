#ifndef PICRELAY_BENCH_REPORT_VERSUS_H
#define PICRELAY_BENCH_REPORT_VERSUS_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/** Several subjects beside each other: the median of each, its spread, and the ratios. [pure] */

#define VERSUS_SUBJECTS_MAX 8
#define VERSUS_RUNS_MAX     100

/** One figure that is compared. */
struct versus_figure {
    const char *name, *unit;
    const char *path; /* in a run's figures: "relay.cpu_us_per_packet" */
    double scale;     /* the unit, of what is there */
};

/** Of one figure and one subject. */
struct versus_value {
    unsigned n; /* 0: not known */
    double median, low, high;
};

/** @return NULL: beyond the last */
const struct versus_figure *versus_figure_at(unsigned i);
/** The subjects of a row, in the order in which they come. @return how many */
unsigned versus_subjects(const json_t *document, const char *row,
                         const char *subjects[VERSUS_SUBJECTS_MAX]);
/** The rows of a document, in the order in which they come. @return how many */
unsigned versus_rows(const json_t *document, const char **rows, unsigned max);
struct versus_value versus_value_of(const json_t *document, const char *row, const char *subject,
                                    const struct versus_figure *figure);

/** A table in Markdown; the ratio is of the first two subjects. */
void report_versus_print(FILE *out, const json_t *document);

#endif
