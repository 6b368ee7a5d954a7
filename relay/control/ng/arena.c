#include "relay/control/ng/arena.h"

#include <stdlib.h>

#define CHUNK_BYTES 1024

struct arena_chunk {
    struct arena_chunk *older;
    size_t n, cap;
    char bytes[];
};

char *arena_take(struct arena *a, size_t n)
{
    struct arena_chunk *c = a->chunks;
    char *bytes;

    if (!c || n > c->cap - c->n) {
        size_t cap = n > CHUNK_BYTES ? n : CHUNK_BYTES;

        c = malloc(sizeof(*c) + cap);
        if (!c)
            return NULL;
        *c = (struct arena_chunk){.older = a->chunks, .cap = cap};
        a->chunks = c;
    }

    bytes = c->bytes + c->n;
    c->n += n;
    return bytes;
}

void arena_wipe(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *older = a->chunks->older;

        free(a->chunks);
        a->chunks = older;
    }
}
