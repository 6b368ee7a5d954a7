#include "relay/control/transport/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) ? errno : 0;
}

static int set_tos(int fd, int family, int tos)
{
    if (tos == SOCKET_TOS_LEAVE)
        return 0;
    if (family == AF_INET6)
        return set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, tos);
    return set_int(fd, IPPROTO_IP, IP_TOS, tos);
}

/* A socket of the address's family, not yet bound. */
static int open_plain(int *fdp, const union addr *local, int type)
{
    const int family = local->sa.sa_family;
    int fd;
    int err = 0;

    if (family != AF_INET && family != AF_INET6)
        return EINVAL;
    fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (family == AF_INET6)
        err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (err)
        close(fd);
    else
        *fdp = fd;
    return err;
}

static int bind_to(int fd, const union addr *local)
{
    return bind(fd, &local->sa, addr_len(local)) ? errno : 0;
}

int socket_open_udp(int *fdp, const union addr *local, int tos, int rcvbuf)
{
    int fd = -1;
    int err = open_plain(&fd, local, SOCK_DGRAM);

    if (err)
        return err;
    err = set_tos(fd, local->sa.sa_family, tos);
    if (!err && rcvbuf)
        err = socket_set_rcvbuf(fd, rcvbuf);
    if (!err)
        err = bind_to(fd, local);
    if (err)
        close(fd);
    else
        *fdp = fd;
    return err;
}

int socket_open_pair(int fd[2], const union addr *host, uint16_t rtp_port, int tos)
{
    union addr local = *host;
    int rtp = -1;
    int rtcp = -1;
    int err;

    addr_set_port(&local, rtp_port);
    err = socket_open_udp(&rtp, &local, tos, 0);
    if (err)
        return err;
    addr_set_port(&local, (uint16_t)(rtp_port + 1));
    err = socket_open_udp(&rtcp, &local, tos, 0);
    if (err) {
        close(rtp);
        return err;
    }
    fd[0] = rtp;
    fd[1] = rtcp;
    return 0;
}

int socket_set_rcvbuf(int fd, int bytes)
{
    return set_int(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

int socket_listen_tcp(int *fdp, const union addr *local, int backlog)
{
    int fd = -1;
    int err = open_plain(&fd, local, SOCK_STREAM);

    if (err)
        return err;
    err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1); /* for TCP: TIME_WAIT alone */
    if (!err)
        err = bind_to(fd, local);
    if (!err && listen(fd, backlog))
        err = errno;
    if (err)
        close(fd);
    else
        *fdp = fd;
    return err;
}

int socket_local(int fd, union addr *local)
{
    union addr a;
    socklen_t n = sizeof(a);

    memset(&a, 0, sizeof(a));
    if (getsockname(fd, &a.sa, &n))
        return errno;
    *local = a;
    return 0;
}

int socket_send_to(int fd, const void *data, size_t n, const union addr *to)
{
    return sendto(fd, data, n, MSG_NOSIGNAL, &to->sa, addr_len(to)) < 0 ? errno : 0;
}

bool socket_is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

void socket_close(int *fdp)
{
    if (*fdp >= 0)
        close(*fdp);
    *fdp = -1;
}
