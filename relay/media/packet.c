#include "relay/media/packet.h"

#include <errno.h>
#include <stdlib.h>

#include "relay/media/stream.h"

int pool_init(struct pool *pool, unsigned n)
{
    unsigned i;

    *pool = (struct pool){.all = calloc(n, sizeof(*pool->all))};
    if (!pool->all)
        return ENOMEM;
    for (i = n; i > 0; i--)
        pool_give(pool, &pool->all[i - 1]);
    return 0;
}

void pool_wipe(struct pool *pool)
{
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
