#ifndef PICRELAY_SDP_ATTRIBUTE_H
#define PICRELAY_SDP_ATTRIBUTE_H

#include "relay/control/sdp/sdp.h"

/**
 * The attributes (a=) that a media relay understands, as one table: who reads each, and whether it
 * may reach the other side. Shared by the SDP rooms only. [pure] Thread: control.
 */

/** A session or media section while it is read. */
struct sdp_section {
    struct sdp_doc *doc;
    struct sdp_media *media; /* for the session: what its media sections inherit */
    bool is_session;
    struct str rtcp; /* value of a=rtcp; c= has to be known before it can be read */
};

/** Takes one attribute's value ("rtpmap:0 PCMU/8000") in; what is not known or malformed is left.
 */
void sdp_attribute_read(struct sdp_section *s, struct str value);

/** Whether an attribute goes to the other side as it stands: true for those that nobody knows. */
bool sdp_attribute_passes(struct str value);

/** @return the name, what stands before the colon */
struct str sdp_attribute_name(struct str value);

#endif
