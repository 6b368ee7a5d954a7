#ifndef PICRELAY_CONTROL_DIGITS_H
#define PICRELAY_CONTROL_DIGITS_H

#include "relay/control/control.h"
#include "relay/control/ng/ng.h"

/**
 * The DTMF commands of NG: play DTMF, block DTMF, unblock DTMF. Thread: control.
 *
 * A digit is played as RFC 4733 events: between relayed packets, or by the transcoder. To a
 * receiver without telephone-event it is a tone, for which relayed sound is transcoded from then
 * on, to its own codec. Blocking drops events and closes up their numbers; with
 * DTMF-security=silence tones in the sound are taken out too, which has it transcoded (and 40 ms
 * later) until it is unblocked.
 */

/** @return 0; else an errno value, with the text of the error reply in *reason */
int digits_play(struct control *c, const struct ng_request *req, const char **reason);
int digits_block(struct control *c, const struct ng_request *req, bool is_blocked,
                 const char **reason);

#endif
