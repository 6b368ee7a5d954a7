#ifndef PICRELAY_HELD_H
#define PICRELAY_HELD_H

#include "relay/control/libre.h"
#include <stdbool.h>

#include "relay/addr.h"
#include "relay/control/status/journal.h"
#include "relay/str.h"

/**
 * Replies that wait until the decisions they tell of are on the disk (audit: sync: each), while the
 * main loop goes on. Thread: control.
 */

struct held;

struct held_reply {
    void *listener; /* that the request came to */
    const union addr *to;
    struct str cookie, bytes;
};

/** Gives a reply that may go now. */
typedef void(held_send_h)(const struct held_reply *r, void *arg);

/** @param j  borrowed until held_free(); of CONFIG_SYNC_EACH @return 0; ENOMEM; of fd_listen() */
int held_alloc(struct held **hp, struct journal *j, held_send_h *send_h, void *arg);
/** Waits for what is held, for at most JOURNAL_CLOSE_MS, and lets it go. NULL is allowed. */
void held_free(struct held *h);

/** Keeps a reply until the journal has settled `place`. @return 0; ENOMEM, ENOBUFS: it is lost */
int held_put(struct held *h, const struct held_reply *r, uint64_t place);

/** Whether half of what can be kept is free: without that no new call is decided about. */
bool held_takes_more(const struct held *h);

/** Whether the reply to that cookie is being held: what asks again gets it when it goes. */
bool held_has(const struct held *h, const union addr *from, struct str cookie);

#endif
