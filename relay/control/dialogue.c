#include "relay/control/dialogue.h"

#include <errno.h>

struct leg *dialogue_find_tag(const struct call *call, struct str tag)
{
    struct le *le;

    for (le = call->legs.head; le && !str_is_empty(tag); le = le->next) {
        if (leg_has_tag(le->data, tag))
            return le->data;
    }
    return NULL;
}

/* NOLINTBEGIN(clang-analyzer-core.NullDereference): a list of legs holds legs, never NULL; that
 * leg_has_tag(), which has looked into each, needs one is not seen from this file. */
static struct leg *find_branch(const struct call *call, struct str branch)
{
    struct le *le;

    for (le = call->legs.head; le && !str_is_empty(branch); le = le->next) {
        struct leg *leg = le->data;

        if (leg->via_branch && str_equal(str_of(leg->via_branch), branch))
            return leg;
    }
    return NULL;
}

/* The far side of an offerer that nobody has answered for yet. */
static struct leg *find_anonymous(const struct call *call, const struct leg *offerer)
{
    struct le *le;

    for (le = call->legs.head; le; le = le->next) {
        struct leg *leg = le->data;

        if (!leg->tag && leg->peer == offerer)
            return leg;
    }
    return NULL;
}
/* NOLINTEND(clang-analyzer-core.NullDereference) */

static int set_text(char **to, struct str text)
{
    char *copy = NULL;

    if (re_sdprintf(&copy, "%b", text.p, text.n))
        return ENOMEM;
    mem_deref(*to);
    *to = copy;
    return 0;
}

/* ---- offer ------------------------------------------------------------------------------------
 */

static struct leg *find_offered(const struct call *call, const struct leg *offerer,
                                const struct ng_request *req)
{
    struct leg *leg = dialogue_find_tag(call, req->to_tag);

    if (leg)
        return leg;
    if (!str_is_empty(req->via_branch))
        return find_branch(call, req->via_branch);
    return find_anonymous(call, offerer);
}

/* Of a call with too many legs the ones that are there may still be spoken to. */
static int find_or_make(struct leg **legp, struct leg *found, struct call *call, struct str tag,
                        struct str via_branch, unsigned interface)
{
    *legp = found;
    if (found)
        return 0;
    if (list_count(&call->legs) >= DIALOGUE_LEGS_MAX)
        return EMLINK;
    return leg_alloc(legp, call, tag, via_branch, interface);
}

void dialogue_forget_former(struct call *call, const struct ng_request *req)
{
    struct le *le = call->legs.head;

    while (le) {
        struct leg *leg = le->data;

        le = le->next;
        if (!leg->n_streams && !leg->peer && !leg_has_tag(leg, req->from_tag) &&
            !leg_has_tag(leg, req->to_tag))
            leg_end(leg);
    }
}

int dialogue_offer(struct dialogue *d, struct call *call, const struct ng_request *req,
                   const struct dialogue_interfaces *interfaces)
{
    static const struct str no_branch = {NULL, 0};
    int err;

    /* not by branch: a fork answered late with an offer of its own, no other leg is meant */
    err = find_or_make(&d->offerer, dialogue_find_tag(call, req->from_tag), call, req->from_tag,
                       no_branch, interfaces->offerer);
    if (err)
        return err;
    err = find_or_make(&d->answerer, find_offered(call, d->offerer, req), call, req->to_tag,
                       req->via_branch, interfaces->answerer);
    if (!err && d->answerer == d->offerer)
        err = ELOOP;
    if (!err && !d->answerer->tag && !str_is_empty(req->to_tag))
        err = set_text(&d->answerer->tag, req->to_tag);
    if (err)
        return err;
    d->answerer->peer = d->offerer;
    if (!d->offerer->peer)
        d->offerer->peer = d->answerer;
    return 0;
}

/* ---- answer -----------------------------------------------------------------------------------
 */

/* A second tag before the final response belongs to the same far side: one INVITE, several 18x. */
static struct leg *find_answerer(const struct call *call, const struct leg *offerer,
                                 const struct ng_request *req)
{
    struct leg *leg = dialogue_find_tag(call, req->to_tag);

    if (leg && leg != offerer)
        return leg;
    leg = find_branch(call, req->via_branch);
    if (leg)
        return leg;
    leg = find_anonymous(call, offerer);
    return leg ? leg : offerer->peer;
}

int dialogue_answer(struct dialogue *d, struct call *call, const struct ng_request *req)
{
    d->offerer = dialogue_find_tag(call, req->from_tag);
    if (!d->offerer)
        return ENOENT;
    d->answerer = find_answerer(call, d->offerer, req);
    if (!d->answerer || d->answerer == d->offerer || !d->offerer->doc)
        return ENOENT;
    if (str_is_empty(req->to_tag) || leg_has_tag(d->answerer, req->to_tag))
        return 0;
    return set_text(d->answerer->tag ? &d->answerer->alias : &d->answerer->tag, req->to_tag);
}

/* ---- delete -----------------------------------------------------------------------------------
 */

/* Whether everybody else talks to this one, so that nobody is left to talk to. Who has offered last
 * does not tell: the caller of a forked call may have been offered to. */
static bool is_common_peer(const struct call *call, const struct leg *leg)
{
    struct le *le;

    for (le = call->legs.head; le; le = le->next) {
        const struct leg *other = le->data;

        if (other != leg && other->peer != leg)
            return false;
    }
    return true;
}

enum dialogue_scope dialogue_delete(struct leg **legp, struct call *call,
                                    const struct ng_request *req)
{
    bool honours_to_tag = ng_has(req, NG_FLAG_TO_TAG) && !str_is_empty(req->to_tag);
    struct leg *from = dialogue_find_tag(call, req->from_tag);
    struct leg *leg = NULL;

    *legp = NULL;
    if (str_is_empty(req->from_tag) && !honours_to_tag && str_is_empty(req->via_branch))
        return DIALOGUE_CALL;
    if (!honours_to_tag)
        leg = find_branch(call, req->via_branch);
    if (!leg)
        leg = honours_to_tag ? dialogue_find_tag(call, req->to_tag) : from;
    if (!leg)
        leg = find_branch(call, req->via_branch);
    if (!leg && from && find_anonymous(call, from))
        return DIALOGUE_CALL;
    if (!leg)
        return str_is_empty(req->from_tag) ? DIALOGUE_CALL : DIALOGUE_NOTHING;
    if (list_count(&call->legs) <= 2 || is_common_peer(call, leg))
        return DIALOGUE_CALL;
    *legp = leg;
    return DIALOGUE_LEG;
}
