#include "bench/report/chart.h"

#include <math.h>
#include <string.h>

#define WIDTH     520.0
#define HEIGHT    230.0
#define LEFT      58.0
#define RIGHT     14.0
#define TOP       14.0
#define BOTTOM    38.0
#define TICKS     5
#define BAR       24.0
#define BAR_LEFT  190.0
#define BAR_RIGHT 110.0

void chart_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else if ((unsigned char)*text >= ' ')
            fputc(*text, out);
    }
}

void chart_number(FILE *out, double value)
{
    char digits[40];

    if (fabs(value) < 1000 && value != floor(value)) {
        fprintf(out, fabs(value) < 100 ? "%.3g" : "%.0f", value);
        return;
    }
    snprintf(digits, sizeof(digits), "%.0f", fabs(value));
    size_t n = strlen(digits);
    if (value < 0)
        fputs("−", out);
    for (size_t i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            fputc(',', out);
        fputc(digits[i], out);
    }
}

/* ---- axes -------------------------------------------------------------------------------------
 */

struct scale {
    double low, high, step;
    bool is_log;
};

/* 1, 2 or 5 times a power of ten: about TICKS steps to the top. */
static double nice_step(double top)
{
    double raw = top / TICKS, power = pow(10, floor(log10(raw)));

    return power * (raw / power <= 1 ? 1 : raw / power <= 2 ? 2 : raw / power <= 5 ? 5 : 10);
}

static struct scale scale_y(const struct chart *c)
{
    double top = fmax(c->y_top, c->y_limit * 1.1);

    for (unsigned i = 0; i < c->n_lines; i++)
        for (unsigned j = 0; j < c->lines[i].n; j++)
            top = fmax(top, c->lines[i].y[j]);
    if (top <= 0)
        top = 1;
    double step = nice_step(top);
    return (struct scale){.low = 0, .high = ceil(top / step) * step, .step = step};
}

static struct scale scale_x(const struct chart *c)
{
    double low = INFINITY, high = -INFINITY;

    for (unsigned i = 0; i < c->n_lines; i++) {
        for (unsigned j = 0; j < c->lines[i].n; j++) {
            low = fmin(low, c->lines[i].x[j]);
            high = fmax(high, c->lines[i].x[j]);
        }
    }
    if (low > high)
        low = 0, high = 1;
    if (c->is_log_x)
        return (struct scale){.low = pow(10, floor(log10(fmax(low, 0.1)))),
                              .high = pow(10, ceil(log10(fmax(high, 1)))),
                              .step = 10,
                              .is_log = true};
    low = low > 0 && low < high / 3 ? 0 : low;
    if (high <= low)
        high = low + 1;
    return (struct scale){.low = low, .high = high, .step = nice_step(high - low)};
}

static double at(const struct scale *s, double value)
{
    if (s->is_log)
        return log(fmax(value, s->low) / s->low) / log(s->high / s->low);
    return (value - s->low) / (s->high - s->low);
}

static double x_at(const struct scale *s, double value)
{
    return LEFT + at(s, value) * (WIDTH - LEFT - RIGHT);
}

static double y_at(const struct scale *s, double value)
{
    return HEIGHT - BOTTOM - at(s, value) * (HEIGHT - TOP - BOTTOM);
}

/* Multiples of the step, or powers of ten. */
static double tick_x(const struct scale *x, unsigned i)
{
    return x->is_log ? x->low * pow(10, i) : (ceil(x->low / x->step) + i) * x->step;
}

static unsigned ticks_x(const struct scale *x)
{
    unsigned n = 0;

    while (n < 4 * TICKS && tick_x(x, n) <= x->high * 1.0001)
        n++;
    return n;
}

static void axes_draw(FILE *out, const struct chart *c, const struct scale *x,
                      const struct scale *y)
{
    unsigned n_y = (unsigned)(y->high / y->step + 0.5);
    for (unsigned i = 0; i <= n_y; i++) {
        double v = i * y->step;

        fprintf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
                WIDTH - RIGHT, y_at(y, v), y_at(y, v));
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 6, y_at(y, v) + 4);
        chart_number(out, v);
        fputs("</text>", out);
    }
    unsigned n_x = ticks_x(x);
    for (unsigned i = 0; i < n_x; i++) {
        double v = tick_x(x, i);

        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                fmin(x_at(x, v), WIDTH - 24), HEIGHT - BOTTOM + 15);
        chart_number(out, v);
        fputs("</text>", out);
    }
    fprintf(out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", WIDTH - RIGHT,
            HEIGHT - 6);
    chart_text(out, c->x_name);
    fprintf(out, "</text><text class=\"name\" x=\"%.1f\" y=\"10\">", LEFT);
    chart_text(out, c->y_name);
    fputs("</text>", out);
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static void line_draw(FILE *out, const struct chart_line *l, const struct scale *x,
                      const struct scale *y)
{
    bool is_down = false;

    if (!l->n)
        return;
    fprintf(out, "<path fill=\"%s\" fill-opacity=\"%s\" stroke=\"%s\" d=\"",
            l->is_area ? l->color : "none", l->is_area ? "0.18" : "1", l->color);
    if (l->is_area)
        fprintf(out, "M%.1f %.1f", x_at(x, l->x[0]), y_at(y, 0));
    is_down = l->is_area;
    for (unsigned i = 0; i < l->n; i++) {
        if (l->y[i] < 0) {
            is_down = false;
            continue;
        }
        fprintf(out, "%s%.1f %.1f", is_down ? "L" : "M", x_at(x, l->x[i]), y_at(y, l->y[i]));
        is_down = true;
    }
    if (l->is_area)
        fprintf(out, "L%.1f %.1fZ", x_at(x, l->x[l->n - 1]), y_at(y, 0));
    fputs("\"/>", out);
}

