#include "bench/load/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bench/scan.h"
#include "bench/scenario/fields.h"

enum kind { TEXT, NUMBER, DECIMAL, FLAG };

struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    unsigned min, max; /* of a number */
    const char *help;
};

#define AT(field) offsetof(struct load_options, field)

static const struct row rows[] = {
    {"ng", TEXT, AT(ng), 0, 0, "ADDRESS:PORT of the relay"},
    {"scenario", TEXT, AT(scenario_name), 0, 0, "a FILE, or one of the built-in names below"},
    {"mode", TEXT, AT(mode), 0, 0, "all calls are of this mode (plain), see below"},
    {"calls", NUMBER, AT(scenario.calls), 1, SCENARIO_CALLS_MAX, "calls at a time (100)"},
    {"rate", DECIMAL, AT(scenario.rate), 0, 10000, "instead: new calls a second, with --hold"},
    {"hold", DECIMAL, AT(scenario.hold_s), 0, 86400,
     "a call lasts so many seconds (the whole run)"},
    {"seconds", NUMBER, AT(scenario.seconds), 1, 864000, "measured time (5)"},
    {"soak", TEXT, AT(soak), 0, 0, "measured time in HOURS; scenario soak, if none is given"},
    {"warm-ms", NUMBER, AT(scenario.warm_ms), 0, 60000, "of media before that (1000)"},
    {"rtcp", FLAG, AT(scenario.has_rtcp), 0, 0, "reports in each call"},
    {"talk", FLAG, AT(scenario.has_talk), 0, 0, "talkspurts and pauses"},
    {"ipv6", FLAG, AT(scenario.is_ip6), 0, 0, "the ends are at ::1, if --local does not say else"},
    {"impair", TEXT, AT(impair), 0, 0,
     "loss=1,burst=2,jitter_ms=20,reorder=1,dup=1,drift_ppm=50,seed=1"},
    {"attack", TEXT, AT(attack), 0, 0, "garbage,spoof,replay,stun,ng in the second half"},
    {"limit", TEXT, AT(limits), 0, 0, "loss=0.1,delay_p99_ms=10 ...: exit status 1 if exceeded"},
    {"speech", TEXT, AT(speech), 0, 0, "WAV that is said where a codec has to work on it"},
    {"pid", NUMBER, AT(pid), 1, INT_MAX, "of the relay, for its CPU time and memory"},
    {"direction", TEXT, AT(direction), 0, 0, "interfaces, as enterprise,skype"},
    {"provider", TEXT, AT(provider), 0, 0, "Identity of the provider"},
    {"flags", TEXT, AT(offer_flags), 0, 0, "more flags for offers, as in a proxy's script"},
    {"answer-flags", TEXT, AT(answer_flags), 0, 0, "likewise for answers"},
    {"local", TEXT, AT(local), 0, 0, "address of the endpoints (127.0.0.2)"},
    {"interface", TEXT, AT(interface), 0, 0,
     "frames of this network card instead of sockets: costs less; see README"},
    {"sockets", NUMBER, AT(sockets), 1, 30000, "pairs of sockets that share the calls (1)"},
    {"in-flight", NUMBER, AT(in_flight), 1, LOAD_NG_PLACES_MAX, "requests under way (32)"},
    {"cpu", NUMBER, AT(cpu), 0, 1023, "run on this CPU"},
    {"find-capacity", FLAG, AT(is_capacity), 0, 0, "the most calls with little loss and delay"},
    {"max-calls", NUMBER, AT(max_calls), 1, SCENARIO_CALLS_MAX, "upper end of that (4000)"},
    {"place", FLAG, AT(is_place), 0, 0, "no media: offer and answer of all calls, then delete"},
    {"set-ups", FLAG, AT(is_set_ups), 0, 0, "no media: offer, answer and delete, over and over"},
    {"versus", TEXT, AT(versus), 0, 0, "ADDRESS:PORT of another relay: both in turn, and ratios"},
    {"versus-pid", NUMBER, AT(versus_pid), 1, INT_MAX, "of that relay"},
    {"names", TEXT, AT(names), 0, 0, "what the two are called (one,other)"},
    {"runs", NUMBER, AT(runs), 1, 100, "of each in turn, the median counts (3 with --versus)"},
    {"floor", TEXT, AT(floor), 0, 0,
     "a bare forwarder, instead of --ng or in turn with it: shared, per-stream"},
    {"floor-wake", TEXT, AT(wake), 0, 0, "it wakes for each packet or every ms: packet, ms"},
    {"floor-address", TEXT, AT(floor_address), 0, 0, "it listens at (loopback)"},
    {"floor-netns", TEXT, AT(floor_space), 0, 0, "in this network namespace: root"},
    {"relay-cpu", NUMBER, AT(relay_cpu), 0, 1023, "it runs on this CPU"},
    {"json", FLAG, AT(is_json), 0, 0, "report as JSON"},
    {"html", TEXT, AT(html), 0, 0, "also writes the report as this FILE"},
    {"render", TEXT, AT(render), 0, 0, "no load: makes --html of the JSON in this FILE"},
    {"quiet", FLAG, AT(is_quiet), 0, 0, "no progress"},
    {"print-scenario", FLAG, AT(is_print), 0, 0, "print the scenario as YAML"},
    {"print-reference", FLAG, AT(is_reference), 0, 0, "print what the keys of a scenario mean"},
    {"help", FLAG, AT(is_help), 0, 0, "print this text"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

void load_options_usage(FILE *out)
{
    fprintf(out, "usage: picrelay-bench --ng ADDRESS:PORT [options]\n"
                 "       picrelay-bench --floor KIND [options]\n");
    for (size_t i = 0; i < ROWS; i++)
        fprintf(out, "  --%-15s %s\n", rows[i].name, rows[i].help);
    fprintf(out, "scenarios:");
    for (unsigned i = 0; scenario_builtin_at(i); i++)
        fprintf(out, " %s", scenario_builtin_at(i)->name);
    fprintf(out, "\nmodes:\n");
    for (unsigned i = 0; load_mode_at(i); i++)
        fprintf(out, "  %-15s %s\n", load_mode_at(i)->name, load_mode_at(i)->help);
}

/* ---- words ------------------------------------------------------------------------------------
 */

static int complain(char *err, size_t err_cap, const char *option, const char *what)
{
    snprintf(err, err_cap, "%s: %s", option, what);
    return EINVAL;
}

static bool decimal_read(double *value, const char *text, double max)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    *value = strtod(text, &end);
    return !*end && *value <= max;
}

static bool row_set(struct load_options *o, const struct row *row, const char *text)
{
    char *field = (char *)o + row->offset;
    uint32_t number;

    switch (row->kind) {
    case TEXT:
        *(const char **)(void *)field = text;
        return true;
    case FLAG:
        *(bool *)(void *)field = true;
        return true;
    case DECIMAL:
        return decimal_read((double *)(void *)field, text, row->max);
    case NUMBER:
        break;
    }
    if (!scan_number(&text, row->max, &number) || *text || number < row->min)
        return false;
    *(unsigned *)(void *)field = number;
    return true;
}

/* "loss=1,burst=2" is read as the map {loss: 1, burst: 2} of a scenario's file would be. */
static int map_read(const struct yaml_field *fields, const char *option, const char *words,
                    void *target, char *err, size_t err_cap)
{
    const struct yaml_report report = {.file = option, .err = err, .err_cap = err_cap};
    const struct yaml_limits limits = {.bytes_max = 1024, .nodes_max = 64};
    struct yaml_tree *tree;
    char text[1024] = "{";
    size_t n = 1;

    for (; *words && n < sizeof(text) - 4; words++) {
        text[n++] = *words == '=' ? ':' : *words;
        if (*words == '=')
            text[n++] = ' ';
    }
    text[n++] = '}';
    if (*words)
        return complain(err, err_cap, option, "too long");
    int error = yaml_tree_parse(&tree, text, n, &limits, &report);
    if (error)
        return error;
    error = yaml_read_fields(fields, yaml_tree_root(tree), option, target, &report);
    yaml_tree_free(tree);
    return error;
}

static int attack_read(struct load_options *o, char *err, size_t err_cap)
{
    char text[256];
    struct scenario_attack *attack = &o->scenario.attack;

    snprintf(text, sizeof(text), "kinds=[%s]", o->attack);
    memset(attack->is_wanted, 0, sizeof(attack->is_wanted));
    return map_read(scenario_attack_fields, "--attack", text, attack, err, err_cap);
}

static int words_read(struct load_options *o, char *err, size_t err_cap)
{
    struct scenario *s = &o->scenario;
    double hours;
    int error = 0;

    if (o->mode && !scenario_set_mode(s, o->mode))
        return complain(err, err_cap, "--mode", "no such mode");
    if (o->mode && !o->scenario_name)
        snprintf(s->name, sizeof(s->name), "%s", o->mode);
    if (o->impair)
        error = map_read(scenario_impair_fields, "--impair", o->impair, &s->impair, err, err_cap);
    if (!error && o->limits)
        error = map_read(scenario_limit_fields, "--limit", o->limits, &s->limits, err, err_cap);
    if (!error && o->attack)
        error = attack_read(o, err, err_cap);
    if (!error && o->soak) {
        if (!decimal_read(&hours, o->soak, 240) || hours * 3600 < 1)
            return complain(err, err_cap, "--soak", "must be hours, up to 240");
        s->seconds = (uint32_t)(hours * 3600);
    }
    if (!error && o->is_set_ups)
        s->kind = SCENARIO_SET_UPS;
    if (!error && o->is_place)
        s->kind = SCENARIO_PLACE;
    return error;
}

/* ---- the command line -------------------------------------------------------------------------
 */

/* One pass over the words; before the scenario is known only its own name counts. */
static int pass(struct load_options *o, int argc, char **argv, bool is_first, char *err,
                size_t err_cap)
{
    struct option list[ROWS + 1] = {0};
    int at;

    for (size_t i = 0; i < ROWS; i++)
        list[i] = (struct option){
            .name = rows[i].name,
            .has_arg = rows[i].kind == FLAG ? no_argument : required_argument,
        };
    optind = 0; /* anew: glibc */
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "", list, &at)) != -1;) {
        if (c) {
            snprintf(err, err_cap, "%s: no such option, or its value is missing", argv[optind - 1]);
            return EINVAL;
        }
        bool is_of_first = rows[at].offset == AT(scenario_name) || rows[at].offset == AT(soak);
        if ((is_first && !is_of_first) || row_set(o, &rows[at], optarg))
            continue;
        snprintf(err, err_cap, "--%s: %s: must be %u to %u", rows[at].name, optarg, rows[at].min,
                 rows[at].max);
        return EINVAL;
    }
    if (optind == argc)
        return 0;
    snprintf(err, err_cap, "%s: not an option", argv[optind]);
    return EINVAL;
}

