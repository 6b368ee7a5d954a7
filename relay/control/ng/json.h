#ifndef PICRELAY_JSON_H
#define PICRELAY_JSON_H

#include "relay/control/ng/arena.h"
#include "relay/control/ng/tree.h"
#include "relay/str.h"

/**
 * JSON to the same tree as bencode. [pure] The one door to jansson. Thread: any.
 * Source: RFC 8259; NG protocol, encodings.
 *
 * true and false are 1 and 0, a fraction is cut off as in C, null is as if it had not been written.
 */

/**
 * Decodes one object.
 * @param t  empty; its strings are copies in *a
 * @return 0; EBADMSG: not one JSON object, or a name occurs twice in one object (jansson would let
 *         the last one count, which another reader of the message may not); E2BIG: too deep;
 * ENOMEM. On an error *t holds rubbish: only tree_wipe() may follow.
 */
int json_decode(struct tree *t, struct arena *a, struct str in);

#endif
