#include "bench/load/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/attack.h"
#include "bench/load/clock.h"
#include "bench/load/packet.h"
#include "bench/load/stop.h"

#define ROUND_MS      20
#define REPLAY_SHARE  0.05
#define SILENT_POINTS 4 /* of the series in which nothing came back: the relay is gone */
#define SPARE_PLACES  10

struct run {
    const struct load_run_config *cfg;
    struct load_result *result;
    unsigned n_places;
    pid_t pid;
    struct load_sockets sockets;
    struct load_wire *wire;
    struct load_ng *ng;
    struct load_calls *calls;
    struct churn *churn;
    struct floor *floor;
    struct load_end (*floor_ends)[2]; /* as calls have them, a kind each */
    struct load_media *media;
    struct attack *attack;
    struct load_ears *ears;
    uint64_t attack_ns; /* when it begins; 0: it has, or there is none */
    unsigned n_silent;
};

static int problem_set(struct load_result *r, int err, const char *what)
{
    if (err && !r->problem[0])
        snprintf(r->problem, sizeof(r->problem), "%s: %s", what, strerror(err));
    return err;
}

static int proc_read(struct run *run, struct load_proc *p)
{
    if (!run->pid)
        return 0;
    return problem_set(run->result, load_proc_read(p, run->pid), "the relay's process");
}

/* ---- while media runs -------------------------------------------------------------------------
 */

static void died(struct run *run, double t_s, const char *how)
{
    struct load_result *r = run->result;

    r->has_died = true;
    snprintf(r->problem, sizeof(r->problem),
             "the relay %s after %.1f s of the measured time; the figures are of what was until "
             "then",
             how, t_s);
    load_media_stop(run->media);
}

static void point_close(struct run *run, uint64_t now_ns)
{
    struct load_result *r = run->result;
    struct load_proc now;
    bool is_gone = run->pid && load_proc_read(&now, run->pid) != 0;
    struct load_point *p =
        load_series_close(&r->series, now_ns, run->pid && !is_gone ? &now : NULL);
    const struct churn_stats *churn = churn_stats(run->churn);

    p->calls = run->calls ? churn_up(run->churn) : r->n_up;
    p->set_ups = churn->begun;
    p->failures = churn->failed;
    p->is_attacked = run->attack && !run->attack_ns;
    if (!is_gone)
        r->end = now;
    /* of the last point packets are still under way */
    run->n_silent = p->sent && !p->received && p->max_us <= 0 ? run->n_silent + 1 : 0;
    if (is_gone)
        died(run, p->t_s, "has ended");
    else if (run->n_silent == SILENT_POINTS)
        died(run, p->t_s - SILENT_POINTS * (double)r->series.interval_ns / 1e9,
             "has sent nothing back any more");
    if (run->cfg->progress_h)
        run->cfg->progress_h(p, &r->series, run->cfg->arg);
}

static void quiet_end(struct run *run)
{
    struct load_result *r = run->result;

    run->attack_ns = 0;
    r->has_halves = true;
    r->quiet.delay = r->media.delay;
    attack_begin(run->attack);
    if (run->cfg->scenario->attack.is_wanted[SCENARIO_REPLAY])
        load_media_replay(run->media, REPLAY_SHARE);
}

static void tick_h(uint64_t now_ns, void *arg)
{
    struct run *run = arg;

    churn_tick(run->churn, now_ns);
    if (run->attack_ns && now_ns >= run->attack_ns)
        quiet_end(run);
    if (load_series_is_due(&run->result->series, now_ns))
        point_close(run, now_ns);
}

static void mark_h(enum load_mark mark, void *arg)
{
    struct run *run = arg;
    struct load_result *r = run->result;
    uint64_t now_ns = load_now_ns();

    if (mark == LOAD_MARK_END) {
        if (!r->has_died)
            (void)proc_read(run, &r->end);
        return;
    }
    (void)proc_read(run, &r->begin);
    load_series_begin(&r->series, now_ns, load_wall_ns(), run->pid ? &r->begin : NULL);
    if (run->attack)
        run->attack_ns = now_ns + (uint64_t)run->cfg->scenario->seconds * 500000000;
}

