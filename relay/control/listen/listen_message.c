#include "relay/control/listen/listener.h"

#include <string.h>

#include "relay/clock.h"
#include "relay/control/listen/listen.h"
#include "relay/control/policy/audit.h"

/* One message: from its bytes to its reply, whatever socket it came by. */

bool listener_allows(const struct listener *l, const union addr *source)
{
    struct control *c = l->control;
    char text[ADDR_TEXT_MAX];

    for (unsigned i = 0; i < c->cfg->control.n_allow; i++) {
        if (addr_in_net(source, &c->cfg->control.allow[i]))
            return true;
    }
    c->counters.events[CONTROL_NG_DENIED]++;
    if (log_limit_pass(&c->denied_limit, "control message from outside", clock_now_us()))
        log_warning(NULL, "control message from %s dropped: not in control.allow",
                    addr_print(text, source));
    return false;
}

static void unknown_h(struct str where, struct str what, void *arg)
{
    struct control *c = arg;

    c->counters.events[CONTROL_NG_UNKNOWN_KEY]++;
    if (log_limit_pass(&c->unknown_limit, "unknown key or flag", clock_now_us()))
        log_warning(NULL, "ignored: \"" STR_FMT "\" in " STR_FMT " is not known", STR_ARG(what),
                    STR_ARG(where));
}

void listen_send(const struct held_reply *r, void *arg)
{
    struct control *c = arg;

    cookie_cache_put(c->cookies, r->to, r->cookie, r->bytes, clock_now_us());
    ((struct listener *)r->listener)->send_h(r->listener, r->bytes, r->to);
}

/* A message that cannot be read gets the error that the protocol has for it. */
static size_t refuse(struct listener *l, const struct ng_request *req, const char *error)
{
    struct control *c = l->control;

    c->counters.events[CONTROL_NG_BAD]++;
    if (log_limit_pass(&c->bad_limit, "unreadable control message", clock_now_us()))
        log_warning(NULL, "control message refused: %s", error);
    return ng_reply_error(l->buffers.reply, sizeof(l->buffers.reply), req->encoding, req->cookie,
                          str_of(error));
}

/* Where each decision has to be on the disk before it is told, a disk that does not keep up
 * refuses new calls: nothing is decided about them then. */
static bool takes_decisions(const struct control *c, const struct ng_request *req)
{
    if (req->command != NG_OFFER || !c->held)
        return true;
    return held_takes_more(c->held) && audit_takes_more(c->audit, c->cfg->audit.sync);
}

static size_t answer(struct listener *l, struct str cookie, struct str body)
{
    struct ng_request req;
    const char *error = NULL;
    size_t n = 0;
    int err = ng_request_parse(&req, body, &error, unknown_h, l->control);

    req.cookie = cookie;
    if (err == EBADMSG)
        n = refuse(l, &req, error);
    else if (err)
        n = refuse(l, &req, "Parallel session limit reached");
    else if (!takes_decisions(l->control, &req))
        n = refuse(l, &req, "the audit file does not keep up; no new call is decided about");
    else
        n = command_execute(l->control, &req, &l->buffers);
    ng_request_wipe(&req);
    return n;
}

/* Now, or when the decisions that were made for it are on the disk.
 * @param before  the audit file's place before the request was answered */
static void tell(struct listener *l, const union addr *to, struct str cookie, size_t n,
                 uint64_t before)
{
    struct control *c = l->control;
    const struct held_reply reply = {l, to, cookie, {l->buffers.reply, n}};

    if (c->held && n && journal_end(c->audit) != before) {
        if (held_put(c->held, &reply, journal_end(c->audit)))
            c->counters.events[CONTROL_REPLY_LOST]++;
        return;
    }
    if (n)
        listen_send(&reply, c);
}

void listener_take(struct listener *l, char *message, size_t n, const union addr *from)
{
    struct control *c = l->control;
    uint64_t now_us = clock_now_us();
    struct str cookie, body, known;
    uint64_t before;

    if (ng_split(message, n, &cookie, &body)) {
        c->counters.events[CONTROL_NG_NO_COOKIE]++;
        return;
    }
    known = cookie_cache_get(c->cookies, from, cookie, now_us);
    if (known.n) {
        c->counters.events[CONTROL_COOKIE_HIT]++;
        l->send_h(l, known, from);
        return;
    }
    if (c->held && held_has(c->held, from, cookie)) {
        c->counters.events[CONTROL_COOKIE_HIT]++;
        return;
    }
    before = c->held ? journal_end(c->audit) : 0;
    n = answer(l, cookie, body);
    tell(l, from, cookie, n, before);
    explicit_bzero(message, body.n ? (size_t)(body.p + body.n - message) : 0); /* keys in it */
}

void listen_close(struct control *c)
{
    list_flush(&c->listeners);
}
