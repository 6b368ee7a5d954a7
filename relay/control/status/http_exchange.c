#include "relay/control/status/http_exchange.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <re.h>

#define TEXT_PLAIN "text/plain; charset=utf-8"

/* Statuses that are answered here, and their one line of body; the first row is for all others. */
static const struct {
    unsigned status;
    const char *reason, *body;
} statuses[] = {
    {0, "Status", ""},
    {200, "OK", ""},
    {400, "Bad Request", "bad request\n"},
    {403, "Forbidden", "forbidden\n"},
    {404, "Not Found", "not found\n"},
    {405, "Method Not Allowed", "method not allowed\n"},
    {408, "Request Timeout", "request timeout\n"},
    {413, "Content Too Large", "content too large\n"},
    {431, "Request Header Fields Too Large", "request header too large\n"},
    {500, "Internal Server Error", "internal server error\n"},
    {501, "Not Implemented", "not implemented\n"},
    {503, "Service Unavailable", "service unavailable\n"},
};

static size_t find_status(unsigned status)
{
    for (size_t i = 1; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].status == status)
            return i;
    }
    return 0;
}

static int __attribute__((format(printf, 2, 3))) append(struct mbuf *mb, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(line))
        return EINVAL;
    return mbuf_write_mem(mb, (const uint8_t *)line, (size_t)n);
}

