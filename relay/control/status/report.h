#ifndef PICRELAY_REPORT_H
#define PICRELAY_REPORT_H

#include "relay/control/call.h"
#include "relay/control/policy/parties.h"

/**
 * What operators see of calls: verdicts, warnings, the record at the end, metrics. Thread: control.
 */

/** Counts the verdicts of one decision, and writes them to the audit file.
 *  @param event  what asked for it: "offer", "answer" */
void report_verdicts(struct control *c, struct str call_id, const char *event,
                     const struct parties *p, const struct parties_verdicts *v);
/** Writes one verdict to the audit file, if there is one. */
void report_decision(struct control *c, struct str call_id, const char *event,
                     const struct parties *p, enum media_kind kind,
                     const struct policy_decision *d);
/** Keeps them for the call's record. */
void report_keep_verdicts(struct call *call, const struct parties_verdicts *v);
/** A call that policy refused: log line and record. */
void report_refused(struct control *c, const struct ng_request *req, const struct parties *p,
                    const struct parties_verdicts *v);
/** Says what was taken out of an offer that goes on. Left as it is: nothing was. */
void report_reduced(const struct parties_verdicts *v, const struct sdp_doc *doc, char *buf,
                    size_t cap);
void report_answered(const struct call *call, const struct leg *offerer,
                     const struct leg *answerer);
/** Adds the call's figures to the totals and writes its record. */
void report_call_ended(struct call *call);

/** Writes all of /metrics. @return 0; ENOMEM */
int report_metrics(struct mbuf *mb, const struct control *c);

#endif
