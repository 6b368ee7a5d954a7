#ifndef PICRELAY_BENCH_LOAD_PACKET_H
#define PICRELAY_BENCH_LOAD_PACKET_H

#include "bench/load/wire.h"

/**
 * Packets as Ethernet frames of one network card, past the UDP stack of this host: the rings of
 * AF_PACKET (packet(7)), in both directions. The ends of calls are at an address that this host
 * does not have, so that its stack keeps out of it; the relay needs a static neighbour entry for
 * it. Needs CAP_NET_RAW. How it is set up: bench/compare --veth.
 */

/**
 * @param interface  the network card, as "veth-load"; the relay is its only neighbour
 * @param sockets    the addresses of the ends; it has no sockets
 * @param problem    on an error, what it is
 * @return 0; ENOMEM; ENODEV; EPERM; others of the system
 */
int load_wire_packet(struct load_wire **wp, const char *interface,
                     const struct load_sockets *sockets, char *problem, size_t cap);

#endif
