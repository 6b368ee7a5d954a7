#ifndef PICRELAY_BENCH_PEER_TIMELINE_H
#define PICRELAY_BENCH_PEER_TIMELINE_H

#include "bench/peer/sdp.h"
#include "bench/sound/sound.h"

/**
 * What was heard: payloads decoded in order of arrival and put where their media time says. [pure]
 */

struct peer_timeline;

/** @param seconds  how much is kept. @return 0; ENOMEM */
int peer_timeline_alloc(struct peer_timeline **tp, uint32_t rate_hz, uint32_t seconds);
void peer_timeline_free(struct peer_timeline *t); /* NULL is allowed */

/**
 * @param media_us  time of the payload's first sample, from the start of the record
 * @return 0; ENOTSUP: no such codec; EBADMSG: not decodable; ENOMEM. What lies outside the record
 *         is dropped.
 */
int peer_timeline_put(struct peer_timeline *t, const struct peer_format *format, int64_t media_us,
                      const uint8_t *payload, size_t n);

/** Borrowed until the next call. */
struct sound peer_timeline_heard(const struct peer_timeline *t);

#endif
