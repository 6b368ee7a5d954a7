#ifndef PICRELAY_CONFIG_H
#define PICRELAY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "relay/addr.h"
#include "relay/log.h"

/**
 * The configuration: one YAML file into one struct, const once parsed. config_load() is called
 * before any thread is started; the struct holds no pointers, and any thread may then read it.
 * Every mistake is reported as "FILE:LINE: what is wrong, what is expected".
 */

#define CONFIG_INTERFACES_MAX 64
#define CONFIG_LISTENERS_MAX  16
#define CONFIG_NETS_MAX       64
#define CONFIG_CODECS_MAX     16
#define CONFIG_NAME_MAX       64
#define CONFIG_WORKERS_MAX    256
#define CONFIG_TURN_TEXT_MAX  256
#define CONFIG_TURN_GATHER_MS 200
#define CONFIG_CPUS_MAX       1024 /* as CPU_SETSIZE */

/** Which SDP and ICE a leg of this interface speaks when the offer does not tell. */
enum config_dialect {
    DIALECT_AUTO,
    DIALECT_LYNC,
    DIALECT_OCS2007,
    DIALECT_WLM2009,
    DIALECT_MSN,
    DIALECT_RFC,
};

/** How media comes and goes. */
enum config_io { CONFIG_IO_AUTO, CONFIG_IO_URING, CONFIG_IO_EPOLL };

/** Who does SRTP. */
enum config_srtp { CONFIG_SRTP_AUTO, CONFIG_SRTP_MULTIBUFFER, CONFIG_SRTP_LIBSRTP2 };

/** When what was written is on the disk. */
enum config_sync {
    CONFIG_SYNC_NEVER,  /* when the kernel likes */
    CONFIG_SYNC_SECOND, /* within a second or two */
    CONFIG_SYNC_EACH,   /* before the request is answered: it takes as long as the disk does */
};

struct config_interface {
    char name[CONFIG_NAME_MAX];
    union addr address;          /* bound to; port 0 */
    union addr advertise;        /* written into SDP; equals address if not given */
    uint16_t port_min, port_max; /* inclusive */
    enum config_dialect dialect;
    char provider[CONFIG_NAME_MAX]; /* empty: an enterprise side */
    /* codecs added to offers that go out here, as if the request said codec-transcode-NAME */
    char transcode[CONFIG_CODECS_MAX][CONFIG_NAME_MAX];
    unsigned n_transcode;
    struct {
        uint32_t bitrate;    /* [bit/s]; 0: 16,000 for sound of 8 kHz, 24,000 above */
        uint32_t complexity; /* 1..10; 0: 5 */
        bool fec;            /* from the start; else after reports of loss */
        bool dtx;
    } opus; /* as it is sent here */
    struct {
        union addr server; /* UDP; AF_UNSPEC: none */
        char username[CONFIG_TURN_TEXT_MAX], password[CONFIG_TURN_TEXT_MAX];
        char secret[CONFIG_TURN_TEXT_MAX]; /* of which both are made; empty: they are given */
        uint32_t gather_ms;
    } turn;         /* relays for standard legs */
    bool ice_lite;  /* standard legs answer checks and make none */
    bool sends_red; /* RFC 2198, to peers that list it, after their reports of loss */
};

/** "udp:ADDR:PORT" or "tcp:ADDR:PORT" */
struct config_listener {
    union addr address;
    bool is_tcp;
};

struct config {
    struct config_interface interfaces[CONFIG_INTERFACES_MAX];
    unsigned n_interfaces;

    struct {
        struct config_listener ng[CONFIG_LISTENERS_MAX];
        unsigned n_ng;
        struct addr_net allow[CONFIG_NETS_MAX]; /* sources that may speak NG */
        unsigned n_allow;
        int default_direction[2]; /* indices into interfaces; -1: not given */
    } control;

    union addr http;
    bool has_http;    /* `http: off` turns it off */
    bool has_demo;    /* no: a page there by which a person hears the relay in a browser */
    unsigned workers; /* 1..; default: one a CPU that we may run on */
    enum config_io io;
    uint16_t cpus[CONFIG_WORKERS_MAX]; /* cpu_affinity: workers are pinned to them in turn */
    unsigned n_cpus;                   /* 0: they are not */
    char policy[4096];                 /* file; empty: the built-in table */

    struct {
        char file[4096];       /* where decisions of policy are kept; empty: nowhere */
        enum config_sync sync; /* when they are on the disk */
    } audit;
    char http_token_file[4096]; /* what changes by HTTP have to show; empty: none are taken */

    enum config_srtp srtp;

    struct {
        enum log_level level;
        enum log_format format;
    } log;

    uint32_t port_rest_s;            /* 10 */
    uint32_t media_timeout_s;        /* 60: all streams silent */
    uint32_t silent_timeout_s;       /* 3600: on hold */
    uint32_t offer_timeout_s;        /* 3600: never answered */
    uint32_t ice_timeout_s;          /* 20: from a peer's candidates to "failed" */
    uint32_t delete_delay_s;         /* 30 */
    uint32_t max_calls;              /* 0: no limit but ports and descriptors */
    uint32_t load_limit_percent;     /* 85: no new calls when all workers are as busy */
    uint32_t gather_us;              /* 1000: how long packets may gather under load; 0: not */
    int tos;                         /* 184 (DSCP EF); -1: leave */
    uint32_t reorder_window_ms;      /* 40 */
    uint32_t gate_margin_percent;    /* 50: above what the negotiated codecs need */
    uint32_t dtls_certificate_hours; /* 24: then new calls show another one */
};

/** "udp" or "tcp" */
const char *config_listener_scheme(const struct config_listener *l);

/** The built-in default configuration. */
void config_default(struct config *cfg);

/**
 * Reads and validates a file; keys it does not name keep their defaults.
 * @param err  one line, "FILE:LINE: ..."
 * @return 0; EINVAL: a mistake in the file; ENOENT, EACCES ...: not readable
 */
int config_load(struct config *cfg, const char *path, char *err, size_t err_cap);
/** The same from memory; name stands for FILE. [pure] */
int config_parse(struct config *cfg, const char *yaml, size_t n, const char *name, char *err,
                 size_t err_cap);

/** Writes the effective configuration as YAML that config_load() takes; secrets are masked. */
void config_print(const struct config *cfg, FILE *out);

/**
 * Writes the reference of all keys: what each means, its unit, range, default and an example.
 * @param defaults  as config_default() leaves it
 */
void config_print_reference(const struct config *defaults, FILE *out);

/** @return index of the interface; -1: none of that name */
int config_find_interface(const struct config *cfg, const char *name, size_t n);

/** What the configuration needs of the host: local addresses, free range against the kernel's
 *  ephemeral ports (warned through log), descriptors. @return 0; else errno with a sentence in err
 */
int config_check_host(const struct config *cfg, char *err, size_t err_cap);

/** Logs how many calls there can be, as descriptors and ports allow: after config_check_host(),
 *  which raises the limit of descriptors as far as it goes. */
void config_say_capacity(const struct config *cfg);

/** "auto", "uring", "epoll" */
const char *config_io_name(enum config_io io);

/** "auto", "multibuffer", "libsrtp2" */
const char *config_srtp_name(enum config_srtp srtp);

const char *dialect_name(enum config_dialect dialect);
const char *config_sync_name(unsigned sync);

#endif
