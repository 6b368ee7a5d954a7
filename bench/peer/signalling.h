#ifndef PICRELAY_BENCH_PEER_SIGNALLING_H
#define PICRELAY_BENCH_PEER_SIGNALLING_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/ng/client.h"

/**
 * What a proxy would tell the relay of one call: its offers, answers and end, by NG. Side 0 is the
 * one that offered first. Thread: the loop's, which runs while replies are awaited.
 */

struct signalling {
    struct ng_client *ng;             /* NULL: no relay */
    const char *direction, *provider; /* "enterprise,skype"; NULL: not sent */
    char id[40], tag[2][24];
    bool is_at_relay, is_answered;
    uint64_t took_us; /* the last request */
    char problem[256];
};

/** Gives the call its names. @return 0; EIO */
int signalling_init(struct signalling *s, struct ng_client *ng);

/**
 * Sends an offer or an answer and replaces the SDP by what the relay made of it.
 * @param from   the side whose offer this is, or is answered by this
 * @param flags  words of ng_put_script_flags(); NULL: none
 * @return 0; EPROTO: the relay refused; ETIMEDOUT, EBADMSG: no usable reply; ENOMEM. problem tells
 */
int signalling_pass(struct signalling *s, const char *command, unsigned from, const char *flags,
                    char *sdp, size_t cap);
/** "query" or "delete". @return as ng_client_call() */
int signalling_ask(struct signalling *s, const char *command, json_t **reply);
/** Deletes the call, if it is there, without waiting for the reply. */
void signalling_drop(struct signalling *s);

#endif
