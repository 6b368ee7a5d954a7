#ifndef PICRELAY_ICE_DEADLINE_H
#define PICRELAY_ICE_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The earliest of many deadlines: a binary heap whose members live in their owners. [pure]
 * Setting, moving and removing cost O(log n), so the ice thread never walks all its agents.
 */

struct deadline {
    uint64_t at_us;
    size_t place; /* in the heap, from 1; 0: not in it */
};

struct deadline_heap {
    struct deadline **slots;
    size_t n, cap;
};

/** Makes room for n members in all. @return 0; ENOMEM: the heap is as it was */
int deadline_reserve(struct deadline_heap *h, size_t n);
void deadline_wipe(struct deadline_heap *h);

/** Puts d in, or moves it; UINT64_MAX takes it out. Room must have been reserved. */
void deadline_set(struct deadline_heap *h, struct deadline *d, uint64_t at_us);

/** @return the earliest member; NULL: none */
struct deadline *deadline_first(const struct deadline_heap *h);

#endif
