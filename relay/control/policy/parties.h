#ifndef PICRELAY_PARTIES_H
#define PICRELAY_PARTIES_H

#include "relay/control/dialogue.h"
#include "relay/control/ng/ng.h"
#include "relay/control/sdp/sdp.h"

/**
 * Who a new call is between: the two interfaces, the provider, and what policy says about each m=
 * line. Thread: control. Decided before anything is allocated.
 */

struct parties {
    struct dialogue_interfaces interfaces;
    char provider[CONFIG_NAME_MAX];   /* empty: not known */
    char conflict[POLICY_REASON_MAX]; /* sources of the provider contradict each other; empty: no */
    enum policy_direction direction;
    /* empty: not known; borrowed from the request or the call */
    struct str peer_fqdn, remote_user, enterprise_user;
};

/**
 * Finds interfaces and provider: from key `provider`, the provider of the `direction` interfaces,
 * `peer-fqdn`, and the address of the remote user (`from-uri`, `to-uri`), each of which narrows
 * what the others say; control.default_direction fills in what nothing else names.
 * @param call  NULL: a new one; an existing call keeps its provider, proxy and users
 */
void parties_find(struct parties *p, const struct control *c, const struct ng_request *req,
                  const struct call *call);

struct parties_verdicts {
    struct policy_decision kinds[MEDIA_KIND_COUNT];
    bool is_decided[MEDIA_KIND_COUNT];
    unsigned n_media;   /* active RTP lines that are allowed */
    unsigned n_im;      /* IM lines that are allowed */
    unsigned n_off;     /* lines that their sender had turned off */
    const char *reason; /* why nothing is left; NULL: something is */
};

/** Decides about each kind of media in the document. */
void parties_decide(struct parties_verdicts *v, const struct control *c, const struct parties *p,
                    const struct sdp_doc *doc);
/** Takes back what was granted to an offer in clear RTP where the row requires encryption of the
 *  side that offers. @param asked  the dialect that the request asks for on that side, or AUTO */
void parties_refuse_clear(struct parties_verdicts *v, const struct control *c,
                          const struct parties *p, const struct sdp_doc *doc,
                          enum config_dialect asked);

/** What policy is asked about one kind of media of these parties, now. Borrows from p. */
struct policy_query parties_query(const struct parties *p, enum media_kind kind);
/** Parties of a call that is up. Borrows from it. */
void parties_of_call(struct parties *p, const struct call *call);
/** Keeps in the call who it is between. @return 0; ENOMEM */
int parties_keep(struct call *call, const struct parties *p);

/** Whether a line of the document may be relayed (media) or kept (IM). */
bool parties_allow(const struct parties_verdicts *v, const struct sdp_media *m);

#endif
