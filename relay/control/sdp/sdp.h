#ifndef PICRELAY_SDP_H
#define PICRELAY_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/codec.h"
#include "ice/candidate.h"
#include "relay/addr.h"
#include "relay/config.h"
#include "relay/control/policy/policy.h"
#include "relay/media/srtp.h"
#include "relay/str.h"

/**
 * A line-preserving SDP document: what a peer sent, understood; and the same document written
 * again for the other side, with our transport put in. [pure] Thread: control.
 * Source: RFC 8866, 3264, 3605, 4568, 5761, 8839; the Microsoft dialect is in lync_sdp.h.
 *
 * A document keeps its own copy of the text; every struct str in it points into that copy.
 */

#define SDP_TEXT_MAX       65535
#define SDP_MEDIA_MAX      32 /* further m= lines: the document is refused */
#define SDP_FORMATS_MAX    64 /* a line; further ones are ignored */
#define SDP_CRYPTO_MAX     64
#define SDP_CANDIDATES_MAX 64 /* taken per m= line; further ones are ignored */

enum sdp_proto {
    SDP_PROTO_OTHER, /* not media that we know ("sip", "udptl" ...): proto_text has it */
    SDP_RTP_AVP,
    SDP_RTP_AVPF,
    SDP_RTP_SAVP,
    SDP_RTP_SAVPF,
    SDP_UDP_TLS_RTP_SAVP,
    SDP_UDP_TLS_RTP_SAVPF,
    SDP_TCP_RTP_AVP,
    SDP_TCP_RTP_SAVP,
};

enum sdp_direction { SDP_INACTIVE = 0, SDP_SENDONLY = 1, SDP_RECVONLY = 2, SDP_SENDRECV = 3 };

/** a=encryption */
enum sdp_encryption {
    SDP_ENCRYPTION_NONE, /* no such line */
    SDP_ENCRYPTION_REJECTED,
    SDP_ENCRYPTION_OPTIONAL,
    SDP_ENCRYPTION_REQUIRED,
};

/** One payload type of an m= line. */
struct sdp_format {
    uint8_t pt;
    struct str name; /* of the rtpmap, or of RFC 3551 for a static type; empty: not known */
    uint32_t clock_hz;
    uint8_t n_channels;
    struct str fmtp;  /* empty: none */
    uint8_t feedback; /* bits 1 << enum sdp_feedback: what its peer takes or sends of it */
};

/** Messages of RTCP about a format of pictures that we can pass on (sdp_feedback.h). */
enum sdp_feedback { SDP_FEEDBACK_NACK, SDP_FEEDBACK_PLI, SDP_FEEDBACK_FIR };

/** One a=crypto (RFC 4568) or a=cryptoscale line. */
struct sdp_crypto {
    uint32_t tag;
    bool is_scale; /* cryptoscale: never chosen */
    bool has_lifetime;
    bool has_session_params; /* KDR=, UNENCRYPTED_SRTP ...: such a line is not chosen */
    struct srtp_keys keys;   /* suite SRTP_SUITE_NONE: not known to us */
};

struct sdp_media {
    enum media_kind kind;
    struct str kind_text, proto_text;
    uint16_t port; /* 0: rejected or off, or RTP without any address beside lines that have one */
    enum sdp_proto proto;

    union addr rtp;  /* m= port at the c= address; AF_UNSPEC: no c=, or a name */
    union addr rtcp; /* a=rtcp, else rtp itself if the line has a=rtcp-mux, else port + 1. Where
                        a=rtcp-mux was both offered and answered, rtp counts */
    bool has_rtcp_attribute, has_rtcp_mux, has_rtcp_rsize;

    struct sdp_format *formats;
    unsigned n_formats;
    enum sdp_direction direction;
    bool has_direction;             /* a line said so, here or in the session */
    unsigned ptime_ms, maxptime_ms; /* 0: not given */

    struct sdp_crypto *crypto; /* malformed lines are left out and counted */
    unsigned n_crypto, n_bad_crypto;
    enum sdp_encryption encryption;

    struct str ice_ufrag, ice_pwd;    /* the line's own, else the session's; empty: none */
    struct ice_candidate *candidates; /* those that can be used; names, TCP ... are counted */
    unsigned n_candidates, n_skipped_candidates;
    bool has_candidates;                       /* any candidate line at all, usable or not */
    bool is_draft6;                            /* draft-ietf-mmusic-ice-06 candidates (7 tokens) */
    struct ice_candidate remote_candidates[2]; /* a=remote-candidates: component and address */
    unsigned n_remote_candidates;
    bool has_end_of_candidates;

    uint32_t ssrc_low, ssrc_high; /* a=x-ssrc-range; 0, 0: none */
    struct str label, mid;
    struct str fingerprint, setup; /* a=fingerprint, a=setup (the line's, else the session's) */

    unsigned first_line, n_lines; /* in the document, m= included */
};

struct sdp_line {
    char type;        /* 'v', 'o', 'm', 'a' ... */
    struct str value; /* after "x=" */
};

