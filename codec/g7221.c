#include "codec/codecs.h"
#include "codec/ptime.h"
#include "codec/siren_codec.h"

/* ITU-T G.722.1 in RTP, RFC 5577: G7221/16000 with bitrate=24000 or 32000, one or more frames of 60
 * or 80 bytes in a packet. The bit rate is not in the payload (240 bytes may be either), so each is
 * a row of its own. Annex C, which is G7221/32000, is another codec. */

static int encoder_new_24(struct codec_encoder **ep, const struct codec_spec *spec,
                          const struct codec_options *opt)
{
    (void)spec;
    return siren_encoder_open(ep, opt, &siren_g7221_24000);
}

static int encoder_new_32(struct codec_encoder **ep, const struct codec_spec *spec,
                          const struct codec_options *opt)
{
    (void)spec;
    return siren_encoder_open(ep, opt, &siren_g7221_32000);
}

static int decoder_new_24(struct codec_decoder **dp, const struct codec_spec *spec,
                          uint32_t pcm_rate_hz)
{
    (void)spec;
    return siren_decoder_open(dp, pcm_rate_hz, &siren_g7221_24000);
}

static int decoder_new_32(struct codec_decoder **dp, const struct codec_spec *spec,
                          uint32_t pcm_rate_hz)
{
    (void)spec;
    return siren_decoder_open(dp, pcm_rate_hz, &siren_g7221_32000);
}

static uint32_t payload_ticks_24(const uint8_t *payload, size_t n)
{
    (void)payload;
    return siren_ticks(&siren_g7221_24000, n);
}

static uint32_t payload_ticks_32(const uint8_t *payload, size_t n)
{
    (void)payload;
    return siren_ticks(&siren_g7221_32000, n);
}

static uint32_t ptime_ms(const struct codec_spec *receiver, uint32_t wanted_ms)
{
    (void)receiver;
    return siren_ptime_ms(wanted_ms, PTIME_MAX_MS);
}

#define G7221_AT(kbits)                                                                            \
    {                                                                                              \
        .name = "G7221", .clock_hz = SIREN_RATE_HZ, .pcm_rate_hz = SIREN_RATE_HZ,                  \
        .static_pt = 0xff, .n_channels = 1, .quality = 75, .bitrate = (kbits)*1000,                \
        .default_fmtp = "bitrate=" #kbits "000", .encoder_alloc = encoder_new_##kbits,             \
        .decoder_alloc = decoder_new_##kbits, .encoder_free = siren_encoder_free,                  \
        .decoder_free = siren_decoder_free, .encode = siren_encode, .decode = siren_decode,        \
        .conceal = siren_conceal, .decoder_reset = siren_decoder_reset,                            \
        .payload_ticks = payload_ticks_##kbits, .ptime_ms = ptime_ms,                              \
    }

const struct codec codec_g7221_24 = G7221_AT(24);
const struct codec codec_g7221_32 = G7221_AT(32);
