#include "bench/loopback/level.h"

#include <math.h>

#define SMOOTH_S     0.1
#define FALL_DB_S    10.0
#define FULL_SCALE   32768.0
#define CLIPPED_FROM 32767

static double db_of(double ratio)
{
    return ratio > 0 ? fmax(LEVEL_SILENT_DB, 20 * log10(ratio)) : LEVEL_SILENT_DB;
}

void level_init(struct level *l)
{
    *l = (struct level){
        .rms_db = LEVEL_SILENT_DB, .peak_db = LEVEL_SILENT_DB, .loudest_db = LEVEL_SILENT_DB};
}

void level_put(struct level *l, const int16_t *samples, uint32_t n, uint32_t rate_hz)
{
    double sum = 0, peak = 0, seconds = (double)n / rate_hz;

    if (!n)
        return;
    for (uint32_t i = 0; i < n; i++) {
        double x = fabs((double)samples[i]);

        sum += x * x;
        peak = fmax(peak, x);
        l->n_clipped += x >= CLIPPED_FROM;
    }
    l->mean += (sum / n - l->mean) * fmin(1, seconds / SMOOTH_S);
    l->rms_db = db_of(sqrt(l->mean) / FULL_SCALE);
    l->peak_db = fmax(l->peak_db - FALL_DB_S * seconds, db_of(peak / FULL_SCALE));
    l->loudest_db = fmax(l->loudest_db, l->rms_db);
    l->n += n;
}
