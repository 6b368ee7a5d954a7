#ifndef PICRELAY_BENCH_LOAD_PROC_H
#define PICRELAY_BENCH_LOAD_PROC_H

#include <stdint.h>
#include <sys/types.h>

/** What the kernel says of the relay's process: all of its threads together (proc(5)). */

struct load_proc {
    uint64_t user_us, system_us; /* in ticks of 10 ms */
    uint64_t cpu_ns;   /* both, as the scheduler counts it, of the threads there are now */
    uint64_t switches; /* of context, voluntary and not, of the threads there are now */
    uint64_t rss_bytes;
    unsigned n_threads;
};

/** @return 0; ESRCH: no such process, or it has ended */
int load_proc_read(struct load_proc *p, pid_t pid);

#endif
