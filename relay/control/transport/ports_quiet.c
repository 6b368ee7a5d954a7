#include "relay/control/transport/ports_quiet.h"

#include <errno.h>
#include <stdlib.h>

#include "relay/control/transport/socket.h"

/* A pair that is listened to. Nothing is read while it is: what arrived still waits at the end. */
struct ear {
    int fd[2];
    uint16_t rtp_port;
    uint64_t until_us;
};

struct port_quiet {
    struct port_pool *pool;
    union addr host;
    /* a ring, in the order in which the pairs were opened, which is that of until_us */
    struct ear *ears;
    unsigned n_max, first, n;
};

int port_quiet_alloc(struct port_quiet **qp, struct port_pool *pool, const union addr *host,
                     unsigned max_pairs)
{
    struct port_quiet *q;

    if (!max_pairs || !addr_is_set(host))
        return EINVAL;
    q = calloc(1, sizeof(*q));
    if (!q)
        return ENOMEM;
    q->ears = calloc(max_pairs, sizeof(*q->ears));
    if (!q->ears) {
        free(q);
        return ENOMEM;
    }
    q->pool = pool;
    q->host = *host;
    q->n_max = max_pairs;
    *qp = q;
    return 0;
}

/* Takes the pair away that has been listened to for the longest time. */
static void ear_close(struct port_quiet *q)
{
    struct ear *e = &q->ears[q->first];

    socket_close(&e->fd[0]);
    socket_close(&e->fd[1]);
    q->first = (q->first + 1) % q->n_max;
    q->n--;
}

void port_quiet_free(struct port_quiet *q)
{
    if (!q)
        return;
    while (q->n)
        ear_close(q);
    free(q->ears);
    free(q);
}

static void finish_oldest(struct port_quiet *q, uint64_t now_us)
{
    const struct ear e = q->ears[q->first];
    const bool is_noisy = socket_is_readable(e.fd[0]) || socket_is_readable(e.fd[1]);

    ear_close(q);
    if (is_noisy)
        port_pool_noisy(q->pool, e.rtp_port, now_us);
    else
        port_pool_quiet(q->pool, e.rtp_port);
}

/* One datagram tells enough: a flood to many resting ports must not fill the kernel's memory. */
static void ear_begin(struct port_quiet *q, const struct ear *e)
{
    (void)socket_set_rcvbuf(e->fd[0], 1);
    (void)socket_set_rcvbuf(e->fd[1], 1);
    q->n++;
}

/* @return false: nothing is due */
static bool open_next(struct port_quiet *q, uint64_t now_us)
{
    struct ear *e = &q->ears[(q->first + q->n) % q->n_max];

    if (port_pool_due(q->pool, now_us, &e->rtp_port, &e->until_us))
        return false;
    if (socket_open_pair(e->fd, &q->host, e->rtp_port, SOCKET_TOS_LEAVE))
        port_pool_bad(q->pool, e->rtp_port, now_us);
    else
        ear_begin(q, e);
    return true;
}

void port_quiet_run(struct port_quiet *q, uint64_t now_us)
{
    while (q->n && q->ears[q->first].until_us <= now_us)
        finish_oldest(q, now_us);
    while (q->n < q->n_max && open_next(q, now_us))
        ;
}

uint64_t port_quiet_deadline_us(const struct port_quiet *q)
{
    const uint64_t next_us = q->n ? q->ears[q->first].until_us : UINT64_MAX;
    const uint64_t due_us = q->n < q->n_max ? port_pool_deadline_us(q->pool) : UINT64_MAX;

    return next_us < due_us ? next_us : due_us;
}
