#include "codec/mlt.h"

#include "codec/mlt_tables.h"

/* The DCT-IV of 320 goes through a complex FFT of half that size: what it costs is the FFT. That is
 * a Stockham FFT (no bit reversal), in passes of radix 4, 4, 2 and 5; a pass takes `stride` series
 * that lie side by side, and the last one, of the awkward radix, needs no twiddles. */

enum { HALF = MLT_SIZE / 2 };

#define ORTHONORMAL 0.0790569415f /* sqrt(2 / 320) */

static struct mlt_complex add(struct mlt_complex a, struct mlt_complex b)
{
    return (struct mlt_complex){a.re + b.re, a.im + b.im};
}

static struct mlt_complex sub(struct mlt_complex a, struct mlt_complex b)
{
    return (struct mlt_complex){a.re - b.re, a.im - b.im};
}

static struct mlt_complex mul(struct mlt_complex a, struct mlt_complex b)
{
    return (struct mlt_complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static struct mlt_complex scale(struct mlt_complex a, float by)
{
    return (struct mlt_complex){a.re * by, a.im * by};
}

/* a times -i */
static struct mlt_complex turn(struct mlt_complex a)
{
    return (struct mlt_complex){a.im, -a.re};
}

/* One pass of radix 4 over series of n_series * 4 points with `stride` of them side by side. */
static void pass_of_4(const struct mlt_complex *in, struct mlt_complex *out, unsigned n_series,
                      unsigned stride)
{
    for (unsigned p = 0; p < n_series; p++) {
        const struct mlt_complex w1 = mlt_roots[p * stride], w2 = mlt_roots[2 * p * stride],
                                 w3 = mlt_roots[3 * p * stride];

        for (unsigned q = 0; q < stride; q++) {
            const struct mlt_complex *x = in + q + stride * p;
            struct mlt_complex *y = out + q + stride * 4 * p;
            const struct mlt_complex a = x[0], b = x[stride * n_series],
                                     c = x[stride * n_series * 2], d = x[stride * n_series * 3];
            const struct mlt_complex even = add(a, c), odd = add(b, d), even_diff = sub(a, c),
                                     odd_diff = turn(sub(b, d));

            y[0] = add(even, odd);
            y[stride] = mul(add(even_diff, odd_diff), w1);
            y[stride * 2] = mul(sub(even, odd), w2);
            y[stride * 3] = mul(sub(even_diff, odd_diff), w3);
        }
    }
}

static void pass_of_2(const struct mlt_complex *in, struct mlt_complex *out, unsigned n_series,
                      unsigned stride)
{
    for (unsigned p = 0; p < n_series; p++) {
        const struct mlt_complex w = mlt_roots[p * stride];

        for (unsigned q = 0; q < stride; q++) {
            const struct mlt_complex a = in[q + stride * p], b = in[q + stride * (p + n_series)];

            out[q + stride * 2 * p] = add(a, b);
            out[q + stride * (2 * p + 1)] = mul(sub(a, b), w);
        }
    }
}

/* The last pass: one series a stride. cos and sin of 72 and 144 degrees. */
static void pass_of_5(const struct mlt_complex *in, struct mlt_complex *out, unsigned stride)
{
    static const float c1 = 0.309016994f, c2 = -0.809016994f, s1 = 0.951056516f, s2 = 0.587785252f;

    for (unsigned q = 0; q < stride; q++) {
        const struct mlt_complex a = in[q];
        const struct mlt_complex sum1 = add(in[q + stride], in[q + stride * 4]),
                                 sum2 = add(in[q + stride * 2], in[q + stride * 3]);
        const struct mlt_complex diff1 = turn(sub(in[q + stride], in[q + stride * 4])),
                                 diff2 = turn(sub(in[q + stride * 2], in[q + stride * 3]));
        const struct mlt_complex even1 = add(a, add(scale(sum1, c1), scale(sum2, c2))),
                                 even2 = add(a, add(scale(sum1, c2), scale(sum2, c1)));
        const struct mlt_complex odd1 = add(scale(diff1, s1), scale(diff2, s2)),
                                 odd2 = sub(scale(diff1, s2), scale(diff2, s1));

        out[q] = add(a, add(sum1, sum2));
        out[q + stride] = add(even1, odd1);
        out[q + stride * 2] = add(even2, odd2);
        out[q + stride * 3] = sub(even2, odd2);
        out[q + stride * 4] = sub(even1, odd1);
    }
}

static void fft(struct mlt_complex x[HALF])
{
    struct mlt_complex y[HALF];

    pass_of_4(x, y, 40, 1);
    pass_of_4(y, x, 10, 4);
    pass_of_2(x, y, 5, 16);
    pass_of_5(y, x, 32);
}

/* out may be in. */
static void dct4(const float in[MLT_SIZE], float out[MLT_SIZE])
{
    struct mlt_complex z[HALF];

    for (unsigned n = 0; n < HALF; n++)
        z[n] = mul((struct mlt_complex){in[2 * n], in[MLT_SIZE - 1 - 2 * n]}, mlt_twiddles[n]);
    fft(z);
    for (unsigned k = 0; k < HALF; k++) {
        const struct mlt_complex y = mul(z[k], mlt_twiddles[k]);

        out[2 * k] = y.re * ORTHONORMAL;
        out[MLT_SIZE - 1 - 2 * k] = -y.im * ORTHONORMAL;
    }
}

void mlt_analyze(struct mlt *m, const float samples[MLT_SIZE], float spectrum[MLT_SIZE])
{
    const float *w = mlt_window, *x = samples;
    float v[MLT_SIZE];

    for (unsigned n = 0; n < HALF; n++) {
        v[n] = m->folded[n];
        v[HALF + n] = w[MLT_SIZE - 1 - n] * x[n] - w[n] * x[MLT_SIZE - 1 - n];
        m->folded[n] = w[HALF - 1 - n] * x[HALF - 1 - n] + w[HALF + n] * x[HALF + n];
    }
    dct4(v, spectrum);
}

void mlt_synthesize(struct mlt *m, const float spectrum[MLT_SIZE], float samples[MLT_SIZE])
{
    const float *w = mlt_window;
    float v[MLT_SIZE];

    dct4(spectrum, v);
    for (unsigned n = 0; n < HALF; n++) {
        const float before = m->folded[n], now = v[HALF - 1 - n];

        samples[n] = w[n] * now + w[MLT_SIZE - 1 - n] * before;
        samples[MLT_SIZE - 1 - n] = w[MLT_SIZE - 1 - n] * now - w[n] * before;
        m->folded[n] = v[HALF + n];
    }
}
