#ifndef PICRELAY_BENCH_LOAD_NEGOTIATE_H
#define PICRELAY_BENCH_LOAD_NEGOTIATE_H

#include "bench/load/sdp.h"

/** What the ends of a call say of themselves, and what they make of the relay's answers. [pure] */

/** Where keys, ufrags and passwords come from. */
struct load_secrets {
    uint64_t seed; /* not 0 */
};

/** A's keys and ICE names, before its offer. */
void load_end_begin(struct load_end ends[LOAD_MEDIA_MAX][2], const struct load_mode *mode,
                    bool has_dtmf, struct load_secrets *secrets);
/**
 * Takes what the relay describes to a side: its offer to B, or its answer to A.
 * @return NULL; else why the call cannot be used
 */
const char *load_end_take(struct load_end ends[LOAD_MEDIA_MAX][2], const struct load_mode *mode,
                          enum load_side side, const struct load_description *d,
                          struct load_secrets *secrets);
/** What a side says. @param d  written */
void load_end_describe(struct load_description *d, const struct load_end ends[LOAD_MEDIA_MAX][2],
                       const struct load_mode *mode, enum load_side side,
                       const union load_address *address);

#endif
