#ifndef PICRELAY_POLICY_EXPLAIN_H
#define PICRELAY_POLICY_EXPLAIN_H

#include <jansson.h>

#include "relay/control/policy/policy.h"

/**
 * A policy table and its verdicts as people, and programs for them, read them. [pure] Thread: any.
 */

/**
 * A verdict about several kinds together and what decided it: "verdict", "code", "reason",
 * "allowed", "decided_by", "change" (what would have to change for all to be allowed), "providers",
 * "date", and "kinds" with the same for each kind.
 * @return a new reference; NULL: no memory
 */
json_t *policy_explain(const struct policy *p, const struct policy_query *q, unsigned kinds);

/** The table: "providers", "licenses", "enterprise", "users" (counts). NULL: no memory */
json_t *policy_show(const struct policy *p);

#endif
