#include "bench/sound/align.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sound/fft.h"

#define RIVAL_MS 15 /* speech repeats itself within a pitch period: that is no rival */

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

/* The upper half of the circle holds the negative lags. */
static int64_t lag_at(size_t i, size_t n, uint32_t n_heard)
{
    return i < n_heard ? (int64_t)i : (int64_t)i - (int64_t)n;
}

/* How far apart two places of the circle are. */
static size_t distance(size_t a, size_t b, size_t n)
{
    size_t d = a > b ? a - b : b - a;

    return d < n - d ? d : n - d;
}

/* The highest value at least `apart` away from a place; 0 apart: anywhere. */
static size_t peak(const float *correlation, size_t n, size_t from, size_t apart)
{
    float highest = -INFINITY;
    size_t best = from;

    for (size_t i = 0; i < n; i++)
        if (correlation[i] > highest && distance(i, from, n) >= apart) {
            highest = correlation[i];
            best = i;
        }
    return best;
}

static double energy_of(const struct sound *s, int64_t from, uint32_t n)
{
    double sum = 0;

    for (int64_t i = from; i < from + (int64_t)n; i++)
        if (i >= 0 && i < (int64_t)s->n_samples)
            sum += (double)s->samples[i] * s->samples[i];
    return sum;
}

static void measure(struct align *a, const float *correlation, size_t n, const struct sound *said,
                    const struct sound *heard)
{
    size_t best = peak(correlation, n, 0, 0);
    size_t second = peak(correlation, n, best, said->rate_hz * RIVAL_MS / 1000);

    a->lag = lag_at(best, n, heard->n_samples);
    double energy = energy_of(said, 0, said->n_samples) * energy_of(heard, a->lag, said->n_samples);
    a->strength = energy > 0 ? correlation[best] / (double)n / sqrt(energy) : 0;
    a->rival = correlation[best] > 0 ? correlation[second] / correlation[best] : 1;
}

static int correlate(struct align *a, struct fft *f, size_t n, const struct sound *said,
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
        measure(a, fft_time(f), n, said, heard);
    }
    free(kept);
    return is_heard ? 0 : EINVAL;
}

int align_measure(struct align *a, const struct sound *said, const struct sound *heard)
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
    err = correlate(a, f, n, said, heard);
    fft_free(f);
    return err;
}

int align_find(int64_t *lag, const struct sound *said, const struct sound *heard)
{
    struct align a;

    int err = align_measure(&a, said, heard);
    if (!err)
        *lag = a.lag;
    return err;
}
