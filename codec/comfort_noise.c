#include "codec/comfort_noise.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { LEVEL_LOWEST = 127, INDEX_MAX = 254, INDEX_ZERO = 127 };

/* RFC 3389 s.3.2: k = 258 * (N - 127) / 32768. */
static const float K_STEP = 258.0F / 32768.0F;

void comfort_noise_init(struct comfort_noise *cn, uint32_t seed)
{
    *cn = (struct comfort_noise){.seed = seed ? seed : 1};
}

/* The filter amplifies by 1 / sqrt of the product of all 1 - k^2: what goes in is that much lower,
 * so that the level of what comes out is the payload's (s.3.1). */
static void set_excitation(struct comfort_noise *cn)
{
    float gain = 1;

    for (unsigned m = 0; m < cn->order; m++)
        gain *= 1 - cn->k[m] * cn->k[m];
    cn->excitation = cn->rms * sqrtf(gain);
}

int comfort_noise_set(struct comfort_noise *cn, const uint8_t *payload, size_t n)
{
    if (n == 0)
        return EBADMSG;
    /* s.3.1: the level is -dBov in the lower seven bits; 0 dBov is the rms of full scale. */
    cn->rms = 32767 * powf(10, -(float)(payload[0] & 0x7f) / 20);
    cn->order = n - 1 < COMFORT_NOISE_ORDER ? (unsigned)(n - 1) : COMFORT_NOISE_ORDER;
    for (unsigned m = 0; m < cn->order; m++) {
        const int index = payload[1 + m] > INDEX_MAX ? INDEX_ZERO : payload[1 + m]; /* reserved */

        cn->k[m] = K_STEP * (float)(index - INDEX_ZERO);
    }
    set_excitation(cn);
    return 0;
}

void comfort_noise_whiten(struct comfort_noise *cn)
{
    cn->order = 0;
    set_excitation(cn);
}

/* xorshift32 (Marsaglia): one word of state and white enough for the ear. */
static uint32_t next_random(struct comfort_noise *cn)
{
    cn->seed ^= cn->seed << 13;
    cn->seed ^= cn->seed >> 17;
    cn->seed ^= cn->seed << 5;
    return cn->seed;
}

/* The all-pole lattice of the reflection coefficients: stable, as every |k| is below 1. */
static float shape(struct comfort_noise *cn, float v)
{
    for (unsigned m = cn->order; m-- > 0;) {
        v -= cn->k[m] * cn->memory[m];
        cn->memory[m + 1] = cn->memory[m] + cn->k[m] * v;
    }
    cn->memory[0] = v;
    return v;
}

static int16_t saturate(float v)
{
    return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : lrintf(v));
}

void comfort_noise_fill(struct comfort_noise *cn, int16_t *samples, uint32_t n)
{
    /* uniform between -1 and 1, whose rms is 1 / sqrt(3) */
    const float amplitude = cn->excitation * sqrtf(3) / 2147483648.0F;

    for (uint32_t i = 0; i < n; i++)
        samples[i] = saturate(shape(cn, (float)(int32_t)next_random(cn) * amplitude));
}

/* ---- of a sound ---- */

static void autocorrelate(double r[COMFORT_NOISE_SENT + 1], const int16_t *samples, uint32_t n)
{
    for (unsigned lag = 0; lag <= COMFORT_NOISE_SENT; lag++) {
        r[lag] = 0;
        for (uint32_t i = lag; i < n; i++)
            r[lag] += (double)samples[i] * samples[i - lag];
    }
}

/* Levinson and Durbin. The autocorrelation of a finite frame keeps every |k| at 1 or less. */
static void reflect(double k[COMFORT_NOISE_SENT], const double r[COMFORT_NOISE_SENT + 1])
{
    double a[COMFORT_NOISE_SENT + 1] = {1}, before[COMFORT_NOISE_SENT + 1];
    double error = r[0] * 1.0001 + 1; /* a floor of white noise: digital silence has no spectrum */

    for (unsigned m = 1; m <= COMFORT_NOISE_SENT; m++) {
        double sum = 0;

        for (unsigned i = 0; i < m; i++)
            sum += a[i] * r[m - i];
        k[m - 1] = -sum / error;
        memcpy(before, a, sizeof(before));
        for (unsigned i = 1; i <= m; i++)
            a[i] = before[i] + k[m - 1] * before[m - i];
        error *= 1 - k[m - 1] * k[m - 1];
    }
}

static uint8_t level_of(double power)
{
    const double db = power > 0 ? -10 * log10(power / (32767.0 * 32767.0)) : LEVEL_LOWEST;

    return (uint8_t)(db < 0 ? 0 : db > LEVEL_LOWEST ? LEVEL_LOWEST : lrint(db));
}

size_t comfort_noise_describe(uint8_t payload[COMFORT_NOISE_PAYLOAD], const int16_t *samples,
                              uint32_t n)
{
    double r[COMFORT_NOISE_SENT + 1], k[COMFORT_NOISE_SENT];

    autocorrelate(r, samples, n);
    reflect(k, r);
    payload[0] = level_of(n ? r[0] / n : 0);
    for (unsigned m = 0; m < COMFORT_NOISE_SENT; m++) {
        const long index = lrint(k[m] / (double)K_STEP) + INDEX_ZERO;

        payload[1 + m] = (uint8_t)(index < 0 ? 0 : index > INDEX_MAX ? INDEX_MAX : index);
    }
    return COMFORT_NOISE_PAYLOAD;
}
