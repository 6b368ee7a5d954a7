#include "relay/config.h"

#include <sched.h>
#include <string.h>

#include "relay/text.h"

static const char *const dialect_names[] = {
    [DIALECT_AUTO] = "auto",       [DIALECT_LYNC] = "lync", [DIALECT_OCS2007] = "ocs2007",
    [DIALECT_WLM2009] = "wlm2009", [DIALECT_MSN] = "msn",   [DIALECT_RFC] = "rfc",
};

static const char *const io_names[] = {
    [CONFIG_IO_AUTO] = "auto",
    [CONFIG_IO_URING] = "uring",
    [CONFIG_IO_EPOLL] = "epoll",
};

static const char *const srtp_names[] = {
    [CONFIG_SRTP_AUTO] = "auto",
    [CONFIG_SRTP_MULTIBUFFER] = "multibuffer",
    [CONFIG_SRTP_LIBSRTP2] = "libsrtp2",
};

struct default_interface {
    const char *name;
    uint16_t port_min, port_max;
    const char *provider;
};

/* All below 32768, where Linux starts to give ports to outgoing connections. */
static const struct default_interface default_interfaces[] = {
    {"enterprise", 10000, 17999, ""}, {"skype", 18000, 25999, "skype"},
    {"wlm", 26000, 29999, "wlm"},     {"aol", 30000, 30999, "aol"},
    {"yahoo", 31000, 31999, "yahoo"},
};

#define N_DEFAULT_INTERFACES (sizeof(default_interfaces) / sizeof(default_interfaces[0]))

const char *dialect_name(enum config_dialect dialect)
{
    return (unsigned)dialect <= DIALECT_RFC ? dialect_names[dialect] : "unknown";
}

const char *config_io_name(enum config_io io)
{
    return (unsigned)io <= CONFIG_IO_EPOLL ? io_names[io] : "unknown";
}

const char *config_srtp_name(enum config_srtp srtp)
{
    return (unsigned)srtp <= CONFIG_SRTP_LIBSRTP2 ? srtp_names[srtp] : "unknown";
}

/* One worker for each CPU that we may run on: a container has fewer than its machine. */
static unsigned count_cpus(void)
{
    cpu_set_t set;
    int n = 0;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        n = CPU_COUNT(&set);
    if (n < 1)
        return 1;

    return n > CONFIG_WORKERS_MAX ? CONFIG_WORKERS_MAX : (unsigned)n;
}

static void set_addr(union addr *a, const char *text, uint16_t port)
{
    (void)addr_parse_host(a, text, strlen(text)); /* our own texts: cannot fail */
    addr_set_port(a, port);
}

static void default_interfaces_set(struct config *cfg)
{
    for (size_t i = 0; i < N_DEFAULT_INTERFACES; i++) {
        const struct default_interface *row = &default_interfaces[i];
        struct config_interface *itf = &cfg->interfaces[i];

        text_copy(itf->name, sizeof(itf->name), row->name);
        text_copy(itf->provider, sizeof(itf->provider), row->provider);
        set_addr(&itf->address, "127.0.0.1", 0);
        set_addr(&itf->advertise, "127.0.0.1", 0);
        itf->port_min = row->port_min;
        itf->port_max = row->port_max;
        itf->dialect = DIALECT_AUTO;
    }
    cfg->n_interfaces = N_DEFAULT_INTERFACES;
}

static void default_control_set(struct config *cfg)
{
    set_addr(&cfg->control.ng[0].address, "127.0.0.1", 2223);
    cfg->control.n_ng = 1;

    set_addr(&cfg->control.allow[0].base, "127.0.0.0", 0);
    cfg->control.allow[0].prefix_bits = 8;
    set_addr(&cfg->control.allow[1].base, "::1", 0);
    cfg->control.allow[1].prefix_bits = 128;
    cfg->control.n_allow = 2;

    cfg->control.default_direction[0] = -1;
    cfg->control.default_direction[1] = -1;
}

const char *config_listener_scheme(const struct config_listener *l)
{
    return l->is_tcp ? "tcp" : "udp";
}

void config_default(struct config *cfg)
{
    memset(cfg, 0, sizeof(*cfg));
    default_interfaces_set(cfg);
    default_control_set(cfg);
    set_addr(&cfg->http, "127.0.0.1", 9901);
    cfg->has_http = true;
    cfg->workers = count_cpus();
    cfg->log.level = LOG_INFO;
    cfg->log.format = LOG_TEXT;
    cfg->port_rest_s = 10;
    cfg->media_timeout_s = 60;
    cfg->silent_timeout_s = 3600;
    cfg->offer_timeout_s = 3600;
    cfg->ice_timeout_s = 20;
    cfg->delete_delay_s = 30;
    cfg->max_calls = 0;
    cfg->load_limit_percent = 85;
    cfg->gather_us = 1000;
    cfg->tos = 184;
    cfg->reorder_window_ms = 40;
    cfg->gate_margin_percent = 50;
    cfg->dtls_certificate_hours = 24;
    cfg->audit.sync = CONFIG_SYNC_SECOND;
}

int config_find_interface(const struct config *cfg, const char *name, size_t n)
{
    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        const char *known = cfg->interfaces[i].name;

        if (strlen(known) == n && memcmp(known, name, n) == 0)
            return (int)i;
    }
    return -1;
}
