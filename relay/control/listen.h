#ifndef PICRELAY_LISTEN_H
#define PICRELAY_LISTEN_H

#include "relay/control/control.h"

/**
 * The sockets on which NG arrives. Each reply leaves from the address that its request came to.
 * Thread: control.
 */

/** Opens one UDP listener. @return 0; errno of what failed */
int listen_udp(struct control *c, const union addr *local);
/** Closes them all. */
void listen_close(struct control *c);

#endif
