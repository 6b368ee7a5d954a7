#ifndef PICRELAY_YAML_TEXT_H
#define PICRELAY_YAML_TEXT_H

#include "relay/yaml.h"

/**
 * A text before libyaml reads it: what would take it astray, and where in the text a mistake is.
 * Shared by the YAML rooms only. [pure] Thread: any.
 */

/** Refuses what is too long, a NUL byte, and directives. @return 0; EINVAL: reported */
int yaml_check_text_bytes(const char *text, size_t n, const struct yaml_limits *limits,
                          const struct yaml_report *report);

/** @return the number of the line that the byte behind the first n is in; the first is 1 */
unsigned yaml_count_lines(const char *text, size_t n);

/** @return whether there is a tab in the indentation of a line [1...] */
bool yaml_is_indented_by_tab(const char *text, size_t n, unsigned line);

#endif
