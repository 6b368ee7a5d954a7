#ifndef PICRELAY_BENCH_LOAD_ATTACK_H
#define PICRELAY_BENCH_LOAD_ATTACK_H

#include "bench/load/calls.h"
#include "bench/scenario/scenario.h"

/**
 * Somebody who means harm, beside good calls: a process of its own that sends garbage, RTP from
 * other sources, STUN and malformed commands to the relay. (Replays are sent by the load itself,
 * which has the packets and the right sockets.)
 */

struct attack_config {
    const struct scenario_attack *attack;
    const struct load_calls *calls; /* whose ports are attacked */
    unsigned n_calls;
    const char *ng;
    const struct load_sockets *sockets; /* of the ends that are impersonated */
};

struct attack;

/** Starts the process, which waits. @return 0; ENOMEM; of socket(), pipe() and fork() */
int attack_open(struct attack **ap, const struct attack_config *cfg);
/** It begins. */
void attack_begin(struct attack *a);
/** It ends. NULL is allowed. */
void attack_close(struct attack *a);
/** How many packets of a kind it has sent. */
uint64_t attack_sent(const struct attack *a, enum scenario_attack_kind kind);
/** Has it the right to forge source addresses? Else it sends from ports of its own. */
bool attack_is_forging(const struct attack *a);

#endif
