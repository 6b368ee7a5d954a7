#include "ice/leg.h"

#include <errno.h>
#include <stdlib.h>

#define IDLE_MS         5000 /* libnice's */
#define IDLE_SETTLED_MS 50   /* the least that it takes */

/* ---- what libnice tells: called on whatever thread has entered the leg ---- */

static struct ice_component *component_of(struct ice_leg *leg, guint nice_id, guint component)
{
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        struct ice_stream *s = leg->streams[i];

        if (s && s->nice_id == nice_id && component >= 1 && component <= s->n_components)
            return &s->components[component - 1];
    }
    return NULL; /* being added or removed */
}

/* While the peer still finds candidates, nothing has failed (RFC 8838 s.8); the time limit is kept
 * in timers.c. What libnice thinks of a lite agent's checks is of no account. */
static bool is_told(const struct ice_component *c, enum ice_state state)
{
    if (c->leg->cfg.is_lite)
        return false;
    return state != ICE_STATE_FAILED || !c->stream->is_trickling || c->fails_us == UINT64_MAX;
}

static bool is_all_ready(const struct ice_leg *leg)
{
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        const struct ice_stream *s = leg->streams[i];

        for (unsigned j = 0; s && j < s->n_components; j++)
            if (s->components[j].state != ICE_STATE_READY || s->components[j].is_pair_old)
                return false;
    }
    return true;
}

/* libnice wakes every 20 ms until nothing has happened for its idle time, whose 5 s are for peers
 * that nominate late. Once all is nominated they are of no use, and of all its work the most. */
void ice_set_idle(struct ice_leg *leg, bool is_settled)
{
    const unsigned ms = leg->cfg.idle_ms ? leg->cfg.idle_ms : IDLE_MS;

    if (leg->is_settled == is_settled)
        return;
    leg->is_settled = is_settled;
    g_object_set(leg->agent, "idle-timeout", is_settled ? IDLE_SETTLED_MS : ms, NULL);
}

static void state_h(NiceAgent *agent, guint nice_id, guint component, guint state, gpointer arg)
{
    struct ice_leg *leg = arg;
    struct ice_component *c = component_of(leg, nice_id, component);

    (void)agent;
    if (c && is_told(c, ice_state_from_nice(state)))
        ice_mailbox_post_state(leg, c, ice_state_from_nice(state));
    if (is_all_ready(leg))
        ice_set_idle(leg, true);
}

static void pair_h(NiceAgent *agent, guint nice_id, guint component, NiceCandidate *nice_local,
                   NiceCandidate *nice_remote, gpointer arg)
{
    struct ice_leg *leg = arg;
    struct ice_component *c = component_of(leg, nice_id, component);
    struct ice_candidate local, remote;
    struct sockaddr_storage media;

    (void)agent;
    if (!c)
        return;
    ice_candidate_from_nice(&local, nice_local, &leg->cfg);
    ice_candidate_from_nice(&remote, nice_remote, NULL);
    c->fails_us = UINT64_MAX;
    c->is_pair_old = false;
    media = remote.addr;
    if (local.type == ICE_RELAY)
        (void)ice_bridge_open(c, &media); /* without descriptors: the checks' way, no media's */
    else
        ice_bridge_close(c);
    ice_mailbox_post_pair(leg, c, &local, &remote, &media);
    ice_consent_start(c, ice_now_us());
    ice_stream_settle(c->stream);
}

static void gathered_h(NiceAgent *agent, guint nice_id, gpointer arg)
{
    struct ice_leg *leg = arg;

    (void)agent;
    (void)nice_id;
    leg->is_gathering = false;
    pthread_cond_signal(&leg->gathered);
}

/* ---- leg ---- */

/* Consent and checks as keep-alives stay off: consent.c asks, and only where the dialect knows it.
 * A lite peer never controls (RFC 8445 s.6.1.1). */
static NiceAgent *agent_new(GMainContext *context, const struct ice_leg_config *cfg)
{
    NiceAgent *agent = nice_agent_new_full(context, ice_mode_to_nice(cfg->mode),
                                           ice_mode_to_nice_options(cfg->mode));

    g_object_set(agent, "controlling-mode", cfg->is_controlling || cfg->is_lite_peer, "ice-udp",
                 TRUE, "ice-tcp", FALSE, "upnp", FALSE, "keepalive-conncheck", FALSE, NULL);
    if (cfg->idle_ms)
        g_object_set(agent, "idle-timeout", cfg->idle_ms, NULL);
    if (cfg->n_transmissions)
        g_object_set(agent, "stun-max-retransmissions", cfg->n_transmissions, NULL);
    return agent;
}

