#ifndef PICRELAY_BENCH_LOAD_SOCKETS_H
#define PICRELAY_BENCH_LOAD_SOCKETS_H

#include <netinet/in.h>

#include "bench/load/mode.h"

/**
 * The sockets of a load. A relay tells its streams apart by its own ports, so that any number of
 * calls may have the same remote address: a few sockets carry them all, in batches, and a packet is
 * known by the port of the relay that it comes from. The sides of a call never share one.
 *
 * The port above each, where RTCP goes, is bound too and throws away what comes: else the kernel
 * would answer with ICMP errors, which the relay would have to deal with.
 */

struct load_sockets {
    unsigned n_pairs, n_calls;
    unsigned n_open; /* of the lists below */
    int *fds;        /* RTP: 2 * pair + side */
    int *rtcp_fds;   /* likewise */
    struct sockaddr_in *addresses;
};

/**
 * @param local    IPv4 address to bind to
 * @param n_pairs  n_calls: a socket for each endpoint
 * @return 0; EINVAL: not an address; ENOMEM; EMFILE; of socket() and bind()
 */
int load_sockets_init(struct load_sockets *s, const char *local, unsigned n_pairs,
                      unsigned n_calls);
void load_sockets_wipe(struct load_sockets *s); /* a zeroed struct is allowed */

/** The index of an endpoint's socket, in fds and addresses. */
unsigned load_sockets_index(const struct load_sockets *s, unsigned call, enum load_side side);

#endif
