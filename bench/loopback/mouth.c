#include "bench/loopback/mouth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <speex/speex_resampler.h>

#include "bench/peer/loop.h"
#include "bench/sound/chirp.h"

#define FRAME_MAX    (FEED_HZ / 10) /* the longest packet time: 100 ms */
#define MARKER_EVERY (2 * FEED_HZ)
#define TONE_HZ      1000
#define TONE_PEAK    4634 /* a sine of -20 dBFS */
#define QUALITY      5

struct mouth {
    struct mouth_config cfg;
    struct sound file, chirp;
    struct feed *feed;
    uint64_t latency_us;
    bool has_begun, is_muted;
    uint32_t at;                 /* in the file */
    uint32_t marker_at;          /* in the chirp; its length: none */
    uint64_t n_said;             /* samples, for tone and markers */
    SpeexResamplerState *narrow; /* to 8 kHz, for codecs that have no more */
    struct level level;
    struct timed *record;
};

int mouth_alloc(struct mouth **mp, const struct mouth_config *cfg)
{
    struct mouth *m = calloc(1, sizeof(*m));
    int failed = 0;

    if (!m)
        return ENOMEM;
    m->cfg = *cfg;
    m->cfg.file = NULL;
    if (!m->cfg.tone_hz)
        m->cfg.tone_hz = TONE_HZ;
    level_init(&m->level);
    int err = timed_alloc(&m->record, cfg->record_s);
    if (!err && cfg->kind == MOUTH_FILE)
        err = sound_resample(&m->file, cfg->file, FEED_HZ);
    if (!err)
        err = chirp_make(&m->chirp, FEED_HZ);
    m->narrow = speex_resampler_init(1, FEED_HZ, 8000, QUALITY, &failed);
    if (!err && !m->narrow)
        err = ENOMEM;
    if (err) {
        mouth_free(m);
        return err;
    }
    m->marker_at = m->chirp.n_samples;
    *mp = m;
    return 0;
}

void mouth_free(struct mouth *m)
{
    if (!m)
        return;
    if (m->narrow)
        speex_resampler_destroy(m->narrow);
    timed_free(m->record);
    sound_wipe(&m->file);
    sound_wipe(&m->chirp);
    free(m);
}

void mouth_connect(struct mouth *m, struct feed *feed, uint64_t latency_us)
{
    m->feed = feed;
    m->latency_us = latency_us;
}

static void file_say(struct mouth *m, int16_t *samples, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (m->cfg.is_repeated && m->at >= m->file.n_samples)
            m->at = 0;
        samples[i] = m->has_begun && m->at < m->file.n_samples ? m->file.samples[m->at++] : 0;
    }
}

static void tone_say(const struct mouth *m, int16_t *samples, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t cycle = (m->n_said + i) * m->cfg.tone_hz % FEED_HZ;

        samples[i] = (int16_t)lrint(TONE_PEAK * sin(2 * M_PI * (double)cycle / FEED_HZ));
    }
}

static void marker_add(struct mouth *m, int16_t *samples, uint32_t n)
{
    for (uint32_t i = 0; i < n && m->marker_at < m->chirp.n_samples; i++) {
        int sum = samples[i] + m->chirp.samples[m->marker_at++];

        samples[i] = (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
    }
}

/* @return how long ago the first of these samples was at the mouth [us] */
static uint64_t say(struct mouth *m, int16_t *samples, uint32_t n)
{
    uint64_t age_us = 0;

    memset(samples, 0, n * sizeof(*samples));
    if (m->cfg.kind == MOUTH_MICROPHONE && m->feed) {
        age_us = m->latency_us + feed_delay_us(m->feed);
        feed_capture(m->feed, samples, n);
    } else if (m->cfg.kind == MOUTH_FILE) {
        file_say(m, samples, n);
    } else if (m->cfg.kind == MOUTH_TONE) {
        tone_say(m, samples, n);
    } else if (m->cfg.kind == MOUTH_MARKERS &&
               m->n_said / MARKER_EVERY != (m->n_said + n) / MARKER_EVERY) {
        mouth_mark(m);
    }
    if (m->is_muted)
        memset(samples, 0, n * sizeof(*samples));
    /* a marker is not what a microphone gives */
    if (m->cfg.kind == MOUTH_MICROPHONE)
        level_put(&m->level, samples, n, FEED_HZ);
    marker_add(m, samples, n);
    if (m->cfg.kind != MOUTH_MICROPHONE)
        level_put(&m->level, samples, n, FEED_HZ);
    m->n_said += n;
    return age_us;
}

void mouth_source(int16_t *samples, uint32_t n, uint32_t rate_hz, void *arg)
{
    struct mouth *m = arg;
    int16_t wide[FRAME_MAX];
    uint32_t n_wide = (uint32_t)((uint64_t)n * FEED_HZ / rate_hz);

    if (n_wide > FRAME_MAX)
        return;
    uint64_t now_us = loop_now_us(), age_us = say(m, wide, n_wide);
    timed_put(m->record, wide, n_wide, now_us - age_us);
    if (rate_hz == FEED_HZ) {
        memcpy(samples, wide, n * sizeof(*samples));
        return;
    }
    uint32_t n_out = n;
    memset(samples, 0, n * sizeof(*samples));
    speex_resampler_process_int(m->narrow, 0, wide, &n_wide, samples, &n_out);
}

void mouth_begin(struct mouth *m)
{
    m->has_begun = true;
}

bool mouth_is_done(const struct mouth *m)
{
    return m->cfg.kind == MOUTH_FILE && !m->cfg.is_repeated && m->at >= m->file.n_samples;
}

void mouth_mute(struct mouth *m, bool is_muted)
{
    m->is_muted = is_muted;
}

bool mouth_is_muted(const struct mouth *m)
{
    return m->is_muted;
}

void mouth_mark(struct mouth *m)
{
    m->marker_at = 0;
}

enum mouth_kind mouth_kind(const struct mouth *m)
{
    return m->cfg.kind;
}

const struct level *mouth_level(const struct mouth *m)
{
    return &m->level;
}

const struct timed *mouth_record(const struct mouth *m)
{
    return m->record;
}
