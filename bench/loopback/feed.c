#include "bench/loopback/feed.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <speex/speex_resampler.h>

#define QUALITY         5
#define DENOMINATOR_MAX 65535
#define STEP_PPM        64             /* smaller changes are not worth a new filter */
#define GONE            (FEED_HZ / 10) /* 100 ms without a sample: the device has stopped */
#define DEEPER_S        0.02           /* what an underrun adds to the wanted fill */

static int feed_open(struct feed *f, struct ring *ring, uint32_t device_hz, uint32_t from_hz,
                     uint32_t to_hz)
{
    int failed = 0;

    if (device_hz < 8000 || device_hz > 192000)
        return EINVAL;
    *f = (struct feed){.ring = ring, .device_hz = device_hz};
    drift_init(&f->drift, FEED_TARGET_S);
    conceal_init(&f->conceal, FEED_HZ);
    f->resampler = speex_resampler_init(1, from_hz, to_hz, QUALITY, &failed);
    return f->resampler ? 0 : ENOMEM;
}

int feed_open_capture(struct feed *f, struct ring *ring, uint32_t device_hz)
{
    return feed_open(f, ring, device_hz, device_hz, FEED_HZ);
}

int feed_open_playback(struct feed *f, struct ring *ring, uint32_t device_hz)
{
    return feed_open(f, ring, device_hz, FEED_HZ, device_hz);
}

void feed_close(struct feed *f)
{
    if (f->resampler)
        speex_resampler_destroy(f->resampler);
    *f = (struct feed){0};
}

static double overfull_s(const struct feed *f)
{
    return f->drift.target_s + 3 * FEED_TARGET_S;
}

/* A device that takes or gives in larger bites needs more in the ring. */
static void underrun(struct feed *f)
{
    f->counts.underruns++;
    f->drift.target_s = fmin(f->drift.target_s + DEEPER_S, FEED_TARGET_MAX_S);
}

static double fill_s(const struct feed *f)
{
    return (double)(ring_fill(f->ring) + f->chunk_n - f->chunk_at) / f->device_hz;
}

/* Sets the rate to what holds the fill. speexdsp multiplies the old denominator by the new one in
 * 32 bits, and runs wild where that overflows: so both stay below 2^16, which leaves steps of 63
 * ppm at the most. */
static void rate_hold(struct feed *f, uint32_t n, bool is_capture)
{
    double ppm = drift_update(&f->drift, fill_s(f), (double)n / FEED_HZ);
    int32_t wanted = (int32_t)lrint(ppm);
    uint32_t from = is_capture ? f->device_hz : FEED_HZ, to = is_capture ? FEED_HZ : f->device_hz;

    if (wanted > f->ppm - STEP_PPM && wanted < f->ppm + STEP_PPM)
        return;
    f->ppm = wanted;
    /* out of a full ring more is taken, and into one less is put: more input for each output */
    double ratio = (double)from / to * (1 + ppm / 1e6);
    uint32_t den = to * (DENOMINATOR_MAX / to);
    if (!den)
        den = to / 4;
    speex_resampler_set_rate_frac(f->resampler, (uint32_t)lrint(ratio * den), den, from, to);
}

/* @return whether there is something to resample */
static bool chunk_fill(struct feed *f)
{
    if (f->chunk_at < f->chunk_n)
        return true;
    f->chunk_at = 0;
    f->chunk_n = ring_get(f->ring, f->chunk, FEED_CHUNK);
    return f->chunk_n > 0;
}

/* @return samples at FEED_HZ that the ring had for us, n at the most */
static uint32_t captured_take(struct feed *f, int16_t *samples, uint32_t n)
{
    uint32_t made = 0;

    while (made < n && chunk_fill(f)) {
        uint32_t in = f->chunk_n - f->chunk_at, out = n - made;

        speex_resampler_process_int(f->resampler, 0, f->chunk + f->chunk_at, &in, samples + made,
                                    &out);
        f->chunk_at += in;
        made += out;
        if (!in && !out)
            break;
    }
    return made;
}

