#include "bench/peer/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/peer/rtp.h"

#define PAIR_TRIES 64

union address {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

struct peer_udp {
    struct peer_udp_config cfg;
    int fd[2];
    struct loop_watch *watch[2];
    union address local, remote[2];
    bool is_connected;
};

static int address_set(union address *a, const char *text, uint16_t port)
{
    memset(a, 0, sizeof(*a));
    if (inet_pton(AF_INET, text, &a->in.sin_addr) == 1) {
        a->in.sin_family = AF_INET;
        a->in.sin_port = htons(port);
        return 0;
    }
    if (inet_pton(AF_INET6, text, &a->in6.sin6_addr) == 1) {
        a->in6.sin6_family = AF_INET6;
        a->in6.sin6_port = htons(port);
        return 0;
    }
    return EINVAL;
}

static socklen_t address_length(const union address *a)
{
    return a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

static uint16_t address_port(const union address *a)
{
    return ntohs(a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

static void readable_h(int fd, void *arg)
{
    struct peer_udp *u = arg;
    uint8_t packet[PEER_PACKET_MAX];
    ssize_t n;

    while ((n = recv(fd, packet, sizeof(packet), 0)) >= 0)
        u->cfg.packet_h(fd == u->fd[0] ? 1 : 2, packet, (size_t)n, u->cfg.arg);
}

static int port_bind(int *fd, union address *a)
{
    socklen_t n = sizeof(*a);

    *fd = socket(a->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    if (bind(*fd, &a->sa, address_length(a)) != 0 || getsockname(*fd, &a->sa, &n) != 0) {
        int err = errno;

        close(*fd);
        *fd = -1;
        return err;
    }
    return 0;
}

/* The kernel picks the first port; an odd one, or one whose neighbour is taken, is given back. */
static int pair_bind(struct peer_udp *u)
{
    union address next;

    int err = address_set(&u->local, u->cfg.local, 0);
    if (!err)
        err = port_bind(&u->fd[0], &u->local);
    if (err)
        return err;
    uint16_t port = address_port(&u->local);
    if (port % 2 == 0) {
        (void)address_set(&next, u->cfg.local, (uint16_t)(port + 1));
        if (port_bind(&u->fd[1], &next) == 0)
            return 0;
    }
    close(u->fd[0]);
    u->fd[0] = -1;
    return EAGAIN;
}

int peer_udp_alloc(struct peer_udp **up, const struct peer_udp_config *cfg)
{
    struct peer_udp *u = calloc(1, sizeof(*u));
    int err = EAGAIN;

    if (!u)
        return ENOMEM;
    u->cfg = *cfg;
    u->fd[0] = u->fd[1] = -1;
    for (unsigned i = 0; i < PAIR_TRIES && err == EAGAIN; i++)
        err = pair_bind(u);
    for (unsigned i = 0; i < 2 && !err; i++)
        err = loop_watch_alloc(&u->watch[i], cfg->loop, u->fd[i], readable_h, u);
    if (err) {
        peer_udp_free(u);
        return err == EAGAIN ? EADDRINUSE : err;
    }
    *up = u;
    return 0;
}

void peer_udp_free(struct peer_udp *u)
{
    if (!u)
        return;
    for (unsigned i = 0; i < 2; i++) {
        loop_watch_free(u->watch[i]);
        if (u->fd[i] >= 0)
            close(u->fd[i]);
    }
    free(u);
}

void peer_udp_describe(struct peer_udp *u, struct peer_description *d)
{
    snprintf(d->address, sizeof(d->address), "%s", u->cfg.local);
    d->port = address_port(&u->local);
    d->rtcp_port = (uint16_t)(d->port + 1);
}

int peer_udp_connect(struct peer_udp *u, const struct peer_description *remote)
{
    if (!remote->port || address_set(&u->remote[0], remote->address, remote->port) != 0 ||
        address_set(&u->remote[1], remote->address, remote->rtcp_port) != 0 ||
        u->remote[0].sa.sa_family != u->local.sa.sa_family)
        return EINVAL;
    u->is_connected = true;
    return 0;
}

int peer_udp_send(struct peer_udp *u, unsigned component, const uint8_t *packet, size_t n)
{
    if (!u->is_connected || component < 1 || component > 2)
        return ENOTCONN;

    const union address *to = &u->remote[component - 1];
    /* from the RTP port with rtcp-mux, which says so by the same port: RFC 5761 s.3 */
    bool is_muxed = address_port(&u->remote[0]) == address_port(&u->remote[1]);
    int fd = u->fd[is_muxed ? 0 : component - 1];
    return sendto(fd, packet, n, 0, &to->sa, address_length(to)) < 0 ? ENOTCONN : 0;
}
