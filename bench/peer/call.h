#ifndef PICRELAY_BENCH_CALL_H
#define PICRELAY_BENCH_CALL_H

#include <jansson.h>

#include "bench/peer/loop.h"
#include "bench/ng/client.h"
#include "bench/peer/peer.h"
#include "bench/sound/score.h"

/**
 * A call of two peers through a relay that is told by NG, or back to back without one; and the
 * account of it. Thread: the loop's. call_run() does all; for several calls at once, use the steps:
 *
 *     call_alloc, call_set_up, (call_is_connected) call_say, (call_is_said) call_hang_up,
 *     (call_is_over) call_account, call_free
 *
 * where (...) is what to wait for with loop_run().
 */

enum { CALL_A, CALL_B }; /* A offers, B answers */

struct call_config {
    struct loop *loop;
    struct ng_client *ng;            /* NULL: A's SDP goes to B as it is */
    struct peer_config peer[2];      /* loop is put in */
    const struct sound *expected[2]; /* what A and B should hear; NULL: what the other one says */
    const char *direction;           /* "enterprise,skype"; NULL: not sent */
    const char *provider;            /* NULL: not sent */
    const char *offer_flags;  /* words of ng_put_script_flags(); NULL: call_default_flags() */
    const char *answer_flags; /* NULL: none */
    const char *digits[2];    /* dialled after the sound; NULL: none */
};

/** What one peer heard. */
struct call_direction {
    char sent_codec[40], heard_codec[40]; /* "G722/8000" */
    uint64_t sent, received;
    struct peer_receiver_stats rx;
    struct peer_counts counts; /* of the one who heard */
    char digits[PEER_DIGITS_MAX + 1];
    /* From a sample's departure with its packet to its arrival in one: network, relay and both
     * codecs' own delays, no jitter buffer. By alignment of the sounds. */
    double audio_delay_us;
    struct peer_delays passed_on; /* of packets whose payload came unchanged */
    struct peer_delays lateness;
    double clock_ratio;
    struct score score;
};

struct call_account {
    struct call_direction heard[2]; /* by A, by B */
    char pair[2][2][160];           /* ICE pair of each peer and component */
    uint64_t connect_us[2];
    uint64_t offer_us, answer_us; /* how long the NG requests took */
    bool is_pass;                 /* both heard the other */
};

struct call;

/** @return 0; errors of peer_alloc() */
int call_alloc(struct call **cp, const struct call_config *cfg);
/** Deletes the call at the relay without waiting for the reply. NULL is allowed. */
void call_free(struct call *c);

/** Offer and answer. Runs the loop while NG replies are awaited. @return 0; or an error, with
 *  call_problem() telling at which step and why */
int call_set_up(struct call *c);
/** The same with a further offer of A's, in a call that is up; its media go on meanwhile. */
int call_change(struct call *c, const struct peer_change *change);
void call_say(struct call *c);
void call_hang_up(struct call *c);
/** Asks the relay for its account, and to end the call. @return 0; as ng_client_call() */
int call_query(struct call *c, json_t **reply);
int call_delete(struct call *c, json_t **reply);

/* For loop_run(); arg is a struct call. */
bool call_is_connected(void *call); /* both hear the other, or one has failed */
bool call_is_said(void *call);
bool call_is_over(void *call); /* all that was sent has come, RTCP BYE too */

/** @return 0; ENOMEM; EINVAL: a peer never knew both descriptions */
int call_account(struct call_account *account, const struct call *c);

/**
 * All of the above. The account is filled as far as the call came.
 * @param query  the relay's reply, a new reference; NULL in it: none. May be NULL
 * @return 0; EPROTO: the relay refused; ETIMEDOUT: no NG reply, or no media; others of the steps
 */
int call_run(struct call *c, struct call_account *account, json_t **query);

/** How long the relay took for the last offer and answer [us]. */
void call_times(const struct call *c, uint64_t *offer_us, uint64_t *answer_us);
const char *call_problem(const struct call *c); /* "": none */
struct peer *call_peer(const struct call *c, unsigned side);
/** By what the relay knows it, and its parties. */
const char *call_id(const struct call *c);
const char *call_tag(const struct call *c, unsigned side);

/** What a proxy's script would say for such peers: ICE, transport, rtcp-mux, and transcoding to
 *  B's first codec if A does not have it. */
void call_default_flags(char *flags, size_t cap, const struct peer_config *a,
                        const struct peer_config *b);

#endif
