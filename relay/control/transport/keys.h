#ifndef PICRELAY_KEYS_H
#define PICRELAY_KEYS_H

#include "relay/control/call.h"
#include "relay/control/ng/ng.h"

/**
 * The SDES keys of a stream: ours are made once and kept over re-offers, so that ROC and replay
 * window go on; the peer's are those of its last description. Thread: control.
 * Source: RFC 4568 s.5, 6 and 7.
 */

/** Makes our lines for an outgoing offer. @param theirs  the m= line that it is made of
 *  @return 0; EIO: no random numbers; ENOTSUP: the request left no suite that we have */
int keys_offer(struct stream *s, const struct sdp_media *theirs, const struct ng_request *req);
/** Chooses a line of the leg's offer and makes ours for the answer. @return 0; EIO; ENOENT: it has
 *  none that we can take */
int keys_answer(struct stream *s, const struct sdp_media *offer);
/** Finds which of our lines the leg has answered. @return 0; ENOENT: none of them */
int keys_accept(struct stream *s, const struct sdp_media *answer);
/** The stream is plain from now on. */
void keys_none(struct stream *s);

#endif
