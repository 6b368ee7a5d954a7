#ifndef PICRELAY_TURN_LOGIN_H
#define PICRELAY_TURN_LOGIN_H

#include "ice/ice.h"
#include "relay/config.h"

/**
 * What a TURN server asks for of an interface's legs. [pure]
 * Source: draft-uberti-behave-turn-rest-00, which coturn's use-auth-secret follows.
 */

#define TURN_LOGIN_LIFE_S 86400 /* longer than any call */

/** @param wall_s  now, as Unix time; only where the interface has a secret
 *  @return 0; EIO: no HMAC could be made */
int turn_login(struct ice_turn_server *to, const struct config_interface *itf, int64_t wall_s);

#endif
