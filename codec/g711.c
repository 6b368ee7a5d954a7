#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codecs.h"
#include "codec/conceal.h"
#include "codec/ptime.h"

/* ITU-T G.711, RFC 3551 s.4.5.14: one byte is one sample at 8 kHz; the encoder has no state.
 *
 * A character is a number with 3 bits of exponent and 4 of mantissa (G.711 tables 1 and 2: segment
 * and quantization step), and so is a float, with more of each: the bits of one become the bits of
 * the other by a shift and a sum. Without a branch, and in blocks of a length that is known, the
 * compiler does several samples at once: an eighth of the instructions of a search for the segment.
 */

enum {
    RATE_HZ = 8000,
    BLOCK = 16,              /* samples */
    SEGMENTS_FROM = 127 + 7, /* exponent of a float that is segment 0: 128 to 255 */
    MANTISSA_BITS = 23,
    SHIFT = MANTISSA_BITS - 4,
    HALF_STEP = 1 << (SHIFT - 1),
    ULAW_BIAS = 132, /* G.711 s.3.2: so that each segment begins at a power of two */
    LARGEST = 32767,
    ALAW_INVERTED = 0x55, /* even bits; G.711 s.3.1 */
    ALAW_LINEAR = 256,    /* below it steps are of one size */
};

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

static int check_input(const struct pcm *in, size_t cap)
{
    if (in->rate_hz != RATE_HZ || in->n_channels != 1)
        return EINVAL;
    return in->n_frames > cap ? ENOBUFS : 0;
}

/* ---- samples ---- */

static int32_t bits_of_float(int32_t v)
{
    const float f = (float)v;
    int32_t bits;

    memcpy(&bits, &f, sizeof(bits));
    return bits;
}

/* Segment and step, 7 bits: of 128 to 32767. */
static int32_t compressed(int32_t v)
{
    return (bits_of_float(v) >> SHIFT) - (SEGMENTS_FROM << 4);
}

/* The middle of what is compressed to these 7 bits. */
static int32_t expanded(int32_t character)
{
    const int32_t bits = ((character + (SEGMENTS_FROM << 4)) << SHIFT) | HALF_STEP;
    float f;

    memcpy(&f, &bits, sizeof(f));
    return (int32_t)f;
}

static uint8_t ulaw_of(int16_t sample)
{
    const int32_t v = sample, magnitude = (v < 0 ? -v : v) + ULAW_BIAS;
    const int32_t code = compressed(magnitude < LARGEST ? magnitude : LARGEST);

    return (uint8_t)(~code ^ (v < 0 ? 0x80 : 0));
}

static int16_t linear_of_ulaw(uint8_t character)
{
    const int32_t v = expanded(~character & 0x7f) - ULAW_BIAS;

    return (int16_t)(character & 0x80 ? v : -v);
}

static uint8_t alaw_of(int16_t sample)
{
    const int32_t v = sample, sign = -(v < 0), magnitude = v ^ sign; /* of -1: 0 */
    const int32_t is_low = -(magnitude < ALAW_LINEAR);
    const int32_t code = (magnitude >> 4 & is_low) | (compressed(magnitude) & ~is_low);

    return (uint8_t)((code | (~sign & 0x80)) ^ ALAW_INVERTED);
}

static int16_t linear_of_alaw(uint8_t character)
{
    const int32_t code = (character ^ ALAW_INVERTED) & 0x7f;
    const int32_t upper = expanded(code), lower = (code << 4) + 8;
    const int32_t v = code < 16 ? lower : upper;

    return (int16_t)(character & 0x80 ? v : -v);
}

/* ---- payloads: a block at a time, and the rest ---- */

#define CODE_SAMPLES(to, of_one, from, n)                                                          \
    do {                                                                                           \
        size_t at_ = 0;                                                                            \
                                                                                                   \
        for (; at_ + BLOCK <= (n); at_ += BLOCK) {                                                 \
            for (size_t k_ = 0; k_ < BLOCK; k_++)                                                  \
                (to)[at_ + k_] = of_one((from)[at_ + k_]);                                         \
        }                                                                                          \
        for (; at_ < (n); at_++)                                                                   \
            (to)[at_] = of_one((from)[at_]);                                                       \
    } while (0)

static void ulaw_write(uint8_t *restrict to, const int16_t *restrict from, size_t n)
{
    CODE_SAMPLES(to, ulaw_of, from, n);
}

static void alaw_write(uint8_t *restrict to, const int16_t *restrict from, size_t n)
{
    CODE_SAMPLES(to, alaw_of, from, n);
}

static void ulaw_read(int16_t *restrict to, const uint8_t *restrict from, size_t n)
{
    CODE_SAMPLES(to, linear_of_ulaw, from, n);
}

static void alaw_read(int16_t *restrict to, const uint8_t *restrict from, size_t n)
{
    CODE_SAMPLES(to, linear_of_alaw, from, n);
}

/* ---- the two codecs ---- */

typedef void(write_h)(uint8_t *restrict to, const int16_t *restrict from, size_t n);
typedef void(read_h)(int16_t *restrict to, const uint8_t *restrict from, size_t n);

static int encode(write_h *write, const struct pcm *in, uint8_t *payload, size_t cap)
{
    const int err = check_input(in, cap);

    if (err)
        return -err;
    write(payload, in->samples, in->n_frames);
    return (int)in->n_frames;
}

static int decode(struct codec_decoder *d, read_h *read, const uint8_t *payload, size_t n,
                  struct pcm *out)
{
    pcm_set(out, 0, RATE_HZ);
    if (n == 0 || n > CODEC_PCM_MAX)
        return EBADMSG;
    read(out->samples, payload, n);
    pcm_set(out, (uint32_t)n, RATE_HZ);
    conceal_good(&d->conceal, out->samples, out->n_frames);
    return 0;
}

static int encode_ulaw(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    (void)e;
    return encode(ulaw_write, in, payload, cap);
}

static int encode_alaw(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    (void)e;
    return encode(alaw_write, in, payload, cap);
}

static int decode_ulaw(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    return decode(d, ulaw_read, payload, n, out);
}

static int decode_alaw(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    return decode(d, alaw_read, payload, n, out);
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
