#ifndef PICRELAY_BENCH_REPORT_CHART_H
#define PICRELAY_BENCH_REPORT_CHART_H

#include <stdbool.h>
#include <stdio.h>

/** Charts as inline SVG, of one size. [pure] */

#define CHART_LINES_MAX  4
#define CHART_POINTS_MAX 800

struct chart_line {
    const char *name, *color; /* of CSS */
    const double *x, *y;      /* a y below 0 is a gap */
    unsigned n;
    bool is_area;
};

struct chart {
    const char *title, *note; /* note: one sentence below the title; NULL: none */
    const char *x_name, *y_name;
    struct chart_line lines[CHART_LINES_MAX];
    unsigned n_lines;
    bool is_log_x;
    double y_top;   /* the axis goes up to this at least */
    double y_limit; /* a line across; <= 0: none */
    const char *limit_name;
    double shade_from, shade_to; /* of x; equal: none */
    const char *shade_name;
};

void chart_draw(FILE *out, const struct chart *c);

struct chart_bar {
    const char *name, *color;
    double value, low, high; /* low and high equal: no whisker */
    bool is_known;
};

/** Horizontal bars, with their values. */
void chart_bars(FILE *out, const char *title, const char *unit, const struct chart_bar *bars,
                unsigned n);

/** Writes a text for HTML and SVG. */
void chart_text(FILE *out, const char *text);
/** Writes a number as people do: 0.0123, 4.57, 1,234. */
void chart_number(FILE *out, double value);

#endif
