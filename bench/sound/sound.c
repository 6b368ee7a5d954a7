#include "bench/sound/sound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <speex/speex_resampler.h>

/* Speex knows 0 to 10; 8 keeps the images of an 8 kHz codec 90 dB down, which a score would hear.
 */
#define RESAMPLE_QUALITY 8

int sound_alloc(struct sound *s, uint32_t n_samples, uint32_t rate_hz)
{
    if (n_samples > SOUND_SAMPLES_MAX || rate_hz < SOUND_RATE_MIN_HZ || rate_hz > SOUND_RATE_MAX_HZ)
        return EINVAL;

    int16_t *samples = calloc(n_samples ? n_samples : 1, sizeof(*samples));
    if (!samples)
        return ENOMEM;
    *s = (struct sound){.samples = samples, .n_samples = n_samples, .rate_hz = rate_hz};
    return 0;
}

void sound_wipe(struct sound *s)
{
    free(s->samples);
    *s = (struct sound){0};
}

/* Feeds all of in, then silence, until out is full: the filter holds back half its length. */
static void resample_all(SpeexResamplerState *st, struct sound *out, const struct sound *in)
{
    static const int16_t silence[256];
    uint32_t taken = 0, made = 0;

    while (made < out->n_samples) {
        const int16_t *from = taken < in->n_samples ? in->samples + taken : silence;
        uint32_t n_in = taken < in->n_samples ? in->n_samples - taken : 256;
        uint32_t n_out = out->n_samples - made;

        speex_resampler_process_int(st, 0, from, &n_in, out->samples + made, &n_out);
        taken += n_in;
        made += n_out;
        if (!n_in && !n_out)
            return;
    }
}

int sound_resample(struct sound *out, const struct sound *in, uint32_t rate_hz)
{
    struct sound s = {0};
    int failed = 0;

    if (in->rate_hz < SOUND_RATE_MIN_HZ || in->rate_hz > SOUND_RATE_MAX_HZ)
        return EINVAL;
    uint64_t n = ((uint64_t)in->n_samples * rate_hz + in->rate_hz / 2) / in->rate_hz;
    if (n > SOUND_SAMPLES_MAX)
        return EINVAL;
    int err = sound_alloc(&s, (uint32_t)n, rate_hz);
    if (err)
        return err;

    if (rate_hz == in->rate_hz) {
        if (n)
            memcpy(s.samples, in->samples, (size_t)n * sizeof(*s.samples));
        *out = s;
        return 0;
    }
    SpeexResamplerState *st =
        speex_resampler_init(1, in->rate_hz, rate_hz, RESAMPLE_QUALITY, &failed);
    if (!st) {
        sound_wipe(&s);
        return ENOMEM;
    }
    speex_resampler_skip_zeros(st);
    resample_all(st, &s, in);
    speex_resampler_destroy(st);
    *out = s;
    return 0;
}
