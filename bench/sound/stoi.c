#include "bench/sound/stoi.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bench/sound/fft.h"

/* The constants of the paper, section II. */
#define FRAME       256 /* 25.6 ms, Hann window, half overlapped */
#define HOP         128
#define FFT_SIZE    512
#define BANDS       15    /* one-third octaves */
#define BAND_LOW_HZ 150   /* centre of the lowest */
#define SEGMENT     30    /* frames: 384 ms */
#define CLIP_DB     (-15) /* lower bound of the signal-to-distortion ratio */
#define DYNAMIC_DB  40    /* frames that are this far below the loudest one are silence */

struct spectrogram {
    size_t n_frames;
    float (*band)[BANDS];
};

static void window_fill(float w[static FRAME])
{
    for (unsigned i = 0; i < FRAME; i++)
        w[i] = 0.5F - 0.5F * cosf(2.0F * (float)M_PI * (float)(i + 1) / (float)(FRAME + 1));
}

static double frame_energy_db(const float *x, const float *w)
{
    double sum = 0;

    for (unsigned i = 0; i < FRAME; i++)
        sum += (double)(x[i] * w[i]) * (double)(x[i] * w[i]);
    return 10.0 * log10(sum + 1e-12);
}

static void overlap_add(float *to, const float *from, const float *w)
{
    for (unsigned i = 0; i < FRAME; i++)
        to[i] += from[i] * w[i];
}

/* Section II: silence is taken out of both, where the reference has it. @return frames kept */
static size_t silence_remove(float *said_out, float *heard_out, const float *said,
                             const float *heard, size_t n)
{
    float w[FRAME];
    double loudest_db = -HUGE_VAL;
    size_t kept = 0;

    window_fill(w);
    for (size_t at = 0; at + FRAME <= n; at += HOP)
        loudest_db = fmax(loudest_db, frame_energy_db(said + at, w));

    for (size_t at = 0; at + FRAME <= n; at += HOP) {
        if (frame_energy_db(said + at, w) <= loudest_db - DYNAMIC_DB)
            continue;
        overlap_add(said_out + kept * HOP, said + at, w);
        overlap_add(heard_out + kept * HOP, heard + at, w);
        kept++;
    }
    return kept;
}

static size_t nearest_bin(double hz)
{
    return (size_t)lround(hz * FFT_SIZE / STOI_RATE_HZ);
}

/* Equation 1: the root of the energy of each band. */
static void bands_sum(float band[static BANDS], const float complex *bins)
{
    for (unsigned j = 0; j < BANDS; j++) {
        size_t low = nearest_bin(BAND_LOW_HZ * exp2((2.0 * j - 1.0) / 6.0));
        size_t high = nearest_bin(BAND_LOW_HZ * exp2((2.0 * j + 1.0) / 6.0));
        float sum = 0;

        for (size_t k = low; k < high; k++)
            sum += crealf(bins[k]) * crealf(bins[k]) + cimagf(bins[k]) * cimagf(bins[k]);
        band[j] = sqrtf(sum);
    }
}

static void spectrogram_fill(struct spectrogram *s, struct fft *f, const float *x)
{
    float w[FRAME];
    float *time = fft_time(f);

    window_fill(w);
    for (size_t m = 0; m < s->n_frames; m++) {
        for (unsigned i = 0; i < FFT_SIZE; i++)
            time[i] = i < FRAME ? x[m * HOP + i] * w[i] : 0.0F;
        fft_forward(f);
        bands_sum(s->band[m], fft_bins(f));
    }
}

static double correlation(const double *x, const double *y)
{
    double mx = 0, my = 0, xy = 0, xx = 0, yy = 0;

    for (unsigned i = 0; i < SEGMENT; i++) {
        mx += x[i] / SEGMENT;
        my += y[i] / SEGMENT;
    }
    for (unsigned i = 0; i < SEGMENT; i++) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
    }
    /* a band of nothing tells nothing: it counts as not understood */
    return xx * yy > 0 ? xy / sqrt(xx * yy) : 0;
}

/* Equations 2 to 5: one band of one segment, normalised and clipped. */
static double intelligibility(const struct spectrogram *said, const struct spectrogram *heard,
                              size_t first, unsigned j)
{
    const double clip = 1.0 + pow(10.0, -CLIP_DB / 20.0);
    double x[SEGMENT], y[SEGMENT], xx = 0, yy = 0;

    for (unsigned i = 0; i < SEGMENT; i++) {
        x[i] = (double)said->band[first + i][j];
        y[i] = (double)heard->band[first + i][j];
        xx += x[i] * x[i];
        yy += y[i] * y[i];
    }
    double alpha = yy > 0 ? sqrt(xx / yy) : 0;
    for (unsigned i = 0; i < SEGMENT; i++)
        y[i] = fmin(y[i] * alpha, x[i] * clip);
    return correlation(x, y);
}

/* Equation 6: the mean over all bands and segments. */
static double mean_intelligibility(const struct spectrogram *said, const struct spectrogram *heard)
{
    size_t n_segments = said->n_frames - SEGMENT + 1;
    double sum = 0;

    for (size_t m = 0; m < n_segments; m++)
        for (unsigned j = 0; j < BANDS; j++)
            sum += intelligibility(said, heard, m, j);
    return sum / (double)(n_segments * BANDS);
}

static int compare_active(double *stoi, const float *said, const float *heard, size_t n_frames)
{
    struct spectrogram x = {n_frames, calloc(n_frames, sizeof(*x.band))};
    struct spectrogram y = {n_frames, calloc(n_frames, sizeof(*y.band))};
    struct fft *f = NULL;
    int err = x.band && y.band ? fft_alloc(&f, FFT_SIZE) : ENOMEM;

    if (!err) {
        spectrogram_fill(&x, f, said);
        spectrogram_fill(&y, f, heard);
        *stoi = mean_intelligibility(&x, &y);
    }
    fft_free(f);
    free(x.band);
    free(y.band);
    return err;
}

int stoi_compare(double *stoi, const float *said, const float *heard, size_t n)
{
    if (n < FRAME)
        return EINVAL;

    float *active_said = calloc(n, sizeof(*active_said));
    float *active_heard = calloc(n, sizeof(*active_heard));
    int err = ENOMEM;
    if (active_said && active_heard) {
        size_t kept = silence_remove(active_said, active_heard, said, heard, n);

        err = kept < SEGMENT ? EINVAL : compare_active(stoi, active_said, active_heard, kept);
    }
    free(active_said);
    free(active_heard);
    return err;
}
