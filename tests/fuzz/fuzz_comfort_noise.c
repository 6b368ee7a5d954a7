#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/comfort_noise.h"

/* RFC 3389, both ways: any payload makes noise; any sound is described, and that makes noise too.
 * Payloads one after the other, each after its length in one byte. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SAMPLES = 320 };

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct comfort_noise cn;
    int16_t samples[SAMPLES];
    uint8_t payload[COMFORT_NOISE_PAYLOAD];

    comfort_noise_init(&cn, 1);
    for (size_t at = 0; at + 1 <= n;) {
        const size_t wanted = data[at], left = n - at - 1, len = wanted < left ? wanted : left;

        check((comfort_noise_set(&cn, data + at + 1, len) == 0) == (len > 0));
        comfort_noise_fill(&cn, samples, SAMPLES);
        memcpy(samples, data + at + 1, len < sizeof(samples) ? len : sizeof(samples));
        check(comfort_noise_describe(payload, samples, SAMPLES) == COMFORT_NOISE_PAYLOAD);
        check(payload[0] <= 127 && payload[1] <= 254);
        check(comfort_noise_set(&cn, payload, sizeof(payload)) == 0);
        comfort_noise_fill(&cn, samples, SAMPLES);
        at += 1 + len;
    }
    return 0;
}
