#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/options.h"
#include "bench/load/session.h"
#include "bench/load/stop.h"
#include "bench/report/html.h"
#include "bench/report/machine.h"
#include "bench/sound/wav.h"

/* picrelay-bench: a load through any relay that speaks NG, and what it cost. Exit status 0: all
 * calls were set up, all packets that came back were right, and the scenario's limits hold. */

static int complain(const char *what)
{
    fprintf(stderr, "picrelay-bench: %s\n", what);
    return EXIT_FAILURE;
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

static int html_write(const char *path, const json_t *document)
{
    FILE *f = fopen(path, "we");
    if (!f)
        return errno;

    report_html(f, document);
    int err = ferror(f) ? EIO : 0;
    return fclose(f) != 0 || err ? EIO : 0;
}

static int report_write(const struct load_options *o, const json_t *document)
{
    char problem[512];
    int err = 0;

    if (o->is_json && json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(8)) == 0)
        printf("\n");
    if (o->html)
        err = html_write(o->html, document);
    if (!err)
        return 0;
    snprintf(problem, sizeof(problem), "--html %s: %s", o->html, strerror(err));
    return complain(problem);
}

static int render(const struct load_options *o)
{
    char problem[512];
    json_error_t error;
    json_t *document = json_load_file(o->render, 0, &error);

    if (!document) {
        snprintf(problem, sizeof(problem), "%s:%d: %s", o->render, error.line, error.text);
        return complain(problem);
    }
    int err = o->html ? report_write(o, document) : complain("--render: --html is missing");
    json_decref(document);
    return err;
}

static int load(const struct load_options *o, struct load_run_config *cfg, int argc, char **argv)
{
    json_t *document = NULL;

    int err = load_session(&document, o, cfg);
    if (!document)
        return complain(strerror(err));
    json_object_set_new(document, "machine", report_machine(argc, argv));
    json_object_set_new(document, "status", json_boolean(!err));
    int err_report = report_write(o, document);
    json_decref(document);
    return err || err_report ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* @return whether something was printed that needs no load */
static bool texts_print(const struct load_options *o)
{
    if (o->is_help)
        load_options_usage(stdout);
    else if (o->is_reference)
        scenario_reference(stdout);
    else if (o->is_print)
        scenario_print(&o->scenario, stdout);
    return o->is_help || o->is_reference || o->is_print;
}

int main(int argc, char **argv)
{
    struct load_options o;
    struct load_run_config cfg;
    struct sound speech = {0};
    char problem[512];

    int err = load_options_parse(&o, argc, argv, problem, sizeof(problem));
    if (err)
        return complain(problem);
    if (texts_print(&o))
        return EXIT_SUCCESS;
    if (o.render)
        return render(&o);
    if (load_options_config(&cfg, &o, problem, sizeof(problem)) != 0)
        return complain(problem);
    err = pin(o.cpu);
    if (!err && o.speech)
        err = wav_read(&speech, o.speech);
    if (err) {
        snprintf(problem, sizeof(problem), "%s: %s", o.speech ? o.speech : "--cpu", strerror(err));
        return complain(problem);
    }
    cfg.speech = o.speech ? &speech : NULL;
    load_stop_init();
    err = load(&o, &cfg, argc, argv);
    sound_wipe(&speech);
    return err;
}
