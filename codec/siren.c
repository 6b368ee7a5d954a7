#include "codec/codecs.h"
#include "codec/siren_codec.h"

/* SIREN/16000 as Messenger, Communicator and Lync offer it: frames of 40 bytes, which siren_frame.h
 * tells apart from what else is called so. Those clients take packets of one or two frames. */

enum { LONGEST_MS = 40 };

static int encoder_new(struct codec_encoder **ep, const struct codec_spec *spec,
                       const struct codec_options *opt)
{
    (void)spec;
    return siren_encoder_open(ep, opt, &siren_16000);
}

static int decoder_new(struct codec_decoder **dp, const struct codec_spec *spec,
                       uint32_t pcm_rate_hz)
{
    (void)spec;
    return siren_decoder_open(dp, pcm_rate_hz, &siren_16000);
}

static uint32_t payload_ticks(const uint8_t *payload, size_t n)
{
    (void)payload;
    return siren_ticks(&siren_16000, n);
}

static uint32_t ptime_ms(const struct codec_spec *receiver, uint32_t wanted_ms)
{
    (void)receiver;
    return siren_ptime_ms(wanted_ms, LONGEST_MS);
}

const struct codec codec_siren = {
    .name = "SIREN",
    .clock_hz = SIREN_RATE_HZ,
    .pcm_rate_hz = SIREN_RATE_HZ,
    .static_pt = 0xff,
    .n_channels = 1,
    .quality = 70,
    .bitrate = 16000,
    .default_fmtp = "bitrate=16000",
    .encoder_alloc = encoder_new,
    .decoder_alloc = decoder_new,
    .encoder_free = siren_encoder_free,
    .decoder_free = siren_decoder_free,
    .encode = siren_encode,
    .decode = siren_decode,
    .conceal = siren_conceal,
    .decoder_reset = siren_decoder_reset,
    .payload_ticks = payload_ticks,
    .ptime_ms = ptime_ms,
};
