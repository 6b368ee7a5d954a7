#ifndef PICRELAY_NG_H
#define PICRELAY_NG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/control/ng/arena.h"
#include "relay/str.h"

/**
 * The NG control protocol: one message of bytes to a typed request, and a reply to bytes, as
 * bencode or JSON. [pure] Thread: control. Source: NG protocol as rtpengine, Kamailio and OpenSIPS
 * speak it.
 *
 * Strings of a request borrow from the message, or from the request's own arena (unescaped JSON,
 * rtpp-flags); both must outlive its use.
 */

#define NG_MESSAGE_MAX 65535 /* one UDP datagram */
#define NG_REPLY_MAX   65507 /* of a UDP datagram over IPv4: a longer one is never sent */
#define NG_NESTING_MAX 32
#define NG_LIST_MAX    64 /* members taken of one list; more are ignored and counted as bad */

enum ng_encoding { NG_BENCODE, NG_JSON };

enum ng_command {
    NG_PING,
    NG_OFFER,
    NG_ANSWER,
    NG_DELETE,
    NG_QUERY,
    NG_LIST_CALLS,
    NG_STATISTICS,
    NG_PLAY_DTMF,
    NG_BLOCK_DTMF,
    NG_UNBLOCK_DTMF,
    NG_UNSUPPORTED, /* a command of the protocol that this build does not have */
    NG_UNRECOGNIZED,
    NG_COMMAND_COUNT
};

/** Words of `flags`, and of other keys that only switch something on. */
enum ng_flag {
    NG_FLAG_TRUST_ADDRESS,
    NG_FLAG_SIP_SOURCE_ADDRESS,
    NG_FLAG_SYMMETRIC,
    NG_FLAG_ASYMMETRIC,
    NG_FLAG_STRICT_SOURCE,
    NG_FLAG_MEDIA_HANDOVER,
    NG_FLAG_PORT_LATCHING,
    NG_FLAG_NO_PORT_LATCHING,
    NG_FLAG_NO_RTCP_ATTRIBUTE,
    NG_FLAG_FULL_RTCP_ATTRIBUTE,
    NG_FLAG_GENERATE_MID,
    NG_FLAG_LOOP_PROTECT,
    NG_FLAG_ALWAYS_TRANSCODE,
    NG_FLAG_RESET,
    NG_FLAG_FRAGMENT,
    NG_FLAG_TRICKLE_ICE,
    NG_FLAG_REJECT_ICE,
    NG_FLAG_ORIGINAL_SENDRECV,
    NG_FLAG_TO_TAG,
    NG_FLAG_ALL,
    NG_FLAG_DIRECTIONAL,
    NG_FLAG_FATAL,
    NG_FLAG_FAST,
    NG_FLAG_ALLOW_TRANSCODING,
    NG_FLAG_ALLOW_NO_CODEC_MEDIA,
    NG_FLAG_SINGLE_CODEC,
    NG_FLAG_GENERATE_RTCP,
    NG_FLAG_PAD_CRYPTO,
    NG_FLAG_NEW_BRANCH,
    NG_FLAG_PROVISIONAL,
    NG_FLAG_DEBUG,
    NG_FLAG_RECORD_CALL,
    NG_FLAG_INJECT_DTMF,
    NG_FLAG_BLOCK_DTMF,
    NG_FLAG_COUNT
};

enum ng_replace {
    NG_REPLACE_ORIGIN = 1u << 0,
    NG_REPLACE_ORIGIN_FULL = 1u << 1,
    NG_REPLACE_SESSION_NAME = 1u << 2,
    NG_REPLACE_USERNAME = 1u << 3,
    NG_REPLACE_SDP_VERSION = 1u << 4,
    NG_REPLACE_FORCE_INCREMENT_SDP_VER = 1u << 5,
    NG_REPLACE_ZERO_ADDRESS = 1u << 6,
};

