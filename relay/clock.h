#ifndef PICRELAY_CLOCK_H
#define PICRELAY_CLOCK_H

#include <stdint.h>

/**
 * The one place where clocks are read. Any thread; no allocation, no lock, vDSO only.
 * Pure rooms never call this: they are given now_us.
 */

/** @return CLOCK_MONOTONIC [us]; never 0 */
uint64_t clock_now_us(void);

/** @return the wall clock, UNIX time [us] */
uint64_t clock_wall_us(void);

/** @return an RFC 3550 NTP timestamp (32.32) of a wall clock value [us] */
uint64_t clock_ntp(uint64_t wall_us);

#endif
