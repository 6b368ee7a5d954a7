#include "relay/config_fields.h"

#include <string.h>

#include "relay/addr.h"

/* The line of an item of a list; of the list's own key if it has no such item; 1 if the file does
 * not have the key at all. */
static unsigned line_of_item(const struct yaml_node *list, unsigned index)
{
    const struct yaml_node *item = list ? list->first : NULL;

    while (item && index--)
        item = item->next;
    if (item)
        return item->line;

    return list ? list->line : 1;
}

static unsigned line_of_interface(const struct yaml_node *root, unsigned index)
{
    return line_of_item(yaml_find(root, "interfaces"), index);
}

static unsigned line_of_ng(const struct yaml_node *root, unsigned index)
{
    return line_of_item(yaml_find(yaml_find(root, "control"), "ng"), index);
}

/* A socket at one of them would be in the way of a socket at the other, ports being equal. */
static bool hosts_meet(const union addr *a, const union addr *b)
{
    if (addr_equal_host(a, b))
        return true;

    return a->sa.sa_family == b->sa.sa_family && (addr_is_any(a) || addr_is_any(b));
}

static int check_addresses(const struct config_interface *itf, unsigned line,
                           const struct yaml_report *report)
{
    char address[ADDR_TEXT_MAX];
    char advertise[ADDR_TEXT_MAX];

    addr_print_host(address, &itf->address);
    addr_print_host(advertise, &itf->advertise);

    if (itf->address.sa.sa_family != itf->advertise.sa.sa_family)
        return yaml_fail(report, line,
                         "interface %s: advertise %s is of another family than address %s; "
                         "expected both IPv4 or both IPv6",
                         itf->name, advertise, address);
    if (addr_is_any(&itf->advertise))
        return yaml_fail(report, line,
                         "interface %s: %s cannot be written into SDP, which needs the address "
                         "that peers send to; expected one address, or advertise: with it",
                         itf->name, advertise);
    return 0;
}

static int check_pair(const struct config *cfg, unsigned i, unsigned j, unsigned line,
                      const struct yaml_report *report)
{
    const struct config_interface *a = &cfg->interfaces[i];
    const struct config_interface *b = &cfg->interfaces[j];

    if (strcmp(a->name, b->name) == 0)
        return yaml_fail(report, line,
                         "interface %s: the name is taken by interface %u; expected "
                         "names that differ",
                         b->name, i + 1);

    if (hosts_meet(&a->address, &b->address) && a->port_min <= b->port_max &&
        b->port_min <= a->port_max)
        return yaml_fail(report, line,
                         "interface %s: ports %u-%u overlap with %u-%u of interface %s on the "
                         "same address; expected separate ranges",
                         b->name, b->port_min, b->port_max, a->port_min, a->port_max, a->name);
    return 0;
}

static int check_interfaces(const struct config *cfg, const struct yaml_node *root,
                            const struct yaml_report *report)
{
    for (unsigned j = 0; j < cfg->n_interfaces; j++) {
        unsigned line = line_of_interface(root, j);
        int err = check_addresses(&cfg->interfaces[j], line, report);

        for (unsigned i = 0; i < j && !err; i++)
            err = check_pair(cfg, i, j, line, report);
        if (err)
            return err;
    }
    return 0;
}

/* NG over UDP, as media is. */
static int check_ng_in_range(const struct config *cfg, const union addr *ng, unsigned line,
                             const struct yaml_report *report)
{
    uint16_t port = addr_port(ng);

    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        const struct config_interface *itf = &cfg->interfaces[i];

        if (hosts_meet(ng, &itf->address) && port >= itf->port_min && port <= itf->port_max)
            return yaml_fail(report, line,
                             "control.ng: port %u is one of the media ports %u-%u of interface "
                             "%s; expected a port outside of them",
                             port, itf->port_min, itf->port_max, itf->name);
    }
    return 0;
}

static int check_listener(const struct config *cfg, unsigned index, unsigned line,
                          const struct yaml_report *report)
{
    const struct config_listener *l = &cfg->control.ng[index];
    const union addr *ng = &l->address;
    char text[ADDR_TEXT_MAX];

    for (unsigned i = 0; i < index; i++) {
        const struct config_listener *other = &cfg->control.ng[i];

        if (other->is_tcp == l->is_tcp && addr_port(&other->address) == addr_port(ng) &&
            hosts_meet(&other->address, ng))
            return yaml_fail(report, line,
                             "control.ng: %s:%s is listened to twice; expected addresses and "
                             "ports that differ",
                             config_listener_scheme(l), addr_print(text, ng));
    }
    /* TCP and UDP ports are apart, but who has NG on one may add it on the other. */
    if (cfg->has_http && addr_port(&cfg->http) == addr_port(ng) && hosts_meet(&cfg->http, ng))
        return yaml_fail(report, line,
                         "control.ng: %s:%s is the address of http too; expected another port",
                         config_listener_scheme(l), addr_print(text, ng));

    return l->is_tcp ? 0 : check_ng_in_range(cfg, ng, line, report);
}

int config_check(const struct config *cfg, const struct yaml_node *root,
                 const struct yaml_report *report)
{
    int err = check_interfaces(cfg, root, report);

    for (unsigned i = 0; i < cfg->control.n_ng && !err; i++)
        err = check_listener(cfg, i, line_of_ng(root, i), report);

    return err;
}
