#include "relay/config_fields.h"

#include <stddef.h>

#include "relay/config_turn.h"
#include "relay/config_types.h"

#define DAY_S 86400

static CONFIG_READER(read_interfaces)
{
    struct config *cfg = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    if (err)
        return err;

    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        struct config_interface itf = {.dialect = DIALECT_AUTO};

        err = yaml_read_fields(field->more, item, "interface", &itf, report);
        cfg->interfaces[n++] = itf;
    }
    cfg->n_interfaces = n;
    return err;
}

static CONFIG_PRINTER(print_interfaces)
{
    const struct config *cfg = target;

    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        fputs("\n  - ", out);
        yaml_print_fields(field->more, &cfg->interfaces[i], out);
    }
}

_Static_assert(sizeof(enum config_dialect) == sizeof(unsigned), "yaml_read_word() stores unsigned");
_Static_assert(sizeof(enum config_io) == sizeof(unsigned), "as above");
_Static_assert(sizeof(enum config_srtp) == sizeof(unsigned), "as above");
_Static_assert(sizeof(enum log_level) == sizeof(unsigned), "as above");
_Static_assert(sizeof(enum log_format) == sizeof(unsigned), "as above");

static const char *dialect_at(unsigned value)
{
    return dialect_name((enum config_dialect)value);
}

static const char *io_at(unsigned value)
{
    return config_io_name((enum config_io)value);
}

static const char *srtp_at(unsigned value)
{
    return config_srtp_name((enum config_srtp)value);
}

static const char *level_at(unsigned value)
{
    return log_level_name((enum log_level)value);
}

static const char *format_at(unsigned value)
{
    return log_format_name((enum log_format)value);
}

_Static_assert(sizeof(enum config_sync) == sizeof(unsigned), "as above");

const char *config_sync_name(unsigned sync)
{
    static const char *const names[] = {[CONFIG_SYNC_NEVER] = "never",
                                        [CONFIG_SYNC_SECOND] = "second",
                                        [CONFIG_SYNC_EACH] = "each"};

    return names[sync];
}

static const struct yaml_words sync_words = {CONFIG_SYNC_EACH + 1, config_sync_name};
static const struct yaml_words dialect_words = {DIALECT_RFC + 1, dialect_at};
static const struct yaml_words io_words = {CONFIG_IO_EPOLL + 1, io_at};
static const struct yaml_words srtp_words = {CONFIG_SRTP_LIBSRTP2 + 1, srtp_at};
static const struct yaml_words level_words = {LOG_DEBUG + 1, level_at};
static const struct yaml_words format_words = {LOG_JSON + 1, format_at};

static const struct yaml_field opus_fields[] = {
    {.key = "bitrate",
     .example = "24000",
     .unit = "bit/s",
     .max = 510000,
     .help = "0: 16000 for sound of 8 kHz, 24000 above; a receiver's maxaveragebitrate is kept to",
     .offset = offsetof(struct config_interface, opus.bitrate),
     .read_h = yaml_read_uint32,
     .print_h = yaml_print_uint32},
    {.key = "complexity",
     .example = "5",
     .max = 10,
     .help = "1 to 10: better sound for more CPU; 0: 5",
     .offset = offsetof(struct config_interface, opus.complexity),
     .read_h = yaml_read_uint32,
     .print_h = yaml_print_uint32},
    {.key = "fec",
     .example = "no",
     .help = "error correction from the start; without it, once receivers report loss",
     .offset = offsetof(struct config_interface, opus.fec),
     .read_h = yaml_read_bool,
     .print_h = yaml_print_bool},
    {.key = "dtx",
     .example = "no",
     .help = "hardly anything is sent while the speaker is silent",
     .offset = offsetof(struct config_interface, opus.dtx),
     .read_h = yaml_read_bool,
     .print_h = yaml_print_bool},
    {.key = NULL},
};

