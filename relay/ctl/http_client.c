#include "relay/ctl/http_client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/clock.h"

#define REQUEST_MAX 16384
#define ANSWER_MAX  ((size_t)64 * 1024 * 1024)
#define READ_BYTES  65536

struct exchange {
    int fd;
    uint64_t deadline_us;
    char *bytes;
    size_t n, cap;
};

static int wait_for(const struct exchange *x, short events)
{
    struct pollfd p = {.fd = x->fd, .events = events};
    const uint64_t now_us = clock_now_us();
    int n;

    if (now_us >= x->deadline_us)
        return ETIMEDOUT;
    n = poll(&p, 1, (int)((x->deadline_us - now_us) / 1000 + 1));
    if (n < 0)
        return errno == EINTR ? 0 : errno;
    return n ? 0 : ETIMEDOUT;
}

static int open_connection(struct exchange *x, const union addr *to)
{
    int error = 0;
    socklen_t n = sizeof(error);

    x->fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd < 0)
        return errno;
    if (connect(x->fd, &to->sa, addr_len(to)) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    error = wait_for(x, POLLOUT);
    if (!error && getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error, &n))
        error = errno;
    return error;
}

static int send_all(const struct exchange *x, const char *text, size_t n)
{
    while (n) {
        ssize_t sent = send(x->fd, text, n, MSG_NOSIGNAL);
        int err = 0;

        if (sent >= 0) {
            text += sent;
            n -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EINTR) {
            err = wait_for(x, POLLOUT);
        } else {
            err = errno;
        }
        if (err)
            return err;
    }
    return 0;
}

static int send_request(const struct exchange *x, const struct http_client_request *req)
{
    char *text = malloc(REQUEST_MAX);
    char host[ADDR_TEXT_MAX];
    int n, err;

    if (!text)
        return ENOMEM;
    n = snprintf(text, REQUEST_MAX,
                 "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s%sConnection: close\r\n"
                 "Content-Length: 0\r\n\r\n",
                 req->method, req->target, addr_print(host, req->to),
                 req->token ? "Authorization: Bearer " : "", req->token ? req->token : "",
                 req->token ? "\r\n" : "");
    err = n < 0 || n >= REQUEST_MAX ? EMSGSIZE : send_all(x, text, (size_t)n);
    explicit_bzero(text, REQUEST_MAX);
    free(text);
    return err;
}

static int make_room(struct exchange *x)
{
    char *grown;

    if (x->n > ANSWER_MAX)
        return EMSGSIZE;
    if (x->cap - x->n > READ_BYTES)
        return 0;
    x->cap = x->cap ? x->cap * 2 : (size_t)4 * READ_BYTES;
    grown = realloc(x->bytes, x->cap);
    if (!grown)
        return ENOMEM;
    x->bytes = grown;
    return 0;
}

/* To the end of the connection: that is where the answer ends. */
static int read_all(struct exchange *x)
{
    for (;;) {
        int err = make_room(x);
        ssize_t n = err ? -1 : recv(x->fd, x->bytes + x->n, READ_BYTES, 0);

        if (err)
            return err;
        if (n == 0)
            break;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return errno;
        if (n < 0)
            err = wait_for(x, POLLIN);
        if (err)
            return err;
        x->n += n > 0 ? (size_t)n : 0;
    }
    x->bytes[x->n] = '\0';
    return 0;
}

/* @return the 200 of "HTTP/1.1 200 OK"; 0: it is no such line */
static unsigned read_status(struct str line)
{
    static const struct str version = STR_INIT("HTTP/1.");
    const size_t at = version.n + 2; /* behind the minor version and a blank */
    unsigned status = 0;

    if (line.n < at + 4 || memcmp(line.p, version.p, version.n) != 0 || line.p[at - 1] != ' ')
        return 0;
    for (size_t i = at; i < at + 3; i++) { /* RFC 9112 s.4: three digits */
        if (line.p[i] < '0' || line.p[i] > '9')
            return 0;
        status = status * 10 + (unsigned)(line.p[i] - '0');
    }
    return line.p[at + 3] == ' ' || line.p[at + 3] == '\r' ? status : 0;
}

/* "HTTP/1.1 200 OK", header, empty line, body. */
int http_client_split(unsigned *status, struct str *body, struct str bytes)
{
    const char *end = bytes.n ? memmem(bytes.p, bytes.n, "\r\n\r\n", 4) : NULL;

    *status = end ? read_status(bytes) : 0;
    if (!*status)
        return EPROTO;
    end += 4;
    *body = (struct str){end, bytes.n - (size_t)(end - bytes.p)};
    return 0;
}

static int take_answer(struct http_client_answer *answer, struct exchange *x)
{
    struct str body;
    int err = http_client_split(&answer->status, &body, (struct str){x->bytes, x->n});

    if (err)
        return err;
    answer->n = body.n;
    memmove(x->bytes, body.p, body.n + 1); /* the NUL too */
    answer->body = x->bytes;
    x->bytes = NULL;
    return 0;
}

int http_client_ask(struct http_client_answer *answer, const struct http_client_request *req,
                    char *err, size_t err_cap)
{
    struct exchange x = {.fd = -1, .deadline_us = clock_now_us() + req->timeout_s * 1000000ull};
    char to[ADDR_TEXT_MAX];
    int error = open_connection(&x, req->to);

    if (!error)
        error = send_request(&x, req);
    if (!error)
        error = read_all(&x);
    if (!error)
        error = take_answer(answer, &x);
    if (error)
        (void)snprintf(err, err_cap, "no answer from http %s: %s", addr_print(to, req->to),
                       error == EPROTO     ? "what came is no HTTP"
                       : error == EMSGSIZE ? "it is too long"
                                           : strerror(error));
    if (x.fd >= 0)
        close(x.fd);
    free(x.bytes);
    return error;
}

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("-._~", c));
}

size_t http_client_escape(char *buf, size_t cap, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char form[] = {'%', digits[c >> 4], digits[c & 15]};
        const size_t size = is_unreserved(*text) ? 1 : 3;

        if (n + size < cap)
            memcpy(buf + n, size == 1 ? text : form, size);
        n += size;
    }
    if (cap)
        buf[n < cap ? n : cap - 1] = '\0';
    return n;
}
