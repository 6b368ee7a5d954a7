#include "relay/media/io_epoll.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "relay/clock.h"
#include "relay/media/stream.h"

/* State of a socket. */
enum { IDLE, WATCHED };

static void epoll_free(struct io *io)
{
    struct io_epoll *e = io_epoll_of(io);

    while (e->n_spare > 0)
        pool_give(io->cfg.pool, e->spare[--e->n_spare]);
    if (e->epoll_fd >= 0)
        close(e->epoll_fd);
    if (e->gather_fd >= 0)
        close(e->gather_fd);
    free(e);
}

/* Edge-triggered: each write is an edge of its own, so nobody has to read the counter back. */
static int watch_wake(int epoll_fd, int wake_fd)
{
    struct epoll_event wake = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &wake) < 0 ? errno : 0;
}

static int open_epolls(struct io_epoll *e)
{
    int err;

    e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (e->epoll_fd < 0)
        return errno;
    e->gather_fd = epoll_create1(EPOLL_CLOEXEC);
    if (e->gather_fd < 0)
        return errno;
    err = watch_wake(e->epoll_fd, e->io.cfg.wake_fd);
    return err ? err : watch_wake(e->gather_fd, e->io.cfg.wake_fd);
}

static int epoll_alloc(struct io **iop, const struct io_config *cfg)
{
    struct io_epoll *e = calloc(1, sizeof(*e));
    int err;

    if (!e)
        return ENOMEM;
    e->io = (struct io){.provider = &io_provider_epoll, .cfg = *cfg};
    e->epoll_fd = e->gather_fd = -1;
    err = open_epolls(e);
    if (err)
        epoll_free(&e->io);
    else
        *iop = &e->io;
    return err;
}

static int epoll_nothing(struct io *io)
{
    (void)io;
    return 0;
}

static int epoll_probe(void)
{
    return 0;
}

static void epoll_flush(struct io *io)
{
    (void)io; /* what is written is sent */
}

static int epoll_watch(struct io *io, struct media_socket *socket)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = socket};

    if (epoll_ctl(io_epoll_of(io)->epoll_fd, EPOLL_CTL_ADD, socket->fd, &ev) < 0)
        return errno;
    socket->state = WATCHED;
    return 0;
}

static int epoll_unwatch(struct io *io, struct media_socket *socket)
{
    struct io_epoll *e = io_epoll_of(io);
    int i;

    if (socket->state != WATCHED)
        return 0;
    (void)epoll_ctl(e->epoll_fd, EPOLL_CTL_DEL, socket->fd, NULL);
    socket->state = IDLE;
    for (i = e->next_event; i < e->n_events; i++) {
        if (e->event[i].data.ptr == socket)
            e->event[i].data.ptr = NULL;
    }
    return 0;
}

/* Lays out up to `want` empty packets for recvmmsg(). @return how many lie there */
static unsigned lay_out(struct io_epoll *e, unsigned want)
{
    while (e->n_spare < want) {
        struct packet *p = pool_take(e->io.cfg.pool);
        unsigned i = e->n_spare;

        if (!p)
            break;
        e->spare[i] = p;
        e->in_iov[i] = (struct iovec){.iov_base = p->data, .iov_len = PACKET_MAX};
        e->in_msg[i].msg_hdr = (struct msghdr){
            .msg_name = &p->addr,
            .msg_iov = &e->in_iov[i],
            .msg_iovlen = 1,
            .msg_control = p->buf,
        };
        e->n_spare++;
    }
    return e->n_spare < want ? e->n_spare : want;
}

static void take_packet(struct io_epoll *e, struct batch *b, unsigned i,
                        struct media_socket *socket)
{
    struct msghdr *msg = &e->in_msg[i].msg_hdr;
    struct packet *p = e->spare[i];

    p->len = e->in_msg[i].msg_len;
    if (msg->msg_controllen > 0)
        io_take_control(&e->io, p, socket, msg);
    io_take(b, p, socket, (msg->msg_flags & MSG_TRUNC) != 0);
}

