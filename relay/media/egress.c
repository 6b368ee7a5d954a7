#include "relay/media/egress.h"

#include <errno.h>

#include "relay/media/stream.h"

/* Hangs every packet at the end of its socket's queue. @return the sockets that have one */
static struct media_socket *sort_by_socket(const struct batch *b)
{
    struct media_socket *first = NULL;
    unsigned i;

    for (i = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        struct media_socket *socket = &p->out->socket[p->component];

        p->next = NULL;
        if (socket->send_last) {
            socket->send_last->next = p;
        } else {
            socket->send_first = p;
            socket->next_to_send = first;
            first = socket;
        }
        socket->send_last = p;
    }
    return first;
}

static unsigned lay_out(struct egress *e, struct media_socket *socket)
{
    struct packet *p;
    unsigned n = 0;

    for (p = socket->send_first; p; p = p->next, n++) {
        e->pkt[n] = p;
        e->iov[n] = (struct iovec){.iov_base = p->data, .iov_len = p->len};
        e->msg[n].msg_hdr = (struct msghdr){
            .msg_name = &p->addr,
            .msg_namelen = addr_len(&p->addr),
            .msg_iov = &e->iov[n],
            .msg_iovlen = 1,
        };
    }
    socket->send_first = NULL;
    socket->send_last = NULL;
    return n;
}

static void count_sent(struct batch *b, struct packet *p, struct worker_counters *count)
{
    enum media_component kind = p->kind == PACKET_RTP ? MEDIA_RTP : MEDIA_RTCP;

    stats_count_add(&p->out->count.out[kind], p->len);
    counter_add(&count->packets_out, 1);
    counter_add(&count->bytes_out, p->len);
    pool_give(b->pool, p);
}

/* sendmmsg() stops at the first packet that fails; its error shows in the next call. */
static void send_all(struct egress *e, int fd, unsigned n, struct batch *b,
                     struct worker_counters *count)
{
    unsigned i = 0;

    while (i < n) {
        int sent = sendmmsg(fd, &e->msg[i], n - i, MSG_DONTWAIT);
        if (sent > 0) {
            for (; sent > 0; sent--)
                count_sent(b, e->pkt[i++], count);
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        batch_drop(b, e->pkt[i++], DROP_SEND);
        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) { /* full: so it is for the rest */
            while (i < n)
                batch_drop(b, e->pkt[i++], DROP_SEND);
        }
    }
}

void egress_write(struct egress *e, struct batch *b, struct worker_counters *count)
{
    struct media_socket *socket = sort_by_socket(b);

    while (socket) {
        struct media_socket *next = socket->next_to_send;

        send_all(e, socket->fd, lay_out(e, socket), b, count);
        socket = next;
    }
    b->n = 0;
}
