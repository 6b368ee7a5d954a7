#ifndef PICRELAY_BENCH_LOAD_WIRE_H
#define PICRELAY_BENCH_LOAD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/load/sockets.h"

/**
 * How packets of a load get to the relay and back: through UDP sockets, or as frames of a network
 * card (packet.h), which costs the generator less. One thread.
 */

#define LOAD_BATCH 32 /* packets that share a sending time: more would blur the delays */

/** A packet that is to be sent. */
struct load_departure {
    const union load_address *to;
    unsigned place; /* of the sockets: 2 * pair + side */
    bool is_rtcp;   /* from the port above */
    uint8_t *at;
    size_t n;
    uint64_t ns; /* written: when it was sent, on load_wall_ns(); 0: the kernel refused it */
};

/** A packet that has come. */
struct load_arrival {
    enum load_side side;
    union load_address from;
    uint8_t *at; /* may be changed; LOAD_PACKET_MAX bytes of room */
    size_t n;
    uint64_t ns; /* when the kernel had it, on load_wall_ns() */
};

typedef void(load_arrival_h)(const struct load_arrival *a, void *arg);

struct load_wire {
    /** @param d  at most LOAD_BATCH */
    void (*send_h)(struct load_wire *w, struct load_departure *d, unsigned n);
    /** Hands over what has come. @return how many */
    unsigned (*receive_h)(struct load_wire *w, load_arrival_h *h, void *arg);
    void (*free_h)(struct load_wire *w);
    const struct load_sockets *sockets;
};

/** @param has_rtcp  that port is read too. @return 0; ENOMEM; of epoll */
int load_wire_sockets(struct load_wire **wp, const struct load_sockets *sockets, bool has_rtcp);
void load_wire_free(struct load_wire *w); /* NULL is allowed */

#endif
