#include "relay/media/uring.h"

#include "relay/media/stream.h"

/* @return false: there is no room */
static bool lay_out(struct uring *u, struct packet *p)
{
    struct io_uring_sqe *sqe;
    unsigned i;

    if (u->n_sends == URING_SENDS)
        uring_submit(u);
    sqe = u->n_sends < URING_SENDS ? uring_get_sqe(u) : NULL;
    if (!sqe)
        return false;
    i = u->n_sends++;
    u->out_iov[i] = (struct iovec){.iov_base = p->data, .iov_len = p->len};
    u->out_msg[i] = (struct msghdr){
        .msg_name = &p->addr,
        .msg_namelen = addr_len(&p->addr),
        .msg_iov = &u->out_iov[i],
        .msg_iovlen = 1,
    };
    /* MSG_DONTWAIT: a full socket fails at once, so nothing of a send outlives its submission */
    io_uring_prep_sendmsg(sqe, (int)p->out->socket[p->component].slot, &u->out_msg[i],
                          MSG_DONTWAIT);
    sqe->flags |= IOSQE_FIXED_FILE;
    uring_tag(sqe, URING_SEND, p);
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

void egress_uring_sent(struct uring *u, struct packet *p, int result)
{
    if (result < 0)
        io_not_sent(&u->io, p);
    else
        io_sent(&u->io, p);
}
