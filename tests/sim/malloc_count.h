#ifndef PICRELAY_SIM_MALLOC_COUNT_H
#define PICRELAY_SIM_MALLOC_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/** Link picrelay_malloc_count, which replaces malloc() in the program and its libraries. */

/** @return allocations so far. Any thread. */
uint64_t malloc_count(void);
/** Lets one allocation fail: the n-th from now (1: the next); 0: none.
 *  @return false: a sanitizer owns malloc() here and nothing can be made to fail */
bool malloc_fail_nth(uint64_t n);

#endif
