#include "relay/config_types.h"

#include <errno.h>
#include <string.h>

#include "relay/text.h"

#define NAME_CHARS  "_.-"
#define CODEC_CHARS "_.-/" /* as in an rtpmap: opus/48000/2 */

CONFIG_READER(config_read_name)
{
    return yaml_read_chars(field, node, target, CONFIG_NAME_MAX, NAME_CHARS, report);
}

CONFIG_PRINTER(config_print_name)
{
    (void)field;
    yaml_print_text(target, out);
}

bool config_name_is_absent(const void *target)
{
    const char *name = target;

    return !*name;
}

CONFIG_READER(config_read_path)
{
    const size_t cap = sizeof(((struct config *)NULL)->policy);
    int err = yaml_check_text(field, node, cap, report);

    if (!err)
        text_copy(target, cap, node->text);
    return err;
}

static int read_host(const struct yaml_field *field, const struct yaml_node *node, union addr *to,
                     const struct yaml_report *report)
{
    union addr a;
    int err = yaml_check_text(field, node, ADDR_TEXT_MAX, report);

    if (err)
        return err;
    if (addr_parse_host(&a, node->text, strlen(node->text)))
        return yaml_fail_value(report, node, field->key,
                               "expected a numeric address, such as 192.0.2.1 or 2001:db8::1");
    if (addr_is_unusable(&a) && !addr_is_any(&a))
        return yaml_fail_value(
            report, node, field->key,
            "multicast, link-local or reserved; expected the address of one interface");
    *to = a;
    return 0;
}

CONFIG_READER(config_read_address)
{
    struct config_interface *itf = target;
    int err = read_host(field, node, &itf->address, report);

    if (!err)
        itf->advertise = itf->address;
    return err;
}

CONFIG_PRINTER(config_print_address)
{
    const struct config_interface *itf = target;
    char text[ADDR_TEXT_MAX];

    (void)field;
    yaml_print_text(addr_print_host(text, &itf->address), out);
}

CONFIG_READER(config_read_advertise)
{
    struct config_interface *itf = target;

    return read_host(field, node, &itf->advertise, report);
}

CONFIG_PRINTER(config_print_advertise)
{
    const struct config_interface *itf = target;
    char text[ADDR_TEXT_MAX];

    (void)field;
    yaml_print_text(addr_print_host(text, &itf->advertise), out);
}

bool config_advertise_is_absent(const void *target)
{
    const struct config_interface *itf = target;

    return addr_equal_host(&itf->address, &itf->advertise);
}

/* Takes a decimal port of 1..65535 off the front of a text. @return after it; NULL: none */
static const char *take_port(const char *text, uint32_t *port)
{
    const char *at = text;
    uint32_t value = 0;

    for (; *at >= '0' && *at <= '9' && value <= UINT16_MAX; at++)
        value = value * 10 + (uint32_t)(*at - '0');
    if (at == text || *text == '0' || value > UINT16_MAX)
        return NULL;

    *port = value;
    return at;
}

CONFIG_READER(config_read_ports)
{
    struct config_interface *itf = target;
    uint32_t min = 0;
    uint32_t max = 0;
    const char *at;
    int err = yaml_check_text(field, node, 64, report);

    if (err)
        return err;

    at = take_port(node->text, &min);
    at = at && *at == '-' ? take_port(at + 1, &max) : NULL;
    if (!at || *at)
        return yaml_fail_value(report, node, field->key,
                               "expected two ports of 1 to 65535, as in %s", field->example);
    if (min > max)
        return yaml_fail_value(report, node, field->key, "the lower port comes first, as in %u-%u",
                               max, min);
    if (min % 2 || max % 2 == 0) /* RTP has the even port, RTCP the next: RFC 3550 s.11 */
        return yaml_fail_value(report, node, field->key,
                               "ports go in pairs; expected an even port first and an odd one "
                               "last, as in %s",
                               field->example);
    itf->port_min = (uint16_t)min;
    itf->port_max = (uint16_t)max;
    return 0;
}

CONFIG_PRINTER(config_print_ports)
{
    const struct config_interface *itf = target;

    (void)field;
    fprintf(out, "%u-%u", itf->port_min, itf->port_max);
}

CONFIG_READER(config_read_transcode)
{
    struct config_interface *itf = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err =
            yaml_read_chars(field, item, itf->transcode[n++], CONFIG_NAME_MAX, CODEC_CHARS, report);

    itf->n_transcode = n;
    return err;
}

CONFIG_PRINTER(config_print_transcode)
{
    const struct config_interface *itf = target;

    (void)field;
    for (unsigned i = 0; i < itf->n_transcode; i++) {
        fputs(i ? ", " : "[", out);
        yaml_print_text(itf->transcode[i], out);
    }
    fputc(']', out);
}

bool config_opus_is_absent(const void *target)
{
    const struct config_interface *itf = target;

    return !itf->opus.bitrate && !itf->opus.complexity && !itf->opus.fec && !itf->opus.dtx;
}

bool config_transcode_is_absent(const void *target)
{
    const struct config_interface *itf = target;

    return itf->n_transcode == 0;
}

