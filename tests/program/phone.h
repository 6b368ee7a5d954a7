#ifndef PICRELAY_TESTS_PHONE_H
#define PICRELAY_TESTS_PHONE_H

#include <netinet/in.h>

#include "bench/peer/rtp.h"
#include "bench/peer/sdp.h"
#include "bench/peer/srtp.h"
#include "tests/program/relay.h"

/**
 * Two UDP ports, RTP and RTCP, that do packet by packet what a test tells them: what a real peer
 * never would, and what it does at moments that a test must choose. Without ICE and without codecs.
 * Thread: the loop's.
 */

enum { PHONE_RTP, PHONE_RTCP };

#define PHONE_SDP_MAX       8192
#define PHONE_PAYLOAD_BYTES 160
#define PHONE_TICKS         160 /* of a packet: G.711, 20 ms */

struct phone_packet {
    uint8_t bytes[PEER_PACKET_MAX];
    size_t n;
    struct peer_rtp rtp; /* on PHONE_RTP, if it could be read */
    struct sockaddr_in from;
};

/** An RTP packet came that could be read. */
typedef void(phone_rtp_h)(const struct phone_packet *packet, void *arg);

/** Any datagram came. */
typedef void(phone_datagram_h)(const struct phone_packet *packet, unsigned component, void *arg);

struct phone {
    struct loop *loop;
    phone_datagram_h *datagram_h; /* NULL: the last packet is all that is kept */
    phone_rtp_h *rtp_h;           /* NULL: the last packet is all that is kept */
    void *arg;
    struct loop_watch *watch[2];
    int fd[2];
    struct peer_srtp *srtp; /* borrowed; NULL: plain */
    struct phone_packet last[2];
    unsigned n_heard[2];
    unsigned n_unreadable; /* failed SRTP */
    unsigned n_gaps;       /* RTP packets whose number did not follow the one before */
    char address[16];
    uint32_t ssrc, ts; /* of the next packet */
    uint16_t seq;
    uint16_t port; /* RTP; RTCP is the next */
};

/** @param address  where it is; NULL: 127.0.0.1 */
void phone_open(struct phone *p, struct loop *loop, const char *address);
void phone_close(struct phone *p); /* a zeroed one is allowed */

/** A description with one audio line. @param lines  attributes, each with CRLF; NULL: none */
const char *phone_sdp(char sdp[static PHONE_SDP_MAX], const struct phone *p, const char *profile,
                      const char *formats, const char *lines);

/** Sends bytes as they are. */
void phone_send(const struct phone *p, unsigned component, const char *address, uint16_t port,
                const void *bytes, size_t n);
/** Sends the next RTP packet of its stream: 160 bytes of fill. */
void phone_send_rtp(struct phone *p, const struct peer_description *to, uint8_t pt, uint8_t fill);

/** Waits until it has heard n packets in all. @return the last one */
const struct phone_packet *phone_hear(const struct phone *p, const struct relay *r,
                                      unsigned component, unsigned n);

#endif
