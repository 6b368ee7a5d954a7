#ifndef PICRELAY_SIM_MALLOC_COUNT_H
#define PICRELAY_SIM_MALLOC_COUNT_H

#include <stdint.h>

/** @return allocations of this program so far, those of its libraries included; link
 *  picrelay_malloc_count. Any thread. */
uint64_t malloc_count(void);

#endif
