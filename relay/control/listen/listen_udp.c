#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "relay/control/listen/listen.h"
#include "relay/control/listen/listener.h"
#include "relay/control/transport/socket.h"

#define TURN_MAX 64 /* messages taken in one turn of the main loop, so that timers get theirs */
#define RCVBUF   (4 * 1024 * 1024)

/* Replies that leave together: each by itself would wake the proxy, which costs more than to send.
 * Few, so that the first does not wait for long: about half a millisecond. */
#define REPLIES_MAX         8
#define REPLIES_BYTES_TOTAL 65536

struct udp_listener {
    struct listener base;
    bool is_reading; /* more replies may follow at once */
    unsigned n_replies;
    size_t n_bytes;
    struct mmsghdr header[REPLIES_MAX];
    struct iovec part[REPLIES_MAX];
    union addr to[REPLIES_MAX];
    char replies[REPLIES_BYTES_TOTAL];
    char message[NG_MESSAGE_MAX + 1];
};

static void listener_destructor(void *data)
{
    struct udp_listener *l = data;

    list_unlink(&l->base.le);
    if (l->base.fd >= 0)
        fd_close(l->base.fd);
    socket_close(&l->base.fd);
}

/* sendmmsg() stops before a reply that cannot leave. */
static void flush(struct udp_listener *l)
{
    unsigned i = 0;

    while (i < l->n_replies) {
        int n = sendmmsg(l->base.fd, &l->header[i], l->n_replies - i, MSG_DONTWAIT);

        if (n <= 0) {
            l->base.control->counters.events[CONTROL_REPLY_LOST]++;
            n = 1;
        }
        i += (unsigned)n;
    }
    explicit_bzero(l->replies, l->n_bytes); /* keys in it */
    l->n_replies = 0;
    l->n_bytes = 0;
}

static void send_h(struct listener *base, struct str reply, const union addr *to)
{
    struct udp_listener *l = (struct udp_listener *)base;
    unsigned i;

    if (reply.n > sizeof(l->replies) - l->n_bytes)
        flush(l);
    if (reply.n > sizeof(l->replies)) { /* longer than a datagram can be */
        base->control->counters.events[CONTROL_REPLY_LOST]++;
        return;
    }
    i = l->n_replies++;
    l->to[i] = *to;
    l->part[i] = (struct iovec){.iov_base = &l->replies[l->n_bytes], .iov_len = reply.n};
    memcpy(&l->replies[l->n_bytes], reply.p, reply.n);
    l->n_bytes += reply.n;
    l->header[i].msg_hdr = (struct msghdr){.msg_name = &l->to[i],
                                           .msg_namelen = addr_len(to),
                                           .msg_iov = &l->part[i],
                                           .msg_iovlen = 1};
    if (!l->is_reading || l->n_replies == REPLIES_MAX)
        flush(l);
}

/* @return false: nothing waits any more */
static bool read_one(struct udp_listener *l)
{
    union addr from;
    socklen_t len = sizeof(from);
    ssize_t n;

    memset(&from, 0, sizeof(from));
    n = recvfrom(l->base.fd, l->message, sizeof(l->message), MSG_DONTWAIT, &from.sa, &len);
    if (n < 0)
        return false;
    if (listener_allows(&l->base, &from))
        listener_take(&l->base, l->message, (size_t)n, &from);
    return true;
}

static void read_h(int flags, void *arg)
{
    struct udp_listener *l = arg;

    (void)flags;
    media_batch_begin(l->base.control->media);
    l->is_reading = true;
    for (unsigned i = 0; i < TURN_MAX && read_one(l); i++)
        ;
    l->is_reading = false;
    media_batch_end(l->base.control->media);
    flush(l);
}

int listen_udp(struct control *c, const union addr *local)
{
    struct udp_listener *l = mem_zalloc(sizeof(*l), listener_destructor);
    int err;

    if (!l)
        return ENOMEM;
    l->base.control = c;
    l->base.send_h = send_h;
    l->base.fd = -1;
    err = socket_open_udp(&l->base.fd, local, SOCKET_TOS_LEAVE, RCVBUF);
    if (!err)
        err = fd_listen(l->base.fd, FD_READ, read_h, l);
    if (err) {
        mem_deref(l);
        return err;
    }
    list_append(&c->listeners, &l->base.le, l);
    return 0;
}
