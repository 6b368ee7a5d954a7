#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/control/status/http_guard.h"
#include "relay/ctl/ctl.h"
#include "relay/ctl/http_client.h"

#define DEFAULT_HTTP    "127.0.0.1:9901"
#define DEFAULT_TIMEOUT 10
#define TIMEOUT_MAX     3600

struct command {
    const char *room, *verb;
    int (*run)(const struct ctl *ctl);
    unsigned n_files;
    bool has_question; /* --from, --to ... */
    const char *arguments, *help;
};

static const struct command commands[] = {
    {"policy", "explain", ctl_policy_explain, 0, true,
     "[--from URI] [--to URI] [--media LIST] [--date DAY]\n"
     "                  [--provider NAME] [--peer-fqdn NAME]",
     "the verdict about a call, what decided it, and what would have to change"},
    {"policy", "show", ctl_policy_show, 0, false, "", "the table in force"},
    {"policy", "check", ctl_policy_check, 1, false, "FILE", "reads a table as the relay would"},
    {"policy", "diff", ctl_policy_diff, 2, false, "OLD NEW",
     "what a new table changes, also for the calls that are up"},
    {"policy", "reload", ctl_policy_reload, 0, false, "--token-file FILE",
     "makes the relay read its table anew"},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
    (void)fputs("Usage: picrelayctl [--http ADDR:PORT] [--json] COMMAND\n"
                "Asks a running picrelay, or reads policy tables as it would.\n\n",
                out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        (void)fprintf(out, "  %s %s %s\n        %s\n", commands[i].room, commands[i].verb,
                      commands[i].arguments, commands[i].help);
    (void)fputs(
        "\n  --http ADDR:PORT   the relay's HTTP listener (default: " DEFAULT_HTTP ")\n"
        "  --timeout SECONDS  how long an answer may take (default: 10)\n"
        "  --json             one JSON object instead of text\n"
        "  --help             this text\n\n"
        "URI: sip:alice@contoso.com, 'sip:bob(fabrikam.com)@msn.com'. LIST: of im, presence,\n"
        "audio, video (default: audio,video). DAY: 2013-10-07, in UTC (default: today).\n\n"
        "Exit codes: 0 answered, whatever the answer; 1 the relay cannot be reached, or\n"
        "refuses; 2 a mistake in the command line or in a file.\n",
        out);
}

/* ---- command line -----------------------------------------------------------------------------
 */

struct option {
    const char *name;
    size_t at; /* of a const char * in struct ctl */
    bool is_question;
};

static const struct option options[] = {
    {"--from", offsetof(struct ctl, from), true},
    {"--to", offsetof(struct ctl, to), true},
    {"--media", offsetof(struct ctl, media), true},
    {"--date", offsetof(struct ctl, date), true},
    {"--provider", offsetof(struct ctl, provider), true},
    {"--peer-fqdn", offsetof(struct ctl, peer_fqdn), true},
    {"--token-file", offsetof(struct ctl, token_file), false},
};

/* Arguments being read. */
struct reading {
    struct ctl *ctl;
    const struct command *command;
    const char *room; /* the first word of a command */
    char **next, **end;
    bool wants_help;
};

/* "--name value" or "--name=value". @return false: it is not that option */
static bool take_value(struct reading *r, const char *name, const char **value)
{
    const size_t n = strlen(name);
    const char *arg = *r->next;

    if (strncmp(arg, name, n) != 0 || (arg[n] && arg[n] != '='))
        return false;
    *value = arg[n] ? arg + n + 1 : r->next + 1 < r->end ? *++r->next : NULL;
    return true;
}

static int take_timeout(struct ctl *ctl, const char *value)
{
    char *end = NULL;
    const unsigned long s = value && *value >= '0' && *value <= '9' ? strtoul(value, &end, 10) : 0;

    if (s < 1 || s > TIMEOUT_MAX || *end)
        return ctl_complain(CTL_EXIT_USAGE, "--timeout: expected 1 to %d seconds", TIMEOUT_MAX);
    ctl->timeout_s = (unsigned)s;
    return 0;
}

static int take_option(struct reading *r)
{
    const char *arg = *r->next, *value = NULL;

    if (strcmp(arg, "--json") == 0) {
        r->ctl->is_json = true;
        return 0;
    }
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        r->wants_help = true;
        return 0;
    }
    if (take_value(r, "--http", &value)) {
        if (!value || addr_parse(&r->ctl->http, value, strlen(value)))
            return ctl_complain(CTL_EXIT_USAGE, "--http: expected ADDR:PORT, such as %s",
                                DEFAULT_HTTP);
        return 0;
    }
    if (take_value(r, "--timeout", &value))
        return take_timeout(r->ctl, value);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (!take_value(r, options[i].name, &value))
            continue;
        if (!value)
            return ctl_complain(CTL_EXIT_USAGE, "%s: a value is missing", options[i].name);
        *(const char **)(void *)((char *)r->ctl + options[i].at) = value;
        return 0;
    }
    return ctl_complain(CTL_EXIT_USAGE, "unknown option %s; see --help", arg);
}

