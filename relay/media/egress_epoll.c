#include "relay/media/io_epoll.h"

#include <errno.h>

#include "relay/media/stream.h"

/* Hangs every packet at the end of its socket's queue. @return the sockets that have one */
static struct media_socket *sort_by_socket(const struct batch *b)
{
    struct media_socket *first = NULL;
    unsigned i;

    for (i = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        struct media_socket *socket = &p->out->socket[p->component];

        p->next = NULL;
        if (socket->send_last) {
            socket->send_last->next = p;
        } else {
            socket->send_first = p;
            socket->next_to_send = first;
            first = socket;
        }
        socket->send_last = p;
    }
    return first;
}

static unsigned lay_out(struct io_epoll *e, struct media_socket *socket)
{
    struct packet *p;
    unsigned n = 0;

    for (p = socket->send_first; p; p = p->next, n++) {
        e->out[n] = p;
        e->out_iov[n] = (struct iovec){.iov_base = p->data, .iov_len = p->len};
        e->out_msg[n].msg_hdr = (struct msghdr){
            .msg_name = &p->addr,
            .msg_namelen = addr_len(&p->addr),
            .msg_iov = &e->out_iov[n],
            .msg_iovlen = 1,
        };
    }
    socket->send_first = NULL;
    socket->send_last = NULL;
    return n;
}

/* sendmmsg() stops at the first packet that fails; its error shows in the next call. */
static void send_all(struct io_epoll *e, int fd, unsigned n)
{
    unsigned i = 0;

    while (i < n) {
        int sent = sendmmsg(fd, &e->out_msg[i], n - i, MSG_DONTWAIT);
        if (sent > 0) {
            for (; sent > 0; sent--)
                io_sent(&e->io, e->out[i++]);
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        io_not_sent(&e->io, e->out[i++]);
        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) { /* full: so it is for the rest */
            while (i < n)
                io_not_sent(&e->io, e->out[i++]);
        }
    }
}

void egress_epoll_write(struct io *io, struct batch *b)
{
    struct io_epoll *e = io_epoll_of(io);
    struct media_socket *socket;

    io_count_delays(io, b);
    socket = sort_by_socket(b);
    while (socket) {
        struct media_socket *next = socket->next_to_send;

        send_all(e, socket->fd, lay_out(e, socket));
        socket = next;
    }
    b->n = 0;
}
