#include "tests/interop/proxy.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define DEFINE_MAX 256
#define ARGV_MAX   32

struct log_wanted {
    const struct proxy *proxy;
    const char *text;
};

static bool has_logged(void *arg)
{
    const struct log_wanted *w = arg;

    return strstr(process_err(w->proxy->process), w->text) ||
           process_status(w->proxy->process) >= 0;
}

void proxy_wait_log(const struct proxy *p, const char *text)
{
    struct log_wanted w = {p, text};

    relay_wait(p->relay, has_logged, &w, text);
    assert_non_null(strstr(process_err(p->process), text));
}

/* What does not depend on the test. The children of Kamailio outlive a main process that is killed,
 * so it asks for SIGTERM if we die. It stays in the foreground (-DD), logs to stderr (-E), has no
 * TCP (-T) and one process a socket (-n), and is content with little memory (-m, -M) [MB]. */
static const char *const command[] = {PICRELAY_SETPRIV,
                                      "--pdeathsig",
                                      "TERM",
                                      PICRELAY_KAMAILIO,
                                      "-f",
                                      PICRELAY_KAMAILIO_SCRIPT,
                                      "-DD",
                                      "-E",
                                      "-T",
                                      "-n",
                                      "1",
                                      "-m",
                                      "16",
                                      "-M",
                                      "4",
                                      "--debug=2"};
#define COMMAND_WORDS (sizeof(command) / sizeof(command[0]))

/* "-A NAME=VALUE", which `trydef` in the configuration gives way to. */
static void add_define(const char **argv, unsigned *n, char define[static DEFINE_MAX],
                       const char *name, const char *value, const char *quote)
{
    if (!value)
        return;
    snprintf(define, DEFINE_MAX, "%s=%s%s%s", name, quote, value, quote);
    argv[(*n)++] = "-A";
    argv[(*n)++] = define;
}

void proxy_start(struct proxy *p, const struct relay *r, const char *offer, const char *answer)
{
    const char *argv[ARGV_MAX] = {NULL};
    unsigned n = COMMAND_WORDS;
    char listen[64], relay[64], defines[4][DEFINE_MAX];

    memset(p, 0, sizeof(*p));
    p->relay = r;
    snprintf(p->address, sizeof(p->address), "%s:%u", r->address,
             relay_free_port(r->address, SOCK_DGRAM));
    snprintf(listen, sizeof(listen), "udp:%s", p->address);
    snprintf(relay, sizeof(relay), "udp:%s", r->ng_address);

    memcpy(argv, command, sizeof(command));
    add_define(argv, &n, defines[0], "LISTEN", listen, "");
    add_define(argv, &n, defines[1], "RELAY", relay, "\"");
    add_define(argv, &n, defines[2], "OFFER", offer, "\"");
    add_define(argv, &n, defines[3], "ANSWER", answer, "\"");
    assert_true(n < ARGV_MAX);

    const struct process_config cfg = {.loop = r->loop, .argv = argv, .is_quiet = true};
    assert_int_equal(process_start(&p->process, &cfg), 0);
    proxy_wait_log(p, "found, support for it enabled"); /* its socket is bound by then */
}

void proxy_stop(struct proxy *p)
{
    if (!p->process)
        return;
    process_signal(p->process, SIGTERM);
    relay_wait(p->relay, process_has_ended, p->process, "the end of Kamailio after SIGTERM");
    process_free(p->process);
    memset(p, 0, sizeof(*p));
}
