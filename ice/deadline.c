#include "ice/deadline.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define CAP_MIN 64

int deadline_reserve(struct deadline_heap *h, size_t n)
{
    struct deadline **slots;
    size_t cap = h->cap ? h->cap : CAP_MIN;

    if (n <= h->cap)
        return 0;
    while (cap < n)
        cap *= 2;

    slots = reallocarray(h->slots, cap, sizeof(struct deadline *));
    if (!slots)
        return ENOMEM;

    h->slots = slots;
    h->cap = cap;
    return 0;
}

void deadline_wipe(struct deadline_heap *h)
{
    free(h->slots);
    *h = (struct deadline_heap){0};
}

static void put(struct deadline_heap *h, size_t place, struct deadline *d)
{
    h->slots[place - 1] = d;
    d->place = place;
}

static void sift_up(struct deadline_heap *h, struct deadline *d)
{
    size_t place = d->place;

    while (place > 1 && h->slots[place / 2 - 1]->at_us > d->at_us) {
        put(h, place, h->slots[place / 2 - 1]);
        place /= 2;
    }
    put(h, place, d);
}

static void sift_down(struct deadline_heap *h, struct deadline *d)
{
    size_t place = d->place;

    for (;;) {
        size_t child = place * 2;

        if (child > h->n)
            break;
        if (child < h->n && h->slots[child]->at_us < h->slots[child - 1]->at_us)
            child++;
        if (h->slots[child - 1]->at_us >= d->at_us)
            break;
        put(h, place, h->slots[child - 1]);
        place = child;
    }
    put(h, place, d);
}

static void take_out(struct deadline_heap *h, struct deadline *d)
{
    struct deadline *last = h->slots[--h->n];

    if (last != d) {
        put(h, d->place, last);
        sift_up(h, last);
        sift_down(h, last);
    }
    d->place = 0;
}

void deadline_set(struct deadline_heap *h, struct deadline *d, uint64_t at_us)
{
    d->at_us = at_us;
    if (at_us == UINT64_MAX) {
        if (d->place)
            take_out(h, d);
        return;
    }
    if (!d->place) {
        assert(h->n < h->cap);
        put(h, ++h->n, d);
    }
    sift_up(h, d);
    sift_down(h, d);
}

struct deadline *deadline_first(const struct deadline_heap *h)
{
    return h->n ? h->slots[0] : NULL;
}
