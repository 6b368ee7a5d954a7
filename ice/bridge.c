#include "ice/leg.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/*
 * The way of media to a TURN server. Workers know UDP and nothing of TURN, so where a relayed pair
 * is selected they are given the address of a socket of the ice thread as that of the peer: what
 * comes there goes to libnice, which wraps it, and back. It costs two hops over the host's own
 * stack; whoever needs a relay has slower ways to think of. The socket is connected to the media
 * port, so nobody else can speak to it.
 */

static void set_port(struct sockaddr_storage *addr, uint16_t port)
{
    if (addr->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)addr)->sin_port = htons(port);
}

static struct ice_watch *watch_of(struct ice_component *c, int fd)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(c->leg->bridges); i++)
        if (c->leg->bridges[i].fd == fd)
            return &c->leg->bridges[i];
    return NULL;
}

static int watch(struct ice_component *c, int fd)
{
    struct ice_watch *w = watch_of(c, -1);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = w};

    if (!w || epoll_ctl(c->leg->ice->epoll_fd, EPOLL_CTL_ADD, fd, &ev))
        return w ? errno : ENOBUFS;
    w->fd = fd;
    return 0;
}

static int join(int fd, struct sockaddr_storage *own, const struct sockaddr_storage *media)
{
    socklen_t len = ice_addr_len(own);

    if (bind(fd, (struct sockaddr *)own, len) ||
        connect(fd, (const struct sockaddr *)media, ice_addr_len(media)) ||
        getsockname(fd, (struct sockaddr *)own, &len))
        return errno;
    return 0;
}

int ice_bridge_open(struct ice_component *c, struct sockaddr_storage *media)
{
    struct sockaddr_storage own = c->leg->cfg.local, port = own;
    int err, fd;

    ice_bridge_close(c);
    set_port(&own, 0);
    set_port(&port, c->port);
    fd = socket(own.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    err = join(fd, &own, &port);
    if (!err)
        err = watch(c, fd);
    if (err) {
        close(fd);
        return err;
    }
    c->bridge_fd = fd;
    *media = own;
    return 0;
}

void ice_bridge_close(struct ice_component *c)
{
    struct ice_watch *w;

    if (c->bridge_fd < 0)
        return;
    w = watch_of(c, c->bridge_fd);
    if (w)
        w->fd = -1;
    close(c->bridge_fd); /* takes it out of the epoll set */
    c->bridge_fd = -1;
}

void ice_bridge_read(struct ice_component *c)
{
    struct ice_leg *leg = c->leg;
    uint8_t bytes[ICE_STUN_MAX];

    for (unsigned i = 0; i < ICE_BATCH; i++) {
        const ssize_t n = recv(c->bridge_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (n < 0)
            return;
        if (n > 0)
            (void)nice_agent_send(leg->agent, c->stream->nice_id, c->number, (guint)n,
                                  (const gchar *)bytes);
    }
}

void ice_bridge_write(const struct ice_component *c, const void *bytes, size_t n)
{
    if (c->bridge_fd >= 0)
        (void)!send(c->bridge_fd, bytes, n, MSG_DONTWAIT);
}
