#ifndef PICRELAY_CONTROL_PLAN_H
#define PICRELAY_CONTROL_PLAN_H

#include "relay/control/call.h"

/**
 * What two streams do with each other's formats, as their descriptions, the requests and the
 * configuration say. Thread: control.
 */

/** @param from, to  of the offerer, of the answerer
 *  @param answer    the m= line of the answer, which may not be in force yet
 *  @return as negotiate_answer() */
int plan_line(struct negotiated_plan *plan, const struct stream *from, const struct stream *to,
              const struct sdp_media *answer);

/**
 * Wants something else of the digits in what a stream receives, for the rest of the call, and puts
 * that into force at once. Nothing of it is signalled: the peers go on as they have agreed.
 * @return 0; EBUSY: an offer waits for its answer, which may change everything; ENOTCONN: nothing
 *         flows; ENOTSUP: what is sent cannot be transcoded; ENOMEM. On an error all stays.
 */
int plan_digits(struct stream *s, enum negotiate_digits digits);

#endif
