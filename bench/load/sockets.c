#include "bench/load/sockets.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#define FIRST_PORT   20000

static int udp_bind(int *fd, const union load_address *address)
{
    *fd = socket(address->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    if (bind(*fd, &address->sa, load_address_bytes(address)) == 0)
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
static int pair_try(struct load_sockets *s, const struct load_sockets_config *cfg,
                    union load_address address)
{
    int rtp = -1, rtcp = -1, rcvbuf = (int)(RCVBUF_BYTES / s->n_pairs);
    socklen_t n = sizeof(address);

    if (rcvbuf < RCVBUF_MIN)
        rcvbuf = RCVBUF_MIN;
    int err = udp_bind(&rtp, &address);
    if (err)
        return err;
    getsockname(rtp, &address.sa, &n);
    unsigned port = load_address_port(&address);
    union load_address next = address;
    load_address_set_port(&next, (uint16_t)(port + 1));
    err = port % 2 ? EADDRINUSE : udp_bind(&rtcp, &next);
    if (!err)
        err = cfg->has_rtcp ? socket_prepare(rtcp, rcvbuf) : drop_all(rtcp);
    if (!err)
        err = socket_prepare(rtp, rcvbuf);
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
static int pair_open(struct load_sockets *s, const struct load_sockets_config *cfg,
                     const union load_address *local)
{
    int err = EADDRINUSE;

    for (unsigned tries = 0; tries < PORT_TRIES && err == EADDRINUSE; tries++)
        err = pair_try(s, cfg, *local);
    return err;
}

/* The ports that the kernel gives to who asks for none (ip_local_port_range). */
static unsigned ports_count(void)
{
    unsigned long from = 32768, to = 60999;
    char text[64] = "", *at;
    FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

    if (f && fgets(text, sizeof(text), f)) {
        from = strtoul(text, &at, 10);
        to = strtoul(at, NULL, 10);
    }
    if (f)
        fclose(f);
    return to > from ? (unsigned)(to - from + 1) : 0;
}

/* Before anything is opened: are there as many descriptors and ports as it takes? */
static int means_check(unsigned n_sockets, const char *local, char *problem, size_t cap)
{
    struct rlimit limit;
    unsigned n_ports = ports_count();

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return errno;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (n_sockets + FDS_SPARE > limit.rlim_max) {
        snprintf(
            problem, cap,
            "%u descriptors are needed and %lu allowed: raise `ulimit -Hn`, or let calls share "
            "sockets (--sockets)",
            n_sockets + FDS_SPARE, (unsigned long)limit.rlim_max);
        return EMFILE;
    }
    if (n_sockets > n_ports) {
        snprintf(problem, cap,
                 "%u ports are needed at %s and %u there: widen net.ipv4.ip_local_port_range, or "
                 "let calls share sockets (--sockets)",
                 n_sockets, local, n_ports);
        return EMFILE;
    }
    return 0;
}

static int lists_alloc(struct load_sockets *s, unsigned n)
{
    s->fds = calloc(n, sizeof(*s->fds));
    s->rtcp_fds = calloc(n, sizeof(*s->rtcp_fds));
    s->addresses = calloc(n, sizeof(*s->addresses));
    return s->fds && s->rtcp_fds && s->addresses ? 0 : ENOMEM;
}

int load_sockets_init(struct load_sockets *s, const struct load_sockets_config *cfg, char *problem,
                      size_t cap)
{
    union load_address address;
    unsigned n = 2 * cfg->n_pairs;

    *s = (struct load_sockets){.n_pairs = cfg->n_pairs, .n_calls = cfg->n_calls};
    problem[0] = 0;
    int err = load_address_parse(&address, cfg->local) ? 0 : EINVAL;
    if (!err)
        err = means_check(2 * n, cfg->local, problem, cap);
    if (!err)
        err = lists_alloc(s, n);
    for (unsigned i = 0; i < n && !err; i++)
        err = pair_open(s, cfg, &address);
    if (err && !problem[0])
        snprintf(problem, cap, "%s: %s", cfg->local, strerror(err));
    if (err)
        load_sockets_wipe(s);
    return err;
}

int load_sockets_name(struct load_sockets *s, const struct load_sockets_config *cfg)
{
    union load_address address;
    unsigned n = 2 * cfg->n_pairs;

    *s = (struct load_sockets){.n_pairs = cfg->n_pairs, .n_calls = cfg->n_calls};
    if (!load_address_parse(&address, cfg->local) || FIRST_PORT + 2 * n > UINT16_MAX)
        return EINVAL;
    s->addresses = calloc(n, sizeof(*s->addresses));
    if (!s->addresses)
        return ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        s->addresses[i] = address;
        load_address_set_port(&s->addresses[i], (uint16_t)(FIRST_PORT + 2 * i));
    }
    return 0;
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
