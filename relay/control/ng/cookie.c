#include "relay/control/ng/cookie.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "relay/control/ng/siphash.h"

#define BYTES_PER_BUCKET 1024 /* about one cached offer */
#define BUCKETS_MIN      64u
#define BUCKETS_MAX      65536u

/** One reply. Replies share one lifetime, so the order of arrival is also that of expiry. */
struct entry {
    struct entry *next_in_bucket;
    struct entry *younger;
    uint64_t hash, expires_us;
    union addr source;
    size_t n_cookie, n_reply;
    char bytes[]; /* cookie, reply */
};

struct cookie_cache {
    struct siphash_key key; /* cookies are chosen by the sender: see siphash.h */
    struct entry *oldest, *youngest;
    size_t n_bytes, max_bytes;
    uint64_t lifetime_us;
    size_t mask;
    struct entry *buckets[];
};

static size_t bucket_count(size_t max_bytes)
{
    size_t n = BUCKETS_MIN;

    while (n < BUCKETS_MAX && n * BYTES_PER_BUCKET < max_bytes)
        n *= 2;
    return n;
}

int cookie_cache_alloc(struct cookie_cache **cp, size_t max_bytes, uint64_t lifetime_us)
{
    size_t n_buckets = bucket_count(max_bytes);
    struct cookie_cache *c = calloc(1, sizeof(*c) + n_buckets * sizeof(struct entry *));

    if (!c)
        return ENOMEM;
    if (getrandom(&c->key, sizeof(c->key), 0) != (ssize_t)sizeof(c->key)) {
        free(c);
        return EIO;
    }
    c->max_bytes = max_bytes;
    c->lifetime_us = lifetime_us;
    c->mask = n_buckets - 1;
    *cp = c;
    return 0;
}

static size_t entry_bytes(const struct entry *e)
{
    return sizeof(*e) + e->n_cookie + e->n_reply;
}

static void drop_oldest(struct cookie_cache *c)
{
    struct entry *e = c->oldest, **link = &c->buckets[e->hash & c->mask];

    while (*link != e)
        link = &(*link)->next_in_bucket;
    *link = e->next_in_bucket;

    c->oldest = e->younger;
    if (!c->oldest)
        c->youngest = NULL;
    c->n_bytes -= entry_bytes(e);
    free(e);
}

void cookie_cache_free(struct cookie_cache *c)
{
    if (!c)
        return;
    while (c->oldest)
        drop_oldest(c);
    free(c);
}

static void drop_expired(struct cookie_cache *c, uint64_t now_us)
{
    while (c->oldest && c->oldest->expires_us <= now_us)
        drop_oldest(c);
}

/** Address and port without the padding of their structures. */
static uint64_t hash_of(const struct cookie_cache *c, const union addr *source, struct str cookie)
{
    uint64_t text[4] = {siphash(&c->key, cookie.p, cookie.n), addr_port(source)};

    if (source->sa.sa_family == AF_INET)
        memcpy(&text[2], &source->in.sin_addr, sizeof(source->in.sin_addr));
    else if (source->sa.sa_family == AF_INET6)
        memcpy(&text[2], &source->in6.sin6_addr, sizeof(source->in6.sin6_addr));
    return siphash(&c->key, text, sizeof(text));
}

static struct entry *find(const struct cookie_cache *c, uint64_t hash, const union addr *source,
                          struct str cookie)
{
    struct entry *e = c->buckets[hash & c->mask];

    while (e && !(e->hash == hash && addr_equal(&e->source, source) &&
                  str_equal((struct str){e->bytes, e->n_cookie}, cookie)))
        e = e->next_in_bucket;
    return e;
}

struct str cookie_cache_get(struct cookie_cache *c, const union addr *source, struct str cookie,
                            uint64_t now_us)
{
    const struct entry *e;

    drop_expired(c, now_us);
    e = find(c, hash_of(c, source, cookie), source, cookie);
    return e ? (struct str){e->bytes + e->n_cookie, e->n_reply} : (struct str){NULL, 0};
}

static struct entry *entry_new(uint64_t hash, const union addr *source, struct str cookie,
                               struct str reply)
{
    struct entry *e = malloc(sizeof(*e) + cookie.n + reply.n);

    if (!e)
        return NULL;
    *e = (struct entry){.hash = hash, .source = *source, .n_cookie = cookie.n, .n_reply = reply.n};
    if (cookie.n)
        memcpy(e->bytes, cookie.p, cookie.n);
    if (reply.n)
        memcpy(e->bytes + cookie.n, reply.p, reply.n);
    return e;
}

static void append(struct cookie_cache *c, struct entry *e)
{
    struct entry **bucket = &c->buckets[e->hash & c->mask];

    e->next_in_bucket = *bucket; /* in front: of two of one cookie the younger is found */
    *bucket = e;
    if (c->youngest)
        c->youngest->younger = e;
    else
        c->oldest = e;
    c->youngest = e;
    c->n_bytes += entry_bytes(e);
}

void cookie_cache_put(struct cookie_cache *c, const union addr *source, struct str cookie,
                      struct str reply, uint64_t now_us)
{
    size_t n_bytes = sizeof(struct entry) + cookie.n + reply.n;
    struct entry *e;

    drop_expired(c, now_us);
    if (n_bytes > c->max_bytes)
        return;

    e = entry_new(hash_of(c, source, cookie), source, cookie, reply);
    if (!e)
        return;
    e->expires_us = now_us + c->lifetime_us;
    while (c->n_bytes > c->max_bytes - n_bytes)
        drop_oldest(c);
    append(c, e);
}
