#ifndef PICRELAY_TRANSCODE_H
#define PICRELAY_TRANSCODE_H

#include "relay/media/packet.h"
#include "relay/media/stats.h"
#include "relay/media/wheel.h"

/**
 * The slow lane: packets that wait for the codec, and the work on them in portions. A frame costs
 * 100 to 200 us to encode, a relayed packet about one; so what is relayed is sent first, and after
 * TRANSCODE_PORTION_US the worker looks at its sockets again.
 */

#define TRANSCODE_PORTION_US 500
#define TRANSCODE_QUEUE_MAX  512

struct transcode {
    struct packet *queue[TRANSCODE_QUEUE_MAX]; /* a ring: head + n is where the next goes */
    unsigned head, n;
    uint8_t saving; /* steps of complexity that encoders are to save */
};

/** Stage: takes what is to be transcoded out of the batch. A full queue drops (DROP_POOL): the
 *  codec is overloaded, and relayed packets shall not feel it. */
void transcode_take_batch(struct transcode *t, struct batch *b);

/** Works on the queue until the batch is full or the portion is used up, on one packet at least;
 *  results join the batch. */
void transcode_run(struct transcode *t, struct wheel *wheel, struct batch *b, uint64_t end_us);

/** A transcoder's deadline has come: what it has to give now joins the batch. */
void transcode_due(const struct transcode *t, struct wheel *wheel, struct media_stream *s,
                   struct batch *b, uint64_t now_us);

static inline bool transcode_is_idle(const struct transcode *t)
{
    return t->n == 0;
}

/** Drops what waits for a stream that goes (DROP_LATE). */
void transcode_forget(struct transcode *t, const struct media_stream *s, struct batch *b);

#endif
