#ifndef PICRELAY_TESTS_ICE_RIG_H
#define PICRELAY_TESTS_ICE_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "ice/ice.h"

/** Two ends of a call on loopback, and what control would hear of them. What goes wrong fails the
 *  test. */

#define COMPONENTS 2
#define PORTS_MAX  16
#define HANG_MS    20000 /* not an expectation: ends a test that would wait for ever */

#define N_MODES 5
extern const enum ice_mode modes[N_MODES];

/* One end of a call, and what control heard of it. */
struct end {
    struct ice_leg *leg;
    int stream;
    uint16_t ports[COMPONENTS];
    enum ice_state states[COMPONENTS];
    unsigned n_selected[COMPONENTS], n_events;
    struct ice_candidate local[COMPONENTS], remote[COMPONENTS];
};

struct sockaddr_storage address(const char *text, uint16_t port);
uint16_t port_of(const struct sockaddr_storage *ss);
/** Ports that were free a moment ago, and differ. */
void free_ports(const char *local, uint16_t *ports, unsigned n);
/** A leg on 127.0.0.1. */
struct ice_leg_config config(enum ice_mode mode, struct end *end);
void end_open(struct end *end, struct ice *ice, const struct ice_leg_config *cfg);
bool is_draft6(enum ice_mode mode);
void signal_candidates(struct end *to, const struct end *from, bool is_old);
void signal_credentials(struct end *to, const struct end *from);
/** What an offer and an answer tell them of each other. */
void introduce(struct end *a, struct end *b, enum ice_mode mode);
/** An ice_event_h. */
void event_h(const struct ice_event *ev, void *arg);
bool is_in(const struct end *end, enum ice_state state);
void await_event(struct ice *ice);
void await_both(struct ice *ice, const struct end *a, const struct end *b, enum ice_state state);
void assert_same_addr(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
/** Each has the other's address as its remote one. */
void assert_pairs_meet(const struct end *a, const struct end *b);

#endif
