#ifndef PICRELAY_DIGIT_QUEUE_H
#define PICRELAY_DIGIT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/dtmf.h"

/**
 * Digits that are to be dialled, one after another: says when an update of the one that is on is
 * due, and how long it is by then. [pure] Thread: one at a time. Lives by value in its owner.
 */

#define DIGIT_QUEUE_MAX 8

struct digit {
    uint8_t code, volume; /* of RFC 4733 */
    uint32_t duration_ms, pause_ms;
};

struct digit_queue {
    struct digit digits[DIGIT_QUEUE_MAX]; /* the first is on, or is next */
    unsigned n;
    bool is_on;
    uint64_t begin_us, due_us;
};

/** @return 0; ENOBUFS: too many are waiting */
int digit_queue_put(struct digit_queue *q, const struct digit *digit, uint64_t now_us);

/** Takes the update that is due. @return false: none is */
bool digit_queue_get(struct digit_queue *q, struct dtmf_own *update, uint64_t now_us);

/** @return when to call digit_queue_get() next [us]; UINT64_MAX: nothing waits */
static inline uint64_t digit_queue_deadline_us(const struct digit_queue *q)
{
    return q->n > 0 ? q->due_us : UINT64_MAX;
}

#endif
