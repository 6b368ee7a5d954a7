#ifndef PICRELAY_TESTS_TALK_H
#define PICRELAY_TESTS_TALK_H

#include "tests/program/phone.h"

/**
 * A call of two phones through the relay, request by request and packet by packet. A offers and B
 * answers, as far as a test does not say otherwise. Thread: the loop's.
 */

enum { TALK_A, TALK_B };

#define TALK_PCMU 0

struct talk {
    struct relay *relay;
    struct phone phone[2];
    char id[40], tag[2][40];
    const char *direction[2];        /* interfaces; NULL: not sent */
    struct peer_description told[2]; /* what the relay has last told A and B */
    char sdp[2][PEER_SDP_MAX];       /* the same, as it came */
    struct peer_crypto key[2];       /* of A and B, if they encrypt */
    struct peer_srtp *srtp[2];
};

/** Two phones and a call-id; nothing is sent. enterprise to skype. */
void talk_open(struct talk *t, struct relay *r);
/** Offer and answer with PCMU, as plain RTP. */
void talk_set_up(struct talk *t, struct relay *r);
/** The same as SRTP on both legs, each phone with a key of its own. */
void talk_set_up_secure(struct talk *t, struct relay *r);
/** The description of a phone that encrypts with the key of its side. */
const char *talk_secure_sdp(char sdp[static PHONE_SDP_MAX], const struct talk *t, unsigned side);
/** Deletes the call and puts the phones away. A zeroed one is allowed. */
void talk_close(struct talk *t);

/** A request of this call with its tags in the roles of `from` and its peer.
 *  @param flags  of ng_put_script_flags(); NULL: none */
json_t *talk_request(const struct talk *t, const char *command, unsigned from, bool has_to_tag,
                     const char *sdp, const char *flags);
/** `from` offers. @param sdp  NULL: PCMU and nothing else */
void talk_offer(struct talk *t, unsigned from, const char *sdp, const char *flags);
/** The other side of `from` answers its offer; when this returns, the worker goes by it. */
void talk_answer(struct talk *t, unsigned from, const char *sdp, const char *flags);
/** Takes an SDP out of a reply as told to a side. */
void talk_take(struct talk *t, unsigned side, const json_t *reply);

/** A packet of one side must reach the other. @return it, as it came */
const struct phone_packet *talk_pass(struct talk *t, unsigned from);
/** A packet of one side must be dropped for this reason and reach nobody. */
void talk_be_dropped(struct talk *t, unsigned from, uint8_t pt, const char *reason);
/** Waits until the worker goes by what the relay has told a side. */
void talk_settle(struct talk *t, unsigned side);
/** Waits until as many packets from a side were dropped for a reason. */
void talk_wait_drops(struct talk *t, unsigned from, const char *reason, json_int_t least);
json_int_t talk_drops(const struct talk *t, unsigned from, const char *reason);
/** How many RTP packets of a side were let in. */
json_int_t talk_packets_in(const struct talk *t, unsigned from);

/** Deletes the call; its record, a new reference. */
json_t *talk_delete(struct talk *t);

#endif
