#ifndef PICRELAY_BENCH_SCENARIO_FIELDS_H
#define PICRELAY_BENCH_SCENARIO_FIELDS_H

#include "bench/scenario/scenario.h"
#include "relay/yaml.h"

/** The keys of a scenario's file: one row a key. */

extern const struct yaml_field scenario_fields[];
extern const struct yaml_field scenario_limit_fields[];
extern const struct yaml_field scenario_impair_fields[];
extern const struct yaml_field scenario_attack_fields[];
extern const struct yaml_field scenario_part_fields[];

/** A decimal number, as 0.1 or 10; its target is a double. */
int scenario_read_decimal(const struct yaml_field *field, const struct yaml_node *node,
                          void *target, const struct yaml_report *report);
void scenario_print_decimal(const struct yaml_field *field, const void *target, FILE *out);

#endif
