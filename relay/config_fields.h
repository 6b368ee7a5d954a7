#ifndef PICRELAY_CONFIG_FIELDS_H
#define PICRELAY_CONFIG_FIELDS_H

#include "relay/config.h"
#include "relay/yaml.h"

/**
 * Inside of the configuration room: the table of its keys. Reading, printing and the reference of
 * keys all follow it, so a key is added in one place. [pure]
 */

/** Top-level keys; the offsets are those of struct config. `interfaces` comes before `control`,
 *  whose default_direction names interfaces. */
extern const struct yaml_field config_fields[];
/** Keys of one interface; the offsets are those of struct config_interface. */
extern const struct yaml_field config_interface_fields[];

/** Finds what is wrong between keys: names, port ranges and listeners that meet.
 *  @param root  of the file, for line numbers; NULL: an empty file
 *  @return 0; EINVAL: reported */
int config_check(const struct config *cfg, const struct yaml_node *root,
                 const struct yaml_report *report);

#endif
