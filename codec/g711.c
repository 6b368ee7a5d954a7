#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp/telephony.h>
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>

#include "codec/codecs.h"
#include "codec/conceal.h"
#include "codec/ptime.h"

/* ITU-T G.711, RFC 3551 s.4.5.14: one byte is one sample at 8 kHz. The two laws differ in two
 * inline functions and are otherwise the same codec; the encoder has no state. */

enum { RATE_HZ = 8000 };

struct codec_encoder {
    char nothing; /* an object of its own, so that free is free */
};

struct codec_decoder {
    struct conceal conceal;
};

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
    *dp = d;
    return 0;
}

static void encoder_free(struct codec_encoder *e)
{
    free(e);
}

static void decoder_free(struct codec_decoder *d)
{
    free(d);
}

static void decoder_reset(struct codec_decoder *d)
{
    conceal_init(&d->conceal, RATE_HZ);
}

static void pcm_written(struct pcm *out, uint32_t n_frames)
{
    out->n_frames = n_frames;
    out->rate_hz = RATE_HZ;
    out->n_channels = 1;
}

static int check_input(const struct pcm *in, size_t cap)
{
    if (in->rate_hz != RATE_HZ || in->n_channels != 1)
        return EINVAL;
    return in->n_frames > cap ? ENOBUFS : 0;
}

static int encode_ulaw(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    const int err = check_input(in, cap);

    (void)e;
    if (err)
        return -err;
    for (uint32_t i = 0; i < in->n_frames; i++)
        payload[i] = linear_to_ulaw(in->samples[i]);
    return (int)in->n_frames;
}

static int encode_alaw(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    const int err = check_input(in, cap);

    (void)e;
    if (err)
        return -err;
    for (uint32_t i = 0; i < in->n_frames; i++)
        payload[i] = linear_to_alaw(in->samples[i]);
    return (int)in->n_frames;
}

static int decode_ulaw(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    pcm_written(out, 0);
    if (n == 0 || n > CODEC_PCM_MAX)
        return EBADMSG;
    for (size_t i = 0; i < n; i++)
        out->samples[i] = ulaw_to_linear(payload[i]);
    pcm_written(out, (uint32_t)n);
    conceal_good(&d->conceal, out->samples, out->n_frames);
    return 0;
}

static int decode_alaw(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    pcm_written(out, 0);
    if (n == 0 || n > CODEC_PCM_MAX)
        return EBADMSG;
    for (size_t i = 0; i < n; i++)
        out->samples[i] = alaw_to_linear(payload[i]);
    pcm_written(out, (uint32_t)n);
    conceal_good(&d->conceal, out->samples, out->n_frames);
    return 0;
}

static int conceal(struct codec_decoder *d, const uint8_t *next, size_t n, uint32_t n_frames,
                   struct pcm *out)
{
    (void)next; /* carries nothing of the packet before it */
    (void)n;
    pcm_written(out, 0);
    if (n_frames > RATE_HZ * 120 / 1000)
        return EINVAL;
    conceal_fill(&d->conceal, out->samples, n_frames);
    pcm_written(out, n_frames);
    return 0;
}

static uint32_t payload_ticks(const uint8_t *payload, size_t n)
{
    (void)payload;
    return n <= CODEC_PCM_MAX ? (uint32_t)n : 0;
}

#define G711_LAW(law, sdp_name, pt)                                                                \
    {                                                                                              \
        .name = (sdp_name), .clock_hz = RATE_HZ, .pcm_rate_hz = RATE_HZ, .static_pt = (pt),        \
        .n_channels = 1, .quality = 50, .encoder_alloc = encoder_new,                              \
        .decoder_alloc = decoder_new, .encoder_free = encoder_free, .decoder_free = decoder_free,  \
        .encode = encode_##law, .decode = decode_##law, .conceal = conceal,                        \
        .decoder_reset = decoder_reset, .payload_ticks = payload_ticks, .ptime_ms = ptime_any,     \
    }

const struct codec codec_pcmu = G711_LAW(ulaw, "PCMU", 0);
const struct codec codec_pcma = G711_LAW(alaw, "PCMA", 8);
