#ifndef PICRELAY_BENCH_LOAD_SOCKETS_H
#define PICRELAY_BENCH_LOAD_SOCKETS_H

#include "bench/load/address.h"
#include "bench/load/mode.h"

/**
 * The sockets of a load. A relay tells its streams apart by its own ports, so that any number of
 * calls may have the same remote address: a few sockets carry them all, in batches, and a packet is
 * known by the port of the relay that it comes from. The sides of a call never share one.
 *
 * The port above each, where RTCP goes, is bound too. Where no RTCP is wanted it throws away what
 * comes: else the kernel would answer with ICMP errors, which the relay would have to deal with.
 */

struct load_sockets {
    unsigned n_pairs, n_calls;
    unsigned n_open; /* of the lists below */
    int *fds;        /* RTP: 2 * pair + side; NULL: not sockets, but frames of a network card */
    int *rtcp_fds;   /* likewise */
    union load_address *addresses;
};

struct load_sockets_config {
    const char *local; /* address to bind to */
    unsigned n_pairs;  /* n_calls: a socket for each endpoint */
    unsigned n_calls;
    bool has_rtcp;
};

/**
 * @param problem  on an error, what it is, with the numbers. @param cap  its room
 * @return 0; EINVAL: not an address; ENOMEM; EMFILE; of socket() and bind()
 */
int load_sockets_init(struct load_sockets *s, const struct load_sockets_config *cfg, char *problem,
                      size_t cap);
/** Addresses alone, with ports from 20000 on, for who sends and receives without sockets. */
int load_sockets_name(struct load_sockets *s, const struct load_sockets_config *cfg);
void load_sockets_wipe(struct load_sockets *s); /* a zeroed struct is allowed */

/** The index of an endpoint's socket, in fds and addresses. */
unsigned load_sockets_index(const struct load_sockets *s, unsigned call, enum load_side side);

#endif
