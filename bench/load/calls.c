#include "bench/load/calls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bench/load/bencode.h"
#include "bench/load/calls_request.h"
#include "bench/load/clock.h"
#include "bench/load/negotiate.h"
#include "bench/load/stop.h"

#define REQUEST_MAX 6144

struct place {
    struct load_call *call; /* NULL: free */
    enum load_job job;
    enum load_step step;
};

struct load_calls {
    struct load_calls_config cfg;
    struct load_call *calls;
    struct load_fragments *fragments;
    struct load_secrets secrets;

    enum load_job task; /* of all calls, where they are set up or deleted together */
    bool is_together;
    unsigned n_together;
    uint64_t next, end_ns, serials;
    unsigned n_busy;
    bool is_silent;
    struct place places[LOAD_NG_PLACES_MAX];
    struct load_calls_stats stats;
    load_job_h *job_h;
    void *arg;
};

int load_calls_alloc(struct load_calls **cp, const struct load_calls_config *cfg)
{
    struct load_calls *c = calloc(1, sizeof(*c));
    if (!c)
        return ENOMEM;

    c->cfg = *cfg;
    c->calls = calloc(cfg->n_calls, sizeof(*c->calls));
    int err = c->calls ? 0 : ENOMEM;
    if (!err && getrandom(&c->secrets.seed, sizeof(c->secrets.seed), 0) != sizeof(c->secrets.seed))
        err = EIO;
    c->secrets.seed |= 1;
    c->serials = c->secrets.seed;
    if (!err)
        err = load_fragments_alloc(&c->fragments, cfg);
    if (err)
        load_calls_free(c);
    else
        *cp = c;
    return err;
}

void load_calls_free(struct load_calls *c)
{
    if (!c)
        return;
    load_fragments_free(c->fragments);
    free(c->calls);
    free(c);
}

/* ---- one request ------------------------------------------------------------------------------
 */

static void failed(struct load_calls *c, enum load_step step, const char *reason, size_t n)
{
    c->stats.failed[step]++;
    if (!c->stats.reason[0])
        snprintf(c->stats.reason, sizeof(c->stats.reason), "%.*s", (int)n, reason);
}

static void request_send(struct load_calls *c, unsigned place)
{
    const struct place *p = &c->places[place];
    unsigned i = (unsigned)(p->call - c->calls);
    const struct load_sockets *s = c->cfg.sockets;
    bool is_of_b = p->step == LOAD_ANSWER || p->step == LOAD_REANSWER;
    enum load_side side = is_of_b ? LOAD_B : LOAD_A;
    char request[REQUEST_MAX];
    struct load_buffer b = {.at = request, .cap = sizeof(request)};

    load_request_write(&b, c->fragments, p->call, p->step,
                       &s->addresses[load_sockets_index(s, i, side)]);
    /* what finds no memory is not answered, and counts as failed after its time */
    (void)load_ng_send(c->cfg.ng, place, (struct load_text){b.at, b.n});
}

static void call_make(struct load_calls *c, struct load_call *call)
{
    const struct scenario *s = c->cfg.scenario;

    *call = (struct load_call){.serial = c->serials++, .offered_ns = load_now_ns()};
    call->part = scenario_part_of(s, call->serial);
    load_end_begin(call->end, call->part->mode, s->dtmf_every_s > 0, &c->secrets);
}

static void job_begin(struct load_calls *c, unsigned place, struct load_call *call,
                      enum load_job job)
{
    static const enum load_step first[] = {[LOAD_SET_UP] = LOAD_OFFER,
                                           [LOAD_HOLD] = LOAD_REOFFER,
                                           [LOAD_RESUME] = LOAD_REOFFER,
                                           [LOAD_TEAR] = LOAD_DELETE,
                                           [LOAD_CYCLE] = LOAD_OFFER};

    if (first[job] == LOAD_OFFER)
        call_make(c, call);
    if (job == LOAD_HOLD || job == LOAD_RESUME)
        call->is_held = job == LOAD_HOLD;
    call->is_busy = true;
    c->places[place] = (struct place){.call = call, .job = job, .step = first[job]};
    c->n_busy++;
    request_send(c, place);
}

static bool is_same_family(const struct load_calls *c, const struct load_call *call,
                           enum load_side side)
{
    return call->end[LOAD_AUDIO][side].relay.sa.sa_family ==
           c->cfg.sockets->addresses[0].sa.sa_family;
}

/* The relay's SDP of an offer is B's business, that of an answer A's. */
static bool sdp_take(struct load_calls *c, struct load_call *call, enum load_step step,
                     struct load_text reply)
{
    struct load_text sdp, reason;
    struct load_description d;
    bool is_refused = call->part->mode->is_refused;

    if (!load_find(&sdp, reply.at, reply.n, "sdp")) {
        if (load_find(&reason, reply.at, reply.n, "error-reason")) {
            c->stats.refused += is_refused;
            if (is_refused)
                return true;
        } else {
            reason = reply.n ? (struct load_text){"no usable reply", 15}
                             : (struct load_text){"no reply", 8};
        }
        failed(c, step, reason.at, reason.n);
        return false;
    }
    enum load_side side = step == LOAD_OFFER || step == LOAD_REOFFER ? LOAD_B : LOAD_A;
    const char *problem = NULL;

    if (is_refused)
        problem = "an offer was taken that policy has to refuse";
    else if (load_sdp_read(&d, sdp.at, sdp.n))
        problem = "the relay's SDP has no address or stream";
    else if (step == LOAD_OFFER || step == LOAD_ANSWER)
        problem = load_end_take(call->end, call->part->mode, side, &d, &c->secrets);
    if (!problem && !is_same_family(c, call, side))
        problem =
            "the relay's address is of another family (IPv4, IPv6) than that of the ends: has "
            "it an interface of theirs?";
    if (problem)
        failed(c, step, problem, strlen(problem));
    return !problem;
}

