#include "bench/sound/score.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sound/align.h"
#include "bench/sound/stoi.h"

#define FRAME_SAMPLES 200 /* 20 ms at STOI_RATE_HZ */
#define REFERENCE_MIN (STOI_RATE_HZ / 2)

/* The two sounds at STOI_RATE_HZ, of the reference's length and aligned to it. */
struct pair {
    float *said, *heard;
    size_t n;
};

static double frame_level_db(const float *x)
{
    double sum = 0;

    for (unsigned i = 0; i < FRAME_SAMPLES; i++)
        sum += (double)x[i] * (double)x[i];
    return 10.0 * log10(sum / FRAME_SAMPLES + 1e-3);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Collects heard minus said [dB] of every active frame. @return how many are active */
static size_t level_differences(double *diff_db, const struct pair *p)
{
    size_t n_frames = p->n / FRAME_SAMPLES, n_active = 0;
    double loudest_db = -HUGE_VAL;

    for (size_t i = 0; i < n_frames; i++)
        loudest_db = fmax(loudest_db, frame_level_db(p->said + i * FRAME_SAMPLES));
    for (size_t i = 0; i < n_frames; i++) {
        double said_db = frame_level_db(p->said + i * FRAME_SAMPLES);

        if (said_db > loudest_db - SCORE_ACTIVE_DB)
            diff_db[n_active++] = frame_level_db(p->heard + i * FRAME_SAMPLES) - said_db;
    }
    return n_active;
}

static int coverage_measure(struct score *s, const struct pair *p)
{
    double *diff_db = calloc(p->n / FRAME_SAMPLES + 1, sizeof(*diff_db));
    if (!diff_db)
        return ENOMEM;

    size_t n_active = level_differences(diff_db, p), n_heard = 0;
    qsort(diff_db, n_active, sizeof(*diff_db), compare_doubles);
    s->gain_db = n_active ? diff_db[n_active / 2] : 0;

    /* The expected level is that of most frames; but a median of silence expects nothing: then
     * unchanged level is what is expected. */
    double expected_db = fabs(s->gain_db) <= SCORE_LEVEL_BELOW_DB ? s->gain_db : 0;
    for (size_t i = 0; i < n_active; i++)
        n_heard += diff_db[i] >= expected_db - SCORE_LEVEL_BELOW_DB &&
                   diff_db[i] <= expected_db + SCORE_LEVEL_ABOVE_DB;
    s->coverage = n_active ? (double)n_heard / (double)n_active : 0;
    free(diff_db);
    return 0;
}

static int pair_alloc(struct pair *p, const struct sound *said, const struct sound *heard,
                      int64_t lag)
{
    *p = (struct pair){.n = said->n_samples};
    p->said = calloc(p->n, sizeof(*p->said));
    p->heard = calloc(p->n, sizeof(*p->heard));
    if (!p->said || !p->heard)
        return ENOMEM;

    for (size_t i = 0; i < p->n; i++) {
        int64_t at = lag + (int64_t)i;

        p->said[i] = said->samples[i];
        if (at >= 0 && at < (int64_t)heard->n_samples)
            p->heard[i] = heard->samples[at];
    }
    return 0;
}

static void pair_wipe(struct pair *p)
{
    free(p->said);
    free(p->heard);
}

static bool is_silent(const struct sound *s)
{
    for (uint32_t i = 0; i < s->n_samples; i++)
        if (s->samples[i])
            return false;
    return true;
}

static int compare_resampled(struct score *s, const struct sound *said, const struct sound *heard)
{
    struct pair p;
    int64_t lag = 0;

    if (said->n_samples < REFERENCE_MIN || is_silent(said))
        return EINVAL;
    if (is_silent(heard))
        return 0;
    int err = align_find(&lag, said, heard);
    if (err)
        return err;

    s->lag_s = (double)lag / STOI_RATE_HZ;
    err = pair_alloc(&p, said, heard, lag);
    if (!err)
        err = stoi_compare(&s->stoi, p.said, p.heard, p.n);
    if (!err)
        err = coverage_measure(s, &p);
    pair_wipe(&p);
    s->is_pass = !err && s->stoi >= SCORE_STOI_MIN && s->coverage >= SCORE_COVERAGE_MIN;
    return err;
}

int score_compare(struct score *s, const struct sound *said, const struct sound *heard)
{
    struct sound reference = {0}, degraded = {0};

    memset(s, 0, sizeof(*s));
    int err = sound_resample(&reference, said, STOI_RATE_HZ);
    if (!err && heard->n_samples)
        err = sound_resample(&degraded, heard, STOI_RATE_HZ);
    if (!err)
        err = compare_resampled(s, &reference, &degraded);
    sound_wipe(&reference);
    sound_wipe(&degraded);
    return err;
}

const char *score_meaning(const struct score *s)
{
    static const struct {
        double least;
        const char *meaning;
    } rows[] = {
        {0.96, "clear"},
        {SCORE_STOI_MIN, "good"},
        {0.75, "degraded"},
        {0.5, "hardly understood"},
    };

    if (s->stoi >= SCORE_STOI_MIN && s->coverage < SCORE_COVERAGE_MIN)
        return "parts are missing";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (s->stoi >= rows[i].least)
            return rows[i].meaning;
    return "not what was said";
}
