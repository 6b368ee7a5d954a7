#include "bench/peer/ice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <agent.h>

#define COMPONENTS_MAX 2

struct peer_ice {
    struct peer_ice_config cfg;
    NiceAgent *agent;
    guint stream;
    bool is_ready[COMPONENTS_MAX], is_failed, was_ready;
    struct peer_ice_facts facts;
    char pair[COMPONENTS_MAX][160];
    struct peer_candidate chosen[COMPONENTS_MAX][2]; /* of each component: ours, theirs */
};

static const NiceCompatibility modes[] = {
    [PEER_LYNC] = NICE_COMPATIBILITY_OC2007R2,   [PEER_RFC] = NICE_COMPATIBILITY_RFC5245,
    [PEER_OCS2007] = NICE_COMPATIBILITY_OC2007,  [PEER_MSN] = NICE_COMPATIBILITY_MSN,
    [PEER_WLM2009] = NICE_COMPATIBILITY_WLM2009,
};

static const char *const type_names[] = {
    [NICE_CANDIDATE_TYPE_HOST] = "host",
    [NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE] = "srflx",
    [NICE_CANDIDATE_TYPE_PEER_REFLEXIVE] = "prflx",
    [NICE_CANDIDATE_TYPE_RELAYED] = "relay",
};

static void candidate_print(char *buf, size_t cap, const NiceCandidate *c)
{
    char address[NICE_ADDRESS_STRING_LEN];

    nice_address_to_string(&c->addr, address);
    snprintf(buf, cap, "%s:%u (%s)", address, nice_address_get_port(&c->addr), type_names[c->type]);
}

/* OCS cuts the padding of its base64 off, Messenger does not. */
static void credential_print(char text[static PEER_CREDENTIAL_MAX], const char *base64,
                             enum peer_dialect dialect)
{
    snprintf(text, PEER_CREDENTIAL_MAX, "%s", base64 ? base64 : "");
    if (dialect == PEER_OCS2007)
        text[strcspn(text, "=")] = 0;
}

static void candidate_describe(struct peer_candidate *to, const NiceCandidate *c,
                               enum peer_dialect dialect)
{
    *to = (struct peer_candidate){.component = (uint8_t)c->component_id,
                                  .priority = c->priority,
                                  .port = (uint16_t)nice_address_get_port(&c->addr)};
    snprintf(to->foundation, sizeof(to->foundation), "%s", c->foundation);
    snprintf(to->transport, sizeof(to->transport), "UDP");
    snprintf(to->type, sizeof(to->type), "%s", type_names[c->type]);
    nice_address_to_string(&c->addr, to->address);
    if (!peer_dialect_is_draft6(dialect))
        return;
    credential_print(to->ufrag, c->username, dialect);
    credential_print(to->pwd, c->password, dialect);
}

static void selected_h(NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
                       NiceCandidate *remote, gpointer data)
{
    struct peer_ice *ice = data;
    char from[72], to[72];

    (void)agent;
    (void)stream;
    if (component < 1 || component > COMPONENTS_MAX)
        return;
    candidate_print(from, sizeof(from), local);
    candidate_print(to, sizeof(to), remote);
    snprintf(ice->pair[component - 1], sizeof(ice->pair[0]), "%s - %s", from, to);
    candidate_describe(&ice->chosen[component - 1][0], local, ice->cfg.dialect);
    candidate_describe(&ice->chosen[component - 1][1], remote, ice->cfg.dialect);
}

static void state_h(NiceAgent *agent, guint stream, guint component, guint state, gpointer data)
{
    struct peer_ice *ice = data;
    bool is_ready = true;

    (void)agent;
    (void)stream;
    if (component < 1 || component > COMPONENTS_MAX)
        return;
    ice->is_ready[component - 1] = state == NICE_COMPONENT_STATE_READY;
    ice->facts.is_answered = ice->facts.is_answered || state == NICE_COMPONENT_STATE_CONNECTED ||
                             state == NICE_COMPONENT_STATE_READY;
    for (unsigned i = 0; i < ice->cfg.n_components; i++)
        is_ready = is_ready && ice->is_ready[i];

    if (state == NICE_COMPONENT_STATE_FAILED && !ice->is_failed) {
        ice->is_failed = true;
        ice->facts.state = PEER_ICE_FAILED;
        ice->cfg.state_h(PEER_ICE_FAILED, ice->cfg.arg);
    } else if (is_ready && !ice->was_ready) {
        ice->was_ready = true;
        ice->facts.state = PEER_ICE_READY;
        ice->cfg.state_h(PEER_ICE_READY, ice->cfg.arg);
    }
}

static void request_h(NiceAgent *agent, guint stream, gpointer data)
{
    struct peer_ice *ice = data;

    (void)agent;
    (void)stream;
    ice->facts.is_asked = true;
}