/** Towards whom we are a lite agent: the receiver of the offer, its sender. */
enum ng_ice_lite {
    NG_ICE_LITE_DEFAULT, /* as the interface says */
    NG_ICE_LITE_FORWARD = 1,
    NG_ICE_LITE_BACKWARD = 2,
    NG_ICE_LITE_BOTH = NG_ICE_LITE_FORWARD | NG_ICE_LITE_BACKWARD,
    NG_ICE_LITE_OFF = 4,
};

enum ng_ice { NG_ICE_DEFAULT, NG_ICE_REMOVE, NG_ICE_FORCE, NG_ICE_OPTIONAL, NG_ICE_FORCE_RELAY };

enum ng_rtcp_mux {
    NG_MUX_OFFER = 1u << 0,
    NG_MUX_REQUIRE = 1u << 1,
    NG_MUX_DEMUX = 1u << 2,
    NG_MUX_ACCEPT = 1u << 3,
    NG_MUX_REJECT = 1u << 4,
};

enum ng_bundle {
    NG_BUNDLE_OFFER = 1u << 0,
    NG_BUNDLE_REJECT = 1u << 1,
};

enum ng_sdes {
    NG_SDES_OFF = 1u << 0,
    NG_SDES_NONEW = 1u << 1,
    NG_SDES_PAD = 1u << 2,
    NG_SDES_LIFETIME = 1u << 3,
    NG_SDES_STATIC = 1u << 4,
    NG_SDES_PREFER = 1u << 5,
    NG_SDES_UNENCRYPTED_SRTP = 1u << 6,
    NG_SDES_UNENCRYPTED_SRTCP = 1u << 7,
    NG_SDES_UNAUTHENTICATED_SRTP = 1u << 8,
};

/** transport-protocol; NG_PROTO_KEEP: not given */
enum ng_proto {
    NG_PROTO_KEEP,
    NG_PROTO_RTP_AVP,
    NG_PROTO_RTP_AVPF,
    NG_PROTO_RTP_SAVP,
    NG_PROTO_RTP_SAVPF,
    NG_PROTO_UDP_TLS_RTP_SAVP,
    NG_PROTO_UDP_TLS_RTP_SAVPF,
    NG_PROTO_ACCEPT,
};

struct ng_strings {
    struct str v[NG_LIST_MAX];
    unsigned n;
};

/** The `codec` dictionary and its flag forms. */
struct ng_codec_ops {
    struct ng_strings strip, except, offer, ignore, transcode, mask, consume, accept, set;
};

/** DTMF-security: what `block DTMF` does with the tones of digits in the sound. */
enum ng_dtmf_security {
    NG_DTMF_EVENTS_ONLY, /* nothing: not given, `drop` or `off` */
    NG_DTMF_SILENCE,     /* silence in their place, whatever else the mode would put there */
};

enum ng_family { NG_FAMILY_KEEP, NG_FAMILY_IP4, NG_FAMILY_IP6 };
enum ng_sip_type { NG_SIP_UNKNOWN, NG_SIP_REQUEST, NG_SIP_REPLY };

struct ng_request {
    enum ng_encoding encoding;
    struct str cookie; /* of ng_split(); the caller's, empty after ng_request_parse() */
    enum ng_command command;
    struct str command_text;

    struct str call_id, from_tag, to_tag, via_branch, label, sdp, metadata;
    struct str provider, dialect; /* keys of picrelay; so are the next */
    struct str peer_fqdn;         /* the federated proxy that the call came from or goes to */
    struct str from_uri, to_uri;  /* of the request's From and To */
    struct str direction[2];      /* interface of the sender's side, of the receiver's */
    struct str interface;
    union addr received_from; /* AF_UNSPEC: not given; port 0 */
    union addr media_address;
    enum ng_family address_family;
    enum ng_sip_type sip_type;
    int sip_code; /* 0: not given */

