#ifndef PICRELAY_LYNC_SDP_H
#define PICRELAY_LYNC_SDP_H

#include "relay/control/sdp/sdp.h"

/**
 * The Microsoft dialect of SDP: which one a peer speaks, which body and which crypto line of it to
 * take, and how a body for such a peer is laid out. [pure] Thread: control.
 * Source: MS-SDPEXT, MS-ICE, MS-ICE2 and captures (see tests/vectors/sdp/README.md).
 */

struct lync_detection {
    enum config_dialect dialect;
    const char *why; /* static text, for logs and `query`: "draft-06 candidates", ... */
};

/** Tells the dialect from an offer or answer. DIALECT_AUTO: nothing in it tells. */
struct lync_detection lync_detect(const struct sdp_doc *doc);

/**
 * Picks the body out of multipart/alternative: the last application/sdp part without
 * ms-proxy-2007fallback, else the fallback. A body that is no multipart comes back as it is.
 * @return the part's SDP, inside body; empty: no usable part
 */
struct str lync_pick_body(struct str body);

/**
 * The crypto line to answer: of a suite that we have, without MKI first, never cryptoscale.
 * @return index into media->crypto; -1: none
 */
int lync_choose_crypto(const struct sdp_media *media);

/** RTP/AVP with a=crypto: the sender offers encryption as an option (answered with RTP/SAVP). */
bool lync_is_optional_srtp(const struct sdp_media *media);

/** The writer for Microsoft peers, called by sdp_write() for these dialects. */
int lync_write(char *buf, size_t cap, const struct sdp_doc *doc, const struct sdp_out *out);

#endif
