#ifndef PICRELAY_EGRESS_H
#define PICRELAY_EGRESS_H

#include <sys/socket.h>

#include "relay/media/packet.h"
#include "relay/media/stats.h"

/**
 * A batch to its sockets. Thread: the worker. Implemented by egress.c: one sendmmsg() for each
 * socket that has something to send.
 */
struct egress {
    struct mmsghdr msg[BATCH_MAX];
    struct iovec iov[BATCH_MAX];
    struct packet *pkt[BATCH_MAX];
};

/**
 * Sends the batch and leaves it empty. Never waits: what the kernel refuses is counted (DROP_SEND)
 * and forgotten, as a network would.
 */
void egress_write(struct egress *e, struct batch *b, struct worker_counters *count);

#endif
