#ifndef PICRELAY_BENCH_PEER_INTERNAL_H
#define PICRELAY_BENCH_PEER_INTERNAL_H

#include "bench/peer/peer.h"
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

    /* the path: one of the two */
    struct peer_ice *ice;
    struct peer_udp *udp;
    uint64_t described_us; /* when both descriptions were known */

    struct peer_srtp *srtp; /* NULL: plain RTP */
    struct peer_sender *sender;
    struct peer_receiver *receiver;
    struct loop_timer *pace, *report;
    struct peer_counts counts;
    struct peer_rtcp_stats rtcp;

    /* for the fraction lost of the next report: RFC 3550 A.3 */
    uint64_t reported_lost, reported_expected;
};

/** Makes sender, receiver and timers, once both descriptions are known. @return 0; ENOTSUP; ENOMEM
 */
int peer_media_open(struct peer *p);
void peer_media_close(struct peer *p);
/** The path is there: the first packet goes now. */
void peer_media_start(struct peer *p);
void peer_media_stop(struct peer *p);
/** A datagram of the path. */
void peer_media_packet(unsigned component, const uint8_t *packet, size_t n, void *arg);

#endif
