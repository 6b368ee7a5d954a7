#include "bench/load/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/stop.h"

#define LATE_P99_NS 2000000 /* a tenth of the interval */
#define ROUND_MS    20

struct run {
    const struct load_run_config *cfg;
    struct load_result *result;
    pid_t pid;
    struct load_sockets sockets;
    struct load_ng *ng;
    struct load_calls *calls;
    struct floor *floor;
    struct load_end *ends;
    struct load_media *media;
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

static void mark_h(enum load_mark mark, void *arg)
{
    struct run *run = arg;

    (void)proc_read(run, mark == LOAD_MARK_BEGIN ? &run->result->begin : &run->result->end);
}

static int calls_open(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    struct load_calls_config calls = {.mode = cfg->mode,
                                      .sockets = &run->sockets,
                                      .n_calls = cfg->n_calls,
                                      .in_flight = cfg->in_flight,
                                      .direction = cfg->direction,
                                      .provider = cfg->provider,
                                      .offer_flags = cfg->offer_flags,
                                      .answer_flags = cfg->answer_flags};

    int err = problem_set(run->result, load_ng_alloc(&run->ng, cfg->ng), cfg->ng);
    calls.ng = run->ng;
    if (!err)
        err = problem_set(run->result, load_calls_alloc(&run->calls, &calls), "calls");
    return err;
}

/* A relay that hands A's key on to B does not re-encrypt, and its SRTP figures would mean nothing.
 */
static bool is_re_encrypted(const struct load_call *call)
{
    const struct load_crypto *a = &call->end[LOAD_A].out, *b = &call->end[LOAD_B].in;

    return !a->suite || a->suite != b->suite || memcmp(a->key, b->key, sizeof(a->key)) != 0;
}

static int calls_set_up(struct run *run)
{
    struct load_result *r = run->result;

    int err = calls_open(run);
    if (err)
        return err;
    r->set_up_ns = load_calls_set_up(run->calls);
    r->calls = *load_calls_stats(run->calls);
    for (unsigned i = 0; i < run->cfg->n_calls; i++) {
        const struct load_call *call = load_calls_at(run->calls, i);

        r->n_up += call->is_up;
        run->ends[2 * i] = call->end[LOAD_A];
        run->ends[2 * i + 1] = call->end[LOAD_B];
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
    struct floor_config floor = {.kind = run->cfg->floor,
                                 .is_gathering = run->cfg->is_gathering,
                                 .cpu = run->cfg->relay_cpu,
                                 .sockets = &run->sockets};

    int err = problem_set(run->result, floor_start(&run->floor, &floor, run->ends), "floor");
    if (!err) {
        run->pid = floor_pid(run->floor);
        run->result->has_proc = true;
        run->result->n_up = run->result->n_calls;
    }
    return err;
}

static int media_run(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    struct load_result *r = run->result;
    struct load_media_config media = {
        .mode = cfg->mode,
        .sockets = &run->sockets,
        .ends = run->ends,
        .n_calls = cfg->n_calls,
        .warm_rounds = cfg->warm_ms / ROUND_MS,
        .rounds = cfg->measure_ms / ROUND_MS,
        .is_one_port = !cfg->ng && cfg->floor == FLOOR_SHARED,
        .h = mark_h,
        .arg = run,
    };

    int err = problem_set(r, load_media_alloc(&run->media, &media), "media");
    if (err)
        return err;
    load_media_run(run->media, &r->media);
    if (r->media.is_stopped)
        return problem_set(r, ECANCELED, "stopped");
    return r->problem[0] ? ESRCH : 0; /* its process was gone at a mark */
}

static void run_close(struct run *run)
{
    load_media_free(run->media);
    if (run->calls)
        run->result->delete_ns = load_calls_delete(run->calls);
    load_calls_free(run->calls);
    load_ng_free(run->ng);
    floor_stop(run->floor);
    load_sockets_wipe(&run->sockets);
    free(run->ends);
}

static int run_open(struct run *run)
{
    const struct load_run_config *cfg = run->cfg;
    struct load_result *r = run->result;

    *r = (struct load_result){.n_calls = cfg->n_calls, .has_proc = run->pid != 0};
    int err = proc_read(run, &r->idle);
    if (err)
        return err;
    run->ends = calloc(2 * (size_t)cfg->n_calls, sizeof(*run->ends));
    if (!run->ends)
        return problem_set(r, ENOMEM, "calls");
    return problem_set(r, load_sockets_init(&run->sockets, cfg->local, cfg->n_pairs, cfg->n_calls),
                       cfg->local);
}

int load_run(struct load_result *r, const struct load_run_config *cfg)
{
    struct run run = {.cfg = cfg, .result = r, .pid = cfg->pid};

    int err = run_open(&run);
    if (!err)
        err = cfg->ng ? calls_set_up(&run) : floor_open(&run);
    if (!err)
        err = proc_read(&run, &r->signalled);
    if (!err && !cfg->has_no_media && !load_stop_is_asked())
        err = media_run(&run);
    run_close(&run);
    return err;
}

int load_run_set_ups(struct load_result *r, const struct load_run_config *cfg)
{
    struct run run = {.cfg = cfg, .result = r, .pid = cfg->pid};

    int err = run_open(&run);
    if (!err)
        err = calls_open(&run);
    if (!err) {
        err = proc_read(&run, &r->begin);
        r->set_up_ns = load_calls_cycle(run.calls, (uint64_t)cfg->measure_ms * 1000000);
        r->calls = *load_calls_stats(run.calls);
        r->n_up = (unsigned)(r->calls.took[LOAD_ANSWER].n - r->calls.failed[LOAD_ANSWER]);
        if (!err)
            err = proc_read(&run, &r->end);
    }
    if (!err && !r->n_up) {
        snprintf(r->problem, sizeof(r->problem), "no call could be set up: %s", r->calls.reason);
        err = ECONNREFUSED;
    }
    run_close(&run);
    return err;
}

/* ---- what is read off a result ----------------------------------------------------------------
 */

double load_result_loss(const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;

    return m->sent ? (double)(m->sent - m->received) / (double)m->sent : 1;
}

/* As the scheduler counts it where it does (CONFIG_SCHED_INFO), else in ticks. */
static double cpu_us(const struct load_result *r)
{
    if (r->begin.cpu_ns && r->end.cpu_ns > r->begin.cpu_ns)
        return (double)(r->end.cpu_ns - r->begin.cpu_ns) / 1000;
    return (double)(r->end.user_us + r->end.system_us) -
           (double)(r->begin.user_us + r->begin.system_us);
}

double load_result_cpu_us(const struct load_result *r)
{
    return r->has_proc && r->media.sent ? cpu_us(r) / (double)r->media.sent : -1;
}

double load_result_cpu_share(const struct load_result *r)
{
    double us = (double)r->media.duration_ns / 1000;

    return r->has_proc && us > 0 ? cpu_us(r) / us : -1;
}

double load_result_rss_bytes(const struct load_result *r)
{
    if (!r->has_proc || !r->n_up || !r->idle.rss_bytes)
        return -1;
    return ((double)r->signalled.rss_bytes - (double)r->idle.rss_bytes) / r->n_up;
}

double load_result_set_ups_per_s(const struct load_result *r)
{
    return r->set_up_ns ? r->n_up * 1e9 / (double)r->set_up_ns : 0;
}

bool load_result_is_clean(const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;

    return !(m->unsent + m->stray + m->unauthentic + m->corrupted + m->misrouted + m->renumbered +
             m->duplicates);
}

bool load_result_is_paced(const struct load_result *r)
{
    return load_histogram_at(&r->media.late, 0.99) <= LATE_P99_NS;
}
