#ifndef PICRELAY_BENCH_LOAD_PLAN_H
#define PICRELAY_BENCH_LOAD_PLAN_H

#include <stdint.h>

/**
 * When each packet of a load is due. The plan is fixed before the first packet and knows nothing
 * of what comes back: a relay that is slow does not slow the load down, and is measured for it
 * (no coordinated omission). [pure]
 *
 * Each stream sends a packet an interval; the streams are spread evenly over the interval, and the
 * two sides of a call are half an interval apart. Packets are counted over all streams: packet k is
 * number k / n_streams of the stream in slot k % n_streams.
 */

struct load_plan {
    uint64_t start_ns;    /* when packet 0 is due, on CLOCK_MONOTONIC */
    uint64_t interval_ns; /* between two packets of a stream */
    uint32_t n_streams;   /* two a call: 2 * call + side */
};

/** When packet k is due [ns]. */
uint64_t load_plan_due_ns(const struct load_plan *p, uint64_t k);
/** How many packets are due by now: packet k is if and only if k is below that. */
uint64_t load_plan_due(const struct load_plan *p, uint64_t now_ns);
/** The stream that packet k belongs to. */
uint32_t load_plan_stream(const struct load_plan *p, uint64_t k);

#endif
