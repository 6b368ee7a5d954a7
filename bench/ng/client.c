#include "bench/ng/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/ng/bencode.h"
#include "bench/scan.h"

#define DATAGRAM_MAX 65507
#define COOKIE_MAX   40

struct request {
    ng_reply_h *h; /* NULL: the place is free */
    void *arg;
    char cookie[COOKIE_MAX];
    char *datagram;
    size_t n_bytes;
    unsigned tries;
    uint64_t first_us, retry_us;
};

struct ng_client {
    struct loop *loop;
    struct loop_watch *watch;
    struct loop_timer *timer;
    int fd;
    enum ng_encoding encoding;
    uint32_t random;
    uint64_t sequence;
    struct request requests[NG_CLIENT_REQUESTS_MAX];
    struct ng_client_stats stats;
    char datagram[DATAGRAM_MAX + 1];
};

static int address_parse(struct sockaddr_storage *ss, socklen_t *n, const char *address)
{
    struct sockaddr_in *in = (struct sockaddr_in *)ss;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
    bool is_ip6 = scan_text(&address, "[");
    char host[INET6_ADDRSTRLEN];
    uint32_t port;

    if (!scan_word(&address, host, sizeof(host), is_ip6 ? "]" : ":") ||
        !scan_text(&address, is_ip6 ? "]:" : ":") || !scan_number(&address, UINT16_MAX, &port) ||
        *address)
        return EINVAL;

    memset(ss, 0, sizeof(*ss));
    ss->ss_family = is_ip6 ? AF_INET6 : AF_INET;
    *n = is_ip6 ? sizeof(*in6) : sizeof(*in);
    if (is_ip6)
        in6->sin6_port = htons((uint16_t)port);
    else
        in->sin_port = htons((uint16_t)port);
    void *to = is_ip6 ? (void *)&in6->sin6_addr : (void *)&in->sin_addr;
    return inet_pton(ss->ss_family, host, to) == 1 ? 0 : EINVAL;
}

/* Hands the outcome over; the place is free before, so that the handler may send the next one. */
static void request_end(struct request *r, int err, json_t *reply)
{
    ng_reply_h *h = r->h;
    void *arg = r->arg;

    free(r->datagram);
    *r = (struct request){0};
    h(err, reply, arg);
}

static struct request *request_find(struct ng_client *c, const char *cookie, size_t n)
{
    for (size_t i = 0; i < NG_CLIENT_REQUESTS_MAX; i++) {
        struct request *r = &c->requests[i];

        if (r->h && strlen(r->cookie) == n && memcmp(r->cookie, cookie, n) == 0)
            return r;
    }
    return NULL;
}

static void timer_set(struct ng_client *c)
{
    uint64_t next_us = UINT64_MAX;

    for (size_t i = 0; i < NG_CLIENT_REQUESTS_MAX; i++)
        if (c->requests[i].h && c->requests[i].retry_us < next_us)
            next_us = c->requests[i].retry_us;
    if (next_us == UINT64_MAX)
        loop_timer_stop(c->timer);
    else
        loop_timer_start(c->timer, next_us, 0);
}

static void request_try(struct ng_client *c, struct request *r)
{
    r->tries++;
    r->retry_us = loop_now_us() + NG_CLIENT_RETRY_US;
    /* what cannot be sent now, for a full buffer or a dead port, is tried again like a lost one */
    (void)send(c->fd, r->datagram, r->n_bytes, 0);
}

static void retry_h(uint64_t n, void *arg)
{
    struct ng_client *c = arg;
    uint64_t now_us = loop_now_us();

    (void)n;
    for (size_t i = 0; i < NG_CLIENT_REQUESTS_MAX; i++) {
        struct request *r = &c->requests[i];

        if (!r->h || r->retry_us > now_us)
            continue;
        if (r->tries == NG_CLIENT_TRIES) {
            request_end(r, ETIMEDOUT, NULL);
            continue;
        }
        c->stats.retries++;
        request_try(c, r);
    }
    timer_set(c);
}

static json_t *reply_read(const char *body, size_t n)
{
    return n && *body == '{' ? json_loadb(body, n, 0, NULL) : ng_bencode_read(body, n);
}

static void datagram_take(struct ng_client *c, const char *datagram, size_t n)
{
    const char *space = memchr(datagram, ' ', n);
    struct request *r = space ? request_find(c, datagram, (size_t)(space - datagram)) : NULL;

    if (!r) {
        c->stats.unmatched++;
        return;
    }
    uint64_t took_us = loop_now_us() - r->first_us;
    if (took_us > c->stats.slowest_us)
        c->stats.slowest_us = took_us;
    c->stats.replies++;

    json_t *reply = reply_read(space + 1, n - (size_t)(space + 1 - datagram));
    request_end(r, json_is_object(reply) ? 0 : EBADMSG, json_is_object(reply) ? reply : NULL);
    json_decref(reply);
}

