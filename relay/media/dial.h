#ifndef PICRELAY_DIAL_H
#define PICRELAY_DIAL_H

#include "codec/digit_queue.h"
#include "codec/dtmf.h"
#include "relay/media/packet.h"
#include "relay/media/wheel.h"

/**
 * Digits of our own in a stream that is relayed as it is: RFC 4733 packets are put between those of
 * the peer, with its SSRC, the next sequence numbers and a timestamp of its clock, and the numbers
 * of what follows are moved on. Sound goes on beside them (RFC 4733 s.2.2). Nothing is decoded.
 *
 * Thread: the worker that owns the stream; control allocates one with the first digit, and frees
 * it with the stream.
 */

struct dial {
    struct media_stream *stream; /* whose peer is taken to have dialled */
    struct digit_queue queue;
    struct dtmf_relay relay;
    struct wheel_node timer;
};

static inline struct dial *dial_of_timer(struct wheel_node *node)
{
    return (struct dial *)(void *)((char *)node - offsetof(struct dial, timer));
}

/** @return NULL: no memory */
struct dial *dial_alloc(struct media_stream *s);

/** Takes a digit; it is sent from the timer on. @return 0; ENOBUFS: too many are waiting */
int dial_put(struct dial *d, struct wheel *wheel, const struct digit *digit, uint64_t now_us);

/** The timer has come: what is to be sent now joins the batch. */
void dial_due(struct dial *d, struct wheel *wheel, struct batch *b);

#endif
