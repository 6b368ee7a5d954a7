#include "bench/load/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/clock.h"
#include "bench/load/attack.h"
#include "bench/load/packet.h"
#include "bench/load/run_internal.h"
#include "bench/load/stop.h"

#define SPARE_PLACES 10

int run_problem(struct load_result *r, int err, const char *what)
{
    if (err && !r->problem[0])
        snprintf(r->problem, sizeof(r->problem), "%s: %s", what, strerror(err));
    return err;
}

int run_proc_read(struct run *run, struct load_proc *p)
{
    if (!run->pid)
        return 0;
    return run_problem(run->result, load_proc_read(p, run->pid), "the relay's process");
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static int relay_find(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    struct load_result *r = run->result;

    int err = run_problem(r, load_ng_alloc(&run->ng, cfg->ng), cfg->ng);
    if (err)
        return err;
    err = load_ng_ping(run->ng);
    if (err == ECONNREFUSED)
        snprintf(r->problem, sizeof(r->problem),
                 "no relay: nothing listens at %s (--ng); is it running, and is this its NG port?",
                 cfg->ng);
    else if (err == ETIMEDOUT)
        snprintf(r->problem, sizeof(r->problem),
                 "no relay: %s (--ng) did not answer %d pings in %d s; is the address right, and "
                 "may this host speak NG there?",
                 cfg->ng, LOAD_NG_TRIES, LOAD_NG_TRIES);
    else if (err == EINTR)
        err = ECANCELED;
    return run_problem(r, err, "stopped before a relay was found");
}

static int calls_open(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    struct load_calls_config calls = {.sockets = &run->sockets,
                                      .scenario = cfg->scenario,
                                      .n_calls = run->n_places,
                                      .in_flight = cfg->in_flight,
                                      .direction = cfg->direction,
                                      .provider = cfg->provider,
                                      .offer_flags = cfg->offer_flags,
                                      .answer_flags = cfg->answer_flags};

    int err = relay_find(run);
    calls.ng = run->ng;
    if (!err)
        err = run_problem(run->result, load_calls_alloc(&run->calls, &calls), "calls");
    return err;
}

/* A relay that hands A's key on to B does not re-encrypt, and its SRTP figures would mean nothing.
 */
static bool is_re_encrypted(const struct load_call *call)
{
    const struct load_crypto *a = &call->end[LOAD_AUDIO][LOAD_A].out,
                             *b = &call->end[LOAD_AUDIO][LOAD_B].in;

    return !a->suite || a->suite != b->suite || memcmp(a->key, b->key, sizeof(a->key)) != 0;
}

static int calls_set_up(struct run *run)
{
    struct load_result *r = run->result;

    r->set_up_ns = load_calls_set_up(run->calls, r->n_calls);
    r->calls = *load_calls_stats(run->calls);
    for (unsigned i = 0; i < r->n_calls; i++) {
        const struct load_call *call = load_calls_at(run->calls, i);

        r->n_up += call->is_up;
        if (call->is_up && !is_re_encrypted(call))
            return run_problem(r, ENOTSUP, "the relay hands A's key on to B");
    }
    if (load_stop_is_asked())
        return run_problem(r, ECANCELED, "stopped");
    if (r->n_up == r->n_calls)
        return 0;
    snprintf(r->problem, sizeof(r->problem), "%u of %u calls could not be set up: %s",
             r->n_calls - r->n_up, r->n_calls, r->calls.reason);
    return ECONNREFUSED;
}

static int floor_open(struct run *run)
{
    struct load_result *r = run->result;
    struct floor_config floor = {.kind = run->cfg->floor,
                                 .is_gathering = run->cfg->is_gathering,
                                 .cpu = run->cfg->relay_cpu,
                                 .address = run->cfg->floor_address,
                                 .space = run->cfg->floor_space,
                                 .sockets = &run->sockets};

    run->floor_ends = calloc(r->n_calls, sizeof(*run->floor_ends));
    if (!run->floor_ends)
        return run_problem(r, ENOMEM, "floor");
    int err = floor_start(&run->floor, &floor, run->floor_ends);
    if (err && (floor.address || floor.space))
        snprintf(r->problem, sizeof(r->problem), "the floor at --floor-address %s%s%s: %s",
                 floor.address ? floor.address : "(loopback)",
                 floor.space ? ", --floor-netns " : "", floor.space ? floor.space : "",
                 strerror(err));
    err = run_problem(r, err, "the floor");
    if (!err) {
        run->pid = floor_pid(run->floor);
        r->has_proc = true;
        r->n_up = r->n_calls;
    }
    return err;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static void run_close(struct run *run)
{
    struct load_result *r = run->result;

    attack_close(run->attack);
    if (run->calls && !r->has_died) {
        r->delete_ns = load_calls_delete(run->calls);
        r->calls = *load_calls_stats(run->calls);
    }
    churn_free(run->churn);
    load_media_free(run->media);
    load_calls_free(run->calls);
    load_ng_free(run->ng);
    floor_stop(run->floor);
    load_wire_free(run->wire);
    load_sockets_wipe(&run->sockets);
    free(run->floor_ends);
    free(run->ears);
}

static bool needs_rtcp_port(const struct scenario *s)
{
    bool needs = s->has_rtcp;

    for (unsigned i = 0; i < s->n_parts; i++)
        needs |= s->parts[i].mode->has_ice;
    return needs;
}

static int wire_open(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    struct load_result *r = run->result;
    struct load_sockets_config sockets = {.local = cfg->local,
                                          .n_pairs = cfg->n_pairs,
                                          .n_calls = run->n_places,
                                          .has_rtcp = needs_rtcp_port(cfg->scenario)};

    if (cfg->interface) {
        int err = run_problem(r, load_sockets_name(&run->sockets, &sockets), cfg->local);
        if (!err)
            err = load_wire_packet(&run->wire, cfg->interface, &run->sockets, r->problem,
                                   sizeof(r->problem));
        return err;
    }
    int err = load_sockets_init(&run->sockets, &sockets, r->problem, sizeof(r->problem));
    if (!err)
        err = run_problem(r, load_wire_sockets(&run->wire, &run->sockets, sockets.has_rtcp),
                          "sockets");
    return err;
}

static int run_open(struct run *run)
{
    const struct scenario *s = run->cfg->scenario;
    struct load_result *r = run->result;
    double n = s->rate > 0 ? s->rate * s->hold_s : s->calls;

    *r = (struct load_result){
        .scenario = s, .n_calls = n < 1 ? 1 : (unsigned)n, .has_proc = run->pid != 0};
    /* how many there are at a time varies about their mean */
    run->n_places = r->n_calls;
    if (scenario_rate(s) > 0)
        run->n_places += r->n_calls / 4 + SPARE_PLACES;
    int err = run_proc_read(run, &r->idle);
    if (err)
        return err;
    run->ears = calloc(1, sizeof(*run->ears));
    if (!run->ears)
        return run_problem(r, ENOMEM, "calls");
    run->ears->max = s->has_talk ? 0 : LOAD_EARS_MAX; /* pauses are not said to be heard */
    return wire_open(run);
}

/* Offer, answer and delete of ever new calls, no media. */
static int set_ups_run(struct run *run)
{
    struct load_result *r = run->result;
    int err = run_proc_read(run, &r->begin);

    r->set_up_ns = load_calls_cycle(run->calls, (uint64_t)run->cfg->scenario->seconds * 1000000000);
    r->calls = *load_calls_stats(run->calls);
    r->n_up =
        (unsigned)(r->calls.took[LOAD_ANSWER].n - r->calls.failed[LOAD_ANSWER] + r->calls.refused);
    r->n_calls = (unsigned)r->calls.took[LOAD_OFFER].n;
    if (!err)
        err = run_proc_read(run, &r->end);
    if (!err && !r->n_up) {
        snprintf(r->problem, sizeof(r->problem), "no call could be set up: %s", r->calls.reason);
        err = ECONNREFUSED;
    }
    return err;
}

int load_run(struct load_result *r, const struct load_run_config *cfg)
{
    struct run run = {.cfg = cfg, .result = r, .pid = cfg->pid};
    enum scenario_kind kind = (enum scenario_kind)cfg->scenario->kind;

    int err = run_open(&run);
    if (!err)
        err = cfg->ng ? calls_open(&run) : floor_open(&run);
    if (!err && kind == SCENARIO_SET_UPS) {
        err = set_ups_run(&run);
    } else if (!err) {
        if (cfg->ng)
            err = calls_set_up(&run);
        if (!err)
            err = run_proc_read(&run, &r->signalled);
        if (!err && kind == SCENARIO_MEDIA && !load_stop_is_asked())
            err = run_media(&run);
    }
    run_close(&run);
    return err;
}