static const struct command *find_command(const char *room, const char *verb)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].room, room) == 0 && strcmp(commands[i].verb, verb) == 0)
            return &commands[i];
    }
    return NULL;
}

static int take_word(struct reading *r)
{
    const char *word = *r->next;

    if (!r->room) {
        r->room = word;
        return 0;
    }
    if (!r->command) {
        r->command = find_command(r->room, word);
        return r->command ? 0
                          : ctl_complain(CTL_EXIT_USAGE, "unknown command %s %s; see --help",
                                         r->room, word);
    }
    if (r->ctl->n_files == 2)
        return ctl_complain(CTL_EXIT_USAGE, "unexpected argument %s; see --help", word);
    r->ctl->file[r->ctl->n_files++] = word;
    return 0;
}

static int check(const struct reading *r)
{
    if (r->ctl->n_files != r->command->n_files)
        return ctl_complain(CTL_EXIT_USAGE, "%s %s: expected %s%s", r->room, r->command->verb,
                            r->command->n_files ? r->command->arguments : "no files", "");
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const char *value = *(const char **)(void *)((char *)r->ctl + options[i].at);

        if (options[i].is_question && value && !r->command->has_question)
            return ctl_complain(CTL_EXIT_USAGE, "%s %s: %s is not for it", r->room,
                                r->command->verb, options[i].name);
    }
    return 0;
}

static int run(const struct reading *r)
{
    int code;

    if (!r->command)
        return ctl_complain(CTL_EXIT_USAGE, "%s; see --help",
                            r->room ? "the command is incomplete" : "no command");
    code = check(r);
    return code ? code : r->command->run(r->ctl);
}

int main(int argc, char **argv)
{
    struct ctl ctl = {.timeout_s = DEFAULT_TIMEOUT};
    struct reading r = {.ctl = &ctl, .next = argv + 1, .end = argv + argc};
    int code = 0;

    (void)addr_parse(&ctl.http, DEFAULT_HTTP, strlen(DEFAULT_HTTP));
    for (; r.next < r.end && !code; r.next++)
        code = **r.next == '-' ? take_option(&r) : take_word(&r);
    if (!code && r.wants_help) {
        print_usage(stdout);
        return 0;
    }
    return code ? code : run(&r);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static int take_reply(json_t **reply, const struct http_client_answer *answer)
{
    json_t *value = json_loadb(answer->body, answer->n, 0, NULL);
    const char *error = json_string_value(json_object_get(value, "error"));
    int code = 0;

    if (answer->status != 200)
        code = ctl_complain(answer->status == 400 ? CTL_EXIT_USAGE : CTL_EXIT_FAILED, "%s",
                            error ? error : "the relay refuses the request");
    else if (!value)
        code = ctl_complain(CTL_EXIT_FAILED, "the relay's answer is no JSON");
    if (code)
        json_decref(value);
    else
        *reply = value;
    return code;
}

int ctl_ask(json_t **reply, const struct ctl *ctl, const char *method, const char *target)
{
    char token[HTTP_TOKEN_MAX] = "", err[256];
    struct http_client_request req = {
        .to = &ctl->http, .method = method, .target = target, .timeout_s = ctl->timeout_s};
    struct http_client_answer answer = {0};
    int code;

    if (ctl->token_file && (code = http_token_load(token, ctl->token_file)) != 0)
        return ctl_complain(CTL_EXIT_USAGE, "%s: %s; expected a line of 16 to 255 characters",
                            ctl->token_file, strerror(code));
    req.token = ctl->token_file ? token : NULL;
    if (http_client_ask(&answer, &req, err, sizeof(err)))
        return ctl_complain(CTL_EXIT_FAILED, "%s; expected a picrelay there (--http)", err);
    code = take_reply(reply, &answer);
    free(answer.body);
    explicit_bzero(token, sizeof(token));
    return code;
}
