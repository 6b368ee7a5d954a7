#include "bench/loopback/cards.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_MS      250
#define SILENT_MS    2000 /* without a callback: the device has stopped, whatever the library says */
#define OPEN_MS      15000
#define RETRY_MS     1000
#define RETRY_ONE_MS 5000
#define CLOSE_S      2
#define RING_S       1

struct one {
    struct card card;
    struct card_counts counts;
    struct ring ring;
    struct card_status status; /* under the lock */
    uint64_t seen_callbacks;
    unsigned silent_ms;
};

struct cards {
    struct cards_config cfg;
    char name[2][128]; /* of the devices that were opened first: these are looked for again */
    struct one one[2];
    pthread_t thread;
    bool is_started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock */
    bool is_stopping, is_open, has_failed;
    int err;
    char why[CARD_TEXT_MAX];
};

static struct timespec in_ms(unsigned ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* @return whether it is time to end */
static bool pause_ms(struct cards *c, unsigned ms)
{
    const struct timespec until = in_ms(ms);

    pthread_mutex_lock(&c->lock);
    while (!c->is_stopping && pthread_cond_timedwait(&c->changed, &c->lock, &until) == 0)
        ;
    bool is_stopping = c->is_stopping;
    pthread_mutex_unlock(&c->lock);
    return is_stopping;
}

static void running_tell(struct cards *c, struct one *o)
{
    pthread_mutex_lock(&c->lock);
    o->status.state = CARD_RUNNING;
    o->status.n_opened++;
    o->status.rate_hz = o->card.rate_hz;
    o->status.latency_us = o->card.latency_us;
    memcpy(o->status.name, o->card.name, sizeof(o->status.name));
    o->status.why[0] = 0;
    pthread_mutex_unlock(&c->lock);
    o->silent_ms = 0;
    o->seen_callbacks = atomic_load(&o->counts.callbacks);
}

static void gone_tell(struct cards *c, struct one *o, const char *why)
{
    pthread_mutex_lock(&c->lock);
    o->status.n_lost += o->status.state == CARD_RUNNING;
    o->status.state = CARD_GONE;
    snprintf(o->status.why, sizeof(o->status.why), "%s", why);
    pthread_mutex_unlock(&c->lock);
}

/* One that does not open does not keep the other one closed. @return 0; or what card_open() said of
 * the first that failed, with why */
static int all_open(struct cards *c, char why[static CARD_TEXT_MAX])
{
    char one_why[CARD_TEXT_MAX];
    int err = card_library_open(why);

    if (err)
        return err;
    for (unsigned i = 0; i < 2; i++) {
        struct one *o = &c->one[i];

        if (!c->cfg.is_used[i])
            continue;
        int one_err = card_open(&o->card, *c->name[i] ? c->name[i] : c->cfg.name[i],
                                c->cfg.rate_hz[i], one_why);
        if (!one_err) {
            running_tell(c, o);
            continue;
        }
        gone_tell(c, o, one_why);
        if (!err)
            memcpy(why, one_why, CARD_TEXT_MAX);
        err = err ? err : one_err;
    }
    return err;
}

/* The library looks for devices only when it starts, so all of it is closed. */
static void all_close(struct cards *c)
{
    for (unsigned i = 0; i < 2; i++)
        card_close(&c->one[i].card);
    card_library_close();
}

static bool has_stopped(struct one *o)
{
    uint64_t callbacks = atomic_load(&o->counts.callbacks);

    if (!card_is_running(&o->card))
        return true;
    o->silent_ms = callbacks == o->seen_callbacks ? o->silent_ms + LOOK_MS : 0;
    o->seen_callbacks = callbacks;
    return o->silent_ms >= SILENT_MS;
}

/* @return whether all that is used runs */
static bool all_look(struct cards *c)
{
    bool is_well = true;

    for (unsigned i = 0; i < 2; i++) {
        struct one *o = &c->one[i];

        if (!c->cfg.is_used[i] || !has_stopped(o))
            continue;
        gone_tell(c, o, "it gives and takes nothing any more: was it unplugged?");
        is_well = false;
    }
    return is_well;
}

/* Looking again closes one that still works, so it is done less often then. */
static unsigned retry_ms(const struct cards *c)
{
    return c->one[0].card.stream || c->one[1].card.stream ? RETRY_ONE_MS : RETRY_MS;
}

static void reopen(struct cards *c)
{
    char why[CARD_TEXT_MAX];

    do {
        all_close(c);
        if (all_open(c, why) == 0)
            return;
    } while (!pause_ms(c, retry_ms(c)));
}

static void opened_tell(struct cards *c, int err, const char *why)
{
    pthread_mutex_lock(&c->lock);
    c->is_open = !err;
    c->has_failed = err != 0;
    c->err = err;
    snprintf(c->why, sizeof(c->why), "%s", why);
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static void *keep(void *arg)
{
    struct cards *c = arg;
    char why[CARD_TEXT_MAX] = "";

    int err = all_open(c, why);
    for (unsigned i = 0; i < 2 && !err; i++)
        memcpy(c->name[i], c->one[i].card.name, sizeof(c->name[i]));
    opened_tell(c, err, why);
    while (!err && !pause_ms(c, LOOK_MS))
        if (!all_look(c))
            reopen(c);
    all_close(c);
    return NULL;
}

static int cards_make(struct cards *c, const struct cards_config *cfg)
{
    pthread_condattr_t attr;
    int err = 0;

    c->cfg = *cfg;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &attr);
    pthread_condattr_destroy(&attr);
    for (unsigned i = 0; i < 2 && !err; i++) {
        struct one *o = &c->one[i];

        o->card.way = (enum card_way)i;
        o->card.ring = &o->ring;
        o->card.counts = &o->counts;
        err = ring_alloc(&o->ring, RING_S * CARDS_RATE_MAX_HZ);
    }
    if (!err)
        err = pthread_create(&c->thread, NULL, keep, c);
    c->is_started = !err;
    return err;
}

/* @return 0; what went wrong, with why; ETIMEDOUT: a driver does not return */
static int opened_await(struct cards *c, char why[static CARD_TEXT_MAX])
{
    const struct timespec until = in_ms(OPEN_MS);
    int err = 0;

    pthread_mutex_lock(&c->lock);
    while (!c->is_open && !c->has_failed && err != ETIMEDOUT)
        err = pthread_cond_timedwait(&c->changed, &c->lock, &until);
    if (c->is_open || c->has_failed)
        err = c->err;
    memcpy(why, c->why, CARD_TEXT_MAX);
    pthread_mutex_unlock(&c->lock);
    if (err == ETIMEDOUT)
        snprintf(why, CARD_TEXT_MAX, "the sound system has not opened its devices for %d s",
                 OPEN_MS / 1000);
    return err;
}

int cards_open(struct cards **cp, const struct cards_config *cfg, char why[static CARD_TEXT_MAX])
{
    struct cards *c = calloc(1, sizeof(*c));
    if (!c)
        return ENOMEM;

    int err = cards_make(c, cfg);
    if (!err)
        err = opened_await(c, why);
    if (err) {
        cards_close(c);
        return err;
    }
    *cp = c;
    return 0;
}

void cards_close(struct cards *c)
{
    struct timespec until;

    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->is_stopping = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLOSE_S;
    /* a driver that hangs keeps its thread and its memory: the process ends anyway */
    if (c->is_started && pthread_timedjoin_np(c->thread, NULL, &until) != 0)
        return;
    for (unsigned i = 0; i < 2; i++)
        ring_wipe(&c->one[i].ring);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

struct ring *cards_ring(struct cards *c, enum card_way way)
{
    return &c->one[way].ring;
}

struct card_status cards_status(struct cards *c, enum card_way way)
{
    struct one *o = &c->one[way];

    pthread_mutex_lock(&c->lock);
    struct card_status s = o->status;
    pthread_mutex_unlock(&c->lock);
    s.callbacks = atomic_load_explicit(&o->counts.callbacks, memory_order_relaxed);
    s.samples = atomic_load_explicit(&o->counts.samples, memory_order_relaxed);
    s.xruns = atomic_load_explicit(&o->counts.xruns, memory_order_relaxed);
    s.gaps = atomic_load_explicit(&o->counts.gaps, memory_order_relaxed);
    s.missing = atomic_load_explicit(&o->counts.missing, memory_order_relaxed);
    return s;
}
