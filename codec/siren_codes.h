#ifndef PICRELAY_SIREN_CODES_H
#define PICRELAY_SIREN_CODES_H

#include <stdint.h>

/**
 * The Huffman codes of ITU-T G.722.1, which SIREN shares: of region powers (s.3.3) and of the
 * vectors of quantized coefficients (s.3.5). Each table is there twice, as the encoder and as the
 * decoder want it; tests/test_siren.c holds them together. All numbers were compared, one by one,
 * with three that carry them: the source that belongs to the recommendation (software release 2.1,
 * annex B), GStreamer's encoder and FFmpeg's decoder.
 *
 * A few long codes stand for several vectors that are too rare for one each: these decode to the
 * first of them, which has the same coefficients that are zero.
 */

#define SIREN_REGIONS     14
#define SIREN_REGION_SIZE 20
/** Categories 0 (finest) to 6 have vectors; 7 is all noise. */
#define SIREN_CATEGORIES 8
#define SIREN_NOISE_ONLY 7
/** Differences of power from one region to the next. */
#define SIREN_POWER_STEPS    24
#define SIREN_POWER_STEP_MIN (-12)

/** The low n_bits of code, the most significant of them first. */
struct siren_code {
    uint16_t code;
    uint8_t n_bits;
};

/** The shape of a category's vectors (s.3.5 table 2). */
struct siren_shape {
    uint8_t dimension; /* coefficients in a vector */
    uint8_t n_vectors; /* in a region */
    uint8_t max;       /* the greatest magnitude; a vector is a number to the base of max + 1 */
    uint8_t n_bits;    /* of a magnitude in a leaf; the first coefficient is lowest */
};

extern const struct siren_shape siren_shapes[SIREN_NOISE_ONLY];

/** By category and vector. */
extern const struct siren_code *const siren_vector_codes[SIREN_NOISE_ONLY];
/** Trees: a row is a node, 0 the root; a child is a node, or if negative ~ what the leaf holds. */
extern const int16_t (*const siren_vector_trees[SIREN_NOISE_ONLY])[2];

/** By region, the first of which has none, and difference of power. */
extern const struct siren_code siren_power_codes[SIREN_REGIONS - 1][SIREN_POWER_STEPS];
extern const int16_t siren_power_trees[SIREN_REGIONS - 1][SIREN_POWER_STEPS - 1][2];

#endif