/* By when packets were sent: those on their way when the attack began are of the quiet half. */
static void halves_part(struct load_result *r)
{
    for (unsigned i = 0; i <= r->series.n; i++) {
        const struct load_point *p = &r->series.points[i];
        struct load_half *half = p->is_attacked || i == r->series.n ? &r->attacked : &r->quiet;

        half->sent += p->sent;
        half->received += p->received;
    }
    r->attacked.delay = r->media.delay;
    load_histogram_take(&r->attacked.delay, &r->quiet.delay);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static int relay_find(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    struct load_result *r = run->result;

    int err = problem_set(r, load_ng_alloc(&run->ng, cfg->ng), cfg->ng);
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
    return problem_set(r, err, "stopped before a relay was found");
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
        err = problem_set(run->result, load_calls_alloc(&run->calls, &calls), "calls");
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
            return problem_set(r, ENOTSUP, "the relay hands A's key on to B");
    }
    if (load_stop_is_asked())
        return problem_set(r, ECANCELED, "stopped");
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
                                 .sockets = &run->sockets};

    run->floor_ends = calloc(r->n_calls, sizeof(*run->floor_ends));
    if (!run->floor_ends)
        return problem_set(r, ENOMEM, "floor");
    int err = problem_set(r, floor_start(&run->floor, &floor, run->floor_ends), "floor");
    if (!err) {
        run->pid = floor_pid(run->floor);
        r->has_proc = true;
        r->n_up = r->n_calls;
    }
    return err;
}

/* ---- media ------------------------------------------------------------------------------------
 */

static unsigned media_kinds(const struct scenario *s)
{
    for (unsigned i = 0; i < s->n_parts; i++)
        if (s->parts[i].mode->has_video)
            return 2;
    return 1;
}

static bool needs_rtcp_port(const struct scenario *s)
{
    bool needs = s->has_rtcp;

    for (unsigned i = 0; i < s->n_parts; i++)
        needs |= s->parts[i].mode->has_ice;
    return needs;
}

static int media_open(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    const struct scenario *s = cfg->scenario;
    struct load_media_config media = {
        .wire = run->wire,
        .n_calls = run->n_places,
        .n_media = media_kinds(s),
        .warm_rounds = s->warm_ms / ROUND_MS,
        .rounds = s->seconds * (1000 / ROUND_MS),
        .is_one_port = !cfg->ng && cfg->floor == FLOOR_SHARED,
        .has_rtcp = s->has_rtcp,
        .has_talk = s->has_talk,
        .is_churning = scenario_rate(s) > 0 || s->hold_every_s > 0,
        .dtmf_every_s = s->dtmf_every_s,
        .impair = s->impair,
        .speech = cfg->speech,
        .ears = run->ears,
        .series = &run->result->series,
        .mark_h = mark_h,
        .tick_h = tick_h,
        .arg = run,
    };

    load_series_init(&run->result->series, (uint64_t)s->seconds * 1000000000);
    int err = load_media_alloc(&run->media, &media, &run->result->media);
    for (unsigned i = 0; i < s->n_parts && !err; i++)
        err = load_media_prepare(run->media, s->parts[i].mode);
    return problem_set(run->result, err, "media");
}

static int floor_calls_open(struct run *run)
{
    int err = 0;

    for (unsigned i = 0; i < run->result->n_calls && !err; i++) {
        struct load_media_call call = {.mode = run->cfg->scenario->parts[0].mode,
                                       .ends = (const struct load_end(*)[2]) & run->floor_ends[i],
                                       .serial = i};

        err = load_media_open(run->media, i, &call);
    }
    return err;
}

static int churn_open(struct run *run)
{
    struct churn_config churn = {.scenario = run->cfg->scenario,
                                 .calls = run->calls,
                                 .media = run->media,
                                 .n_places = run->n_places,
                                 .seed = run->cfg->scenario->impair.seed};
    int err = churn_alloc(&run->churn, &churn);

    if (!err && !run->calls)
        err = floor_calls_open(run);
    for (unsigned i = 0; run->calls && i < run->result->n_calls && !err; i++)
        err = churn_adopt(run->churn, i);
    return problem_set(run->result, err, "calls");
}

