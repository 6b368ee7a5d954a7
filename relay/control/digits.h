#ifndef PICRELAY_CONTROL_DIGITS_H
#define PICRELAY_CONTROL_DIGITS_H

#include "relay/control/call.h"
#include "relay/control/control.h"
#include "relay/control/ng/ng.h"

/**
 * The DTMF commands of NG: play DTMF, block DTMF, unblock DTMF. Thread: control.
 *
 * A digit is played as RFC 4733 events: between relayed packets, or by the transcoder. To a
 * receiver without telephone-event it is a tone, for which relayed sound is transcoded from then
 * on, to its own codec. Blocking drops events and closes up their numbers; with
 * DTMF-security=silence tones in the sound are taken out too, which has it transcoded (and 40 ms
 * later) until it is unblocked. Both may be asked for before anything flows.
 */

/** @return 0; else an errno value, with the text of the error reply in *reason */
int digits_play(struct control *c, const struct ng_request *req, const char **reason);
int digits_block(struct control *c, const struct ng_request *req, bool is_blocked,
                 const char **reason);

/**
 * Flag block-DTMF of an offer or an answer: the same for what its sender dials, from the first
 * packet on, until it is unblocked; a later request without the flag does not end it. Events end
 * at once; tones, with DTMF-security=silence, from the answer on.
 * @param sender  whose description came with the request
 */
void digits_take_flag(struct leg *sender, const struct ng_request *req);

/** Says in the log where tones are to be taken out of what cannot be decoded: they pass. */
void digits_warn(const struct stream *s, const struct negotiated_flow *flow);

#endif
