#ifndef PICRELAY_BENCH_PEER_H
#define PICRELAY_BENCH_PEER_H

#include "bench/peer/ice.h"
#include "bench/peer/loop.h"
#include "bench/peer/log.h"
#include "bench/peer/receiver.h"
#include "bench/peer/rtcp.h"
#include "bench/peer/sdp.h"
#include "bench/peer/sender.h"
#include "bench/sound/sound.h"

/**
 * One end of a call: offers or answers, connects, sends its sound in real time and records what it
 * hears. It shares only codec/ with the relay. Any number of peers run in one loop, on its thread;
 * nothing blocks and nothing sleeps, so a test waits with loop_run() for what it wants to see.
 *
 *     caller:  peer_alloc, peer_offer ........ peer_take_answer, (ready) peer_say, peer_hang_up
 *     callee:  peer_alloc, peer_answer ......................... (ready) peer_say, peer_hang_up
 */

struct peer;

/** Which a=crypto lines are offered. */
enum peer_keys {
    PEER_KEYS_ONE,    /* one line without MKI; the default */
    PEER_KEYS_TRIPLE, /* as Lync: 1 cryptoscale, 2 with MKI, 3 without */
    PEER_KEYS_MKI,    /* with MKI only, as a mediation server */
    PEER_KEYS_NONE,   /* none: the peer refuses encryption */
    PEER_KEYS_DTLS,   /* none: DTLS-SRTP, as a browser (PEER_RFC, PEER_PLAIN) */
};

/** A zeroed struct but for loop, dialect and codecs is a usable one. Strings and sounds are copied.
 */
struct peer_config {
    struct loop *loop;
    enum peer_dialect dialect;
    enum peer_keys keys;
    const char *local;         /* address; NULL: 127.0.0.1 */
    const char *codecs;        /* "G722,PCMU,CN,telephone-event": in order of preference */
    const char *setup;         /* PEER_KEYS_DTLS: "active" or "passive"; NULL: as the other likes */
    const char *dtls_profiles; /* PEER_KEYS_DTLS: of use_srtp, for OpenSSL; NULL: AES-CM 128 */
    bool is_forged;            /* PEER_KEYS_DTLS: the fingerprint is not the certificate's */
    const char *profile;       /* of an offer; NULL: RTP/SAVP, or RTP/AVP without keys */
    const struct sound *says;  /* NULL: silence */
    peer_source_h *source_h;   /* speaks live, instead of says; NULL: none */
    peer_packet_h *packet_h;   /* listens live, beside the record; NULL: none */
    void *arg;                 /* of both */
    const char *extra_media;   /* m= sections behind the offer's audio; NULL: none */
    uint32_t ptime_ms;         /* 0: 20 */
    uint32_t rtcp_interval_ms; /* 0: 2000 */
    uint32_t record_s;         /* how much is recorded; 0: 60 */
    bool has_ssrc_range;       /* announce our SSRC, as Lync does */
    bool no_rtcp_mux;          /* PEER_RFC: two components */
};

enum peer_state {
    PEER_NEW,
    PEER_CONNECTING, /* both descriptions are known; ICE works */
    PEER_TALKING,    /* packets are sent */
    PEER_FAILED,     /* ICE failed */
    PEER_ENDED,      /* hung up */
};

struct peer_counts {
    uint64_t rtp_sent, rtp_received; /* datagrams */
    uint64_t rtcp_sent, rtcp_received;
    uint64_t send_errors;
    uint64_t held_back; /* RTP that was made and not sent: peer_set_loss() */
    uint64_t auth_failures, replays, bad_srtp;
    uint64_t foreign;    /* neither RTP nor RTCP by the first byte */
    uint64_t early;      /* media before its keys were known */
    uint64_t late_ticks; /* packet times that the loop was late for */
    uint64_t connect_us; /* from the second description to the path; 0: not there */
};

/** @return 0; EINVAL: an unknown codec; ENOMEM */
int peer_alloc(struct peer **pp, const struct peer_config *cfg);
void peer_free(struct peer *p); /* NULL is allowed */

/** Writes an offer. @return 0; ENOSPC; errors of the path (EADDRNOTAVAIL ...) */
int peer_offer(struct peer *p, char *sdp, size_t cap);
/**
 * Takes an offer, writes the answer and connects.
 * @return 0; EBADMSG, ENOENT, E2BIG: of peer_sdp_read(); ENOTSUP: no common codec; EPERM:
 * encryption does not fit; EINVAL: nothing to connect to; ENOSPC
 */
int peer_answer(struct peer *p, const char *offer, size_t n, char *answer, size_t cap);
/** What a further offer is to change. A zeroed struct changes nothing. */
struct peer_change {
    enum peer_direction direction; /* ours */
    const char *only;              /* this codec alone is offered; NULL: the list stays */
    bool is_restart;               /* of ICE */
    bool is_final;                 /* only the chosen candidates are left: RFC 8839 s.4.4.1.2.1 */
};

/** Offers again, in a call that is up; then peer_answer() and peer_take_answer() as before, which
 *  keep keys, numbers and sound. @return as peer_offer(); ENOTCONN; ENOENT: no such codec of ours
 */
int peer_reoffer(struct peer *p, const struct peer_change *change, char *sdp, size_t cap);

/** The codec after the one that is sent, in our list and around; NULL: there is no other. */
const char *peer_next_codec(const struct peer *p);

/** Takes the answer to the offer and connects. @return as peer_answer(); ECONNREFUSED: port 0 */
int peer_take_answer(struct peer *p, const char *answer, size_t n);

/** Begins the sound with the next packet. Before and after it, silence is sent. */
void peer_say(struct peer *p);
/** @return 0; ENOTCONN: not talking; errors of peer_sender_dial() */
int peer_dial(struct peer *p, const char *digits);
/** From now on, this part of our RTP packets gets lost on purpose [%]; 0: none. */
void peer_set_loss(struct peer *p, uint32_t percent);
/** Ends sending, with an RTCP BYE; what comes is still received. */
void peer_hang_up(struct peer *p);

/** What an error of offering and answering means, in words. */
const char *peer_strerror(int err);

enum peer_state peer_state(const struct peer *p);
/** Whether RTP has come that was authentic. */
bool peer_hears(const struct peer *p);
/** Whether the sound and the digits are all sent. */
/** Whether DTLS has come to keys; has failed, or was closed by the other end. */
bool peer_is_keyed(const struct peer *p);
bool peer_is_cut(const struct peer *p);
bool peer_has_said_all(const struct peer *p);

const struct peer_counts *peer_counts(const struct peer *p);
const struct peer_rtcp_stats *peer_rtcp_stats(const struct peer *p);
const struct peer_description *peer_local(const struct peer *p);
const struct peer_description *peer_remote(const struct peer *p);
/** @return false: no ICE (yet) */
bool peer_ice(const struct peer *p, struct peer_ice_facts *facts);
const char *peer_pair(const struct peer *p, unsigned component); /* "": no ICE, or no pair */
/** NULL before the peer knows both descriptions. */
const struct peer_sender *peer_sender(const struct peer *p);
const struct peer_receiver *peer_receiver(const struct peer *p);

#endif
