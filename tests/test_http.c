#include "relay/control/status/http.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>

#include "relay/control/status/http_exchange.h"
#include "relay/control/transport/socket.h"

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define N_BUSY_FDS    3000
#define BIG_BYTES     (3u << 20) /* more than two sockets hold */

/* The routes under test. */

static int figures_h(struct http_response *res, const struct http_request *req, void *arg)
{
    (void)arg;
    res->content_type = "text/x-figures";
    return mbuf_printf(res->body, "query=%b\n", req->query.p, req->query.n);
}

static int big_h(struct http_response *res, const struct http_request *req, void *arg)
{
    (void)req;
    (void)arg;
    return mbuf_fill(res->body, 'x', BIG_BYTES);
}

static int fail_h(struct http_response *res, const struct http_request *req, void *arg)
{
    (void)req;
    (void)arg;
    (void)mbuf_write_str(res->body, "half a body");
    return EIO;
}

static int echo_h(struct http_response *res, const struct http_request *req, void *arg)
{
    (void)arg;
    res->status = 403;
    return mbuf_write_mem(res->body, (const uint8_t *)req->body.p, req->body.n);
}

static const struct http_route routes[] = {
    {"GET", "/figures", figures_h, 0},
    {"GET", "/big", big_h, 0},
    {"GET", "/fail", fail_h, 0},
    {"POST", "/echo", echo_h, 6000},
};
static const struct http_table table = {.routes = routes, .n = N_ROWS(routes)};

/* One exchange without sockets. */

struct exchange_row {
    const char *why;
    const char *request;
    const char *status; /* NULL: more is needed */
    const char *header; /* a line of the answer; NULL: any */
    const char *body;   /* NULL: any */
};

