#ifndef PICRELAY_SDP_FEEDBACK_H
#define PICRELAY_SDP_FEEDBACK_H

#include "relay/control/sdp/sdp_print.h"

/**
 * a=rtcp-fb of pictures, as far as a relay can translate what it announces (rtcp_translate.h):
 * nack, nack pli, ccm fir. The others are about a transport of which there are two here
 * (transport-cc, goog-remb), or not known; sound is repaired or encoded anew. [pure] Source: RFC
 * 4585 s.4.2, RFC 5104 s.7.1.
 */

/** Notes what a value ("96 nack pli", "* ccm fir") says of the formats of an m= line. */
void sdp_feedback_read(struct sdp_media *m, struct str value);
/** The lines of one format. */
void sdp_feedback_put(struct sdp_printer *p, const struct sdp_format *f);

#endif
