#ifndef PICRELAY_TESTS_NAT_NET_H
#define PICRELAY_TESTS_NAT_NET_H

#include <stdbool.h>
#include <stddef.h>

/**
 * A small internet of network namespaces: a router in the middle, places at it, some of them behind
 * a NAT of their own. What goes wrong fails the test. Needs root.
 *
 * Place n has the public address 10.n.0.2; behind a NAT it is 192.168.n.2 itself.
 */

enum nat_kind {
    NAT_NONE,
    NAT_ONE_TO_ONE, /* all ports both ways, as of a cloud's elastic address */
    NAT_RESTRICTED, /* port-restricted cone: the same port for all, in only from whom it sent to */
    NAT_SYMMETRIC,  /* another port for each whom it sends to */
};

struct nat_place {
    const char *name;
    enum nat_kind nat;
    bool has_turn_server;
};

/** Whether namespaces can be made here; says why not. */
bool nat_net_is_possible(void);
/** @param n  1 to 200 places, numbered from 1 */
void nat_net_open(const struct nat_place *places, size_t n);
/** Takes all down, whatever there is of it. */
void nat_net_close(const struct nat_place *places, size_t n);

/** The name of a place's namespace, and its own address in it. Borrowed until the next call. */
const char *nat_net_namespace(const struct nat_place *place);
const char *nat_net_address(const struct nat_place *place, unsigned number);

#endif
