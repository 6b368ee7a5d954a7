#ifndef PICRELAY_SDP_FRAGMENT_H
#define PICRELAY_SDP_FRAGMENT_H

#include "ice/candidate.h"
#include "relay/str.h"

/**
 * What a peer tells of its candidates after its offer or answer (trickle ICE): a body of type
 * application/trickle-ice-sdpfrag. [pure] Source: RFC 8840 s.9, RFC 8838.
 */

#define SDP_FRAGMENT_MEDIA_MAX      8
#define SDP_FRAGMENT_CANDIDATES_MAX 32 /* of one m= line; more are left out */

struct sdp_fragment_media {
    bool has_m_line;
    struct str mid;                /* empty: told apart by its place */
    struct str ice_ufrag, ice_pwd; /* the line's own, else the session's; empty: none */
    struct ice_candidate candidates[SDP_FRAGMENT_CANDIDATES_MAX];
    unsigned n_candidates, n_skipped; /* skipped: names, TCP, broken ones, too many */
    bool has_end_of_candidates;
};

struct sdp_fragment {
    struct sdp_fragment_media media[SDP_FRAGMENT_MEDIA_MAX];
    unsigned n_media;
};

/**
 * Reads a fragment; what it says borrows from text. Without m= line it is about the first one.
 * @return 0; EBADMSG: no line of ICE in it, a NUL, or more than SDP_FRAGMENT_MEDIA_MAX m= lines
 */
int sdp_fragment_parse(struct sdp_fragment *f, struct str text);

/** The ufrag that it is about: of the first line that has one; empty: none says. */
struct str sdp_fragment_ufrag(const struct sdp_fragment *f);

#endif
