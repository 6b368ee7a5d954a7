#ifndef PICRELAY_POLICY_LOADER_H
#define PICRELAY_POLICY_LOADER_H

#include <stddef.h>

#include "relay/control/policy/policy.h"

/**
 * Reads a table on a thread of its own: the largest takes a third of a second, for which no call
 * would be answered. Thread: the one that started it; what is inside is said.
 */

struct policy_loader;

/** @param path  copied; NULL or empty: the built-in table
 *  @return 0; ENOMEM; EAGAIN: no thread; EMFILE */
int policy_loader_start(struct policy_loader **lp, const char *path);

/** Readable when the table has been read, or has not. */
int policy_loader_event_fd(const struct policy_loader *l);

/** Takes the result, and frees l: once the event has come. Errors as policy_load_file(). */
int policy_loader_finish(struct policy_loader *l, struct policy **pp, char *err, size_t err_cap);

/** Nobody wants the result any more; does not wait, whatever the file is (a named pipe, a disk that
 *  does not answer). NULL is allowed. */
void policy_loader_abandon(struct policy_loader *l);

#endif
