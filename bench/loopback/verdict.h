#ifndef PICRELAY_LOOPBACK_VERDICT_H
#define PICRELAY_LOOPBACK_VERDICT_H

#include "bench/loopback/facts.h"

/**
 * What a support engineer would say of a run: what works, what does not, the most likely cause with
 * its evidence, what to try. [pure] One row of a table a cause; the first that fits is named.
 */

#define VERDICT_LINES 24

enum verdict_grade { VERDICT_WORKS, VERDICT_FAULTY, VERDICT_FAILED };

struct verdict {
    enum verdict_grade grade;
    unsigned n;
    char line[VERDICT_LINES][320];
};

#define VERDICT_LOSS_FELT 0.01 /* of the packets */

/** Adds a line, and makes the verdict no better than this grade. */
__attribute__((format(printf, 3, 4))) void verdict_say(struct verdict *v, enum verdict_grade grade,
                                                       const char *format, ...);
/** The part of the packets that did not come. */
double verdict_loss(const struct peer_receiver_stats *rx);

void verdict_make(struct verdict *v, const struct facts *f);
void verdict_print(FILE *out, const struct verdict *v);

#endif
