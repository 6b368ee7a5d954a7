#include "bench/load/delay_line.h"

#include <errno.h>
#include <stdlib.h>

struct load_delay_line {
    unsigned n;
    struct load_delayed *heap[LOAD_DELAY_LINE_MAX]; /* the first n are a heap; the rest is free */
    struct load_delayed *memory;
};

int load_delay_line_alloc(struct load_delay_line **lp)
{
    struct load_delay_line *l = calloc(1, sizeof(*l));
    if (!l)
        return ENOMEM;

    l->memory = calloc(LOAD_DELAY_LINE_MAX, sizeof(*l->memory));
    if (!l->memory) {
        free(l);
        return ENOMEM;
    }
    for (unsigned i = 0; i < LOAD_DELAY_LINE_MAX; i++)
        l->heap[i] = &l->memory[i];
    *lp = l;
    return 0;
}

void load_delay_line_free(struct load_delay_line *l)
{
    if (!l)
        return;
    free(l->memory);
    free(l);
}

static void swap(struct load_delay_line *l, unsigned i, unsigned j)
{
    struct load_delayed *held = l->heap[i];

    l->heap[i] = l->heap[j];
    l->heap[j] = held;
}

struct load_delayed *load_delay_line_put(struct load_delay_line *l, uint64_t due_ns)
{
    if (l->n == LOAD_DELAY_LINE_MAX)
        return NULL;
    struct load_delayed *d = l->heap[l->n];
    d->due_ns = due_ns;
    for (unsigned i = l->n++; i && l->heap[(i - 1) / 2]->due_ns > due_ns; i = (i - 1) / 2)
        swap(l, i, (i - 1) / 2);
    return d;
}

struct load_delayed *load_delay_line_take(struct load_delay_line *l, uint64_t now_ns)
{
    if (load_delay_line_due_ns(l) > now_ns)
        return NULL;
    swap(l, 0, --l->n);
    for (unsigned i = 0;;) {
        unsigned least = i;

        for (unsigned j = 2 * i + 1; j <= 2 * i + 2 && j < l->n; j++)
            if (l->heap[j]->due_ns < l->heap[least]->due_ns)
                least = j;
        if (least == i)
            break;
        swap(l, i, least);
        i = least;
    }
    return l->heap[l->n];
}

uint64_t load_delay_line_due_ns(const struct load_delay_line *l)
{
    return l->n ? l->heap[0]->due_ns : UINT64_MAX;
}
