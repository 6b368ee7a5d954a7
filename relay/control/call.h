#ifndef PICRELAY_CALL_H
#define PICRELAY_CALL_H

#include "relay/control/control.h"
#include "relay/control/negotiate/negotiate.h"
#include "relay/control/ng/ng.h"
#include "relay/control/status/record.h"

/**
 * A call, its legs and their streams, as the control side sees them. Thread: control.
 *
 *   call    found by call-id; lives on one worker
 *   leg     one party, found by tag, branch or label; speaks one dialect on one interface
 *   stream  one m= line of a leg: ports, keys, formats, and its half of the data path
 *
 * A stream is torn down in two steps: stream_close() takes it from the data plane; when the worker
 * has let go (MEDIA_EVENT_REMOVED), its descriptors are closed and its ports go to rest.
 */

#define CALL_KEYS_MAX 6 /* crypto lines that we offer on one m= line */

struct call;
struct early_hello;
struct handshake;
struct leg;

/** An ICE agent, shared by the streams of a leg: freed when the last of them is gone. */
struct leg_ice {
    struct ice_leg *agent;
    enum ice_mode mode;
    bool is_lite;                            /* we are */
    struct ice_turn_server *turn;            /* NULL: none */
    struct stream *streams[ICE_STREAMS_MAX]; /* by the agent's stream number; NULL: closed */
};

/** What ICE has told about one component. */
struct ice_progress {
    enum ice_state state;
    bool is_selected;
    bool is_lost; /* its peer consents no more: RFC 7675 */
    struct ice_candidate local, remote;
    struct sockaddr_storage media; /* where it is sent: remote's address, or the way to a relay */
};

struct stream {
    struct control *control;
    struct leg *leg; /* NULL: closed, waits for its worker */
    unsigned index;  /* of the m= line */
    enum media_kind kind;
    bool is_allowed; /* by policy */
    bool is_active;  /* negotiated and not rejected */

    /* our side */
    unsigned interface;
    uint16_t port; /* RTP; RTCP is the next; 0: none */
    int fd[MEDIA_COMPONENTS];
    bool was_used;       /* its address was told to somebody: its ports must rest */
    struct leg_ice *ice; /* reference; NULL: no ICE */
    int ice_stream;
    bool has_remote_ice;             /* its agent has the peer's candidates of this generation */
    struct ice_progress *progress;   /* of both components; NULL: no ICE */
    struct handshake *handshake;     /* DTLS; NULL: none. Its keys are below when it is done */
    struct early_hello *early_hello; /* of a client that began too soon; NULL: none */
    struct media_stream *media;
    struct stream *sink; /* where the worker was last told to send its arrivals; NULL: nowhere */
    struct sdp_crypto offered_keys[CALL_KEYS_MAX]; /* ours, as we put them into an offer */
    unsigned n_offered_keys;

    /* agreed */
    enum sdp_proto proto;    /* towards this leg */
    struct sdp_crypto local; /* our line: tag and keys of what we send */
    struct srtp_keys remote; /* the peer's: what it sends; SRTP_SUITE_NONE: plain */
    struct srtp_keys local_in_force, remote_in_force; /* what the data plane has */
    bool is_muxed;
    bool offers_mux, requires_mux;               /* what we last put into an offer */
    bool refuses_dtls, is_passive, prefers_sdes; /* as the offer from this leg was to be taken */
    enum sdp_direction offered_direction;

    /* formats that this leg was offered; borrow from the offerer's document */
    struct sdp_format *offered;
    unsigned n_offered;
    uint64_t usable, accepted; /* of the offer that came from this leg */
    struct negotiated_setting settings[NEGOTIATED_SETTINGS_MAX];
    unsigned n_settings;
    unsigned ptime_ms, ptime_reverse_ms;
    bool always_transcode;
    bool is_single;               /* its offer asked for one codec only */
    enum negotiate_digits digits; /* what DTMF commands want of what arrives here */
    bool transcodes;              /* what arrives here is transcoded */
    bool takes_events;            /* digits can be put between what is relayed from here */
    char codec[CODEC_NAME_MAX];
    struct transcoder_config *transcoder_config; /* in force; NULL: none */
};