static int attack_prepare(struct run *run)
{
    const struct scenario *s = run->cfg->scenario;
    struct attack_config attack = {.attack = &s->attack,
                                   .calls = run->calls,
                                   .n_calls = run->result->n_calls,
                                   .ng = run->cfg->ng,
                                   .sockets = &run->sockets};

    if (!scenario_has_attack(s) || !run->calls)
        return 0;
    return problem_set(run->result, attack_open(&run->attack, &attack), "attack");
}

static void ears_score(struct run *run)
{
    struct load_result *r = run->result;

    for (unsigned i = 0; i < run->ears->n; i++)
        if (load_ear_score(&r->scores[r->n_scores], &run->ears->at[i]) == 0)
            r->n_scores++;
}

static int media_run(struct run *run)
{
    struct load_result *r = run->result;

    int err = media_open(run);
    if (!err)
        err = churn_open(run);
    if (!err)
        err = attack_prepare(run);
    if (err)
        return err;
    churn_begin(run->churn, load_now_ns());
    load_media_run(run->media);
    r->churn = *churn_stats(run->churn);
    if (run->attack) {
        for (unsigned i = 0; i < SCENARIO_ATTACKS; i++)
            r->attacks[i] = attack_sent(run->attack, (enum scenario_attack_kind)i);
        r->attacks[SCENARIO_REPLAY] = r->media.replayed;
        r->is_forging = attack_is_forging(run->attack);
    }
    if (r->has_halves)
        halves_part(r);
    ears_score(run);
    if (r->has_died)
        return ESRCH;
    if (r->media.is_stopped)
        return problem_set(r, ECANCELED, "stopped");
    return r->problem[0] ? ESRCH : 0; /* its process was gone at a mark */
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

static int wire_open(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    struct load_result *r = run->result;
    struct load_sockets_config sockets = {.local = cfg->local,
                                          .n_pairs = cfg->n_pairs,
                                          .n_calls = run->n_places,
                                          .has_rtcp = needs_rtcp_port(cfg->scenario)};

    if (cfg->interface) {
        int err = problem_set(r, load_sockets_name(&run->sockets, &sockets), cfg->local);
        if (!err)
            err = load_wire_packet(&run->wire, cfg->interface, &run->sockets, r->problem,
                                   sizeof(r->problem));
        return err;
    }
    int err = load_sockets_init(&run->sockets, &sockets, r->problem, sizeof(r->problem));
    if (!err)
        err = problem_set(r, load_wire_sockets(&run->wire, &run->sockets, sockets.has_rtcp),
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
    int err = proc_read(run, &r->idle);
    if (err)
        return err;
    run->ears = calloc(1, sizeof(*run->ears));
    if (!run->ears)
        return problem_set(r, ENOMEM, "calls");
    run->ears->max = s->has_talk ? 0 : LOAD_EARS_MAX; /* pauses are not said to be heard */
    return wire_open(run);
}

/* Offer, answer and delete of ever new calls, no media. */
static int set_ups_run(struct run *run)
{
    struct load_result *r = run->result;
    int err = proc_read(run, &r->begin);

    r->set_up_ns = load_calls_cycle(run->calls, (uint64_t)run->cfg->scenario->seconds * 1000000000);
    r->calls = *load_calls_stats(run->calls);
    r->n_up =
        (unsigned)(r->calls.took[LOAD_ANSWER].n - r->calls.failed[LOAD_ANSWER] + r->calls.refused);
    r->n_calls = (unsigned)r->calls.took[LOAD_OFFER].n;
    if (!err)
        err = proc_read(run, &r->end);
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
            err = proc_read(&run, &r->signalled);
        if (!err && kind == SCENARIO_MEDIA && !load_stop_is_asked())
            err = media_run(&run);
    }
    run_close(&run);
    return err;
}
