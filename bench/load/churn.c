#include "bench/load/churn.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/load/clock.h"
#include "bench/load/impair.h"

#define LINGER_NS UINT64_C(200000000) /* packets under way arrive before the call is deleted */
#define MUTE_NS   UINT64_C(100000000) /* likewise before the relay is told of a hold */
#define SLICE     8                   /* ticks in which all places are looked at once */

enum state {
    FREE,
    STARTING, /* offer and answer are under way */
    UP,
    MUTED, /* before it is put on hold */
    HOLDING,
    HELD,
    RESUMING,
    LINGERING,
    ENDING,
};

struct place {
    enum state state;
    uint64_t next_ns; /* when the state has to be left; of UP: when it is put on hold */
    uint64_t end_ns;  /* of the call; UINT64_MAX: it lasts */
};

struct churn {
    struct churn_config cfg;
    struct place *places;
    uint64_t random, step_ns, next_ns; /* of new calls; next_ns: UINT64_MAX: none yet */
    unsigned slice, n_up, free_hint;
    struct churn_stats stats;
};

static void job_h(unsigned i, enum load_job job, bool is_good, void *arg);

int churn_alloc(struct churn **cp, const struct churn_config *cfg)
{
    double rate = scenario_rate(cfg->scenario);
    struct churn *c = calloc(1, sizeof(*c));

    if (!c)
        return ENOMEM;
    c->cfg = *cfg;
    c->random = load_random_seed(cfg->seed, 0);
    c->step_ns = rate > 0 ? (uint64_t)(1e9 / rate) : 0;
    c->next_ns = UINT64_MAX;
    c->places = calloc(cfg->n_places, sizeof(*c->places));
    if (!c->places) {
        free(c);
        return ENOMEM;
    }
    if (cfg->calls)
        load_calls_listen(cfg->calls, job_h, c);
    *cp = c;
    return 0;
}

void churn_free(struct churn *c)
{
    if (!c)
        return;
    free(c->places);
    free(c);
}

/* Somewhere around the mean, half of it either way. */
static uint64_t around(struct churn *c, double mean_s)
{
    return (uint64_t)((0.5 + load_random(&c->random)) * mean_s * 1e9);
}

static uint64_t next_hold(struct churn *c, uint64_t now_ns)
{
    double every_s = c->cfg.scenario->hold_every_s;

    return every_s > 0 ? now_ns + around(c, every_s) : UINT64_MAX;
}

static int media_open(struct churn *c, unsigned i, uint64_t offered_ns)
{
    const struct load_call *call = load_calls_at(c->cfg.calls, i);
    struct load_media_call media = {.mode = call->part->mode,
                                    .ends = call->end,
                                    .serial = (uint32_t)call->serial & 0x3fffffff,
                                    .offered_ns = offered_ns};

    return load_media_open(c->cfg.media, i, &media);
}

int churn_adopt(struct churn *c, unsigned i)
{
    double hold_s = c->cfg.scenario->hold_s;
    uint64_t now_ns = load_now_ns();

    if (load_calls_at(c->cfg.calls, i)->part->mode->is_refused)
        return 0;
    /* in the middle of their time: as many end now as begin */
    c->places[i] = (struct place){
        .state = UP,
        .next_ns = next_hold(c, now_ns),
        .end_ns =
            hold_s > 0 ? now_ns + (uint64_t)(load_random(&c->random) * hold_s * 1e9) : UINT64_MAX,
    };
    c->n_up++;
    return media_open(c, i, 0);
}

static void call_end(struct churn *c, unsigned i, uint64_t now_ns)
{
    load_media_close(c->cfg.media, i);
    c->places[i].state = LINGERING;
    c->places[i].next_ns = now_ns + LINGER_NS;
    c->n_up--;
}

