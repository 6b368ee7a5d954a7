#ifndef PICRELAY_LOOPBACK_CAUSE_H
#define PICRELAY_LOOPBACK_CAUSE_H

#include "bench/loopback/verdict.h"

/** Why a run did not work, or not well: its most likely causes as lines of the verdict. [pure] */
void cause_find(struct verdict *v, const struct facts *f);

#endif
