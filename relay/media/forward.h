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

/** Makes an empty packet one of RTP, with n bytes of payload behind the header. Its payload type
 * and numbers are still to be set. */
void forward_fresh(struct packet *p, size_t n);

/** Puts a packet of our own (p->rtp: payload type, marker, and a timestamp that is ours) between
 *  those that the sink of `from` gets, and addresses it. */
void forward_inserted(struct packet *p, const struct media_stream *from, uint64_t now_us);

/** The source of this packet was relayed and is transcoded from this packet on: to the sink of
 *  `from`, time goes on as if it were relayed still. */
void forward_hand_over(const struct packet *p, const struct media_stream *from);

/** Writes the RTP header before a transcoded payload (p->rtp, as the transcoder numbered it) and
 *  addresses it to the sink of `from`. */
void forward_transcoded(struct packet *p, const struct media_stream *from, uint64_t now_us);

#endif
