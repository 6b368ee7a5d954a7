#include "relay/config_turn.h"

#include <stddef.h>
#include <string.h>

#define MASK "\"***\""

/* Names are never resolved: a lookup would stop the control thread. */
static CONFIG_READER(read_server)
{
    struct config_interface *itf = target;
    int err = yaml_check_text(field, node, 64, report);

    if (err)
        return err;
    if (addr_parse(&itf->turn.server, node->text, strlen(node->text)) ||
        !addr_port(&itf->turn.server))
        return yaml_fail_value(report, node, field->key,
                               "expected a numeric address and a port, such as %s", field->example);
    return 0;
}

static CONFIG_PRINTER(print_server)
{
    const struct config_interface *itf = target;
    char text[ADDR_TEXT_MAX];

    (void)field;
    yaml_print_text(addr_print(text, &itf->turn.server), out);
}

/* char[CONFIG_TURN_TEXT_MAX] of any text */
static CONFIG_READER(read_text)
{
    int err = yaml_check_text(field, node, CONFIG_TURN_TEXT_MAX, report);

    if (!err)
        (void)strncpy(target, node->text, CONFIG_TURN_TEXT_MAX - 1);
    return err;
}

static CONFIG_PRINTER(print_text)
{
    (void)field;
    yaml_print_text(target, out);
}

static CONFIG_PRINTER(print_masked)
{
    (void)field;
    (void)target;
    fputs(MASK, out);
}

static bool text_is_absent(const void *target)
{
    return *(const char *)target == '\0';
}

const struct yaml_field config_turn_fields[] = {
    {.key = "server",
     .example = "192.0.2.5:3478",
     .help = "its address and UDP port",
     .is_required = true,
     .read_h = read_server,
     .print_h = print_server},
    {.key = "username",
     .example = "picrelay",
     .help = "user name of the long-term credential at the server",
     .offset = offsetof(struct config_interface, turn.username),
     .read_h = read_text,
     .print_h = print_text,
     .is_absent_h = text_is_absent},
    {.key = "password",
     .example = "swordfish",
     .help = "password of username; printed as ***",
     .offset = offsetof(struct config_interface, turn.password),
     .read_h = read_text,
     .print_h = print_masked,
     .is_absent_h = text_is_absent},
    {.key = "secret",
     .example = "north",
     .help = "instead of both: the secret that the server derives passwords from (coturn's "
             "static-auth-secret)",
     .offset = offsetof(struct config_interface, turn.secret),
     .read_h = read_text,
     .print_h = print_masked,
     .is_absent_h = text_is_absent},
    {.key = "gather_ms",
     .example = "200",
     .unit = "milliseconds",
     .max = 2000,
     .help =
         "how long an offer or answer waits for an address of the server; a silent server is waited "
         "for once in 30 s",
     .offset = offsetof(struct config_interface, turn.gather_ms),
     .read_h = yaml_read_uint32,
     .print_h = yaml_print_uint32},
    {.key = NULL},
};

CONFIG_READER(config_read_turn)
{
    struct config_interface *itf = target;
    int err;

    itf->turn.gather_ms = CONFIG_TURN_GATHER_MS;
    err = yaml_read_map(field, node, target, report);
    if (err)
        return err;
    if (!itf->turn.secret[0] == (!itf->turn.username[0] || !itf->turn.password[0]) ||
        (itf->turn.secret[0] && (itf->turn.username[0] || itf->turn.password[0])))
        return yaml_fail(report, node->line,
                         "turn: expected either username and password, or secret");
    if (itf->turn.server.sa.sa_family != itf->address.sa.sa_family)
        return yaml_fail(report, node->line,
                         "turn: server is of another family than address; expected both IPv4 or "
                         "both IPv6");
    return 0;
}

bool config_turn_is_absent(const void *target)
{
    const struct config_interface *itf = target;

    return !addr_is_set(&itf->turn.server);
}
