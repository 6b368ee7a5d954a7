#include "relay/media/ingress.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/clock.h"
#include "relay/media/stream.h"

#define EVENTS_MAX 64
#define BURST_MAX  16 /* packets of one socket in a pass */

struct ingress {
    int epoll_fd;
    int next_event, n_events; /* of those the kernel named, which have not been served yet */
    struct epoll_event event[EVENTS_MAX];
    struct pool *pool;
    unsigned n_spare; /* packets laid out for the next receive */
    struct packet *spare[BURST_MAX];
    struct mmsghdr msg[BURST_MAX];
    struct iovec iov[BURST_MAX];
};

int ingress_alloc(struct ingress **ip, struct pool *pool, int wake_fd)
{
    /* Edge-triggered: each write is an edge of its own, so nobody has to read the counter back. */
    struct epoll_event wake = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    struct ingress *in = calloc(1, sizeof(*in));
    int err;

    if (!in)
        return ENOMEM;
    in->pool = pool;
    in->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (in->epoll_fd < 0 || epoll_ctl(in->epoll_fd, EPOLL_CTL_ADD, wake_fd, &wake) < 0) {
        err = errno;
        ingress_free(in);
        return err;
    }
    *ip = in;
    return 0;
}

void ingress_free(struct ingress *in)
{
    if (!in)
        return;
    while (in->n_spare > 0)
        pool_give(in->pool, in->spare[--in->n_spare]);
    if (in->epoll_fd >= 0)
        close(in->epoll_fd);
    free(in);
}

int ingress_watch(struct ingress *in, struct media_socket *socket)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = socket};

    if (epoll_ctl(in->epoll_fd, EPOLL_CTL_ADD, socket->fd, &ev) < 0)
        return errno;
    socket->is_watched = true;
    return 0;
}

void ingress_unwatch(struct ingress *in, struct media_socket *socket)
{
    int i;

    if (!socket->is_watched)
        return;
    (void)epoll_ctl(in->epoll_fd, EPOLL_CTL_DEL, socket->fd, NULL);
    socket->is_watched = false;
    for (i = in->next_event; i < in->n_events; i++) {
        if (in->event[i].data.ptr == socket)
            in->event[i].data.ptr = NULL;
    }
}

/* Lays out up to `want` empty packets for recvmmsg(). @return how many lie there */
static unsigned lay_out(struct ingress *in, unsigned want)
{
    while (in->n_spare < want) {
        struct packet *p = pool_take(in->pool);
        unsigned i = in->n_spare;

        if (!p)
            break;
        in->spare[i] = p;
        in->iov[i] = (struct iovec){.iov_base = p->data, .iov_len = PACKET_MAX};
        in->msg[i].msg_hdr =
            (struct msghdr){.msg_name = &p->addr, .msg_iov = &in->iov[i], .msg_iovlen = 1};
        in->n_spare++;
    }
    return in->n_spare < want ? in->n_spare : want;
}

static void take_packet(struct batch *b, struct packet *p, const struct mmsghdr *msg,
                        const struct media_socket *socket)
{
    bool is_cut = (msg->msg_hdr.msg_flags & MSG_TRUNC) != 0;

    p->len = is_cut ? PACKET_MAX + 1 : msg->msg_len;
    p->wire_len = p->len;
    p->stream = socket->stream;
    p->component = socket->component;
    p->out = NULL;
    b->pkt[b->n++] = p;
}

/* One system call for one socket. An error (a pending ICMP, say) is the socket's own affair. */
static void read_socket(struct ingress *in, const struct media_socket *socket, struct batch *b)
{
    unsigned room = BATCH_MAX - b->n;
    unsigned want = lay_out(in, room < BURST_MAX ? room : BURST_MAX);
    unsigned i, n;
    int got;

    for (i = 0; i < want; i++)
        in->msg[i].msg_hdr.msg_namelen = sizeof(union addr);
    got = want > 0 ? recvmmsg(socket->fd, in->msg, want, MSG_DONTWAIT, NULL) : 0;
    if (got <= 0)
        return;
    n = (unsigned)got;
    for (i = 0; i < n; i++)
        take_packet(b, in->spare[i], &in->msg[i], socket);
    /* what was not used moves to the front; each header goes with its packet */
    for (i = n; i < in->n_spare; i++) {
        in->spare[i - n] = in->spare[i];
        in->iov[i - n] = in->iov[i];
        in->msg[i - n].msg_hdr = in->msg[i].msg_hdr;
        in->msg[i - n].msg_hdr.msg_iov = &in->iov[i - n];
    }
    in->n_spare -= n;
}

static int timeout_ms(uint64_t deadline_us)
{
    uint64_t now_us, ms;

    if (deadline_us == UINT64_MAX)
        return -1;
    if (deadline_us == 0)
        return 0;
    now_us = clock_now_us();
    if (deadline_us <= now_us)
        return 0;
    ms = (deadline_us - now_us + 999) / 1000;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

void ingress_read(struct ingress *in, struct batch *b, uint64_t deadline_us)
{
    if (in->next_event >= in->n_events) {
        in->next_event = 0;
        in->n_events = epoll_wait(in->epoll_fd, in->event, EVENTS_MAX, timeout_ms(deadline_us));
    }
    b->now_us = clock_now_us();
    while (in->next_event < in->n_events && !batch_is_full(b)) {
        const struct media_socket *socket = in->event[in->next_event++].data.ptr;

        if (socket)
            read_socket(in, socket, b);
    }
}
