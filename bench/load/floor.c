#include "bench/load/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/load/clock.h"

#define BATCH        64
#define EVENTS       1024
#define PACKET_BYTES 2048
#define RCVBUF_BYTES (4 * 1024 * 1024)
#define GATHER_NS    UINT64_C(1000000)
#define PORTS        65536
#define SPACES       "/run/netns/" /* as ip-netns(8) has them */

struct floor {
    struct floor_config cfg;
    unsigned n; /* sockets */
    int *fds;
    union load_address to[PORTS]; /* shared: where to, by the port it came from */
    pid_t pid;

    uint8_t packets[BATCH][PACKET_BYTES];
    union load_address from[BATCH];
    struct iovec iov[BATCH];
    struct mmsghdr msg[BATCH];
};

/* ---- the process ------------------------------------------------------------------------------
 */

/* @return packets; 0: none */
static unsigned receive(struct floor *f, int fd, int flags)
{
    for (unsigned i = 0; i < BATCH; i++) {
        f->iov[i] = (struct iovec){f->packets[i], PACKET_BYTES};
        f->msg[i].msg_hdr = (struct msghdr){.msg_name = &f->from[i],
                                            .msg_namelen = sizeof(f->from[i]),
                                            .msg_iov = &f->iov[i],
                                            .msg_iovlen = 1};
    }
    int n = recvmmsg(fd, f->msg, BATCH, flags, NULL);
    for (int i = 0; i < n; i++)
        f->iov[i].iov_len = f->msg[i].msg_len;
    return n > 0 ? (unsigned)n : 0;
}

static void address_set(struct floor *f, unsigned i, union load_address *to)
{
    f->msg[i].msg_hdr.msg_name = to;
    f->msg[i].msg_hdr.msg_namelen = load_address_bytes(to);
}

static void shared_run(struct floor *f)
{
    for (;;) {
        unsigned n = receive(f, f->fds[0], f->cfg.is_gathering ? MSG_DONTWAIT : MSG_WAITFORONE);

        for (unsigned i = 0; i < n; i++)
            address_set(f, i, &f->to[load_address_port(&f->from[i])]);
        if (n)
            (void)sendmmsg(f->fds[0], f->msg, n, 0);
        if (f->cfg.is_gathering && n < BATCH)
            load_sleep_until(load_now_ns() + GATHER_NS);
    }
}

/* What came to one socket of a call leaves by the other one, to that one's endpoint. */
static void stream_forward(struct floor *f, unsigned i)
{
    const struct load_sockets *s = f->cfg.sockets;
    union load_address *to = &s->addresses[load_sockets_index(s, i / 2, !(i % 2))];
    unsigned n = receive(f, f->fds[i], MSG_DONTWAIT);

    for (unsigned j = 0; j < n; j++)
        address_set(f, j, to);
    if (n)
        (void)sendmmsg(f->fds[i ^ 1], f->msg, n, 0);
}

static void streams_run(struct floor *f)
{
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    for (unsigned i = 0; i < f->n; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};

        if (epoll_ctl(epoll, EPOLL_CTL_ADD, f->fds[i], &e) != 0)
            return;
    }
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, f->cfg.is_gathering ? 0 : -1);

        for (int i = 0; i < n; i++)
            stream_forward(f, events[i].data.u32);
        if (f->cfg.is_gathering)
            load_sleep_until(load_now_ns() + GATHER_NS);
    }
}

