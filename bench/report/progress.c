#include "bench/report/progress.h"

#include <unistd.h>

#define PLAIN_LINES 20

void report_progress_init(struct report_progress *p, FILE *out, double seconds)
{
    *p = (struct report_progress){.out = out, .seconds = seconds};
    p->is_terminal = out && isatty(fileno(out));
}

/* The last interval's packets are still under way: loss is that of the one before. */
static double loss_percent(const struct load_series *s)
{
    const struct load_point *p = s->n > 1 ? &s->points[s->n - 2] : NULL;

    return p && p->sent > p->received ? 100 * (double)(p->sent - p->received) / (double)p->sent : 0;
}

void report_progress_put(struct report_progress *p, const struct load_point *point,
                         const struct load_series *s)
{
    if (!p->out || (!p->is_terminal && point->t_s < p->next_s))
        return;
    while (p->next_s <= point->t_s)
        p->next_s += p->seconds / PLAIN_LINES;
    fprintf(p->out,
            "%s%6.1f of %.0f s  %u calls  %.0f packets/s  loss %.3f %%  p50 %.0f  p99 %.0f us",
            p->is_terminal ? "\r\033[K" : "", point->t_s, p->seconds, point->calls,
            (double)point->sent * 1e9 / (double)s->interval_ns, loss_percent(s), point->p50_us,
            point->p99_us);
    if (point->cpu_share >= 0)
        fprintf(p->out, "  CPU %.0f %%  %.1f MB", 100 * point->cpu_share,
                (double)point->rss_bytes / 1048576);
    if (point->set_ups)
        fprintf(p->out, "  %llu set-ups", (unsigned long long)point->set_ups);
    if (point->failures)
        fprintf(p->out, "  %llu FAILED", (unsigned long long)point->failures);
    if (point->is_attacked)
        fprintf(p->out, "  under attack");
    if (!p->is_terminal)
        fprintf(p->out, "\n");
    fflush(p->out);
}

void report_progress_end(struct report_progress *p)
{
    if (p->out && p->is_terminal)
        fprintf(p->out, "\r\033[K");
}
