#ifndef PICRELAY_RELOAD_H
#define PICRELAY_RELOAD_H

#include <stddef.h>
#include <stdint.h>

struct control;
struct reload;

/**
 * A change of policy while calls are up: a new table (SIGHUP, POST /policy/reload), or a day that
 * has passed. The table is read on a thread of its own; when it has been found right, it takes the
 * old one's place between two requests. New offers fall under it at once; running calls are decided
 * about again in slices, so that thousands of them do not keep requests waiting. Thread: control.
 */

/** Blocks SIGHUP for all threads to come, and waits for it. @return 0; ENOMEM; errno of signalfd */
int reload_start(struct control *c);
/** NULL is allowed; so is a reload that was never started. */
void reload_stop(struct control *c);

/**
 * Begins to read the table anew, or will when what is being read has been: the file may have
 * changed since. Opens the audit file anew. A mistake leaves the old table in force.
 * @param ticket  of the HTTP request that is to be told what became of it; 0: none
 * @return 0; EBUSY: too many are waiting
 */
int reload_begin(struct control *c, uint64_t ticket);

/** To be called about ten times a second: a new day is a change. @param unix_time  wall clock [s]
 */
void reload_tick(struct control *c, int64_t unix_time);

#endif
