#include "relay/media/packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "relay/media/stream.h"

#define HUGE_PAGE_BYTES (2u << 20)

/* All packets are used in turn: with pages of 4 KB, each would cost a walk of the page tables. */
static struct packet *alloc_packets(unsigned n)
{
    size_t n_bytes = n * sizeof(struct packet);
    size_t align = n_bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : CACHE_LINE;
    struct packet *all;

    n_bytes = (n_bytes + align - 1) / align * align;
    all = aligned_alloc(align, n_bytes);
    if (!all)
        return NULL;
    if (align == HUGE_PAGE_BYTES)
        (void)madvise(all, n_bytes, MADV_HUGEPAGE); /* may be refused: then they are small ones */
    memset(all, 0, n_bytes);
    return all;
}

int pool_init(struct pool *pool, unsigned n)
{
    unsigned i;

    *pool = (struct pool){.all = alloc_packets(n), .free = calloc(n, sizeof(struct packet *))};
    if (!pool->all || !pool->free) {
        pool_wipe(pool);
        return ENOMEM;
    }
    for (i = n; i > 0; i--)
        pool_give(pool, &pool->all[i - 1]);
    return 0;
}

void pool_wipe(struct pool *pool)
{
    free(pool->free);
    free(pool->all);
    *pool = (struct pool){0};
}

void packet_drop(struct packet *p, enum drop reason, struct pool *pool, _Atomic uint64_t *drops)
{
    counter_add(&drops[reason], 1);
    if (p->stream)
        counter_add(&p->stream->count.drops[reason], 1);
    else if (p->out)
        counter_add(&p->out->count.drops[reason], 1);
    pool_give(pool, p);
}

void batch_drop(struct batch *b, struct packet *p, enum drop reason)
{
    packet_drop(p, reason, b->pool, b->drops);
}
