#ifndef PICRELAY_CONFIG_TYPES_H
#define PICRELAY_CONFIG_TYPES_H

#include "relay/config.h"
#include "relay/yaml.h"

/**
 * The types of configuration values that yaml.h does not have: how each is read, printed and told
 * to be absent. The target is the struct named, or the struct that the key's map is read into.
 * All as yaml_field's read_h, print_h and is_absent_h. [pure]
 */

#define CONFIG_READER(name)                                                                        \
    int name(const struct yaml_field *field, const struct yaml_node *node, void *target,           \
             const struct yaml_report *report)
#define CONFIG_PRINTER(name)                                                                       \
    void name(const struct yaml_field *field, const void *target, FILE *out)

/* char[CONFIG_NAME_MAX] of A-Z a-z 0-9 _ . - */
CONFIG_READER(config_read_name);
CONFIG_PRINTER(config_print_name);
bool config_name_is_absent(const void *target);

/* char[4096] */
CONFIG_READER(config_read_path);

/* struct config_interface: sets advertise as well, until that is read */
CONFIG_READER(config_read_address);
CONFIG_PRINTER(config_print_address);
CONFIG_READER(config_read_advertise);
CONFIG_PRINTER(config_print_advertise);
bool config_advertise_is_absent(const void *target);

/* struct config_interface: "MIN-MAX", MIN even, MAX odd */
CONFIG_READER(config_read_ports);
CONFIG_PRINTER(config_print_ports);

/* struct config_interface: a list of codec names */
CONFIG_READER(config_read_transcode);
CONFIG_PRINTER(config_print_transcode);
bool config_transcode_is_absent(const void *target);

/* struct config_interface: nothing but defaults */
bool config_opus_is_absent(const void *target);

/* struct config: "ADDRESS:PORT" or "off" */
CONFIG_READER(config_read_http);
CONFIG_PRINTER(config_print_http);

/* struct config: a list of "udp:ADDRESS:PORT" */
CONFIG_READER(config_read_ng);
CONFIG_PRINTER(config_print_ng);

/* struct config: a list of networks */
CONFIG_READER(config_read_allow);
CONFIG_PRINTER(config_print_allow);

/* struct config: a list of numbers of CPUs */
CONFIG_READER(config_read_cpus);
CONFIG_PRINTER(config_print_cpus);
bool config_cpus_is_absent(const void *target);

/* struct config, interfaces already read: a list of two of their names */
CONFIG_READER(config_read_direction);
CONFIG_PRINTER(config_print_direction);
bool config_direction_is_absent(const void *target);

#endif
