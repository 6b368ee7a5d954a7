#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/report/chart.h"
#include "bench/report/html_internal.h"
#include "bench/report/versus.h"

#define ROWS_MAX 32

static const char *const colors[] = {BLUE, ORANGE, "#8a94a3", "#b9c0ca", GREEN, "#7c5ba8"};
#define COLORS (sizeof(colors) / sizeof(colors[0]))

/* Figures that a chart is worth; the table has all of them. */
static bool is_drawn(const struct versus_figure *f)
{
    static const char *const names[] = {"CPU a packet", "memory a call",    "delay p50",
                                        "delay p99",    "set-ups a second", "capacity",
                                        "offer p99",    "score (STOI)"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(f->name, names[i]) == 0)
            return true;
    return false;
}

/* Rows and subjects have short names in a document, and may have long ones beside them. */
static const char *title_of(const json_t *d, const char *name)
{
    const char *title = html_string(json_object_get(d, "titles"), name);

    return *title ? title : name;
}

/* Packets that were lost on purpose leave the delay of transcoded ones a guess. */
static bool is_guess(const json_t *d, const char *row, const struct versus_figure *f)
{
    const json_t *run;
    size_t i;

    if (strncmp(f->name, "delay", 5) != 0)
        return false;
    json_array_foreach(json_object_get(d, "runs"), i, run)
    {
        const json_t *media = json_object_get(json_object_get(run, "figures"), "media");

        if (strcmp(html_string(run, "row"), row) == 0 && html_number(media, "dropped_before") > 0)
            return true;
    }
    return false;
}

static unsigned values_read(struct versus_value *values, const json_t *d, const char *row,
                            const char *const *subjects, unsigned n, const struct versus_figure *f)
{
    unsigned n_known = 0;

    for (unsigned i = 0; i < n; i++) {
        values[i] = versus_value_of(d, row, subjects[i], f);
        n_known += values[i].n > 0;
    }
    return n_known;
}

static void bars_write(FILE *out, const json_t *d, const char *row, const char *const *subjects,
                       unsigned n, const struct versus_figure *f)
{
    struct versus_value values[VERSUS_SUBJECTS_MAX];
    struct chart_bar bars[VERSUS_SUBJECTS_MAX];
    unsigned n_bars = 0;

    if (!is_drawn(f) || is_guess(d, row, f) || values_read(values, d, row, subjects, n, f) < 2)
        return;
    for (unsigned i = 0; i < n; i++)
        if (values[i].n)
            bars[n_bars++] = (struct chart_bar){.name = title_of(d, subjects[i]),
                                                .color = colors[i % COLORS],
                                                .value = values[i].median,
                                                .low = values[i].low,
                                                .high = values[i].high,
                                                .is_known = true};
    chart_bars(out, f->name, f->unit, bars, n_bars);
}

static void cell_write(FILE *out, const struct versus_value *v)
{
    if (!v->n) {
        fputs("<td>–</td>", out);
        return;
    }
    fputs("<td>", out);
    chart_number(out, v->median >= 100 ? round(v->median) : v->median);
    if (v->n > 1 && v->median > 0)
        fprintf(out, " <small>±%.0f %%</small>", (v->high - v->low) / 2 / v->median * 100);
    fputs("</td>", out);
}

static void figure_write(FILE *out, const json_t *d, const char *row, const char *const *subjects,
                         unsigned n, const struct versus_figure *f)
{
    struct versus_value values[VERSUS_SUBJECTS_MAX];

    if (!values_read(values, d, row, subjects, n, f))
        return;
    fputs("<tr><td>", out);
    chart_text(out, title_of(d, row));
    fputs(": ", out);
    chart_text(out, f->name);
    fprintf(out, " <small>%s</small></td>", f->unit);
    for (unsigned i = 0; i < n; i++)
        cell_write(out, &values[i]);
    if (n > 1 && values[0].n && values[1].n && values[1].median > 0)
        fprintf(out, "<td class=\"best\">%.2f</td></tr>", values[0].median / values[1].median);
    else
        fputs("<td>–</td></tr>", out);
}

