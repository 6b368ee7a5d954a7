#include "codec/digit_queue.h"

#include <errno.h>
#include <string.h>

enum { UPDATE_US = 20000 };

int digit_queue_put(struct digit_queue *q, const struct digit *digit, uint64_t now_us)
{
    if (q->n == DIGIT_QUEUE_MAX)
        return ENOBUFS;
    if (q->n == 0 && q->due_us < now_us) /* otherwise the pause after the last digit still runs */
        q->due_us = now_us;
    q->digits[q->n++] = *digit;
    return 0;
}

static void end_first(struct digit_queue *q, uint64_t length_us)
{
    q->due_us = q->begin_us + length_us + q->digits[0].pause_ms * 1000ULL;
    q->is_on = false;
    q->n--;
    memmove(&q->digits[0], &q->digits[1], q->n * sizeof(q->digits[0]));
}

bool digit_queue_get(struct digit_queue *q, struct dtmf_own *update, uint64_t now_us)
{
    const struct digit *d = &q->digits[0];
    const uint64_t longest_us = d->duration_ms * 1000ULL;

    if (q->n == 0 || now_us < q->due_us)
        return false;

    *update = (struct dtmf_own){
        .code = d->code, .volume = d->volume, .is_new = !q->is_on, .per_second = 1000000};
    if (!q->is_on)
        q->begin_us = now_us;
    q->is_on = true;
    update->length = now_us - q->begin_us + UPDATE_US;
    q->due_us = now_us + UPDATE_US;
    if (update->length >= longest_us) {
        update->length = longest_us;
        update->is_end = true;
        end_first(q, longest_us);
    }
    return true;
}
