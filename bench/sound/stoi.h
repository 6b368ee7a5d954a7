#ifndef PICRELAY_BENCH_STOI_H
#define PICRELAY_BENCH_STOI_H

#include <stddef.h>

/**
 * Short-time objective intelligibility: how much of the reference can be understood in a degraded
 * version of it. About 0: nothing; 1: all. Written from the paper.
 * Source: C. H. Taal, R. C. Hendriks, R. Heusdens, J. Jensen, "An Algorithm for Intelligibility
 * Prediction of Time-Frequency Weighted Noisy Speech", IEEE Trans. Audio, Speech, and Language
 * Processing 19(7), 2011.
 */

/** The rate at which the measure is defined [Hz]. */
#define STOI_RATE_HZ 10000

/**
 * @param said, heard  n samples each at STOI_RATE_HZ, aligned; any scale
 *
 * @return 0; EINVAL: less than 384 ms of the reference is not silence; ENOMEM
 */
int stoi_compare(double *stoi, const float *said, const float *heard, size_t n);

#endif