static void table_write(FILE *out, const json_t *d, const char *const *rows, unsigned n_rows,
                        const char *const *subjects, unsigned n)
{
    fputs("<h2>All figures</h2><p class=\"muted\">Median of the runs; ± is half the way from the "
          "lowest to the highest.</p><table><tr><th></th>",
          out);
    for (unsigned i = 0; i < n; i++) {
        fputs("<th>", out);
        chart_text(out, title_of(d, subjects[i]));
        fputs("</th>", out);
    }
    fputs("<th>", out);
    if (n > 1) {
        chart_text(out, subjects[0]);
        fputs(" / ", out);
        chart_text(out, subjects[1]);
    }
    fputs("</th></tr>", out);
    for (unsigned i = 0; i < n_rows; i++)
        for (unsigned j = 0; versus_figure_at(j); j++)
            figure_write(out, d, rows[i], subjects, n, versus_figure_at(j));
    fputs("</table>\n", out);
}

/* The first search of each subject of a row. */
static void curves_write(FILE *out, const json_t *d, const char *row)
{
    const json_t *run;
    size_t i;

    json_array_foreach(json_object_get(d, "runs"), i, run)
    {
        const json_t *figures = json_object_get(run, "figures");

        if (html_number(run, "run") <= 1 && strcmp(html_string(run, "row"), row) == 0 &&
            json_object_get(figures, "steps"))
            html_steps(out, title_of(d, html_string(run, "subject")), figures);
    }
}

static void row_write(FILE *out, const json_t *d, const char *row)
{
    const char *subjects[VERSUS_SUBJECTS_MAX];
    unsigned n = versus_subjects(d, row, subjects);

    fputs("<h2>", out);
    chart_text(out, title_of(d, row));
    fputs("</h2><div class=\"charts\">", out);
    for (unsigned j = 0; versus_figure_at(j); j++)
        bars_write(out, d, row, subjects, n, versus_figure_at(j));
    curves_write(out, d, row);
    fputs("</div>\n", out);
}

/* What makes the figures of a run doubtful. @param out  NULL: only asks. @return how many reasons
 */
static unsigned reasons_write(FILE *out, const json_t *figures)
{
    const json_t *media = json_object_get(figures, "media");
    const struct {
        bool is_so;
        const char *words;
    } reasons[] = {
        {json_is_false(json_object_get(media, "is_clean")), "packets were not right"},
        {json_is_false(json_object_get(media, "is_paced")), "the generator was late"},
        {json_is_true(json_object_get(figures, "is_lower_bound")),
         "a lower bound: the generator's limit"},
        {*html_string(figures, "problem"), html_string(figures, "problem")},
    };
    unsigned n = 0;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (!reasons[i].is_so)
            continue;
        if (out) {
            fputs(n ? "; " : ": ", out);
            chart_text(out, reasons[i].words);
        }
        n++;
    }
    return n;
}

static void doubts_write(FILE *out, const json_t *d)
{
    const json_t *run;
    bool is_any = false;
    size_t i;

    json_array_foreach(json_object_get(d, "runs"), i, run)
    {
        const json_t *figures = json_object_get(run, "figures");

        if (!reasons_write(NULL, figures))
            continue;
        fputs(is_any ? "<li>" : "<h2>Doubts</h2><ul><li>", out);
        is_any = true;
        chart_text(out, title_of(d, html_string(run, "row")));
        fputs(", ", out);
        chart_text(out, title_of(d, html_string(run, "subject")));
        fprintf(out, ", run %.0f", html_number(run, "run"));
        (void)reasons_write(out, figures);
        fputs("</li>", out);
    }
    if (is_any)
        fputs("</ul>\n", out);
}

void html_versus(FILE *out, const json_t *d)
{
    const char *rows[ROWS_MAX], *subjects[VERSUS_SUBJECTS_MAX];
    unsigned n_rows = versus_rows(d, rows, ROWS_MAX);
    unsigned n = versus_subjects(d, NULL, subjects);

    fputs(
        "<p>The same work, in turn. Shorter bars are better for CPU, delay and memory, longer ones "
        "for set-ups, capacity and score; the thin line is the spread of the runs.</p>\n",
        out);
    for (unsigned i = 0; i < n_rows; i++)
        row_write(out, d, rows[i]);
    table_write(out, d, rows, n_rows, subjects, n);
    doubts_write(out, d);
}
