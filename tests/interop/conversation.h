#ifndef PICRELAY_TESTS_CONVERSATION_H
#define PICRELAY_TESTS_CONVERSATION_H

#include "bench/peer/peer.h"
#include "tests/interop/sipp.h"

/**
 * A call of two SIPps over Kamailio, with a peer of bench as the media end of each: SIPp carries
 * its SDP, the peer speaks and listens. Thread: the loop's.
 */

enum { ALICE, BOB }; /* alice calls */

struct conversation {
    struct relay *relay;
    struct proxy proxy;
    struct sipp sipp[2];
    struct peer *peer[2];
    char id[40];
};

struct conversation_config {
    const char *offer, *answer; /* flags of the proxy's script; NULL: as kamailio.cfg has them */
    const char *steps[2];       /* of sipp_steps.h */
    const char *codecs[2];
    enum peer_dialect dialect[2];
    enum peer_keys keys[2];
    bool is_late; /* alice calls without an offer */
};

/** Starts all and lets alice call with the offer of her peer. The steps of both may wait for the
 *  bodies that are named in sipp_steps.h. */
void conversation_open(struct conversation *c, struct relay *r,
                       const struct conversation_config *cfg);
/** Puts it away, whatever it does. A zeroed one is allowed. */
void conversation_close(struct conversation *c);

/** Bob hears the INVITE; his peer's answer to it. */
void conversation_make_answer(struct conversation *c, char answer[static PEER_SDP_MAX]);
/** Alice hears this response; her peer takes the SDP in it. */
void conversation_take_answer(struct conversation *c, const char *response);
/** Both of the above, the answer being in the 200. */
void conversation_answer(struct conversation *c);
/** Bob offers in the 200, alice answers in the ACK. */
void conversation_answer_late(struct conversation *c);

/** Both speak at once, and both have to hear what the other said. Once in a call. */
void conversation_talk(struct conversation *c);
/** Alice speaks and has to hear herself: bob is SIPp's own media (ANSWER_ECHO). */
void conversation_talk_to_echo(struct conversation *c);

/** Both scenarios have to come to their end. */
void conversation_expect_end(const struct conversation *c);
/** The same, when that side has sent its BYE. */
void conversation_end(struct conversation *c, unsigned who);
/** The relay's record of the call, which has to have ended so; nothing of it may be left.
 *  @return a new reference */
json_t *conversation_record(const struct conversation *c, const char *end);

#endif
