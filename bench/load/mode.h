#ifndef PICRELAY_BENCH_LOAD_MODE_H
#define PICRELAY_BENCH_LOAD_MODE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/load/sdp.h"

/** What a load asks of the relay: one row a mode. [pure] */

enum load_side { LOAD_A, LOAD_B };

/** How a packet that comes back is known and checked. */
enum load_check {
    LOAD_CHECK_SAME,  /* the payload, byte for byte */
    LOAD_CHECK_LIKE,  /* a payload of the other law that sounds like it */
    LOAD_CHECK_CLOCK, /* another codec: by its RTP time stamp, and its payload is there */
};

struct load_mode {
    const char *name;
    struct load_format format[2];
    uint32_t ticks[2]; /* of the RTP clock in 20 ms */
    bool is_secure[2];
    enum load_check check;
    const char *offer_flags, *answer_flags; /* as in a proxy's script */
    const char *help;
};

/** @return NULL: no such mode */
const struct load_mode *load_mode_find(const char *name);
/** @return NULL: beyond the last */
const struct load_mode *load_mode_at(unsigned i);

#endif
