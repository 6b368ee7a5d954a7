#include "ice/leg.h"

#include <string.h>

/*
 * A lite agent (RFC 8445 s.7.3.2): it answers checks and goes where the peer, which controls, has
 * nominated. libnice's part is the port and the credentials; no request is passed on to it.
 */

static void set_pair(struct ice_component *c, const struct ice_candidate *remote)
{
    struct ice_leg *leg = c->leg;
    struct ice_candidate local = {0};
    GSList *list = nice_agent_get_local_candidates(leg->agent, c->stream->nice_id, c->number);

    if (list)
        ice_candidate_from_nice(&local, list->data, &leg->cfg);
    g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    c->fails_us = UINT64_MAX;
    ice_mailbox_post_pair(leg, c, &local, remote, &remote->addr);
    ice_mailbox_post_state(leg, c, ICE_STATE_READY);
}

void ice_lite_take(struct ice_component *c, const StunMessage *request,
                   const struct sockaddr_storage *from)
{
    struct ice_candidate remote = {.component = c->number, .type = ICE_PRFLX, .foundation = "1"};

    if (!ice_stun_nominates(request)) {
        if (!c->has_pair)
            ice_mailbox_post_state(c->leg, c, ICE_STATE_CHECKING);
        return;
    }
    if (c->has_pair && !c->is_pair_old && checks_is_same(&c->remote.addr, from))
        return;
    remote.addr = *from;
    set_pair(c, &remote);
    c->is_pair_old = false;
    ice_stream_settle(c->stream);
}

/* RFC 8445 s.8.1.2: two lite agents make no checks, the best candidate of each is the pair. */
void ice_lite_choose(struct ice_component *c, const struct ice_candidate *remotes, size_t n)
{
    const struct ice_candidate *best = NULL;

    for (size_t i = 0; i < n; i++) {
        if (remotes[i].component == c->number && remotes[i].transport == ICE_UDP &&
            remotes[i].addr.ss_family == c->leg->cfg.local.ss_family &&
            ice_candidate_usable(&remotes[i], &c->leg->cfg.local) &&
            (!best || remotes[i].priority > best->priority))
            best = &remotes[i];
    }
    if (best)
        set_pair(c, best);
}
