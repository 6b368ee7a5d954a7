#ifndef PICRELAY_ICE_CHECKS_H
#define PICRELAY_ICE_CHECKS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ice/ice.h"

/**
 * What was tried towards each address of a component's peer, and what came back: the answer to "why
 * did ICE not connect". [pure] Small, as every component has one.
 */

#define CHECKS_MAX    ICE_CHECKS_MAX
#define CHECKS_IDS    64 /* open transactions that are remembered; a power of two */
#define CHECKS_ID_MIN 4  /* bytes of an id that are kept: random, enough against a stranger */

struct checks {
    struct checks_entry *entries; /* grown as needed */
    uint8_t n, cap;
    uint8_t next_id;
    uint32_t ids[CHECKS_IDS];
};

void checks_wipe(struct checks *c);
/** Forgets what was tried: a new generation of credentials. Open transactions are kept. */
void checks_restart(struct checks *c);

/** A request of ours went there. @param id  CHECKS_ID_MIN bytes of its transaction */
void checks_sent(struct checks *c, const struct sockaddr_storage *to, const uint8_t *id);
/** A request that goes elsewhere than to a peer: its id is remembered. */
void checks_open(struct checks *c, const uint8_t *id);
/** @return whether a request with that id was sent lately */
bool checks_is_open(const struct checks *c, const uint8_t *id);
/** A response came. @param error  its ERROR-CODE; 0: success */
void checks_answered(struct checks *c, const struct sockaddr_storage *from, int error);
/** An authentic request came. */
void checks_received(struct checks *c, const struct sockaddr_storage *from);

/** @return how many were written */
size_t checks_read(const struct checks *c, struct ice_check *out, size_t max);

/** Whether address and port are the same. */
bool checks_is_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

#endif
