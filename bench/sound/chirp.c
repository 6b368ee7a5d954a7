#include "bench/sound/chirp.h"

#include <errno.h>
#include <math.h>

int chirp_make(struct sound *s, uint32_t rate_hz)
{
    const double sweep = (CHIRP_TO_HZ - CHIRP_FROM_HZ) / (CHIRP_MS / 1000.0);

    if (rate_hz < 8000)
        return EINVAL;
    int err = sound_alloc(s, rate_hz / 1000 * CHIRP_MS, rate_hz);
    if (err)
        return err;
    for (uint32_t i = 0; i < s->n_samples; i++) {
        double t = (double)i / rate_hz;
        double phase = 2 * M_PI * (CHIRP_FROM_HZ * t + sweep * t * t / 2);
        double edge = sin(M_PI * i / s->n_samples);

        s->samples[i] = (int16_t)lrint(CHIRP_PEAK * edge * sin(phase));
    }
    return 0;
}