static void open_agent(struct ice_leg *leg, NiceAddress *local)
{
    /* Nobody polls the context while it is owned, so there is nobody to wake; who leaves arms. */
    ice_leg_enter(leg);
    leg->agent = agent_new(leg->context, &leg->cfg);
    nice_agent_add_local_address(leg->agent, local);
    g_signal_connect(leg->agent, "component-state-changed", G_CALLBACK(state_h), leg);
    g_signal_connect(leg->agent, "new-selected-pair-full", G_CALLBACK(pair_h), leg);
    g_signal_connect(leg->agent, "candidate-gathering-done", G_CALLBACK(gathered_h), leg);
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attr);
    pthread_condattr_destroy(&attr);
}

/* A leg without an agent yet. @return NULL: no memory */
static struct ice_leg *leg_new(struct ice *ice, const struct ice_leg_config *cfg)
{
    struct ice_leg *leg = calloc(1, sizeof(*leg));

    if (!leg)
        return NULL;
    leg->ice = ice;
    leg->cfg = *cfg;
    leg->nice_due_us = UINT64_MAX;
    for (unsigned i = 0; i < ICE_WATCHES; i++)
        leg->watches[i] = (struct ice_watch){leg, -1};
    for (unsigned i = 0; i < G_N_ELEMENTS(leg->bridges); i++)
        leg->bridges[i] = (struct ice_watch){leg, -1};
    pthread_mutex_init(&leg->lock, NULL);
    init_condition(&leg->gathered);
    return leg;
}

static void leg_discard(struct ice_leg *leg)
{
    if (leg->context)
        ice_contexts_give(leg->ice, leg->context);
    pthread_cond_destroy(&leg->gathered);
    pthread_mutex_destroy(&leg->lock);
    free(leg);
}

int ice_leg_alloc(struct ice_leg **legp, struct ice *ice, const struct ice_leg_config *cfg)
{
    struct ice_leg *leg;
    NiceAddress local;
    int err;

    if (!ice_addr_to_nice(&local, &cfg->local))
        return EINVAL;
    nice_address_set_port(&local, 0);

    leg = leg_new(ice, cfg);
    if (!leg)
        return ENOMEM;
    err = ice_contexts_take(ice, &leg->context, &leg->wake_fd);
    if (!err)
        err = ice_leg_count_in(leg);
    if (err) {
        leg_discard(leg);
        return err;
    }

    open_agent(leg, &local);
    err = ice_leg_leave(leg);
    if (err)
        ice_leg_free(leg);
    else
        *legp = leg;
    return err;
}

void ice_leg_free(struct ice_leg *leg)
{
    struct ice_stream *s;

    if (!leg)
        return;

    ice_leg_enter(leg);
    ice_mailbox_forget(leg);
    ice_leg_unwatch(leg);
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        s = leg->streams[i];
        ice_mailbox_set_stream(leg, i, NULL);
        if (s)
            ice_stream_free(s);
    }
    g_object_unref(leg->agent); /* the last one: callbacks hold theirs only under our lock */
    leg->agent = NULL;
    g_main_context_release(leg->context);
    if (leg->cfg.turn) /* libnice may have left the end of an allocation in it */
        g_main_context_unref(leg->context);
    else
        ice_contexts_give(leg->ice, leg->context);
    leg->context = NULL;
    leg->is_closed = true;
    pthread_mutex_unlock(&leg->lock);

    ice_leg_bury(leg);
}

int ice_leg_await_gathering(struct ice_leg *leg, unsigned ms)
{
    const uint64_t end_us = ice_now_us() + (uint64_t)ms * 1000;
    const struct timespec end = {.tv_sec = (time_t)(end_us / 1000000),
                                 .tv_nsec = (long)(end_us % 1000000 * 1000)};
    int err = 0;

    pthread_mutex_lock(&leg->lock);
    while (leg->is_gathering && !err)
        err = pthread_cond_timedwait(&leg->gathered, &leg->lock, &end);
    pthread_mutex_unlock(&leg->lock);
    return err;
}
