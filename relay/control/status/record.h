#ifndef PICRELAY_RECORD_H
#define PICRELAY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/config.h"
#include "relay/control/policy/policy.h"
#include "relay/media/media.h"
#include "relay/str.h"

/**
 * The record of a call: one line of JSON when it has ended. What operators search when somebody
 * says "I heard nothing". Keys and passwords are not part of it; what strangers wrote is escaped.
 * [pure] Thread: control. Everything is borrowed for the call of the function.
 */

#define RECORD_STREAMS_MAX 8
#define RECORD_TEXT_MAX    256 /* of each text of strangers; more is cut [bytes] */
#define RECORD_LINE_MAX    65536

enum record_end {
    RECORD_END_DELETED,
    RECORD_END_MEDIA_TIMEOUT,  /* all streams silent */
    RECORD_END_SILENT_TIMEOUT, /* on hold for too long */
    RECORD_END_ICE_FAILED,     /* the same, and on a leg no pair of addresses ever worked */
    RECORD_END_CONSENT_LOST,   /* the same, and a peer did not consent any more (RFC 7675) */
    RECORD_END_OFFER_TIMEOUT,  /* never answered */
    RECORD_END_FAILED,         /* an error on our side while it was set up */
    RECORD_END_POLICY,         /* refused, or no longer allowed */
    RECORD_END_SHUTDOWN,
    RECORD_END_COUNT
};

/** How far ICE came on a stream. */
enum record_ice {
    RECORD_ICE_NONE,
    RECORD_ICE_CHECKING,
    RECORD_ICE_CONNECTED,
    RECORD_ICE_FAILED,
    RECORD_ICE_LOST, /* was connected; its peer consents no more */
};

/** What ICE tried towards one address. */
struct record_check {
    unsigned component; /* 1: RTP, 2: RTCP */
    union addr remote;
    unsigned sent, answered, received, error;
};

#define RECORD_CHECKS_MAX 16 /* told of one stream */

/** One m= line of a leg. */
struct record_stream {
    enum media_kind kind;
    struct str codec;    /* name of the first one agreed on, "SIREN/16000"; empty: none */
    struct str protocol; /* "RTP/SAVP" */
    bool is_secure;      /* SRTP on this leg */
    bool awaits_keys;    /* DTLS has not come to keys */
    struct str dtls;     /* how far it came, or why it failed; empty: none */
    bool is_rejected;    /* port 0: policy, or nothing in common */
    bool is_held;        /* the peer asked not to be sent to, or said it would not send */
    enum record_ice ice;
    struct record_check checks[RECORD_CHECKS_MAX]; /* where ICE is not connected */
    unsigned n_checks;
    union addr local, remote; /* selected pair, or our port and the locked source; may be unset */
    struct media_stats stats; /* of its end */
};

struct record_leg {
    struct str tag;
    const char *interface;
    enum config_dialect dialect;
    const char *ice_mode; /* ice_mode_name(); NULL: no ICE on this leg */
    unsigned n_streams;
    struct record_stream streams[RECORD_STREAMS_MAX]; /* the i-th of both legs belong together */
};

struct call_record {
    struct str call_id;
    const char *provider;                       /* Identity; NULL: not known */
    uint64_t created_us, answered_us, ended_us; /* wall clock; 0: never */
    enum record_end end;
    struct policy_decision decisions[MEDIA_KIND_COUNT];
    bool has_decision[MEDIA_KIND_COUNT];
    struct record_leg legs[2]; /* who offered first; the other */
};

/** Why a side heard nothing, the most likely reason first found. */
enum record_silence {
    RECORD_HEARD,              /* packets were sent to it */
    RECORD_SILENCE_POLICY,     /* policy denied this kind, or gated the packets */
    RECORD_SILENCE_REJECTED,   /* the stream was refused (port 0) */
    RECORD_SILENCE_NO_ANSWER,  /* the call was never answered */
    RECORD_SILENCE_ICE,        /* ICE did not connect, on either leg */
    RECORD_SILENCE_DTLS,       /* DTLS did not come to keys, on either leg */
    RECORD_SILENCE_AUTH,       /* what arrived failed SRTP authentication */
    RECORD_SILENCE_SOURCE,     /* what arrived came from an address that may not send */
    RECORD_SILENCE_HOLD,       /* on hold */
    RECORD_SILENCE_PAYLOAD,    /* what arrived was not negotiated, or could not be decoded */
    RECORD_SILENCE_DROPPED,    /* it arrived and was dropped for another reason */
    RECORD_SILENCE_NO_PACKETS, /* nothing arrived from the other side */
    RECORD_SILENCE_SEND,       /* the kernel did not take what was to be sent */
    RECORD_SILENCE_COUNT
};

/** @param listener  the stream that may have heard nothing; @param speaker  that of the other leg
 */
enum record_silence record_silence_reason(const struct call_record *r,
                                          const struct record_stream *listener,
                                          const struct record_stream *speaker);

/**
 * Writes the record as one line of JSON, a newline and a NUL behind it.
 * @param cap  RECORD_LINE_MAX is enough for any record
 * @return 0; ENOSPC: buf holds nothing; ENOMEM
 */
int record_print(char *buf, size_t cap, const struct call_record *r);

const char *record_end_name(enum record_end end);
const char *record_silence_name(enum record_silence reason);

#endif
