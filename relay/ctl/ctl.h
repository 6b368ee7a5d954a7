#ifndef PICRELAYCTL_CTL_H
#define PICRELAYCTL_CTL_H

#include <jansson.h>
#include <stdbool.h>

#include "relay/addr.h"

/**
 * picrelayctl: what an administrator asks the relay, or of a file that is not in force yet.
 */

/** 0: answered, whatever the answer is. */
#define CTL_EXIT_FAILED 1 /* the relay cannot be reached, or refuses */
#define CTL_EXIT_USAGE  2 /* a mistake in the command line or in a file */

/** The command line, taken apart. */
struct ctl {
    union addr http;
    unsigned timeout_s; /* for an answer */
    bool is_json;
    const char *token_file;                                      /* NULL: none */
    const char *from, *to, *media, *date, *provider, *peer_fqdn; /* of explain; NULL: not given */
    const char *file[2];
    unsigned n_files;
};

/** "picrelayctl: " and a sentence, to stderr. @return code */
int ctl_complain(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Asks the relay. @return 0, with a new reference; else an exit code, complained of */
int ctl_ask(json_t **reply, const struct ctl *ctl, const char *method, const char *target);

/** Prints what strangers may have had a hand in: what could steer a terminal is escaped. NULL: as
 *  an empty text */
void ctl_print_text(const char *text);
/** The same in a column of a table, with a blank behind it. */
void ctl_print_column(const char *text, int width);
/** Prints JSON, and lets go of it. @return 0; CTL_EXIT_FAILED */
int ctl_print_json(json_t *value);

/* Commands. @return an exit code */
int ctl_policy_explain(const struct ctl *ctl);
int ctl_policy_show(const struct ctl *ctl);
int ctl_policy_check(const struct ctl *ctl);
int ctl_policy_diff(const struct ctl *ctl);
int ctl_policy_reload(const struct ctl *ctl);

#endif
