#include "codec/resample.h"

#include <errno.h>
#include <stdlib.h>

#include <speex/speex_resampler.h>

enum { QUALITY = 3 }; /* speexdsp's choice for VoIP: flat to 3.4 of 4 kHz, 2 ms of delay at 8 kHz */

struct resample {
    SpeexResamplerState *speex;
};

int resample_alloc(struct resample **rp, uint32_t from_hz, uint32_t to_hz)
{
    struct resample *r;
    int status;

    if (from_hz < 8000 || from_hz > 48000 || to_hz < 8000 || to_hz > 48000)
        return EINVAL;
    r = calloc(1, sizeof(*r));
    if (!r)
        return ENOMEM;
    r->speex = speex_resampler_init(1, from_hz, to_hz, QUALITY, &status);
    if (!r->speex) {
        free(r);
        return ENOMEM;
    }
    *rp = r;
    return 0;
}

void resample_free(struct resample *r)
{
    if (!r)
        return;
    speex_resampler_destroy(r->speex);
    free(r);
}

void resample_reset(struct resample *r)
{
    speex_resampler_reset_mem(r->speex);
}

uint32_t resample_run(struct resample *r, const int16_t *in, uint32_t n, int16_t *out, uint32_t cap)
{
    spx_uint32_t n_in = n, n_out = cap;

    speex_resampler_process_int(r->speex, 0, in, &n_in, out, &n_out);
    return n_out;
}
