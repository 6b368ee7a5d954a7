#include "relay/media/wheel.h"

#include <string.h>

#define WORD_BITS 64

void wheel_init(struct wheel *w, uint64_t now_us)
{
    memset(w, 0, sizeof(*w));
    w->tick = now_us / WHEEL_TICK_US;
}

void wheel_cancel(struct wheel *w, struct wheel_node *node)
{
    size_t slot = node->tick % WHEEL_SLOTS;

    if (!node->link)
        return;
    *node->link = node->next;
    if (node->next)
        node->next->link = node->link;
    node->next = NULL;
    node->link = NULL;
    w->n_armed--;
    if (!w->slot[slot])
        w->used[slot / WORD_BITS] &= ~(UINT64_C(1) << (slot % WORD_BITS));
}

void wheel_arm(struct wheel *w, struct wheel_node *node, uint64_t deadline_us)
{
    struct wheel_node **head;
    size_t slot;

    wheel_cancel(w, node);
    if (deadline_us == UINT64_MAX)
        return;
    /* rounded up, so that no timer fires early */
    node->tick = deadline_us / WHEEL_TICK_US + (deadline_us % WHEEL_TICK_US != 0);
    if (node->tick < w->tick)
        node->tick = w->tick;
    slot = node->tick % WHEEL_SLOTS;
    head = &w->slot[slot];
    node->next = *head;
    node->link = head;
    if (*head)
        (*head)->link = &node->next;
    *head = node;
    w->used[slot / WORD_BITS] |= UINT64_C(1) << (slot % WORD_BITS);
    w->n_armed++;
}

/* The first tick from `tick` on, within one rotation, whose slot is not empty. */
static uint64_t next_used_tick(const struct wheel *w, uint64_t tick)
{
    size_t slot = tick % WHEEL_SLOTS;
    uint64_t word = w->used[slot / WORD_BITS] >> (slot % WORD_BITS);
    uint64_t n;

    if (word)
        return tick + (uint64_t)__builtin_ctzll(word);
    for (n = WORD_BITS - slot % WORD_BITS; n < WHEEL_SLOTS + WORD_BITS; n += WORD_BITS) {
        word = w->used[((slot + n) % WHEEL_SLOTS) / WORD_BITS];
        if (word)
            return tick + n + (uint64_t)__builtin_ctzll(word);
    }
    return UINT64_MAX;
}

struct wheel_node *wheel_expire(struct wheel *w, uint64_t now_us)
{
    uint64_t now_tick = now_us / WHEEL_TICK_US;
    uint64_t end_tick = now_tick;
    struct wheel_node *node;
    uint64_t tick;

    if (now_tick >= w->tick + WHEEL_SLOTS) /* long asleep: each slot is looked at once */
        end_tick = w->tick + WHEEL_SLOTS - 1;
    while (w->n_armed > 0 && w->tick <= end_tick) {
        tick = next_used_tick(w, w->tick);
        if (tick > end_tick)
            break;
        w->tick = tick;
        for (node = w->slot[tick % WHEEL_SLOTS]; node; node = node->next) {
            if (node->tick <= now_tick) {
                wheel_cancel(w, node);
                return node;
            }
        }
        w->tick = tick + 1; /* what is left there is of a later rotation */
    }
    if (w->tick <= now_tick)
        w->tick = now_tick + 1;
    return NULL;
}

uint64_t wheel_deadline_us(const struct wheel *w)
{
    if (w->n_armed == 0)
        return UINT64_MAX;
    return next_used_tick(w, w->tick) * WHEEL_TICK_US;
}
