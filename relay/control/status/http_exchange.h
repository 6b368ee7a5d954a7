#ifndef PICRELAY_HTTP_EXCHANGE_H
#define PICRELAY_HTTP_EXCHANGE_H

#include <stddef.h>

#include "relay/control/status/http.h"
#include "relay/str.h"

/**
 * One HTTP exchange: the bytes of a request to the bytes of its answer. [pure, as far as the
 * handlers are] Thread: control. Source: RFC 9112. The message grammar is libre's.
 */

struct http_table {
    const struct http_route *routes;
    size_t n;
    void *arg;
    uint64_t ticket; /* of the request that is being answered */
};

/**
 * Answers one request.
 * @param in   what has arrived so far, from the request's first byte on
 * @param out  empty; the whole answer is written to it, which ends the connection
 * @return 0: answered, be it with an error status; EAGAIN: more is needed; EINPROGRESS: it will be
 *         answered by http_exchange_finish(); ENOMEM
 */
int http_exchange(struct mbuf *out, struct str in, const struct http_table *table);

/** Writes the answer that a handler has put off. @return 0; ENOMEM */
int http_exchange_finish(struct mbuf *out, http_finish_h *finish_h, void *arg);

/** Writes the answer to a request that was never complete: 408 and the like. @return 0; ENOMEM */
int http_refuse(struct mbuf *out, unsigned status);

/** @return the longest request that any route takes [bytes] */
size_t http_table_request_max(const struct http_table *table);

#endif
