#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/chart.h"
#include "bench/report/html_internal.h"

#define STEPS_MAX 64

struct step {
    double calls, loss, p99_ms, cpu;
};

static int compare(const void *a, const void *b)
{
    double x = ((const struct step *)a)->calls, y = ((const struct step *)b)->calls;

    if (x != y)
        return (x > y) - (x < y);
    x = ((const struct step *)a)->loss + ((const struct step *)a)->p99_ms;
    y = ((const struct step *)b)->loss + ((const struct step *)b)->p99_ms;
    return (x > y) - (x < y);
}

static unsigned steps_read(struct step steps[STEPS_MAX], const json_t *figures)
{
    const json_t *step;
    unsigned n = 0;
    size_t i;

    json_array_foreach(json_object_get(figures, "steps"), i, step) if (n < STEPS_MAX) steps[n++] =
        (struct step){.calls = html_number(step, "calls"),
                      .loss = 100 * html_number(step, "loss"),
                      .p99_ms = html_number(step, "p99_us") / 1000,
                      .cpu = html_number(step, "cpu")};
    qsort(steps, n, sizeof(steps[0]), compare);
    unsigned n_kept = 0;
    for (unsigned k = 0; k < n; k++) /* of a number that was tried twice, the better one */
        if (!n_kept || steps[n_kept - 1].calls < steps[k].calls)
            steps[n_kept++] = steps[k];
    return n_kept;
}

void html_steps(FILE *out, const char *title, const json_t *figures)
{
    struct step steps[STEPS_MAX] = {0};
    unsigned n = steps_read(steps, figures);
    double calls[STEPS_MAX], loss[STEPS_MAX], p99[STEPS_MAX], cpu[STEPS_MAX];
    struct chart chart = {.title = title,
                          .note = "Each number of calls that was tried, and what it came to; delay "
                                  "in ms is cut off at 20, loss in % likewise.",
                          .x_name = "calls",
                          .y_name = "ms, %",
                          .y_limit = 10,
                          .limit_name = "p99 that is too much",
                          .n_lines = 2};

    if (n < 2)
        return;
    for (unsigned i = 0; i < n; i++) {
        calls[i] = steps[i].calls;
        loss[i] = steps[i].loss > 20 ? 20 : steps[i].loss;
        p99[i] = steps[i].p99_ms > 20 ? 20 : steps[i].p99_ms;
        cpu[i] = steps[i].cpu < 0 ? -1 : 100 * steps[i].cpu;
    }
    chart.lines[0] = (struct chart_line){
        .name = "delay p99 [ms]", .color = ORANGE, .x = calls, .y = p99, .n = n};
    chart.lines[1] =
        (struct chart_line){.name = "loss [%]", .color = RED, .x = calls, .y = loss, .n = n};
    chart_draw(out, &chart);
    if (cpu[0] < 0)
        return;
    chart = (struct chart){.title = title,
                           .note = "CPU of the relay.",
                           .x_name = "calls",
                           .y_name = "% of one core",
                           .y_top = 100,
                           .n_lines = 1};
    chart.lines[0] = (struct chart_line){
        .name = "CPU", .color = BLUE, .x = calls, .y = cpu, .n = n, .is_area = true};
    chart_draw(out, &chart);
}

void html_capacity(FILE *out, const json_t *d)
{
    bool is_bound = json_is_true(json_object_get(d, "is_lower_bound"));

    fprintf(out, "<div class=\"cards\"><div class=\"card\"><b>%s", is_bound ? "≥ " : "");
    chart_number(out, html_number(d, "capacity"));
    fputs(" calls</b><span>at most 0.1 % lost and a p99 of at most 10 ms</span></div></div>", out);
    if (is_bound)
        fputs("<p>A lower bound: it was the generator that could not keep its pace, or --max-calls "
              "that ended the search.</p>",
              out);
    fputs("<div class=\"charts\">", out);
    html_steps(out, "Capacity", d);
    fputs("</div>\n", out);
}