const struct yaml_field config_interface_fields[] = {
    {.key = "name",
     .example = "enterprise",
     .help = "what requests call it: their direction names interfaces",
     .is_required = true,
     .offset = offsetof(struct config_interface, name),
     .read_h = config_read_name,
     .print_h = config_print_name},
    {.key = "address",
     .example = "192.0.2.1",
     .help = "where media is received",
     .is_required = true,
     .read_h = config_read_address,
     .print_h = config_print_address},
    {.key = "advertise",
     .example = "203.0.113.1",
     .help = "written into SDP instead of address, where a NAT stands before it",
     .default_words = "address",
     .read_h = config_read_advertise,
     .print_h = config_print_advertise,
     .is_absent_h = config_advertise_is_absent},
    {.key = "ports",
     .example = "10000-17999",
     .help = "UDP ports for media, an even one first and an odd one last",
     .is_required = true,
     .read_h = config_read_ports,
     .print_h = config_print_ports},
    {.key = "dialect",
     .example = "auto",
     .help = "the SDP and ICE of its peers when their offer does not tell",
     .offset = offsetof(struct config_interface, dialect),
     .more = &dialect_words,
     .read_h = yaml_read_word,
     .print_h = yaml_print_word},
    {.key = "provider",
     .example = "skype",
     .help = "the row of the policy table that calls through it fall under",
     .offset = offsetof(struct config_interface, provider),
     .read_h = config_read_name,
     .print_h = config_print_name,
     .is_absent_h = config_name_is_absent},
    {.key = "transcode",
     .example = "[opus, PCMU]",
     .max = CONFIG_CODECS_MAX,
     .help = "codecs added to the offers that go out here",
     .read_h = config_read_transcode,
     .print_h = config_print_transcode,
     .is_absent_h = config_transcode_is_absent},
    {.key = "opus",
     .example = "{bitrate: 24000, complexity: 5}",
     .help = "how Opus is sent here",
     .more = opus_fields,
     .read_h = yaml_read_map,
     .print_h = yaml_print_map,
     .is_absent_h = config_opus_is_absent},
    {.key = "turn",
     .example = "{server: 192.0.2.5:3478, username: picrelay, password: swordfish}",
     .help = "a TURN server that gives standard legs an address where this one is not reached",
     .more = config_turn_fields,
     .read_h = config_read_turn,
     .print_h = yaml_print_map,
     .is_absent_h = config_turn_is_absent},
    {.key = "ice_lite",
     .example = "no",
     .help = "ICE with standard peers answers their checks and makes none: for a public address",
     .offset = offsetof(struct config_interface, ice_lite),
     .read_h = yaml_read_bool,
     .print_h = yaml_print_bool},
    {.key = "red",
     .example = "no",
     .help = "packets repeat the one before them (RFC 2198) to peers that list RED and report loss",
     .offset = offsetof(struct config_interface, sends_red),
     .read_h = yaml_read_bool,
     .print_h = yaml_print_bool},
    {.key = NULL},
};

static const struct yaml_field control_fields[] = {
    {.key = "ng",
     .example = "[udp:127.0.0.1:2223]",
     .min = 1,
     .max = CONFIG_LISTENERS_MAX,
     .help = "where the NG protocol is listened for, by udp: or tcp:; IPv6: \"udp:[::1]:2223\"",
     .read_h = config_read_ng,
     .print_h = config_print_ng},
    {.key = "allow",
     .example = "[127.0.0.0/8]",
     .min = 1,
     .max = CONFIG_NETS_MAX,
     .help = "who may speak NG: proxies only, as they can end any call",
     .read_h = config_read_allow,
     .print_h = config_print_allow},
    {.key = "default_direction",
     .example = "[enterprise, skype]",
     .min = 2,
     .max = 2,
     .help = "interfaces of a request that names none: the sender's, the receiver's",
     .read_h = config_read_direction,
     .print_h = config_print_direction,
     .is_absent_h = config_direction_is_absent},
    {.key = NULL},
};

static const struct yaml_field log_fields[] = {
    {.key = "level",
     .example = "info",
     .help = "the least important lines that are written",
     .offset = offsetof(struct config, log.level),
     .more = &level_words,
     .read_h = yaml_read_word,
     .print_h = yaml_print_word},
    {.key = "format",
     .example = "text",
     .help = "lines for people or JSON objects",
     .offset = offsetof(struct config, log.format),
     .more = &format_words,
     .read_h = yaml_read_word,
     .print_h = yaml_print_word},
    {.key = NULL},
};

static const struct yaml_field audit_fields[] = {
    {.key = "file",
     .example = "/var/log/picrelay/audit.json",
     .help = "a line of JSON for each decision is appended; SIGHUP opens it anew; relative to this "
             "file's folder",
     .default_words = "none: decisions are not kept",
     .offset = offsetof(struct config, audit.file),
     .read_h = config_read_path,
     .print_h = config_print_name,
     .is_absent_h = config_name_is_absent},
    {.key = "sync",
     .example = "second",
     .help = "when it is on the disk: never, within a second, or each before its request's answer",
     .offset = offsetof(struct config, audit.sync),
     .more = &sync_words,
     .read_h = yaml_read_word,
     .print_h = yaml_print_word},
    {.key = NULL},
};

/* A whole number that is a uint32_t of struct config. */
#define NUMBER(member, lowest, highest, unit_name, sample, help_text)                              \
    {                                                                                              \
        .key = #member, .example = (sample), .unit = (unit_name), .min = (lowest),                 \
        .max = (highest), .help = (help_text), .offset = offsetof(struct config, member),          \
        .read_h = yaml_read_uint32, .print_h = yaml_print_uint32                                   \
    }

