#ifndef PICRELAY_CLASSIFY_H
#define PICRELAY_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/media/drop.h"
#include "relay/media/packet.h"

/**
 * What a datagram is, by its first two bytes. [pure]
 * Source: RFC 7983 s.7, RFC 5761 s.4.
 *
 * @param may_rtp, may_rtcp  what the component carries; with both, RTCP is told by payload type
 * @return DROP_NONE and *kind; DROP_RX_UNKNOWN; DROP_RTP_BAD, DROP_RTCP_BAD: too short, or not for
 *         this component; DROP_STUN_BAD, DROP_DTLS_SOURCE: of that kind, and nobody here wants it
 */
enum drop classify(enum packet_kind *kind, const uint8_t *data, size_t len, bool may_rtp,
                   bool may_rtcp);

/** The stage. A stream that is not muxed has RTP on one component and RTCP on the other. */
void classify_batch(struct batch *b);

#endif
