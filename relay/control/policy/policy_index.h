#ifndef PICRELAY_POLICY_INDEX_H
#define PICRELAY_POLICY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "relay/str.h"

/**
 * Texts to numbers: how domains and users of a policy table are found. [pure] Thread: the one that
 * loads the table; after that any. A zeroed struct is empty. Only the administrator's file puts
 * keys in, so the hash need not withstand anybody who chooses them.
 */

struct policy_index_slot {
    uint32_t hash, key_bytes;
    size_t key_at; /* in keys */
    uint32_t value;
};

struct policy_index {
    struct policy_index_slot *slots; /* open addressing; free: key_bytes is 0 */
    size_t n_slots, n_used;          /* a power of two, at most half of it used */
    char *keys;
    size_t keys_bytes, keys_cap;
};

/** @param key  not empty, not yet in it @return 0; ENOMEM */
int policy_index_add(struct policy_index *index, struct str key, uint32_t value);

/** @return NULL: not there; else its value, until the next policy_index_add() */
const uint32_t *policy_index_find(const struct policy_index *index, struct str key);

/** Goes through the keys, in no order. @param at  0 at first; is moved on @return empty: no more */
struct str policy_index_next(const struct policy_index *index, size_t *at);

void policy_index_wipe(struct policy_index *index);

#endif