static void packet_h(NiceAgent *agent, guint stream, guint component, guint n, gchar *packet,
                     gpointer data)
{
    struct peer_ice *ice = data;

    (void)agent;
    (void)stream;
    ice->cfg.packet_h(component, (const uint8_t *)packet, n, ice->cfg.arg);
}

static int agent_open(struct peer_ice *ice)
{
    const struct peer_ice_config *cfg = &ice->cfg;
    GMainContext *context = loop_context(cfg->loop);
    NiceAddress address;

    ice->agent = nice_agent_new(context, modes[cfg->dialect]);
    if (!ice->agent)
        return ENOMEM;
    g_object_set(ice->agent, "ice-tcp", FALSE, "upnp", FALSE, "controlling-mode",
                 (gboolean)cfg->is_controlling, NULL);
    nice_address_init(&address);
    if (!nice_address_set_from_string(&address, cfg->local) ||
        !nice_agent_add_local_address(ice->agent, &address))
        return EADDRNOTAVAIL;

    g_signal_connect(ice->agent, "component-state-changed", G_CALLBACK(state_h), ice);
    g_signal_connect(ice->agent, "new-selected-pair-full", G_CALLBACK(selected_h), ice);
    g_signal_connect(ice->agent, "initial-binding-request-received", G_CALLBACK(request_h), ice);
    ice->stream = nice_agent_add_stream(ice->agent, cfg->n_components);
    if (!ice->stream)
        return ENOMEM;
    for (unsigned i = 1; i <= cfg->n_components; i++)
        nice_agent_attach_recv(ice->agent, ice->stream, i, context, packet_h, ice);
    /* host candidates only, and these are there when this returns */
    return nice_agent_gather_candidates(ice->agent, ice->stream) ? 0 : EADDRNOTAVAIL;
}

int peer_ice_alloc(struct peer_ice **ip, const struct peer_ice_config *cfg)
{
    if (cfg->n_components < 1 || cfg->n_components > COMPONENTS_MAX)
        return EINVAL;
    struct peer_ice *ice = calloc(1, sizeof(*ice));
    if (!ice)
        return ENOMEM;

    ice->cfg = *cfg;
    int err = agent_open(ice);
    if (err) {
        peer_ice_free(ice);
        return err;
    }
    *ip = ice;
    return 0;
}

static void closed_h(GObject *agent, GAsyncResult *result, gpointer data)
{
    (void)agent;
    (void)result;
    *(bool *)data = true;
}

static bool is_closed(void *arg)
{
    return *(bool *)arg;
}

void peer_ice_free(struct peer_ice *ice)
{
    bool closed = false;

    if (!ice)
        return;
    if (ice->agent) {
        g_signal_handlers_disconnect_by_data(ice->agent, ice);
        /* libnice ends its sources in the loop: without this they would outlive the peer. GIO tells
         * of the end in the context that is the thread's default when the close begins. */
        g_main_context_push_thread_default(loop_context(ice->cfg.loop));
        nice_agent_close_async(ice->agent, closed_h, &closed);
        g_main_context_pop_thread_default(loop_context(ice->cfg.loop));
        loop_run(ice->cfg.loop, is_closed, &closed, loop_now_us() + 1000000);
        g_object_unref(ice->agent);
    }
    free(ice);
}

static void describe_candidate(struct peer_description *d, const NiceCandidate *c,
                               enum peer_dialect dialect)
{
    if (c->transport == NICE_CANDIDATE_TRANSPORT_UDP && d->n_candidates < PEER_CANDIDATES_MAX)
        candidate_describe(&d->candidates[d->n_candidates++], c, dialect);
}

static void describe_credentials(struct peer_ice *ice, struct peer_description *d)
{
    gchar *ufrag = NULL, *pwd = NULL;

    d->ufrag[0] = d->pwd[0] = 0;
    if (peer_dialect_is_draft6(ice->cfg.dialect))
        return;
    nice_agent_get_local_credentials(ice->agent, ice->stream, &ufrag, &pwd);
    snprintf(d->ufrag, sizeof(d->ufrag), "%s", ufrag ? ufrag : "");
    snprintf(d->pwd, sizeof(d->pwd), "%s", pwd ? pwd : "");
    g_free(ufrag);
    g_free(pwd);
}

void peer_ice_describe(struct peer_ice *ice, struct peer_description *d)
{
    describe_credentials(ice, d);
    d->n_candidates = d->n_remote_candidates = 0;
    for (unsigned i = 1; i <= ice->cfg.n_components; i++) {
        GSList *list = nice_agent_get_local_candidates(ice->agent, ice->stream, i);

        for (GSList *at = list; at; at = at->next)
            describe_candidate(d, at->data, ice->cfg.dialect);
        g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    }
    ice->facts.n_local = d->n_candidates;
    for (unsigned i = 0; i < d->n_candidates; i++) {
        const struct peer_candidate *c = &d->candidates[i];

        if (c->component == 1)
            d->port = c->port;
        if (c->component == ice->cfg.n_components)
            d->rtcp_port = c->port;
        memcpy(d->address, c->address, sizeof(d->address));
    }
}

