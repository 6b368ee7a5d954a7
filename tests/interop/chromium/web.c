#include "tests/interop/chromium/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG    16
#define READ_BYTES 65536

static void visitor_leave(struct web_visitor *v)
{
    loop_watch_free(v->watch);
    if (v->fd >= 0)
        close(v->fd);
    free(v->text);
    *v = (struct web_visitor){.web = v->web, .fd = -1};
}

static void send_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return; /* the browser has gone: the test will miss what it waits for */
        text += sent;
        n -= (size_t)sent;
    }
}

static void answer(struct web_visitor *v, const char *status, const char *type, const char *body)
{
    char header[256];
    int n = snprintf(header, sizeof(header),
                     "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                     "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                     status, type, strlen(body));

    send_all(v->fd, header, (size_t)n);
    send_all(v->fd, body, strlen(body));
    visitor_leave(v);
}

/* "POST /path HTTP/1.1" and, of all fields, Content-Length. */
static void read_header(struct web_visitor *v)
{
    char *end = strstr(v->text, "\r\n\r\n"), *length;

    if (!end)
        return;
    v->at_body = (size_t)(end - v->text) + 4;
    length = strcasestr(v->text, "\r\ncontent-length:");
    v->n_body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    (void)sscanf(v->text, "%*s %31s", v->path);
}

static void take(struct web_visitor *v)
{
    if (!v->at_body)
        read_header(v);
    if (!v->at_body || v->n < v->at_body + v->n_body)
        return;
    if (strncmp(v->text, "POST ", 5) == 0)
        v->is_post = true;
    else if (strcmp(v->path, "/") == 0)
        answer(v, "200 OK", "text/html; charset=utf-8", v->web->page);
    else
        answer(v, "404 Not Found", "text/plain", "");
}

static void readable_h(int fd, void *arg)
{
    struct web_visitor *v = arg;

    if (v->cap - v->n <= READ_BYTES) {
        v->cap += 4 * READ_BYTES;
        v->text = realloc(v->text, v->cap);
        assert_non_null(v->text);
    }
    ssize_t n = recv(fd, v->text + v->n, READ_BYTES, 0);
    if (n <= 0) {
        visitor_leave(v);
        return;
    }
    v->n += (size_t)n;
    v->text[v->n] = 0;
    take(v);
}

static void accept_h(int fd, void *arg)
{
    struct web *w = arg;
    int visitor = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    for (unsigned i = 0; visitor >= 0 && i < WEB_VISITORS_MAX; i++) {
        struct web_visitor *v = &w->visitors[i];

        if (v->fd >= 0)
            continue;
        v->fd = visitor;
        assert_int_equal(loop_watch_alloc(&v->watch, w->loop, visitor, readable_h, v), 0);
        return;
    }
    if (visitor >= 0)
        close(visitor);
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = calloc(1, READ_BYTES);

    assert_non_null(f);
    assert_non_null(text);
    size_t n = fread(text, 1, READ_BYTES, f);
    assert_true(n > 0 && n < READ_BYTES);
    (void)fclose(f);
    return text;
}

void web_open(struct web *w, struct loop *l, const char *page)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);

    *w = (struct web){.loop = l, .page = read_file(page)};
    for (unsigned i = 0; i < WEB_VISITORS_MAX; i++)
        w->visitors[i] = (struct web_visitor){.web = w, .fd = -1};
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(w->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(w->fd, BACKLOG), 0);
    assert_int_equal(getsockname(w->fd, (struct sockaddr *)&a, &n), 0);
    w->port = ntohs(a.sin_port);
    assert_int_equal(loop_watch_alloc(&w->watch, l, w->fd, accept_h, w), 0);
}

void web_close(struct web *w)
{
    if (!w->loop)
        return;
    for (unsigned i = 0; i < WEB_VISITORS_MAX; i++)
        visitor_leave(&w->visitors[i]);
    loop_watch_free(w->watch);
    close(w->fd);
    free(w->page);
    memset(w, 0, sizeof(*w));
}

const struct web_visitor *web_post(const struct web *w, const char *path)
{
    for (unsigned i = 0; i < WEB_VISITORS_MAX; i++)
        if (w->visitors[i].is_post && strcmp(w->visitors[i].path, path) == 0)
            return &w->visitors[i];
    return NULL;
}

const char *web_body(const struct web_visitor *v, size_t *n)
{
    *n = v->n_body;
    return v->text + v->at_body;
}

void web_answer(struct web *w, const char *path, const char *body)
{
    const struct web_visitor *v = web_post(w, path);

    assert_non_null(v);
    answer(&w->visitors[v - w->visitors], "200 OK", "text/plain", body);
}
