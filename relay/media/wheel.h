#ifndef PICRELAY_WHEEL_H
#define PICRELAY_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A hashed timing wheel with intrusive nodes (Varghese and Lauck, scheme 6): arming and cancelling
 * cost the same however many timers there are, and nothing is allocated. [pure]
 * Thread: one, its owner.
 *
 * A timer fires in the first tick that is not before its deadline: never early, at most one tick
 * late. Deadlines further away than a rotation are kept, at the price of one look per rotation.
 */

#define WHEEL_TICK_US 1000
#define WHEEL_SLOTS   8192 /* a rotation of 8.2 s: longer than any deadline of the data plane */

/** Embedded in what it belongs to; zero is "not armed". */
struct wheel_node {
    struct wheel_node *next, **link; /* link: what points here; NULL: not armed */
    uint64_t tick;
    uint32_t kind; /* for the owner: which of an object's timers this is */
};

struct wheel {
    uint64_t tick; /* the next tick to look at */
    size_t n_armed;
    struct wheel_node *slot[WHEEL_SLOTS];
    uint64_t used[WHEEL_SLOTS / 64]; /* a bit for each slot that is not empty */
};

void wheel_init(struct wheel *w, uint64_t now_us);

/** Arms a timer, or moves it. @param deadline_us  UINT64_MAX: cancels it */
void wheel_arm(struct wheel *w, struct wheel_node *node, uint64_t deadline_us);
void wheel_cancel(struct wheel *w, struct wheel_node *node);

static inline bool wheel_is_armed(const struct wheel_node *node)
{
    return node->link != NULL;
}

/** Takes one timer that is due; call until NULL. It is no longer armed then. */
struct wheel_node *wheel_expire(struct wheel *w, uint64_t now_us);

/** @return when wheel_expire() has something next [us]; UINT64_MAX: nothing is armed */
uint64_t wheel_deadline_us(const struct wheel *w);

#endif
