#ifndef PICRELAY_CONFIG_TURN_H
#define PICRELAY_CONFIG_TURN_H

#include "relay/config_types.h"

/** The map `turn` of an interface: struct config_interface is its target. [pure] */
extern const struct yaml_field config_turn_fields[];

/* struct config_interface: a map of config_turn_fields with what belongs together in it */
CONFIG_READER(config_read_turn);
bool config_turn_is_absent(const void *target);

#endif
