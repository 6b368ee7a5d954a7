#include "bench/load/run_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/load/attack.h"
#include "bench/load/clock.h"

#define ROUND_MS      20
#define REPLAY_SHARE  0.05
#define SILENT_POINTS 4 /* of the series in which nothing came back: the relay is gone */

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
            (void)run_proc_read(run, &r->end);
        return;
    }
    (void)run_proc_read(run, &r->begin);
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

/* ---- media ------------------------------------------------------------------------------------
 */

static unsigned media_kinds(const struct scenario *s)
{
    for (unsigned i = 0; i < s->n_parts; i++)
        if (s->parts[i].mode->has_video)
            return 2;
    return 1;
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
    return run_problem(run->result, err, "media");
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
    return run_problem(run->result, err, "calls");
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
    return run_problem(run->result, attack_open(&run->attack, &attack), "attack");
}

static void ears_score(struct run *run)
{
    struct load_result *r = run->result;

    for (unsigned i = 0; i < run->ears->n; i++)
        if (load_ear_score(&r->scores[r->n_scores], &run->ears->at[i]) == 0)
            r->n_scores++;
}

int run_media(struct run *run)
{
    struct load_result *r = run->result;

    int err = media_open(run);
    if (!err)
        err = churn_open(run);
    if (!err)
        err = attack_prepare(run);
    if (err)
        return err;
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
        return run_problem(r, ECANCELED, "stopped");
    return r->problem[0] ? ESRCH : 0; /* its process was gone at a mark */
}
