#include "codec/siren_power.h"

#include <math.h>

enum { FIRST_BITS = 5, FIRST_MIN = 1, STEP_MAX = SIREN_POWER_STEP_MIN + SIREN_POWER_STEPS - 1 };

static int at_least(int x, int min)
{
    return x > min ? x : min;
}

static int at_most(int x, int max)
{
    return x < max ? x : max;
}

/* The index nearest to a region's power on the scale of dB. */
static int index_of(const float coefs[SIREN_REGION_SIZE])
{
    const float half_step = 0.707106781f; /* -3.01 dB / 2 of a power between 0.5 and 1 */
    float sum = 0;
    int exponent;

    for (unsigned i = 0; i < SIREN_REGION_SIZE; i++)
        sum += coefs[i] * coefs[i];
    if (sum <= 0)
        return SIREN_POWER_MIN;
    return (frexpf(sum / SIREN_REGION_SIZE, &exponent) >= half_step ? exponent : exponent - 1) - 2;
}

void siren_power_measure(int power[SIREN_REGIONS], const float spectrum[MLT_SIZE])
{
    int *p = power;

    for (unsigned r = 0; r < SIREN_REGIONS; r++)
        p[r] = at_most(at_least(index_of(spectrum + r * SIREN_REGION_SIZE), SIREN_POWER_MIN),
                       SIREN_POWER_MAX);
    /* valleys before a peak are filled, so that the peak can be reached in one step */
    for (unsigned r = SIREN_REGIONS - 1; r-- > 0;)
        p[r] = at_least(p[r], p[r + 1] - STEP_MAX);
    p[0] = at_least(p[0], FIRST_MIN); /* 0 is reserved */
    for (unsigned r = 1; r < SIREN_REGIONS; r++)
        p[r] = at_least(p[r], p[r - 1] + SIREN_POWER_STEP_MIN);
}

void siren_power_write(struct siren_writer *w, const int power[SIREN_REGIONS])
{
    siren_put(w, (uint32_t)power[0], FIRST_BITS);
    for (unsigned r = 1; r < SIREN_REGIONS; r++) {
        const int step = power[r] - power[r - 1] - SIREN_POWER_STEP_MIN;
        const struct siren_code *code = &siren_power_codes[r - 1][step];

        siren_put(w, code->code, code->n_bits);
    }
}

bool siren_power_read(struct siren_reader *r, int power[SIREN_REGIONS], int min)
{
    power[0] = (int)siren_get(r, FIRST_BITS);
    for (unsigned i = 1; i < SIREN_REGIONS; i++) {
        const int step = (int)siren_get_leaf(r, siren_power_trees[i - 1]) + SIREN_POWER_STEP_MIN;

        power[i] = power[i - 1] + step;
        if (power[i] < min || power[i] > SIREN_POWER_MAX)
            return false;
    }
    return !r->is_short;
}

float siren_power_rms(int index)
{
    const int steps = index + 2 + 32; /* not negative, so that / and % go the same way */

    return ldexpf(steps % 2 ? 1.41421356f : 1, steps / 2 - 16);
}
