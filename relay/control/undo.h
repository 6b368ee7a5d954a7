#ifndef PICRELAY_UNDO_H
#define PICRELAY_UNDO_H

#include "relay/control/call.h"

/**
 * A call as it was before an offer, so that an offer that cannot be carried out changes nothing:
 * RFC 3261 s.14.1, a refused re-INVITE leaves the session as it was. Thread: control.
 *
 * What is saved are legs and streams as they stand. What an offer may change of them is either data
 * of their own, a new reference beside the saved one (tag, ice, offered), or the document, which
 * lives until undo_forget(). Ports and agents that were opened for the offer are closed again.
 */

struct undo;

/** @return 0; ENOMEM */
int undo_save(struct undo **up, struct call *call);
/** Everything is again as it was; frees u. NULL is allowed. */
void undo_apply(struct undo *u);
/** The offer has been carried out: frees u, and with it the documents that were replaced. NULL is
 *  allowed. */
void undo_forget(struct undo *u);

#endif
