#ifndef PICRELAY_LISTEN_H
#define PICRELAY_LISTEN_H

#include "relay/control/control.h"
#include "relay/control/held.h"

/**
 * The sockets on which NG arrives. Each reply leaves from the address that its request came to.
 * Thread: control.
 */

/** Opens one UDP listener. @return 0; errno of what failed */
int listen_udp(struct control *c, const union addr *local);
/** Opens one TCP listener, for bencode alone: what is larger than a datagram should be goes here.
 *  A message that has begun has 10 s to come to its end, a connection may stay. @return the same */
int listen_tcp(struct control *c, const union addr *local);
/** Sends a reply from where its request came to, and keeps it for who asks again: a held_send_h.
 *  @param arg  struct control */
void listen_send(const struct held_reply *r, void *arg);
/** Closes them all. */
void listen_close(struct control *c);

#endif
