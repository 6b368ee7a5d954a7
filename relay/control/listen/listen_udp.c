#include <errno.h>
#include <string.h>

#include "relay/control/listen/listen.h"
#include "relay/control/listen/listener.h"
#include "relay/control/transport/socket.h"

#define TURN_MAX 64 /* messages taken in one turn of the main loop, so that timers get theirs */
#define RCVBUF   (4 * 1024 * 1024)

struct udp_listener {
    struct listener base;
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

static void send_h(struct listener *l, struct str reply, const union addr *to)
{
    if (sendto(l->fd, reply.p, reply.n, MSG_DONTWAIT, &to->sa, addr_len(to)) < 0)
        l->control->counters.events[CONTROL_REPLY_LOST]++;
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
    for (unsigned i = 0; i < TURN_MAX && read_one(l); i++)
        ;
    media_batch_end(l->base.control->media);
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
