#ifndef PICRELAY_TESTS_WEB_H
#define PICRELAY_TESTS_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/program/relay.h"

/**
 * A web server of a test: it has one page, and the page tells the test by POST what has happened.
 * A POST waits for its answer until the test gives it. One page, one test, no hostile visitors.
 * Thread: the loop's.
 */

#define WEB_VISITORS_MAX 8

struct web;

/** One connection. */
struct web_visitor {
    struct web *web;
    struct loop_watch *watch;
    int fd;
    char *text;
    size_t n, cap;
    size_t at_body, n_body; /* 0: the header is not complete */
    bool is_post;           /* complete, and not answered yet */
    char path[32];
};

struct web {
    struct loop *loop;
    struct loop_watch *watch;
    int fd;
    uint16_t port;
    char *page;
    struct web_visitor visitors[WEB_VISITORS_MAX];
};

/** @param page  path of a file */
void web_open(struct web *w, struct loop *l, const char *page);
void web_close(struct web *w); /* a zeroed one is allowed */

/** @return the POST to a path that waits for its answer; NULL: none */
const struct web_visitor *web_post(const struct web *w, const char *path);
/** Its body; a NUL behind it. */
const char *web_body(const struct web_visitor *v, size_t *n);
/** Answers it. */
void web_answer(struct web *w, const char *path, const char *body);

#endif
