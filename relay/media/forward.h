#ifndef PICRELAY_FORWARD_H
#define PICRELAY_FORWARD_H

#include "relay/media/packet.h"
#include "relay/media/stream.h"

/** The way to the other leg: relayed RTP with its numbers mapped, and what was transcoded. */

/** @return DROP_NONE; DROP_NO_SINK; DROP_ON_HOLD; DROP_NOT_READY */
enum drop forward_check(const struct media_stream *sink);

/** Stage: RTP that is relayed goes to its sink; RTCP has been routed before. */
void forward_batch(struct batch *b);

/** Addresses a packet to a leg's peer. */
void forward_address(struct packet *p, struct media_stream *out, enum media_component component);

/** Writes the RTP header before a transcoded payload (p->rtp, as the transcoder numbered it) and
 *  addresses it to the sink of `from`. */
void forward_transcoded(struct packet *p, const struct media_stream *from, uint64_t now_us);

#endif