static void missing_make_up(struct feed *f, int16_t *samples, uint32_t n)
{
    if (!n) {
        f->n_missing = 0;
        return;
    }
    if (!f->n_missing)
        underrun(f);
    conceal_fill(&f->conceal, samples, n);
    f->counts.concealed += n;
    f->n_missing += n;
    if (f->n_missing >= GONE) {
        f->is_primed = false;
        drift_restart(&f->drift);
    }
}

/* After a pause, ours or the device's, the delay is brought back at once. */
static void surplus_throw(struct feed *f)
{
    uint32_t fill = ring_fill(f->ring), target = (uint32_t)(f->drift.target_s * f->device_hz);

    if (fill <= (uint32_t)(overfull_s(f) * f->device_hz))
        return;
    f->counts.overruns++;
    f->counts.thrown += ring_skip(f->ring, fill - target);
    drift_restart(&f->drift);
}

void feed_capture(struct feed *f, int16_t *samples, uint32_t n)
{
    if (!f->is_primed && fill_s(f) < f->drift.target_s) {
        memset(samples, 0, n * sizeof(*samples));
        return;
    }
    f->is_primed = true;
    surplus_throw(f);
    rate_hold(f, n, true);
    uint32_t made = captured_take(f, samples, n);
    conceal_good(&f->conceal, samples, made);
    missing_make_up(f, samples + made, n - made);
}

static void put(struct feed *f, const int16_t *samples, uint32_t n)
{
    uint32_t left = n - ring_put(f->ring, samples, n);

    if (!left)
        return;
    f->counts.overruns++;
    f->counts.thrown += left;
}

static void silence_put(struct feed *f, uint32_t n)
{
    static const int16_t silence[FEED_CHUNK];

    for (uint32_t one; n; n -= one) {
        one = n < FEED_CHUNK ? n : FEED_CHUNK;
        put(f, silence, one);
    }
}

/* Silence up to the wanted fill, so that the first late packet is not heard as a gap. */
static void prime(struct feed *f)
{
    uint32_t fill = ring_fill(f->ring), target = (uint32_t)(f->drift.target_s * f->device_hz);

    silence_put(f, fill < target ? target - fill : 0);
    drift_restart(&f->drift);
    f->is_primed = true;
}

void feed_deepen(struct feed *f)
{
    double before_s = f->drift.target_s;

    underrun(f);
    silence_put(f, (uint32_t)((f->drift.target_s - before_s) * f->device_hz));
    drift_restart(&f->drift);
}

/* The device took nothing for a while, as some do after they were started: when it goes on, it is
 * to go on with what is new. */
static void surplus_ask(struct feed *f, uint32_t n)
{
    uint32_t target = (uint32_t)(f->drift.target_s * f->device_hz);

    f->counts.overruns += !f->is_stuck;
    f->is_stuck = true;
    f->counts.thrown += (uint64_t)n * f->device_hz / FEED_HZ;
    ring_ask_to_skip(f->ring, ring_fill(f->ring) - target);
    drift_restart(&f->drift);
}

void feed_play(struct feed *f, const int16_t *samples, uint32_t n)
{
    int16_t chunk[FEED_CHUNK];
    uint32_t taken = 0;

    if (!ring_fill(f->ring)) {
        if (f->is_primed)
            underrun(f);
        prime(f);
    } else if (fill_s(f) > overfull_s(f)) {
        surplus_ask(f, n);
        return;
    }
    f->is_stuck = false;
    rate_hold(f, n, false);
    while (taken < n) {
        uint32_t in = n - taken, out = FEED_CHUNK;

        speex_resampler_process_int(f->resampler, 0, samples + taken, &in, chunk, &out);
        put(f, chunk, out);
        taken += in;
        if (!in && !out)
            return;
    }
}

uint64_t feed_delay_us(const struct feed *f)
{
    return (uint64_t)(fill_s(f) * 1e6);
}
