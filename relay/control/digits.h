#ifndef PICRELAY_CONTROL_DIGITS_H
#define PICRELAY_CONTROL_DIGITS_H

#include "relay/control/control.h"
#include "relay/control/ng/ng.h"

/**
 * The DTMF commands of NG: play DTMF, block DTMF, unblock DTMF. They act on sound that is
 * transcoded; flag inject-DTMF of an offer has it transcoded for their sake. Thread: control.
 */

/** @return 0; else an errno value, with the text of the error reply in *reason */
int digits_play(struct control *c, const struct ng_request *req, const char **reason);
int digits_block(struct control *c, const struct ng_request *req, bool is_blocked,
                 const char **reason);

#endif
