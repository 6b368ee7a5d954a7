#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "relay/config.h"
#include "relay/control/control.h"
#include "relay/control/libre.h"
#include "relay/control/policy/policy.h"
#include "relay/log.h"
#include "relay/media/srtp.h"
#include "relay/options.h"

/* Exit codes: 1 the host does not give what is needed; 2 a mistake in command line or files. */
#define EXIT_MISTAKE 2

#define ERR_MAX 512

static int complain(int code, const char *text)
{
    (void)fprintf(stderr, "picrelay: %s\n", text);
    return code;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static int load_config(struct config *cfg, const struct options *opt)
{
    char err[ERR_MAX];

    config_default(cfg);
    if (!opt->config)
        return 0;
    if (config_load(cfg, opt->config, err, sizeof(err)))
        return complain(EXIT_MISTAKE, err);
    return 0;
}

static int load_policy(struct policy **pp, const struct config *cfg)
{
    char err[ERR_MAX] = "policy: out of memory";
    int error = cfg->policy[0] ? policy_load_file(pp, cfg->policy, err, sizeof(err))
                               : policy_load_builtin(pp);

    if (error)
        return complain(EXIT_MISTAKE, err);
    if (policy_check_config(*pp, cfg, err, sizeof(err))) {
        policy_free(*pp);
        return complain(EXIT_MISTAKE, err);
    }
    return 0;
}

/* ---- serving ----------------------------------------------------------------------------------
 */

static void signal_h(int signum)
{
    (void)signum;
    re_cancel();
}

/* SIGTERM and SIGINT wait until the main loop runs, which takes them: one that came between the
 * ready line and the loop would end the process with its calls up. */
static void mask_signals(int how)
{
    sigset_t ends;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)sigprocmask(how, &ends, NULL);
}

static void loop_runs(void *arg)
{
    (void)arg;
    mask_signals(SIG_UNBLOCK);
}

static void say_ready(const struct control *c, const struct config *cfg)
{
    char ng[CONFIG_LISTENERS_MAX * (ADDR_TEXT_MAX + 5)] = "", http[ADDR_TEXT_MAX];
    size_t n = 0;

    for (unsigned i = 0; i < cfg->control.n_ng; i++) {
        char text[ADDR_TEXT_MAX];
        int k = snprintf(ng + n, sizeof(ng) - n, "%s%s:%s", i ? "," : "",
                         config_listener_scheme(&cfg->control.ng[i]),
                         addr_print(text, &cfg->control.ng[i].address));

        n += k > 0 ? (size_t)k : 0;
    }
    (void)fprintf(stderr, "picrelay: ready ng=%s http=%s workers=%u io=%s srtp=%s\n", ng,
                  cfg->has_http ? addr_print(http, &cfg->http) : "off", cfg->workers,
                  media_io_name(c->media), c->srtp->provider->name);
    (void)sd_notify(0, "READY=1");
}

/* libre refuses descriptors from its limit on; the limit is fixed when it is first used. */
static int start_libre(void)
{
    struct rlimit limit = {0};
    int err;

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    fd_setsize((int)(limit.rlim_cur < 1048576 ? limit.rlim_cur : 1048576));
    err = libre_init();
    if (!err)
        err = poll_method_set(METHOD_EPOLL);
    return err;
}

/* @return NULL: the one that is asked for cannot run here */
static const struct srtp_provider *choose_srtp(enum config_srtp wanted)
{
    switch (wanted) {
    case CONFIG_SRTP_MULTIBUFFER:
        if (!srtp_provider_is_available(&srtp_provider_multibuffer))
            return NULL;
        return &srtp_provider_multibuffer;
    case CONFIG_SRTP_LIBSRTP2:
        return &srtp_provider_libsrtp;
    case CONFIG_SRTP_AUTO:
        break;
    }
    return srtp_provider_best();
}

static int serve(const struct config *cfg, const struct policy *policy)
{
    struct control_options opt = {.cfg = cfg, .policy = policy, .srtp = choose_srtp(cfg->srtp)};
    struct control *control = NULL;
    struct tmr started;
    char err[ERR_MAX];
    int error;

    mask_signals(SIG_BLOCK);
    if (config_check_host(cfg, err, sizeof(err)))
        return complain(EXIT_FAILURE, err);
    if (!opt.srtp)
        return complain(EXIT_FAILURE,
                        "srtp: multibuffer cannot run here; it needs intel-ipsec-mb and a CPU with "
                        "AES instructions; expected these, or srtp: auto");
    if (start_libre() || srtp_library_init())
        return complain(EXIT_FAILURE, "libre or libsrtp2 could not be set up");
    error = control_start(&control, &opt, err, sizeof(err));
    if (!error) {
        config_say_capacity(cfg);
        tmr_init(&started);
        tmr_start(&started, 0, loop_runs, NULL);
        say_ready(control, cfg);
        (void)re_main(signal_h);
        tmr_cancel(&started);
        (void)sd_notify(0, "STOPPING=1");
        control_stop(control);
    }
    srtp_library_close();
    libre_close();
    return error ? complain(EXIT_FAILURE, err) : EXIT_SUCCESS;
}

static int run(const struct config *cfg, const struct options *opt)
{
    struct policy *policy = NULL;
    int code;

    log_init(cfg->log.level, cfg->log.format);
    if (opt->action == OPTIONS_PRINT_CONFIG) {
        config_print(cfg, stdout);
        return EXIT_SUCCESS;
    }
    code = load_policy(&policy, cfg);
    if (code)
        return code;
    if (opt->action != OPTIONS_CHECK)
        code = serve(cfg, policy);
    policy_free(policy);
    return code;
}

static int print_reference(struct config *cfg)
{
    config_default(cfg);
    config_print_reference(cfg, stdout);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options opt;
    struct config *cfg;
    char err[ERR_MAX];
    int code;

    if (options_parse(&opt, argc, argv, err, sizeof(err)))
        return complain(OPTIONS_EXIT_USAGE, err);
    switch (opt.action) {
    case OPTIONS_HELP:
        options_print_usage(stdout);
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        options_print_version(stdout);
        return EXIT_SUCCESS;
    default:
        break;
    }
    cfg = calloc(1, sizeof(*cfg));
    if (!cfg)
        return complain(EXIT_FAILURE, "out of memory");
    code = opt.action == OPTIONS_PRINT_REFERENCE ? print_reference(cfg) : load_config(cfg, &opt);
    if (!code && opt.action != OPTIONS_PRINT_REFERENCE)
        code = run(cfg, &opt);
    free(cfg);
    return code;
}
