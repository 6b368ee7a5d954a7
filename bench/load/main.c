#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/clock.h"
#include "bench/load/options.h"
#include "bench/load/report.h"
#include "bench/load/run.h"
#include "bench/load/search.h"
#include "bench/load/stop.h"

/* picrelay-bench: a load through any relay that speaks NG, and what it cost. Exit status 0: all
 * calls were set up, and all packets that came back were right. */

#define CAPACITY_LOSS   0.001
#define CAPACITY_P99_NS 10000000
/* After a step that was too much: a relay that sheds calls by its load goes by that of the last
 * seconds, and the next step is not to be blamed for it. */
#define RECOVERY_NS UINT64_C(3000000000)

static void report(const struct load_options *o, const struct load_result *r)
{
    if (!o->is_json) {
        load_report_print(stdout, r, o->mode);
        return;
    }
    json_t *json = load_report_json(r, o->mode);
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
    printf("\n");
    json_decref(json);
}

static bool is_carried(const struct load_result *r)
{
    return load_result_loss(r) <= CAPACITY_LOSS &&
           load_histogram_at(&r->media.delay, 0.99) <= CAPACITY_P99_NS;
}

/* A capacity that the generator could not offer is the generator's, and is said to be. */
static void capacity_print(const struct load_options *o, const struct load_search *s,
                           bool was_paced)
{
    bool is_bound = !s->bad || !was_paced;

    if (o->is_json)
        printf("{\"mode\": \"%s\", \"capacity\": %u, \"is_lower_bound\": %s}\n", o->mode, s->good,
               is_bound ? "true" : "false");
    else
        printf("capacity  %s%u calls\n", is_bound ? "at least " : "", s->good);
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

static int capacity_find(struct load_result *r, struct load_run_config *cfg,
                         const struct load_options *o)
{
    struct load_search s;
    bool was_paced = true;

    for (load_search_init(&s, o->calls, o->max_calls); s.now;) {
        cfg->n_calls = s.now;
        cfg->n_pairs = o->sockets < s.now ? o->sockets : s.now;
        cfg->in_flight = o->in_flight < s.now ? o->in_flight : s.now;
        int err = load_run(r, cfg);
        if (err && err != ECONNREFUSED)
            return err;
        bool is_good = !err && is_carried(r);

        step_print(r, is_good);
        if (!is_good) {
            was_paced = err || load_result_is_paced(r);
            load_sleep_until(load_now_ns() + RECOVERY_NS);
        }
        load_search_put(&s, is_good);
    }
    capacity_print(o, &s, was_paced);
    return s.good ? 0 : ERANGE;
}

static int run(const struct load_options *o, struct load_run_config *cfg)
{
    struct load_result *r = calloc(1, sizeof(*r)); /* histograms: too large for a stack */
    if (!r)
        return ENOMEM;

    int err;
    if (o->is_capacity) {
        err = capacity_find(r, cfg, o);
    } else {
        err = o->is_set_ups ? load_run_set_ups(r, cfg) : load_run(r, cfg);
        report(o, r);
        if (!err && !load_result_is_clean(r))
            err = EBADMSG;
    }
    if (r->problem[0])
        fprintf(stderr, "picrelay-bench: %s\n", r->problem);
    free(r);
    return err;
}

static int pin(unsigned cpu)
{
    cpu_set_t set;

    if (cpu == LOAD_OPTIONS_ANY_CPU)
        return 0;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) ? errno : 0;
}

int main(int argc, char **argv)
{
    struct load_options o;
    struct load_run_config cfg;
    char problem[256];

    int err = load_options_parse(&o, argc, argv, problem, sizeof(problem));
    if (!err && o.is_help) {
        load_options_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (!err)
        err = load_options_config(&cfg, &o, problem, sizeof(problem));
    if (err) {
        fprintf(stderr, "picrelay-bench: %s (--help lists the options)\n", problem);
        return EXIT_FAILURE;
    }
    err = pin(o.cpu);
    if (err) {
        fprintf(stderr, "picrelay-bench: --cpu %u: %s\n", o.cpu, strerror(err));
        return EXIT_FAILURE;
    }
    load_stop_init();
    return run(&o, &cfg) ? EXIT_FAILURE : EXIT_SUCCESS;
}
