#include "relay/control/status/http.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>

#include "relay/control/status/http_exchange.h"
#include "relay/control/transport/socket.h"

#define BACKLOG        64
#define ACCEPT_REST_MS 100  /* after the kernel refused us a connection */
#define READ_MAX       4096 /* of one connection in one turn [bytes] */

/* Why not libre's own HTTP server: it has no bound on connections, takes requests of 512 kB, gives
 * them 10 s and idle connections half an hour, and none of that can be set. What is used of libre
 * is its main loop, its timers, its buffers and its grammar of messages (http_exchange.c). */

/* A connection's life:  reading -> (waiting ->) writing -> lingering, each with its own deadline.
 * Waiting is for a handler that has put its answer off. */
enum visitor_state {
    VISITOR_NONE,
    VISITOR_READING,
    VISITOR_WAITING,
    VISITOR_WRITING,
    VISITOR_LINGERING
};

struct visitor {
    struct http *http;
    enum visitor_state state;
    uint64_t ticket; /* of the one who has this place now; never given again */
    int fd;
    struct mbuf *in, *out;
    struct tmr deadline;
};

struct http {
    int fd;
    bool is_accepting;
    struct http_table table; /* its ticket: the last one given */
    size_t request_max;
    struct visitor visitors[HTTP_CONNECTIONS_MAX];
    struct tmr accept_again;
    struct http_stats stats;
};

static void accept_h(int flags, void *arg);
static void visitor_h(int flags, void *arg);

static void set_accepting(struct http *h, bool is_accepting)
{
    if (h->is_accepting == is_accepting)
        return;
    if (!is_accepting)
        fd_close(h->fd);
    else if (fd_listen(h->fd, FD_READ, accept_h, h))
        return;
    h->is_accepting = is_accepting;
}

static void visitor_leave(struct visitor *v)
{
    if (v->state == VISITOR_NONE)
        return;
    tmr_cancel(&v->deadline);
    fd_close(v->fd);
    socket_close(&v->fd);
    v->in = mem_deref(v->in);
    v->out = mem_deref(v->out);
    v->state = VISITOR_NONE;
    v->http->stats.connections--;
}

static void visitor_end(struct visitor *v)
{
    struct http *h = v->http;

    visitor_leave(v);
    if (!tmr_isrunning(&h->accept_again))
        set_accepting(h, true);
}

/* Closing at once would make the kernel reset the connection if something of the request is still
 * unread, and the answer could be lost with it (RFC 9112 s.9.6). */
static void visitor_linger(struct visitor *v)
{
    v->state = VISITOR_LINGERING;
    if (shutdown(v->fd, SHUT_WR) || fd_listen(v->fd, FD_READ, visitor_h, v))
        visitor_end(v);
}

static void visitor_write(struct visitor *v)
{
    ssize_t n;

    do {
        n = send(v->fd, mbuf_buf(v->out), mbuf_get_left(v->out), MSG_NOSIGNAL);
        if (n > 0)
            mbuf_advance(v->out, n);
    } while (n > 0 && mbuf_get_left(v->out));

    if (!mbuf_get_left(v->out))
        visitor_linger(v);
    else if ((n < 0 && errno != EAGAIN && errno != EINTR) ||
             fd_listen(v->fd, FD_WRITE, visitor_h, v))
        visitor_end(v);
}

static void deadline_h(void *arg);

static void visitor_answer(struct visitor *v)
{
    v->state = VISITOR_WRITING;
    v->out->pos = 0;
    tmr_start(&v->deadline, HTTP_DEADLINE_MS, deadline_h, v);
    visitor_write(v);
}

static void deadline_h(void *arg)
{
    struct visitor *v = arg;

    if (v->state == VISITOR_READING || v->state == VISITOR_WAITING) {
        v->http->stats.timeouts++;
        if (!http_refuse(v->out, v->state == VISITOR_READING ? 408 : 503)) {
            visitor_answer(v);
            return;
        }
    }
    visitor_end(v);
}

/* More has arrived, or the peer sends no more. */
static void visitor_take(struct visitor *v, const uint8_t *data, size_t n)
{
    struct http *h = v->http;
    struct http_table table = h->table;
    const size_t room = h->request_max - v->in->end;
    int err = mbuf_write_mem(v->in, data, n < room ? n : room);

    table.ticket = v->ticket;
    if (!err)
        err = http_exchange(v->out, (struct str){(const char *)v->in->buf, v->in->end}, &table);
    if (err == EAGAIN && v->in->end < h->request_max)
        return;
    if (err == EINPROGRESS) {
        h->stats.put_off++;
        v->state = VISITOR_WAITING;
        tmr_start(&v->deadline, HTTP_WAIT_MS, deadline_h, v);
        return;
    }
    if (err == EAGAIN)
        err = http_refuse(v->out, 413);
    if (err) {
        h->stats.refused++;
        visitor_end(v);
        return;
    }
    h->stats.requests++;
    visitor_answer(v);
}

