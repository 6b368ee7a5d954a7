#ifndef PICRELAY_TRANSPORT_H
#define PICRELAY_TRANSPORT_H

#include "relay/clock.h"
#include "relay/control/call.h"
#include "relay/control/sdp/sdp_fragment.h"

/**
 * The transport of a leg's streams: ports, sockets, ICE agents. Thread: control.
 */

/**
 * Gives a stream ports on its leg's interface, with ICE if the leg has it, and puts it on the
 * call's worker. Does nothing if it has them already.
 * @return 0; ENOSPC: "Ran out of ports"; EMFILE, ENOMEM ...: nothing is left behind
 */
int transport_open(struct stream *s);

/** Makes the leg's ICE agent in the mode of its dialect.
 *  @param is_lite  answer checks and make none, where the dialect knows that. @return 0; ENOMEM */
int transport_open_ice(struct leg *leg, bool is_controlling, bool is_lite);

/** Before a leg's candidates are written: waits for those of its TURN server, if it has one, for
 *  gather_ms at the most, and not at all for a while after it was silent. */
void transport_await_candidates(struct leg *leg);

/** Tells the agent what the peer's description says: credentials and candidates of each line. The
 *  same description again changes nothing. */
void transport_set_remote_ice(struct leg *leg);

/** Whether it is an address on which we take commands: never a place for media. */
bool transport_is_own(const struct control *c, const union addr *a);
/** A description that names a control address of ours as a place for media (RTP can be made to look
 *  like a command) is taken as on hold there, and as without such candidates. */
void transport_forget_own(const struct control *c, struct sdp_doc *doc);

/** Adds candidates that the peer has found since its description.
 *  @return false: they are of a description that is not in force; nothing was done */
bool transport_trickle(const struct leg *leg, const struct sdp_fragment *fragment);

/** Whether a description carries ICE that can be used. */
bool transport_doc_has_ice(const struct sdp_doc *doc);

/** New credentials of ours; what ICE had found counts no more. @return 0; ENOMEM */
int transport_restart_ice(struct leg *leg);

/** The remote ufrag differs from the one that was in force: ICE restarts on this leg. */
bool transport_ice_restarts(const struct leg *leg, const struct sdp_doc *doc);

#endif