    uint64_t flags;   /* 1 << enum ng_flag */
    unsigned replace; /* enum ng_replace */
    enum ng_ice ice;
    enum ng_ice_lite ice_lite;
    enum ng_proto proto;
    unsigned rtcp_mux;                                /* enum ng_rtcp_mux */
    unsigned sdes;                                    /* enum ng_sdes */
    struct ng_strings sdes_no, sdes_only, sdes_order; /* suite names */
    bool dtls_off, dtls_passive, dtls_active;
    struct str dtls_fingerprint; /* the name of a hash; empty: SHA-256 */
    unsigned bundle;             /* enum ng_bundle */
    struct ng_codec_ops codec;
    int ptime_ms, ptime_reverse_ms;       /* 0: not given */
    int tos;                              /* 0..255; -1: leave; NG_TOS_DEFAULT: not given or 256 */
    int delete_delay_s;                   /* -1: not given */
    struct str digit;                     /* play DTMF: code */
    enum ng_dtmf_security dtmf_security;  /* block DTMF */
    int duration_ms, volume_db, pause_ms; /* 0: not given */
    int limit;                      /* list: 32 if not given; negative ones are kept as such */
    bool has_load_limit;            /* supports=[load limit] */
    struct ng_strings media_remove; /* sdp-media-remove */

    unsigned n_unknown;   /* keys and flags that were ignored */
    unsigned n_duplicate; /* keys that came again; the first one counts */
    struct arena arena;   /* internal: text that had to be unescaped */
};

#define NG_TOS_DEFAULT (-2)

static inline bool ng_has(const struct ng_request *r, enum ng_flag flag)
{
    return (r->flags >> flag) & 1;
}

/** Called for each key or flag that is not known, up to 16 in one message; may be NULL. */
typedef void(ng_unknown_h)(struct str where, struct str what, void *arg);

/**
 * Takes the cookie off a message: all bytes before the first space.
 * @return 0; EBADMSG: no cookie (no reply is possible then)
 */
int ng_split(const char *msg, size_t n, struct str *cookie, struct str *body);

/**
 * Reads one body (what follows the cookie).
 * @param error  the exact error-reason to answer with, when it returns EBADMSG
 * @return 0; EBADMSG: answer with *error (r->encoding is set); ENOMEM
 *         Whatever it returns, ng_request_wipe() must be called.
 */
int ng_request_parse(struct ng_request *r, struct str body, const char **error,
                     ng_unknown_h *unknown, void *arg);
void ng_request_wipe(struct ng_request *r);

const char *ng_command_name(enum ng_command command);

/**
 * Writes one reply: cookie, a space and a dictionary. Keys in the order of the calls; `result` is
 * written by ng_reply_end(). An overflow of buf is kept in the writer and shows at the end.
 */
struct ng_reply {
    char *buf;
    size_t cap, n;
    enum ng_encoding encoding;
    unsigned depth;
    uint64_t is_list, has_member; /* bit a level */
    bool is_full;
};

void ng_reply_begin(struct ng_reply *w, char *buf, size_t cap, enum ng_encoding encoding,
                    struct str cookie);
/** The key is passed over in a list; {NULL, 0} will do there. Bytes of any content (JSON: bytes
 *  that are not UTF-8 are replaced). */
void ng_reply_str(struct ng_reply *w, struct str key, struct str value);
void ng_reply_int(struct ng_reply *w, struct str key, int64_t value);
void ng_reply_open_dict(struct ng_reply *w, struct str key);
void ng_reply_open_list(struct ng_reply *w, struct str key);
void ng_reply_close(struct ng_reply *w);
/** @param result  "ok", "pong" ... @return length of the message; 0: did not fit */
size_t ng_reply_end(struct ng_reply *w, const char *result);

/** Complete short replies. @return length; 0: did not fit */
size_t ng_reply_error(char *buf, size_t cap, enum ng_encoding encoding, struct str cookie,
                      struct str reason);
size_t ng_reply_load_limit(char *buf, size_t cap, enum ng_encoding encoding, struct str cookie,
                           struct str message);

#endif
