#ifndef PICRELAY_AUDIT_H
#define PICRELAY_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/config.h"
#include "relay/control/policy/policy.h"
#include "relay/control/status/journal.h"
#include "relay/str.h"

/**
 * The audit file: one line of JSON for each decision of policy, appended and never changed, for
 * those who have to show later who was allowed what. It is a journal: what a request's reply has to
 * wait for (sync: each) is the journal's place behind its lines. Thread: control.
 */

/** Opens or creates the file (mode 0640). @return 0; errors of journal_open() */
int audit_open(struct journal **jp, const char *path, enum config_sync sync);

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

/** Appends. What finds no room is counted by the journal, and said in the log. */
void audit_write(struct journal *j, const struct audit_line *line);

/** Whether the decisions of one more request would find room. Where each has to be on the disk
 *  before it is told, nothing is decided without. @param j  NULL: nothing is kept, so they would */
bool audit_takes_more(struct journal *j, enum config_sync sync);

#define AUDIT_LINE_MAX 32768 /* enough for any line: four texts of strangers, all of it escaped */
/** The line alone, with a newline and a NUL behind it. [pure] @return its length; 0: no room */
size_t audit_print(char *buf, size_t cap, const struct audit_line *line);

#endif
