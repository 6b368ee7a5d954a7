#ifndef PICRELAY_IO_EPOLL_H
#define PICRELAY_IO_EPOLL_H

#include <sys/epoll.h>
#include <sys/socket.h>

#include "relay/media/io.h"

/** Inside of the epoll provider: one recvmmsg() and one sendmmsg() for each socket of a pass. */

#define EPOLL_EVENTS_MAX 256
#define EPOLL_BURST_MAX  16 /* packets of one socket in a pass */

struct io_epoll {
    struct io io;
    int epoll_fd;
    int gather_fd;            /* an epoll of the wake descriptor alone: what ends a gathering */
    int next_event, n_events; /* of those the kernel named, which have not been served yet */
    struct epoll_event event[EPOLL_EVENTS_MAX];

    unsigned n_spare; /* packets laid out for the next receive */
    struct packet *spare[EPOLL_BURST_MAX];
    struct mmsghdr in_msg[EPOLL_BURST_MAX];
    struct iovec in_iov[EPOLL_BURST_MAX];

    struct packet *out[BATCH_MAX];
    struct mmsghdr out_msg[BATCH_MAX];
    struct iovec out_iov[BATCH_MAX];
};

static inline struct io_epoll *io_epoll_of(struct io *io)
{
    return (struct io_epoll *)(void *)io; /* its first member */
}

void egress_epoll_write(struct io *io, struct batch *b);

#endif
