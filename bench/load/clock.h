#ifndef PICRELAY_BENCH_LOAD_CLOCK_H
#define PICRELAY_BENCH_LOAD_CLOCK_H

#include <stdint.h>

/** The clocks of a load. Any thread. */

/** CLOCK_MONOTONIC [ns]: pace and control. */
uint64_t load_now_ns(void);
/** CLOCK_REALTIME [ns]: the clock of the kernel's receive time stamps, which delays are measured
 *  against. */
uint64_t load_wall_ns(void);
/** Sleeps until then, on the clock of load_now_ns(); a signal may end it early. */
void load_sleep_until(uint64_t ns);

#endif
