#ifndef PICRELAY_DIALECT_H
#define PICRELAY_DIALECT_H

#include "relay/control/call.h"

/** Which dialect each leg of an offer speaks, and what the request says about it. Thread: control.
 */

/** The NG key `dialect`. */
struct dialect_wish {
    enum config_dialect sender, receiver; /* DIALECT_AUTO: not asked for */
};

/**
 * Reads "WORD", for the side that the offer goes to, or "WORD,WORD", the sender's first. `auto`
 * leaves a side as it would be.
 * @return 0; EINVAL: no such dialect
 */
int dialect_wish_read(struct dialect_wish *w, struct str value);

/** Settles a leg's dialect. An ICE agent has its mode for life, so a leg that has one keeps it.
 *  @param doc  of the leg; NULL: none yet */
void dialect_settle(struct leg *leg, const struct sdp_doc *doc, enum config_dialect asked);

#endif
