#ifndef PICRELAY_BENCH_LOAD_STOP_H
#define PICRELAY_BENCH_LOAD_STOP_H

#include <stdbool.h>

/**
 * Ctrl-C ends a load properly: the signal is left pending, and loops ask for it. The process has no
 * threads but the one that calls these.
 */

/** Blocks SIGINT and SIGTERM. */
void load_stop_init(void);
/** Has one of them come? One system call. */
bool load_stop_is_asked(void);

#endif
