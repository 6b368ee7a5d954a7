#ifndef PICRELAY_LOOPBACK_MEASURE_H
#define PICRELAY_LOOPBACK_MEASURE_H

#include "bench/loopback/timed.h"
#include "bench/sound/score.h"

/**
 * Compares what one end's mouth said with what the other end's ear was given, while the call goes
 * on: delay by cross-correlation of the last seconds, score of the last five. [pure]
 */

#define MEASURE_SCORES_MAX 4096

struct measure {
    bool has_delay;
    double delay_ms, least_ms, most_ms; /* mouth to ear: the last one; of all */
    uint64_t n_delays;
    uint64_t n_scores, n_passed;
    struct score last, worst;
    double stoi_sum, coverage_sum;
    uint64_t scored_to; /* sample of the mouth up to which is scored */
};

/** Looks for the last seconds. @return 0; ENOENT: nothing was said, or it is not found in what was
 *  heard, or it repeats itself (a tone); ENOMEM */
int measure_delay(struct measure *m, const struct timed *mouth, const struct timed *ear);
/**
 * Scores what was said since the last score, five seconds at the least.
 * @param is_last  less will do: a second
 * @return 0; EAGAIN: too little was said by now; EINVAL: it was silence; ENOMEM
 */
int measure_score(struct measure *m, const struct timed *mouth, const struct timed *ear,
                  bool is_last);

#endif
