#ifndef PICRELAY_LOOPBACK_DRIFT_H
#define PICRELAY_LOOPBACK_DRIFT_H

#include <stdint.h>

/**
 * Two clocks that both claim the same rate, the sound card's and the network's, and a ring between
 * them that would slowly run full or empty: says by how much to resample so that it does neither.
 * [pure] A PI controller on the smoothed fill, critically damped, settled in two minutes.
 */

/** The most that it asks for: 5000 ppm are a twelfth of a semitone, sound cards are off by 200. */
#define DRIFT_PPM_MAX 5000

struct drift {
    double target_s; /* wanted fill */
    double fill_s;   /* smoothed */
    double sum;      /* integral of the error */
    double ppm;
    uint32_t has_fill;
};

void drift_init(struct drift *d, double target_s);
/** The fill jumped for a reason of its own (a device came back): what was learnt of the clocks is
 *  kept. */
void drift_restart(struct drift *d);
/**
 * @param fill_s  what is in the ring [s]
 * @param step_s  since the call before [s]
 * @return how much faster than nominal to take out of the ring [ppm]; negative: slower
 */
double drift_update(struct drift *d, double fill_s, double step_s);

#endif
