#include "relay/control/held.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "relay/clock.h"

#define BUCKETS     256
#define REPLIES_MAX 4096 /* of what a disk that has stopped can make us keep */

/* One of them, in the order of their places. */
struct reply {
    struct le le, hash_le;
    uint64_t place;
    void *listener;
    union addr to;
    struct str cookie, bytes; /* in text */
    char text[];
};

struct held {
    struct journal *journal;
    held_send_h *send_h;
    void *arg;
    struct list replies;
    unsigned n_replies;
    struct hash *by_cookie;
};

static uint32_t key_of(struct str cookie)
{
    return hash_joaat((const uint8_t *)cookie.p, cookie.n);
}

static void let_go(struct held *h)
{
    const uint64_t settled = journal_settled(h->journal);
    struct reply *r;

    while ((r = list_ledata(h->replies.head)) != NULL && r->place <= settled) {
        const struct held_reply reply = {r->listener, &r->to, r->cookie, r->bytes};

        h->send_h(&reply, h->arg);
        mem_deref(r);
        h->n_replies--;
    }
}

static void settled_h(int flags, void *arg)
{
    (void)flags;
    let_go(arg);
}

static void reply_destructor(void *data)
{
    struct reply *r = data;

    list_unlink(&r->le);
    hash_unlink(&r->hash_le);
}

int held_put(struct held *h, const struct held_reply *reply, uint64_t place)
{
    const size_t n = reply->cookie.n + reply->bytes.n;
    struct reply *r;

    if (h->n_replies >= REPLIES_MAX)
        return ENOBUFS;
    r = mem_zalloc(sizeof(*r) + n, reply_destructor);
    if (!r)
        return ENOMEM;
    r->place = place;
    r->listener = reply->listener;
    r->to = *reply->to;
    memcpy(r->text, reply->cookie.p, reply->cookie.n);
    memcpy(r->text + reply->cookie.n, reply->bytes.p, reply->bytes.n);
    r->cookie = (struct str){r->text, reply->cookie.n};
    r->bytes = (struct str){r->text + reply->cookie.n, reply->bytes.n};
    list_append(&h->replies, &r->le, r);
    hash_append(h->by_cookie, key_of(r->cookie), &r->hash_le, r);
    h->n_replies++;
    return 0;
}

bool held_takes_more(const struct held *h)
{
    return h->n_replies < REPLIES_MAX / 2;
}

bool held_has(const struct held *h, const union addr *from, struct str cookie)
{
    const struct le *le = list_head(hash_list(h->by_cookie, key_of(cookie)));

    for (; le; le = le->next) {
        const struct reply *r = le->data;

        if (str_equal(r->cookie, cookie) && addr_equal(&r->to, from))
            return true;
    }
    return false;
}

static void held_destructor(void *data)
{
    struct held *h = data;

    fd_close(journal_event_fd(h->journal));
    list_flush(&h->replies);
    mem_deref(h->by_cookie);
}

int held_alloc(struct held **hp, struct journal *j, held_send_h *send_h, void *arg)
{
    struct held *h = mem_zalloc(sizeof(*h), held_destructor);
    int err;

    if (!h)
        return ENOMEM;
    h->journal = j;
    h->send_h = send_h;
    h->arg = arg;
    err = hash_alloc(&h->by_cookie, BUCKETS);
    if (!err)
        err = fd_listen(journal_event_fd(j), FD_READ, settled_h, h);
    if (err)
        mem_deref(h);
    else
        *hp = h;
    return err;
}

void held_free(struct held *h)
{
    struct pollfd p = {.events = POLLIN};
    const uint64_t until_us = clock_now_us() + JOURNAL_CLOSE_MS * 1000ull;

    if (!h)
        return;
    p.fd = journal_event_fd(h->journal);
    let_go(h);
    while (h->replies.head && clock_now_us() < until_us && poll(&p, 1, JOURNAL_CLOSE_MS) >= 0)
        let_go(h);
    mem_deref(h);
}
