#include "codec/siren_frame.h"

#include <math.h>
#include <string.h>

#include "codec/siren_bits.h"
#include "codec/siren_categories.h"
#include "codec/siren_power.h"
#include "codec/siren_vectors.h"

const struct siren_format siren_16000 = {.n_bytes = 40,
                                         .n_header_bits = 2,
                                         .header = 1,
                                         .n_parity_bits = 4,
                                         .power_min = SIREN_POWER_LOWEST,
                                         .power_scale = 2};
const struct siren_format siren_g7221_24000 = {
    .n_bytes = 60, .power_min = SIREN_POWER_MIN, .power_scale = -7};
const struct siren_format siren_g7221_32000 = {
    .n_bytes = 80, .power_min = SIREN_POWER_MIN, .power_scale = -7};

static const float *region(const float spectrum[MLT_SIZE], unsigned r)
{
    return spectrum + r * SIREN_REGION_SIZE;
}

/* The four checks of a Hamming code over the frame's words, each turned by one bit more, with the
 * parity itself taken as zero. */
static unsigned parity(const uint8_t *bytes, unsigned n_bytes)
{
    static const uint32_t checks[4] = {0x7f80, 0x7878, 0x6666, 0x5555};
    uint32_t sum = 0;
    unsigned found = 0;

    for (unsigned i = 0; i < n_bytes; i += 2) {
        uint32_t word = (uint32_t)bytes[i] << 8 | bytes[i + 1];

        if (i + 2 == n_bytes)
            word &= ~0xfU;
        sum ^= word << i / 2 % 15;
    }
    sum = sum >> 15 ^ (sum & 0x7fff);
    for (unsigned i = 0; i < 4; i++)
        found = found << 1 | (unsigned)(__builtin_popcount(sum & checks[i]) & 1);
    return found;
}

static bool is_parity_right(const struct siren_format *f, const uint8_t *bytes)
{
    return f->n_parity_bits == 0 || parity(bytes, f->n_bytes) == (bytes[f->n_bytes - 1] & 0xfU);
}

static void categorize(const struct siren_format *f, struct siren_categories *c,
                       const int power[SIREN_REGIONS], uint32_t n_bits)
{
    int scaled[SIREN_REGIONS];

    for (unsigned r = 0; r < SIREN_REGIONS; r++)
        scaled[r] = power[r] + f->power_scale;
    siren_categorize(c, scaled, (int)n_bits);
}

/* A frame while the encoder looks for the way that fills its bits best. */
struct search {
    const float *spectrum;
    float rms[SIREN_REGIONS];
    uint32_t region_bits[SIREN_REGIONS];
    uint32_t bits;
    struct siren_categories categories;
};

static void search_count(struct search *s, unsigned r)
{
    s->bits -= s->region_bits[r];
    s->region_bits[r] =
        siren_vectors_count(s->categories.category[r], region(s->spectrum, r), s->rms[r]);
    s->bits += s->region_bits[r];
}

static void search_move(struct search *s, unsigned r, int by)
{
    if (r == SIREN_NO_REGION)
        return;
    s->categories.category[r] = (uint8_t)(s->categories.category[r] + by);
    search_count(s, r);
}

/* Sound that no way has bits for loses its highest regions. Left as it is, the frame would end in
 * the middle of a code: allowed (s.4.5), yet GStreamer's decoder mutes it and FFmpeg's siren
 * refuses it. */
static void search_fit(struct search *s, uint32_t n_bits)
{
    for (unsigned n = SIREN_REGIONS; n > 0 && s->bits > n_bits; n--) {
        s->rms[n - 1] = INFINITY; /* makes everything nothing */
        search_count(s, n - 1);
    }
}

/* From the middle way to finer ones while bits are left over, then to the first that fits (s.3.6).
 * @return the way's number, with its categories in s */