static void set_up_done(struct churn *c, unsigned i, bool is_good)
{
    struct place *p = &c->places[i];
    const struct load_call *call = load_calls_at(c->cfg.calls, i);
    uint64_t now_ns = load_now_ns();

    if (is_good && call->part->mode->is_refused) {
        c->stats.refused++;
        p->state = FREE;
        return;
    }
    if (is_good && media_open(c, i, call->offered_ns) == 0) {
        p->state = UP;
        p->next_ns = next_hold(c, now_ns);
        p->end_ns = now_ns + around(c, c->cfg.scenario->hold_s);
        c->n_up++;
        return;
    }
    c->stats.failed++;
    p->state = call->is_known ? LINGERING : FREE;
    p->next_ns = now_ns;
}

static void job_h(unsigned i, enum load_job job, bool is_good, void *arg)
{
    struct churn *c = arg;
    struct place *p = &c->places[i];

    switch (job) {
    case LOAD_SET_UP:
        set_up_done(c, i, is_good);
        break;
    case LOAD_HOLD:
        p->state = HELD;
        p->next_ns = load_now_ns() + around(c, c->cfg.scenario->hold_for_s);
        c->stats.holds++;
        break;
    case LOAD_RESUME:
        load_media_mute(c->cfg.media, i, LOAD_B, false);
        p->state = UP;
        p->next_ns = next_hold(c, load_now_ns());
        break;
    case LOAD_TEAR:
        load_media_forget(c->cfg.media, i);
        p->state = FREE;
        c->free_hint = i;
        c->stats.ended++;
        break;
    case LOAD_CYCLE:
        break;
    }
}

/* A job that finds no place for its request is tried again in the next tick. */
static void job_begin(struct churn *c, unsigned i, enum load_job job, enum state then)
{
    if (load_calls_begin(c->cfg.calls, i, job) == 0)
        c->places[i].state = then;
}

static void place_run(struct churn *c, unsigned i, uint64_t now_ns)
{
    struct place *p = &c->places[i];

    if (p->state == UP && (now_ns >= p->end_ns || load_media_has_failed(c->cfg.media, i))) {
        call_end(c, i, now_ns);
        return;
    }
    if (now_ns < p->next_ns)
        return;
    switch (p->state) {
    case UP:
        load_media_mute(c->cfg.media, i, LOAD_B, true);
        p->state = MUTED;
        p->next_ns = now_ns + MUTE_NS;
        break;
    case MUTED:
        job_begin(c, i, LOAD_HOLD, HOLDING);
        break;
    case HELD:
        job_begin(c, i, LOAD_RESUME, RESUMING);
        break;
    case LINGERING:
        job_begin(c, i, LOAD_TEAR, ENDING);
        break;
    case FREE:
    case STARTING:
    case HOLDING:
    case RESUMING:
    case ENDING:
        break; /* a reply is awaited, or nothing */
    }
}

/* @return n_places: none */
static unsigned free_find(const struct churn *c)
{
    for (unsigned k = 0; k < c->cfg.n_places; k++) {
        unsigned i = (c->free_hint + k) % c->cfg.n_places;

        if (c->places[i].state == FREE)
            return i;
    }
    return c->cfg.n_places;
}

static void new_begin(struct churn *c)
{
    unsigned i = free_find(c);

    if (i == c->cfg.n_places || load_calls_begin(c->cfg.calls, i, LOAD_SET_UP) != 0) {
        c->stats.blocked++;
        return;
    }
    c->places[i].state = STARTING;
    c->free_hint = i + 1;
    c->stats.begun++;
}

void churn_tick(struct churn *c, uint64_t now_ns)
{
    unsigned n = c->cfg.n_places;

    if (!c->cfg.calls)
        return;
    load_calls_poll(c->cfg.calls);
    if (c->step_ns && c->next_ns == UINT64_MAX)
        c->next_ns = now_ns + c->step_ns;
    for (; c->next_ns <= now_ns; c->next_ns += c->step_ns)
        new_begin(c);
    for (unsigned i = n * c->slice / SLICE; i < n * (c->slice + 1) / SLICE; i++)
        place_run(c, i, now_ns);
    c->slice = (c->slice + 1) % SLICE;
}

unsigned churn_up(const struct churn *c)
{
    return c->n_up;
}

const struct churn_stats *churn_stats(const struct churn *c)
{
    return &c->stats;
}
