#ifndef PICRELAY_APPLY_H
#define PICRELAY_APPLY_H

#include "relay/control/call.h"

/**
 * Brings what was agreed into force in the data plane. Thread: control.
 */

/**
 * Applies the formats and keys that an answered m= line has come to, both ways.
 * @param a  stream of the offerer; @param b  stream of the answerer
 * @return 0; ENOMEM, EINVAL: keys or codecs that could not be set up; nothing flows then
 */
int apply_streams(struct stream *a, struct stream *b, const struct negotiated_plan *plan);

/** @return where the peer has said that a component of it is; its doc has the stream's line */
union addr apply_described(const struct stream *s, enum media_component component);

/** Lets nothing in or out of one stream; its sockets stay. */
void apply_mute_stream(struct stream *s);
/** Lets nothing in or out of any stream of the leg. */
void apply_mute(struct leg *leg);

/** ICE has selected a pair: media goes there from now on. AF_UNSPEC: it goes nowhere. */
void apply_selected_pair(struct stream *s, unsigned component, const struct sockaddr_storage *to);

#endif
