#ifndef PICRELAY_RELOAD_H
#define PICRELAY_RELOAD_H

#include <stddef.h>
#include <stdint.h>

struct control;
struct reload;

/**
 * A change of policy while calls are up: a new table (SIGHUP, POST /policy/reload), or a day that
 * has passed. New offers fall under it at once; running calls are decided about again in slices,
 * so that thousands of them do not keep requests waiting. Thread: control.
 */

/** Blocks SIGHUP for all threads to come, and waits for it. @return 0; ENOMEM; errno of signalfd */
int reload_start(struct control *c);
/** NULL is allowed; so is a reload that was never started. */
void reload_stop(struct control *c);

/**
 * Reads the table anew; opens the audit file anew.
 * @param err  a sentence, on an error: the old table stays in force
 * @return 0; EINVAL, ENOENT ...: of policy_load_file(), policy_check_config()
 */
int reload_policy(struct control *c, char *err, size_t err_cap);

/** To be called about ten times a second: a new day is a change. @param unix_time  wall clock [s]
 */
void reload_tick(struct control *c, int64_t unix_time);

#endif
