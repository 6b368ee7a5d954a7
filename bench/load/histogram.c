#include "bench/load/histogram.h"

#include <math.h>

#define STEPS (UINT64_C(1) << LOAD_HISTOGRAM_BITS)

/* How far a value is shifted to be left with LOAD_HISTOGRAM_BITS + 1 bits; 0 below 2 * STEPS. */
static unsigned shift_of(uint64_t ns)
{
    unsigned top = ns ? 63u - (unsigned)__builtin_clzll(ns) : 0;

    return top > LOAD_HISTOGRAM_BITS ? top - LOAD_HISTOGRAM_BITS : 0;
}

/* Below 2 * STEPS each value has its bucket; above, each power of two has STEPS of them. */
static unsigned bucket_of(uint64_t ns)
{
    unsigned shift = shift_of(ns);

    return (unsigned)(shift * STEPS + (ns >> shift));
}

/* The highest value that falls into a bucket. */
static uint64_t bucket_top(unsigned bucket)
{
    unsigned shift = bucket < 2 * STEPS ? 0 : (unsigned)(bucket / STEPS - 1);

    return ((bucket - shift * STEPS + 1) << shift) - 1;
}

void load_histogram_put(struct load_histogram *h, uint64_t ns)
{
    if (ns > LOAD_HISTOGRAM_MAX_NS)
        ns = LOAD_HISTOGRAM_MAX_NS;
    h->n++;
    h->sum_ns += ns;
    if (ns > h->max_ns)
        h->max_ns = ns;
    h->buckets[bucket_of(ns)]++;
}

void load_histogram_add(struct load_histogram *h, const struct load_histogram *other)
{
    h->n += other->n;
    h->sum_ns += other->sum_ns;
    if (other->max_ns > h->max_ns)
        h->max_ns = other->max_ns;
    for (unsigned i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++)
        h->buckets[i] += other->buckets[i];
}

void load_histogram_take(struct load_histogram *h, const struct load_histogram *before)
{
    h->n -= before->n;
    h->sum_ns -= before->sum_ns;
    h->max_ns = 0;
    for (unsigned i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++) {
        h->buckets[i] -= before->buckets[i];
        if (h->buckets[i])
            h->max_ns = bucket_top(i);
    }
}

void load_histogram_each(const struct load_histogram *h, load_bucket_h *each_h, void *arg)
{
    for (unsigned i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++)
        if (h->buckets[i])
            each_h(bucket_top(i), h->buckets[i], arg);
}

uint64_t load_histogram_at(const struct load_histogram *h, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)h->n), seen = 0;

    if (!h->n)
        return 0;
    if (!wanted)
        wanted = 1;
    for (unsigned i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= wanted)
            return bucket_top(i) < h->max_ns ? bucket_top(i) : h->max_ns;
    }
    return h->max_ns;
}
