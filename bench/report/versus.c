#include "bench/report/versus.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 32

static const struct versus_figure figures[] = {
    {"CPU a packet", "µs", "relay.cpu_us_per_packet", 1},
    {"CPU of a core", "%", "relay.cpu_share", 0.01},
    {"memory a call", "KB", "relay.rss_bytes_per_call", 1024},
    {"loss", "%", "media.loss", 0.01},
    {"delay p50", "µs", "media.delay_us.p50", 1},
    {"delay p90", "µs", "media.delay_us.p90", 1},
    {"delay p99", "µs", "media.delay_us.p99", 1},
    {"delay p99.9", "µs", "media.delay_us.p99\\.9", 1},
    {"set-ups a second", "", "control.set_ups_per_s", 1},
    {"offer p50", "µs", "control.offer.us.p50", 1},
    {"offer p99", "µs", "control.offer.us.p99", 1},
    {"answer p50", "µs", "control.answer.us.p50", 1},
    {"first media p50", "µs", "control.first_media_us.p50", 1},
    {"score (STOI)", "", "scores.0.stoi", 1},
    {"capacity", "calls", "capacity", 1},
};

const struct versus_figure *versus_figure_at(unsigned i)
{
    return i < sizeof(figures) / sizeof(figures[0]) ? &figures[i] : NULL;
}

static bool is_listed(const char *const *list, unsigned n, const char *text)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static const char *text_of(const json_t *run, const char *key)
{
    const char *text = json_string_value(json_object_get(run, key));

    return text ? text : "";
}

unsigned versus_subjects(const json_t *document, const char *row,
                         const char *subjects[VERSUS_SUBJECTS_MAX])
{
    const json_t *run, *runs = json_object_get(document, "runs");
    unsigned n = 0;
    size_t i;

    json_array_foreach(runs, i, run)
    {
        const char *subject = text_of(run, "subject");

        if ((!row || strcmp(text_of(run, "row"), row) == 0) && n < VERSUS_SUBJECTS_MAX &&
            !is_listed(subjects, n, subject))
            subjects[n++] = subject;
    }
    return n;
}

unsigned versus_rows(const json_t *document, const char **rows, unsigned max)
{
    const json_t *run, *runs = json_object_get(document, "runs");
    unsigned n = 0;
    size_t i;

    json_array_foreach(runs, i, run)
    {
        const char *row = text_of(run, "row");

        if (n < max && !is_listed(rows, n, row))
            rows[n++] = row;
    }
    return n;
}

/* "a.b.0.c"; a dot that belongs to a name comes after a backslash */
static const json_t *find(const json_t *at, const char *path)
{
    while (at && *path) {
        char name[64];
        size_t n = 0;

        for (; *path && *path != '.' && n < sizeof(name) - 1; path++) {
            if (*path == '\\' && path[1])
                path++;
            name[n++] = *path;
        }
        name[n] = 0;
        path += *path == '.';
        at = json_is_array(at) ? json_array_get(at, strtoul(name, NULL, 10))
                               : json_object_get(at, name);
    }
    return at;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct versus_value versus_value_of(const json_t *document, const char *row, const char *subject,
                                    const struct versus_figure *figure)
{
    const json_t *run, *runs = json_object_get(document, "runs");
    double values[VERSUS_RUNS_MAX];
    struct versus_value v = {0};
    size_t i;

    json_array_foreach(runs, i, run)
    {
        const json_t *value = find(json_object_get(run, "figures"), figure->path);

        if (strcmp(text_of(run, "row"), row) == 0 &&
            strcmp(text_of(run, "subject"), subject) == 0 && json_is_number(value) &&
            v.n < VERSUS_RUNS_MAX)
            values[v.n++] = json_number_value(value) / figure->scale;
    }
    if (!v.n)
        return v;
    qsort(values, v.n, sizeof(values[0]), compare);
    v.median = (values[(v.n - 1) / 2] + values[v.n / 2]) / 2;
    v.low = values[0];
    v.high = values[v.n - 1];
    return v;
}

static void cell_print(FILE *out, const struct versus_value *v)
{
    if (!v->n) {
        fprintf(out, " – |");
        return;
    }
    fprintf(out, v->median >= 100 ? " %.0f" : " %.3g", v->median);
    if (v->n > 1 && v->median > 0)
        fprintf(out, " ±%.0f %%", (v->high - v->low) / 2 / v->median * 100);
    fprintf(out, " |");
}

static void figure_print(FILE *out, const json_t *document, const char *row,
                         const char *const *subjects, unsigned n, const struct versus_figure *f)
{
    struct versus_value values[VERSUS_SUBJECTS_MAX];
    unsigned n_known = 0;

    for (unsigned i = 0; i < n; i++) {
        values[i] = versus_value_of(document, row, subjects[i], f);
        n_known += values[i].n > 0;
    }
    if (!n_known)
        return;
    fprintf(out, "| %s: %s%s%s%s |", row, f->name, *f->unit ? " [" : "", f->unit,
            *f->unit ? "]" : "");
    for (unsigned i = 0; i < n; i++)
        cell_print(out, &values[i]);
    if (n > 1 && values[0].n && values[1].n && values[1].median > 0)
        fprintf(out, " %.2f |\n", values[0].median / values[1].median);
    else
        fprintf(out, " – |\n");
}

void report_versus_print(FILE *out, const json_t *document)
{
    const char *rows[ROWS_MAX], *subjects[VERSUS_SUBJECTS_MAX];
    unsigned n_rows = versus_rows(document, rows, ROWS_MAX);
    unsigned n = versus_subjects(document, NULL, subjects);

    fprintf(out, "| figure |");
    for (unsigned i = 0; i < n; i++)
        fprintf(out, " %s |", subjects[i]);
    if (n > 1)
        fprintf(out, " %s / %s |\n| --- |", subjects[0], subjects[1]);
    else
        fprintf(out, " ratio |\n| --- |");
    for (unsigned i = 0; i < n; i++)
        fprintf(out, " --- |");
    fprintf(out, " --- |\n");
    for (unsigned i = 0; i < n_rows; i++)
        for (unsigned j = 0; versus_figure_at(j); j++)
            figure_print(out, document, rows[i], subjects, n, versus_figure_at(j));
}
