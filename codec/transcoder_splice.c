#include <string.h>

#include "codec/transcoder_internal.h"

/* One source follows another without a pause (a transfer, a peer that restarts): where one breaks
 * off and a fresh decoder begins, the wave would step, which is a click. So the old one is let go
 * on for some milliseconds, as after a loss, while the new one fades in. */

void transcoder_keep_tail(struct transcoder *t, const struct input *in)
{
    int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};
    const uint32_t most = t->framer.rate_hz * SPLICE_MS / 1000;

    if (in->codec->conceal(in->decoder, NULL, 0, in->pcm_rate_hz * SPLICE_MS / 1000, &pcm) > 1)
        return;
    if (in->resample) {
        t->n_tail = resample_run(in->resample, pcm.samples, pcm.n_frames, t->tail, most);
        return;
    }
    t->n_tail = pcm.n_frames < most ? pcm.n_frames : most;
    memcpy(t->tail, pcm.samples, t->n_tail * sizeof(t->tail[0]));
}

void transcoder_splice(struct transcoder *t, int16_t *samples, uint32_t n)
{
    const int32_t whole = (int32_t)t->n_tail + 1;

    for (int32_t i = 0; i < (int32_t)(n < t->n_tail ? n : t->n_tail); i++)
        samples[i] = (int16_t)((samples[i] * (i + 1) + t->tail[i] * (whole - i - 1)) / whole);
    t->n_tail = 0;
}
