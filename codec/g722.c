#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp/telephony.h>
#include <spandsp/g722.h>

#include "codec/codecs.h"
#include "codec/conceal.h"
#include "codec/ptime.h"

/* ITU-T G.722 at 64 kbit/s. One byte is two samples at 16 kHz, yet the RTP clock says 8000, for
 * reasons that are history (RFC 3551 s.4.5.2): a byte is one tick. Asked for 8 kHz PCM the library
 * codes the lower band alone, which costs less and needs no resampler. */

enum { BIT_RATE = 64000, WIDE_HZ = 16000, NARROW_HZ = 8000 };

struct codec_encoder {
    g722_encode_state_t *state;
    uint32_t rate_hz;
};

struct codec_decoder {
    g722_decode_state_t *state;
    uint32_t rate_hz;
    struct conceal conceal;
};

/* @return what g722_*_init() is to be given; -1: a rate that G.722 does not have */
static int options_of_rate(uint32_t rate_hz)
{
    if (rate_hz == WIDE_HZ)
        return 0;
    return rate_hz == NARROW_HZ ? G722_SAMPLE_RATE_8000 : -1;
}

static void encoder_free(struct codec_encoder *e)
{
    if (!e)
        return;
    if (e->state)
        g722_encode_free(e->state);
    free(e);
}

static void decoder_free(struct codec_decoder *d)
{
    if (!d)
        return;
    if (d->state)
        g722_decode_free(d->state);
    free(d);
}

static int encoder_new(struct codec_encoder **ep, const struct codec_spec *spec,
                       const struct codec_options *opt)
{
    const uint32_t rate_hz = opt->pcm_rate_hz ? opt->pcm_rate_hz : WIDE_HZ;
    struct codec_encoder *e;

    (void)spec;
    if (options_of_rate(rate_hz) < 0)
        return EINVAL;
    e = calloc(1, sizeof(*e));
    if (!e)
        return ENOMEM;
    e->rate_hz = rate_hz;
    e->state = g722_encode_init(NULL, BIT_RATE, options_of_rate(rate_hz));
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
    const uint32_t rate_hz = pcm_rate_hz ? pcm_rate_hz : WIDE_HZ;
    struct codec_decoder *d;

    (void)spec;
    if (options_of_rate(rate_hz) < 0)
        return EINVAL;
    d = calloc(1, sizeof(*d));
    if (!d)
        return ENOMEM;
    d->rate_hz = rate_hz;
    conceal_init(&d->conceal, rate_hz);
    d->state = g722_decode_init(NULL, BIT_RATE, options_of_rate(rate_hz));
    if (!d->state) {
        decoder_free(d);
        return ENOMEM;
    }
    *dp = d;
    return 0;
}

static void decoder_reset(struct codec_decoder *d)
{
    /* given a state, init writes it and allocates nothing */
    g722_decode_init(d->state, BIT_RATE, options_of_rate(d->rate_hz));
    conceal_init(&d->conceal, d->rate_hz);
}

static int encode(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    const uint32_t per_byte = e->rate_hz / NARROW_HZ;

    if (in->rate_hz != e->rate_hz || in->n_channels != 1 || in->n_frames % per_byte != 0)
        return -EINVAL;
    if (in->n_frames / per_byte > cap)
        return -ENOBUFS;
    return g722_encode(e->state, payload, in->samples, (int)in->n_frames);
}

static int decode(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    const uint32_t per_byte = d->rate_hz / NARROW_HZ;

    pcm_set(out, 0, d->rate_hz);
    if (n == 0 || n > CODEC_PCM_MAX / per_byte)
        return EBADMSG;
    pcm_set(out, (uint32_t)g722_decode(d->state, out->samples, payload, (int)n), d->rate_hz);
    conceal_good(&d->conceal, out->samples, out->n_frames);
    return 0;
}

static int conceal(struct codec_decoder *d, const uint8_t *next, size_t n, uint32_t n_frames,
                   struct pcm *out)
{
    (void)next; /* carries nothing of the packet before it */
    (void)n;
    return conceal_pcm(&d->conceal, n_frames, out);
}

static uint32_t payload_ticks(const uint8_t *payload, size_t n)
{
    (void)payload;
    return n <= CODEC_PCM_MAX / 2 ? (uint32_t)n : 0;
}

const struct codec codec_g722 = {
    .name = "G722",
    .clock_hz = 8000,
    .pcm_rate_hz = WIDE_HZ,
    .static_pt = 9,
    .n_channels = 1,
    .quality = 80,
    .encoder_alloc = encoder_new,
    .decoder_alloc = decoder_new,
    .encoder_free = encoder_free,
    .decoder_free = decoder_free,
    .encode = encode,
    .decode = decode,
    .conceal = conceal,
    .decoder_reset = decoder_reset,
    .payload_ticks = payload_ticks,
    .ptime_ms = ptime_any,
};
