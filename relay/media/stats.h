#ifndef PICRELAY_STATS_H
#define PICRELAY_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/media/counter.h"
#include "relay/media/media.h"
#include "relay/media/reception.h"

/**
 * The figures of streams and workers: written by one worker, read by anybody.
 */

#define STATS_ADDR_WORDS ((sizeof(union addr) + 3) / 4)

/** An address that can be read while it changes: a sequence lock whose data are atomics, too. */
struct stats_addr {
    _Atomic uint32_t version; /* odd: being written */
    _Atomic uint32_t word[STATS_ADDR_WORDS];
};

struct stats_count {
    _Atomic uint64_t packets, bytes;
};

struct stream_counters {
    struct stats_count in[MEDIA_COMPONENTS], out[MEDIA_COMPONENTS];
    _Atomic uint64_t last_in_us[MEDIA_COMPONENTS];
    _Atomic uint64_t lost;
    _Atomic uint32_t ssrc_in, last_seq_in, last_ts_in, last_pt_in;
    _Atomic uint32_t jitter_ts, jitter_clock_hz;
    _Atomic uint32_t peer_loss_permille, peer_jitter_ts, round_trip_us;
    struct stats_addr source[MEDIA_COMPONENTS];
    _Atomic uint64_t drops[DROP_COUNT];
};

struct worker_counters {
    _Atomic uint64_t batches, packets_in, packets_out, bytes_in, bytes_out;
    _Atomic uint64_t drops[DROP_COUNT];
    _Atomic uint64_t n_streams, n_transcoders;
    _Atomic uint64_t batch_sizes[MEDIA_BATCH_BUCKETS];
    struct stats_delay {
        _Atomic uint64_t n[MEDIA_DELAY_BUCKETS], sum_us;
    } delays[MEDIA_PATHS];
    _Atomic uint64_t rate_pps, gather_us; /* gauges: of pacing.h */
};

static inline void stats_count_add(struct stats_count *c, uint64_t n_bytes)
{
    counter_add(&c->packets, 1);
    counter_add(&c->bytes, n_bytes);
}

/** Thread: the worker. */
void stats_set_addr(struct stats_addr *a, const union addr *value);
/** Thread: any. */
void stats_get_addr(union addr *value, const struct stats_addr *a);

/** Publishes what a packet has changed. Thread: the worker. */
void stats_put_rtp(struct stream_counters *c, const struct rtp_packet *rtp,
                   const struct reception *reception);

/** A batch of n packets, 1 at least. Thread: the worker. */
void stats_put_batch(struct worker_counters *c, unsigned n);
/** A packet has taken so long from the kernel to the kernel. Thread: the worker. */
void stats_put_delay(struct worker_counters *c, enum media_path path, uint64_t delay_us);

/** Thread: any. All of *stats but the transcoder's figures. */
void stats_read_stream(struct media_stats *stats, const struct stream_counters *c);
void stats_read_worker(struct media_worker_stats *stats, const struct worker_counters *c);

/** Adds up figures that another thread may be writing. Thread: any. */
void stats_add_transcoder(struct transcoder_stats *sum, const struct transcoder_stats *part);

#endif
