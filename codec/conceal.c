#include "codec/conceal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Speech goes on unchanged for about 10 ms; a longer repair is less and less like it, so it fades
 * and is silent after 60 ms (G.711 appendix I, s.2.7). */
enum {
    HOLD_MS = 10,
    SILENT_MS = 60,
    PITCH_MIN_HZ = 200,
    PITCH_MAX_HZ = 66,
    SPAN_MS = 20,
    CONCEAL_MAX_MS = 120
};

static uint32_t samples_of_ms(const struct conceal *c, uint32_t ms)
{
    return c->rate_hz * ms / 1000;
}

void conceal_init(struct conceal *c, uint32_t rate_hz)
{
    assert(rate_hz >= 8000 && rate_hz <= CONCEAL_RATE_MAX_HZ);
    memset(c, 0, sizeof(*c));
    c->rate_hz = rate_hz;
    c->n_history = samples_of_ms(c, SPAN_MS) + 2 * (rate_hz / PITCH_MAX_HZ);
}

static void history_push(struct conceal *c, const int16_t *samples, uint32_t n)
{
    if (n >= c->n_history) {
        memcpy(c->history, samples + (n - c->n_history), c->n_history * sizeof(*samples));
        return;
    }
    memmove(c->history, c->history + n, (c->n_history - n) * sizeof(*samples));
    memcpy(c->history + (c->n_history - n), samples, n * sizeof(*samples));
}

/* How alike the newest `span` samples are to those `lag` earlier, 0 (not at all) to 1. Every
 * stride-th sample is looked at. */
static float likeness(const struct conceal *c, uint32_t lag, uint32_t span, uint32_t stride)
{
    const int16_t *now = c->history + (c->n_history - span);
    const int16_t *then = now - lag;
    float product = 0, energy = 1; /* 1: no division by zero in silence */

    for (uint32_t i = 0; i < span; i += stride) {
        product += (float)now[i] * (float)then[i];
        energy += (float)then[i] * (float)then[i];
    }
    /* The energy of `now` is the same for every lag, so it is left out; the sign is kept. */
    return product > 0 ? product * product / energy : 0;
}

static uint32_t best_lag(const struct conceal *c, uint32_t from, uint32_t to, uint32_t stride)
{
    const uint32_t span = samples_of_ms(c, SPAN_MS);
    float best = -1;
    uint32_t at = from;

    for (uint32_t lag = from; lag <= to; lag += stride) {
        const float l = likeness(c, lag, span, stride);

        if (l > best) {
            best = l;
            at = lag;
        }
    }
    return at;
}

/* Coarse at 4 kHz, then exact around the best: a twelfth of the work of a full search at 16 kHz. */
static uint32_t find_period(const struct conceal *c)
{
    const uint32_t stride = c->rate_hz / 4000;
    const uint32_t shortest = c->rate_hz / PITCH_MIN_HZ, longest = c->rate_hz / PITCH_MAX_HZ;
    const uint32_t coarse = best_lag(c, shortest, longest, stride);
    const uint32_t from = coarse - stride < shortest ? shortest : coarse - stride;
    const uint32_t to = coarse + stride > longest ? longest : coarse + stride;

    return best_lag(c, from, to, 1);
}

/* Linear blend: part / whole of b, the rest of a. */
static int16_t blend(int16_t a, int16_t b, uint32_t part, uint32_t whole)
{
    return (int16_t)(a + ((int32_t)b - a) * (int32_t)part / (int32_t)whole);
}

/* The last period, its last quarter turning into what came before it, so that its end fits its own
 * beginning when it is repeated. */
static void start_repair(struct conceal *c)
{
    const int16_t *end = c->history + c->n_history;
    const uint32_t period = find_period(c), quarter = period / 4;
    const int16_t *last = end - period, *before = last - period;

    memcpy(c->cycle, last, period * sizeof(*last));
    for (uint32_t i = 0; i < quarter; i++) {
        const uint32_t at = period - quarter + i;

        c->cycle[at] = blend(last[at], before[at], i + 1, quarter);
    }
    c->period = period;
    c->phase = 0;
    c->step = end[-1] - last[-1];
}

static int16_t saturate(int32_t v)
{
    return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

/* The next sample of the repair. */
static int16_t next_sample(struct conceal *c)
{
    const uint32_t hold = samples_of_ms(c, HOLD_MS), silent = samples_of_ms(c, SILENT_MS);
    const uint32_t quarter = c->period / 4;
    int32_t v = c->cycle[c->phase];

    if (c->n_lost < quarter)
        v += c->step * (int32_t)(quarter - c->n_lost) / (int32_t)quarter;
    if (c->n_lost >= silent)
        v = 0;
    else if (c->n_lost > hold)
        v = v * (int32_t)(silent - c->n_lost) / (int32_t)(silent - hold);

    c->phase = c->phase + 1 == c->period ? 0 : c->phase + 1;
    if (c->n_lost < silent) /* saturates: an outage may last */
        c->n_lost++;
    return saturate(v);
}

void conceal_fill(struct conceal *c, int16_t *samples, uint32_t n)
{
    if (c->n_lost == 0 && n > 0)
        start_repair(c);
    for (uint32_t i = 0; i < n; i++)
        samples[i] = next_sample(c);
    history_push(c, samples, n);
}

int conceal_pcm(struct conceal *c, uint32_t n_frames, struct pcm *out)
{
    pcm_set(out, 0, c->rate_hz);
    if (n_frames > samples_of_ms(c, CONCEAL_MAX_MS))
        return EINVAL;
    conceal_fill(c, out->samples, n_frames);
    out->n_frames = n_frames;
    return 0;
}

/* The longer the loss, the longer the blend: 4 ms for each 10 ms lost after the first quarter
 * period, at most 10 ms (G.711 appendix I, s.2.8). */
static uint32_t join_length(const struct conceal *c)
{
    const uint32_t longest = samples_of_ms(c, 10);
    const uint32_t wanted = c->period / 4 + c->n_lost * 2 / 5;

    return wanted < longest ? wanted : longest;
}

void conceal_good(struct conceal *c, int16_t *samples, uint32_t n)
{
    if (c->n_lost > 0) {
        const uint32_t join = join_length(c);

        for (uint32_t i = 0; i < join && i < n; i++)
            samples[i] = blend(next_sample(c), samples[i], i + 1, join);
        c->n_lost = 0;
    }
    history_push(c, samples, n);
}
