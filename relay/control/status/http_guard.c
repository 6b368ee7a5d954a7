#include "relay/control/status/http_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- token ------------------------------------------------------------------------------------
 */

int http_token_load(char token[static HTTP_TOKEN_MAX], const char *path)
{
    char text[HTTP_TOKEN_MAX + 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    int err = n < 0 ? errno : 0;
    size_t length;

    if (fd >= 0)
        close(fd);
    if (!err) {
        length = strcspn(text, "\r\n");
        if (length < HTTP_TOKEN_MIN || length >= HTTP_TOKEN_MAX)
            err = EINVAL;
        else
            memcpy(token, text, length);
        token[err ? 0 : length] = '\0';
    }
    explicit_bzero(text, sizeof(text));
    return err;
}

/* In the same time, wherever they differ; their lengths may be told apart. */
static bool is_token(struct str given, const char *token)
{
    const size_t n = strlen(token);
    unsigned char difference = 0;

    if (given.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        difference |= (unsigned char)(given.p[i] ^ token[i]);
    return difference == 0;
}

static bool has_token(struct str authorization, const char *token)
{
    static const struct str scheme = STR_INIT("Bearer ");

    if (!token[0] || authorization.n <= scheme.n ||
        !str_equal_nocase((struct str){authorization.p, scheme.n}, scheme))
        return false;
    return is_token((struct str){authorization.p + scheme.n, authorization.n - scheme.n}, token);
}

/* ---- host and origin --------------------------------------------------------------------------
 */

static bool is_listener(struct str host, const union addr *listen)
{
    char text[ADDR_TEXT_MAX];
    char local[32];

    (void)snprintf(local, sizeof(local), "localhost:%u", addr_port(listen));
    return str_equal(host, str_of(addr_print(text, listen))) ||
           (addr_is_loopback(listen) && str_equal_nocase(host, str_of(local)));
}

static bool is_own_origin(struct str origin, const union addr *listen)
{
    static const struct str scheme = STR_INIT("http://");

    return origin.n > scheme.n && str_equal((struct str){origin.p, scheme.n}, scheme) &&
           is_listener((struct str){origin.p + scheme.n, origin.n - scheme.n}, listen);
}

bool http_guard_is_own(const struct http_request *req, const union addr *listen)
{
    return is_listener(req->host, listen) &&
           (!req->has_origin || is_own_origin(req->origin, listen));
}

unsigned http_guard_check(const struct http_request *req, const union addr *listen,
                          const char *token)
{
    return http_guard_is_own(req, listen) && has_token(req->authorization, token) ? 200 : 403;
}

/* ---- query ------------------------------------------------------------------------------------
 */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A '%' that no two digits follow stands for itself. */
static size_t decode(char *buf, size_t cap, struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        const bool is_escape = s.p[i] == '%' && i + 2 < s.n;
        const int high = is_escape ? hex(s.p[i + 1]) : -1, low = is_escape ? hex(s.p[i + 2]) : -1;
        char c = s.p[i] == '+' ? ' ' : s.p[i];

        if (high >= 0 && low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (n < cap)
            buf[n] = c;
        n++;
    }
    return n;
}

size_t http_query_get(char *buf, size_t cap, struct str query, struct str name)
{
    while (query.n) {
        const char *end = memchr(query.p, '&', query.n);
        const size_t n = end ? (size_t)(end - query.p) : query.n;

        if (n > name.n && query.p[name.n] == '=' && memcmp(query.p, name.p, name.n) == 0)
            return decode(buf, cap, (struct str){query.p + name.n + 1, n - name.n - 1});
        query = end ? (struct str){end + 1, query.n - n - 1} : (struct str){NULL, 0};
    }
    return 0;
}
