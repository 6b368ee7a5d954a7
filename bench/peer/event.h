#ifndef PICRELAY_BENCH_PEER_EVENT_H
#define PICRELAY_BENCH_PEER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** DTMF digits as RFC 4733 telephone events, out and in. [pure] */

#define PEER_DIGITS_MAX 64

/** Digits waiting to be sent, and the one that is being sent. */
struct peer_event_sender {
    char digits[PEER_DIGITS_MAX + 1];
    unsigned at, packets; /* the digit, and how many packets of it have gone */
};

/** @return 0; EINVAL: not 0-9 * # A-D; ENOSPC */
int peer_event_queue(struct peer_event_sender *s, const char *digits);
bool peer_event_is_waiting(const struct peer_event_sender *s);

/**
 * Writes the next packet's 4 bytes of payload: a digit lasts 5 packets, the last one again twice.
 * @param ticks  of a packet time, in the clock of the event format
 * @param is_first  of its digit: it starts at this packet's time and carries the marker
 */
void peer_event_next(struct peer_event_sender *s, uint8_t payload[static 4], uint32_t ticks,
                     bool *is_first);
/** Packets of the present digit that have gone; 0: none is being sent. */
unsigned peer_event_packets(const struct peer_event_sender *s);

/** Digits that came. */
struct peer_event_receiver {
    char digits[PEER_DIGITS_MAX + 1];
    unsigned n, packets;
    unsigned ends, bad; /* end packets; payloads that are no event */
    uint32_t last_ts;
    uint16_t last_duration; /* of the last digit [ticks] */
};

void peer_event_put(struct peer_event_receiver *r, uint32_t ts, const uint8_t *payload, size_t n);

#endif
