#include "relay/media/uring.h"

#include "relay/media/stream.h"

/* @return false: there is no room */
static bool lay_out(struct uring *u, struct packet *p)
{
    struct io_uring_sqe *sqe;

    if (u->n_laid_out - u->n_settled == URING_SENDS)
        return false;
    sqe = uring_get_sqe(u);
    if (!sqe)
        return false;
    /* MSG_DONTWAIT: a full socket fails at once, so nothing of a send outlives its submission. An
     * address of its own spares the kernel a msghdr to copy. Zero-copy sends cost more: README. */
    io_uring_prep_send(sqe, (int)p->out->socket[p->component].slot, p->data, p->len, MSG_DONTWAIT);
    io_uring_prep_send_set_addr(sqe, &p->addr.sa, (uint16_t)addr_len(&p->addr));
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    uring_tag(sqe, URING_REFUSED, p);
    p->is_refused = false;
    u->out[u->n_laid_out++ % URING_SENDS] = p;
    return true;
}

void egress_uring_write(struct io *io, struct batch *b)
{
    struct uring *u = uring_of(io);
    unsigned i;

    io_count_delays(io, b);
    for (i = 0; i < b->n; i++) {
        if (!lay_out(u, b->pkt[i]))
            io_not_sent(io, b->pkt[i]);
    }
    b->n = 0;
}

/* What was refused has its completion before this mark, unless the kernel found no room for it in
 * the ring: then it comes with a later submission, and so does the mark. */
static void set_mark(struct uring *u)
{
    if (io_uring_cq_has_overflow(&u->ring))
        return;
    u->n_settling = u->n_submitted;
    u->settling_mark = io_uring_smp_load_acquire(u->ring.cq.ktail);
}

void egress_uring_submitted(struct uring *u)
{
    u->n_submitted = u->n_laid_out;
    if (u->n_settling == u->n_settled) /* one mark at a time */
        set_mark(u);
}

/* Packets; the kernel's work on the batch has been between their counters and us. */
#define AHEAD 6

static void settle_marked(struct uring *u)
{
    while (u->n_settled != u->n_settling) {
        struct packet *p = u->out[u->n_settled++ % URING_SENDS];

        if (u->n_settling - u->n_settled > AHEAD)
            __builtin_prefetch(&u->out[(u->n_settled + AHEAD) % URING_SENDS]->out->count.out, 1);
        if (p->is_refused)
            io_not_sent(&u->io, p);
        else
            io_sent(&u->io, p);
    }
}

void egress_uring_settle(struct uring *u, unsigned n_seen)
{
    while (u->n_settling != u->n_settled && (int)(n_seen - u->settling_mark) >= 0) {
        settle_marked(u);
        set_mark(u);
    }
}
