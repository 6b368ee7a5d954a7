#include <math.h>
#include <string.h>

#include "bench/report/chart.h"
#include "bench/report/html_internal.h"

#define BINS            48
#define USER_INTERVAL_S 1.0 /* user time is counted in ticks of 10 ms: too coarse below */

/* ---- verdict and cards ------------------------------------------------------------------------
 */

static void verdict_write(FILE *out, const json_t *d)
{
    const json_t *limit, *limits = json_object_get(d, "limits"),
                         *media = json_object_get(d, "media");
    bool is_good = json_is_true(json_object_get(d, "status"));
    const char *problem = html_string(d, "problem");
    size_t i, n_exceeded = 0;

    json_array_foreach(limits, i, limit) n_exceeded +=
        json_is_false(json_object_get(limit, "holds"));
    fprintf(out, "<p><span class=\"verdict %s\">%s</span>", is_good ? "good" : "bad",
            is_good ? "passed" : "failed");
    if (*problem) {
        chart_text(out, problem);
    } else if (n_exceeded) {
        fprintf(out, "%zu of %zu limits exceeded.", n_exceeded, json_array_size(limits));
    } else if (json_is_false(json_object_get(media, "is_clean"))) {
        fputs("Some packets came back wrong, see below.", out);
    } else if (json_array_size(limits)) {
        fprintf(out, "All %zu limits hold.", json_array_size(limits));
    } else {
        fputs("The scenario sets no limits.", out);
    }
    fputs("</p>\n", out);
    if (html_number(media, "generator_calls_max") > 0)
        fprintf(out,
                "<p class=\"muted\">The load generator was busy for %.0f %% of the time: about "
                "%.0f calls of this kind are its own limit on this CPU.</p>\n",
                100 * html_number(media, "generator_busy_share"),
                html_number(media, "generator_calls_max"));
    if (json_is_false(json_object_get(media, "is_paced")))
        fputs("<p><span class=\"verdict bad\">not paced</span>The load generator was late itself: "
              "delay and loss may be its own.</p>\n",
              out);
}

static void card(FILE *out, double value, const char *unit, const char *what)
{
    if (value < 0)
        return;
    fputs("<div class=\"card\"><b>", out);
    chart_number(out, value);
    fputs(" ", out);
    chart_text(out, unit);
    fputs("</b><span>", out);
    chart_text(out, what);
    fputs("</span></div>", out);
}

static double least_score(const json_t *d)
{
    const json_t *score;
    double least = -1;
    size_t i;

    json_array_foreach(json_object_get(d, "scores"), i,
                       score) if (least < 0 || html_number(score, "stoi") < least) least =
        html_number(score, "stoi");
    return least;
}

static double scaled(double value, double scale)
{
    return value < 0 ? -1 : value * scale;
}

static void cards_write(FILE *out, const json_t *d)
{
    const json_t *media = json_object_get(d, "media"), *relay = json_object_get(d, "relay");
    const json_t *control = json_object_get(d, "control");
    const json_t *delay = json_object_get(media, "delay_us");

    fputs("<div class=\"cards\">", out);
    card(out, html_number(control, "calls"), "calls", "at the begin");
    card(out, scaled(html_number(media, "loss"), 100), "%", "of the packets lost");
    card(out, html_number(delay, "p50"), "µs", "delay, median");
    card(out, html_number(delay, "p99"), "µs", "delay, p99");
    card(out, html_number(relay, "cpu_us_per_packet"), "µs", "CPU a packet");
    card(out, scaled(html_number(relay, "cpu_share"), 100), "%", "of one core");
    card(out, scaled(html_number(relay, "rss_bytes_per_call"), 1.0 / 1024), "KB", "memory a call");
    card(out, html_number(control, "set_ups_per_s"), "/s", "set-ups a second");
    card(out, html_number(json_object_get(control, "first_media_us"), "p50") / 1000, "ms",
         "from offer to media, median");
    card(out, least_score(d), "STOI", "speech understood, the worst call (1: all)");
    fputs("</div>\n", out);
}

/* ---- charts over time -------------------------------------------------------------------------
 */

struct columns {
    unsigned n;
    double t[CHART_POINTS_MAX], p50[CHART_POINTS_MAX], p99[CHART_POINTS_MAX],
        loss[CHART_POINTS_MAX], cpu[CHART_POINTS_MAX], user[CHART_POINTS_MAX],
        rss[CHART_POINTS_MAX], calls[CHART_POINTS_MAX];
    double attack_from, attack_to;
    bool has_cpu;
};

static double loss_of(const json_t *p)
{
    double sent = html_number(p, "sent"), received = html_number(p, "received");

    return sent > 0 ? fmax(0, 100 * (sent - received) / sent) : -1;
}

static void columns_read(struct columns *c, const json_t *d)
{
    const json_t *p;
    size_t i;

    memset(c, 0, sizeof(*c));
    json_array_foreach(json_object_get(d, "series"), i, p)
    {
        if (c->n == CHART_POINTS_MAX)
            break;
        c->t[c->n] = html_number(p, "t");
        c->p50[c->n] = html_number(p, "p50_us");
        c->p99[c->n] = html_number(p, "p99_us");
        c->loss[c->n] = loss_of(p);
        c->cpu[c->n] = scaled(html_number(p, "cpu"), 100);
        c->user[c->n] = scaled(html_number(p, "user"), 100);
        c->rss[c->n] = html_number(p, "rss") / 1048576;
        c->calls[c->n] = html_number(p, "calls");
        c->has_cpu |= c->cpu[c->n] >= 0;
        if (json_is_true(json_object_get(p, "attacked"))) {
            if (c->attack_from <= 0)
                c->attack_from = c->n ? c->t[c->n - 1] : 0;
            c->attack_to = c->t[c->n];
        }
        c->n++;
    }
}