static const struct exchange_row exchanges[] = {
    {"ping", "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "Content-Length: 5", "pong\n"},
    {"no header fields at all", "GET /ping HTTP/1.0\r\n\r\n", "200 OK", NULL, "pong\n"},
    {"the connection ends", "GET /ping HTTP/1.1\r\n\r\n", "200 OK", "Connection: close", NULL},
    {"a handler's type", "GET /figures HTTP/1.1\r\n\r\n", "200 OK", "Content-Type: text/x-figures",
     "query=\n"},
    {"a query", "GET /figures?a=b&c HTTP/1.1\r\n\r\n", "200 OK", NULL, "query=a=b&c\n"},
    {"an empty query", "GET /figures? HTTP/1.1\r\n\r\n", "200 OK", NULL, "query=\n"},
    {"HEAD has no body", "HEAD /ping HTTP/1.1\r\n\r\n", "200 OK", "Content-Length: 5", ""},
    {"unknown path", "GET /nowhere HTTP/1.1\r\n\r\n", "404 Not Found", NULL, "not found\n"},
    {"a longer path", "GET /ping/ HTTP/1.1\r\n\r\n", "404 Not Found", NULL, "not found\n"},
    {"paths are not decoded", "GET /%70ing HTTP/1.1\r\n\r\n", "404 Not Found", NULL, NULL},
    {"nor walked", "GET /x/../ping HTTP/1.1\r\n\r\n", "404 Not Found", NULL, NULL},
    {"wrong method", "POST /ping HTTP/1.1\r\n\r\n", "405 Method Not Allowed", "Allow: GET, HEAD",
     "method not allowed\n"},
    {"no GET where only POST is", "GET /echo HTTP/1.1\r\n\r\n", "405 Method Not Allowed",
     "Allow: POST", NULL},
    {"methods have a case", "get /ping HTTP/1.1\r\n\r\n", "405 Method Not Allowed", NULL, NULL},
    {"a handler that fails", "GET /fail HTTP/1.1\r\n\r\n", "500 Internal Server Error", NULL,
     "internal server error\n"},
    {"a body", "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd", "403 Forbidden", NULL,
     "abc"},
    {"no body", "POST /echo HTTP/1.1\r\n\r\n", "403 Forbidden", NULL, ""},
    {"a body still to come", "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", NULL, NULL,
     NULL},
    {"a body that is too long", "POST /echo HTTP/1.1\r\nContent-Length: 6001\r\n\r\n",
     "413 Content Too Large", NULL, NULL},
    {"a body where there is none", "GET /ping HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
     "413 Content Too Large", NULL, NULL},
    {"chunks", "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "501 Not Implemented", NULL, NULL},
    {"two lengths", "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
     "400 Bad Request", NULL, NULL},
    {"no HTTP", "\x16\x03\x01 hello\r\n\r\n", "400 Bad Request", NULL, "bad request\n"},
    {"no version", "GET /ping\r\n\r\n", "400 Bad Request", NULL, NULL},
    {"nothing", "", NULL, NULL, NULL},
    {"half a request line", "GET /pi", NULL, NULL, NULL},
    {"half a header", "GET /ping HTTP/1.1\r\nHost: x\r\n", NULL, NULL, NULL},
};

/* The answer as text; "" if more is needed. */
static void exchange(char *text, size_t cap, struct str request)
{
    struct mbuf *out = mbuf_alloc(256);
    const int err = http_exchange(out, request, &table);

    assert_true(err == 0 || err == EAGAIN);
    assert_true(out->end < cap);
    assert_int_equal(err == EAGAIN, out->end == 0);
    memcpy(text, out->buf, out->end);
    text[out->end] = '\0';
    mem_deref(out);
}

static void check_exchange(const struct exchange_row *row)
{
    char text[8192];
    const char *body;

    print_message("  %s\n", row->why);
    exchange(text, sizeof(text), str_of(row->request));
    if (!row->status) {
        assert_string_equal(text, "");
        return;
    }
    assert_memory_equal(text, "HTTP/1.1 ", 9);
    assert_memory_equal(text + 9, row->status, strlen(row->status));
    body = strstr(text, "\r\n\r\n");
    assert_non_null(body);
    if (row->header)
        assert_non_null(strstr(text, row->header));
    if (row->body)
        assert_string_equal(body + 4, row->body);
}

static void each_request_gets_its_answer(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_ROWS(exchanges); i++)
        check_exchange(&exchanges[i]);
}

/* Over what is there, without a NUL behind it. */
static void overlay(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
}

static void a_header_ends_at_4_kilobytes(void **state)
{
    char request[HTTP_REQUEST_MAX + 1];
    char text[1024];
    (void)state;

    memset(request, 'x', sizeof(request));
    overlay(request, "GET /ping HTTP/1.1\r\nA: ");
    exchange(text, sizeof(text), (struct str){request, HTTP_REQUEST_MAX - 1});
    assert_string_equal(text, "");
    exchange(text, sizeof(text), (struct str){request, HTTP_REQUEST_MAX});
    assert_memory_equal(text, "HTTP/1.1 431 ", 13);
    overlay(request + HTTP_REQUEST_MAX - 4, "\r\n\r\n");
    exchange(text, sizeof(text), (struct str){request, HTTP_REQUEST_MAX});
    assert_memory_equal(text, "HTTP/1.1 200 ", 13);
    overlay(request + HTTP_REQUEST_MAX - 4, "x\r\n\r\n");
    exchange(text, sizeof(text), (struct str){request, HTTP_REQUEST_MAX + 1});
    assert_memory_equal(text, "HTTP/1.1 431 ", 13);
}

static void a_content_length_that_overflows_is_refused(void **state)
{
    static const char *const lengths[] = {
        "4294967295", "4294967296", "4294967299", "18446744073709551617", "-1", "0x10", "3, 3"};
    (void)state;

    for (size_t i = 0; i < N_ROWS(lengths); i++) {
        char request[128];
        char text[1024];

        (void)snprintf(request, sizeof(request),
                       "POST /echo HTTP/1.1\r\nContent-Length: %s\r\n\r\nabc", lengths[i]);
        exchange(text, sizeof(text), str_of(request));
        print_message("  %s: %.12s\n", lengths[i], text);
        assert_memory_equal(text, "HTTP/1.1 4", 10);
        assert_memory_not_equal(text, "HTTP/1.1 403", 12);
    }
}

/* Clients, on the same loop as the listener. */

struct net {
    struct http *http;
    union addr addr;
    unsigned n_waited_for; /* clients that have not had their answer */
    unsigned most_connections;
};

struct client {
    struct net *net;
    const char *request;
    size_t n, n_sent, step; /* step: bytes a turn; 0: all */
    char *answer;           /* ANSWER_CAP */
    size_t n_answer;
    int fd;
    int err; /* how the connection ended */
};

#define ANSWER_CAP (BIG_BYTES + 1024)

static void client_end(struct client *c, int err)
{
    c->err = err;
    c->answer[c->n_answer] = '\0';
    fd_close(c->fd);
    socket_close(&c->fd);
    if (--c->net->n_waited_for == 0)
        re_cancel();
}

static void client_h(int flags, void *arg)
{
    struct client *c = arg;
    struct http_stats stats;
    ssize_t n;

    http_stats(c->net->http, &stats);
    if (stats.connections > c->net->most_connections)
        c->net->most_connections = stats.connections;
    if (flags & FD_WRITE) {
        const size_t left = c->n - c->n_sent;

        n = send(c->fd, c->request + c->n_sent, c->step && c->step < left ? c->step : left,
                 MSG_NOSIGNAL);
        if (n > 0)
            c->n_sent += (size_t)n;
        if (c->n_sent == c->n || (n < 0 && errno != EAGAIN))
            assert_int_equal(fd_listen(c->fd, FD_READ, client_h, c), 0);
    }
    if (flags & FD_READ) {
        n = recv(c->fd, c->answer + c->n_answer, ANSWER_CAP - 1 - c->n_answer, 0);
        if (n > 0)
            c->n_answer += (size_t)n;
        else if (n == 0 || errno != EAGAIN)
            client_end(c, n == 0 ? 0 : errno);
    }
}

static void client_begin(struct client *c, struct net *net, const char *request, size_t n)
{
    *c = (struct client){.net = net, .request = request, .n = n, .answer = malloc(ANSWER_CAP)};
    assert_non_null(c->answer);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(c->fd >= 0);
    if (connect(c->fd, &net->addr.sa, addr_len(&net->addr)))
        assert_int_equal(errno, EINPROGRESS);
    assert_int_equal(fd_listen(c->fd, n ? FD_READ | FD_WRITE : FD_READ, client_h, c), 0);
    net->n_waited_for++;
}

static void client_free(struct client *c)
{
    if (c->fd >= 0)
        fd_close(c->fd);
    socket_close(&c->fd);
    free(c->answer);
}

static void net_run(struct net *net)
{
    assert_true(net->n_waited_for > 0);
    assert_int_equal(re_main(NULL), 0);
}

static void net_begin(struct net *net)
{
    union addr listen = {.in.sin_family = AF_INET};

    *net = (struct net){0};
    listen.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(http_start(&net->http, &listen, routes, N_ROWS(routes), NULL), 0);
    assert_int_equal(http_local(net->http, &net->addr), 0);
    assert_int_not_equal(addr_port(&net->addr), 0);
}

static struct http_stats net_stats(const struct net *net)
{
    struct http_stats stats;

    http_stats(net->http, &stats);
    return stats;
}

#define PING "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"

static bool is_pong(const struct client *c)
{
    return c->err == 0 && !strncmp(c->answer, "HTTP/1.1 200 ", 13) && c->n_answer > 5 &&
           !strcmp(c->answer + c->n_answer - 5, "pong\n");
}

static void a_request_that_trickles_in_is_answered(void **state)
{
    struct net net;
    struct client c;
    (void)state;

    net_begin(&net);
    client_begin(&c, &net, PING, strlen(PING));
    c.step = 1;
    net_run(&net);
    assert_true(is_pong(&c));
    assert_int_equal(net_stats(&net).requests, 1);
    client_free(&c);
    http_stop(net.http);
}

static void a_big_answer_arrives_whole(void **state)
{
    static const char request[] = "GET /big HTTP/1.1\r\n\r\n";
    struct net net;
    struct client c;
    (void)state;

    net_begin(&net);
    client_begin(&c, &net, request, strlen(request));
    net_run(&net);
    assert_int_equal(c.err, 0);
    assert_int_equal(strlen(strstr(c.answer, "\r\n\r\n") + 4), BIG_BYTES);
    client_free(&c);
    http_stop(net.http);
}

/* The kernel resets a connection that is closed with something unread: the answer must not go with
 * it. */
static void an_answer_survives_the_rest_of_its_request(void **state)
{
    static char request[60000];
    struct net net;
    struct client c;
    (void)state;

    memset(request, 'x', sizeof(request));
    net_begin(&net);
    client_begin(&c, &net, request, sizeof(request));
    net_run(&net);
    assert_int_equal(c.err, 0);
    assert_int_equal(strncmp(c.answer, "HTTP/1.1 431 ", 13), 0);
    client_free(&c);
    http_stop(net.http);
}

static void a_peer_that_leaves_frees_its_place(void **state)
{
    struct net net;
    struct client gone;
    struct client c;
    (void)state;

    net_begin(&net);
    client_begin(&gone, &net, PING, 10);
    assert_int_equal(shutdown(gone.fd, SHUT_WR) && errno != ENOTCONN, 0);
    net_run(&net);
    client_free(&gone);
    client_begin(&c, &net, PING, strlen(PING));
    net_run(&net);
    assert_true(is_pong(&c));
    assert_int_equal(net_stats(&net).requests, 1);
    assert_int_equal(net_stats(&net).refused, 1);
    client_free(&c);
    http_stop(net.http);
}

/* Sixteen that say nothing, then one that asks: it waits until their second is over. */
static void silent_connections_cannot_keep_others_out(void **state)
{
    struct client silent[HTTP_CONNECTIONS_MAX];
    struct net net;
    struct client c;
    (void)state;

    net_begin(&net);
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        client_begin(&silent[i], &net, "", 0);
    client_begin(&c, &net, PING, strlen(PING));
    net_run(&net);
    assert_true(is_pong(&c));
    assert_int_equal(net.most_connections, HTTP_CONNECTIONS_MAX);
    assert_true(net_stats(&net).full >= 1);
    assert_int_equal(net_stats(&net).timeouts, HTTP_CONNECTIONS_MAX);
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        assert_int_equal(strncmp(silent[i].answer, "HTTP/1.1 408 ", 13), 0);
        client_free(&silent[i]);
    }
    client_free(&c);
    http_stop(net.http);
}

