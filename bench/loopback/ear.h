#ifndef PICRELAY_LOOPBACK_EAR_H
#define PICRELAY_LOOPBACK_EAR_H

#include "bench/loopback/feed.h"
#include "bench/loopback/jitter.h"
#include "bench/loopback/level.h"
#include "bench/loopback/timed.h"

/**
 * What one end hears: a peer's packets through a jitter buffer, to a loudspeaker or to nobody, and
 * remembered. Thread: the loop's.
 */

struct ear;

/** @return 0; ENOMEM; EINVAL: more than an hour */
int ear_alloc(struct ear **ep, uint32_t record_s);
void ear_free(struct ear *e); /* NULL is allowed */

/** Where it is played. @param feed  borrowed; NULL: nowhere
 *  @param latency_us  of the device, behind the ring */
void ear_connect(struct ear *e, struct feed *feed, uint64_t latency_us);

/** A peer_packet_h; arg is the ear. */
void ear_packet(const struct peer_format *format, const struct peer_rtp *packet, uint64_t now_us,
                void *arg);
/** Lets 20 ms of sound out; to be called as often. */
void ear_step(struct ear *e);

const struct jitter *ear_jitter(const struct ear *e);
const struct level *ear_level(const struct ear *e);
const struct timed *ear_record(const struct ear *e);

#endif
