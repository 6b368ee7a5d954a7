#ifndef PICRELAYCTL_POLICY_DIFF_H
#define PICRELAYCTL_POLICY_DIFF_H

#include <jansson.h>

#include "relay/control/policy/policy.h"

/**
 * What another table would change. [pure]
 *
 * Verdicts are compared for each provider and kind of media, and for whom a table may tell apart: a
 * user who is not named, a user of each enterprise domain, each enterprise user, and each public
 * user (with somebody of a domain that both tables have), that one of both tables names. Equal
 * changes are one entry. Rules about all public users of a domain (*@outlook.com) are not gone
 * through.
 *
 * @param calls  of GET /policy/calls; borrowed; NULL: not known
 * @return "pairs" and "calls" (null if not known), each a list of objects with "what", a sentence,
 *         and its parts; NULL: no memory
 */
json_t *policy_diff(const struct policy *before, const struct policy *after, const json_t *calls,
                    int64_t unix_time);

#endif
