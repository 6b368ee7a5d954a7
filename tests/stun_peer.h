#ifndef PICRELAY_TESTS_STUN_PEER_H
#define PICRELAY_TESTS_STUN_PEER_H

#include <netinet/in.h>

#include <stun/stunagent.h>

#include "tests/ice_rig.h"

/**
 * A peer of an agent, made of one UDP socket and libnice's STUN library: it says what a test wants
 * to have said, well or badly. It blocks for at most HANG_MS. [any thread]
 */

enum stun_fault {
    STUN_FINE,
    STUN_WRONG_UFRAG,
    STUN_WRONG_PASSWORD,
    STUN_NO_USERNAME,
    STUN_NO_INTEGRITY,
    STUN_WRONG_FINGERPRINT,
    STUN_UNKNOWN_ATTRIBUTE, /* one that must be understood, else fine */
    STUN_CUT_ATTRIBUTE,     /* its length goes beyond the end */
    STUN_CUT,               /* the last four bytes are missing */
    STUN_UNPADDED,          /* an attribute of 5 bytes without padding */
    STUN_FAULT_COUNT,
};

struct stun_peer {
    int fd;
    StunAgent agent;
    struct sockaddr_storage to; /* the agent's port */
    char ufrag[64], pwd[64];    /* the agent's */
    char own_ufrag[64], own_pwd[64];
    bool controls;
    bool is_silent;      /* answers no check */
    bool answers_forged; /* with a wrong MESSAGE-INTEGRITY */
    int answers_error;   /* with this ERROR-CODE, authentic; 0: not */
    uint8_t last[1500];  /* what came last */
    size_t n_last;
    StunTransactionId asked; /* of our last request */
    unsigned n_checks;       /* that came */
};

/** A peer of component 1 of an end. */
void stun_peer_open(struct stun_peer *p, const struct end *end, enum ice_mode mode, bool controls);
/** The same of an agent in another process, as its SDP tells; p->ufrag and p->pwd are set later. */
void stun_peer_open_at(struct stun_peer *p, const char *own_address, bool controls);
void stun_peer_close(struct stun_peer *p);
/** Signals its candidate and credentials to the end. */
void stun_peer_introduce(const struct stun_peer *p, struct end *end);
/** The credentials that the end has now: after a restart. */
void stun_peer_meet(struct stun_peer *p, const struct end *end);
struct sockaddr_storage stun_peer_address(const struct stun_peer *p);

/** Sends a Binding request. */
void stun_peer_ask(struct stun_peer *p, enum stun_fault fault, bool nominates);
void stun_peer_send(const struct stun_peer *p, const void *bytes, size_t n);

/** Takes one datagram; a request is answered as told. @return its class; -1: nothing came in time
 */
int stun_peer_take(struct stun_peer *p);
/** Takes what comes until its last request is answered. @return ERROR-CODE; 0: success */
int stun_peer_await_answer(struct stun_peer *p);
/** Whether something is there. */
bool stun_peer_has_more(const struct stun_peer *p, int wait_ms);

#endif
