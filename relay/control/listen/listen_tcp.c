#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "relay/clock.h"
#include "relay/control/listen/listen.h"
#include "relay/control/listen/listener.h"
#include "relay/control/ng/bencode.h"
#include "relay/control/transport/socket.h"

/* NG over TCP: messages back to back, each "COOKIE SP DICT", whose end only bencode tells. */

#define BACKLOG         1024       /* those who wait to be refused hold up nobody's SYN */
#define ACCEPTS_MAX     32         /* in one turn */
#define READ_MAX        16384      /* of one connection in one turn [bytes] */
#define COOKIE_MAX      255        /* what has no blank by then is no cookie */
#define UNSENT_MAX      (1u << 20) /* replies that a client does not take, before it is let go */
#define MESSAGE_LATE_MS 10000      /* the rest of a message that has begun */

enum { CONNECTIONS_MAX = 64 }; /* a proxy needs one; those on the list may still be broken */

struct connection {
    struct tcp_listener *listener;
    int fd; /* -1: free */
    union addr from;
    struct mbuf *in, *out;
    size_t cookie_n; /* of the message that arrives; 0: not known yet */
    struct bencode_scan scan;
    struct tmr late;
};

struct tcp_listener {
    struct listener base;
    struct connection connections[CONNECTIONS_MAX];
};

static void readable_h(int flags, void *arg);
static void writable_h(int flags, void *arg);

static void connection_end(struct connection *k)
{
    if (k->fd < 0)
        return;
    tmr_cancel(&k->late);
    fd_close(k->fd);
    socket_close(&k->fd);
    if (k->in)
        explicit_bzero(k->in->buf, k->in->size); /* keys in it */
    k->in = mem_deref(k->in);
    k->out = mem_deref(k->out);
}

static void late_h(void *arg)
{
    struct connection *k = arg;

    log_warning(NULL, "control connection closed: a message did not come to its end");
    k->listener->base.control->counters.events[CONTROL_NG_BAD]++;
    connection_end(k);
}

/* ---- replies ----------------------------------------------------------------------------------
 */

/* @return false: the client is gone */
static bool flush(struct connection *k)
{
    struct mbuf *out = k->out;
    ssize_t n = 0;

    while (mbuf_get_left(out)) {
        n = send(k->fd, mbuf_buf(out), mbuf_get_left(out), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            break;
        mbuf_advance(out, n);
    }
    if (!mbuf_get_left(out))
        mbuf_rewind(out);
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Who does not take its replies is not read from until it does. */
static bool listen_on(struct connection *k)
{
    return mbuf_get_left(k->out) ? !fd_listen(k->fd, FD_WRITE, writable_h, k)
                                 : !fd_listen(k->fd, FD_READ, readable_h, k);
}

static void writable_h(int flags, void *arg)
{
    struct connection *k = arg;

    (void)flags;
    if (!flush(k) || !listen_on(k))
        connection_end(k);
}

static int append(struct mbuf *mb, const char *bytes, size_t n)
{
    const size_t pos = mb->pos;
    int err;

    mb->pos = mb->end;
    err = mbuf_write_mem(mb, (const uint8_t *)bytes, n);
    mb->pos = pos;
    return err;
}

static void send_h(struct listener *base, struct str reply, const union addr *to)
{
    struct tcp_listener *l = (struct tcp_listener *)base;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *k = &l->connections[i];

        if (k->fd < 0 || !addr_equal(&k->from, to))
            continue;
        if (mbuf_get_left(k->out) + reply.n <= UNSENT_MAX && !append(k->out, reply.p, reply.n) &&
            flush(k) && listen_on(k))
            return;
    }
    base->control->counters.events[CONTROL_REPLY_LOST]++; /* by then it is gone, or deaf */
}

/* ---- messages ---------------------------------------------------------------------------------
 */

/* @return 0: a message is complete, *n bytes of it; EAGAIN; else its end cannot be found */
static int find_end(struct connection *k, size_t *n)
{
    struct str in = {(const char *)mbuf_buf(k->in), mbuf_get_left(k->in)};
    int err;

    if (!k->cookie_n) {
        const char *blank = in.n ? memchr(in.p, ' ', in.n) : NULL;

        if (!blank)
            return in.n > COOKIE_MAX ? EBADMSG : EAGAIN;
        k->cookie_n = (size_t)(blank - in.p) + 1;
        k->scan = (struct bencode_scan){0};
    }
    in.p += k->cookie_n;
    in.n -= k->cookie_n;
    if (!in.n)
        return EAGAIN;
    err = *in.p == 'd' ? bencode_scan(&k->scan, in) : EBADMSG;
    *n = k->cookie_n + (err ? in.n : k->scan.at);
    if (err == EAGAIN && *n >= NG_MESSAGE_MAX)
        return E2BIG;
    return err;
}

/* @return false: the connection is over */
static bool take_messages(struct connection *k)
{
    size_t n = 0;
    int err;

    while (!(err = find_end(k, &n))) {
        listener_take(&k->listener->base, (char *)mbuf_buf(k->in), n, &k->from);
        mbuf_advance(k->in, (ssize_t)n);
        k->cookie_n = 0;
    }
    if (err == EAGAIN)
        return true;
    /* what is there gets the error of its kind; where the next message begins cannot be known */
    if (n)
        listener_take(&k->listener->base, (char *)mbuf_buf(k->in), n, &k->from);
    else
        k->listener->base.control->counters.events[CONTROL_NG_NO_COOKIE]++;
    return false;
}

/* What is left of the bytes goes to the front. */
static void shift(struct mbuf *in)
{
    const size_t left = mbuf_get_left(in);

    memmove(in->buf, mbuf_buf(in), left);
    explicit_bzero(in->buf + left, in->end - left);
    in->pos = 0;
    in->end = left;
}

static void watch_lateness(struct connection *k)
{
    if (!mbuf_get_left(k->in))
        tmr_cancel(&k->late);
    else if (!tmr_isrunning(&k->late))
        tmr_start(&k->late, MESSAGE_LATE_MS, late_h, k);
}

static bool receive(struct connection *k)
{
    char bytes[READ_MAX];
    const ssize_t n = recv(k->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    bool goes_on;

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0 || append(k->in, bytes, (size_t)n))
        return false;
    goes_on = take_messages(k);
    explicit_bzero(bytes, (size_t)n);
    if (!goes_on)
        return false;
    shift(k->in);
    watch_lateness(k);
    return true;
}

static void readable_h(int flags, void *arg)
{
    struct connection *k = arg;
    struct media *media = k->listener->base.control->media;

    (void)flags;
    media_batch_begin(media);
    if (!receive(k))
        connection_end(k);
    media_batch_end(media);
}

/* ---- connections ------------------------------------------------------------------------------
 */

static struct connection *find_free(struct tcp_listener *l)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (l->connections[i].fd < 0)
            return &l->connections[i];
    }
    return NULL;
}

