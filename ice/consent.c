#include "ice/leg.h"

#include <string.h>

/*
 * Consent to send (RFC 7675) on the selected pair of a standard leg. libnice can ask for it too,
 * but 0.1.21 gives up after 10 seconds; the RFC says 30. So libnice's is off, and it is done here.
 * Nothing but an authentic answer to the last question renews it: no media, no other STUN.
 */

#define US_PER_MS          1000
#define CONSENT_MS         5000 /* RFC 7675 s.5.1: as also the next two */
#define CONSENT_LIFE_MS    30000
#define JITTER_MIN_PERCENT 80
#define JITTER_END_PERCENT 121

static uint64_t interval_us(const struct ice_leg *leg)
{
    const uint64_t ms = leg->cfg.consent_ms ? leg->cfg.consent_ms : CONSENT_MS;

    return ms * US_PER_MS * (uint64_t)g_random_int_range(JITTER_MIN_PERCENT, JITTER_END_PERCENT) /
           100;
}

static uint64_t life_us(const struct ice_leg *leg)
{
    return (uint64_t)(leg->cfg.consent_life_ms ? leg->cfg.consent_life_ms : CONSENT_LIFE_MS) *
           US_PER_MS;
}

/* A lite agent asks nobody (RFC 7675 s.5.1), and the Microsoft dialects know no consent: Lync may
 * stop answering checks after the final offer. */
void ice_consent_start(struct ice_component *c, uint64_t now_us)
{
    if (c->leg->cfg.mode != ICE_MODE_RFC || c->leg->cfg.is_lite)
        return;
    c->consent.ask_us = now_us + interval_us(c->leg);
    c->consent.expires_us = now_us + life_us(c->leg);
}

void ice_consent_stop(struct ice_component *c)
{
    c->consent.ask_us = c->consent.expires_us = UINT64_MAX;
}

static const struct ice_generation *generation_of(const struct ice_component *c)
{
    return c->is_pair_old ? &c->stream->before : &c->stream->now;
}

bool ice_consent_is_answer(const struct ice_component *c, const uint8_t *packet)
{
    return c->consent.expires_us != UINT64_MAX &&
           !memcmp(packet + ICE_STUN_HEADER - sizeof(c->consent.id), c->consent.id,
                   sizeof(c->consent.id));
}

static void lose(struct ice_component *c)
{
    ice_consent_stop(c);
    ice_mailbox_post_loss(c->leg, c);
}

/* An authentic 403 takes consent back at once (RFC 7675 s.5.1, errata of 403); other errors, and
 * whatever anybody else could have sent, change nothing. */
void ice_consent_take(struct ice_component *c, const uint8_t *packet, size_t n, uint64_t now_us)
{
    const char *pwd = generation_of(c)->remote_pwd;
    const int code =
        pwd ? ice_stun_read_answer(&c->leg->ice->stun, packet, n, c->consent.id, pwd) : -1;

    if (code == 0)
        c->consent.expires_us = now_us + life_us(c->leg);
    else if (code == STUN_ERROR_FORBIDDEN)
        lose(c);
}

static void ask(struct ice_component *c)
{
    const struct ice_generation *g = generation_of(c);
    const struct ice_stun_ask what = {.local_ufrag = g->local_ufrag,
                                      .remote_ufrag = g->remote_ufrag,
                                      .remote_pwd = g->remote_pwd,
                                      .is_controlling = c->leg->controls,
                                      .tie_breaker = c->leg->tie_breaker};
    uint8_t buf[ICE_STUN_CHECK_MAX];
    size_t n;

    if (!g->local_ufrag || !g->remote_ufrag || !g->remote_pwd)
        return;
    n = ice_stun_ask(&c->leg->ice->stun, buf, c->consent.id, &what);
    if (n && c->local.type == ICE_RELAY)
        (void)nice_agent_send(c->leg->agent, c->stream->nice_id, c->number, (guint)n,
                              (const gchar *)buf);
    else if (n)
        ice_door_send(c, &c->remote.addr, buf, n);
}

void ice_consent_run(struct ice_component *c, uint64_t now_us)
{
    if (c->consent.expires_us <= now_us) {
        lose(c);
    } else if (c->consent.ask_us <= now_us) {
        ask(c);
        c->consent.ask_us = now_us + interval_us(c->leg);
    }
}

uint64_t ice_consent_due_us(const struct ice_component *c)
{
    return MIN(c->consent.ask_us, c->consent.expires_us);
}
