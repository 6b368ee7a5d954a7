#include "bench/loopback/timed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 3600
#define MARKS       1024 /* of 20 ms: further back, nobody asks for a time */
#define NEAR        25   /* marks on either side that are averaged: half a second */

struct mark {
    uint64_t index;
    int64_t us;
};

struct timed {
    int16_t *samples;
    uint64_t cap, n;
    struct mark marks[MARKS];
    uint64_t n_marks;
};

int timed_alloc(struct timed **tp, uint32_t seconds)
{
    if (!seconds || seconds > SECONDS_MAX)
        return EINVAL;
    struct timed *t = calloc(1, sizeof(*t));
    if (!t)
        return ENOMEM;
    t->cap = (uint64_t)seconds * TIMED_HZ;
    t->samples = calloc(t->cap, sizeof(*t->samples));
    if (!t->samples) {
        free(t);
        return ENOMEM;
    }
    *tp = t;
    return 0;
}

void timed_free(struct timed *t)
{
    if (!t)
        return;
    free(t->samples);
    free(t);
}

void timed_put(struct timed *t, const int16_t *samples, uint32_t n, uint64_t us)
{
    t->marks[t->n_marks++ % MARKS] = (struct mark){.index = t->n, .us = (int64_t)us};
    for (uint32_t i = 0; i < n; i++)
        t->samples[t->n++ % t->cap] = samples[i];
}

uint64_t timed_count(const struct timed *t)
{
    return t->n;
}

static int64_t us_of(uint64_t n_samples)
{
    return (int64_t)(n_samples * 1000000 / TIMED_HZ);
}

/* The newest mark at or before a sample, among those that are kept. */
static uint64_t mark_find(const struct timed *t, uint64_t index)
{
    uint64_t oldest = t->n_marks > MARKS ? t->n_marks - MARKS : 0, at = t->n_marks;

    while (at > oldest + 1 && t->marks[(at - 1) % MARKS].index > index)
        at--;
    return at - 1;
}

int64_t timed_us(const struct timed *t, uint64_t index)
{
    if (!t->n_marks)
        return 0;
    uint64_t oldest = t->n_marks > MARKS ? t->n_marks - MARKS : 0, at = mark_find(t, index);
    uint64_t from = at > oldest + NEAR ? at - NEAR : oldest;
    uint64_t to = at + NEAR < t->n_marks ? at + NEAR : t->n_marks;
    int64_t sum = 0;

    /* when sample 0 was, by each: one late turn of the loop moves the mean by little */
    for (uint64_t i = from; i < to; i++)
        sum += t->marks[i % MARKS].us - us_of(t->marks[i % MARKS].index);
    return sum / (int64_t)(to - from) + us_of(index);
}

int timed_copy(const struct timed *t, struct sound *s, uint64_t from, uint64_t to)
{
    uint64_t oldest = t->n > t->cap ? t->n - t->cap : 0;

    if (from > to || to - from > t->cap)
        return EINVAL;
    int err = sound_alloc(s, (uint32_t)(to - from), TIMED_HZ);
    if (err)
        return err;
    for (uint64_t i = from; i < to; i++)
        if (i >= oldest && i < t->n)
            s->samples[i - from] = t->samples[i % t->cap];
    return 0;
}

int timed_copy_all(const struct timed *t, struct sound *s)
{
    return timed_copy(t, s, t->n > t->cap ? t->n - t->cap : 0, t->n);
}
