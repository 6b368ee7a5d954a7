#ifndef PICRELAY_IO_H
#define PICRELAY_IO_H

#include "relay/media/packet.h"
#include "relay/media/stats.h"

/**
 * Batches from and to any number of sockets: ingress and egress of a worker. Two providers stand
 * behind this header: io_uring (uring.c, ingress_uring.c, egress_uring.c), where one system call
 * takes what a pass sends to all sockets and brings what has arrived on any; and epoll
 * (ingress_epoll.c, egress_epoll.c) where the kernel refuses io_uring, as containers do.
 * Thread: the worker, but for io_choose(), io_alloc() and io_free().
 */

struct media_socket;

/** How long to wait. */
struct io_wait {
    uint64_t deadline_us; /* 0: does not wait; UINT64_MAX: for ever */
    uint32_t gather_us;   /* packets are left to gather for so long, not past the deadline */
};

struct io_config {
    struct pool *pool;
    struct worker_counters *count;
    int wake_fd; /* an eventfd; written to, it ends the wait of ingress_read(). It is never read */
};

/** A provider's own struct begins with this. */
struct io {
    const struct io_provider *provider;
    struct io_config cfg;
    struct media_socket *settled; /* what ingress_settled() will tell */
};

struct io_provider {
    const char *name; /* "uring", "epoll": in configuration, ready line and metrics */
    int (*probe)(void);
    int (*alloc)(struct io **iop, const struct io_config *cfg);
    void (*free)(struct io *io);
    int (*begin)(struct io *io);
    int (*watch)(struct io *io, struct media_socket *socket);
    int (*unwatch)(struct io *io, struct media_socket *socket);
    void (*read)(struct io *io, struct batch *b, const struct io_wait *wait);
    void (*write)(struct io *io, struct batch *b);
    void (*flush)(struct io *io);
};

extern const struct io_provider io_provider_uring, io_provider_epoll;

/** Chooses a provider that this host has; IO_AUTO: the fastest.
 *  @return 0; else what the kernel answered (ENOSYS, EPERM, EINVAL: its version, ENOMEM) */
int io_choose(const struct io_provider **pp, enum media_io wanted);

/** @return 0; ENOMEM; EMFILE and other errors of the kernel */
static inline int io_alloc(struct io **iop, const struct io_provider *provider,
                           const struct io_config *cfg)
{
    return provider->alloc(iop, cfg);
}
void io_free(struct io *io); /* NULL is allowed; before its pool is wiped */

/** Makes the calling thread the one that uses it. First. @return 0; an error of the kernel */
static inline int io_begin(struct io *io)
{
    return io->provider->begin(io);
}

/** @return 0: watched; EINPROGRESS: ingress_settled() will tell; ENOSPC, ENOMEM, EPERM: the kernel
 *          will not watch it */
static inline int ingress_watch(struct io *io, struct media_socket *socket)
{
    return io->provider->watch(io, socket);
}

/** From here on nothing of it enters a batch. One that is not watched may be given too.
 *  @return 0: the kernel has let go, and so may its owner; EINPROGRESS: ingress_settled() will
 *          tell (and it no longer tells of ingress_watch()) */
static inline int ingress_unwatch(struct io *io, struct media_socket *socket)
{
    return io->provider->unwatch(io, socket);
}

/** @return a socket whose EINPROGRESS has come to its end, with socket->error; NULL: none */
struct media_socket *ingress_settled(struct io *io);

/**
 * Hands over what is still to be sent, waits until a socket has something, the worker is woken or
 * the deadline has come, and fills an empty batch with what has arrived. What one socket may bring
 * in a pass is bounded, so that a flood on one does not starve the others.
 */
static inline void ingress_read(struct io *io, struct batch *b, const struct io_wait *wait)
{
    io->provider->read(io, b, wait);
}

/**
 * Sends the batch and leaves it empty, at the latest with the next egress_flush() or
 * ingress_read(). Never waits: what the kernel refuses is counted (DROP_SEND) and forgotten, as a
 * network would.
 */
static inline void egress_write(struct io *io, struct batch *b)
{
    io->provider->write(io, b);
}

/** Before long work: what was written leaves now. */
static inline void egress_flush(struct io *io)
{
    io->provider->flush(io);
}

/* ---- for the providers ------------------------------------------------------------------------
 */

struct msghdr;

/** The room that messages about a datagram take: its time, what the kernel dropped before it. */
#define IO_CONTROL_BYTES 56

/** An arrival enters the batch. @param is_cut  it was longer than PACKET_MAX */
void io_take(struct batch *b, struct packet *p, const struct media_socket *socket, bool is_cut);

/** Reads what the kernel says about a datagram beside its bytes. */
void io_take_control(struct io *io, struct packet *p, struct media_socket *socket,
                     struct msghdr *msg);

/** Before a batch is sent: how long its sampled packets have been here. */
void io_count_delays(struct io *io, const struct batch *b);

/** A packet has left: counts it, gives the buffer back. */
void io_sent(struct io *io, struct packet *p);

/** A packet was refused by the kernel. */
void io_not_sent(struct io *io, struct packet *p);

/** ingress_settled() will tell of it. @param error  0; errno */
void io_settle(struct io *io, struct media_socket *socket, int error);

#endif