static void stopping_closes_what_is_open(void **state)
{
    struct net net;
    struct client c;
    struct client answered;
    (void)state;

    net_begin(&net);
    client_begin(&c, &net, PING, 10);
    client_begin(&answered, &net, PING, strlen(PING));
    net.n_waited_for = 1; /* the first never gets one */
    net_run(&net);
    assert_int_equal(net_stats(&net).connections, 2); /* one of them lingers */
    http_stop(net.http);
    assert_int_equal(fcntl(c.fd, F_SETFL, 0), 0);
    assert_true(recv(c.fd, c.answer, 1, 0) <= 0); /* its end, or a reset */
    client_free(&c);
    client_free(&answered);
}

static void a_port_in_use_is_refused(void **state)
{
    struct net net;
    struct http *second = NULL;
    (void)state;

    net_begin(&net);
    assert_int_equal(http_start(&second, &net.addr, routes, N_ROWS(routes), NULL), EADDRINUSE);
    assert_null(second);
    http_stop(net.http);
}

/* A relay of a thousand calls has its descriptors above 1,024, where libre stops by itself. */
static void it_works_with_three_thousand_descriptors_open(void **state)
{
    static int busy[N_BUSY_FDS];
    struct net net;
    struct client c;
    (void)state;

    for (unsigned i = 0; i < N_BUSY_FDS; i++) {
        busy[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(busy[i] >= 0);
    }
    net_begin(&net);
    client_begin(&c, &net, PING, strlen(PING));
    assert_true(c.fd > N_BUSY_FDS);
    net_run(&net);
    assert_true(is_pong(&c));
    client_free(&c);
    http_stop(net.http);
    for (unsigned i = 0; i < N_BUSY_FDS; i++)
        socket_close(&busy[i]);
}

static void cancel_h(void *arg)
{
    (void)arg;
    re_cancel();
}

/* Without a descriptor for a connection the listener rests and tries again: no spinning, no loss.
 */
static void a_connection_is_served_when_descriptors_are_back(void **state)
{
    struct rlimit limit;
    struct rlimit tight;
    struct tmr tmr = {0};
    struct net net;
    struct client c;
    (void)state;

    net_begin(&net);
    client_begin(&c, &net, PING, strlen(PING));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    tight = (struct rlimit){(rlim_t)c.fd + 1, limit.rlim_max}; /* what it has, and no more */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    tmr_start(&tmr, 1, cancel_h, NULL);
    while (!net_stats(&net).full) {
        net_run(&net);
        tmr_start(&tmr, 1, cancel_h, NULL);
    }
    tmr_cancel(&tmr);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    net_run(&net);
    assert_true(is_pong(&c));
    client_free(&c);
    http_stop(net.http);
}

/* libre keeps a table of descriptors, of 1,024 unless told otherwise before its first use. */
static int set_up(void **state)
{
    struct rlimit limit;
    (void)state;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return -1;
    if (limit.rlim_cur < N_BUSY_FDS + 256)
        limit.rlim_cur = N_BUSY_FDS + 256;
    if (setrlimit(RLIMIT_NOFILE, &limit) || libre_init())
        return -1;
    return fd_setsize(N_BUSY_FDS + 256);
}

static int tear_down(void **state)
{
    (void)state;
    libre_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_gets_its_answer),
        cmocka_unit_test(a_header_ends_at_4_kilobytes),
        cmocka_unit_test(a_content_length_that_overflows_is_refused),
        cmocka_unit_test(a_request_that_trickles_in_is_answered),
        cmocka_unit_test(a_big_answer_arrives_whole),
        cmocka_unit_test(an_answer_survives_the_rest_of_its_request),
        cmocka_unit_test(a_peer_that_leaves_frees_its_place),
        cmocka_unit_test(silent_connections_cannot_keep_others_out),
        cmocka_unit_test(stopping_closes_what_is_open),
        cmocka_unit_test(a_port_in_use_is_refused),
        cmocka_unit_test(it_works_with_three_thousand_descriptors_open),
        cmocka_unit_test(a_connection_is_served_when_descriptors_are_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
