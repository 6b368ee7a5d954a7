#ifndef PICRELAY_HTTP_H
#define PICRELAY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/str.h"

/**
 * A small HTTP/1.1 listener for operators (metrics, status) on libre's main loop: fixed paths, one
 * request a connection, everything bounded. Source: RFC 9110, 9112; limits: threat model,
 * section 4. Thread: the one that runs re_main(); handlers are called on it and must not block.
 *
 * libre refuses descriptors from 1024 on unless fd_setsize() was called before its first use.
 * GET /ping -> "pong\n" is always there; unknown path: 404 "not found\n"; wrong method: 405.
 */

#define HTTP_CONNECTIONS_MAX 16    /* more wait in the kernel's queue */
#define HTTP_REQUEST_MAX     4096  /* request line and header, and a body where none is expected */
#define HTTP_DEADLINE_MS     1000  /* for the whole request; and once more for taking the answer */
#define HTTP_WAIT_MS         60000 /* for an answer that a handler has put off */

struct mbuf;
struct http;

struct http_request {
    struct str method, path, query; /* query: without its '?' */
    struct str body;
    /* header fields; empty: not there, or more than once */
    struct str host, origin, authorization;
    bool has_origin; /* once or more often: a browser sent it */
};

struct http_response {
    unsigned status;          /* 200 until the handler changes it */
    const char *content_type; /* text/plain; charset=utf-8 until the handler changes it */
    struct mbuf *body;        /* grows; empty at first */
    uint64_t ticket;          /* of this request, for http_finish() */
};

/** Writes the body. @return 0; EINPROGRESS: http_finish() will be called; else errno: the answer is
 *  500 */
typedef int(http_h)(struct http_response *res, const struct http_request *req, void *arg);

struct http_route {
    const char *method; /* "GET" also answers HEAD */
    const char *path;   /* compared as it is */
    http_h *handler;
    size_t body_max; /* [bytes]; 0: none is read */
};

/**
 * @param routes  borrowed until http_stop(); so is arg, which each handler gets
 * @return 0; EADDRINUSE, EADDRNOTAVAIL, EMFILE ...; ENOMEM
 */
int http_start(struct http **hp, const union addr *listen, const struct http_route *routes,
               size_t n, void *arg);
/** Closes the listener and its connections, answered or not. NULL is allowed. */
void http_stop(struct http *h);

/** Writes an answer that was put off. @return 0; else errno: the answer is 500 */
typedef int(http_finish_h)(struct http_response *res, void *arg);
/** Answers a request whose handler returned EINPROGRESS. @return 0; ENOENT: who asked has gone, or
 *  has been told that it takes too long */
int http_finish(struct http *h, uint64_t ticket, http_finish_h *finish_h, void *arg);

/** Where it listens: tells the port that was chosen for port 0. @return 0; errno */
int http_local(const struct http *h, union addr *local);

struct http_stats {
    uint64_t requests, refused, timeouts;
    uint64_t full;        /* turns in which connections had to wait */
    uint64_t put_off;     /* answers that came, or will come, by http_finish() */
    unsigned connections; /* now */
};
void http_stats(const struct http *h, struct http_stats *stats);

#endif
