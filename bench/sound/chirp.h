#ifndef PICRELAY_BENCH_CHIRP_H
#define PICRELAY_BENCH_CHIRP_H

#include "bench/sound/sound.h"

/**
 * A marker that is found again behind any telephone codec: a sweep through the telephone band with
 * soft edges. Its correlation with itself has one narrow peak, which a tone's has not, and a codec
 * that models speech passes it on, which it does not do with noise. [pure]
 */

#define CHIRP_MS      200
#define CHIRP_FROM_HZ 400
#define CHIRP_TO_HZ   3200
#define CHIRP_PEAK    6000 /* of 32767: heard well and not painful */

/** @return 0; EINVAL: a rate below 8 kHz or one that sounds do not have; ENOMEM */
int chirp_make(struct sound *s, uint32_t rate_hz);

#endif
