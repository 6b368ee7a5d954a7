#ifndef PICRELAY_BENCH_PEER_LOG_H
#define PICRELAY_BENCH_PEER_LOG_H

#include <stddef.h>
#include <stdint.h>

/**
 * When each packet was sent or came, for the one-way delay. Both ends of a call are in one process
 * and on one clock, so a difference of times is a delay. Thread: the loop's.
 */

struct peer_log_entry {
    uint64_t now_us;
    uint64_t hash;    /* of the payload: finds the packet again after a relay has renumbered it */
    int64_t media_us; /* its place in the stream, from the first packet on */
};

struct peer_log {
    struct peer_log_entry *entries;
    size_t n, cap; /* further ones are left out */
};

/** Of delays [us]. n 0: nothing to say. */
struct peer_delays {
    size_t n;
    int64_t min_us, median_us, p99_us, max_us;
};

/** @return 0; ENOMEM */
int peer_log_alloc(struct peer_log *log, size_t cap);
void peer_log_wipe(struct peer_log *log);
void peer_log_put(struct peer_log *log, uint64_t now_us, int64_t media_us, const uint8_t *payload,
                  size_t n);

/**
 * The delay of each packet whose payload was sent once and came once: those that were passed on
 * unchanged. @return 0; ENOMEM
 */
int peer_log_delays(struct peer_delays *d, const struct peer_log *sent,
                    const struct peer_log *received);

/**
 * How late each packet came, relative to the earliest one for its place in the stream: what a
 * jitter buffer would have to hold. @return 0; ENOMEM
 */
int peer_log_lateness(struct peer_delays *d, const struct peer_log *received);

/** When the start of the stream came or would have come, by the packet that was fastest [us]. */
int64_t peer_log_start_us(const struct peer_log *received);

#endif
