#include "bench/loopback/drift.h"

#include <math.h>

/* de/dt = drift - u and u = P e + I sum(e): s^2 + P s + I, with both poles at -0.05/s: what the
 * block size of a card makes of its fill is followed so slowly that nobody hears it */
#define P 0.1
#define I 0.0025
/* The fill is a sawtooth of two block sizes: its mean is what matters. */
#define SMOOTH_S 0.5

void drift_init(struct drift *d, double target_s)
{
    *d = (struct drift){.target_s = target_s};
}

void drift_restart(struct drift *d)
{
    d->has_fill = 0;
}

double drift_update(struct drift *d, double fill_s, double step_s)
{
    const double most = DRIFT_PPM_MAX / 1e6;

    if (!d->has_fill)
        d->fill_s = fill_s;
    d->has_fill = 1;
    d->fill_s += (fill_s - d->fill_s) * fmin(1, step_s / SMOOTH_S);

    double error = d->fill_s - d->target_s;
    double u = P * error + I * (d->sum + error * step_s);
    if (fabs(u) < most) /* else the sum would go on growing while nothing more can be done */
        d->sum += error * step_s;
    d->ppm = fmax(-most, fmin(most, u)) * 1e6;
    return d->ppm;
}
