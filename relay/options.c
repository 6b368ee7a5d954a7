#include "relay/options.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "relay/text.h"

#define NEAR_LETTERS 3
#define QUOTED_MAX   120

struct option_row {
    const char *name;
    const char *argument; /* NULL: takes none, and is an action */
    enum options_action action;
    const char *help;
};

static const struct option_row rows[] = {
    {"--config", "FILE", OPTIONS_RUN, "read the configuration from FILE (default: built in)"},
    {"--check", NULL, OPTIONS_CHECK, "check the configuration and exit"},
    {"--print-config", NULL, OPTIONS_PRINT_CONFIG, "print the effective configuration and exit"},
    {"--print-reference", NULL, OPTIONS_PRINT_REFERENCE,
     "print what each key of the configuration means and exit"},
    {"--version", NULL, OPTIONS_VERSION, "print the version and exit"},
    {"--help", NULL, OPTIONS_HELP, "print this text and exit"},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

void options_print_usage(FILE *out)
{
    fputs("Usage: picrelay [--config FILE] [OPTION]\n"
          "Media relay between enterprise calls and public providers.\n\n",
          out);

    for (size_t i = 0; i < N_ROWS; i++) {
        char left[40];

        snprintf(left, sizeof(left), "%s%s%s", rows[i].name, rows[i].argument ? " " : "",
                 rows[i].argument ? rows[i].argument : "");
        fprintf(out, "  %-20s %s\n", left, rows[i].help);
    }
}

void options_print_version(FILE *out)
{
    fputs("picrelay " PICRELAY_VERSION "\n", out);
}

/* The row of "--name" or "--name=value". */
static const struct option_row *find_row(const char *arg)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t n = strlen(rows[i].name);

        if (strncmp(arg, rows[i].name, n) == 0 && (arg[n] == '\0' || arg[n] == '='))
            return &rows[i];
    }
    return NULL;
}

static int fail_unknown(const char *arg, char *err, size_t err_cap)
{
    const char *near = NULL;
    unsigned best = NEAR_LETTERS + 1;
    char quoted[QUOTED_MAX];

    text_quote(quoted, sizeof(quoted), arg, strlen(arg));
    if (arg[0] != '-') {
        snprintf(err, err_cap, "unexpected argument %s; a file is given as --config FILE", quoted);
        return EINVAL;
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        unsigned distance = text_distance(arg, rows[i].name);

        if (distance < best) {
            best = distance;
            near = rows[i].name;
        }
    }
    snprintf(err, err_cap, "unknown option %s; %s%s", quoted, near ? "did you mean " : "see --help",
             near ? near : "");
    return EINVAL;
}

/* --help, then --version, then the one action that was asked for. */
static int take_action(struct options *o, const struct option_row *row, char *err, size_t err_cap)
{
    bool is_weak = o->action == OPTIONS_RUN || o->action == row->action;

    if (is_weak || (row->action >= OPTIONS_VERSION && row->action > o->action)) {
        o->action = row->action;
        return 0;
    }
    if (o->action >= OPTIONS_VERSION)
        return 0;

    snprintf(err, err_cap, "%s: another action is given already; one at a time", row->name);
    return EINVAL;
}

static int take_config(struct options *o, const char *file, char *err, size_t err_cap)
{
    if (!file || !*file) {
        snprintf(err, err_cap, "--config: no file is named; expected --config FILE");
        return EINVAL;
    }
    if (o->config) {
        snprintf(err, err_cap, "--config: given twice; expected one file");
        return EINVAL;
    }
    o->config = file;
    return 0;
}

/* @param next  the argument after it; NULL: none
 * @param used_next  whether that was its value */
static int take_argument(struct options *o, const char *arg, const char *next, bool *used_next,
                         char *err, size_t err_cap)
{
    const struct option_row *row = find_row(arg);
    const char *value;

    *used_next = false;
    if (!row)
        return fail_unknown(arg, err, err_cap);

    value = arg[strlen(row->name)] == '=' ? arg + strlen(row->name) + 1 : NULL;
    if (row->argument) {
        *used_next = !value;
        return take_config(o, value ? value : next, err, err_cap);
    }
    if (value) {
        snprintf(err, err_cap, "%s takes no value", row->name);
        return EINVAL;
    }
    return take_action(o, row, err, err_cap);
}

int options_parse(struct options *o, int argc, char **argv, char *err, size_t err_cap)
{
    struct options parsed = {.config = NULL, .action = OPTIONS_RUN};

    for (int i = 1; i < argc; i++) {
        bool used_next;
        int e = take_argument(&parsed, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used_next, err,
                              err_cap);

        if (e)
            return e;
        i += used_next;
    }
    *o = parsed;
    return 0;
}
