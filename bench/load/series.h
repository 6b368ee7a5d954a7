#ifndef PICRELAY_BENCH_LOAD_SERIES_H
#define PICRELAY_BENCH_LOAD_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/load/histogram.h"
#include "bench/load/proc.h"

/**
 * How a run went over time: a point an interval, at most LOAD_POINTS_MAX of them. A packet belongs
 * to the interval in which it was sent. [pure]
 */

#define LOAD_POINTS_MAX 720

struct load_point {
    double t_s; /* its end, from the begin of the measured packets */
    uint64_t sent, received;
    double p50_us, p99_us, max_us, late_p99_us; /* 0: nothing came */
    unsigned calls;
    uint64_t set_ups, failures;                 /* so far */
    double user_share, system_share, cpu_share; /* of one core in the interval; < 0: not known */
    uint64_t rss_bytes, switches;
    bool is_attacked;
};

struct load_series {
    uint64_t interval_ns, start_ns, wall_start_ns;
    unsigned n; /* points that are closed */
    struct load_point points[LOAD_POINTS_MAX + 2];
    struct load_histogram delay, late; /* of the open one */
    struct load_proc last;
};

/** @param duration_ns  of the whole run, by which the interval is chosen */
void load_series_init(struct load_series *s, uint64_t duration_ns);
void load_series_begin(struct load_series *s, uint64_t now_ns, uint64_t wall_ns,
                       const struct load_proc *proc);
void load_series_sent(struct load_series *s, uint64_t wall_ns);
void load_series_received(struct load_series *s, uint64_t sent_wall_ns, uint64_t delay_ns);
void load_series_late(struct load_series *s, uint64_t late_ns);
/** Is the open interval over? */
bool load_series_is_due(const struct load_series *s, uint64_t now_ns);
/**
 * Closes the open point.
 * @param proc  NULL: not known
 * @return it, for who adds what he knows
 */
struct load_point *load_series_close(struct load_series *s, uint64_t now_ns,
                                     const struct load_proc *proc);

#endif