static void limit_draw(FILE *out, const struct chart *c, const struct scale *y)
{
    if (c->y_limit <= 0)
        return;
    fprintf(out,
            "<line class=\"limit\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
            "<text class=\"limit\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
            LEFT, WIDTH - RIGHT, y_at(y, c->y_limit), y_at(y, c->y_limit), WIDTH - RIGHT - 2,
            y_at(y, c->y_limit) - 4);
    chart_text(out, c->limit_name);
    fputs("</text>", out);
}

static void shade_draw(FILE *out, const struct chart *c, const struct scale *x)
{
    if (c->shade_from >= c->shade_to)
        return;
    double from = x_at(x, c->shade_from), to = x_at(x, c->shade_to);
    fprintf(out,
            "<rect class=\"shade\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
            "<text class=\"shade\" x=\"%.1f\" y=\"%.1f\">",
            from, TOP, to - from, HEIGHT - TOP - BOTTOM, from + 4, TOP + 13);
    chart_text(out, c->shade_name);
    fputs("</text>", out);
}

static void legend_draw(FILE *out, const struct chart *c)
{
    fputs("<figcaption><b>", out);
    chart_text(out, c->title);
    fputs("</b>", out);
    for (unsigned i = 0; i < c->n_lines && c->n_lines > 1; i++) {
        fprintf(out, " <span class=\"key\"><i style=\"background:%s\"></i>", c->lines[i].color);
        chart_text(out, c->lines[i].name);
        fputs("</span>", out);
    }
    if (c->note) {
        fputs("<small>", out);
        chart_text(out, c->note);
        fputs("</small>", out);
    }
    fputs("</figcaption>", out);
}

void chart_draw(FILE *out, const struct chart *c)
{
    struct scale x = scale_x(c), y = scale_y(c);

    fputs("<figure>", out);
    legend_draw(out, c);
    fprintf(out, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">", WIDTH, HEIGHT);
    shade_draw(out, c, &x);
    axes_draw(out, c, &x, &y);
    for (unsigned i = 0; i < c->n_lines; i++)
        line_draw(out, &c->lines[i], &x, &y);
    limit_draw(out, c, &y);
    fputs("</svg></figure>\n", out);
}

/* ---- bars -------------------------------------------------------------------------------------
 */

static void bar_draw(FILE *out, const struct chart_bar *b, double y, double per_unit)
{
    double end = BAR_LEFT + b->value * per_unit;

    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", BAR_LEFT - 8, y + 15);
    chart_text(out, b->name);
    fputs("</text>", out);
    if (!b->is_known) {
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"name\">not measured</text>", BAR_LEFT,
                y + 15);
        return;
    }
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"16\" rx=\"2\" fill=\"%s\"/>",
            BAR_LEFT, y + 3, fmax(end - BAR_LEFT, 1), b->color);
    if (b->high > b->low)
        fprintf(out, "<line class=\"whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                BAR_LEFT + b->low * per_unit, BAR_LEFT + b->high * per_unit, y + 11, y + 11);
    fprintf(out, "<text class=\"value\" x=\"%.1f\" y=\"%.1f\">",
            BAR_LEFT + fmax(b->high, b->value) * per_unit + 6, y + 15);
    chart_number(out, b->value);
    if (b->high > b->low && b->value > 0)
        fprintf(out, " <tspan class=\"name\">±%.0f %%</tspan>",
                (b->high - b->low) / 2 / b->value * 100);
    fputs("</text>", out);
}

void chart_bars(FILE *out, const char *title, const char *unit, const struct chart_bar *bars,
                unsigned n)
{
    double top = 0;

    for (unsigned i = 0; i < n; i++)
        if (bars[i].is_known)
            top = fmax(top, fmax(bars[i].value, bars[i].high));
    fputs("<figure><figcaption><b>", out);
    chart_text(out, title);
    fputs("</b>", out);
    if (*unit) {
        fputs(" <span class=\"unit\">", out);
        chart_text(out, unit);
        fputs("</span>", out);
    }
    fprintf(out, "</figcaption><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">", WIDTH, BAR * n + 6);
    for (unsigned i = 0; i < n; i++)
        bar_draw(out, &bars[i], BAR * i + 2, top > 0 ? (WIDTH - BAR_LEFT - BAR_RIGHT) / top : 0);
    fputs("</svg></figure>\n", out);
}
