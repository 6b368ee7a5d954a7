#include "codec/siren_vectors.h"

#include <math.h>

enum { MAGNITUDES = 14 }; /* of category 0, which has the most */

/* Quantization: what a magnitude is multiplied with (the step is 2 to the (category - 3) / 2), and
 * what is added before it is rounded down (s.3.5 table 3). */
static const struct {
    float inverse_step, rounding;
} steps[SIREN_NOISE_ONLY] = {
    {2.82842712f, 0.30f},  {2, 0.33f},    {1.41421356f, 0.36f},  {1, 0.39f},
    {0.707106781f, 0.42f}, {0.5f, 0.45f}, {0.353553391f, 0.50f},
};

/* What a quantized magnitude stands for, in units of the region's RMS value (s.4.3 table 4). */
static const float centroids[SIREN_NOISE_ONLY][MAGNITUDES] = {
    {0, 0.392f, 0.761f, 1.120f, 1.477f, 1.832f, 2.183f, 2.541f, 2.893f, 3.245f, 3.598f, 3.942f,
     4.288f, 4.724f},
    {0, 0.544f, 1.060f, 1.563f, 2.068f, 2.571f, 3.072f, 3.562f, 4.070f, 4.620f},
    {0, 0.746f, 1.464f, 2.180f, 2.882f, 3.584f, 4.316f},
    {0, 1.006f, 2.000f, 2.993f, 3.985f},
    {0, 1.321f, 2.703f, 3.983f},
    {0, 1.657f, 3.491f},
    {0, 1.964f},
};

/* The noise's level by how much of the region is coded (s.4.4 tables 5 and 6). */
static const float noise_of_5[] = {0.70711f, 0.6179f, 0.5005f, 0.3220f, 0.17678f};
static const float noise_of_6[] = {0.70711f, 0.5686f, 0.3563f, 0.25f};
static const float noise_alone = 0.70711f;

static void quantize(uint8_t q[SIREN_REGION_SIZE], unsigned category,
                     const float coefs[SIREN_REGION_SIZE], float rms)
{
    const float factor = steps[category].inverse_step / rms, rounding = steps[category].rounding;
    const float max = siren_shapes[category].max;

    for (unsigned i = 0; i < SIREN_REGION_SIZE; i++) {
        const float x = fabsf(coefs[i]) * factor + rounding;

        q[i] = (uint8_t)(x < max ? x : max);
    }
}

static const struct siren_code *code_of(unsigned category, const uint8_t *q)
{
    const struct siren_shape *shape = &siren_shapes[category];
    unsigned vector = 0;

    for (unsigned i = 0; i < shape->dimension; i++)
        vector = vector * (shape->max + 1U) + q[i];
    return &siren_vector_codes[category][vector];
}

uint32_t siren_vectors_count(unsigned category, const float coefs[SIREN_REGION_SIZE], float rms)
{
    uint8_t q[SIREN_REGION_SIZE];
    uint32_t n_bits = 0;

    if (category >= SIREN_NOISE_ONLY)
        return 0;
    quantize(q, category, coefs, rms);
    for (unsigned i = 0; i < SIREN_REGION_SIZE; i += siren_shapes[category].dimension)
        n_bits += code_of(category, q + i)->n_bits;
    for (unsigned i = 0; i < SIREN_REGION_SIZE; i++)
        n_bits += q[i] != 0;
    return n_bits;
}

void siren_vectors_write(struct siren_writer *w, unsigned category,
                         const float coefs[SIREN_REGION_SIZE], float rms)
{
    uint8_t q[SIREN_REGION_SIZE];

    if (category >= SIREN_NOISE_ONLY)
        return;
    quantize(q, category, coefs, rms);
    for (unsigned i = 0; i < SIREN_REGION_SIZE; i += siren_shapes[category].dimension) {
        const struct siren_code *code = code_of(category, q + i);

        siren_put(w, code->code, code->n_bits);
        for (unsigned j = i; j < i + siren_shapes[category].dimension; j++)
            if (q[j])
                siren_put(w, coefs[j] > 0, 1);
    }
}

bool siren_vectors_read(struct siren_reader *r, unsigned category, float coefs[SIREN_REGION_SIZE],
                        float rms)
{
    const struct siren_shape *shape = &siren_shapes[category];
    const unsigned mask = (1U << shape->n_bits) - 1;

    for (unsigned i = 0; i < SIREN_REGION_SIZE; i += shape->dimension) {
        unsigned vector = siren_get_leaf(r, siren_vector_trees[category]);

        for (unsigned j = i; j < i + shape->dimension; j++) {
            coefs[j] = centroids[category][vector & mask] * rms;
            if (vector & mask && !siren_get_bit(r))
                coefs[j] = -coefs[j];
            vector >>= shape->n_bits;
        }
        if (r->is_short)
            return false;
    }
    return true;
}

static float noise_level(unsigned category, const float coefs[SIREN_REGION_SIZE], float rms)
{
    unsigned n = 0;

    if (category == SIREN_NOISE_ONLY)
        return noise_alone;
    for (unsigned i = 0; i < SIREN_REGION_SIZE; i++)
        if (coefs[i] != 0)
            n += category == 5 && fabsf(coefs[i]) > 2 * rms ? 4 : 1;
    if (category == 5)
        return noise_of_5[n < 4 ? n : 4];
    return noise_of_6[n < 3 ? n : 3];
}

void siren_noise_fill(unsigned category, float coefs[SIREN_REGION_SIZE], float rms, uint32_t *seed)
{
    float level;

    if (category < 5)
        return;
    level = noise_level(category, coefs, rms) * rms;
    for (unsigned i = 0; i < SIREN_REGION_SIZE; i++) {
        if (category != SIREN_NOISE_ONLY && coefs[i] != 0)
            continue;
        *seed = *seed * 1664525U + 1013904223U;
        coefs[i] = *seed >> 31 ? level : -level;
    }
}
