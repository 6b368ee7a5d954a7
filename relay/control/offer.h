#ifndef PICRELAY_OFFER_H
#define PICRELAY_OFFER_H

#include "relay/control/command.h"
#include "relay/control/describe.h"
#include "relay/control/dialect.h"
#include "relay/control/policy/parties.h"
#include "relay/control/undo.h"

/** What the two parts of an offer share: offer.c takes it in and answers, offer_legs.c prepares
 *  both legs for it. Nobody else includes this. Thread: control. */

/** One offer on its way through. */
struct offer {
    struct control *c;
    const struct ng_request *req;
    struct command_result *res;
    struct sdp_doc *doc; /* the offerer's; moves into its leg */
    struct dialect_wish dialects;
    struct parties parties;
    struct parties_verdicts verdicts;
    struct call *call;
    bool is_new;       /* the call was made, or came back, for this offer */
    struct undo *undo; /* of a call that is up; NULL: new */
    struct dialogue d;
    struct describe_line lines[SDP_MEDIA_MAX];
};

/** Whether policy allows the line and we can carry it. */
bool offer_carries(const struct offer *o, const struct sdp_media *m);

/** Gives both legs what the offer asks for: dialect, ICE, ports, keys, formats.
 *  @return 0; ENOSPC: no ports; EMFILE, ENFILE, ENOMEM; ENOTSUP: no SRTP suite is left to offer;
 *          errors of the agents */
int offer_prepare_legs(struct offer *o);

#endif
