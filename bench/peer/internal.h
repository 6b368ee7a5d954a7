#ifndef PICRELAY_BENCH_PEER_INTERNAL_H
#define PICRELAY_BENCH_PEER_INTERNAL_H

#include "bench/peer/peer.h"
#include "bench/peer/dtls.h"
#include "bench/peer/ice.h"
#include "bench/peer/srtp.h"
#include "bench/peer/udp.h"

/** What peer.c (descriptions) and peer_media.c (packets) share. Nobody else includes this. */

struct peer {
    struct peer_config cfg; /* its strings and sounds are not kept here */
    char local_address[PEER_ADDRESS_MAX];
    char *extra_media;
    struct sound says;

    enum peer_state state;
    bool is_offerer;
    uint32_t ssrc;
    struct peer_description local, remote;
    struct peer_description own; /* as configured: an answer starts from all of it each time */
    uint32_t loss_percent;
    unsigned loss_seed;

    /* the path: one of the two */
    struct peer_ice *ice;
    struct peer_udp *udp;
    uint64_t described_us; /* when both descriptions were known */

    struct peer_srtp *srtp; /* NULL: plain RTP, or DTLS has not made it yet */
    struct peer_dtls *dtls; /* NULL: none */
    char setup[12];         /* as configured */
    struct peer_sender *sender;
    struct peer_receiver *receiver;
    struct loop_timer *pace, *report;
    struct peer_counts counts;
    struct peer_rtcp_stats rtcp;

    /* for the fraction lost of the next report: RFC 3550 A.3 */
    uint64_t reported_lost, reported_expected;
};

/** Makes the certificate of a peer that does DTLS. @return 0; ENOMEM; EIO */
int peer_keys_open_dtls(struct peer *p);
/** Keys for an offer. @return 0; EIO */
int peer_keys_offer(struct peer *p);
/** Chooses among the remote offer's keys and makes SRTP of them. @return 0; EPERM; EIO; ENOMEM */
int peer_keys_answer(struct peer *p);
/** The same with those of the remote answer. */
int peer_keys_take(struct peer *p);

/** Path and keys are there. */
void peer_talk_start(struct peer *p);
/** Sends a datagram as it is. @return 0; ENOTCONN */
int peer_media_send(struct peer *p, unsigned component, const uint8_t *packet, size_t n);

/** What an answer repeats of its offer: m= lines, direction, rtcp-mux. */
void peer_answer_mirror(struct peer *p);
/** peer_answer() and peer_take_answer() of a call that is up. */
int peer_change_answer(struct peer *p, const char *offer, size_t n, char *answer, size_t cap);
int peer_change_take_answer(struct peer *p, const char *answer, size_t n);

/** Makes sender, receiver and timers, once both descriptions are known. @return 0; ENOTSUP; ENOMEM
 */
int peer_media_open(struct peer *p);
void peer_media_close(struct peer *p);
/** Both descriptions have changed. @return as peer_media_open() */
int peer_media_change(struct peer *p);
/** The path is there: the first packet goes now. */
void peer_media_start(struct peer *p);
void peer_media_stop(struct peer *p);
/** A datagram of the path. */
void peer_media_packet(unsigned component, const uint8_t *packet, size_t n, void *arg);

#endif
