#include "relay/media/uring.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/media/stream.h"

#define NAME_BYTES   32 /* of a source address, in front of a datagram */
#define HEADER_BYTES (sizeof(struct io_uring_recvmsg_out) + NAME_BYTES + IO_CONTROL_BYTES)

_Static_assert(HEADER_BYTES == PACKET_HEADROOM, "a datagram lies where SRTP may work in place");
_Static_assert(sizeof(union addr) <= NAME_BYTES, "a source address fits");

/* ---- the queue of sockets with something to submit --------------------------------------------
 */

static void enqueue(struct uring *u, struct media_socket *socket, enum uring_state state)
{
    socket->state = (uint8_t)state;
    socket->next = NULL;
    socket->link = u->queue_last;
    *u->queue_last = socket;
    u->queue_last = &socket->next;
}

static void unqueue(struct uring *u, struct media_socket *socket)
{
    if (!socket->link)
        return;
    *socket->link = socket->next;
    if (socket->next)
        socket->next->link = socket->link;
    else
        u->queue_last = socket->link;
    socket->link = NULL;
}

static void give_slot_back(struct uring *u, struct media_socket *socket)
{
    u->free_slots[u->n_free_slots++] = socket->slot;
    socket->state = URING_CLOSED;
}

static void prepare_receive(struct uring *u, struct io_uring_sqe *sqe, struct media_socket *socket)
{
    io_uring_prep_recvmsg_multishot(sqe, (int)socket->slot, &u->in, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe->buf_group = URING_GROUP;
    socket->state = URING_LISTENING;
}

static void prepare(struct uring *u, struct io_uring_sqe *sqe, struct media_socket *socket)
{
    static const int nothing = -1;

    switch (socket->state) {
    case URING_OPENING:
        io_uring_prep_files_update(sqe, &socket->fd, 1, (int)socket->slot);
        uring_tag(sqe, URING_OPEN, socket);
        break;
    case URING_DEAF:
        prepare_receive(u, sqe, socket);
        uring_tag(sqe, URING_RECEIVE, socket);
        break;
    case URING_ENDING:
        io_uring_prep_cancel64(sqe, (uintptr_t)socket | URING_RECEIVE, 0);
        uring_tag(sqe, URING_CANCEL, NULL);
        break;
    default: /* URING_CLEARING: the kernel only reads the descriptor */
        io_uring_prep_files_update(sqe, (int *)(uintptr_t)&nothing, 1, (int)socket->slot);
        uring_tag(sqe, URING_CLEAR, socket);
        break;
    }
}

/* In order, so that a flood takes its turn as all do. To arm more receives than there are buffers
 * would only end them again. */
static void run_queue(struct uring *u)
{
    unsigned n_arms = u->n_provided;
    struct media_socket *socket;

    while ((socket = u->queue_first) != NULL) {
        struct io_uring_sqe *sqe;

        if (socket->state == URING_DEAF && n_arms-- == 0)
            break;
        sqe = uring_get_sqe(u);
        if (!sqe)
            break;
        unqueue(u, socket);
        prepare(u, sqe, socket);
    }
}

/* ---- sockets come and go ----------------------------------------------------------------------
 */

int ingress_uring_watch(struct io *io, struct media_socket *socket)
{
    struct uring *u = uring_of(io);

    if (u->n_free_slots == 0)
        return ENOSPC;
    socket->slot = u->free_slots[--u->n_free_slots];
    enqueue(u, socket, URING_OPENING);
    return EINPROGRESS;
}

int ingress_uring_unwatch(struct io *io, struct media_socket *socket)
{
    struct uring *u = uring_of(io);

    switch (socket->state) {
    case URING_CLOSED:
        return 0;
    case URING_OPENING:
        if (!socket->link) {
            socket->state = URING_UNWANTED;
            break;
        }
        unqueue(u, socket);
        give_slot_back(u, socket);
        return 0;
    case URING_DEAF:
        unqueue(u, socket);
        enqueue(u, socket, URING_CLEARING);
        break;
    default: /* a closed descriptor would still be bound, by the receive that is armed */
        enqueue(u, socket, URING_ENDING);
        break;
    }
    return EINPROGRESS;
}

static void opened(struct uring *u, struct media_socket *socket, int result)
{
    bool is_wanted = socket->state == URING_OPENING;

    if (result < 0)
        give_slot_back(u, socket);
    else
        enqueue(u, socket, is_wanted ? URING_DEAF : URING_CLEARING);
    if (is_wanted || result < 0)
        io_settle(&u->io, socket, is_wanted && result < 0 ? -result : 0);
}

static void cleared(struct uring *u, struct media_socket *socket)
{
    give_slot_back(u, socket);
    io_settle(&u->io, socket, 0);
}

/* An error that arming again would only bring again, without end. */
static bool is_lasting(int result)
{
    return result == -EBADF || result == -ENOTSOCK || result == -EINVAL || result == -EOPNOTSUPP ||
           result == -EFAULT;
}

/* An empty datagram, a lack of buffers, an error of the socket: whatever ends a receive, the socket
 * is deaf until it is armed again. */
static void receive_ended(struct uring *u, struct media_socket *socket, int result)
{
    unqueue(u, socket); /* its cancellation may not have been submitted yet */
    if (socket->state == URING_ENDING)
        enqueue(u, socket, URING_CLEARING);
    else if (is_lasting(result))
        socket->state = URING_DEAF;
    else
        enqueue(u, socket, URING_DEAF);
}

/* ---- arrivals ---------------------------------------------------------------------------------
 */

static void provide_buffers(struct uring *u)
{
    struct pool *pool = u->io.cfg.pool;
    struct packet *p;
    int n = 0;

    while (u->n_provided < URING_BUFFERS && (p = pool_take_blank(pool)) != NULL) {
        io_uring_buf_ring_add(u->buffers, p->buf, PACKET_HEADROOM + PACKET_MAX,
                              (unsigned short)(p - pool->all),
                              io_uring_buf_ring_mask(URING_BUFFERS), n++);
        u->n_provided++;
    }
    if (n > 0)
        io_uring_buf_ring_advance(u->buffers, n);
}

static void take_control(struct uring *u, struct packet *p, struct media_socket *socket,
                         size_t n_bytes)
{
    struct msghdr msg = {
        .msg_control = p->buf + sizeof(struct io_uring_recvmsg_out) + NAME_BYTES,
        .msg_controllen = n_bytes < IO_CONTROL_BYTES ? n_bytes : IO_CONTROL_BYTES,
    };

    io_take_control(&u->io, p, socket, &msg);
}

static void take_datagram(struct uring *u, struct batch *b, struct media_socket *socket,
                          const struct io_uring_cqe *cqe)
{
    struct packet *p = &u->io.cfg.pool->all[cqe->flags >> IORING_CQE_BUFFER_SHIFT];
    const struct io_uring_recvmsg_out *out = (const void *)p->buf;

    u->n_provided--;
    packet_clear(p);
    p->stream = socket->stream;
    if (cqe->res < (int)HEADER_BYTES || socket->state != URING_LISTENING) {
        batch_drop(b, p, DROP_LATE);
        return;
    }
    p->len = (uint32_t)cqe->res - (uint32_t)HEADER_BYTES;
    memcpy(&p->addr, out + 1, sizeof(p->addr));
    if (out->controllen > 0)
        take_control(u, p, socket, out->controllen);
    io_take(b, p, socket, (out->flags & MSG_TRUNC) != 0);
}

static void take_receive(struct uring *u, struct batch *b, struct media_socket *socket,
                         const struct io_uring_cqe *cqe)
{
    if (cqe->flags & IORING_CQE_F_BUFFER)
        take_datagram(u, b, socket, cqe);
    if (!(cqe->flags & IORING_CQE_F_MORE))
        receive_ended(u, socket, cqe->res);
}

void ingress_uring_begin(struct uring *u)
{
    struct io_uring_sqe *sqe = uring_get_sqe(u);

    u->in = (struct msghdr){.msg_namelen = NAME_BYTES, .msg_controllen = IO_CONTROL_BYTES};
    if (!sqe)
        return;
    io_uring_prep_poll_multishot(sqe, u->io.cfg.wake_fd, POLLIN);
    uring_tag(sqe, URING_WAKE, NULL);
}

static void take_completion(struct uring *u, struct batch *b, const struct io_uring_cqe *cqe)
{
    void *of = (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)URING_TAG_MASK);

    switch (cqe->user_data & URING_TAG_MASK) {
    case URING_RECEIVE:
        take_receive(u, b, of, cqe);
        break;
    case URING_REFUSED:
        ((struct packet *)of)->is_refused = true;
        break;
    case URING_WAKE:
        u->is_woken = true;
        if (!(cqe->flags & IORING_CQE_F_MORE))
            ingress_uring_begin(u);
        break;
    case URING_OPEN:
        opened(u, of, cqe->res);
        break;
    case URING_CLEAR:
        cleared(u, of);
        break;
    default: /* URING_CANCEL: the receive's own completion is what counts */
        break;
    }
}

