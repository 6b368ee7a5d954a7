#include "bench/load/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define RCVBUF_BYTES                                                                               \
    (64 * 1024 * 1024) /* shared by all sockets: a stall must not look like loss                   \
                        */
#define RCVBUF_MIN   65536
#define SNDBUF_BYTES (4 * 1024 * 1024)
#define PORT_TRIES   64
#define FDS_SPARE    64 /* for all else that is open */

static int udp_bind(int *fd, const struct sockaddr_in *address)
{
    *fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    if (bind(*fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
        return 0;

    int err = errno;
    close(*fd);
    *fd = -1;
    return err;
}

/* A socket that takes nothing. */
static int drop_all(int fd)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 1, .filter = &nothing};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? errno : 0;
}

static int socket_prepare(int fd, int rcvbuf)
{
    int one = 1, sndbuf = SNDBUF_BYTES;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) ? errno : 0;
}

/* @return 0; EADDRINUSE: the port is odd, or the next one is taken */
static int pair_try(struct load_sockets *s, struct sockaddr_in address)
{
    int rtp = -1, rtcp = -1, rcvbuf = (int)(RCVBUF_BYTES / s->n_pairs);
    socklen_t n = sizeof(address);

    int err = udp_bind(&rtp, &address);
    if (err)
        return err;
    getsockname(rtp, (struct sockaddr *)&address, &n);
    unsigned port = ntohs(address.sin_port);
    struct sockaddr_in next = address;
    next.sin_port = htons((uint16_t)(port + 1));
    err = port % 2 ? EADDRINUSE : udp_bind(&rtcp, &next);
    if (!err)
        err = drop_all(rtcp);
    if (!err)
        err = socket_prepare(rtp, rcvbuf > RCVBUF_MIN ? rcvbuf : RCVBUF_MIN);
    if (err) {
        close(rtp);
        if (rtcp >= 0)
            close(rtcp);
        return err;
    }
    s->addresses[s->n_open] = address;
    s->fds[s->n_open] = rtp;
    s->rtcp_fds[s->n_open++] = rtcp;
    return 0;
}

/* An even port for RTP with the next one for RTCP. */
static int pair_open(struct load_sockets *s, const struct sockaddr_in *local)
{
    int err = EADDRINUSE;

    for (unsigned tries = 0; tries < PORT_TRIES && err == EADDRINUSE; tries++)
        err = pair_try(s, *local);
    return err;
}

/* @return 0; EMFILE: there cannot be so many */
static int descriptors_raise(unsigned n)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return errno;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return n + FDS_SPARE > limit.rlim_max ? EMFILE : 0;
}

int load_sockets_init(struct load_sockets *s, const char *local, unsigned n_pairs, unsigned n_calls)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    unsigned n = 2 * n_pairs;

    *s = (struct load_sockets){.n_pairs = n_pairs, .n_calls = n_calls};
    if (inet_pton(AF_INET, local, &address.sin_addr) != 1)
        return EINVAL;
    int err = descriptors_raise(2 * n);
    if (err)
        return err;
    s->fds = calloc(n, sizeof(*s->fds));
    s->rtcp_fds = calloc(n, sizeof(*s->rtcp_fds));
    s->addresses = calloc(n, sizeof(*s->addresses));
    err = s->fds && s->rtcp_fds && s->addresses ? 0 : ENOMEM;
    for (unsigned i = 0; i < n && !err; i++)
        err = pair_open(s, &address);
    if (err)
        load_sockets_wipe(s);
    return err;
}

void load_sockets_wipe(struct load_sockets *s)
{
    for (unsigned i = 0; s->fds && s->rtcp_fds && i < s->n_open; i++) {
        close(s->fds[i]);
        close(s->rtcp_fds[i]);
    }
    free(s->fds);
    free(s->rtcp_fds);
    free(s->addresses);
    *s = (struct load_sockets){0};
}

unsigned load_sockets_index(const struct load_sockets *s, unsigned call, enum load_side side)
{
    return 2 * (unsigned)((uint64_t)call * s->n_pairs / s->n_calls) + side;
}
