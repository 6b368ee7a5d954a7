#include "bench/sound/fft.h"

#include <errno.h>
#include <stdlib.h>

/* After <complex.h>, fftwf_complex is float complex. */
#include <fftw3.h>

struct fft {
    float *time;
    float complex *bins;
    fftwf_plan forward, backward;
};

int fft_alloc(struct fft **fp, size_t n)
{
    struct fft *f = calloc(1, sizeof(*f));
    if (!f)
        return ENOMEM;

    f->time = fftwf_alloc_real(n);
    f->bins = fftwf_alloc_complex(n / 2 + 1);
    if (f->time && f->bins) {
        /* FFTW_ESTIMATE: a plan is used a few times only, so measuring would not pay. */
        f->forward = fftwf_plan_dft_r2c_1d((int)n, f->time, f->bins, FFTW_ESTIMATE);
        f->backward = fftwf_plan_dft_c2r_1d((int)n, f->bins, f->time, FFTW_ESTIMATE);
    }
    if (!f->forward || !f->backward) {
        fft_free(f);
        return ENOMEM;
    }
    *fp = f;
    return 0;
}

void fft_free(struct fft *f)
{
    if (!f)
        return;
    if (f->forward)
        fftwf_destroy_plan(f->forward);
    if (f->backward)
        fftwf_destroy_plan(f->backward);
    fftwf_free(f->time);
    fftwf_free(f->bins);
    free(f);
}

float *fft_time(struct fft *f)
{
    return f->time;
}

float complex *fft_bins(struct fft *f)
{
    return f->bins;
}

void fft_forward(struct fft *f)
{
    fftwf_execute(f->forward);
}

void fft_backward(struct fft *f)
{
    fftwf_execute(f->backward);
}
