#include "bench/load/run.h"

#define LATE_P99_NS  2000000 /* a tenth of the interval */
#define GROWTH_MIN_S 60      /* in less, a page more or less is megabytes an hour */

uint64_t load_lost(uint64_t sent, uint64_t received)
{
    return sent > received ? sent - received : 0;
}

double load_half_loss_percent(const struct load_half *h)
{
    return h->sent ? 100 * (double)load_lost(h->sent, h->received) / (double)h->sent : 0;
}

double load_result_loss(const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;

    return m->sent ? (double)load_lost(m->sent, m->received) / (double)m->sent : 1;
}

/* As the scheduler counts it where it does (CONFIG_SCHED_INFO), else in ticks. */
static double cpu_us(const struct load_result *r)
{
    if (r->begin.cpu_ns && r->end.cpu_ns > r->begin.cpu_ns)
        return (double)(r->end.cpu_ns - r->begin.cpu_ns) / 1000;
    return (double)(r->end.user_us + r->end.system_us) -
           (double)(r->begin.user_us + r->begin.system_us);
}

double load_result_cpu_us(const struct load_result *r)
{
    return r->has_proc && r->media.sent ? cpu_us(r) / (double)r->media.sent : -1;
}

double load_result_cpu_share(const struct load_result *r)
{
    double us = (double)r->media.duration_ns / 1000;

    return r->has_proc && us > 0 ? cpu_us(r) / us : -1;
}

double load_result_rss_bytes(const struct load_result *r)
{
    if (!r->has_proc || !r->n_up || !r->idle.rss_bytes || !r->signalled.rss_bytes)
        return -1;
    return ((double)r->signalled.rss_bytes - (double)r->idle.rss_bytes) / r->n_up;
}

/* The slope of a straight line through the points of the second half: least squares. */
double load_result_growth_kb_hour(const struct load_result *r)
{
    const struct load_series *s = &r->series;
    double n = 0, sum_t = 0, sum_v = 0, sum_tt = 0, sum_tv = 0;

    for (unsigned i = s->n / 2; i < s->n; i++) {
        double t = s->points[i].t_s / 3600, v = (double)s->points[i].rss_bytes / 1024;

        if (!s->points[i].rss_bytes)
            continue;
        n++;
        sum_t += t;
        sum_v += v;
        sum_tt += t * t;
        sum_tv += t * v;
    }
    double below = n * sum_tt - sum_t * sum_t;
    double half_s = s->n ? s->points[s->n - 1].t_s - s->points[s->n / 2].t_s : 0;
    return half_s >= GROWTH_MIN_S && below > 0 ? (n * sum_tv - sum_t * sum_v) / below
                                               : LOAD_GROWTH_UNKNOWN;
}

double load_result_set_ups_per_s(const struct load_result *r)
{
    return r->set_up_ns ? r->n_up * 1e9 / (double)r->set_up_ns : 0;
}

double load_result_score(const struct load_result *r)
{
    double least = -1;

    for (unsigned i = 0; i < r->n_scores; i++)
        if (least < 0 || r->scores[i].stoi < least)
            least = r->scores[i].stoi;
    return least;
}

uint64_t load_result_asked(const struct load_result *r)
{
    return r->n_calls + r->churn.begun + r->churn.blocked;
}

uint64_t load_result_failed(const struct load_result *r)
{
    uint64_t early = r->n_calls > r->n_up ? r->n_calls - r->n_up : 0;

    return early + r->churn.failed + r->churn.blocked + r->media.ice_failed;
}

unsigned load_result_offer_max(const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;

    return m->busy_ns ? (unsigned)((double)r->n_calls * (double)m->duration_ns / (double)m->busy_ns)
                      : 0;
}

/* Packets that we doubled or replayed may come twice: without SRTP a relay cannot tell. */
bool load_result_is_clean(const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;
    uint64_t twice = m->doubled + m->replayed;

    return !(m->unsent + m->stray + m->unauthentic + m->corrupted + m->misrouted + m->renumbered +
             m->keys_wrong + m->rtcp_bad) &&
           m->duplicates <= twice;
}

bool load_result_is_paced(const struct load_result *r)
{
    return load_histogram_at(&r->media.late, 0.99) <= LATE_P99_NS;
}
