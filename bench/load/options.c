#include "bench/load/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "bench/scan.h"

enum kind { TEXT, NUMBER, FLAG };

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
    {"mode", TEXT, AT(mode), 0, 0, "what the relay has to do (plain), see below"},
    {"calls", NUMBER, AT(calls), 1, 30000, "calls at a time (100)"},
    {"seconds", NUMBER, AT(seconds), 1, 86400, "measured time (5)"},
    {"warm-ms", NUMBER, AT(warm_ms), 0, 60000, "of media before that (1000)"},
    {"pid", NUMBER, AT(pid), 1, INT_MAX, "of the relay, for its CPU time and memory"},
    {"direction", TEXT, AT(direction), 0, 0, "interfaces, as enterprise,skype"},
    {"provider", TEXT, AT(provider), 0, 0, "Identity of the provider"},
    {"flags", TEXT, AT(offer_flags), 0, 0, "more flags for offers, as in a proxy's script"},
    {"answer-flags", TEXT, AT(answer_flags), 0, 0, "likewise for answers"},
    {"local", TEXT, AT(local), 0, 0, "address of the endpoints (127.0.0.2)"},
    {"sockets", NUMBER, AT(sockets), 1, 30000, "pairs of sockets that share the calls (1)"},
    {"in-flight", NUMBER, AT(in_flight), 1, LOAD_NG_PLACES_MAX, "requests under way (32)"},
    {"cpu", NUMBER, AT(cpu), 0, 1023, "run on this CPU"},
    {"find-capacity", FLAG, AT(is_capacity), 0, 0, "the most calls with little loss and delay"},
    {"max-calls", NUMBER, AT(max_calls), 1, 30000, "upper end of that (4000)"},
    {"place", FLAG, AT(is_place), 0, 0, "no media: offer and answer of all calls, then delete"},
    {"set-ups", FLAG, AT(is_set_ups), 0, 0, "no media: offer, answer and delete, over and over"},
    {"floor", TEXT, AT(floor), 0, 0, "a bare forwarder, not a relay: shared, per-stream"},
    {"floor-wake", TEXT, AT(wake), 0, 0, "it wakes for each packet or every ms: packet, ms"},
    {"relay-cpu", NUMBER, AT(relay_cpu), 0, 1023, "it runs on this CPU"},
    {"json", FLAG, AT(is_json), 0, 0, "report as JSON"},
    {"help", FLAG, AT(is_help), 0, 0, "print this text"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

void load_options_usage(FILE *out)
{
    fprintf(out, "usage: picrelay-bench --ng ADDRESS:PORT [options]\n"
                 "       picrelay-bench --floor KIND [options]\n");
    for (size_t i = 0; i < ROWS; i++)
        fprintf(out, "  --%-13s %s\n", rows[i].name, rows[i].help);
    fprintf(out, "modes:\n");
    for (unsigned i = 0; load_mode_at(i); i++)
        fprintf(out, "  %-15s %s\n", load_mode_at(i)->name, load_mode_at(i)->help);
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
    case NUMBER:
        break;
    }
    if (!scan_number(&text, row->max, &number) || *text || number < row->min)
        return false;
    *(unsigned *)(void *)field = number;
    return true;
}

int load_options_parse(struct load_options *o, int argc, char **argv, char *err, size_t err_cap)
{
    struct option list[ROWS + 1] = {0};
    int at;

    *o = (struct load_options){.mode = "plain",
                               .local = "127.0.0.2",
                               .wake = "packet",
                               .calls = 100,
                               .sockets = 1,
                               .in_flight = 32,
                               .seconds = 5,
                               .warm_ms = 1000,
                               .cpu = LOAD_OPTIONS_ANY_CPU,
                               .relay_cpu = LOAD_OPTIONS_ANY_CPU,
                               .max_calls = 4000};
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
        if (!row_set(o, &rows[at], optarg)) {
            snprintf(err, err_cap, "--%s: %s: must be %u to %u", rows[at].name, optarg,
                     rows[at].min, rows[at].max);
            return EINVAL;
        }
    }
    if (optind == argc)
        return 0;
    snprintf(err, err_cap, "%s: not an option", argv[optind]);
    return EINVAL;
}

/* @return the place of a word in a list that NULL ends; -1: not there */
static int word_find(const char *word, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static int problem(char *err, size_t err_cap, const char *option, const char *what)
{
    snprintf(err, err_cap, "%s: %s", option, what);
    return EINVAL;
}

int load_options_config(struct load_run_config *cfg, const struct load_options *o, char *err,
                        size_t err_cap)
{
    static const char *const floors[] = {"shared", "per-stream", NULL};
    static const char *const wakes[] = {"packet", "ms", NULL};
    int floor = o->floor ? word_find(o->floor, floors) : 0, wake = word_find(o->wake, wakes);

    *cfg = (struct load_run_config){
        .ng = o->ng,
        .direction = o->direction,
        .provider = o->provider,
        .offer_flags = o->offer_flags,
        .answer_flags = o->answer_flags,
        .local = o->local,
        .mode = load_mode_find(o->mode),
        .n_calls = o->calls,
        .n_pairs = o->sockets < o->calls ? o->sockets : o->calls,
        .in_flight = o->in_flight < o->calls ? o->in_flight : o->calls,
        .warm_ms = o->warm_ms,
        .measure_ms = o->seconds * 1000,
        .pid = (pid_t)o->pid,
        .floor = (enum floor_kind)floor,
        .is_gathering = wake == 1,
        .has_no_media = o->is_place,
        .relay_cpu = o->relay_cpu == LOAD_OPTIONS_ANY_CPU ? -1 : (int)o->relay_cpu,
    };
    if (!cfg->mode)
        return problem(err, err_cap, "--mode", "no such mode");
    if (!o->ng == !o->floor)
        return problem(err, err_cap, "--ng, --floor", "one of them must be given");
    if (floor < 0)
        return problem(err, err_cap, "--floor", "must be shared or per-stream");
    if (wake < 0)
        return problem(err, err_cap, "--floor-wake", "must be packet or ms");
    if (o->floor && strcmp(o->mode, "plain") != 0)
        return problem(err, err_cap, "--floor", "it forwards packets as they are: plain only");
    if (o->is_set_ups + o->is_place + o->is_capacity > 1)
        return problem(err, err_cap, "--set-ups, --place, --find-capacity", "only one of them");
    if ((o->is_set_ups || o->is_place) && o->floor)
        return problem(err, err_cap, "--floor", "it takes no calls");
    if (o->is_capacity && o->calls > o->max_calls)
        return problem(err, err_cap, "--max-calls", "must not be below --calls");
    return 0;
}
