#include "relay/control/status/http.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>

#include "relay/control/transport/socket.h"

/* Answers that a handler puts off. */

struct net {
    struct http *http;
    union addr addr;
    uint64_t ticket; /* of the last request that was put off; 0: none yet */
};

struct client {
    int fd;
    char answer[1024];
    size_t n;
};

static int put_off_h(struct http_response *res, const struct http_request *req, void *arg)
{
    struct net *net = arg;

    (void)req;
    net->ticket = res->ticket;
    re_cancel();
    return EINPROGRESS;
}

static int finish_h(struct http_response *res, void *arg)
{
    res->status = 409;
    return mbuf_write_str(res->body, arg);
}

static int fail_h(struct http_response *res, void *arg)
{
    (void)res;
    (void)arg;
    return EIO;
}

static const struct http_route routes[] = {{"POST", "/later", put_off_h, 0}};

static void net_begin(struct net *net)
{
    union addr listen = {.in.sin_family = AF_INET};

    *net = (struct net){0};
    listen.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(http_start(&net->http, &listen, routes, 1, net), 0);
    assert_int_equal(http_local(net->http, &net->addr), 0);
}

static void client_h(int flags, void *arg)
{
    struct client *c = arg;
    const ssize_t n = recv(c->fd, c->answer + c->n, sizeof(c->answer) - 1 - c->n, 0);

    (void)flags;
    if (n > 0)
        c->n += (size_t)n;
    else
        re_cancel();
}

/* Asks, and runs until the handler has put the answer off. */
static void client_begin(struct client *c, struct net *net)
{
    static const char request[] = "POST /later HTTP/1.1\r\nHost: x\r\n\r\n";

    memset(c, 0, sizeof(*c));
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(c->fd, &net->addr.sa, addr_len(&net->addr)), 0);
    assert_int_equal(send(c->fd, request, sizeof(request) - 1, 0), sizeof(request) - 1);
    assert_int_equal(re_main(NULL), 0);
}

/* Runs until the connection has ended. */
static void client_read(struct client *c)
{
    assert_int_equal(fd_listen(c->fd, FD_READ, client_h, c), 0);
    assert_int_equal(re_main(NULL), 0);
    fd_close(c->fd);
}

static struct http_stats net_stats(const struct net *net)
{
    struct http_stats stats;

    http_stats(net->http, &stats);
    return stats;
}

static void an_answer_that_was_put_off_comes_when_it_is_given(void **state)
{
    struct client c;
    struct net net;

    (void)state;
    net_begin(&net);
    client_begin(&c, &net);
    assert_int_equal(net_stats(&net).requests, 0);
    assert_int_equal(http_finish(net.http, net.ticket, finish_h, (char[]){"a mistake\n"}), 0);
    client_read(&c);
    assert_memory_equal(c.answer, "HTTP/1.1 409 ", 13);
    assert_non_null(strstr(c.answer, "\r\n\r\na mistake\n"));
    assert_int_equal(net_stats(&net).requests, 1);
    close(c.fd);
    http_stop(net.http);
}

static void who_has_nothing_more_to_say_still_gets_it(void **state)
{
    struct client c, other;
    struct net net;

    (void)state;
    net_begin(&net);
    client_begin(&c, &net);
    const uint64_t ticket = net.ticket;
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    client_begin(&other, &net); /* by then its end has been seen */
    assert_int_equal(http_finish(net.http, ticket, finish_h, (char[]){"late\n"}), 0);
    client_read(&c);
    assert_non_null(strstr(c.answer, "\r\n\r\nlate\n"));
    close(c.fd);
    close(other.fd);
    http_stop(net.http);
}

static void an_answer_that_fails_is_500(void **state)
{
    struct client c;
    struct net net;

    (void)state;
    net_begin(&net);
    client_begin(&c, &net);
    assert_int_equal(http_finish(net.http, net.ticket, fail_h, NULL), 0);
    client_read(&c);
    assert_memory_equal(c.answer, "HTTP/1.1 500 ", 13);
    close(c.fd);
    http_stop(net.http);
}

/* A place that is given to another must not take the answer of who was there before. */
static void an_answer_reaches_nobody_but_who_asked(void **state)
{
    struct client one, two;
    struct net net;

    (void)state;
    net_begin(&net);
    client_begin(&one, &net);
    const uint64_t first = net.ticket;
    assert_int_equal(http_finish(net.http, first, finish_h, (char[]){"one\n"}), 0);
    assert_int_equal(http_finish(net.http, first, finish_h, (char[]){"one\n"}), ENOENT);
    client_read(&one);
    close(one.fd);
    client_begin(&two, &net);
    assert_int_not_equal(net.ticket, first);
    assert_int_equal(http_finish(net.http, first, finish_h, (char[]){"one\n"}), ENOENT);
    assert_int_equal(http_finish(net.http, 0, finish_h, (char[]){"one\n"}), ENOENT);
    assert_int_equal(http_finish(net.http, net.ticket, finish_h, (char[]){"two\n"}), 0);
    client_read(&two);
    assert_non_null(strstr(two.answer, "\r\n\r\ntwo\n"));
    close(two.fd);
    http_stop(net.http);
}

static void stopping_lets_go_of_who_waits(void **state)
{
    struct client c;
    struct net net;
    char byte;

    (void)state;
    net_begin(&net);
    client_begin(&c, &net);
    http_stop(net.http);
    assert_true(recv(c.fd, &byte, 1, 0) <= 0);
    close(c.fd);
}

static int set_up(void **state)
{
    (void)state;
    return libre_init();
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
        cmocka_unit_test(an_answer_that_was_put_off_comes_when_it_is_given),
        cmocka_unit_test(who_has_nothing_more_to_say_still_gets_it),
        cmocka_unit_test(an_answer_that_fails_is_500),
        cmocka_unit_test(an_answer_reaches_nobody_but_who_asked),
        cmocka_unit_test(stopping_lets_go_of_who_waits),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
