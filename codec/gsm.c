#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <spandsp/telephony.h>
#include <spandsp/gsm0610.h>

#include "codec/codecs.h"
#include "codec/conceal.h"
#include "codec/ptime.h"

/* GSM 06.10 full rate, RFC 3551 s.4.5.8: frames of 33 bytes, 20 ms at 8 kHz, any number in a
 * packet. Of spandsp rather than libgsm because its state can be set back without an allocation. */

enum { RATE_HZ = 8000, FRAME = 160, FRAME_BYTES = 33, FRAME_MS = 20, SIGNATURE = 0xd };

struct codec_encoder {
    gsm0610_state_t *state;
};

struct codec_decoder {
    gsm0610_state_t *state;
    struct conceal conceal;
};

static void encoder_free(struct codec_encoder *e)
{
    if (!e)
        return;
    if (e->state)
        gsm0610_free(e->state);
    free(e);
}

static void decoder_free(struct codec_decoder *d)
{
    if (!d)
        return;
    if (d->state)
        gsm0610_free(d->state);
    free(d);
}

static int encoder_new(struct codec_encoder **ep, const struct codec_spec *spec,
                       const struct codec_options *opt)
{
    struct codec_encoder *e;

    (void)spec;
    if (opt->pcm_rate_hz != 0 && opt->pcm_rate_hz != RATE_HZ)
        return EINVAL;
    e = calloc(1, sizeof(*e));
    if (!e)
        return ENOMEM;
    e->state = gsm0610_init(NULL, GSM0610_PACKING_VOIP);
    if (!e->state) {
        encoder_free(e);
        return ENOMEM;
    }
    *ep = e;
    return 0;
}

static int decoder_new(struct codec_decoder **dp, const struct codec_spec *spec,
                       uint32_t pcm_rate_hz)
{
    struct codec_decoder *d;

    (void)spec;
    if (pcm_rate_hz != 0 && pcm_rate_hz != RATE_HZ)
        return EINVAL;
    d = calloc(1, sizeof(*d));
    if (!d)
        return ENOMEM;
    conceal_init(&d->conceal, RATE_HZ);
    d->state = gsm0610_init(NULL, GSM0610_PACKING_VOIP);
    if (!d->state) {
        decoder_free(d);
        return ENOMEM;
    }
    *dp = d;
    return 0;
}

static void decoder_reset(struct codec_decoder *d)
{
    gsm0610_init(d->state, GSM0610_PACKING_VOIP);
    conceal_init(&d->conceal, RATE_HZ);
}

static int encode(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    if (in->rate_hz != RATE_HZ || in->n_channels != 1 || in->n_frames % FRAME != 0)
        return -EINVAL;
    if (in->n_frames / FRAME * FRAME_BYTES > cap)
        return -ENOBUFS;
    return gsm0610_encode(e->state, payload, in->samples, (int)in->n_frames);
}

static uint32_t payload_ticks(const uint8_t *payload, size_t n)
{
    if (n % FRAME_BYTES != 0 || n / FRAME_BYTES > CODEC_PCM_MAX / FRAME)
        return 0;
    for (size_t at = 0; at < n; at += FRAME_BYTES) {
        if (payload[at] >> 4 != SIGNATURE)
            return 0;
    }
    return (uint32_t)(n / FRAME_BYTES * FRAME);
}

static int decode(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    const uint32_t n_frames = payload_ticks(payload, n);

    pcm_set(out, 0, RATE_HZ);
    if (n_frames == 0)
        return EBADMSG;
    gsm0610_decode(d->state, out->samples, payload, (int)n);
    pcm_set(out, n_frames, RATE_HZ);
    conceal_good(&d->conceal, out->samples, n_frames);
    return 0;
}

static int conceal(struct codec_decoder *d, const uint8_t *next, size_t n, uint32_t n_frames,
                   struct pcm *out)
{
    (void)next; /* carries nothing of the packet before it */
    (void)n;
    return conceal_pcm(&d->conceal, n_frames, out);
}

static uint32_t ptime_ms(const struct codec_spec *receiver, uint32_t wanted_ms)
{
    const uint32_t ms = ptime_any(receiver, wanted_ms) / FRAME_MS * FRAME_MS;

    return ms ? ms : FRAME_MS;
}

const struct codec codec_gsm = {
    .name = "GSM",
    .clock_hz = RATE_HZ,
    .pcm_rate_hz = RATE_HZ,
    .static_pt = 3,
    .n_channels = 1,
    .quality = 30,
    .encoder_alloc = encoder_new,
    .decoder_alloc = decoder_new,
    .encoder_free = encoder_free,
    .decoder_free = decoder_free,
    .encode = encode,
    .decode = decode,
    .conceal = conceal,
    .decoder_reset = decoder_reset,
    .payload_ticks = payload_ticks,
    .ptime_ms = ptime_ms,
};
