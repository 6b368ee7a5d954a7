#ifndef PICRELAY_BENCH_PEER_ICE_H
#define PICRELAY_BENCH_PEER_ICE_H

#include "bench/peer/loop.h"
#include "bench/peer/sdp.h"

/**
 * One libnice agent with one stream: the path of a peer that speaks ICE. Thread: the loop's.
 * Each dialect has a mode of libnice's own, and each fails against most of the others, so a relay
 * that speaks the wrong one is found out.
 */

struct peer_ice;

enum peer_ice_state { PEER_ICE_CHECKING, PEER_ICE_READY, PEER_ICE_FAILED };

/** How far the checks came: what is left to tell when there is no pair. */
struct peer_ice_facts {
    enum peer_ice_state state;
    bool is_checking;           /* both ends' candidates are known */
    bool is_answered;           /* a check of ours was */
    bool is_asked;              /* a check of the other end's came, with our ufrag */
    unsigned n_local, n_remote; /* candidates */
    unsigned n_restarts;
};

struct peer_ice_config {
    struct loop *loop;
    enum peer_dialect dialect;
    const char *local; /* address to gather on */
    unsigned n_components;
    bool is_controlling;
    void (*packet_h)(unsigned component, const uint8_t *packet, size_t n, void *arg);
    void (*state_h)(enum peer_ice_state state, void *arg);
    void *arg;
};

/** Makes the agent and gathers its host candidates. @return 0; EADDRNOTAVAIL; ENOMEM */
int peer_ice_alloc(struct peer_ice **ip, const struct peer_ice_config *cfg);
void peer_ice_free(struct peer_ice *ice); /* NULL is allowed */

/** Writes credentials, candidates and the default addresses into a description. */
void peer_ice_describe(struct peer_ice *ice, struct peer_description *d);
/** Leaves of the candidates those of the selected pairs, and names the other end's: what is in a
 *  final offer or answer. @return 0; ENOTCONN: not every component has a pair */
int peer_ice_describe_chosen(const struct peer_ice *ice, struct peer_description *d);
/** New credentials, for peer_ice_describe(); the pair in use carries on until there is a new one.
 *  @return 0; EINVAL */
int peer_ice_restart(struct peer_ice *ice);
/** Takes the other end's and starts the checks. @return 0; EINVAL: nothing to check */
int peer_ice_connect(struct peer_ice *ice, const struct peer_description *remote);

/** @return 0; ENOTCONN */
int peer_ice_send(struct peer_ice *ice, unsigned component, const uint8_t *packet, size_t n);

struct peer_ice_facts peer_ice_facts(const struct peer_ice *ice);
/** The selected pair, as "127.0.0.1:5000 (host) - 127.0.0.1:6000 (prflx)"; empty: none. */
const char *peer_ice_pair(const struct peer_ice *ice, unsigned component);

#endif
