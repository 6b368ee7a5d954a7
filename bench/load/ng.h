#ifndef PICRELAY_BENCH_LOAD_NG_H
#define PICRELAY_BENCH_LOAD_NG_H

#include <stddef.h>
#include <stdint.h>

#include "bench/load/bencode.h"

/**
 * NG over UDP with a fixed number of requests under way, each in its place. A request is sent again
 * after 1 s, as Kamailio's module does, and given up after five tries. Unlike ng_client it keeps no
 * loop and makes no tree of the reply. One thread.
 */

#define LOAD_NG_PLACES_MAX 1024
#define LOAD_NG_TRIES      5
#define LOAD_NG_RETRY_NS   UINT64_C(1000000000)

struct load_ng;

/**
 * A request has come to its end; its place is free again.
 * @param reply    the dictionary, borrowed for the call; n 0: no reply to any try
 * @param took_ns  since its first try
 */
typedef void(load_ng_h)(unsigned place, struct load_text reply, uint64_t took_ns, void *arg);

/** @param address  "127.0.0.1:2223" or "[::1]:2223". @return 0; EINVAL; ENOMEM; of socket() */
int load_ng_alloc(struct load_ng **np, const char *address);
void load_ng_free(struct load_ng *ng); /* NULL is allowed */

/**
 * Sends a dictionary.
 * @param place  free, below LOAD_NG_PLACES_MAX
 * @return 0; ENOMEM
 */
int load_ng_send(struct load_ng *ng, unsigned place, struct load_text request);

#define LOAD_NG_WAIT_MS 10

/** Waits for replies, up to wait_ms, hands them over, and tries again what is late. */
void load_ng_poll(struct load_ng *ng, int wait_ms, load_ng_h *h, void *arg);

/**
 * Is there a relay? Waits for the reply to a ping, before anything else is sent.
 * @return 0; ECONNREFUSED: nobody listens there; ETIMEDOUT: no reply to any try; EINTR: stopped
 */
int load_ng_ping(struct load_ng *ng);

/** A socket to that address, as load_ng_alloc() has one. @return 0; EINVAL; of socket() */
int load_ng_connect(int *fd, const char *address);

/** How many requests had to be sent again. */
uint64_t load_ng_retries(const struct load_ng *ng);

#endif
