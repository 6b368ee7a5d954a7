#ifndef PICRELAY_LOOPBACK_JSON_H
#define PICRELAY_LOOPBACK_JSON_H

#include "bench/loopback/verdict.h"

/** A run as JSON, for scripts and tests. [pure] @return a new reference; NULL: no memory */
json_t *facts_json(const struct facts *f, const struct verdict *v);

#endif
