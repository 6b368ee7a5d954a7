#ifndef PICRELAY_TESTS_PROCESS_H
#define PICRELAY_TESTS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/peer/loop.h"

/**
 * A program of ours as a child process: what it writes is collected while the loop runs, its end is
 * an event of the loop. It never outlives the test. Thread: the loop's.
 */

struct process;

struct process_config {
    struct loop *loop;
    const char *const *argv; /* argv[0]: the program's path; NULL after the last */
    uint64_t n_descriptors;  /* soft and hard limit; 0: as ours */
    int in_fd;               /* its stdin; 0: as ours */
    bool is_quiet;           /* its stderr is not repeated on ours: a failure is expected */
};

/** @return 0; errors of pipe() and fork(). A program that is not there ends with status 127. */
int process_start(struct process **pp, const struct process_config *cfg);
/** Kills it if it still runs. NULL is allowed. */
void process_free(struct process *p);

/** All that it has written so far; a NUL behind it. Borrowed until the loop runs again. */
const char *process_out(const struct process *p);
const char *process_err(const struct process *p);

/** What it writes to stdout stays in its pipe until process_resume_out(): a reader that stops. */
void process_pause_out(struct process *p);
/** @return 0; errors of loop_watch_alloc() */
int process_resume_out(struct process *p);

pid_t process_id(const struct process *p);
void process_signal(const struct process *p, int signal);
/** For loop_run(): it has ended, and all that it wrote has been read. */
bool process_has_ended(void *process);
/** @return exit status; 128 + the signal that ended it; -1: it still runs */
int process_status(const struct process *p);

/** Of /proc/PID/status, as "VmRSS" [KiB]. @return 0: not there */
unsigned long process_memory_kib(const struct process *p, const char *field);
/** How many descriptors it has open. */
unsigned process_descriptors(const struct process *p);

/** From here on this process and what it starts have a network of their own, with nothing but
 *  loopback: no port is anybody else's. @return false: that needs root, or user namespaces */
bool process_own_network(void);

#endif