static void visitor_read(struct visitor *v)
{
    uint8_t data[READ_MAX];
    const ssize_t n = recv(v->fd, data, sizeof(data), 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n == 0 && v->state == VISITOR_WAITING) {
        fd_close(v->fd); /* the client closed its half: it may still read our answer */
    } else if (n <= 0) {
        v->http->stats.refused += v->state == VISITOR_READING;
        visitor_end(v);
    } else if (v->state == VISITOR_READING) {
        visitor_take(v, data, (size_t)n);
    }
}

static void visitor_h(int flags, void *arg)
{
    struct visitor *v = arg;

    (void)flags;
    if (v->state == VISITOR_WRITING)
        visitor_write(v);
    else
        visitor_read(v);
}

static struct visitor *find_free(struct http *h)
{
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        if (h->visitors[i].state == VISITOR_NONE)
            return &h->visitors[i];
    }
    return NULL;
}

/* @return 0; errno: the descriptor is closed */
static int visitor_begin(struct visitor *v, int fd)
{
    int err = ENOMEM;

    v->fd = fd;
    v->ticket = ++v->http->table.ticket;
    v->state = VISITOR_READING;
    v->http->stats.connections++;
    v->in = mbuf_alloc(1024);
    v->out = mbuf_alloc(1024);
    if (v->in && v->out)
        err = fd_listen(fd, FD_READ, visitor_h, v);
    if (err)
        visitor_leave(v);
    else
        tmr_start(&v->deadline, HTTP_DEADLINE_MS, deadline_h, v);
    return err;
}

static void accept_again_h(void *arg)
{
    set_accepting(arg, true);
}

/* The kernel has no descriptor or memory for a connection: its socket stays readable, so without a
 * rest the loop would spin. */
static void rest(struct http *h)
{
    h->stats.full++;
    set_accepting(h, false);
    tmr_start(&h->accept_again, ACCEPT_REST_MS, accept_again_h, h);
}

static void accept_h(int flags, void *arg)
{
    struct http *h = arg;
    struct visitor *v = find_free(h);
    int fd;

    (void)flags;
    if (!v) { /* until one ends */
        h->stats.full++;
        set_accepting(h, false);
        return;
    }
    fd = accept4(h->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        if (visitor_begin(v, fd))
            rest(h);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        rest(h);
    } /* else it was gone before we looked */
}

static void http_destructor(void *data)
{
    struct http *h = data;

    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        visitor_leave(&h->visitors[i]);
    tmr_cancel(&h->accept_again);
    set_accepting(h, false);
    socket_close(&h->fd);
}

int http_start(struct http **hp, const union addr *listen, const struct http_route *routes,
               size_t n, void *arg)
{
    struct http *h = mem_zalloc(sizeof(*h), http_destructor);
    int err;

    if (!h)
        return ENOMEM;
    h->fd = -1;
    h->table = (struct http_table){.routes = routes, .n = n, .arg = arg};
    h->request_max = http_table_request_max(&h->table);
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        h->visitors[i].http = h;
        h->visitors[i].fd = -1;
    }
    err = socket_listen_tcp(&h->fd, listen, BACKLOG);
    if (!err)
        err = fd_listen(h->fd, FD_READ, accept_h, h);
    h->is_accepting = !err;
    if (err)
        mem_deref(h);
    else
        *hp = h;
    return err;
}

void http_stop(struct http *h)
{
    mem_deref(h);
}

int http_finish(struct http *h, uint64_t ticket, http_finish_h *finish_h, void *arg)
{
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        struct visitor *v = &h->visitors[i];

        if (v->state != VISITOR_WAITING || v->ticket != ticket)
            continue;
        if (http_exchange_finish(v->out, finish_h, arg)) {
            h->stats.refused++;
            visitor_end(v);
            return 0;
        }
        h->stats.requests++;
        visitor_answer(v);
        return 0;
    }
    return ENOENT;
}

int http_local(const struct http *h, union addr *local)
{
    return socket_local(h->fd, local);
}

void http_stats(const struct http *h, struct http_stats *stats)
{
    *stats = h->stats;
}
