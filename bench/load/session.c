#include "bench/load/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/clock.h"
#include "bench/load/search.h"
#include "bench/load/stop.h"
#include "bench/report/document.h"
#include "bench/report/limits.h"
#include "bench/report/progress.h"
#include "bench/report/table.h"
#include "bench/report/versus.h"
#include "bench/scan.h"

#define CAPACITY_LOSS   0.001
#define CAPACITY_P99_NS 10000000
/* After a step that was too much: a relay that sheds calls by its load goes by that of the last
 * seconds, and the next step is not to be blamed for it. */
#define RECOVERY_NS  UINT64_C(3000000000)
#define SUBJECTS_MAX 3
#define VERSUS_RUNS  3

struct session {
    const struct load_options *o;
    struct load_run_config *cfg;
    struct load_result *r; /* histograms: too large for a stack */
    struct report_progress progress;
};

static void progress_h(const struct load_point *point, const struct load_series *series, void *arg)
{
    report_progress_put(arg, point, series);
}

static int run(struct session *s)
{
    report_progress_init(&s->progress, s->o->is_quiet ? NULL : stderr, s->cfg->scenario->seconds);
    s->cfg->progress_h = progress_h;
    s->cfg->arg = &s->progress;
    int err = load_run(s->r, s->cfg);
    report_progress_end(&s->progress);
    return err;
}

/* @return EBADMSG: packets were not right; ERANGE: a limit does not hold */
static int judge(const struct load_result *r)
{
    if (r->media.sent && !load_result_is_clean(r))
        return EBADMSG;
    return report_holds(r) ? 0 : ERANGE;
}

static int once(json_t **document, struct session *s)
{
    int err = run(s);

    *document = report_figures(s->r);
    if (!s->o->is_json)
        report_print(stdout, s->r);
    if (s->r->problem[0])
        fprintf(stderr, "picrelay-bench: %s\n", s->r->problem);
    return err ? err : judge(s->r);
}

/* ---- capacity ---------------------------------------------------------------------------------
 */

static bool is_carried(const struct load_result *r)
{
    return load_result_loss(r) <= CAPACITY_LOSS &&
           load_histogram_at(&r->media.delay, 0.99) <= CAPACITY_P99_NS;
}

static void step_print(const struct load_result *r, bool is_good)
{
    fprintf(stderr, "%u calls: ", r->n_calls);
    if (r->problem[0])
        fprintf(stderr, "%s: ", r->problem);
    else
        fprintf(stderr, "loss %.3f %%, p99 %.0f us, late p99 %.0f us: ", 100 * load_result_loss(r),
                (double)load_histogram_at(&r->media.delay, 0.99) / 1000,
                (double)load_histogram_at(&r->media.late, 0.99) / 1000);
    fprintf(stderr, "%s\n", is_good ? "carried" : "not carried");
}

static json_t *step_json(const struct load_result *r, bool is_good)
{
    double share = load_result_cpu_share(r);

    return json_pack("{s:i, s:f, s:f, s:f, s:o, s:b}", "calls", (int)r->n_calls, "loss",
                     r->media.sent ? load_result_loss(r) : 1, "p99_us",
                     (double)load_histogram_at(&r->media.delay, 0.99) / 1000, "late_p99_us",
                     (double)load_histogram_at(&r->media.late, 0.99) / 1000, "cpu",
                     share < 0 ? json_null() : json_real(share), "is_carried", (int)is_good);
}

/* A capacity that the generator could not offer is the generator's, and is said to be. */
static json_t *capacity_json(const struct session *s, const struct load_search *search,
                             bool was_paced, json_t *steps)
{
    bool is_bound = !search->bad || !was_paced;
    const struct scenario *scenario = s->cfg->scenario;

    if (!s->o->is_json)
        printf("capacity    %s%u calls%s\n", is_bound ? "at least " : "", search->good,
               is_bound && search->bad ? " (the generator's own limit)" : "");
    return json_pack("{s:s, s:s, s:i, s:b, s:o}", "mode", scenario->parts[0].mode->name, "title",
                     scenario->title[0] ? scenario->title : scenario->name, "capacity",
                     (int)search->good, "is_lower_bound", (int)is_bound, "steps", steps);
}

