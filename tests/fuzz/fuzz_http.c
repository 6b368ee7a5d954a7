#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "relay/control/status/http_exchange.h"

/* Bytes of a stranger as an HTTP request, whole and cut at each place: an answer is one that a
 * client can read, and it does not depend on how the bytes were split up. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int echo_h(struct http_response *res, const struct http_request *req, void *arg)
{
    (void)arg;
    if (mbuf_write_mem(res->body, (const uint8_t *)req->query.p, req->query.n))
        return ENOMEM;
    return mbuf_write_mem(res->body, (const uint8_t *)req->body.p, req->body.n);
}

static const struct http_route routes[] = {
    {"GET", "/metrics", echo_h, 0},
    {"POST", "/ng", echo_h, 65536},
};

static void require(int is_true)
{
    if (!is_true)
        abort();
}

static void check_answer(const struct mbuf *out)
{
    static const char start[] = "HTTP/1.1 ";

    require(out->end > sizeof(start) && !memcmp(out->buf, start, sizeof(start) - 1));
    require(memmem(out->buf, out->end, "\r\n\r\n", 4) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct http_table table = {.routes = routes, .n = sizeof(routes) / sizeof(routes[0])};
    struct mbuf *whole = mbuf_alloc(1024);
    struct mbuf *part = mbuf_alloc(1024);
    const int err = http_exchange(whole, (struct str){(const char *)data, n}, &table);

    require(err == 0 || err == EAGAIN);
    require((err == EAGAIN) == (whole->end == 0));
    if (err == 0)
        check_answer(whole);
    for (size_t cut = 0; cut < n; cut++) {
        const int early = http_exchange(part, (struct str){(const char *)data, cut}, &table);

        require(early == 0 || early == EAGAIN);
        if (early == 0) { /* answered by then: the rest changes nothing */
            require(err == 0);
            require(n > HTTP_REQUEST_MAX ||
                    (part->end == whole->end && !memcmp(part->buf, whole->buf, part->end)));
            break;
        }
    }
    mem_deref(whole);
    mem_deref(part);
    return 0;
}
