#ifndef PICRELAY_BENCH_FFT_H
#define PICRELAY_BENCH_FFT_H

#include <complex.h>
#include <stddef.h>

/**
 * Real transforms of one length: the one door to FFTW. Making and freeing one is not thread safe,
 * because FFTW's planner is not; running one is.
 */
struct fft;

/** @param n  length, even. @return 0; ENOMEM */
int fft_alloc(struct fft **fp, size_t n);
void fft_free(struct fft *f); /* NULL is allowed */

/** The n real samples: filled in before fft_forward(), found after fft_backward() (times n). */
float *fft_time(struct fft *f);
/** The n / 2 + 1 bins of the spectrum. */
float complex *fft_bins(struct fft *f);

void fft_forward(struct fft *f);
/** Destroys the bins. */
void fft_backward(struct fft *f);

#endif