static void readable_h(int fd, void *arg)
{
    struct ng_client *c = arg;
    ssize_t n;

    /* An error of an earlier send (a port that nobody listens on) shows here too: then it is read
     * and the retry goes on. */
    while ((n = recv(fd, c->datagram, sizeof(c->datagram), 0)) >= 0)
        datagram_take(c, c->datagram, (size_t)n);
    timer_set(c);
}

static int client_open(struct ng_client *c, const char *address)
{
    struct sockaddr_storage ss;
    socklen_t n;

    int err = address_parse(&ss, &n, address);
    if (err)
        return err;
    c->fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&ss, n) != 0)
        return errno;
    if (getrandom(&c->random, sizeof(c->random), 0) != sizeof(c->random))
        return EIO;
    err = loop_watch_alloc(&c->watch, c->loop, c->fd, readable_h, c);
    return err ? err : loop_timer_alloc(&c->timer, c->loop, retry_h, c);
}

int ng_client_alloc(struct ng_client **cp, struct loop *l, const char *address,
                    enum ng_encoding encoding)
{
    struct ng_client *c = calloc(1, sizeof(*c));
    if (!c)
        return ENOMEM;

    c->loop = l;
    c->encoding = encoding;
    c->fd = -1;
    int err = client_open(c, address);
    if (err) {
        ng_client_free(c);
        return err;
    }
    *cp = c;
    return 0;
}

void ng_client_free(struct ng_client *c)
{
    if (!c)
        return;
    loop_timer_free(c->timer);
    loop_watch_free(c->watch);
    if (c->fd >= 0)
        close(c->fd);
    for (size_t i = 0; i < NG_CLIENT_REQUESTS_MAX; i++)
        free(c->requests[i].datagram);
    free(c);
}

/* @return bytes; -EINVAL; -ENOSPC */
static long body_write(const struct ng_client *c, char *buf, size_t cap, json_t *request)
{
    if (c->encoding == NG_BENCODE)
        return ng_bencode_write(buf, cap, request);

    size_t n = json_dumpb(request, buf, cap, JSON_COMPACT);
    if (!n)
        return -EINVAL;
    return n > cap ? -ENOSPC : (long)n;
}

int ng_client_send(struct ng_client *c, json_t *request, ng_reply_h *h, void *arg)
{
    struct request *r = NULL;

    for (size_t i = 0; i < NG_CLIENT_REQUESTS_MAX && !r; i++)
        r = c->requests[i].h ? NULL : &c->requests[i];
    if (!r)
        return EAGAIN;

    /* as Kamailio: SERVERID_RANDOM_SEQ */
    int n = snprintf(r->cookie, sizeof(r->cookie), "0_%u_%llu", c->random,
                     (unsigned long long)++c->sequence);
    memcpy(c->datagram, r->cookie, (size_t)n);
    c->datagram[n++] = ' ';
    long n_body = body_write(c, c->datagram + n, DATAGRAM_MAX - (size_t)n, request);
    if (n_body < 0)
        return n_body == -ENOSPC ? EMSGSIZE : EINVAL;

    r->n_bytes = (size_t)n + (size_t)n_body;
    r->datagram = malloc(r->n_bytes);
    if (!r->datagram)
        return ENOMEM;
    memcpy(r->datagram, c->datagram, r->n_bytes);
    r->h = h;
    r->arg = arg;
    r->first_us = loop_now_us();
    c->stats.requests++;
    request_try(c, r);
    timer_set(c);
    return 0;
}

struct waiting {
    bool is_done;
    int err;
    json_t *reply;
};

static void call_h(int err, json_t *reply, void *arg)
{
    struct waiting *w = arg;

    w->is_done = true;
    w->err = err;
    w->reply = json_incref(reply);
}

static bool call_is_done(void *arg)
{
    return ((struct waiting *)arg)->is_done;
}

int ng_client_call(struct ng_client *c, json_t *request, json_t **reply)
{
    struct waiting w = {0};

    int err = ng_client_send(c, request, call_h, &w);
    if (err)
        return err;
    /* the last try's time-out ends it at the latest */
    loop_run(c->loop, call_is_done, &w, UINT64_MAX);
    if (!w.err)
        *reply = w.reply;
    return w.err;
}

const struct ng_client_stats *ng_client_stats(const struct ng_client *c)
{
    return &c->stats;
}