static void connection_begin(struct connection *k, int fd, const union addr *from)
{
    k->fd = fd;
    k->from = *from;
    k->cookie_n = 0;
    k->in = mbuf_alloc(2048);
    k->out = mbuf_alloc(2048);
    if (!k->in || !k->out || !listen_on(k))
        connection_end(k);
}

/* @return false: nobody waits */
static bool accept_one(struct tcp_listener *l)
{
    struct connection *k = find_free(l);
    union addr from;
    socklen_t len = sizeof(from);
    int fd;

    memset(&from, 0, sizeof(from));
    fd = accept4(l->base.fd, &from.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    if (k && listener_allows(&l->base, &from)) {
        connection_begin(k, fd, &from);
        return true;
    }
    if (!k && log_limit_pass(&l->base.control->denied_limit, "control connection", clock_now_us()))
        log_warning(NULL, "control connection refused: %d are open already", CONNECTIONS_MAX);
    socket_close(&fd);
    return true;
}

/* A queue that is full drops a SYN, and who sent it tries again only after a second: a storm of
 * connections that come and go must not cost a proxy that. */
static void accept_h(int flags, void *arg)
{
    unsigned n = ACCEPTS_MAX;

    (void)flags;
    while (n-- && accept_one(arg))
        ;
}

static void listener_destructor(void *data)
{
    struct tcp_listener *l = data;

    list_unlink(&l->base.le);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        connection_end(&l->connections[i]);
    if (l->base.fd >= 0)
        fd_close(l->base.fd);
    socket_close(&l->base.fd);
}

int listen_tcp(struct control *c, const union addr *local)
{
    struct tcp_listener *l = mem_zalloc(sizeof(*l), listener_destructor);
    int err;

    if (!l)
        return ENOMEM;
    l->base.control = c;
    l->base.send_h = send_h;
    l->base.fd = -1;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        l->connections[i] = (struct connection){.listener = l, .fd = -1};
    err = socket_listen_tcp(&l->base.fd, local, BACKLOG);
    if (!err)
        err = fd_listen(l->base.fd, FD_READ, accept_h, l);
    if (err) {
        mem_deref(l);
        return err;
    }
    list_append(&c->listeners, &l->base.le, l);
    return 0;
}
