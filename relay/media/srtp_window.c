#include "relay/media/srtp_window.h"

#define HALF_OF_SEQS 0x8000

uint64_t srtp_window_guess(const struct srtp_window *w, uint16_t seq)
{
    uint64_t roc = w->highest >> 16;
    int32_t last = (int32_t)(w->highest & 0xffff);
    int32_t ahead = (int32_t)seq - last;

    if (w->highest <= HALF_OF_SEQS) /* no packet can be from before ROC 0 */
        return seq;
    if (last < HALF_OF_SEQS && ahead > HALF_OF_SEQS)
        roc--;
    else if (last >= HALF_OF_SEQS && ahead < -HALF_OF_SEQS)
        roc++;
    return roc << 16 | seq;
}

uint64_t srtp_window_retry(uint64_t guess, unsigned n_failed)
{
    return guess + ((uint64_t)(1 + n_failed % SRTP_RETRY_ROCS) << 16);
}

bool srtp_window_is_fresh(const struct srtp_window *w, uint64_t index)
{
    uint64_t behind;

    if (index > w->highest)
        return index <= SRTP_INDEX_MAX;
    behind = w->highest - index;
    if (behind >= SRTP_WINDOW_PACKETS)
        return false;
    return !(w->seen[behind / 64] >> behind % 64 & 1);
}

static void move_on(struct srtp_window *w, uint64_t n)
{
    if (n < 64) {
        w->seen[1] = w->seen[1] << n | w->seen[0] >> (64 - n);
        w->seen[0] <<= n;
        return;
    }
    w->seen[1] = n < SRTP_WINDOW_PACKETS ? w->seen[0] << (n - 64) : 0;
    w->seen[0] = 0;
}

void srtp_window_add(struct srtp_window *w, uint64_t index)
{
    uint64_t behind = 0;

    if (index > w->highest) {
        move_on(w, index - w->highest); /* at least 1: no shift by 64 */
        w->highest = index;
    } else {
        behind = w->highest - index;
    }
    w->seen[behind / 64] |= UINT64_C(1) << behind % 64;
}
