#ifndef PICRELAY_ROUTES_H
#define PICRELAY_ROUTES_H

#include "relay/control/control.h"

/**
 * What is served by HTTP:
 *
 *   GET  /metrics         Prometheus text
 *   GET  /policy/show     the table in force
 *   GET  /policy/explain  a verdict: from, to, media, date, provider, peer-fqdn
 *   GET  /policy/calls    what policy has granted to the calls that are up
 *   POST /policy/reload   reads the table anew; needs the token of http_token_file
 *
 * All but the first are JSON. Thread: control.
 */

/** Opens the listener of the configuration. @return 0; errno */
int routes_start(struct control *c);

/** Answers a POST /policy/reload. @param mistake  NULL: the table is in force */
void routes_tell_reload(struct control *c, uint64_t ticket, char *mistake);

#endif
