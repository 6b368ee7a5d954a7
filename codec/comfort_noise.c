#include "codec/comfort_noise.h"

#include <errno.h>
#include <math.h>

void comfort_noise_init(struct comfort_noise *cn, uint32_t seed)
{
    *cn = (struct comfort_noise){.seed = seed ? seed : 1};
}

int comfort_noise_set(struct comfort_noise *cn, const uint8_t *payload, size_t n)
{
    double rms, peak;

    if (n == 0)
        return EBADMSG;
    /* RFC 3389 s.3.1: the level is -dBov in the lower seven bits; 0 dBov is the rms of full scale.
     * Uniform noise has a peak of sqrt(3) times its rms. */
    rms = 32767 * pow(10, -(payload[0] & 0x7f) / 20.0);
    peak = rms * sqrt(3);
    cn->amplitude = (int32_t)(peak > 32767 ? 32767 : peak);
    return 0;
}

/* xorshift32 (Marsaglia): one word of state and white enough for the ear. */
static uint32_t next_random(struct comfort_noise *cn)
{
    cn->seed ^= cn->seed << 13;
    cn->seed ^= cn->seed >> 17;
    cn->seed ^= cn->seed << 5;
    return cn->seed;
}

void comfort_noise_fill(struct comfort_noise *cn, int16_t *samples, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const int32_t uniform = (int32_t)(next_random(cn) >> 15) - 65536; /* -2^16 to 2^16 - 1 */

        samples[i] = (int16_t)((int64_t)uniform * cn->amplitude / 65536);
    }
}
