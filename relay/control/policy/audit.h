#ifndef PICRELAY_AUDIT_H
#define PICRELAY_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "relay/config.h"
#include "relay/control/policy/policy.h"
#include "relay/str.h"

/**
 * The audit file: one line of JSON for each decision of policy, appended and never changed, for
 * those who have to show later who was allowed what. Thread: control.
 */

struct audit;

/** Opens or creates the file (mode 0640). @return 0; ENOMEM; EACCES, ENOENT ... of open() */
int audit_open(struct audit **ap, const char *path, enum config_sync sync);
/** Opens the path anew, so that a file that was renamed is left behind. @return 0; else errno: the
 *  old file goes on being written */
int audit_reopen(struct audit *a);
/** Syncs, closes. NULL is allowed. */
void audit_close(struct audit *a);
/** To be called about ten times a second: syncs when it is time. */
void audit_tick(struct audit *a, uint64_t now_us);

/** One decision. What is empty is left out. */
struct audit_line {
    uint64_t wall_us;
    struct str call_id;
    const char *event; /* "offer", "answer", "revoke" */
    const char *provider;
    struct str peer_fqdn, enterprise_user, remote_user;
    enum policy_direction direction;
    enum media_kind kind;
    const struct policy_decision *decision;
};

/** Appends. What cannot be written is counted, and said once a second at the most. */
void audit_write(struct audit *a, const struct audit_line *line);

/** @return decisions that could not be written */
uint64_t audit_n_failed(const struct audit *a);

#define AUDIT_LINE_MAX 8192
/** The line alone, with a newline and a NUL behind it. [pure] @return its length; 0: no room */
size_t audit_print(char *buf, size_t cap, const struct audit_line *line);

#endif