static bool reply_take(struct load_calls *c, const struct place *p, struct load_text reply)
{
    struct load_call *call = p->call;
    struct load_text result;

    if (p->step == LOAD_DELETE) {
        bool is_good = load_find(&result, reply.at, reply.n, "result") && result.n == 2;

        if (!is_good && !call->part->mode->is_refused)
            failed(c, p->step, "the call was not deleted", 24);
        call->is_known = call->is_up = false;
        return is_good;
    }
    bool is_good = sdp_take(c, call, p->step, reply);
    call->is_known = !call->part->mode->is_refused || !is_good; /* deleted in the end */
    if (p->step == LOAD_OFFER || p->step == LOAD_ANSWER)
        call->is_up = is_good && (p->step == LOAD_ANSWER || call->part->mode->is_refused);
    return is_good;
}

/* @return false: the job has gone through its steps */
static bool step_next(struct place *p, bool is_good)
{
    bool is_refused = p->call->part->mode->is_refused;

    if ((p->step == LOAD_OFFER || p->step == LOAD_REOFFER) && is_good && !is_refused)
        p->step = p->step == LOAD_OFFER ? LOAD_ANSWER : LOAD_REANSWER;
    else if (p->step != LOAD_DELETE && p->job == LOAD_CYCLE && p->call->is_known)
        p->step = LOAD_DELETE;
    else
        return false;
    return true;
}

static void place_fill(struct load_calls *c, unsigned place);

static void reply_h(unsigned place, struct load_text reply, uint64_t took_ns, void *arg)
{
    struct load_calls *c = arg;
    struct place *p = &c->places[place];

    c->is_silent |= !reply.n;
    if (reply.n)
        load_histogram_put(&c->stats.took[p->step], took_ns);
    bool is_good = reply_take(c, p, reply);
    if (step_next(p, is_good)) {
        request_send(c, place);
        return;
    }
    struct load_call *call = p->call;
    p->call = NULL;
    call->is_busy = false;
    c->n_busy--;
    if (c->job_h)
        c->job_h((unsigned)(call - c->calls), p->job, is_good, c->arg);
    if (c->is_together)
        place_fill(c, place);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

/* Gives a place its next call. */
static void place_fill(struct load_calls *c, unsigned place)
{
    struct load_call *call = NULL;

    if (c->is_silent || (c->task == LOAD_SET_UP && load_stop_is_asked()))
        return;
    if (c->task == LOAD_CYCLE && load_now_ns() < c->end_ns && !load_stop_is_asked())
        call = &c->calls[place];
    while (c->task != LOAD_CYCLE && !call && c->next < c->n_together) {
        call = &c->calls[c->next++];
        if (c->task == LOAD_TEAR && !call->is_known)
            call = NULL;
    }
    if (call)
        job_begin(c, place, call, c->task);
}

static uint64_t together(struct load_calls *c, enum load_job task, uint64_t end_ns)
{
    uint64_t start_ns = load_now_ns();

    while (c->n_busy) /* those that were begun one by one */
        load_ng_poll(c->cfg.ng, LOAD_NG_WAIT_MS, reply_h, c);
    c->task = task;
    c->next = 0;
    c->end_ns = end_ns;
    c->is_together = true;
    for (unsigned i = 0; i < c->cfg.in_flight; i++)
        place_fill(c, i);
    while (c->n_busy)
        load_ng_poll(c->cfg.ng, LOAD_NG_WAIT_MS, reply_h, c);
    c->is_together = false;
    return load_now_ns() - start_ns;
}

uint64_t load_calls_set_up(struct load_calls *c, unsigned n)
{
    c->n_together = n;
    return together(c, LOAD_SET_UP, UINT64_MAX);
}

uint64_t load_calls_delete(struct load_calls *c)
{
    c->job_h = NULL;
    c->n_together = c->cfg.n_calls;
    return together(c, LOAD_TEAR, UINT64_MAX);
}

uint64_t load_calls_cycle(struct load_calls *c, uint64_t duration_ns)
{
    return together(c, LOAD_CYCLE, load_now_ns() + duration_ns);
}

/* ---- one by one -------------------------------------------------------------------------------
 */

int load_calls_begin(struct load_calls *c, unsigned i, enum load_job job)
{
    if (c->calls[i].is_busy)
        return EBUSY;
    if (c->is_silent)
        return EAGAIN;
    for (unsigned place = 0; place < LOAD_NG_PLACES_MAX; place++) {
        if (c->places[place].call)
            continue;
        job_begin(c, place, &c->calls[i], job);
        return 0;
    }
    return EAGAIN;
}

void load_calls_listen(struct load_calls *c, load_job_h *h, void *arg)
{
    c->job_h = h;
    c->arg = arg;
}

void load_calls_poll(struct load_calls *c)
{
    if (c->n_busy)
        load_ng_poll(c->cfg.ng, 0, reply_h, c);
}

unsigned load_calls_busy(const struct load_calls *c)
{
    return c->n_busy;
}

bool load_calls_is_silent(const struct load_calls *c)
{
    return c->is_silent;
}

const struct load_call *load_calls_at(const struct load_calls *c, unsigned i)
{
    return &c->calls[i];
}

const struct load_calls_stats *load_calls_stats(const struct load_calls *c)
{
    return &c->stats;
}
