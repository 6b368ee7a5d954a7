#ifndef PICRELAY_BENCH_LOAD_ICE_H
#define PICRELAY_BENCH_LOAD_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/load/sdp.h"

/**
 * A full ICE agent reduced to what one host candidate and one peer candidate need: hundreds of
 * calls in one thread are too many for libnice. It checks each component, answers checks, repairs a
 * role conflict, and nominates with its first check (RFC 8445 s.7, 8; STUN: RFC 8489). What comes
 * in is believed only with the right MESSAGE-INTEGRITY. [pure]
 */

#define LOAD_STUN_MAX        512
#define LOAD_ICE_COMPONENTS  2
#define LOAD_ICE_INTERVAL_NS UINT64_C(100000000)
#define LOAD_ICE_TRIES       100 /* 10 s */

struct load_ice {
    const struct load_end *end; /* the names of both sides; borrowed */
    bool is_controlling;
    uint64_t tie, random;
    struct {
        uint8_t id[12]; /* of the transaction */
        uint64_t next_ns;
        unsigned tries, answers;
        bool is_valid, is_nominated;
    } component[LOAD_ICE_COMPONENTS];
    uint64_t n_checks, n_conflicts, n_bad; /* bad: no or wrong integrity */
};

/** @param start_ns  when the first check is due. @param random  not 0 */
void load_ice_init(struct load_ice *ice, const struct load_end *end, bool is_controlling,
                   uint64_t start_ns, uint64_t random);

/** The check that is due. @return bytes; 0: none is */
size_t load_ice_next(struct load_ice *ice, unsigned component, uint64_t now_ns,
                     uint8_t packet[LOAD_STUN_MAX]);

/**
 * Takes a STUN message that came from the relay's candidate.
 * @param from   where from
 * @return bytes of the answer; 0: none
 */
size_t load_ice_take(struct load_ice *ice, unsigned component, const union load_address *from,
                     const uint8_t *packet, size_t n, uint8_t answer[LOAD_STUN_MAX]);

/**
 * Checks that were never answered, of those components that have come to an end: sent again at most
 * LOAD_ICE_TRIES times, each counts. What is under way is not lost yet.
 */
uint64_t load_ice_lost(const struct load_ice *ice);

/** Are both components valid and nominated? */
bool load_ice_is_done(const struct load_ice *ice);
/** Has the last try been for nothing? */
bool load_ice_has_failed(const struct load_ice *ice);

#endif
