#include "tests/interop/sipp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SCENARIO_MAX 16384
#define ARGV_MAX     40

static void write_scenario(const struct sipp *s, const char *steps)
{
    char text[SCENARIO_MAX];
    int n = snprintf(text, sizeof(text),
                     "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"
                     "<!DOCTYPE scenario SYSTEM \"sipp.dtd\">\n"
                     "<scenario name=\"interop\">\n%s</scenario>\n",
                     steps);

    assert_true(n > 0 && n < SCENARIO_MAX);
    folder_write(&s->folder, "scenario.xml", text, (size_t)n);
}

/* Each body that a step sends, "[file name=offer]", comes through a pipe of that name. */
static void make_pipes(const struct sipp *s, const char *steps)
{
    static const char mark[] = "[file name=";
    char name[32];

    for (const char *at = steps; (at = strstr(at, mark)); at++) {
        int n = sscanf(at + sizeof(mark) - 1, "%31[a-z]", name);

        assert_int_equal(n, 1);
        folder_make_pipe(&s->folder, name);
    }
}

static void start_process(struct sipp *s, const struct proxy *p, const struct sipp_config *cfg)
{
    const char *const own = s->relay->address;
    char port[8], media_port[8];
    /* It works in its folder, and repeats on stderr, where we read it, what it sends and receives.
     */
    const char *argv[ARGV_MAX] = {
        "/usr/bin/env", "-C", s->folder.path, PICRELAY_SIPP, "-sf",           "scenario.xml",
        "-i",           own,  "-mi",          own,           "-ci",           own,
        "-bind_local",  "-p", port,           "-mp",         media_port,      "-rtp_echo",
        "-m",           "1",  "-nostdin",     "-trace_msg",  "-message_file", "/dev/stderr"};
    unsigned n = 0;

    while (argv[n])
        n++;

    snprintf(port, sizeof(port), "%s", strrchr(s->address, ':') + 1);
    snprintf(media_port, sizeof(media_port), "%u", relay_free_port(own, SOCK_DGRAM));
    if (cfg->call_id) {
        const char *const caller[] = {"-key",     "callee",     cfg->callee,
                                      "-cid_str", cfg->call_id, p->address};

        memcpy(&argv[n], caller, sizeof(caller));
    }

    const struct process_config process = {.loop = s->relay->loop, .argv = argv, .is_quiet = true};
    assert_int_equal(process_start(&s->process, &process), 0);
}

void sipp_start(struct sipp *s, const struct proxy *p, const struct sipp_config *cfg)
{
    memset(s, 0, sizeof(*s));
    s->relay = p->relay;
    snprintf(s->address, sizeof(s->address), "%s:%u", p->relay->address,
             relay_free_port(p->relay->address, SOCK_DGRAM));
    folder_open(&s->folder);
    write_scenario(s, cfg->steps);
    make_pipes(s, cfg->steps);
    start_process(s, p, cfg);
}

void sipp_stop(struct sipp *s)
{
    process_free(s->process);
    for (unsigned i = 0; i < s->n_feeders; i++)
        process_free(s->feeders[i]);
    folder_close(&s->folder);
    memset(s, 0, sizeof(*s));
}

void sipp_give(struct sipp *s, const char *pipe, const char *body)
{
    char name[FOLDER_PATH_MAX], from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];
    const char *const argv[] = {"/bin/sh", "-c", "cat -- \"$0\" >\"$1\"", from, to, NULL};
    const struct process_config cfg = {.loop = s->relay->loop, .argv = argv};

    assert_true(s->n_feeders < SIPP_FEEDERS_MAX);
    snprintf(name, sizeof(name), "%s.body", pipe);
    folder_write(&s->folder, name, body, strlen(body));
    folder_path(from, &s->folder, name);
    folder_path(to, &s->folder, pipe);
    /* opening a pipe waits for its other end: not here, but in a process that can be ended */
    assert_int_equal(process_start(&s->feeders[s->n_feeders++], &cfg), 0);
}

/* ---- what it receives -------------------------------------------------------------------------
 */

struct message_wanted {
    const struct sipp *sipp;
    const char *first_line;
    const char *text; /* of the message; NULL: not there yet */
    size_t n;
};

/* "UDP message received [481] bytes :\n\n", and so many bytes. */
static bool has_received(void *arg)
{
    static const char mark[] = "UDP message received [";
    struct message_wanted *w = arg;
    const char *at = process_err(w->sipp->process);

    while ((at = strstr(at, mark))) {
        at += sizeof(mark) - 1;
        size_t n = strtoul(at, NULL, 10);
        const char *text = strstr(at, ":\n\n");
        if (!text || strlen(text + 3) < n)
            break;
        if (strncmp(text + 3, w->first_line, strlen(w->first_line)) == 0) {
            w->text = text + 3;
            w->n = n;
            return true;
        }
    }
    return process_status(w->sipp->process) >= 0;
}

void sipp_hear(const struct sipp *s, const char *first_line, char *body, size_t cap)
{
    struct message_wanted w = {.sipp = s, .first_line = first_line};

    relay_wait(s->relay, has_received, &w, first_line);
    if (!w.text) {
        print_error("SIPp ended without having heard %s:\n%s\n", first_line,
                    process_err(s->process));
        fail();
        return;
    }

    const char *start = strstr(w.text, "\r\n\r\n");
    assert_non_null(start);
    start += 4;
    size_t n = w.n - (size_t)(start - w.text);
    assert_true(start <= w.text + w.n && n < cap);
    memcpy(body, start, n);
    body[n] = 0;
}

void sipp_expect_end(const struct sipp *s)
{
    relay_wait(s->relay, process_has_ended, s->process, "the end of SIPp's scenario");
    if (process_status(s->process) != 0) {
        print_error("SIPp's scenario failed:\n%s\n", process_err(s->process));
        fail();
    }
}