/* "ADDRESS:PORT" to listen at. */
static int read_listener(const struct yaml_field *field, const struct yaml_node *node,
                         const char *text, union addr *to, const struct yaml_report *report)
{
    union addr a;

    if (addr_parse(&a, text, strlen(text)) || addr_port(&a) == 0)
        return yaml_fail_value(report, node, field->key,
                               "expected a numeric address and a port, such as %s", field->example);
    *to = a;
    return 0;
}

CONFIG_READER(config_read_http)
{
    struct config *cfg = target;
    int err = yaml_check_text(field, node, 64, report);

    if (err)
        return err;
    if (strcmp(node->text, "off") == 0) {
        memset(&cfg->http, 0, sizeof(cfg->http));
        cfg->has_http = false;
        return 0;
    }
    cfg->has_http = true;
    return read_listener(field, node, node->text, &cfg->http, report);
}

CONFIG_PRINTER(config_print_http)
{
    const struct config *cfg = target;
    char text[ADDR_TEXT_MAX];

    (void)field;
    yaml_print_text(cfg->has_http ? addr_print(text, &cfg->http) : "off", out);
}

CONFIG_READER(config_read_ng)
{
    enum { SCHEME = 4 }; /* characters of "udp:" */
    struct config *cfg = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        err = yaml_check_text(field, item, 64, report);
        if (err)
            return err;
        cfg->control.ng[n].is_tcp = strncmp(item->text, "tcp:", SCHEME) == 0;
        if (!cfg->control.ng[n].is_tcp && strncmp(item->text, "udp:", SCHEME) != 0)
            return yaml_fail_value(report, item, field->key,
                                   "expected udp: or tcp:, an address and a port, such as %s",
                                   field->example);
        err =
            read_listener(field, item, item->text + SCHEME, &cfg->control.ng[n++].address, report);
    }
    cfg->control.n_ng = n;
    return err;
}

CONFIG_PRINTER(config_print_ng)
{
    const struct config *cfg = target;
    char text[ADDR_TEXT_MAX];

    (void)field;
    for (unsigned i = 0; i < cfg->control.n_ng; i++)
        fprintf(out, "%s\"%s:%s\"", i ? ", " : "[", config_listener_scheme(&cfg->control.ng[i]),
                addr_print(text, &cfg->control.ng[i].address));
    fputc(']', out);
}

CONFIG_READER(config_read_allow)
{
    struct config *cfg = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        err = yaml_check_text(field, item, 64, report);
        if (err)
            return err;
        if (addr_parse_net(&cfg->control.allow[n++], item->text, strlen(item->text)))
            return yaml_fail_value(report, item, field->key,
                                   "expected a network without bits beyond its prefix, such as "
                                   "10.0.0.0/8 or ::1");
    }
    cfg->control.n_allow = n;
    return err;
}

CONFIG_PRINTER(config_print_allow)
{
    const struct config *cfg = target;
    char text[ADDR_TEXT_MAX];

    (void)field;
    for (unsigned i = 0; i < cfg->control.n_allow; i++) {
        const struct addr_net *net = &cfg->control.allow[i];

        fprintf(out, "%s\"%s/%u\"", i ? ", " : "[", addr_print_host(text, &net->base),
                net->prefix_bits);
    }
    fputc(']', out);
}

CONFIG_READER(config_read_cpus)
{
    const struct yaml_field cpu = {
        .key = field->key, .example = "2", .unit = "a CPU", .max = CONFIG_CPUS_MAX - 1};
    struct config *cfg = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    if (err)
        return err;
    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        uint32_t number = 0;

        err = yaml_read_uint32(&cpu, item, &number, report);
        cfg->cpus[n++] = (uint16_t)number;
    }
    cfg->n_cpus = n;
    return err;
}

CONFIG_PRINTER(config_print_cpus)
{
    const struct config *cfg = target;

    (void)field;
    for (unsigned i = 0; i < cfg->n_cpus; i++)
        fprintf(out, "%s%u", i ? ", " : "[", cfg->cpus[i]);
    fputc(']', out);
}

bool config_cpus_is_absent(const void *target)
{
    const struct config *cfg = target;

    return cfg->n_cpus == 0;
}

CONFIG_READER(config_read_direction)
{
    struct config *cfg = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        int index;

        err = yaml_check_text(field, item, CONFIG_NAME_MAX, report);
        if (err)
            return err;

        index = config_find_interface(cfg, item->text, strlen(item->text));
        if (index < 0)
            return yaml_fail_value(report, item, field->key,
                                   "no such interface; expected two names of interfaces");
        cfg->control.default_direction[n++] = index;
    }
    return err;
}

CONFIG_PRINTER(config_print_direction)
{
    const struct config *cfg = target;
    const int *pair = cfg->control.default_direction;

    (void)field;
    fputc('[', out);
    yaml_print_text(cfg->interfaces[pair[0]].name, out);
    fputs(", ", out);
    yaml_print_text(cfg->interfaces[pair[1]].name, out);
    fputc(']', out);
}

bool config_direction_is_absent(const void *target)
{
    const struct config *cfg = target;

    return cfg->control.default_direction[0] < 0;
}
