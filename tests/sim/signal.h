#ifndef PICRELAY_SIM_SIGNAL_H
#define PICRELAY_SIM_SIGNAL_H

#include <stddef.h>
#include <stdint.h>

/** Test signals, and how alike two of them are. Mono, 16 bit. */

/** A sine; phase 0 at sample 0. */
void signal_sine(int16_t *out, size_t n, uint32_t rate_hz, double hz, double amplitude);
/** Like speech: a voice of 110 to 160 Hz with harmonics to 3.4 kHz, in syllables. */
void signal_speech(int16_t *out, size_t n, uint32_t rate_hz, double amplitude);

/** @return root mean square */
double signal_rms(const int16_t *a, size_t n);
/** @return of `a` against the reference [dB]: the reference's power over that of the difference */
double signal_snr_db(const int16_t *reference, const int16_t *a, size_t n);
/** @return the delay of `a` at which it is most like the reference, 0 to longest [samples] */
size_t signal_delay(const int16_t *reference, const int16_t *a, size_t n, size_t longest);
/** @return power of `a` at one frequency over all other power of it [dB] (Goertzel) */
double signal_purity_db(const int16_t *a, size_t n, uint32_t rate_hz, double hz);
/** @return the largest step from a sample to the next */
int signal_largest_step(const int16_t *a, size_t n);

#endif
