#include "ice/checks.h"

#include <stdlib.h>
#include <string.h>

#define GROWTH 4

union host {
    sa_family_t family;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

struct checks_entry {
    union host to;
    uint16_t n_sent, n_answered, n_received, error;
};

void checks_wipe(struct checks *c)
{
    free(c->entries);
    memset(c, 0, sizeof(*c));
}

void checks_restart(struct checks *c)
{
    c->n = 0;
}

bool checks_is_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    const struct sockaddr_in *a4 = (const struct sockaddr_in *)a, *b4 = (const void *)b;
    const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a, *b6 = (const void *)b;

    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
    return a->ss_family == AF_INET6 && a6->sin6_port == b6->sin6_port &&
           IN6_ARE_ADDR_EQUAL(&a6->sin6_addr, &b6->sin6_addr);
}

static bool is_at(const struct checks_entry *e, const struct sockaddr_storage *addr)
{
    struct sockaddr_storage to = {0};

    memcpy(&to, &e->to, sizeof(e->to));
    return checks_is_same(&to, addr);
}

/* @return NULL: the table is full, or there is no memory; then this address is not told of */
static struct checks_entry *entry_of(struct checks *c, const struct sockaddr_storage *addr)
{
    struct checks_entry *grown;

    for (uint8_t i = 0; i < c->n; i++)
        if (is_at(&c->entries[i], addr))
            return &c->entries[i];
    if (c->n == CHECKS_MAX)
        return NULL;
    if (c->n == c->cap) {
        grown = realloc(c->entries, (size_t)(c->cap + GROWTH) * sizeof(*grown));
        if (!grown)
            return NULL;
        c->entries = grown;
        c->cap = (uint8_t)(c->cap + GROWTH);
    }
    memset(&c->entries[c->n], 0, sizeof(c->entries[0]));
    memcpy(&c->entries[c->n].to, addr, sizeof(union host));
    return &c->entries[c->n++];
}

static void count(uint16_t *counter)
{
    if (*counter < UINT16_MAX)
        ++*counter;
}

static uint32_t id_of(const uint8_t *id)
{
    uint32_t v;

    memcpy(&v, id, sizeof(v));
    return v;
}

void checks_open(struct checks *c, const uint8_t *id)
{
    c->ids[c->next_id++ % CHECKS_IDS] = id_of(id);
}

void checks_sent(struct checks *c, const struct sockaddr_storage *to, const uint8_t *id)
{
    struct checks_entry *e = entry_of(c, to);

    if (!checks_is_open(c, id)) /* else sent again */
        checks_open(c, id);
    if (e)
        count(&e->n_sent);
}

bool checks_is_open(const struct checks *c, const uint8_t *id)
{
    const uint32_t v = id_of(id);

    for (unsigned i = 0; i < CHECKS_IDS; i++)
        if (c->ids[i] == v)
            return true;
    return false;
}

void checks_answered(struct checks *c, const struct sockaddr_storage *from, int error)
{
    struct checks_entry *e = entry_of(c, from);

    if (!e)
        return;
    if (error)
        e->error = (uint16_t)error;
    else
        count(&e->n_answered);
}

void checks_received(struct checks *c, const struct sockaddr_storage *from)
{
    struct checks_entry *e = entry_of(c, from);

    if (e)
        count(&e->n_received);
}

size_t checks_read(const struct checks *c, struct ice_check *out, size_t max)
{
    size_t n = 0;

    for (; n < c->n && n < max; n++) {
        const struct checks_entry *e = &c->entries[n];

        out[n] = (struct ice_check){.n_sent = e->n_sent,
                                    .n_answered = e->n_answered,
                                    .n_received = e->n_received,
                                    .error = e->error};
        memcpy(&out[n].remote, &e->to, sizeof(e->to));
    }
    return n;
}