static struct chart over_time(const struct columns *c, const char *title, const char *y_name)
{
    return (struct chart){.title = title,
                          .x_name = "seconds",
                          .y_name = y_name,
                          .shade_from = c->attack_from,
                          .shade_to = c->attack_to,
                          .shade_name = "under attack"};
}

static void line_put(struct chart *chart, const struct columns *c, const double *y,
                     const char *name, const char *color, bool is_area)
{
    chart->lines[chart->n_lines++] = (struct chart_line){
        .name = name, .color = color, .x = c->t, .y = y, .n = c->n, .is_area = is_area};
}

static double limit_of(const json_t *d, const char *key)
{
    const json_t *limit;
    size_t i;

    json_array_foreach(json_object_get(d, "limits"), i,
                       limit) if (strcmp(html_string(limit, "key"), key) ==
                                  0) return html_number(limit, "limit");
    return 0;
}

static void delay_chart(FILE *out, const struct columns *c)
{
    struct chart chart = over_time(c, "Delay over time", "µs");

    line_put(&chart, c, c->p99, "p99", ORANGE, false);
    line_put(&chart, c, c->p50, "median", BLUE, false);
    chart_draw(out, &chart);
}

static void cost_charts(FILE *out, const struct columns *c)
{
    struct chart chart = over_time(c, "CPU of the relay", "% of one core");

    if (!c->has_cpu)
        return;
    chart.y_top = 10;
    line_put(&chart, c, c->cpu, "all", BLUE, true);
    if (c->n > 1 && c->t[1] - c->t[0] >= USER_INTERVAL_S)
        line_put(&chart, c, c->user, "user", GREEN, false);
    chart_draw(out, &chart);
    chart = over_time(c, "Memory of the relay", "MB resident");
    line_put(&chart, c, c->rss, "MB", GREEN, true);
    chart_draw(out, &chart);
}

/* ---- the histogram ----------------------------------------------------------------------------
 */

struct bins {
    double x[BINS], share[BINS];
    double low, high, n;
};

/* The range that all but one packet in a thousand are in, at each end. */
static void bins_range(struct bins *b, const json_t *histogram)
{
    const json_t *bucket;
    double seen = 0;
    size_t i;

    json_array_foreach(histogram, i, bucket) b->n += json_number_value(json_array_get(bucket, 1));
    json_array_foreach(histogram, i, bucket)
    {
        double top = json_number_value(json_array_get(bucket, 0));

        seen += json_number_value(json_array_get(bucket, 1));
        if (seen < b->n / 1000 || b->low <= 0)
            b->low = top;
        b->high = top;
        if (seen > b->n * 0.999)
            break;
    }
    b->low = pow(10, floor(log10(fmax(b->low, 0.1))));
    b->high = fmax(pow(10, ceil(log10(fmax(b->high, 1)))), 10 * b->low);
}

static void histogram_chart(FILE *out, const json_t *d)
{
    const json_t *bucket,
        *histogram = json_object_get(json_object_get(d, "media"), "delay_histogram");
    struct bins b = {0};
    size_t i;

    if (!json_array_size(histogram))
        return;
    bins_range(&b, histogram);
    for (unsigned k = 0; k < BINS; k++)
        b.x[k] = b.low * pow(b.high / b.low, (k + 0.5) / BINS);
    json_array_foreach(histogram, i, bucket)
    {
        double top = json_number_value(json_array_get(bucket, 0));
        double k = log(fmax(top, b.low) / b.low) / log(b.high / b.low) * BINS;

        if (isnan(k))
            continue;
        b.share[k >= BINS ? BINS - 1
                : k < 0   ? 0
                        : (unsigned)k] += 100 * json_number_value(json_array_get(bucket, 1)) / b.n;
    }
    struct chart chart = {.title = "How long packets took",
                          .note = "Each point is the share of packets around that delay; the axis "
                                  "is logarithmic.",
                          .x_name = "delay [µs]",
                          .y_name = "% of the packets",
                          .is_log_x = true,
                          .n_lines = 1};
    chart.lines[0] = (struct chart_line){
        .name = "share", .color = BLUE, .x = b.x, .y = b.share, .n = BINS, .is_area = true};
    chart_draw(out, &chart);
}

static void charts_write(FILE *out, const json_t *d)
{
    struct columns c;

    columns_read(&c, d);
    fputs("<div class=\"charts\">", out);
    if (c.n > 1) {
        struct chart loss = over_time(&c, "Loss over time", "% of the packets");
        struct chart calls = over_time(&c, "Calls", "calls with media");

        delay_chart(out, &c);
        histogram_chart(out, d);
        loss.y_top = 0.1;
        loss.y_limit = limit_of(d, "loss");
        loss.limit_name = "limit of the whole run";
        line_put(&loss, &c, c.loss, "lost", RED, true);
        chart_draw(out, &loss);
        cost_charts(out, &c);
        line_put(&calls, &c, c.calls, "calls", BLUE, true);
        chart_draw(out, &calls);
    } else {
        histogram_chart(out, d);
    }
    fputs("</div>\n", out);
}

void html_run(FILE *out, const json_t *d)
{
    verdict_write(out, d);
    cards_write(out, d);
    charts_write(out, d);
    html_tables(out, d);
}
