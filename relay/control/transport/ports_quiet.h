#ifndef PICRELAY_PORTS_QUIET_H
#define PICRELAY_PORTS_QUIET_H

#include <stdint.h>

#include "relay/addr.h"
#include "relay/control/transport/ports.h"

/**
 * Listens to resting pairs of a pool for the last part of their rest, and gives back those on
 * which nothing arrived. No thread and no event loop of its own: control calls port_quiet_run()
 * from a timer. Thread: control.
 */

struct port_quiet;

/**
 * @param pool       must outlive it
 * @param host       the interface's address; its port is not used
 * @param max_pairs  listened to at a time: the bound of its descriptors is twice that. More pairs
 *                   than that just rest longer
 * @return 0; EINVAL; ENOMEM
 */
int port_quiet_alloc(struct port_quiet **qp, struct port_pool *pool, const union addr *host,
                     unsigned max_pairs);
/** Closes its sockets. The pairs under way never come back: for the end of the pool. NULL is
 * allowed. */
void port_quiet_free(struct port_quiet *q);

/** Does what is due: frees quiet pairs, sends noisy ones back to rest, opens the next ones. */
void port_quiet_run(struct port_quiet *q, uint64_t now_us);
/** @return when to call port_quiet_run() next [us]; UINT64_MAX: not before a pair is released */
uint64_t port_quiet_deadline_us(const struct port_quiet *q);

#endif
