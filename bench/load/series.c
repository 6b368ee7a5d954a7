#include "bench/load/series.h"

#define INTERVAL_MIN_NS UINT64_C(250000000)
#define POINTS_WANTED   120

void load_series_init(struct load_series *s, uint64_t duration_ns)
{
    *s = (struct load_series){.interval_ns = duration_ns / POINTS_WANTED};
    if (s->interval_ns < INTERVAL_MIN_NS)
        s->interval_ns = INTERVAL_MIN_NS;
}

void load_series_begin(struct load_series *s, uint64_t now_ns, uint64_t wall_ns,
                       const struct load_proc *proc)
{
    s->start_ns = now_ns;
    s->wall_start_ns = wall_ns;
    if (proc)
        s->last = *proc;
}

static struct load_point *point_at(struct load_series *s, uint64_t wall_ns)
{
    uint64_t i = s->start_ns && wall_ns >= s->wall_start_ns
                     ? (wall_ns - s->wall_start_ns) / s->interval_ns
                     : LOAD_POINTS_MAX;

    return i < LOAD_POINTS_MAX ? &s->points[i] : &s->points[LOAD_POINTS_MAX + 1]; /* not shown */
}

void load_series_sent(struct load_series *s, uint64_t wall_ns)
{
    point_at(s, wall_ns)->sent++;
}

void load_series_received(struct load_series *s, uint64_t sent_wall_ns, uint64_t delay_ns)
{
    point_at(s, sent_wall_ns)->received++;
    if (s->start_ns)
        load_histogram_put(&s->delay, delay_ns);
}

void load_series_late(struct load_series *s, uint64_t late_ns)
{
    if (s->start_ns)
        load_histogram_put(&s->late, late_ns);
}

bool load_series_is_due(const struct load_series *s, uint64_t now_ns)
{
    return s->start_ns && s->n < LOAD_POINTS_MAX &&
           now_ns >= s->start_ns + (s->n + 1) * s->interval_ns;
}

static void costs_write(struct load_point *p, const struct load_proc *now,
                        const struct load_proc *last, double us)
{
    double user = (double)(now->user_us - last->user_us);
    double system = (double)(now->system_us - last->system_us);

    p->user_share = user / us;
    p->system_share = system / us;
    p->cpu_share = now->cpu_ns > last->cpu_ns ? (double)(now->cpu_ns - last->cpu_ns) / 1000 / us
                                              : (user + system) / us;
    p->rss_bytes = now->rss_bytes;
    p->switches = now->switches - last->switches;
}

struct load_point *load_series_close(struct load_series *s, uint64_t now_ns,
                                     const struct load_proc *proc)
{
    struct load_point *p = &s->points[s->n++];

    p->t_s = (double)(now_ns - s->start_ns) / 1e9;
    p->p50_us = (double)load_histogram_at(&s->delay, 0.5) / 1000;
    p->p99_us = (double)load_histogram_at(&s->delay, 0.99) / 1000;
    p->max_us = (double)s->delay.max_ns / 1000;
    p->late_p99_us = (double)load_histogram_at(&s->late, 0.99) / 1000;
    p->user_share = p->system_share = p->cpu_share = -1;
    if (proc) {
        costs_write(p, proc, &s->last, (double)s->interval_ns / 1000);
        s->last = *proc;
    }
    s->delay = (struct load_histogram){0};
    s->late = (struct load_histogram){0};
    return p;
}
