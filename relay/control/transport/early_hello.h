#ifndef PICRELAY_EARLY_HELLO_H
#define PICRELAY_EARLY_HELLO_H

#include "relay/control/call.h"

/**
 * A DTLS client may begin before it can be answered: ICE has not chosen yet, or the answer with its
 * fingerprint is still on the way through the proxies (RFC 5763 s.6.2). Its last hello is kept, one
 * datagram a stream, so that nobody waits for it to be sent again. Nothing is sent to anybody
 * because of it before its address can be believed. Thread: control.
 */

/** Keeps a datagram if it begins with a hello; it takes the place of the one before. */
void early_hello_keep(struct stream *s, const union addr *from, const uint8_t *data, size_t n);
/** Takes what was kept. @return the datagram, from its start; NULL: none that came from there */
struct mbuf *early_hello_take(struct stream *s, const union addr *peer);
void early_hello_forget(struct stream *s);

#endif
