#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "codec/codec.h"

/* Every decoder, on any payload: byte 0 says which codec, bit 7 at another rate than its own; then
 * payloads, each after its length in two bytes, of which the top bit says that it was lost and the
 * one after it is what there is for FEC. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int16_t samples[CODEC_PCM_MAX];

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

static struct codec_decoder *open(const struct codec *c, bool is_narrow)
{
    const struct codec_spec spec = {.clock_hz = c->clock_hz, .n_channels = c->n_channels};
    struct codec_decoder *d = NULL;

    if (!is_narrow || c->decoder_alloc(&d, &spec, 8000) == EINVAL)
        check(c->decoder_alloc(&d, &spec, 0) == 0);
    return d;
}

static void offer(const struct codec *c, struct codec_decoder *d, const uint8_t *payload, size_t n,
                  bool is_lost)
{
    struct pcm pcm = {.samples = samples};
    const uint32_t ticks = c->payload_ticks(payload, n);
    int err;

    if (is_lost) {
        err = c->conceal(d, payload, n, 160 + (uint32_t)n % 800, &pcm);
        check(err == 0 || err == 1);
        check(pcm.n_frames == 160 + n % 800);
        return;
    }
    err = c->decode(d, payload, n, &pcm);
    check(pcm.n_frames <= CODEC_PCM_MAX);
    check(err == 0 || pcm.n_frames == 0);
    /* what it said it would play is what it plays */
    if (err == 0)
        check((uint64_t)pcm.n_frames * c->clock_hz == (uint64_t)ticks * pcm.rate_hz);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    size_t n_codecs = 0;
    const struct codec *c;
    struct codec_decoder *d;

    if (n == 0)
        return 0;
    while (codec_at(n_codecs))
        n_codecs++;
    check(n_codecs > 0);
    c = codec_at((data[0] & 0x7f) % n_codecs);
    d = open(c, data[0] & 0x80);
    for (size_t at = 1; at + 2 <= n;) {
        const size_t wanted = (size_t)(data[at] & 0x07) << 8 | data[at + 1];
        const size_t left = n - at - 2, len = wanted < left ? wanted : left;

        offer(c, d, data + at + 2, len, data[at] & 0x80);
        at += 2 + len;
    }
    c->decoder_free(d);
    return 0;
}
