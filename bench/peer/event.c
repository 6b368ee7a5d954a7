#include "bench/peer/event.h"

#include <errno.h>
#include <string.h>

#include "bench/peer/rtp.h"

/* 100 ms of digit, then RFC 4733 s.2.5.1.4: the end is sent three times in all */
#define DIGIT_PACKETS 5
#define END_PACKETS   3
#define VOLUME        10 /* -10 dBm0 */

static const char digit_names[] = "0123456789*#ABCD";

int peer_event_queue(struct peer_event_sender *s, const char *digits)
{
    size_t n = strlen(digits), n_queued = strlen(s->digits);

    if (strspn(digits, digit_names) != n)
        return EINVAL;
    if (n_queued + n > PEER_DIGITS_MAX)
        return ENOSPC;
    memcpy(s->digits + n_queued, digits, n + 1);
    return 0;
}

bool peer_event_is_waiting(const struct peer_event_sender *s)
{
    return s->digits[s->at];
}

unsigned peer_event_packets(const struct peer_event_sender *s)
{
    return s->packets;
}

void peer_event_next(struct peer_event_sender *s, uint8_t payload[static 4], uint32_t ticks,
                     bool *is_first)
{
    unsigned n = s->packets + 1;
    bool is_end = n >= DIGIT_PACKETS;
    uint32_t duration = ticks * (n < DIGIT_PACKETS ? n : DIGIT_PACKETS);

    payload[0] = (uint8_t)(strchr(digit_names, s->digits[s->at]) - digit_names);
    payload[1] = (uint8_t)(VOLUME | (is_end ? 0x80 : 0));
    peer_put16(payload + 2, (uint16_t)duration);
    *is_first = n == 1;
    s->packets = n;
    if (n == DIGIT_PACKETS - 1 + END_PACKETS) {
        s->packets = 0;
        s->at++;
    }
}

void peer_event_put(struct peer_event_receiver *r, uint32_t ts, const uint8_t *payload, size_t n)
{
    if (n < 4 || payload[0] > 15) {
        r->bad++;
        return;
    }
    /* s.2.5.1.2: all packets of an event have its start as timestamp */
    bool is_new = !r->packets || ts != r->last_ts;
    r->packets++;
    r->last_ts = ts;
    r->last_duration = peer_get16(payload + 2);
    r->ends += payload[1] >> 7;
    if (is_new && r->n < PEER_DIGITS_MAX)
        r->digits[r->n++] = digit_names[payload[0]];
}