int peer_ice_describe_chosen(const struct peer_ice *ice, struct peer_description *d)
{
    for (unsigned i = 0; i < ice->cfg.n_components; i++) {
        if (!*ice->pair[i])
            return ENOTCONN;
        d->candidates[i] = ice->chosen[i][0];
        d->remote_candidates[i] = ice->chosen[i][1];
    }
    d->n_candidates = d->n_remote_candidates = ice->cfg.n_components;
    return 0;
}

static NiceCandidateType type_of(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(type_names); i++)
        if (strcmp(type_names[i], name) == 0)
            return (NiceCandidateType)i;
    return NICE_CANDIDATE_TYPE_HOST;
}

/* libnice decodes base64 only with its padding. @return to be freed with g_free() */
static char *padded(const char *base64)
{
    const size_t n = strcspn(base64, "=");

    return g_strdup_printf("%.*s%.*s", (int)n, base64, (int)((4 - n % 4) % 4), "===");
}

static NiceCandidate *candidate_make(const struct peer_ice *ice, const struct peer_candidate *c)
{
    NiceCandidate *to = nice_candidate_new(type_of(c->type));

    to->transport = NICE_CANDIDATE_TRANSPORT_UDP;
    to->component_id = c->component;
    to->stream_id = ice->stream;
    to->priority = c->priority;
    snprintf(to->foundation, sizeof(to->foundation), "%s", c->foundation);
    if (*c->ufrag) {
        to->username = padded(c->ufrag);
        to->password = padded(c->pwd);
    }
    if (!nice_address_set_from_string(&to->addr, c->address)) {
        nice_candidate_free(to);
        return NULL;
    }
    nice_address_set_port(&to->addr, c->port);
    return to;
}

int peer_ice_restart(struct peer_ice *ice)
{
    if (!nice_agent_restart_stream(ice->agent, ice->stream))
        return EINVAL;
    ice->is_failed = ice->was_ready = false;
    memset(ice->is_ready, 0, sizeof(ice->is_ready));
    ice->facts = (struct peer_ice_facts){.n_local = ice->facts.n_local,
                                         .n_restarts = ice->facts.n_restarts + 1};
    return 0;
}

/* Of draft-06 they are the candidates', but libnice takes a check for one that came too early as
 * long as the stream has none: then a controlled agent never nominates. */
static bool credentials_set(struct peer_ice *ice, const struct peer_description *remote)
{
    char *ufrag, *pwd;
    bool is_set;

    if (!peer_dialect_is_draft6(ice->cfg.dialect))
        return nice_agent_set_remote_credentials(ice->agent, ice->stream, remote->ufrag,
                                                 remote->pwd);
    if (!remote->n_candidates)
        return false;
    ufrag = padded(remote->candidates[0].ufrag);
    pwd = padded(remote->candidates[0].pwd);
    is_set = nice_agent_set_remote_credentials(ice->agent, ice->stream, ufrag, pwd);
    g_free(ufrag);
    g_free(pwd);
    return is_set;
}

int peer_ice_connect(struct peer_ice *ice, const struct peer_description *remote)
{
    int n_set = 0;

    ice->facts.is_checking = true;
    if (!credentials_set(ice, remote))
        return EINVAL;
    for (unsigned component = 1; component <= ice->cfg.n_components; component++) {
        GSList *list = NULL;

        for (unsigned i = 0; i < remote->n_candidates; i++) {
            const struct peer_candidate *c = &remote->candidates[i];
            bool is_usable = c->component == component && strcasecmp(c->transport, "UDP") == 0;
            NiceCandidate *made = is_usable ? candidate_make(ice, c) : NULL;

            if (made)
                list = g_slist_prepend(list, made);
        }
        if (list)
            n_set += nice_agent_set_remote_candidates(ice->agent, ice->stream, component, list);
        g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    }
    ice->facts.n_remote = n_set > 0 ? (unsigned)n_set : 0;
    return n_set > 0 ? 0 : EINVAL;
}

int peer_ice_send(struct peer_ice *ice, unsigned component, const uint8_t *packet, size_t n)
{
    if (component > ice->cfg.n_components)
        return ENOTCONN;
    return nice_agent_send(ice->agent, ice->stream, component, (guint)n, (const gchar *)packet) < 0
               ? ENOTCONN
               : 0;
}

struct peer_ice_facts peer_ice_facts(const struct peer_ice *ice)
{
    return ice->facts;
}

const char *peer_ice_pair(const struct peer_ice *ice, unsigned component)
{
    return component >= 1 && component <= COMPONENTS_MAX ? ice->pair[component - 1] : "";
}
