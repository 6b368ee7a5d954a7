#ifndef PICRELAY_QUERY_H
#define PICRELAY_QUERY_H

#include "relay/control/call.h"
#include "relay/control/ng/ng.h"

/** The statistics in replies to `query`, `delete` and `statistics`. Thread: control.
 *  Source: NG protocol, replies of query and delete. */

/** Writes created, last signal, SSRC, tags and totals of a call.
 *  @param only  NULL: all legs; else this one and its peer */
void query_write_call(struct ng_reply *w, const struct call *call, const struct leg *only);

/** Writes the `statistics` dictionary. */
void query_write_statistics(struct ng_reply *w, const struct control *c);

#endif
