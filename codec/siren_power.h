#ifndef PICRELAY_SIREN_POWER_H
#define PICRELAY_SIREN_POWER_H

#include <stdbool.h>

#include "codec/mlt.h"
#include "codec/siren_bits.h"
#include "codec/siren_codes.h"

/**
 * The amplitude envelope of ITU-T G.722.1 s.3.2, s.3.3 and s.4.1: each region of 20 coefficients
 * has an index i that stands for an RMS value of 2 to the (i + 2) / 2, in steps of 3.01 dB. The
 * first is sent as five bits, the others as differences. [pure]
 */

/** What is written. */
#define SIREN_POWER_MIN (-8)
#define SIREN_POWER_MAX 31
/** The lowest that any encoder writes. */
#define SIREN_POWER_LOWEST (-33)

/** @param power  the indices of a spectrum, raised where the code could not express them */
void siren_power_measure(int power[SIREN_REGIONS], const float spectrum[MLT_SIZE]);
void siren_power_write(struct siren_writer *w, const int power[SIREN_REGIONS]);
/** @param min  the lowest index allowed, SIREN_POWER_LOWEST or more: one below it, or above
 *              SIREN_POWER_MAX, is a sign of a damaged frame
 *  @return false: cut off, or an index out of range */
bool siren_power_read(struct siren_reader *r, int power[SIREN_REGIONS], int min);
/** @param index  SIREN_POWER_LOWEST to SIREN_POWER_MAX. @return the RMS value it stands for */
float siren_power_rms(int index);

#endif