struct leg {
    struct le le;
    struct call *call;
    char *tag;        /* NULL: not yet known */
    char *alias;      /* a second tag of a provisional answer; NULL: none */
    char *via_branch; /* NULL: none */
    unsigned interface;
    enum config_dialect dialect;
    const char *dialect_why;
    struct sdp_doc *doc;             /* its last description; NULL: none yet */
    struct leg *peer;                /* with whom it exchanges media; NULL: nobody yet */
    struct leg_ice *ice;             /* NULL: none */
    bool has_ice;                    /* our SDP towards this leg carries ICE */
    bool refused_ice;                /* its answer had no ICE: plain addresses until flag reset */
    char *remote_ufrag;              /* to tell a restart */
    struct certificate *certificate; /* that it shows in DTLS */
    struct stream **streams;
    unsigned n_streams;
    union addr received_from;
    bool trusts_source; /* SIP-source-address: media goes to received_from, not to the SDP's host */
    bool is_strict;     /* strict-source: nothing but the SDP's address */
    bool is_offerer;    /* of the last offer, */
    bool is_waiting;    /* which was not answered yet */
    bool is_answered;
    int64_t sdp_version; /* of what we write to it */
};

struct call_verdict {
    bool is_decided;
    struct policy_decision decision; /* of the table that was in force, in its words */
};

/** Who policy has found the call to be between; texts, as tables come and go. */
struct call_who {
    char *peer_fqdn, *remote_user, *enterprise_user; /* NULL: not known */
    enum policy_direction direction;
};

struct call {
    struct le hash_le, queue_le;
    struct control *control;
    char *id;
    char *metadata;
    struct list legs;
    struct list fragments; /* of trickle ICE, that came before their description */
    unsigned worker;
    int tos;
    char provider[CONFIG_NAME_MAX];
    struct call_who who;
    struct call_verdict verdicts[MEDIA_KIND_COUNT];
    unsigned policy_turn; /* of control.policy_turn, when it was last decided about */
    uint64_t created_wall_us, created_us, answered_us, last_signal_wall_us, ended_us;
    uint64_t check_us;  /* when its timeouts are looked at next */
    uint64_t expire_us; /* ended: when the record goes */
    bool is_ended;
    enum record_end end;
};

/** @return the call of that id, ended ones included; NULL */
struct call *call_find(const struct control *c, struct str id);
/** @return 0; ENOMEM */
int call_alloc(struct call **callp, struct control *c, struct str id, uint64_t now_us);
/**
 * Ends the media of a call: gates close, ports go to rest, its record is written. What is left is
 * the dialogue, for `query`, until delay_s have passed.
 */
void call_end(struct call *call, enum record_end end, unsigned delay_s);
/** An ended call comes back to life with a new offer. */
void call_revive(struct call *call, uint64_t now_us);

/** @return 0; ENOMEM. The leg belongs to the call. */
int leg_alloc(struct leg **legp, struct call *call, struct str tag, struct str via_branch,
              unsigned interface);
/** Closes the leg's streams and forgets it. */
void leg_end(struct leg *leg);
bool leg_has_tag(const struct leg *leg, struct str tag);
/** Takes a new description (NULL: none); what borrowed from the old one is forgotten, and lines
 *  that it no longer has are muted. */
void leg_set_doc(struct leg *leg, struct sdp_doc *doc);
/** The same for a leg whose doc has been replaced already, but for what `offered` was offered of
 * the new one. */
void leg_follow_doc(struct leg *leg, const struct leg *offered);
/** Mutes what others send to a leg, whomever their signalling is about by now.
 *  @param but  who may go on; NULL: nobody */
void leg_unplug(struct leg *leg, const struct leg *but);

/** Takes from a request of the leg where its media may come from. */
void leg_set_source(struct leg *leg, const struct ng_request *req);

/** Makes sure that leg has a stream for each of n m= lines. @return 0; ENOMEM */
int leg_grow(struct leg *leg, unsigned n);

/** Takes a stream from the data plane; it frees itself when the worker has let go. */
void stream_close(struct stream *s);
/** The worker has let go. */
void stream_released(struct stream *s);

/** The stream of the peer that belongs to the same m= line; NULL: none */
struct stream *stream_peer(const struct stream *s);

#endif
