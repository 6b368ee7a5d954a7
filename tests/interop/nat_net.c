#include "tests/interop/nat_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define COMMAND_MAX 512
#define QUIETLY     " >/dev/null 2>&1"

/* Namespaces of this process: tests may run side by side. */
static const char *name_of(char buf[static 32], const char *what)
{
    (void)snprintf(buf, 32, "prn%u-%s", (unsigned)getpid() % 100000, what);
    return buf;
}

__attribute__((format(printf, 1, 2))) static int try(const char *fmt, ...)
{
    char command[COMMAND_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(command, sizeof(command), fmt, ap);
    va_end(ap);
    return system(command); /* NOLINT(cert-env33-c): nothing of it comes from elsewhere */
}

#define must(...) assert_int_equal(try(__VA_ARGS__), 0)

bool nat_net_is_possible(void)
{
    char ns[32];

    name_of(ns, "try");
    if (geteuid() != 0 || try("ip netns add %s" QUIETLY, ns)) {
        print_message("skipped: network namespaces need root\n");
        return false;
    }
    if (try("ip netns exec %s nft add table ip nat" QUIETLY, ns)) {
        print_message("skipped: nft cannot set up a NAT here (nf_tables)\n");
        (void)try("ip netns del %s", ns);
        return false;
    }
    must("ip netns del %s", ns);
    return true;
}

const char *nat_net_namespace(const struct nat_place *place)
{
    static _Thread_local char ns[32];

    return name_of(ns, place->name);
}

const char *nat_net_address(const struct nat_place *place, unsigned number)
{
    static _Thread_local char text[32];

    (void)snprintf(text, sizeof(text), place->nat == NAT_NONE ? "10.%u.0.2" : "192.168.%u.2",
                   number);
    return text;
}

/* A pair of interfaces, one in each namespace; `inner` gets a default route over `outer`. */
static void wire(const char *outer, const char *outer_if, const char *inner, const char *inner_if,
                 const char *net)
{
    must("ip -n %s link add %s type veth peer name %s netns %s", outer, outer_if, inner_if, inner);
    must("ip -n %s addr add %s.1/24 dev %s", outer, net, outer_if);
    must("ip -n %s addr add %s.2/24 dev %s", inner, net, inner_if);
    must("ip -n %s link set %s up", outer, outer_if);
    must("ip -n %s link set %s up", inner, inner_if);
    must("ip -n %s route add default via %s.1", inner, net);
}

static void make(const char *ns, bool forwards)
{
    must("ip netns add %s", ns);
    must("ip -n %s link set lo up", ns);
    if (forwards)
        must("ip netns exec %s sysctl -qw net.ipv4.ip_forward=1", ns);
}

/* Linux' masquerade keeps the port if it can: port-restricted. With fully-random it picks another
 * one for each destination: symmetric. */
static void set_rules(const char *ns, enum nat_kind nat, unsigned number)
{
    must("ip netns exec %s nft add table ip nat", ns);
    must("ip netns exec %s nft 'add chain ip nat out { type nat hook postrouting priority 100; }'",
         ns);
    if (nat == NAT_ONE_TO_ONE) {
        must("ip netns exec %s nft 'add chain ip nat in { type nat hook prerouting priority -100; "
             "}'",
             ns);
        must("ip netns exec %s nft add rule ip nat in iif wan dnat to 192.168.%u.2", ns, number);
    }
    must("ip netns exec %s nft add rule ip nat out oif wan masquerade%s", ns,
         nat == NAT_SYMMETRIC ? " random,fully-random" : "");
}

static void open_place(const struct nat_place *place, unsigned number)
{
    char router[32], ns[32], gate[40], outer_if[16], net[32];

    name_of(router, "internet");
    name_of(ns, place->name);
    (void)snprintf(outer_if, sizeof(outer_if), "p%u", number);
    make(ns, false);
    if (place->nat == NAT_NONE) {
        (void)snprintf(net, sizeof(net), "10.%u.0", number);
        wire(router, outer_if, ns, "net", net);
        return;
    }
    (void)snprintf(gate, sizeof(gate), "%s-nat", ns);
    make(gate, true);
    (void)snprintf(net, sizeof(net), "10.%u.0", number);
    wire(router, outer_if, gate, "wan", net);
    (void)snprintf(net, sizeof(net), "192.168.%u", number);
    wire(gate, "lan", ns, "net", net);
    set_rules(gate, place->nat, number);
}

void nat_net_open(const struct nat_place *places, size_t n)
{
    char router[32];

    make(name_of(router, "internet"), true);
    /* the internet has no way to private addresses */
    must("ip -n %s route add blackhole 192.168.0.0/16", router);
    for (size_t i = 0; i < n; i++)
        open_place(&places[i], (unsigned)i + 1);
}

void nat_net_close(const struct nat_place *places, size_t n)
{
    char ns[32];

    for (size_t i = 0; i < n; i++) {
        name_of(ns, places[i].name);
        (void)try("ip netns del %s" QUIETLY, ns);
        (void)try("ip netns del %s-nat" QUIETLY, ns);
    }
    (void)try("ip netns del %s" QUIETLY, name_of(ns, "internet"));
}
