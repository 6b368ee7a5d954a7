#ifndef PICRELAY_LOOPBACK_LEVEL_H
#define PICRELAY_LOOPBACK_LEVEL_H

#include <stdint.h>

/** How loud a sound is, as a meter shows it. [pure] */

#define LEVEL_SILENT_DB (-96.0)
/** Above this, somebody speaks: room noise of a headset is at -60 dBFS or less. */
#define LEVEL_SPEECH_DB (-45.0)

struct level {
    double rms_db;         /* of full scale, smoothed over 100 ms */
    double peak_db;        /* falls by 10 dB a second */
    double loudest_db;     /* the loudest 100 ms so far */
    double mean;           /* square, smoothed */
    uint64_t n, n_clipped; /* samples; those at full scale */
};

void level_init(struct level *l);
/** @param rate_hz  of the samples */
void level_put(struct level *l, const int16_t *samples, uint32_t n, uint32_t rate_hz);

#endif