/* What was not used moves to the front; each header goes with its packet. */
static void keep_spare(struct io_epoll *e, unsigned n_used)
{
    unsigned i;

    for (i = n_used; i < e->n_spare; i++) {
        e->spare[i - n_used] = e->spare[i];
        e->in_iov[i - n_used] = e->in_iov[i];
        e->in_msg[i - n_used].msg_hdr = e->in_msg[i].msg_hdr;
        e->in_msg[i - n_used].msg_hdr.msg_iov = &e->in_iov[i - n_used];
    }
    e->n_spare -= n_used;
}

/* One system call for one socket. An error (a pending ICMP, say) is the socket's own affair. */
static void read_socket(struct io_epoll *e, struct media_socket *socket, struct batch *b)
{
    unsigned room = BATCH_MAX - b->n;
    unsigned want = lay_out(e, room < EPOLL_BURST_MAX ? room : EPOLL_BURST_MAX);
    unsigned i, n;
    int got;

    for (i = 0; i < want; i++) {
        e->in_msg[i].msg_hdr.msg_namelen = sizeof(union addr);
        e->in_msg[i].msg_hdr.msg_controllen = IO_CONTROL_BYTES;
    }
    got = want > 0 ? recvmmsg(socket->fd, e->in_msg, want, MSG_DONTWAIT, NULL) : 0;
    if (got <= 0)
        return;
    n = (unsigned)got;
    for (i = 0; i < n; i++)
        take_packet(e, b, i, socket);
    keep_spare(e, n);
}

static struct timespec span(uint64_t us)
{
    return (struct timespec){.tv_sec = (time_t)(us / 1000000),
                             .tv_nsec = (long)(us % 1000000 * 1000)};
}

/* Lets packets gather for as long as nobody wakes us, but not past the deadline. */
static void gather(struct io_epoll *e, const struct io_wait *wait)
{
    uint64_t now_us, us = wait->gather_us;
    struct epoll_event ev;
    struct timespec ts;

    if (us == 0 || wait->deadline_us == 0)
        return;
    now_us = clock_now_us();
    if (wait->deadline_us < now_us + us)
        us = wait->deadline_us > now_us ? wait->deadline_us - now_us : 0;
    ts = span(us);
    (void)epoll_pwait2(e->gather_fd, &ev, 1, &ts, NULL);
}

static int await_events(struct io_epoll *e, uint64_t deadline_us)
{
    uint64_t now_us;
    struct timespec ts = {0};

    if (deadline_us == UINT64_MAX)
        return epoll_pwait2(e->epoll_fd, e->event, EPOLL_EVENTS_MAX, NULL, NULL);
    now_us = deadline_us ? clock_now_us() : 0;
    if (deadline_us > now_us)
        ts = span(deadline_us - now_us);
    return epoll_pwait2(e->epoll_fd, e->event, EPOLL_EVENTS_MAX, &ts, NULL);
}

static void epoll_read(struct io *io, struct batch *b, const struct io_wait *wait)
{
    struct io_epoll *e = io_epoll_of(io);

    if (e->next_event >= e->n_events) {
        gather(e, wait);
        e->next_event = 0;
        e->n_events = await_events(e, wait->deadline_us);
    }
    b->now_us = clock_now_us();
    while (e->next_event < e->n_events && !batch_is_full(b)) {
        struct media_socket *socket = e->event[e->next_event++].data.ptr;

        if (socket)
            read_socket(e, socket, b);
    }
}

const struct io_provider io_provider_epoll = {
    .name = "epoll",
    .probe = epoll_probe,
    .alloc = epoll_alloc,
    .free = epoll_free,
    .begin = epoll_nothing,
    .watch = epoll_watch,
    .unwatch = epoll_unwatch,
    .read = epoll_read,
    .write = egress_epoll_write,
    .flush = epoll_flush,
};
