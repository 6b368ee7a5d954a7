#include "bench/loopback/ear.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/peer/loop.h"

#define STEP (FEED_HZ / 50)

struct ear {
    struct jitter *jitter;
    struct feed *feed;
    uint64_t latency_us;
    struct level level;
    struct timed *record;
};

int ear_alloc(struct ear **ep, uint32_t record_s)
{
    struct ear *e = calloc(1, sizeof(*e));
    if (!e)
        return ENOMEM;

    level_init(&e->level);
    int err = jitter_alloc(&e->jitter);
    if (!err)
        err = timed_alloc(&e->record, record_s);
    if (err) {
        ear_free(e);
        return err;
    }
    *ep = e;
    return 0;
}

void ear_free(struct ear *e)
{
    if (!e)
        return;
    jitter_free(e->jitter);
    timed_free(e->record);
    free(e);
}

void ear_connect(struct ear *e, struct feed *feed, uint64_t latency_us)
{
    e->feed = feed;
    e->latency_us = latency_us;
}

void ear_packet(const struct peer_format *format, const struct peer_rtp *packet, uint64_t now_us,
                void *arg)
{
    struct ear *e = arg;

    jitter_put(e->jitter, format, packet, now_us);
}

void ear_step(struct ear *e)
{
    int16_t samples[STEP];
    uint64_t ahead_us = e->latency_us;

    jitter_get(e->jitter, samples, STEP);
    if (e->feed) {
        ahead_us += feed_delay_us(e->feed);
        feed_play(e->feed, samples, STEP);
    }
    level_put(&e->level, samples, STEP, FEED_HZ);
    timed_put(e->record, samples, STEP, loop_now_us() + ahead_us);
}

const struct jitter *ear_jitter(const struct ear *e)
{
    return e->jitter;
}

const struct level *ear_level(const struct ear *e)
{
    return &e->level;
}

const struct timed *ear_record(const struct ear *e)
{
    return e->record;
}