static unsigned search_control(struct search *s, uint32_t n_bits)
{
    unsigned control = 0;

    for (; control < SIREN_CONTROL_MAX / 2; control++) {
        const unsigned r = s->categories.steps[control];

        if (r != SIREN_NO_REGION)
            s->categories.category[r]++;
    }
    for (unsigned r = 0; r < SIREN_REGIONS; r++)
        search_count(s, r);
    while (s->bits < n_bits && control > 0)
        search_move(s, s->categories.steps[--control], -1);
    while (s->bits > n_bits && control < SIREN_CONTROL_MAX)
        search_move(s, s->categories.steps[control++], 1);
    search_fit(s, n_bits);
    return control;
}

void siren_frame_write(const struct siren_format *f, const float spectrum[MLT_SIZE], uint8_t *bytes)
{
    struct siren_writer w = {.bytes = bytes, .end = f->n_bytes * 8U - f->n_parity_bits};
    struct search s = {.spectrum = spectrum};
    int power[SIREN_REGIONS];
    uint32_t n_bits;

    memset(bytes, 0, f->n_bytes);
    siren_put(&w, f->header, f->n_header_bits);
    siren_power_measure(power, spectrum);
    siren_power_write(&w, power);
    for (unsigned r = 0; r < SIREN_REGIONS; r++)
        s.rms[r] = siren_power_rms(power[r]);

    n_bits = w.end - w.at - SIREN_CONTROL_BITS;
    categorize(f, &s.categories, power, n_bits);
    siren_put(&w, search_control(&s, n_bits), SIREN_CONTROL_BITS);
    for (unsigned r = 0; r < SIREN_REGIONS; r++)
        siren_vectors_write(&w, s.categories.category[r], region(spectrum, r), s.rms[r]);
    while (w.at < w.end)
        siren_put(&w, 1, 1);
    if (f->n_parity_bits)
        bytes[f->n_bytes - 1] = (uint8_t)(bytes[f->n_bytes - 1] | parity(bytes, f->n_bytes));
}

/* Once the bits have run out, what is left of the frame is noise (s.4.5). */
static void read_coefficients(struct siren_reader *r, const struct siren_categories *c,
                              const int power[SIREN_REGIONS], float spectrum[MLT_SIZE],
                              uint32_t *seed)
{
    memset(spectrum, 0, MLT_SIZE * sizeof(*spectrum));
    for (unsigned i = 0; i < SIREN_REGIONS; i++) {
        float *coefs = spectrum + i * SIREN_REGION_SIZE;
        const float rms = siren_power_rms(power[i]);
        unsigned category = c->category[i];

        if (category < SIREN_NOISE_ONLY && !siren_vectors_read(r, category, coefs, rms))
            category = SIREN_NOISE_ONLY;
        siren_noise_fill(category, coefs, rms, seed);
    }
}

/* Bits left over are ones; a zero among them tells of a damaged frame (s.4.6). */
static bool is_filled_with_ones(struct siren_reader *r)
{
    while (r->at < r->end)
        if (!siren_get_bit(r))
            return false;
    return true;
}

bool siren_frame_read(const struct siren_format *f, const uint8_t *bytes, float spectrum[MLT_SIZE],
                      uint32_t *seed)
{
    struct siren_reader r = {.bytes = bytes, .end = f->n_bytes * 8U - f->n_parity_bits};
    struct siren_categories categories;
    int power[SIREN_REGIONS];
    uint32_t control;

    if (!is_parity_right(f, bytes) || siren_get(&r, f->n_header_bits) != f->header ||
        !siren_power_read(&r, power, f->power_min))
        return false;
    control = siren_get(&r, SIREN_CONTROL_BITS);
    if (r.is_short)
        return false;
    categorize(f, &categories, power, r.end - r.at);
    for (unsigned i = 0; i < control; i++)
        if (categories.steps[i] != SIREN_NO_REGION)
            categories.category[categories.steps[i]]++;
    read_coefficients(&r, &categories, power, spectrum, seed);
    return is_filled_with_ones(&r);
}
