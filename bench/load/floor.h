#ifndef PICRELAY_BENCH_FLOOR_H
#define PICRELAY_BENCH_FLOOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "bench/load/sdp.h"
#include "bench/load/sockets.h"

/**
 * What the kernel alone charges for relaying: a process that receives packets and sends them on,
 * and does nothing else with them. A relay cannot be cheaper than it with the same system calls.
 */

enum floor_kind {
    FLOOR_SHARED,     /* one socket for all: recvmmsg and sendmmsg of up to 64 packets */
    FLOOR_PER_STREAM, /* a socket a stream, as SIP relays have: epoll, recvmmsg, sendmmsg */
};

struct floor_config {
    enum floor_kind kind;
    bool is_gathering;                  /* woken every millisecond; else for each packet */
    int cpu;                            /* -1: any */
    const char *address;                /* it listens at; NULL: loopback, of the load's family */
    const char *space;                  /* network namespace it listens in; NULL: ours */
    const struct load_sockets *sockets; /* of the load: where packets go */
};

struct floor;

/**
 * Starts the process; it ends with floor_stop(), or with its parent.
 * @param ends  written: where each endpoint sends to, by call and side
 * @return 0; ENOMEM; EMFILE; EINVAL: not an address; of setns(), socket(), bind() and fork()
 */
int floor_start(struct floor **fp, const struct floor_config *cfg, struct load_end (*ends)[2]);
void floor_stop(struct floor *f); /* NULL is allowed */
pid_t floor_pid(const struct floor *f);

#endif
