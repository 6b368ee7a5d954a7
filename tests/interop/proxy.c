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
    /* Its children outlive a main process that is killed, so it asks for SIGTERM if we die. It
     * stays in the foreground (-DD), logs to stderr (-E), has one process a socket (-n) and is
     * content with little memory (-m, -M) [MB]. */
    const char *argv[ARGV_MAX] = {PICRELAY_SETPRIV,
                                  "--pdeathsig",
                                  "TERM",
                                  PICRELAY_KAMAILIO,
                                  "-f",
                                  PICRELAY_INTEROP "/kamailio.cfg",
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
    unsigned n = 0;
    char listen[DEFINE_MAX], relay[DEFINE_MAX], defines[2][DEFINE_MAX], udp[2][64];

    while (argv[n])
        n++;
    memset(p, 0, sizeof(*p));
    p->relay = r;
    snprintf(p->address, sizeof(p->address), "%s:%u", r->address,
             relay_free_port(r->address, SOCK_DGRAM));
    snprintf(udp[0], sizeof(udp[0]), "udp:%s", p->address);
    snprintf(udp[1], sizeof(udp[1]), "udp:%s", r->ng_address);
    add_define(argv, &n, listen, "LISTEN", udp[0], "");
    add_define(argv, &n, relay, "RELAY", udp[1], "\"");
    add_define(argv, &n, defines[0], "OFFER", offer, "\"");
    add_define(argv, &n, defines[1], "ANSWER", answer, "\"");

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
