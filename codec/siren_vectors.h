#ifndef PICRELAY_SIREN_VECTORS_H
#define PICRELAY_SIREN_VECTORS_H

#include <stdbool.h>

#include "codec/siren_bits.h"
#include "codec/siren_codes.h"

/**
 * The coefficients of one region (ITU-T G.722.1 s.3.5, s.3.7, s.4.3 and s.4.4): divided by the
 * region's RMS value, quantized as the category says, and coded a few at a time; each vector is
 * followed by the signs of its coefficients that are not zero. [pure]
 */

/** @return what siren_vectors_write() will write [bits] */
uint32_t siren_vectors_count(unsigned category, const float coefs[SIREN_REGION_SIZE], float rms);
void siren_vectors_write(struct siren_writer *w, unsigned category,
                         const float coefs[SIREN_REGION_SIZE], float rms);
/** @param category  below SIREN_NOISE_ONLY. @return false: cut off; coefs is undefined */
bool siren_vectors_read(struct siren_reader *r, unsigned category, float coefs[SIREN_REGION_SIZE],
                        float rms);
/**
 * Puts noise where a category of 5 or more has left nothing: coarse quantization makes holes that
 * are heard. @param seed  of the random signs; is written
 */
void siren_noise_fill(unsigned category, float coefs[SIREN_REGION_SIZE], float rms, uint32_t *seed);

#endif
