#include "bench/sound/align.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sound/fft.h"

static bool fill(struct fft *f, size_t n, const struct sound *s)
{
    float *time = fft_time(f);
    double energy = 0;

    memset(time, 0, n * sizeof(*time));
    for (uint32_t i = 0; i < s->n_samples; i++) {
        time[i] = (float)s->samples[i];
        energy += (double)time[i] * (double)time[i];
    }
    return energy > 0;
}

/* The lag of the highest peak; the upper half of the circle holds the negative lags. */
static int64_t peak(const float *correlation, size_t n, uint32_t n_heard)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (correlation[i] > correlation[best])
            best = i;
    return best < n_heard ? (int64_t)best : (int64_t)best - (int64_t)n;
}

static int correlate(int64_t *lag, struct fft *f, size_t n, const struct sound *said,
                     const struct sound *heard)
{
    float complex *bins = fft_bins(f);

    if (!fill(f, n, said))
        return EINVAL;
    fft_forward(f);
    float complex *kept = malloc((n / 2 + 1) * sizeof(*kept));
    if (!kept)
        return ENOMEM;
    memcpy(kept, bins, (n / 2 + 1) * sizeof(*kept));

    bool is_heard = fill(f, n, heard);
    if (is_heard) {
        fft_forward(f);
        for (size_t i = 0; i <= n / 2; i++)
            bins[i] *= conjf(kept[i]);
        fft_backward(f);
        *lag = peak(fft_time(f), n, heard->n_samples);
    }
    free(kept);
    return is_heard ? 0 : EINVAL;
}

int align_find(int64_t *lag, const struct sound *said, const struct sound *heard)
{
    struct fft *f;
    size_t n = 2;

    if (said->rate_hz != heard->rate_hz || !said->n_samples || !heard->n_samples)
        return EINVAL;
    /* room for both, so that no lag wraps into another; a power of two is fast */
    while (n < (size_t)said->n_samples + heard->n_samples)
        n *= 2;

    int err = fft_alloc(&f, n);
    if (err)
        return err;
    err = correlate(lag, f, n, said, heard);
    fft_free(f);
    return err;
}
