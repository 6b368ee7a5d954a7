#ifndef PICRELAY_REVOKE_H
#define PICRELAY_REVOKE_H

#include "relay/control/call.h"

/**
 * Decides again about a call that is up, by the table in force: what is no longer allowed ends, or
 * goes on to its end where the row says so (on_revoke). What was denied stays denied until the next
 * offer. Thread: control.
 */

/** The call may have ended when this returns. */
void revoke_call(struct call *call);

#endif
