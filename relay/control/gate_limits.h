#ifndef PICRELAY_GATE_LIMITS_H
#define PICRELAY_GATE_LIMITS_H

#include "relay/control/negotiate/negotiate.h"
#include "relay/control/sdp/sdp.h"
#include "relay/media/media.h"

/**
 * How much a stream may carry: what the negotiated codecs need, and a margin. An "audio" stream of
 * 500 kbit/s is not audio, whatever its payload type says. [pure] Thread: control.
 * Source: bit rates of RFC 3551 s.4.5, RFC 5577 (G.722.1), RFC 7587 s.3.1.1 (Opus), RFC 2198 s.3.
 */

/**
 * Sets max_pps, max_bytes_ps, max_packet_bytes, ssrc_silence_us and has_pictures.
 * @param flow  which payload types may arrive
 * @param m     the sender's description: what those payload types are
 * @param margin_percent  above what they need
 */
void gate_limits_set(struct media_rules *rules, const struct negotiated_flow *flow,
                     const struct sdp_media *m, unsigned margin_percent);

#endif
