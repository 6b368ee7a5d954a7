#ifndef PICRELAY_REPORTS_H
#define PICRELAY_REPORTS_H

#include "relay/media/packet.h"
#include "relay/media/stream.h"
#include "relay/media/wheel.h"

/** RTCP in the pipeline: what arrives is read, then ends here or goes on translated. */

/** Stage: RTCP of the batch. What goes on is addressed to the other leg's peer. */
void reports_batch(struct batch *b);

/** Starts or ends our own reports on a leg, as its rules want. @param random  for the interval */
void reports_schedule(struct wheel *wheel, struct media_stream *s, uint32_t random,
                      uint64_t now_us);

/** A report is due: adds it to the batch and arms the next. */
void reports_send(struct wheel *wheel, struct media_stream *s, struct batch *b, uint32_t random);

#endif
