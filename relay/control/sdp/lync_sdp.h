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
    bool is_weak;    /* what is missing tells, not what is there */
};

/** Tells the dialect from an offer or answer. DIALECT_AUTO: nothing in it tells. */
struct lync_detection lync_detect(const struct sdp_doc *doc);

/** What is known of a leg beside its description. */
struct lync_knowledge {
    enum config_dialect asked;  /* by the request */
    enum config_dialect before; /* of the leg until now; AUTO: it is new */
    const char *before_why;
    enum config_dialect configured; /* of the interface */
};

/**
 * Chooses a leg's dialect: what is asked for, else what its description tells (of draft-06 and
 * draft-19 peers the interface tells the family), else what it was, else what is configured.
 * @param doc  NULL: none yet, we offer first @return never DIALECT_AUTO
 */
struct lync_detection lync_choose(const struct sdp_doc *doc, const struct lync_knowledge *known);

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

/** Encryption is required, and no key is offered that we can use: k= of before SRTP. Clear media
 *  would be no answer to that. */
bool lync_lacks_key(const struct sdp_media *media);

/** The writer for Microsoft peers, called by sdp_write() for these dialects. */
int lync_write(char *buf, size_t cap, const struct sdp_doc *doc, const struct sdp_out *out);

#endif
