#include "relay/control/listen.h"

#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/command.h"
#include "relay/control/held.h"
#include "relay/control/ng/ng.h"
#include "relay/control/policy/audit.h"
#include "relay/control/transport/socket.h"

#define TURN_MAX 64 /* messages taken in one turn of the main loop, so that timers get theirs */
#define RCVBUF   (4 * 1024 * 1024)

struct listener {
    struct le le;
    struct control *control;
    int fd;
    char message[NG_MESSAGE_MAX + 1];
    struct command_buffers buffers;
};

static void listener_destructor(void *data)
{
    struct listener *l = data;

    list_unlink(&l->le);
    if (l->fd >= 0)
        fd_close(l->fd);
    socket_close(&l->fd);
}

static bool is_allowed(const struct control *c, const union addr *source)
{
    for (unsigned i = 0; i < c->cfg->control.n_allow; i++) {
        if (addr_in_net(source, &c->cfg->control.allow[i]))
            return true;
    }
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

static void send_reply(const struct listener *l, const char *reply, size_t n, const union addr *to)
{
    if (sendto(l->fd, reply, n, MSG_DONTWAIT, &to->sa, addr_len(to)) < 0)
        l->control->counters.events[CONTROL_REPLY_LOST]++;
}

void listen_send(const struct held_reply *r, void *arg)
{
    struct control *c = arg;

    cookie_cache_put(c->cookies, r->to, r->cookie, r->bytes, clock_now_us());
    send_reply(r->listener, r->bytes.p, r->bytes.n, r->to);
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

static void take_message(struct listener *l, size_t n, const union addr *from)
{
    struct control *c = l->control;
    uint64_t now_us = clock_now_us();
    struct str cookie, body, known;
    uint64_t before;

    if (ng_split(l->message, n, &cookie, &body)) {
        c->counters.events[CONTROL_NG_NO_COOKIE]++;
        return;
    }
    known = cookie_cache_get(c->cookies, from, cookie, now_us);
    if (known.n) {
        c->counters.events[CONTROL_COOKIE_HIT]++;
        send_reply(l, known.p, known.n, from);
        return;
    }
    if (c->held && held_has(c->held, from, cookie)) {
        c->counters.events[CONTROL_COOKIE_HIT]++;
        return;
    }
    before = c->held ? journal_end(c->audit) : 0;
    n = answer(l, cookie, body);
    tell(l, from, cookie, n, before);
    explicit_bzero(l->message,
                   body.n ? (size_t)(body.p + body.n - l->message) : 0); /* keys in it */
}

static void deny(struct control *c, const union addr *from)
{
    char text[ADDR_TEXT_MAX];

    c->counters.events[CONTROL_NG_DENIED]++;
    if (log_limit_pass(&c->denied_limit, "control message from outside", clock_now_us()))
        log_warning(NULL, "control message from %s dropped: not in control.allow",
                    addr_print(text, from));
}

/* @return false: nothing waits any more */
static bool read_one(struct listener *l)
{
    union addr from;
    socklen_t len = sizeof(from);
    ssize_t n;

    memset(&from, 0, sizeof(from));
    n = recvfrom(l->fd, l->message, sizeof(l->message), MSG_DONTWAIT, &from.sa, &len);
    if (n < 0)
        return false;
    if (!is_allowed(l->control, &from))
        deny(l->control, &from);
    else
        take_message(l, (size_t)n, &from);
    return true;
}

static void read_h(int flags, void *arg)
{
    struct listener *l = arg;

    (void)flags;
    media_batch_begin(l->control->media);
    for (unsigned i = 0; i < TURN_MAX && read_one(l); i++)
        ;
    media_batch_end(l->control->media);
}

int listen_udp(struct control *c, const union addr *local)
{
    struct listener *l = mem_zalloc(sizeof(*l), listener_destructor);
    int err;

    if (!l)
        return ENOMEM;
    l->control = c;
    l->fd = -1;
    err = socket_open_udp(&l->fd, local, SOCKET_TOS_LEAVE, RCVBUF);
    if (!err)
        err = fd_listen(l->fd, FD_READ, read_h, l);
    if (err) {
        mem_deref(l);
        return err;
    }
    list_append(&c->listeners, &l->le, l);
    return 0;
}

void listen_close(struct control *c)
{
    list_flush(&c->listeners);
}
