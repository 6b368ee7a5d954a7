#ifndef PICRELAY_DESCRIBE_H
#define PICRELAY_DESCRIBE_H

#include "relay/control/call.h"
#include "relay/control/ng/ng.h"

/**
 * Writes the SDP that a leg gets: the other side's document with this leg's transport in it.
 * Thread: control.
 */

/** What one m= line of it says, beyond what its stream knows. */
struct describe_line {
    bool is_kept;     /* unchanged (IM) */
    bool is_rejected; /* port 0 */
    const struct sdp_format *formats;
    unsigned n_formats;
    unsigned ptime_ms; /* 0: as the template has it */
};

/**
 * @param template  the other side's document, one line of which each of lines describes
 * @param is_offer  an offer to the leg; false: the answer to its offer
 * @return length without NUL; -ENOSPC; -ENOMEM
 */
int describe_leg(char *buf, size_t cap, struct leg *leg, const struct sdp_doc *template,
                 const struct describe_line *lines, const struct ng_request *req, bool is_offer);

#endif
