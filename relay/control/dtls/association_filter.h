#ifndef PICRELAY_ASSOCIATION_FILTER_H
#define PICRELAY_ASSOCIATION_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * What of the clear part of a handshake may reach the TLS library. Nothing in clear is
 * authenticated, and the library ends a handshake at the first message that it does not expect:
 * so whoever can forge the peer's address could. [pure]
 * Source: RFC 6347 s.4.1.2.7 (what is invalid is to be dropped) and s.4.2.2, RFC 5246 s.7.4.
 */

#define ASSOCIATION_MESSAGE_MAX 16384 /* of one handshake message, put together [bytes] */

enum association_verdict {
    ASSOCIATION_PASS,
    ASSOCIATION_JUNK,  /* no records, or messages that such a peer cannot send, or too long ones */
    ASSOCIATION_ALERT, /* in clear: anybody may have sent it */
};

/** @param is_server  we are: the peer sends what a client does
 *  @param alert      written with ASSOCIATION_ALERT: its description (RFC 5246 s.7.2) */
enum association_verdict association_filter(const uint8_t *data, size_t n, bool is_server,
                                            uint8_t *alert);

/** @return whether it begins with a ClientHello in clear */
bool association_is_hello(const uint8_t *data, size_t n);

#endif
