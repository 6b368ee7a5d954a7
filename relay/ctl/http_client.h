#ifndef PICRELAYCTL_HTTP_CLIENT_H
#define PICRELAYCTL_HTTP_CLIENT_H

#include <stddef.h>

#include "relay/addr.h"
#include "relay/str.h"

/**
 * One request to the daemon's HTTP listener, and its answer. Blocks, with a deadline.
 */

struct http_client_request {
    const union addr *to;
    const char *method; /* "GET" */
    const char *target; /* path and query */
    const char *token;  /* NULL: none is shown */
    unsigned timeout_s; /* from the first byte out to the last one in */
};

struct http_client_answer {
    unsigned status;
    char *body; /* to be given to free(); NUL-terminated */
    size_t n;
};

/** @param err  a sentence, on an error @return 0; errno */
int http_client_ask(struct http_client_answer *answer, const struct http_client_request *req,
                    char *err, size_t err_cap);

/** Takes an answer apart. [pure] @param body  in bytes @return 0; EPROTO: it is no HTTP/1 */
int http_client_split(unsigned *status, struct str *body, struct str bytes);

/** Writes text into a query, all but letters, digits and "-._~" as %XX (RFC 3986 s.2.3).
 *  @return its length; more than cap - 1: it was cut */
size_t http_client_escape(char *buf, size_t cap, const char *text);

#endif
