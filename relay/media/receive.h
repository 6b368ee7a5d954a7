#ifndef PICRELAY_RECEIVE_H
#define PICRELAY_RECEIVE_H

#include "relay/media/packet.h"

/**
 * The two gates around authentication. Threat model, section 3: nothing that is not authenticated
 * changes anything, so the first only looks, and the second locks and counts.
 */

/** May this source send here? */
void receive_source_batch(struct batch *b);
/** Parses RTP and RTCP, locks the source, asks payload type, direction and rate, counts. */
void receive_accept_batch(struct batch *b);

#endif
