#ifndef PICRELAY_BENCH_ALIGN_H
#define PICRELAY_BENCH_ALIGN_H

#include "bench/sound/sound.h"

/**
 * Finds where in one sound another one is, by cross-correlation over all lags.
 *
 * @param lag  sample lag + i of heard is sample i of said; negative: the front of it is missing
 *
 * @return 0; EINVAL: different rates, or one of them is empty or silent; ENOMEM
 */
int align_find(int64_t *lag, const struct sound *said, const struct sound *heard);

/** How sure it is. */
struct align {
    int64_t lag;
    double strength; /* 0..1: how alike the two are there, whatever their levels */
    /* the next best place more than 15 ms away, relative to the best one: near 1 for what repeats
     * itself, as a tone does, whose place is not known then */
    double rival;
};

/** As align_find(). */
int align_measure(struct align *a, const struct sound *said, const struct sound *heard);

#endif
