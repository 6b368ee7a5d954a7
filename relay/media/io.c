#include "relay/media/io.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "relay/clock.h"
#include "relay/media/stream.h"

#define DELAY_MAX_US 10000000 /* longer is no delay: the wall clock was set */

_Static_assert(CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(struct timespec)) ==
                   IO_CONTROL_BYTES,
               "SO_RXQ_OVFL and SO_TIMESTAMPNS, as media.c asks for them");

int io_choose(const struct io_provider **pp, enum media_io wanted)
{
    int err = wanted == MEDIA_IO_EPOLL ? ENOSYS : io_provider_uring.probe();

    if (err && wanted == MEDIA_IO_URING)
        return err;
    *pp = err ? &io_provider_epoll : &io_provider_uring;
    return 0;
}

void io_free(struct io *io)
{
    if (io)
        io->provider->free(io);
}

void io_settle(struct io *io, struct media_socket *socket, int error)
{
    socket->error = error;
    socket->next_settled = io->settled;
    io->settled = socket;
}

struct media_socket *ingress_settled(struct io *io)
{
    struct media_socket *socket = io->settled;

    if (socket)
        io->settled = socket->next_settled;
    return socket;
}

void io_take(struct batch *b, struct packet *p, const struct media_socket *socket, bool is_cut)
{
    if (is_cut)
        p->len = PACKET_MAX + 1;
    p->wire_len = p->len;
    p->stream = socket->stream;
    p->component = socket->component;
    p->out = NULL;
    b->pkt[b->n++] = p;
    stream_prefetch_sender(p->stream, p->data[1]);
}

/* The kernel stamps with the wall clock; what has passed since is all that is taken from it. */
static uint64_t arrival_us(const struct timespec *stamp)
{
    uint64_t stamp_us = (uint64_t)stamp->tv_sec * 1000000 + (uint64_t)stamp->tv_nsec / 1000;
    uint64_t delay_us = clock_wall_us() - stamp_us;
    uint64_t now_us = clock_now_us();

    return delay_us < DELAY_MAX_US && delay_us < now_us ? now_us - delay_us : 0;
}

/* The kernel counts on from the socket's birth, modulo 2^32. */
static void count_overflow(struct io *io, struct media_socket *socket, uint32_t n_lost)
{
    uint32_t n = n_lost - socket->n_lost;

    socket->n_lost = n_lost;
    counter_add(&io->cfg.count->drops[DROP_KERNEL], n);
    counter_add(&socket->stream->count.drops[DROP_KERNEL], n);
}

void io_take_control(struct io *io, struct packet *p, struct media_socket *socket,
                     struct msghdr *msg)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct timespec stamp;
        uint32_t n_lost;

        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SO_RXQ_OVFL && c->cmsg_len == CMSG_LEN(sizeof(n_lost))) {
            memcpy(&n_lost, CMSG_DATA(c), sizeof(n_lost));
            count_overflow(io, socket, n_lost);
        } else if (c->cmsg_type == SCM_TIMESTAMPNS && c->cmsg_len == CMSG_LEN(sizeof(stamp))) {
            memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
            p->arrived_us = arrival_us(&stamp);
        }
    }
}

static enum media_path path_of(const struct packet *p)
{
    if (!p->stream) /* made here, of something that arrived */
        return MEDIA_PATH_TRANSCODED;
    return p->stream->srtp_rx || p->out->srtp_tx ? MEDIA_PATH_SRTP : MEDIA_PATH_PLAIN;
}

void io_count_delays(struct io *io, const struct batch *b)
{
    uint64_t now_us = 0;
    unsigned i;

    for (i = 0; i < b->n; i++) {
        const struct packet *p = b->pkt[i];

        if (p->arrived_us == 0)
            continue;
        if (now_us == 0)
            now_us = clock_now_us();
        stats_put_delay(io->cfg.count, path_of(p), now_us - p->arrived_us);
    }
}

void io_sent(struct io *io, struct packet *p)
{
    enum media_component kind = p->kind == PACKET_RTP ? MEDIA_RTP : MEDIA_RTCP;

    stats_count_add(&p->out->count.out[kind], p->len);
    counter_add(&io->cfg.count->packets_out, 1);
    counter_add(&io->cfg.count->bytes_out, p->len);
    pool_give(io->cfg.pool, p);
}

void io_not_sent(struct io *io, struct packet *p)
{
    packet_drop(p, DROP_SEND, io->cfg.pool, io->cfg.count->drops);
}
