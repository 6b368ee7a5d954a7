#include "relay/control/policy/policy_index.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_MIN 16
#define KEYS_MIN  256

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t hash_of(struct str key)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < key.n; i++)
        hash = (hash ^ (unsigned char)key.p[i]) * 16777619u;
    return hash;
}

/* The slot of the key, or the free one where it would be. */
static struct policy_index_slot *probe(const struct policy_index *index, struct str key,
                                       uint32_t hash)
{
    for (size_t i = hash & (index->n_slots - 1);; i = (i + 1) & (index->n_slots - 1)) {
        struct policy_index_slot *slot = &index->slots[i];

        if (slot->key_bytes == 0)
            return slot;
        if (slot->hash == hash && slot->key_bytes == key.n &&
            memcmp(index->keys + slot->key_at, key.p, key.n) == 0)
            return slot;
    }
}

static int grow_slots(struct policy_index *index)
{
    struct policy_index grown = *index;

    grown.n_slots = index->n_slots ? index->n_slots * 2 : SLOTS_MIN;
    grown.slots = calloc(grown.n_slots, sizeof(*grown.slots));
    if (!grown.slots)
        return ENOMEM;
    for (size_t i = 0; i < index->n_slots; i++) {
        const struct policy_index_slot *slot = &index->slots[i];
        const struct str key = {index->keys + slot->key_at, slot->key_bytes};

        if (slot->key_bytes)
            *probe(&grown, key, slot->hash) = *slot;
    }
    free(index->slots);
    *index = grown;
    return 0;
}

static int copy_key(struct policy_index *index, struct str key)
{
    while (index->keys_cap - index->keys_bytes < key.n) {
        size_t cap = index->keys_cap ? index->keys_cap * 2 : KEYS_MIN;
        char *keys = realloc(index->keys, cap);

        if (!keys)
            return ENOMEM;
        index->keys = keys;
        index->keys_cap = cap;
    }
    memcpy(index->keys + index->keys_bytes, key.p, key.n);
    index->keys_bytes += key.n;
    return 0;
}

int policy_index_add(struct policy_index *index, struct str key, uint32_t value)
{
    const uint32_t hash = hash_of(key);
    const size_t key_at = index->keys_bytes;
    int err = 0;

    if ((index->n_used + 1) * 2 > index->n_slots)
        err = grow_slots(index);
    if (!err)
        err = copy_key(index, key);
    if (err)
        return err;
    *probe(index, key, hash) = (struct policy_index_slot){
        .hash = hash, .key_bytes = (uint32_t)key.n, .key_at = key_at, .value = value};
    index->n_used++;
    return 0;
}

const uint32_t *policy_index_find(const struct policy_index *index, struct str key)
{
    const struct policy_index_slot *slot;

    if (!index->n_slots || !key.n)
        return NULL;
    slot = probe(index, key, hash_of(key));
    return slot->key_bytes ? &slot->value : NULL;
}

struct str policy_index_next(const struct policy_index *index, size_t *at)
{
    while (*at < index->n_slots) {
        const struct policy_index_slot *slot = &index->slots[(*at)++];

        if (slot->key_bytes)
            return (struct str){index->keys + slot->key_at, slot->key_bytes};
    }
    return STR("");
}

void policy_index_wipe(struct policy_index *index)
{
    free(index->slots);
    free(index->keys);
    *index = (struct policy_index){.slots = NULL};
}
