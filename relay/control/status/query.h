#ifndef PICRELAY_QUERY_H
#define PICRELAY_QUERY_H

#include "relay/control/call.h"
#include "relay/control/ng/ng.h"

/** The statistics in replies to `query`, `delete` and `statistics`. Thread: control.
 *  Source: NG protocol, replies of query and delete. */

/** How much is told, from all to what always fits into a reply. Anything but all is marked with
 *  `shortened`. */
enum query_detail {
    QUERY_ALL,
    QUERY_LEGS,   /* no SSRCs, no media lines */
    QUERY_TOTALS, /* no legs either */
};

/** Writes created, last signal, SSRC, tags and totals of a call.
 *  @param only  NULL: all legs; else this one and its peer */
void query_write_call(struct ng_reply *w, const struct call *call, const struct leg *only,
                      enum query_detail detail);

/** Writes the `statistics` dictionary. */
void query_write_statistics(struct ng_reply *w, const struct control *c);

#endif
