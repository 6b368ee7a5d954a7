#ifndef PICRELAY_SIREN_CATEGORIES_H
#define PICRELAY_SIREN_CATEGORIES_H

#include <stdint.h>

#include "codec/siren_codes.h"

/**
 * The categorization of ITU-T G.722.1 s.3.4: from the envelope and the number of bits alone, which
 * both ends know, follow 16 ways to share the bits out. Each makes one region coarser than the way
 * before it; the encoder says by four bits which one it took. [pure]
 */

#define SIREN_CONTROL_BITS 4
#define SIREN_CONTROL_MAX  15
/** A step that changes nothing: no region could become coarser (or finer). */
#define SIREN_NO_REGION SIREN_REGIONS

struct siren_categories {
    uint8_t category[SIREN_REGIONS];  /* of the way taken; at first of the finest */
    uint8_t steps[SIREN_CONTROL_MAX]; /* the region that each step makes coarser by one category */
};

/** @param n_bits  what is left for the coefficients; may be anything */
void siren_categorize(struct siren_categories *c, const int power[SIREN_REGIONS], int n_bits);

#endif