/* Never returns. */
static void run(struct floor *f, pid_t parent)
{
    cpu_set_t set;

    (void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    if (f->cfg.cpu >= 0) {
        CPU_ZERO(&set);
        CPU_SET((unsigned)f->cfg.cpu, &set);
        (void)sched_setaffinity(0, sizeof(set), &set);
    }
    if (getppid() == parent) { /* else it died before PR_SET_PDEATHSIG could tell */
        if (f->cfg.kind == FLOOR_SHARED)
            shared_run(f);
        else
            streams_run(f);
    }
    _exit(EXIT_FAILURE);
}

/* ---- its parent -------------------------------------------------------------------------------
 */

static int socket_open(struct floor *f, unsigned i, union load_address *address)
{
    socklen_t n = sizeof(*address);
    int rcvbuf = RCVBUF_BYTES;
    bool is_ip6 = load_address_is_ip6(&f->cfg.sockets->addresses[0]);
    const char *loopback = is_ip6 ? "::1" : "127.0.0.1";

    if (!load_address_parse(address, f->cfg.address ? f->cfg.address : loopback) ||
        load_address_is_ip6(address) != is_ip6)
        return EINVAL;
    f->fds[i] = socket(address->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (f->fds[i] < 0)
        return errno;
    (void)setsockopt(f->fds[i], SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
    if (bind(f->fds[i], &address->sa, load_address_bytes(address)) != 0 ||
        getsockname(f->fds[i], &address->sa, &n) != 0)
        return errno;
    return 0;
}

static int sockets_open(struct floor *f, struct load_end (*ends)[2])
{
    const struct load_sockets *s = f->cfg.sockets;
    bool is_shared = f->cfg.kind == FLOOR_SHARED;
    int err = 0;

    f->n = is_shared ? 1 : 2 * s->n_calls;
    f->fds = malloc(f->n * sizeof(*f->fds));
    if (!f->fds)
        return ENOMEM;
    for (unsigned i = 0; i < f->n; i++)
        f->fds[i] = -1;
    for (unsigned i = 0; i < 2 * s->n_calls && !err; i++) {
        struct load_end *end = &ends[i / 2][i % 2];

        *end = (struct load_end){.out.suite = LOAD_SUITE_NONE, .pt = 8};
        if (is_shared && i)
            end->relay = ends[0][0].relay;
        else
            err = socket_open(f, i, &end->relay);
        end->relay_rtcp = end->relay;
    }
    for (unsigned i = 0; i < 2 * s->n_pairs; i++)
        f->to[load_address_port(&s->addresses[i])] = s->addresses[i ^ 1];
    return err;
}

/* A socket is of the namespace that its thread is in when it is made, wherever it is used. */
static int space_enter(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
        err = errno;
    if (fd >= 0)
        close(fd);
    return err;
}

static int sockets_open_in(struct floor *f, struct load_end (*ends)[2])
{
    char path[64 + sizeof(SPACES)];
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

    if (own < 0)
        return errno;
    int n = snprintf(path, sizeof(path), SPACES "%s", f->cfg.space);
    int err = n < (int)sizeof(path) ? space_enter(path) : ENAMETOOLONG;
    if (!err) {
        err = sockets_open(f, ends);
        if (setns(own, CLONE_NEWNET) != 0 && !err)
            err = errno;
    }
    close(own);
    return err;
}

static void sockets_close(struct floor *f)
{
    for (unsigned i = 0; f->fds && i < f->n; i++)
        if (f->fds[i] >= 0)
            close(f->fds[i]);
    free(f->fds);
    f->fds = NULL;
}

int floor_start(struct floor **fp, const struct floor_config *cfg, struct load_end (*ends)[2])
{
    pid_t parent = getpid();
    struct floor *f = calloc(1, sizeof(*f));
    if (!f)
        return ENOMEM;

    f->cfg = *cfg;
    int err = cfg->space ? sockets_open_in(f, ends) : sockets_open(f, ends);
    if (!err) {
        f->pid = fork();
        if (f->pid == 0)
            run(f, parent);
        if (f->pid < 0)
            err = errno;
    }
    sockets_close(f);
    if (err)
        free(f);
    else
        *fp = f;
    return err;
}

void floor_stop(struct floor *f)
{
    if (!f)
        return;
    (void)kill(f->pid, SIGKILL);
    (void)waitpid(f->pid, NULL, 0);
    free(f);
}

pid_t floor_pid(const struct floor *f)
{
    return f->pid;
}
