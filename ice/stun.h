#ifndef PICRELAY_ICE_STUN_H
#define PICRELAY_ICE_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <stun/stunagent.h>

#include "ice/ice.h"

/**
 * What is done with STUN beside libnice, with its STUN library: looking at what arrives before the
 * agent does, answering for a settled pair, asking for consent. [pure] but for transaction ids,
 * which are random. Thread: that which owns the struct ice_stun.
 * Source: RFC 8489, RFC 8445 s.7.3, RFC 7675; MS-ICE2.
 */

#define ICE_STUN_HEADER     20
#define ICE_STUN_MAX        1500
#define ICE_STUN_ID         12 /* what is random of a transaction id, behind type, length, cookie */
#define ICE_STUN_ANSWER_MAX 128
#define ICE_STUN_CHECK_MAX  1024 /* two ufrags of 256 and what stands around them */

enum ice_stun_kind {
    ICE_STUN_JUNK, /* not STUN, or cut */
    ICE_STUN_REQUEST,
    ICE_STUN_INDICATION,
    ICE_STUN_RESPONSE,
    ICE_STUN_ERROR,
    ICE_STUN_OTHER, /* not Binding: what a TURN server says */
};

/** How a Binding request stands to the credentials that we have told. */
enum ice_stun_verdict {
    ICE_STUN_GOOD,
    ICE_STUN_GOOD_BUT_UNKNOWN, /* authentic, with an attribute that must be understood: 420 */
    ICE_STUN_STRANGE,          /* no USERNAME, or one that is not for us */
    ICE_STUN_FORGED,           /* our ufrag; MESSAGE-INTEGRITY is missing or wrong */
    ICE_STUN_BROKEN,           /* cut attributes, no cookie, wrong FINGERPRINT */
};

/** Agents of libnice's STUN library, one a dialect: they are large, and so made once a thread. */
struct ice_stun {
    StunAgent rfc, lync, wlm;
};

void ice_stun_init(struct ice_stun *stun);

/** Looks at the header alone. @param is_padded  attributes are: RFC 8489, not the drafts */
enum ice_stun_kind ice_stun_kind(const uint8_t *packet, size_t n, bool is_padded);
static inline const uint8_t *ice_stun_id(const uint8_t *packet)
{
    return packet + 8;
}

/** Whether the dialect has its requests checked here: draft-06 has credentials in each candidate,
 *  and libnice drops there without a word what it does not know. */
bool ice_stun_can_check(enum ice_mode mode);

/**
 * Authenticates a Binding request.
 * @param msg  for the functions below, as long as packet is there
 */
enum ice_stun_verdict ice_stun_check_request(struct ice_stun *stun, enum ice_mode mode,
                                             StunMessage *msg, const uint8_t *packet, size_t n,
                                             const char *ufrag, const char *pwd);
bool ice_stun_nominates(const StunMessage *request);
/** Whether the sender says that it controls. */
bool ice_stun_controls(const StunMessage *request);

/** Writes the response to an authentic request: RFC 8445 dialect only. @return bytes; 0: none */
size_t ice_stun_answer(struct ice_stun *stun, uint8_t buf[static ICE_STUN_ANSWER_MAX],
                       const StunMessage *request, const struct sockaddr_storage *from);

struct ice_stun_ask {
    const char *local_ufrag, *remote_ufrag, *remote_pwd;
    bool is_controlling;
    uint64_t tie_breaker;
};

/** Writes a Binding request for consent (RFC 7675 s.5.1). @return bytes; 0: it does not fit */
size_t ice_stun_ask(struct ice_stun *stun, uint8_t buf[static ICE_STUN_CHECK_MAX],
                    uint8_t id[static sizeof(StunTransactionId)], const struct ice_stun_ask *ask);
/**
 * Authenticates what came for that request.
 * @return 0: consent; the ERROR-CODE of an authentic error response; -1: neither, it counts nothing
 */
int ice_stun_read_answer(struct ice_stun *stun, const uint8_t *packet, size_t n,
                         const uint8_t id[static sizeof(StunTransactionId)],
                         const char *remote_pwd);

/** @return the ERROR-CODE of an error response, authentic or not; 0: there is none */
int ice_stun_error_code(struct ice_stun *stun, const uint8_t *packet, size_t n);

#endif