/* Completions: by then what was asked for has come from the last cache. */
#define AHEAD 10

/* Streams are heard once in 20 ms, so nothing of them is in a near cache. */
PREFETCH_INLINE void ask_ahead(const struct io_uring_cqe *cqe)
{
    const struct media_socket *socket =
        (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)URING_TAG_MASK);

    if ((cqe->user_data & URING_TAG_MASK) == URING_RECEIVE)
        stream_prefetch_receiver(socket);
}

/* What has completed, as long as the batch has room: the rest waits in the kernel's ring. */
static void take_completions(struct uring *u, struct batch *b)
{
    struct io_uring_cqe *cqe;
    unsigned head, n = 0, n_ready = io_uring_cq_ready(&u->ring);

    io_uring_for_each_cqe(&u->ring, head, cqe)
    {
        if (batch_is_full(b))
            break;
        if (n + AHEAD < n_ready)
            ask_ahead(&u->ring.cq.cqes[(head + AHEAD) & u->ring.cq.ring_mask]);
        take_completion(u, b, cqe);
        n++;
    }
    io_uring_cq_advance(&u->ring, n);
    egress_uring_settle(u, *u->ring.cq.khead);
}

/* Submits, and waits for an event - or, to let packets gather, for a batch of them. */
static void submit_and_wait(struct uring *u, const struct io_wait *wait)
{
    unsigned n = wait->gather_us ? BATCH_MAX : 1;
    uint64_t now_us, us = wait->gather_us;
    struct __kernel_timespec ts;
    struct io_uring_cqe *cqe;

    if (us == 0 && wait->deadline_us == UINT64_MAX) {
        (void)io_uring_submit_and_wait(&u->ring, n);
        return;
    }
    now_us = clock_now_us();
    if (us == 0 || wait->deadline_us < now_us + us)
        us = wait->deadline_us > now_us ? wait->deadline_us - now_us : 0;
    ts = (struct __kernel_timespec){.tv_sec = (int64_t)(us / 1000000),
                                    .tv_nsec = (long long)(us % 1000000 * 1000)};
    (void)io_uring_submit_and_wait_timeout(&u->ring, &cqe, n, &ts, NULL);
}

static void enter(struct uring *u, const struct io_wait *wait, bool may_wait)
{
    if (!may_wait || wait->deadline_us == 0) {
        uring_submit(u);
        return;
    }
    submit_and_wait(u, wait);
    if (io_uring_sq_ready(&u->ring) == 0)
        egress_uring_submitted(u);
}

void ingress_uring_read(struct io *io, struct batch *b, const struct io_wait *wait)
{
    struct uring *u = uring_of(io);

    u->is_woken = false;
    b->now_us = clock_now_us();
    take_completions(u, b); /* those that are there already */
    provide_buffers(u);
    run_queue(u);
    enter(u, wait, b->n == 0 && !u->is_woken && !io->settled);
    b->now_us = clock_now_us();
    take_completions(u, b);
}
