#ifndef PICRELAY_DIALOGUE_H
#define PICRELAY_DIALOGUE_H

#include "relay/control/call.h"
#include "relay/control/ng/ng.h"

/**
 * Which legs of a call a request is about, by tags and branches. Thread: control.
 * Source: the NG protocol's call model; RFC 3261 s.12 (dialogues), s.16.6 (branches).
 */

#define DIALOGUE_LEGS_MAX 64 /* of one call: a proxy that forks further asks for our ports */

struct dialogue {
    struct leg *offerer, *answerer;
};

/** Interfaces of the two sides of an offer. */
struct dialogue_interfaces {
    unsigned offerer, answerer;
};

/** A call that comes back within its delete-delay does so with the parties that the offer names:
 *  others of its former life would take the answer of whoever is new, or keep a branch alive. Not
 *  for a call that is up: the undo of an offer holds its legs. */
void dialogue_forget_former(struct call *call, const struct ng_request *req);

/** Finds or makes the legs of an offer.
 *  @return 0; ELOOP: a party would talk to itself; EMLINK: too many branches; ENOMEM */
int dialogue_offer(struct dialogue *d, struct call *call, const struct ng_request *req,
                   const struct dialogue_interfaces *interfaces);

/**
 * Finds the legs of an answer; the answerer gets its tag. `from-tag` names who sent the offer.
 * @return 0; ENOENT: no such offerer, or nobody was offered anything; ENOMEM
 */
int dialogue_answer(struct dialogue *d, struct call *call, const struct ng_request *req);

/** What a delete is about: one branch of several, or the whole call. */
enum dialogue_scope { DIALOGUE_NOTHING, DIALOGUE_LEG, DIALOGUE_CALL };
/** @param legp  DIALOGUE_LEG: the branch that goes */
enum dialogue_scope dialogue_delete(struct leg **legp, struct call *call,
                                    const struct ng_request *req);

struct leg *dialogue_find_tag(const struct call *call, struct str tag);

#endif
