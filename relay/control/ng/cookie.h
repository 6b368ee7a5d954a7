#ifndef PICRELAY_COOKIE_H
#define PICRELAY_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/str.h"

/**
 * The cache of answers: the same cookie from the same source (address and port: a client sends
 * again from the socket it waits on) within 30 s gets the same bytes, and its command is not
 * executed again. Bounded; the oldest goes first. [pure: time is given]
 * Thread: control. Source: NG protocol, cookies and retransmission.
 */

struct cookie_cache;

/** @param max_bytes  of stored replies; @param lifetime_us  at least this long, at most twice */
int cookie_cache_alloc(struct cookie_cache **cp, size_t max_bytes, uint64_t lifetime_us);
void cookie_cache_free(struct cookie_cache *c);

/** @return the stored reply, valid until the next call; {NULL, 0}: not known */
struct str cookie_cache_get(struct cookie_cache *c, const union addr *source, struct str cookie,
                            uint64_t now_us);
/** Stores a reply. Out of memory only means that a retransmission is executed again. */
void cookie_cache_put(struct cookie_cache *c, const union addr *source, struct str cookie,
                      struct str reply, uint64_t now_us);

#endif