int load_options_parse(struct load_options *o, int argc, char **argv, char *err, size_t err_cap)
{
    *o = (struct load_options){.wake = "packet",
                               .names = "one,other",
                               .sockets = 1,
                               .in_flight = 32,
                               .cpu = LOAD_OPTIONS_ANY_CPU,
                               .relay_cpu = LOAD_OPTIONS_ANY_CPU,
                               .max_calls = 4000};
    scenario_default(&o->scenario);
    int error = pass(o, argc, argv, true, err, err_cap);
    if (!error && o->soak && !o->scenario_name)
        o->scenario_name = "soak";
    if (!error && o->scenario_name)
        error = scenario_read(&o->scenario, o->scenario_name, err, err_cap);
    if (!error)
        error = pass(o, argc, argv, false, err, err_cap);
    if (!error)
        error = words_read(o, err, err_cap);
    return error;
}

/* ---- what a run needs -------------------------------------------------------------------------
 */

/* @return the place of a word in a list that NULL ends; -1: not there */
static int word_find(const char *word, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static int options_check(const struct load_options *o, char *err, size_t err_cap)
{
    const struct scenario *s = &o->scenario;
    bool is_plain = s->n_parts == 1 && strcmp(s->parts[0].mode_name, "plain") == 0;

    if (!o->ng && !o->floor)
        return complain(err, err_cap, "--ng, --floor", "one of them must be given");
    if (o->versus && !o->ng)
        return complain(err, err_cap, "--versus", "what with? --ng is missing");
    if (o->floor && !o->ng && (!is_plain || s->has_rtcp || scenario_rate(s) > 0))
        return complain(err, err_cap, "--floor", "it forwards packets as they are: plain only");
    if (o->is_set_ups + o->is_place + o->is_capacity > 1)
        return complain(err, err_cap, "--set-ups, --place, --find-capacity", "only one of them");
    if (s->kind != SCENARIO_MEDIA && o->floor && !o->ng)
        return complain(err, err_cap, "--floor", "it takes no calls");
    if (o->is_capacity && (s->kind != SCENARIO_MEDIA || s->rate > 0))
        return complain(err, err_cap, "--find-capacity", "it varies `calls`, and wants media");
    if (o->is_capacity && s->calls > o->max_calls)
        return complain(err, err_cap, "--max-calls", "must not be below --calls");
    if (o->is_capacity && o->versus)
        return complain(err, err_cap, "--find-capacity", "of one relay at a time");
    return scenario_check(s, err, err_cap);
}

int load_options_config(struct load_run_config *cfg, const struct load_options *o, char *err,
                        size_t err_cap)
{
    static const char *const floors[] = {"shared", "per-stream", NULL};
    static const char *const wakes[] = {"packet", "ms", NULL};
    int floor = o->floor ? word_find(o->floor, floors) : 0, wake = word_find(o->wake, wakes);
    const char *local = o->local ? o->local : o->scenario.is_ip6 ? "::1" : "127.0.0.2";
    unsigned n = o->scenario.calls;

    *cfg = (struct load_run_config){
        .ng = o->ng,
        .direction = o->direction,
        .provider = o->provider,
        .offer_flags = o->offer_flags,
        .answer_flags = o->answer_flags,
        .local = local,
        .interface = o->interface,
        .scenario = &o->scenario,
        .n_pairs = o->sockets < n ? o->sockets : n,
        .in_flight = o->in_flight < n ? o->in_flight : n,
        .pid = (pid_t)o->pid,
        .floor = (enum floor_kind)floor,
        .is_gathering = wake == 1,
        .floor_address = o->floor_address,
        .floor_space = o->floor_space,
        .relay_cpu = o->relay_cpu == LOAD_OPTIONS_ANY_CPU ? -1 : (int)o->relay_cpu,
    };
    if (floor < 0)
        return complain(err, err_cap, "--floor", "must be shared or per-stream");
    if (wake < 0)
        return complain(err, err_cap, "--floor-wake", "must be packet or ms");
    return options_check(o, err, err_cap);
}