static int capacity_find(json_t **document, struct session *s)
{
    struct scenario scenario = *s->cfg->scenario;
    const struct load_options *o = s->o;
    struct load_search search;
    json_t *steps = json_array();
    bool was_paced = true;
    int err = 0;

    s->cfg->scenario = &scenario;
    for (load_search_init(&search, scenario.calls, o->max_calls); search.now;) {
        scenario.calls = search.now;
        s->cfg->n_pairs = o->sockets < search.now ? o->sockets : search.now;
        s->cfg->in_flight = o->in_flight < search.now ? o->in_flight : search.now;
        err = run(s);
        if (err && (err != ECONNREFUSED || !s->r->set_up_ns))
            break; /* nothing to be said of capacity */
        bool is_good = !err && is_carried(s->r);

        step_print(s->r, is_good);
        json_array_append_new(steps, step_json(s->r, is_good));
        if (!is_good) {
            was_paced = err || load_result_is_paced(s->r);
            load_sleep_until(load_now_ns() + RECOVERY_NS);
        }
        err = 0;
        load_search_put(&search, is_good);
    }
    *document = capacity_json(s, &search, was_paced, steps);
    s->cfg->scenario = &o->scenario;
    if (err)
        fprintf(stderr, "picrelay-bench: %s\n", s->r->problem);
    return err ? err : search.good ? 0 : ERANGE;
}

/* ---- several in turn --------------------------------------------------------------------------
 */

struct subject {
    char name[64];
    const char *ng; /* NULL: the floor */
    pid_t pid;
};

static unsigned subjects_list(struct subject list[SUBJECTS_MAX], const struct load_options *o)
{
    const char *names = o->names;
    unsigned n = 0;

    list[n] = (struct subject){.ng = o->ng, .pid = (pid_t)o->pid};
    if (!scan_word(&names, list[n++].name, sizeof(list[0].name), ","))
        snprintf(list[0].name, sizeof(list[0].name), "one");
    (void)scan_text(&names, ",");
    if (o->versus) {
        list[n] = (struct subject){.ng = o->versus, .pid = (pid_t)o->versus_pid};
        if (!scan_word(&names, list[n].name, sizeof(list[n].name), ","))
            snprintf(list[n].name, sizeof(list[n].name), "other");
        n++;
    }
    if (o->floor) {
        list[n] = (struct subject){.ng = NULL};
        snprintf(list[n++].name, sizeof(list[0].name), "floor");
    }
    return n;
}

/* The floor forwards the same packets, but does nothing else with them. */
static void floor_scenario(struct scenario *floor, const struct scenario *s)
{
    *floor = *s;
    (void)scenario_set_mode(floor, "plain");
    floor->kind = SCENARIO_MEDIA;
    if (s->rate > 0)
        floor->calls = (uint32_t)(s->rate * s->hold_s);
    floor->rate = floor->hold_s = floor->hold_every_s = floor->dtmf_every_s = 0;
    floor->has_rtcp = false;
    memset(floor->attack.is_wanted, 0, sizeof(floor->attack.is_wanted));
}

static int subject_run(json_t *runs, struct session *s, const struct subject *subject, unsigned i)
{
    const struct scenario *scenario = s->cfg->scenario;
    struct scenario floor;

    floor_scenario(&floor, scenario);
    s->cfg->ng = subject->ng;
    s->cfg->pid = subject->pid;
    if (!subject->ng)
        s->cfg->scenario = &floor;
    fprintf(stderr, "%s, run %u\n", subject->name, i);
    int err = run(s);
    json_array_append_new(runs,
                          json_pack("{s:s, s:s, s:i, s:o}", "row", scenario->name, "subject",
                                    subject->name, "run", (int)i, "figures", report_figures(s->r)));
    if (s->r->problem[0])
        fprintf(stderr, "picrelay-bench: %s: %s\n", subject->name, s->r->problem);
    if (!err)
        err = subject->ng ? judge(s->r) : 0;
    s->cfg->scenario = scenario;
    return err;
}

static int in_turn(json_t **document, struct session *s)
{
    struct subject subjects[SUBJECTS_MAX];
    unsigned n = subjects_list(subjects, s->o), n_runs = s->o->runs ? s->o->runs : VERSUS_RUNS;
    json_t *runs = json_array();
    int first = 0;

    for (unsigned i = 1; i <= n_runs && !load_stop_is_asked(); i++) {
        for (unsigned j = 0; j < n && !load_stop_is_asked(); j++) {
            int err = subject_run(runs, s, &subjects[j], i);

            if (!first)
                first = err;
        }
    }
    const struct scenario *scenario = s->cfg->scenario;
    *document = json_pack("{s:s, s:o}", "title",
                          scenario->title[0] ? scenario->title : scenario->name, "runs", runs);
    if (!s->o->is_json)
        report_versus_print(stdout, *document);
    return first;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

int load_session(json_t **document, const struct load_options *o, struct load_run_config *cfg)
{
    struct session s = {.o = o, .cfg = cfg, .r = calloc(1, sizeof(*s.r))};
    int err;

    *document = NULL;
    if (!s.r)
        return ENOMEM;
    if (o->is_capacity)
        err = capacity_find(document, &s);
    else if (o->versus || o->runs > 1 || (o->floor && o->ng))
        err = in_turn(document, &s);
    else
        err = once(document, &s);
    free(s.r);
    return err;
}
