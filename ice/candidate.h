#ifndef PICRELAY_ICE_CANDIDATE_H
#define PICRELAY_ICE_CANDIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * ICE candidates and their SDP lines in both generations. [pure] Any thread.
 * Source: RFC 8839 s.5.1, draft-ietf-mmusic-ice-06 (OCS 2007).
 */

#define ICE_FOUNDATION_MAX 33 /* 32 characters and a NUL */
#define ICE_CRED_MAX       48 /* draft-06: base64 of 32 bytes, 44 characters with padding */

enum ice_candidate_type { ICE_HOST, ICE_SRFLX, ICE_PRFLX, ICE_RELAY };
enum ice_transport { ICE_UDP, ICE_TCP_ACT, ICE_TCP_PASS, ICE_TCP_OTHER };

struct ice_candidate {
    char foundation[ICE_FOUNDATION_MAX];
    uint8_t component; /* 1: RTP, 2: RTCP */
    enum ice_transport transport;
    enum ice_candidate_type type;
    uint32_t priority; /* draft-06: q * 1000 */
    struct sockaddr_storage addr;
    struct sockaddr_storage raddr; /* AF_UNSPEC: none */
    char ufrag[ICE_CRED_MAX];      /* draft-06 only, as in the line */
    char pwd[ICE_CRED_MAX];
};

/**
 * Reads the value of an a=candidate or a=x-candidate-ipv6 line (what follows the colon) of either
 * generation; trailing blanks and unknown extensions are allowed.
 * @return 0; EINVAL: malformed; EAFNOSUPPORT: a name in place of an address (FQDN, .local), which
 *         is never resolved. On an error *c is undefined.
 */
int ice_candidate_parse(struct ice_candidate *c, const char *value, size_t n);

/** Writes the draft-19 / RFC 8839 value. @return length without NUL; -ENOSPC */
int ice_candidate_print(char *buf, size_t cap, const struct ice_candidate *c);
/** Writes the draft-06 value (padding of the base64 removed). @return length; -ENOSPC */
int ice_candidate_print_draft6(char *buf, size_t cap, const struct ice_candidate *c);

/** An address that a candidate may not have: multicast, unspecified, IPv4-mapped ones of these;
 *  loopback and link-local unless local is of that kind too (threat model, section 4). */
bool ice_candidate_usable(const struct ice_candidate *c, const struct sockaddr_storage *local);

const char *ice_candidate_type_name(enum ice_candidate_type type);

#endif
