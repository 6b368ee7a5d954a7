#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <spandsp/telephony.h>
#include <spandsp/g726.h>

#include "codec/codecs.h"
#include "codec/conceal.h"
#include "codec/ptime.h"

/* ITU-T G.726 at 32 kbit/s, two samples a byte. RFC 3551 s.4.5.4 puts the first sample into the low
 * bits; ITU-T I.366.2 annex E, which is AAL2-G726-32, into the high ones. Lync lists the latter. */

enum { RATE_HZ = 8000, BIT_RATE = 32000, PER_BYTE = 2 };

struct codec_encoder {
    g726_state_t *state;
};

struct codec_decoder {
    g726_state_t *state;
    int packing;
    struct conceal conceal;
};

static void encoder_free(struct codec_encoder *e)
{
    if (!e)
        return;
    if (e->state)
        g726_free(e->state);
    free(e);
}

static void decoder_free(struct codec_decoder *d)
{
    if (!d)
        return;
    if (d->state)
        g726_free(d->state);
    free(d);
}

static int encoder_open(struct codec_encoder **ep, const struct codec_options *opt, int packing)
{
    struct codec_encoder *e;

    if (opt->pcm_rate_hz != 0 && opt->pcm_rate_hz != RATE_HZ)
        return EINVAL;
    e = calloc(1, sizeof(*e));
    if (!e)
        return ENOMEM;
    e->state = g726_init(NULL, BIT_RATE, G726_ENCODING_LINEAR, packing);
    if (!e->state) {
        encoder_free(e);
        return ENOMEM;
    }
    *ep = e;
    return 0;
}

static int decoder_open(struct codec_decoder **dp, uint32_t pcm_rate_hz, int packing)
{
    struct codec_decoder *d;

    if (pcm_rate_hz != 0 && pcm_rate_hz != RATE_HZ)
        return EINVAL;
    d = calloc(1, sizeof(*d));
    if (!d)
        return ENOMEM;
    d->packing = packing;
    conceal_init(&d->conceal, RATE_HZ);
    d->state = g726_init(NULL, BIT_RATE, G726_ENCODING_LINEAR, packing);
    if (!d->state) {
        decoder_free(d);
        return ENOMEM;
    }
    *dp = d;
    return 0;
}

static int encoder_new_low_first(struct codec_encoder **ep, const struct codec_spec *spec,
                                 const struct codec_options *opt)
{
    (void)spec;
    return encoder_open(ep, opt, G726_PACKING_RIGHT);
}

static int encoder_new_high_first(struct codec_encoder **ep, const struct codec_spec *spec,
                                  const struct codec_options *opt)
{
    (void)spec;
    return encoder_open(ep, opt, G726_PACKING_LEFT);
}

static int decoder_new_low_first(struct codec_decoder **dp, const struct codec_spec *spec,
                                 uint32_t pcm_rate_hz)
{
    (void)spec;
    return decoder_open(dp, pcm_rate_hz, G726_PACKING_RIGHT);
}

static int decoder_new_high_first(struct codec_decoder **dp, const struct codec_spec *spec,
                                  uint32_t pcm_rate_hz)
{
    (void)spec;
    return decoder_open(dp, pcm_rate_hz, G726_PACKING_LEFT);
}

static void decoder_reset(struct codec_decoder *d)
{
    g726_init(d->state, BIT_RATE, G726_ENCODING_LINEAR, d->packing);
    conceal_init(&d->conceal, RATE_HZ);
}

static int encode(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    if (in->rate_hz != RATE_HZ || in->n_channels != 1 || in->n_frames % PER_BYTE != 0)
        return -EINVAL;
    if (in->n_frames / PER_BYTE > cap)
        return -ENOBUFS;
    return g726_encode(e->state, payload, in->samples, (int)in->n_frames);
}

static int decode(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    pcm_set(out, 0, RATE_HZ);
    if (n == 0 || n > CODEC_PCM_MAX / PER_BYTE)
        return EBADMSG;
    pcm_set(out, (uint32_t)g726_decode(d->state, out->samples, payload, (int)n), RATE_HZ);
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
    return n <= CODEC_PCM_MAX / PER_BYTE ? (uint32_t)n * PER_BYTE : 0;
}

#define G726_ORDER(order, sdp_name)                                                                \
    {                                                                                              \
        .name = (sdp_name), .clock_hz = RATE_HZ, .pcm_rate_hz = RATE_HZ, .static_pt = 0xff,        \
        .n_channels = 1, .quality = 45, .encoder_alloc = encoder_new_##order,                      \
        .decoder_alloc = decoder_new_##order, .encoder_free = encoder_free,                        \
        .decoder_free = decoder_free, .encode = encode, .decode = decode, .conceal = conceal,      \
        .decoder_reset = decoder_reset, .payload_ticks = payload_ticks, .ptime_ms = ptime_any,     \
    }

const struct codec codec_g726 = G726_ORDER(low_first, "G726-32");
const struct codec codec_g726_aal2 = G726_ORDER(high_first, "AAL2-G726-32");