struct sdp_doc {
    struct sdp_line *lines;
    unsigned n_lines, n_session_lines;
    struct str origin_user, origin_id, origin_version, origin_rest, session_name;
    union addr conn; /* session c=; AF_UNSPEC: none or a name */
    bool is_ice_lite;
    bool is_trickling; /* a=ice-options:trickle (RFC 8840), in the session or any line */
    struct sdp_media *media;
    unsigned n_media;
    char *text;
};

/**
 * Reads a document. Lines may end in CRLF, LF or CR; unknown lines and attributes are kept.
 * @return 0; EBADMSG: "Failed to parse SDP" (no v=, no line form at all, too many m= lines, a port
 *         out of range, NUL); EBADE: "Incomplete SDP specification" (active RTP lines, and none of
 *         them with an address or candidates); ENOMEM. *docp is written on success only.
 */
int sdp_parse(struct sdp_doc **docp, struct str text);
void sdp_free(struct sdp_doc *doc); /* wipes keys; NULL is allowed */

/** What an m= line of the written document says; everything about transport is ours. */
struct sdp_media_out {
    enum {
        SDP_KEEP_LINE, /* its whole section as it stands (IM) */
        SDP_REJECT,    /* port 0 */
        SDP_RELAY,     /* ours */
        SDP_REMOVE     /* left out altogether */
    } action;
    enum sdp_proto proto;
    union addr rtp;        /* address and port towards the receiver */
    uint16_t rtcp_port;    /* 0: no a=rtcp line */
    bool has_rtcp_address; /* full-rtcp-attribute: "a=rtcp:PORT IN IP4 ADDR" */
    bool has_rtcp_mux;
    const struct sdp_format *formats; /* in order of preference */
    unsigned n_formats;
    enum sdp_direction direction;
    bool writes_direction; /* write it although it is sendrecv and the template had none */
    unsigned ptime_ms;     /* 0: as the template has it */

    const struct sdp_crypto *crypto;
    unsigned n_crypto;
    bool has_lifetime, is_padded; /* write |2^31; keep '=' of the base64 */
    bool has_ice, has_end_of_candidates;
    struct str ice_ufrag, ice_pwd;
    const struct ice_candidate *candidates;
    unsigned n_candidates, n_remote_candidates;
    struct ice_candidate remote_candidates[2];

    struct str fingerprint, setup, mid; /* values for a=...; empty: not written. RFC dialect only */
    bool is_bundled; /* in a=group:BUNDLE, if it is the first: lines have a transport each */
    uint32_t ssrc;   /* of ours, for a=x-ssrc-range; 0: not written */
};

struct sdp_out {
    enum config_dialect dialect; /* DIALECT_RFC keeps the template's unknown lines; the Microsoft
                                    ones write a body of their own (lync_sdp.h) */
    union addr address;          /* ours: session c= */
    bool replace_origin, replace_session_name, replace_username;
    struct str origin_id;      /* empty: the template's */
    int64_t origin_version;    /* -1: the template's */
    bool replace_zero_address; /* also where the template has 0.0.0.0 (hold of RFC 2543) */
    bool is_ice_lite;          /* a=ice-lite of ours: RFC dialect only */
    bool is_trickling;         /* a=ice-options:trickle of ours: likewise */
    struct str loop_mark; /* a session attribute of ours by which we know our own document when it
                             comes back (loop-protect); empty: not written. RFC dialect only */
    const struct sdp_media_out *media; /* one per m= line of the template, in its order */
};

/**
 * Writes the document for the other side. Of the template's lines nothing goes through that
 * describes its sender's transport: c=, a=candidate, ice-*, rtcp*, crypto, cryptoscale,
 * encryption, fingerprint, setup, ssrc*, remote-candidates, x-* and the like of section 7 of the
 * Lync reference.
 * @return length without NUL; -ENOSPC
 */
int sdp_write(char *buf, size_t cap, const struct sdp_doc *doc, const struct sdp_out *out);

/** Whether an m= line of that mid is in a BUNDLE group of the document (RFC 9143 s.5). */
bool sdp_is_bundled(const struct sdp_doc *doc, struct str mid);

/** Copies a format's description, cut to the fields' size. @return 0; EINVAL: no name */
int sdp_format_spec(struct codec_spec *spec, const struct sdp_format *f);

enum sdp_direction sdp_direction_reverse(enum sdp_direction d);
bool sdp_proto_is_secure(enum sdp_proto p); /* SAVP family, DTLS included */
bool sdp_proto_is_dtls(enum sdp_proto p);
bool sdp_proto_is_rtp(enum sdp_proto p);
bool sdp_proto_has_feedback(enum sdp_proto p);  /* AVPF and SAVPF: RFC 4585, 5124 */
enum sdp_proto sdp_proto_find(struct str text); /* without regard to case */
const char *sdp_proto_name(enum sdp_proto p);   /* "RTP/AVP"; "-" for SDP_PROTO_OTHER */

#endif
