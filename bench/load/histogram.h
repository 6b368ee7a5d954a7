#ifndef PICRELAY_BENCH_LOAD_HISTOGRAM_H
#define PICRELAY_BENCH_LOAD_HISTOGRAM_H

#include <stdint.h>

/**
 * A histogram of durations in the manner of HdrHistogram: 128 steps in each power of two, so what
 * is read is never below what was put in and at most 0.8 % above it, over nanoseconds to a minute,
 * in a fixed 30 KB. [pure]
 */

#define LOAD_HISTOGRAM_BITS    7
#define LOAD_HISTOGRAM_MAX_NS  ((UINT64_C(1) << 36) - 1) /* 68 s: what is longer counts as this */
#define LOAD_HISTOGRAM_BUCKETS ((36 - LOAD_HISTOGRAM_BITS + 1) << LOAD_HISTOGRAM_BITS)

/** A zeroed struct is empty. */
struct load_histogram {
    uint64_t n, sum_ns, max_ns;
    uint64_t buckets[LOAD_HISTOGRAM_BUCKETS];
};

void load_histogram_put(struct load_histogram *h, uint64_t ns);
void load_histogram_add(struct load_histogram *h, const struct load_histogram *other);

/** Takes out what was in it before; its longest is that of its highest bucket then. */
void load_histogram_take(struct load_histogram *h, const struct load_histogram *before);

/**
 * @param share  0..1, as 0.99
 * @return the smallest duration that this share of all is not above [ns]; 0: empty
 */
uint64_t load_histogram_at(const struct load_histogram *h, double share);

/** Calls h for each bucket that is not empty. @param top_ns  the highest value of it */
typedef void(load_bucket_h)(uint64_t top_ns, uint64_t n, void *arg);
void load_histogram_each(const struct load_histogram *h, load_bucket_h *each_h, void *arg);

#endif
