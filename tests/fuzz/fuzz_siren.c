#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/siren_frame.h"

/* Frames of SIREN and G.722.1, of any content: byte 0 says which rate; bit 7 of it, that the bytes
 * after it are coefficients to be encoded. SIREN goes without its header and parity here, which
 * would keep nearly everything out (fuzz_decoders has them). */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

/* What was read is sound: finite, and nothing above 7 kHz. What it is written as is a frame again.
 */
static void check_read(const struct siren_format *f, const uint8_t *bytes)
{
    float spectrum[MLT_SIZE];
    uint8_t written[SIREN_FRAME_MAX];
    uint32_t seed = 1;

    if (!siren_frame_read(f, bytes, spectrum, &seed))
        return;
    for (unsigned i = 0; i < 280; i++)
        check(isfinite(spectrum[i]));
    for (unsigned i = 280; i < MLT_SIZE; i++)
        check(spectrum[i] == 0);
    siren_frame_write(f, spectrum, written);
    check(siren_frame_read(f, written, spectrum, &seed));
}

/* Any spectrum that 16-bit samples can have. */
static void check_write(const struct siren_format *f, const uint8_t *data, size_t n)
{
    float spectrum[MLT_SIZE] = {0};
    uint8_t written[SIREN_FRAME_MAX];
    uint32_t seed = 1;

    for (size_t i = 0; i + 1 < n && i / 2 < MLT_SIZE; i += 2)
        spectrum[i / 2] = (float)(int8_t)data[i] * (float)(1 << data[i + 1] % 13);
    siren_frame_write(f, spectrum, written);
    check(siren_frame_read(f, written, spectrum, &seed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct siren_format *const formats[] = {&siren_16000, &siren_g7221_24000,
                                                  &siren_g7221_32000};
    struct siren_format f;
    uint8_t bytes[SIREN_FRAME_MAX] = {0};

    if (n == 0)
        return 0;
    f = *formats[(data[0] & 0x7f) % 3];
    f.n_header_bits = f.header = f.n_parity_bits = 0;
    if (data[0] & 0x80) {
        check_write(&f, data + 1, n - 1);
        return 0;
    }
    memcpy(bytes, data + 1, n - 1 < f.n_bytes ? n - 1 : f.n_bytes);
    check_read(&f, bytes);
    return 0;
}
