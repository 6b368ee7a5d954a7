#ifndef PICRELAY_OPTIONS_H
#define PICRELAY_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

/** The command line. [pure, but for the printing] */

enum options_action {
    OPTIONS_RUN,
    OPTIONS_CHECK,           /* --check: read and validate, then exit */
    OPTIONS_PRINT_CONFIG,    /* --print-config: the effective configuration */
    OPTIONS_PRINT_REFERENCE, /* --print-reference: what each key means */
    OPTIONS_VERSION,
    OPTIONS_HELP,
};

struct options {
    const char *config; /* points into argv; NULL: the built-in defaults */
    enum options_action action;
};

/** Exit code of a command line that cannot be understood. */
#define OPTIONS_EXIT_USAGE 2

/**
 * Reads the command line. --help and --version win over all that is right beside them.
 * @param argv  borrowed for as long as *o is used
 * @param err   one sentence, without the program's name
 * @return 0; EINVAL: exit with OPTIONS_EXIT_USAGE after printing err. *o is as it was then.
 */
int options_parse(struct options *o, int argc, char **argv, char *err, size_t err_cap);

void options_print_usage(FILE *out);
/** "picrelay 0.1.0" */
void options_print_version(FILE *out);

#endif
