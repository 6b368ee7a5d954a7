#include "bench/peer/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int peer_log_alloc(struct peer_log *log, size_t cap)
{
    *log = (struct peer_log){.entries = calloc(cap ? cap : 1, sizeof(*log->entries)), .cap = cap};
    return log->entries ? 0 : ENOMEM;
}

void peer_log_wipe(struct peer_log *log)
{
    free(log->entries);
    *log = (struct peer_log){0};
}

/* FNV-1a; payloads come from a test, not from somebody who wants them to collide. */
static uint64_t hash_of(const uint8_t *p, size_t n)
{
    uint64_t h = 0xcbf29ce484222325U;

    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3U;
    return h;
}

void peer_log_put(struct peer_log *log, uint64_t now_us, int64_t media_us, const uint8_t *payload,
                  size_t n)
{
    if (log->n == log->cap)
        return;
    log->entries[log->n++] = (struct peer_log_entry){
        .now_us = now_us, .hash = hash_of(payload, n), .media_us = media_us};
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int compare_hashes(const void *a, const void *b)
{
    const struct peer_log_entry *x = a, *y = b;

    return (x->hash > y->hash) - (x->hash < y->hash);
}

static void delays_sum_up(struct peer_delays *d, int64_t *us, size_t n)
{
    *d = (struct peer_delays){.n = n};
    if (!n)
        return;
    qsort(us, n, sizeof(*us), compare_times);
    d->min_us = us[0];
    d->median_us = us[n / 2];
    d->p99_us = us[(n - 1) * 99 / 100];
    d->max_us = us[n - 1];
}

static struct peer_log_entry *sorted_copy(const struct peer_log *log)
{
    struct peer_log_entry *copy = malloc((log->n ? log->n : 1) * sizeof(*copy));

    if (copy) {
        memcpy(copy, log->entries, log->n * sizeof(*copy));
        qsort(copy, log->n, sizeof(*copy), compare_hashes);
    }
    return copy;
}

/* The run of equal hashes that begins at i ends before the result. */
static size_t run_end(const struct peer_log_entry *e, size_t n, size_t i)
{
    size_t end = i + 1;

    while (end < n && e[end].hash == e[i].hash)
        end++;
    return end;
}

static size_t match(int64_t *us, const struct peer_log_entry *tx, size_t n_tx,
                    const struct peer_log_entry *rx, size_t n_rx)
{
    size_t n = 0;

    for (size_t i = 0, k = 0; i < n_tx && k < n_rx;) {
        size_t i_end = run_end(tx, n_tx, i), k_end = run_end(rx, n_rx, k);

        if (tx[i].hash == rx[k].hash && i_end == i + 1 && k_end == k + 1)
            us[n++] = (int64_t)(rx[k].now_us - tx[i].now_us);
        uint64_t a = tx[i].hash, b = rx[k].hash;
        if (a <= b)
            i = i_end;
        if (b <= a)
            k = k_end;
    }
    return n;
}

int peer_log_delays(struct peer_delays *d, const struct peer_log *sent,
                    const struct peer_log *received)
{
    struct peer_log_entry *tx = sorted_copy(sent), *rx = sorted_copy(received);
    int64_t *us = calloc(received->n + 1, sizeof(*us));
    int err = tx && rx && us ? 0 : ENOMEM;

    if (!err)
        delays_sum_up(d, us, match(us, tx, sent->n, rx, received->n));
    free(tx);
    free(rx);
    free(us);
    return err;
}

int64_t peer_log_start_us(const struct peer_log *received)
{
    int64_t start_us = INT64_MAX;

    for (size_t i = 0; i < received->n; i++) {
        const struct peer_log_entry *e = &received->entries[i];
        int64_t us = (int64_t)e->now_us - e->media_us;

        if (us < start_us)
            start_us = us;
    }
    return start_us;
}

int peer_log_lateness(struct peer_delays *d, const struct peer_log *received)
{
    int64_t *us = calloc(received->n + 1, sizeof(*us));
    if (!us)
        return ENOMEM;

    int64_t start_us = peer_log_start_us(received);
    for (size_t i = 0; i < received->n; i++)
        us[i] = (int64_t)received->entries[i].now_us - received->entries[i].media_us - start_us;
    delays_sum_up(d, us, received->n);
    free(us);
    return 0;
}
