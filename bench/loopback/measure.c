#include "bench/loopback/measure.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/sound/align.h"

#define DELAY_MAX_S  1.5 /* the longest that is looked for */
#define DELAY_OF_S   2.5 /* how much of what was said is looked for */
#define SCORE_OF_S   5
#define SCORE_LAST_S 1
#define SILENT_RMS   30 /* -60 dBFS */
#define SURE         0.5
#define RIVAL_MAX    0.95

static uint64_t samples_of(double seconds)
{
    return (uint64_t)(seconds * TIMED_HZ);
}

static bool is_silent(const struct sound *s)
{
    double sum = 0;

    for (uint32_t i = 0; i < s->n_samples; i++)
        sum += (double)s->samples[i] * s->samples[i];
    return sum < (double)SILENT_RMS * SILENT_RMS * s->n_samples;
}

/* The sample of a record that was in the air at a time; 0: before its start. */
static uint64_t index_at(const struct timed *t, int64_t us)
{
    int64_t start_us = timed_us(t, timed_count(t)) - (int64_t)(timed_count(t) * 1000000 / TIMED_HZ);

    return us > start_us ? (uint64_t)(us - start_us) * TIMED_HZ / 1000000 : 0;
}

static void delay_take(struct measure *m, double ms)
{
    m->delay_ms = ms;
    m->least_ms = m->has_delay ? fmin(m->least_ms, ms) : ms;
    m->most_ms = m->has_delay ? fmax(m->most_ms, ms) : ms;
    m->has_delay = true;
    m->n_delays++;
}

int measure_delay(struct measure *m, const struct timed *mouth, const struct timed *ear)
{
    struct sound said = {0}, heard = {0};
    uint64_t end = timed_count(ear), n_heard = samples_of(DELAY_OF_S + DELAY_MAX_S);
    struct align a;

    if (end < n_heard)
        return ENOENT;
    uint64_t heard_from = end - n_heard;
    uint64_t said_from = index_at(mouth, timed_us(ear, heard_from));
    if (said_from + samples_of(DELAY_OF_S) > timed_count(mouth))
        return ENOENT;
    int err = timed_copy(mouth, &said, said_from, said_from + samples_of(DELAY_OF_S));
    if (!err)
        err = timed_copy(ear, &heard, heard_from, end);
    if (!err && (is_silent(&said) || is_silent(&heard)))
        err = ENOENT;
    if (!err)
        err = align_measure(&a, &said, &heard);
    if (!err && (a.strength < SURE || a.rival > RIVAL_MAX || a.lag < 0))
        err = ENOENT;
    if (!err)
        delay_take(
            m, (double)(timed_us(ear, heard_from + (uint64_t)a.lag) - timed_us(mouth, said_from)) /
                   1000);
    sound_wipe(&said);
    sound_wipe(&heard);
    return err;
}

static void score_take(struct measure *m, const struct score *s)
{
    m->last = *s;
    if (!m->n_scores || s->stoi * s->coverage < m->worst.stoi * m->worst.coverage)
        m->worst = *s;
    m->n_scores++;
    m->n_passed += s->is_pass;
    m->stoi_sum += s->stoi;
    m->coverage_sum += s->coverage;
}

int measure_score(struct measure *m, const struct timed *mouth, const struct timed *ear,
                  bool is_last)
{
    struct sound said = {0}, heard = {0};
    uint64_t from = m->scored_to, n = samples_of(is_last ? SCORE_LAST_S : SCORE_OF_S);
    uint64_t margin = samples_of(DELAY_MAX_S);
    struct score s;

    /* what was said must have had its time to come */
    uint64_t end = timed_count(mouth), ready = end > margin ? end - margin : 0;
    uint64_t to = is_last ? end : from + n;
    if (is_last ? end < from + n : ready < to)
        return EAGAIN;
    uint64_t heard_from = index_at(ear, timed_us(mouth, from));
    m->scored_to = to;
    int err = timed_copy(mouth, &said, from, to);
    if (!err)
        err = timed_copy(ear, &heard, heard_from, heard_from + (to - from) + margin);
    if (!err && is_silent(&said))
        err = EINVAL;
    if (!err)
        err = score_compare(&s, &said, &heard);
    if (!err)
        score_take(m, &s);
    sound_wipe(&said);
    sound_wipe(&heard);
    return err;
}
