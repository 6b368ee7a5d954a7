#include "relay/config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

#define PRIVILEGED_PORT_END 1024

/* What a relay without a call has open, with room: listeners, epoll, timers, log, HTTP clients. */
#define DESCRIPTORS_BASE 64U
/* Two legs with RTP and RTCP, each a socket of ours beside one of the ICE agent, which has one
 * more. */
#define DESCRIPTORS_PER_CALL 10U
#define CALLS_USEFUL         16U

static int check_local(const union addr *a, const char *what, const char *name, char *err,
                       size_t err_cap)
{
    char text[ADDR_TEXT_MAX];

    if (addr_is_local(a))
        return 0;

    snprintf(err, err_cap,
             "%s%s: the address %s is not one of this host; expected one that \"ip address\" lists",
             what, name, addr_print_host(text, a));
    return EADDRNOTAVAIL;
}

static int check_addresses(const struct config *cfg, char *err, size_t err_cap)
{
    int e = 0;

    for (unsigned i = 0; i < cfg->n_interfaces && !e; i++)
        e = check_local(&cfg->interfaces[i].address, "interface ", cfg->interfaces[i].name, err,
                        err_cap);
    for (unsigned i = 0; i < cfg->control.n_ng && !e; i++)
        e = check_local(&cfg->control.ng[i].address, "control.ng", "", err, err_cap);
    if (!e && cfg->has_http)
        e = check_local(&cfg->http, "http", "", err, err_cap);

    return e;
}

static int check_cpus(const struct config *cfg, char *err, size_t err_cap)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set))
        return 0; /* cannot be asked: the threads will tell */

    for (unsigned i = 0; i < cfg->n_cpus; i++) {
        if (CPU_ISSET(cfg->cpus[i], &set))
            continue;
        snprintf(err, err_cap,
                 "cpu_affinity: picrelay may not run on CPU %u; expected CPUs that \"taskset -p "
                 "$$\" allows",
                 cfg->cpus[i]);
        return EINVAL;
    }
    return 0;
}

/* The soft limit is 1024 for the sake of select(), which nobody here uses. */
static int check_descriptors(const struct config *cfg, char *err, size_t err_cap)
{
    const rlim_t n_useful = DESCRIPTORS_BASE + CALLS_USEFUL * DESCRIPTORS_PER_CALL;
    rlim_t n_wanted = DESCRIPTORS_BASE + (rlim_t)cfg->max_calls * DESCRIPTORS_PER_CALL;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return 0; /* cannot be asked: sockets will tell */

    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit))
        getrlimit(RLIMIT_NOFILE, &limit);

    if (limit.rlim_cur < n_useful) {
        snprintf(err, err_cap,
                 "%llu file descriptors are too few for %u calls; expected at least %llu (ulimit "
                 "-Hn, or LimitNOFILE= of the service)",
                 (unsigned long long)limit.rlim_cur, CALLS_USEFUL, (unsigned long long)n_useful);
        return EMFILE;
    }
    if (limit.rlim_cur < n_wanted)
        log_warning(NULL, "max_calls: %u calls need %llu file descriptors, the limit is %llu",
                    cfg->max_calls, (unsigned long long)n_wanted,
                    (unsigned long long)limit.rlim_cur);
    return 0;
}

/* "32768	60999" */
static bool read_ephemeral_range(unsigned long *first, unsigned long *last)
{
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    char line[64] = "";
    char *end = line;

    if (!file)
        return false;
    if (!fgets(line, sizeof(line), file))
        line[0] = '\0';
    fclose(file);

    *first = strtoul(line, &end, 10);
    *last = strtoul(end, NULL, 10);
    return *first && *first <= *last;
}

/* An outgoing connection of any program may hold such a port when a call needs it. */
static void warn_of_ephemeral_ports(const struct config *cfg)
{
    unsigned long first;
    unsigned long last;

    if (!read_ephemeral_range(&first, &last))
        return;

    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        const struct config_interface *itf = &cfg->interfaces[i];

        if (itf->port_min <= last && itf->port_max >= first)
            log_warning(NULL,
                        "interface %s: ports %u-%u overlap with %lu-%lu, which the kernel gives to "
                        "outgoing connections (net.ipv4.ip_local_port_range)",
                        itf->name, itf->port_min, itf->port_max, first, last);
    }
}

static void warn_of_privileged_ports(const struct config *cfg)
{
    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        const struct config_interface *itf = &cfg->interfaces[i];

        if (itf->port_min < PRIVILEGED_PORT_END)
            log_warning(NULL, "interface %s: ports below %u need privileges; the range is %u-%u",
                        itf->name, PRIVILEGED_PORT_END, itf->port_min, itf->port_max);
    }
    for (unsigned i = 0; i < cfg->control.n_ng; i++) {
        if (addr_port(&cfg->control.ng[i].address) < PRIVILEGED_PORT_END)
            log_warning(NULL, "control.ng: port %u needs privileges",
                        addr_port(&cfg->control.ng[i].address));
    }
    if (cfg->has_http && addr_port(&cfg->http) < PRIVILEGED_PORT_END)
        log_warning(NULL, "http: port %u needs privileges", addr_port(&cfg->http));
}

int config_check_host(const struct config *cfg, char *err, size_t err_cap)
{
    int e = check_addresses(cfg, err, err_cap);

    if (e)
        return e;

    e = check_cpus(cfg, err, err_cap);
    if (e)
        return e;

    e = check_descriptors(cfg, err, err_cap);
    if (e)
        return e;

    warn_of_ephemeral_ports(cfg);
    warn_of_privileged_ports(cfg);
    return 0;
}

void config_say_capacity(const struct config *cfg)
{
    struct rlimit limit;
    unsigned long long n_calls, n_pairs = 0;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < DESCRIPTORS_BASE)
        return;
    for (unsigned i = 0; i < cfg->n_interfaces; i++)
        n_pairs += (cfg->interfaces[i].port_max - cfg->interfaces[i].port_min + 1u) / 2;
    n_calls = (limit.rlim_cur - DESCRIPTORS_BASE) / DESCRIPTORS_PER_CALL;
    if (n_calls > n_pairs / 2)
        n_calls = n_pairs / 2;
    log_info(NULL, "room for %llu calls with ICE: %llu file descriptors, %llu port pairs", n_calls,
             (unsigned long long)limit.rlim_cur, n_pairs);
}
