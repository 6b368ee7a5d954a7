#include "ice/leg.h"

/*
 * Who may speak to an agent. What is not STUN, is not for our ufrag, or answers nothing that was
 * asked, ends here; so does a keep-alive. Requests that fail are passed on for their error
 * response ten times a second a port (a peer with a mistake is to hear of it, a flood is not), and
 * a check on a pair that is settled is answered here: the agent has nothing to learn from it.
 */

#define ERRORS_PER_S 10
#define US_PER_S     1000000

static bool may_err(struct ice_component *c, uint64_t now_us)
{
    if (now_us - c->errors_since_us >= US_PER_S) {
        c->errors_since_us = now_us;
        c->n_errors = 0;
    }
    return c->n_errors++ < ERRORS_PER_S;
}

static void answer(struct ice_component *c, const StunMessage *request,
                   const struct sockaddr_storage *from)
{
    struct ice *ice = c->leg->ice;
    uint8_t buf[ICE_STUN_ANSWER_MAX];
    const size_t n = ice_stun_answer(&ice->stun, buf, request, from);

    ice_count(&ice->n_answered); /* before anybody can know of the answer */
    if (n)
        ice_door_send(c, from, buf, n);
}

/* Nothing that libnice would do: the pair is nominated and in use, the roles are as they were. */
static bool is_settled(const struct ice_component *c, const StunMessage *request,
                       const struct sockaddr_storage *from)
{
    return c->leg->cfg.mode == ICE_MODE_RFC && c->state == ICE_STATE_READY && c->has_pair &&
           !c->is_pair_old && c->local.type != ICE_RELAY && checks_is_same(&c->remote.addr, from) &&
           ice_stun_controls(request) != c->leg->controls;
}

/* A restart has given new credentials, and the peer still uses the pair that it had. */
static bool is_for_old_pair(struct ice_component *c, StunMessage *msg, const struct ice_packet *p)
{
    const struct ice_generation *before = &c->stream->before;

    return c->leg->cfg.mode == ICE_MODE_RFC && before->local_ufrag &&
           ice_stun_check_request(&c->leg->ice->stun, ICE_MODE_RFC, msg, p->bytes, p->n,
                                  before->local_ufrag, before->local_pwd) == ICE_STUN_GOOD;
}

/* @return whether libnice is to go on with it */
static bool take_good(struct ice_component *c, const StunMessage *msg, const struct ice_packet *p)
{
    checks_received(&c->checks, &p->from);
    if (c->leg->cfg.is_lite) {
        answer(c, msg, &p->from);
        ice_lite_take(c, msg, &p->from);
        return false;
    }
    if (!is_settled(c, msg, &p->from))
        return true;
    answer(c, msg, &p->from);
    return false;
}

static bool vet_request(struct ice_component *c, const struct ice_packet *p, uint64_t now_us)
{
    struct ice_leg *leg = c->leg;
    const struct ice_generation *now = &c->stream->now;
    StunMessage msg;

    if (!ice_stun_can_check(leg->cfg.mode)) {
        checks_received(&c->checks, &p->from);
        return true;
    }
    switch (ice_stun_check_request(&leg->ice->stun, leg->cfg.mode, &msg, p->bytes, p->n,
                                   now->local_ufrag, now->local_pwd)) {
    case ICE_STUN_GOOD:
        return take_good(c, &msg, p);
    case ICE_STUN_GOOD_BUT_UNKNOWN:
        return !leg->cfg.is_lite && may_err(c, now_us);
    case ICE_STUN_STRANGE:
        if (is_for_old_pair(c, &msg, p)) {
            answer(c, &msg, &p->from);
            return false;
        }
        ice_count(&leg->ice->n_auth); /* MS-ICE2 s.3.1.4.8.2: dropped without a word */
        return leg->cfg.mode == ICE_MODE_RFC && !leg->cfg.is_lite && may_err(c, now_us);
    case ICE_STUN_FORGED:
        ice_count(&leg->ice->n_auth);
        return !leg->cfg.is_lite && may_err(c, now_us);
    case ICE_STUN_BROKEN:
        break;
    }
    ice_count(&leg->ice->n_bad);
    return false;
}

static bool vet_answer(struct ice_component *c, const struct ice_packet *p, bool is_error,
                       uint64_t now_us)
{
    struct ice *ice = c->leg->ice;

    if (ice_consent_is_answer(c, p->bytes)) {
        if (checks_is_same(&c->remote.addr, &p->from))
            ice_consent_take(c, p->bytes, p->n, now_us);
        return false;
    }
    if (!checks_is_open(&c->checks, ice_stun_id(p->bytes))) {
        ice_count(&ice->n_unsolicited);
        return false;
    }
    checks_answered(&c->checks, &p->from,
                    is_error ? ice_stun_error_code(&ice->stun, p->bytes, p->n) : 0);
    return true;
}

/* All of it is libnice's, but for the answer to our question for consent. */
static bool vet_relayed(struct ice_component *c, const struct ice_packet *p, uint64_t now_us)
{
    const uint8_t *inner = NULL;
    const size_t n = ice_turn_unwrap(&c->leg->ice->stun, p->bytes, p->n, &inner);

    if (n < ICE_STUN_HEADER || inner[0] > 3 || !ice_consent_is_answer(c, inner))
        return true;
    ice_consent_take(c, inner, n, now_us);
    return false;
}

bool ice_vet(struct ice_component *c, const struct ice_packet *p, uint64_t now_us)
{
    const struct ice_leg *leg = c->leg;

    if (ice_turn_is_from_server(leg, &p->from))
        return vet_relayed(c, p, now_us);

    switch (ice_stun_kind(p->bytes, p->n, leg->cfg.mode == ICE_MODE_RFC)) {
    case ICE_STUN_REQUEST:
        return vet_request(c, p, now_us);
    case ICE_STUN_RESPONSE:
        return vet_answer(c, p, false, now_us);
    case ICE_STUN_ERROR:
        return vet_answer(c, p, true, now_us);
    case ICE_STUN_INDICATION: /* a keep-alive, RFC 8445 s.11: there is nothing to be done */
        return false;
    case ICE_STUN_OTHER:
    case ICE_STUN_JUNK:
        break;
    }
    ice_count(&leg->ice->n_bad);
    return false;
}
