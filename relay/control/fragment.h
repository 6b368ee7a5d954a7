#ifndef PICRELAY_FRAGMENT_H
#define PICRELAY_FRAGMENT_H

#include "relay/control/command.h"

/**
 * Requests with the flag `fragment`: a peer tells of candidates that it has found since its offer
 * or answer (RFC 8838). They are added to its leg; nothing is written for the other side, as its
 * candidates are ours. What comes before the description that it belongs to waits for it.
 * Thread: control.
 */

#define FRAGMENTS_MAX 16 /* that wait, of one call */

/** The reply to a good one has no SDP. */
void fragment_take(struct control *c, const struct ng_request *req, struct command_result *res);

/** A leg has a description: what waited for it is taken. */
void fragment_take_waiting(const struct leg *leg);

#endif
