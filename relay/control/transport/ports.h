#ifndef PICRELAY_PORTS_H
#define PICRELAY_PORTS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * The port pairs of one interface: RTP on an even port, RTCP on the odd one above (RFC 3550 s.11).
 * A pair that carried a call rests before the next call may have it, so that the last packets of
 * the one never reach the other (threat model, section 3). [pure: time is given]
 *
 * A pair's life:  free -> used -> resting -> listening -> free
 *                          (nothing arrived while it was listened to; else it rests again)
 * ports_quiet.h does the listening. With rest_us of 0 a released pair is free at once.
 *
 * Thread: control. Each operation is O(1), but for port_pool_take(): O(words of the bitmap).
 */

struct port_pool;

struct port_pool_config {
    uint16_t port_min, port_max; /* inclusive; an odd port_min and an even port_max are left out */
    uint64_t rest_us;            /* from release to free */
    uint64_t listen_us; /* the last part of the rest, at most half of it: it is listened to */
    uint32_t start;     /* any number, best a random one: where the first search begins */
};

/** @return 0; EINVAL: not one pair fits in the range; ENOMEM. *pp is written on success only. */
int port_pool_alloc(struct port_pool **pp, const struct port_pool_config *cfg);
void port_pool_free(struct port_pool *p); /* NULL is allowed */

/** Takes a free pair; the search goes round, so a pair that was just freed comes last.
 *  @return 0; ENOSPC: none is free */
int port_pool_take(struct port_pool *p, uint16_t *rtp_port);

/** Ends the use of a pair: it begins to rest. */
void port_pool_release(struct port_pool *p, uint16_t rtp_port, uint64_t now_us);
/** Gives back a pair that never was used (a part of a call that came to nothing): free at once. */
void port_pool_forget(struct port_pool *p, uint16_t rtp_port);
/** A pair that was taken, but another process holds one of its ports: it rests, at least a second,
 *  and is tried again afterwards. */
void port_pool_bad(struct port_pool *p, uint16_t rtp_port, uint64_t now_us);

/**
 * Takes the oldest resting pair whose time to be listened to has come.
 * @param until_us  when its rest will be over, listening included
 * @return 0: the pair is listening, until one of the three below; ENOENT: none is due
 */
int port_pool_due(struct port_pool *p, uint64_t now_us, uint16_t *rtp_port, uint64_t *until_us);
/** @return when port_pool_due() will have one [us]; UINT64_MAX: nothing rests */
uint64_t port_pool_deadline_us(const struct port_pool *p);

/** It was quiet: the pair is free. */
void port_pool_quiet(struct port_pool *p, uint16_t rtp_port);
/** Somebody still sends to it, or it could not be bound: it rests again. */
void port_pool_noisy(struct port_pool *p, uint16_t rtp_port, uint64_t now_us);

struct port_pool_stats {
    unsigned total, free, used, resting;  /* pairs; resting includes listening */
    uint64_t n_noisy, n_bad, n_exhausted; /* events since the start */
};
void port_pool_stats(const struct port_pool *p, struct port_pool_stats *stats);

#endif
