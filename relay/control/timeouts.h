#ifndef PICRELAY_TIMEOUTS_H
#define PICRELAY_TIMEOUTS_H

#include "relay/control/call.h"

/**
 * What ends a call when nobody does: silence on all streams, an offer that is never answered; and
 * when an ended call is forgotten. Thread: control.
 *
 * Live calls stand in a queue by the time of their next look, all the same distance apart, so a
 * look costs what is due and not what is up.
 */

/** Puts a live call into the queue. */
void timeouts_watch(struct call *call, uint64_t now_us);
/** Puts an ended call where it waits until expire_us; past: it is freed at once. */
void timeouts_expire(struct call *call, uint64_t expire_us);
/** Does what is due. */
void timeouts_run(struct control *c, uint64_t now_us);

#endif