const struct yaml_field config_fields[] = {
    {.key = "interfaces",
     .example = "[{name: enterprise, address: 192.0.2.1, ports: 10000-17999}]",
     .min = 1,
     .max = CONFIG_INTERFACES_MAX,
     .help = "the networks that media comes from and goes to",
     .more = config_interface_fields,
     .read_h = read_interfaces,
     .print_h = print_interfaces},
    {.key = "control",
     .example = "{ng: [udp:127.0.0.1:2223]}",
     .help = "who commands the relay",
     .more = control_fields,
     .read_h = yaml_read_map,
     .print_h = yaml_print_map},
    {.key = "http",
     .example = "127.0.0.1:9901",
     .help = "where metrics and status are served; off: nowhere",
     .read_h = config_read_http,
     .print_h = config_print_http},
    {.key = "workers",
     .example = "1",
     .unit = "threads",
     .min = 1,
     .max = CONFIG_WORKERS_MAX,
     .help = "media threads",
     .default_words = "one for each CPU that the process may run on",
     .offset = offsetof(struct config, workers),
     .read_h = yaml_read_uint32,
     .print_h = yaml_print_uint32},
    {.key = "io",
     .example = "auto",
     .help = "how media comes and goes; auto: io_uring where the kernel has it, else epoll",
     .offset = offsetof(struct config, io),
     .more = &io_words,
     .read_h = yaml_read_word,
     .print_h = yaml_print_word},
    NUMBER(gather_us, 0, 10000, "microseconds", "1000",
           "how long a busy worker lets packets gather before it takes them; 0: not at all"),
    {.key = "cpu_affinity",
     .example = "[2, 3]",
     .min = 1,
     .max = CONFIG_WORKERS_MAX,
     .help = "CPUs that media threads are pinned to, in turn",
     .default_words = "the kernel decides",
     .read_h = config_read_cpus,
     .print_h = config_print_cpus,
     .is_absent_h = config_cpus_is_absent},
    {.key = "srtp",
     .example = "auto",
     .help = "who encrypts; auto: multibuffer where the CPU has AES instructions, else libsrtp2",
     .offset = offsetof(struct config, srtp),
     .more = &srtp_words,
     .read_h = yaml_read_word,
     .print_h = yaml_print_word},
    {.key = "policy",
     .example = "policy.yaml",
     .help = "the provider table, relative to this file's folder",
     .default_words = "the built-in table",
     .offset = offsetof(struct config, policy),
     .read_h = config_read_path,
     .print_h = config_print_name,
     .is_absent_h = config_name_is_absent},
    {.key = "audit",
     .example = "{file: /var/log/picrelay/audit.json, sync: second}",
     .help = "the record of what policy decided",
     .more = audit_fields,
     .read_h = yaml_read_map,
     .print_h = yaml_print_map},
    {.key = "demo",
     .example = "no",
     .help = "a page at /demo/ of the HTTP listener: a call to oneself in a browser",
     .offset = offsetof(struct config, has_demo),
     .read_h = yaml_read_bool,
     .print_h = yaml_print_bool},
    {.key = "http_token_file",
     .example = "/etc/picrelay/token",
     .help = "its first line is the token that a change by HTTP has to show; relative to this "
             "file's folder",
     .default_words = "none: no change by HTTP is taken",
     .offset = offsetof(struct config, http_token_file),
     .read_h = config_read_path,
     .print_h = config_print_name,
     .is_absent_h = config_name_is_absent},
    {.key = "log",
     .example = "{level: info, format: text}",
     .help = "what is written to stderr",
     .more = log_fields,
     .read_h = yaml_read_map,
     .print_h = yaml_print_map},
    NUMBER(port_rest_s, 0, 3600, "seconds", "10",
           "a port is not used again before this, and not before it is quiet"),
    NUMBER(media_timeout_s, 1, DAY_S, "seconds", "60",
           "a call ends when all its streams are silent for so long"),
    NUMBER(silent_timeout_s, 1, 7 * DAY_S, "seconds", "3600", "the same while it is on hold"),
    NUMBER(offer_timeout_s, 1, DAY_S, "seconds", "3600", "a call ends that is not answered"),
    NUMBER(ice_timeout_s, 1, 600, "seconds", "20",
           "ICE has failed when no pair of addresses works after so long; one may still be found"),
    NUMBER(delete_delay_s, 0, 3600, "seconds", "30", "a deleted call is kept for late requests"),
    NUMBER(max_calls, 0, 1000000, "calls", "0",
           "most calls at a time; 0: as many as ports and descriptors allow"),
    NUMBER(load_limit_percent, 1, 100, "percent", "85",
           "new calls are refused while all media threads are busier than this"),
    {.key = "tos",
     .example = "184",
     .min = -1,
     .max = 255,
     .help = "IP type of service of media; 184 is DSCP EF, -1 leaves it alone",
     .offset = offsetof(struct config, tos),
     .read_h = yaml_read_int,
     .print_h = yaml_print_int},
    NUMBER(reorder_window_ms, 0, 500, "milliseconds", "40",
           "how long a gap waits for the packet that is missing"),
    NUMBER(gate_margin_percent, 0, 1000, "percent", "50",
           "what a stream may carry above what its negotiated codecs need"),
    NUMBER(dtls_certificate_hours, 1, 8760, "hours", "24",
           "for how long new calls show the same certificate in DTLS; running ones keep theirs"),
    {.key = NULL},
};
