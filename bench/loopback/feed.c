#include "bench/loopback/feed.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <speex/speex_resampler.h>

#define QUALITY    5
#define CHUNK      480
#define STEP_PPM   25             /* smaller changes are not worth a new filter */
#define FINE       100            /* parts of a Hz in the resampler's fraction */
#define GONE       (FEED_HZ / 10) /* 100 ms without a sample: the device has stopped */
#define OVERFULL_S (4 * FEED_TARGET_S)

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

static double fill_s(const struct feed *f)
{
    return (double)ring_fill(f->ring) / f->device_hz;
}

/* Sets the rate to what holds the fill. The fraction is of device samples to ours, or back. */
static void rate_hold(struct feed *f, uint32_t n, bool is_capture)
{
    double ppm = drift_update(&f->drift, fill_s(f), (double)n / FEED_HZ);
    int32_t wanted = (int32_t)lrint(ppm);

    if (wanted > f->ppm - STEP_PPM && wanted < f->ppm + STEP_PPM)
        return;
    f->ppm = wanted;
    uint32_t device = (uint32_t)lrint((double)f->device_hz * FINE * (1 + ppm / 1e6));
    uint32_t ours = FEED_HZ * FINE;
    if (is_capture) /* take more out of a full ring */
        speex_resampler_set_rate_frac(f->resampler, device, ours, f->device_hz, FEED_HZ);
    else { /* put less into a full one */
        device = (uint32_t)lrint((double)f->device_hz * FINE * (1 - ppm / 1e6));
        speex_resampler_set_rate_frac(f->resampler, ours, device, FEED_HZ, f->device_hz);
    }
}

/* @return samples at FEED_HZ that the ring had for us, n at the most */
static uint32_t captured_take(struct feed *f, int16_t *samples, uint32_t n)
{
    int16_t chunk[CHUNK];
    uint32_t made = 0;

    while (made < n) {
        /* no more than what makes the rest: the resampler would give the surplus back */
        uint32_t wanted = (uint32_t)((uint64_t)(n - made) * f->device_hz / FEED_HZ) + 1;
        uint32_t n_in = ring_get(f->ring, chunk, wanted < CHUNK ? wanted : CHUNK);
        uint32_t taken = 0;

        if (!n_in)
            break;
        while (taken < n_in && made < n) {
            uint32_t in = n_in - taken, out = n - made;

            speex_resampler_process_int(f->resampler, 0, chunk + taken, &in, samples + made, &out);
            taken += in;
            made += out;
            if (!in && !out)
                break;
        }
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
        f->counts.underruns++;
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
    uint32_t fill = ring_fill(f->ring), target = (uint32_t)(FEED_TARGET_S * f->device_hz);

    if (fill <= (uint32_t)(OVERFULL_S * f->device_hz))
        return;
    f->counts.overruns++;
    f->counts.thrown += ring_skip(f->ring, fill - target);
    drift_restart(&f->drift);
}

void feed_capture(struct feed *f, int16_t *samples, uint32_t n)
{
    if (!f->is_primed && fill_s(f) < FEED_TARGET_S) {
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

/* Silence up to the wanted fill, so that the first late packet is not heard as a gap. */
static void prime(struct feed *f)
{
    static const int16_t silence[CHUNK];
    uint32_t fill = ring_fill(f->ring), target = (uint32_t)(FEED_TARGET_S * f->device_hz);

    for (uint32_t n; fill < target; fill += n) {
        n = target - fill < CHUNK ? target - fill : CHUNK;
        put(f, silence, n);
    }
    drift_restart(&f->drift);
    f->is_primed = true;
}

void feed_play(struct feed *f, const int16_t *samples, uint32_t n)
{
    int16_t chunk[CHUNK];
    uint32_t taken = 0;

    if (!ring_fill(f->ring)) {
        f->counts.underruns += f->is_primed;
        prime(f);
    } else if (fill_s(f) > OVERFULL_S) { /* nobody drains it: the device has stopped */
        f->counts.overruns++;
        f->counts.thrown += (uint64_t)n * f->device_hz / FEED_HZ;
        return;
    }
    rate_hold(f, n, false);
    while (taken < n) {
        uint32_t in = n - taken, out = CHUNK;

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
