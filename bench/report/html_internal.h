#ifndef PICRELAY_BENCH_REPORT_HTML_INTERNAL_H
#define PICRELAY_BENCH_REPORT_HTML_INTERNAL_H

#include <stdio.h>

#include <jansson.h>

/** What the files html*.c share: each writes the middle of the page for one kind of document. */

#define BLUE   "#2563a8"
#define ORANGE "#d97706"
#define GREEN  "#2f8f5b"
#define RED    "#c0392b"

/** @return "": not there, or no text */
const char *html_string(const json_t *o, const char *key);
/** @return -1: not there, or no number */
double html_number(const json_t *o, const char *key);

void html_run(FILE *out, const json_t *document);
/** What html_run() has below its charts. */
void html_tables(FILE *out, const json_t *document);
void html_versus(FILE *out, const json_t *document);
void html_capacity(FILE *out, const json_t *document);
/** The curve of a search: what each number of calls came to. */
void html_steps(FILE *out, const char *title, const json_t *figures);

#endif
