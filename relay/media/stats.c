#include "relay/media/stats.h"

#include <string.h>

/* The order of the two versions around the words is what makes the lock: H.-J. Boehm, "Can seqlocks
 * get along with programming language memory models?", 2012. Stores that release and loads that
 * acquire stand in for his fences, which ThreadSanitizer does not know. */
void stats_set_addr(struct stats_addr *a, const union addr *value)
{
    uint32_t version = atomic_load_explicit(&a->version, memory_order_relaxed);
    uint32_t word[STATS_ADDR_WORDS] = {0};
    size_t i;

    memcpy(word, value, sizeof(*value));
    atomic_store_explicit(&a->version, version + 1, memory_order_relaxed);
    for (i = 0; i < STATS_ADDR_WORDS; i++)
        atomic_store_explicit(&a->word[i], word[i], memory_order_release);
    atomic_store_explicit(&a->version, version + 2, memory_order_release);
}

void stats_get_addr(union addr *value, const struct stats_addr *a)
{
    uint32_t word[STATS_ADDR_WORDS] = {0};
    uint32_t before, after;
    size_t i;

    do {
        before = atomic_load_explicit(&a->version, memory_order_acquire);
        for (i = 0; i < STATS_ADDR_WORDS; i++)
            word[i] = atomic_load_explicit(&a->word[i], memory_order_acquire);
        after = atomic_load_explicit(&a->version, memory_order_relaxed);
    } while (before != after || before % 2 != 0);
    memcpy(value, word, sizeof(*value));
}

void stats_put_rtp(struct stream_counters *c, const struct rtp_packet *rtp,
                   const struct reception *reception)
{
    gauge_set(&c->ssrc_in, rtp->ssrc);
    gauge_set(&c->last_seq_in, rtp->seq);
    gauge_set(&c->last_ts_in, rtp->ts);
    gauge_set(&c->last_pt_in, rtp->pt);
    gauge_set(&c->jitter_ts, reception_jitter(reception));
    gauge_set(&c->jitter_clock_hz, reception->clock_hz);
    counter_set(&c->lost, reception_lost(reception));
}

static void read_count(struct media_count *to, const struct stats_count *from)
{
    to->packets = counter_get(&from->packets);
    to->bytes = counter_get(&from->bytes);
}

void stats_read_stream(struct media_stats *stats, const struct stream_counters *c)
{
    size_t i;

    for (i = 0; i < MEDIA_COMPONENTS; i++) {
        read_count(&stats->in[i], &c->in[i]);
        read_count(&stats->out[i], &c->out[i]);
        stats->last_in_us[i] = counter_get(&c->last_in_us[i]);
        stats_get_addr(&stats->source[i], &c->source[i]);
    }
    for (i = 0; i < DROP_COUNT; i++)
        stats->drops[i] = counter_get(&c->drops[i]);
    stats->ssrc_in = gauge_get(&c->ssrc_in);
    stats->last_seq_in = (uint16_t)gauge_get(&c->last_seq_in);
    stats->last_ts_in = gauge_get(&c->last_ts_in);
    stats->last_pt_in = (uint8_t)gauge_get(&c->last_pt_in);
    stats->lost = counter_get(&c->lost);
    stats->jitter_ts = gauge_get(&c->jitter_ts);
    stats->jitter_clock_hz = gauge_get(&c->jitter_clock_hz);
    stats->peer_loss_permille = gauge_get(&c->peer_loss_permille);
    stats->peer_jitter_ts = gauge_get(&c->peer_jitter_ts);
    stats->round_trip_us = gauge_get(&c->round_trip_us);
}

const uint32_t media_batch_bounds[MEDIA_BATCH_BUCKETS] = {1, 2, 4, 8, 16, 32, 64, 128, 256};

const uint32_t media_delay_bounds_us[MEDIA_DELAY_BUCKETS] = {
    20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, UINT32_MAX};

void stats_put_batch(struct worker_counters *c, unsigned n)
{
    unsigned i = 0;

    while (i < MEDIA_BATCH_BUCKETS - 1 && n > media_batch_bounds[i])
        i++;
    counter_add(&c->batch_sizes[i], 1);
}

void stats_put_delay(struct worker_counters *c, enum media_path path, uint64_t delay_us)
{
    unsigned i = 0;

    while (i < MEDIA_DELAY_BUCKETS - 1 && delay_us > media_delay_bounds_us[i])
        i++;
    counter_add(&c->delays[path].n[i], 1);
    counter_add(&c->delays[path].sum_us, delay_us);
}

static void read_delays(struct media_delays *to, const struct stats_delay *from)
{
    size_t i;

    for (i = 0; i < MEDIA_DELAY_BUCKETS; i++)
        to->n[i] = counter_get(&from->n[i]);
    to->sum_us = counter_get(&from->sum_us);
}

void stats_read_worker(struct media_worker_stats *stats, const struct worker_counters *c)
{
    size_t i;

    stats->batches = counter_get(&c->batches);
    stats->packets_in = counter_get(&c->packets_in);
    stats->packets_out = counter_get(&c->packets_out);
    stats->bytes_in = counter_get(&c->bytes_in);
    stats->bytes_out = counter_get(&c->bytes_out);
    stats->n_streams = counter_get(&c->n_streams);
    stats->n_transcoders = counter_get(&c->n_transcoders);
    stats->rate_pps = counter_get(&c->rate_pps);
    stats->gather_us = counter_get(&c->gather_us);
    for (i = 0; i < DROP_COUNT; i++)
        stats->drops[i] = counter_get(&c->drops[i]);
    for (i = 0; i < MEDIA_BATCH_BUCKETS; i++)
        stats->batch_sizes[i] = counter_get(&c->batch_sizes[i]);
    for (i = 0; i < MEDIA_PATHS; i++)
        read_delays(&stats->delays[i], &c->delays[i]);
}

#define ADD(field) sum->field += __atomic_load_n(&part->field, __ATOMIC_RELAXED)

void stats_add_transcoder(struct transcoder_stats *sum, const struct transcoder_stats *part)
{
    /* plain fields, by their contract written whole: an atomic load keeps the compiler honest */
    ADD(decoded);
    ADD(encoded);
    ADD(concealed);
    ADD(fec_repaired);
    ADD(red_repaired);
    ADD(lost);
    ADD(late);
    ADD(duplicate);
    ADD(reordered);
    ADD(bad_payload);
    ADD(events);
    ADD(silence);
}
