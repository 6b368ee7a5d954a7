#include "relay/media/load.h"

void load_put(struct load *l, uint64_t now_us, uint64_t cpu_us, unsigned n_streams)
{
    if (l->n > 0) {
        if (now_us - l->samples[l->last].now_us < LOAD_SAMPLE_US)
            return;
        l->last = (l->last + 1) % LOAD_SAMPLES;
    }
    l->samples[l->last] =
        (struct load_sample){.now_us = now_us, .cpu_us = cpu_us, .n_streams = n_streams};
    if (l->n < LOAD_SAMPLES)
        l->n++;
}

static const struct load_sample *sample_ago(const struct load *l, unsigned ago)
{
    return &l->samples[(l->last + LOAD_SAMPLES - ago) % LOAD_SAMPLES];
}

/* @return how many samples ago the window begins: a second, or as far back as is known */
static unsigned window_begin(const struct load *l)
{
    unsigned ago = 0;

    while (ago + 1 < l->n && sample_ago(l, 0)->now_us - sample_ago(l, ago)->now_us < LOAD_WINDOW_US)
        ago++;
    return ago;
}

unsigned load_permille(const struct load *l)
{
    const struct load_sample *now = sample_ago(l, 0), *then = sample_ago(l, window_begin(l));
    uint64_t permille;

    if (now == then)
        return 0;
    permille = (now->cpu_us - then->cpu_us) * 1000 / (now->now_us - then->now_us);
    return permille > 1000 ? 1000 : (unsigned)permille;
}

double load_expected_permille(const struct load *l, unsigned n_streams)
{
    unsigned ago, begin = window_begin(l);
    double sum = 0;

    for (ago = 0; ago < begin; ago++)
        sum += sample_ago(l, ago)->n_streams;
    if (sum < begin || begin == 0) /* less than one stream on average: nothing to learn from */
        return load_permille(l) + n_streams * LOAD_STREAM_PERMILLE;
    return load_permille(l) * (n_streams / (sum / begin));
}
