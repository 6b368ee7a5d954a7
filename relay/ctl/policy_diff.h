#ifndef PICRELAYCTL_POLICY_DIFF_H
#define PICRELAYCTL_POLICY_DIFF_H

#include <jansson.h>

#include "relay/control/policy/policy.h"

/**
 * What another table would change. [pure]
 *
 * @param calls  of GET /policy/calls; borrowed; NULL: not known
 * @return "pairs" (provider and kind of media, for an enterprise user who is not named) and "calls"
 *         (null if not known), each a list of objects with "what", a sentence, and its parts
 */
json_t *policy_diff(const struct policy *before, const struct policy *after, const json_t *calls,
                    int64_t unix_time);

#endif
