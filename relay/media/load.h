#ifndef PICRELAY_LOAD_H
#define PICRELAY_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/**
 * How busy a worker is: the CPU time of its thread over the last second, sampled. [pure]
 *
 * New calls take a second to show in it, and a thousand may come meanwhile; so for placing them
 * the measured work is scaled by how the number of streams has grown since.
 */

#define LOAD_SAMPLES   16
#define LOAD_SAMPLE_US 100000 /* samples that come faster are left out */
#define LOAD_WINDOW_US 1000000
#define LOAD_STREAM_PERMILLE                                                                       \
    0.15 /* taken for a stream while nothing is known: 50 packets a                                \
            second at 3 us each */

struct load {
    struct load_sample {
        uint64_t now_us, cpu_us;
        unsigned n_streams;
    } samples[LOAD_SAMPLES]; /* a ring */
    unsigned n, last;
};

/** @param cpu_us  of the thread, since its start */
void load_put(struct load *l, uint64_t now_us, uint64_t cpu_us, unsigned n_streams);

/** @return the share of about the last second in which it was busy [1/1000]; 0: not known yet */
unsigned load_permille(const struct load *l);

/** @return the share that so many streams are expected to take [1/1000] */
double load_expected_permille(const struct load *l, unsigned n_streams);

#endif
