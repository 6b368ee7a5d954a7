#include "bench/load/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/clock.h"
#include "bench/load/stream.h"

#define RECEIVE_MAX  64
#define POLLED_PAIRS 2  /* up to so many the sockets are simply asked; more are behind epoll */
#define RTCP_EVERY   64 /* turns: a packet each few seconds a stream can wait */

struct sockets_wire {
    struct load_wire wire; /* first: what the others know of it */
    bool has_rtcp;
    unsigned turns;
    int epoll;

    struct mmsghdr out[LOAD_BATCH];
    struct iovec out_iov[LOAD_BATCH];

    uint8_t packets[RECEIVE_MAX][LOAD_PACKET_MAX];
    uint8_t control[RECEIVE_MAX][CMSG_SPACE(sizeof(struct timespec))];
    union load_address from[RECEIVE_MAX];
    struct iovec iov[RECEIVE_MAX];
    struct mmsghdr msg[RECEIVE_MAX];
};

/* ---- sending ----------------------------------------------------------------------------------
 */

/* Sends those of the batch that leave by the socket of packet i and are not yet sent. */
static void socket_send(struct sockets_wire *s, struct load_departure *d, unsigned n, unsigned i,
                        bool done[LOAD_BATCH])
{
    const struct load_sockets *sockets = s->wire.sockets;
    unsigned place = d[i].place, n_msg = 0, which[LOAD_BATCH] = {0};
    bool is_rtcp = d[i].is_rtcp;
    uint64_t wall_ns = load_wall_ns();

    for (unsigned j = i; j < n; j++) {
        if (done[j] || d[j].place != place || d[j].is_rtcp != is_rtcp)
            continue;
        done[j] = true;
        d[j].ns = wall_ns;
        s->out_iov[n_msg] = (struct iovec){d[j].at, d[j].n};
        s->out[n_msg].msg_hdr = (struct msghdr){.msg_name = (void *)(uintptr_t)&d[j].to->sa,
                                                .msg_namelen = load_address_bytes(d[j].to),
                                                .msg_iov = &s->out_iov[n_msg],
                                                .msg_iovlen = 1};
        which[n_msg++] = j;
    }
    int fd = is_rtcp ? sockets->rtcp_fds[place] : sockets->fds[place];
    int sent = sendmmsg(fd, s->out, n_msg, 0);
    for (unsigned j = sent < 0 ? 0 : (unsigned)sent; j < n_msg; j++)
        d[which[j]].ns = 0;
}

static void send_h(struct load_wire *w, struct load_departure *d, unsigned n)
{
    bool done[LOAD_BATCH] = {false};

    for (unsigned i = 0; i < n; i++)
        if (!done[i])
            socket_send((struct sockets_wire *)w, d, n, i, done);
}

/* ---- receiving --------------------------------------------------------------------------------
 */

static uint64_t stamp_read(struct msghdr *h)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(h);
    struct timespec ts;

    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
        return load_wall_ns();
    memcpy(&ts, CMSG_DATA(c), sizeof(ts));
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Once, and again after it was used: most times there is nothing, or little. */
static void message_prepare(struct sockets_wire *s, unsigned i)
{
    s->iov[i] = (struct iovec){s->packets[i], LOAD_PACKET_MAX};
    s->msg[i].msg_hdr = (struct msghdr){.msg_name = &s->from[i],
                                        .msg_namelen = sizeof(s->from[i]),
                                        .msg_iov = &s->iov[i],
                                        .msg_iovlen = 1,
                                        .msg_control = s->control[i],
                                        .msg_controllen = sizeof(s->control[i])};
}

static unsigned socket_receive(struct sockets_wire *s, int fd, enum load_side side,
                               load_arrival_h *h, void *arg)
{
    int n = recvmmsg(fd, s->msg, RECEIVE_MAX, 0, NULL);
    for (int i = 0; i < n; i++) {
        struct load_arrival a = {.side = side,
                                 .from = s->from[i],
                                 .at = s->packets[i],
                                 .n = s->msg[i].msg_len,
                                 .ns = stamp_read(&s->msg[i].msg_hdr)};
        h(&a, arg);
        message_prepare(s, (unsigned)i);
    }
    return n > 0 ? (unsigned)n : 0;
}

static unsigned receive_h(struct load_wire *w, load_arrival_h *h, void *arg)
{
    struct sockets_wire *s = (struct sockets_wire *)w;
    const struct load_sockets *sockets = w->sockets;
    struct epoll_event events[RECEIVE_MAX];
    unsigned n = 0;

    for (unsigned i = 0; s->has_rtcp && s->turns % RTCP_EVERY == 0 && i < 2 * sockets->n_pairs; i++)
        n += socket_receive(s, sockets->rtcp_fds[i], i % 2, h, arg);
    s->turns++;
    for (unsigned i = 0; s->epoll < 0 && i < 2 * sockets->n_pairs; i++)
        n += socket_receive(s, sockets->fds[i], i % 2, h, arg);
    int n_events = s->epoll < 0 ? 0 : epoll_wait(s->epoll, events, RECEIVE_MAX, 0);
    for (int i = 0; i < n_events; i++)
        n += socket_receive(s, sockets->fds[events[i].data.u32], events[i].data.u32 % 2, h, arg);
    return n;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static void free_h(struct load_wire *w)
{
    struct sockets_wire *s = (struct sockets_wire *)w;

    if (s->epoll >= 0)
        close(s->epoll);
    free(s);
}

static int epoll_make(struct sockets_wire *w)
{
    const struct load_sockets *s = w->wire.sockets;

    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0)
        return errno;
    for (unsigned i = 0; i < 2 * s->n_pairs; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};

        if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, s->fds[i], &e) != 0)
            return errno;
    }
    return 0;
}

int load_wire_sockets(struct load_wire **wp, const struct load_sockets *sockets, bool has_rtcp)
{
    struct sockets_wire *s = calloc(1, sizeof(*s));
    if (!s)
        return ENOMEM;

    s->wire = (struct load_wire){
        .send_h = send_h, .receive_h = receive_h, .free_h = free_h, .sockets = sockets};
    s->has_rtcp = has_rtcp;
    for (unsigned i = 0; i < RECEIVE_MAX; i++)
        message_prepare(s, i);
    s->epoll = -1;
    int err = sockets->n_pairs > POLLED_PAIRS ? epoll_make(s) : 0;
    if (err)
        free_h(&s->wire);
    else
        *wp = &s->wire;
    return err;
}

void load_wire_free(struct load_wire *w)
{
    if (w)
        w->free_h(w);
}
