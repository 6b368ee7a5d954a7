#ifndef PICRELAY_BENCH_LOAD_NEIGHBOUR_H
#define PICRELAY_BENCH_LOAD_NEIGHBOUR_H

#include "bench/load/address.h"
#include "bench/load/ethernet.h"

/**
 * The MAC of a host at the other end of a network card's cable, from the kernel's table
 * (rtnetlink(7)); where it is not in there the kernel is made to ask for it. Waits for up to a
 * second.
 *
 * @param card  index of the network card
 * @param mac   written
 * @return 0; EHOSTUNREACH: nobody says that this is his address; of socket() and of netlink
 */
int load_neighbour_find(uint8_t mac[LOAD_MAC_BYTES], unsigned card, const union load_address *host);

#endif
