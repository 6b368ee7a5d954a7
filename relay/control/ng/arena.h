#ifndef PICRELAY_ARENA_H
#define PICRELAY_ARENA_H

#include <stddef.h>

#include "relay/str.h"

/**
 * Bytes that live as long as one request: text that had to be unescaped and so cannot borrow from
 * the message. Given back all at once. [pure] Thread: any, one at a time.
 */

struct arena_chunk;

/** Starts as all zero. */
struct arena {
    struct arena_chunk *chunks; /* the newest first */
};

/** @return n bytes, not aligned, not cleared; NULL: out of memory */
char *arena_take(struct arena *a, size_t n);
void arena_wipe(struct arena *a);

#endif