/* The answer is not for a cache, and nothing in it is a page. */
static int write_answer(struct mbuf *out, unsigned status, const char *content_type,
                        const char *allow, struct str body, bool is_head)
{
    int err = append(out, "HTTP/1.1 %u %s\r\n", status, statuses[find_status(status)].reason);

    err |= append(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", content_type, body.n);
    if (allow)
        err |= append(out, "Allow: %s%s\r\n", allow, strcmp(allow, "GET") ? "" : ", HEAD");
    err |= append(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                       "Connection: close\r\n\r\n");
    if (!is_head && body.n)
        err |= mbuf_write_mem(out, (const uint8_t *)body.p, body.n);
    return err;
}

int http_refuse(struct mbuf *out, unsigned status)
{
    return write_answer(out, status, TEXT_PLAIN, NULL, str_of(statuses[find_status(status)].body),
                        false);
}

static int ping_h(struct http_response *res, const struct http_request *req, void *arg)
{
    (void)req;
    (void)arg;
    return mbuf_write_str(res->body, "pong\n");
}

static const struct http_route ping = {"GET", "/ping", ping_h, 0};

static const struct http_route *route_at(const struct http_table *table, size_t i)
{
    return i < table->n ? &table->routes[i] : &ping;
}

static bool method_fits(const struct http_route *route, struct str method)
{
    return str_equal(method, str_of(route->method)) ||
           (str_equal(method, STR("HEAD")) && !strcmp(route->method, "GET"));
}

/* @param wrong_method  a route of that path, when none of them takes the method */
static const struct http_route *find_route(const struct http_table *table,
                                           const struct http_request *req,
                                           const struct http_route **wrong_method)
{
    for (size_t i = 0; i <= table->n; i++) {
        const struct http_route *route = route_at(table, i);

        if (!str_equal(req->path, str_of(route->path)))
            continue;
        if (method_fits(route, req->method))
            return route;
        *wrong_method = route;
    }
    return NULL;
}

size_t http_table_request_max(const struct http_table *table)
{
    size_t max = 0;

    for (size_t i = 0; i < table->n; i++)
        max = table->routes[i].body_max > max ? table->routes[i].body_max : max;
    return HTTP_REQUEST_MAX + max;
}

/* What a handler has written, or that it failed. */
static int write_response(struct mbuf *out, const struct http_response *res, int err, bool is_head)
{
    if (err)
        return http_refuse(out, 500);
    return write_answer(out, res->status, res->content_type, NULL,
                        (struct str){(const char *)res->body->buf, res->body->end}, is_head);
}

static int run_handler(struct mbuf *out, const struct http_route *route,
                       const struct http_request *req, const struct http_table *table)
{
    struct http_response res = {.status = 200,
                                .content_type = TEXT_PLAIN,
                                .body = mbuf_alloc(1024),
                                .ticket = table->ticket};
    int err;

    if (!res.body)
        return ENOMEM;
    err = route->handler(&res, req, table->arg);
    if (err != EINPROGRESS)
        err = write_response(out, &res, err, str_equal(req->method, STR("HEAD")));
    mem_deref(res.body);
    return err;
}

int http_exchange_finish(struct mbuf *out, http_finish_h *finish_h, void *arg)
{
    struct http_response res = {
        .status = 200, .content_type = TEXT_PLAIN, .body = mbuf_alloc(1024)};
    int err;

    if (!res.body)
        return ENOMEM;
    err = write_response(out, &res, finish_h(&res, arg), false);
    mem_deref(res.body);
    return err;
}

static struct str str_of_pl(const struct pl *pl)
{
    return (struct str){pl->l ? pl->p : NULL, pl->l};
}

/* libre's own figure wraps at 2^32, and of two fields it takes the last: a front end could see
 * another end of the message than we do (RFC 9112 s.6.3). */
static bool read_content_length(size_t *length, const struct http_msg *msg)
{
    const struct http_hdr *hdr = http_msg_hdr(msg, HTTP_HDR_CONTENT_LENGTH);
    size_t n = 0;

    *length = 0;
    if (!hdr)
        return true;
    if (!hdr->val.l || http_msg_hdr_count(msg, HTTP_HDR_CONTENT_LENGTH) != 1)
        return false;
    for (size_t i = 0; i < hdr->val.l; i++) {
        const char c = hdr->val.p[i];

        if (c < '0' || c > '9')
            return false;
        if (n < SIZE_MAX / 100) /* capped: any larger length is refused alike */
            n = n * 10 + (size_t)(c - '0');
    }
    *length = n;
    return true;
}

static struct str header_field(const struct http_msg *msg, enum http_hdrid id)
{
    const struct http_hdr *hdr = http_msg_hdr(msg, id);

    return hdr && http_msg_hdr_count(msg, id) == 1 ? str_of_pl(&hdr->val) : STR("");
}

/* A message whose header is complete. */
static int answer_message(struct mbuf *out, const struct http_msg *msg, struct str rest,
                          const struct http_table *table)
{
    struct http_request req = {.method = str_of_pl(&msg->met), .path = str_of_pl(&msg->path)};
    const struct http_route *wrong = NULL;
    const struct http_route *route = find_route(table, &req, &wrong);
    size_t n_body;

    if (msg->prm.l > 1)
        req.query = (struct str){msg->prm.p + 1, msg->prm.l - 1};
    if (!route && wrong)
        return write_answer(out, 405, TEXT_PLAIN, wrong->method, STR("method not allowed\n"),
                            false);
    if (!route)
        return http_refuse(out, 404);
    /* Chunks are for bodies of unknown length: nobody has one for us. */
    if (http_msg_hdr(msg, HTTP_HDR_TRANSFER_ENCODING))
        return http_refuse(out, 501);
    if (!read_content_length(&n_body, msg))
        return http_refuse(out, 400);
    if (n_body > route->body_max)
        return http_refuse(out, 413);
    if (rest.n < n_body)
        return EAGAIN;
    req.body = (struct str){rest.p, n_body};
    req.host = header_field(msg, HTTP_HDR_HOST);
    req.has_origin = http_msg_xhdr_count(msg, "Origin") > 0;
    if (http_msg_xhdr_count(msg, "Origin") == 1)
        req.origin = str_of_pl(&http_msg_xhdr(msg, "Origin")->val);
    req.authorization = header_field(msg, HTTP_HDR_AUTHORIZATION);
    return run_handler(out, route, &req, table);
}

int http_exchange(struct mbuf *out, struct str in, const struct http_table *table)
{
    const char *end = in.n ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;
    const size_t n_header = end ? (size_t)(end - in.p) + 4 : in.n;
    struct http_msg *msg = NULL;
    struct mbuf *mb;
    int err;

    if (n_header > HTTP_REQUEST_MAX)
        return http_refuse(out, 431);
    if (!end)
        return in.n == HTTP_REQUEST_MAX ? http_refuse(out, 431) : EAGAIN;

    /* The grammar runs once, when the header is complete: bytes that trickle in cost nothing. */
    mb = mbuf_alloc(n_header);
    if (!mb)
        return ENOMEM;
    err = mbuf_write_mem(mb, (const uint8_t *)in.p, n_header);
    mb->pos = 0;
    if (!err)
        err = http_msg_decode(&msg, mb, true);
    if (err && err != ENOMEM)
        err = http_refuse(out, 400);
    else if (!err)
        err = answer_message(out, msg, (struct str){in.p + n_header, in.n - n_header}, table);
    mem_deref(msg);
    mem_deref(mb);
    return err;
}
