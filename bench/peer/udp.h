#ifndef PICRELAY_BENCH_PEER_UDP_H
#define PICRELAY_BENCH_PEER_UDP_H

#include "bench/peer/loop.h"
#include "bench/peer/sdp.h"

/** Two UDP ports, RTP and RTCP: the path of a peer without ICE. Thread: the loop's. */

struct peer_udp;

struct peer_udp_config {
    struct loop *loop;
    const char *local;
    void (*packet_h)(unsigned component, const uint8_t *packet, size_t n, void *arg);
    void *arg;
};

/** Binds an even port and the odd one above. @return 0; EADDRNOTAVAIL; EADDRINUSE; ENOMEM */
int peer_udp_alloc(struct peer_udp **up, const struct peer_udp_config *cfg);
void peer_udp_free(struct peer_udp *u); /* NULL is allowed */

void peer_udp_describe(struct peer_udp *u, struct peer_description *d);
/** @return 0; EINVAL: no usable address */
int peer_udp_connect(struct peer_udp *u, const struct peer_description *remote);
/** @return 0; ENOTCONN */
int peer_udp_send(struct peer_udp *u, unsigned component, const uint8_t *packet, size_t n);

#endif
