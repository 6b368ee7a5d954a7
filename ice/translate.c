#include "ice/leg.h"

#include <string.h>

#define BASE64_GROUP 4

/* RFC 8445 knows regular nomination only, and Lync does it. The older dialects nominate by every
 * check: libnice never gets done there when it is told to do otherwise. */
static const struct {
    const char *name;
    NiceCompatibility nice;
    NiceAgentOption options;
    bool has_line_credentials;
} modes[] = {
    [ICE_MODE_RFC] = {"rfc", NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_REGULAR_NOMINATION,
                      false},
    [ICE_MODE_LYNC] = {"lync", NICE_COMPATIBILITY_OC2007R2, NICE_AGENT_OPTION_REGULAR_NOMINATION,
                       false},
    [ICE_MODE_OCS2007] = {"ocs2007", NICE_COMPATIBILITY_OC2007, NICE_AGENT_OPTION_NONE, true},
    [ICE_MODE_WLM2009] = {"wlm2009", NICE_COMPATIBILITY_WLM2009, NICE_AGENT_OPTION_NONE, false},
    [ICE_MODE_MSN] = {"msn", NICE_COMPATIBILITY_MSN, NICE_AGENT_OPTION_NONE, true},
};

static const char *const state_names[] = {
    [ICE_STATE_NEW] = "new",
    [ICE_STATE_CHECKING] = "checking",
    [ICE_STATE_CONNECTED] = "connected",
    [ICE_STATE_READY] = "ready",
    [ICE_STATE_FAILED] = "failed",
    [ICE_STATE_LOST] = "lost",
};

static const enum ice_state states[] = {
    [NICE_COMPONENT_STATE_DISCONNECTED] = ICE_STATE_NEW,
    [NICE_COMPONENT_STATE_GATHERING] = ICE_STATE_NEW,
    [NICE_COMPONENT_STATE_CONNECTING] = ICE_STATE_CHECKING,
    [NICE_COMPONENT_STATE_CONNECTED] = ICE_STATE_CONNECTED,
    [NICE_COMPONENT_STATE_READY] = ICE_STATE_READY,
    [NICE_COMPONENT_STATE_FAILED] = ICE_STATE_FAILED,
};

static const enum ice_candidate_type types[] = {
    [NICE_CANDIDATE_TYPE_HOST] = ICE_HOST,
    [NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE] = ICE_SRFLX,
    [NICE_CANDIDATE_TYPE_PEER_REFLEXIVE] = ICE_PRFLX,
    [NICE_CANDIDATE_TYPE_RELAYED] = ICE_RELAY,
};

/* libnice takes no peer-reflexive candidate from signalling, but Lync announces one in place of a
 * server-reflexive one in its final offer; to the checks they are the same. */
static const NiceCandidateType nice_types[] = {
    [ICE_HOST] = NICE_CANDIDATE_TYPE_HOST,
    [ICE_SRFLX] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
    [ICE_PRFLX] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
    [ICE_RELAY] = NICE_CANDIDATE_TYPE_RELAYED,
};

const char *ice_mode_name(enum ice_mode mode)
{
    return (size_t)mode < G_N_ELEMENTS(modes) ? modes[mode].name : "?";
}

const char *ice_state_name(enum ice_state state)
{
    return (size_t)state < G_N_ELEMENTS(state_names) ? state_names[state] : "?";
}

NiceCompatibility ice_mode_to_nice(enum ice_mode mode)
{
    return modes[mode].nice;
}

NiceAgentOption ice_mode_to_nice_options(enum ice_mode mode)
{
    return modes[mode].options;
}

bool ice_mode_has_line_credentials(enum ice_mode mode)
{
    return modes[mode].has_line_credentials;
}

enum ice_state ice_state_from_nice(guint state)
{
    return state < G_N_ELEMENTS(states) ? states[state] : ICE_STATE_NEW;
}

void ice_addr_from_nice(struct sockaddr_storage *ss, const NiceAddress *addr)
{
    memset(ss, 0, sizeof(*ss));
    if (nice_address_is_valid(addr))
        nice_address_copy_to_sockaddr(addr, (struct sockaddr *)ss);
}

bool ice_addr_to_nice(NiceAddress *addr, const struct sockaddr_storage *ss)
{
    nice_address_init(addr);
    if (ss->ss_family != AF_INET && ss->ss_family != AF_INET6)
        return false;
    nice_address_set_from_sockaddr(addr, (const struct sockaddr *)ss);
    return true;
}

/* The advertised address stands for our own one wherever a candidate names it; the port is the
 * same on both sides of a static NAT. */
static void advertise(struct sockaddr_storage *addr, const struct ice_leg_config *cfg)
{
    NiceAddress own, local;
    const unsigned port = addr->ss_family == AF_INET6 ? ((struct sockaddr_in6 *)addr)->sin6_port
                                                      : ((struct sockaddr_in *)addr)->sin_port;

    if (cfg->advertise.ss_family != addr->ss_family || !ice_addr_to_nice(&own, addr) ||
        !ice_addr_to_nice(&local, &cfg->local) || !nice_address_equal_no_port(&own, &local))
        return;

    *addr = cfg->advertise;
    if (addr->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)addr)->sin6_port = (in_port_t)port;
    else
        ((struct sockaddr_in *)addr)->sin_port = (in_port_t)port;
}

void ice_candidate_from_nice(struct ice_candidate *c, const NiceCandidate *nice,
                             const struct ice_leg_config *cfg)
{
    memset(c, 0, sizeof(*c));
    g_strlcpy(c->foundation, nice->foundation, sizeof(c->foundation));
    c->component = (uint8_t)nice->component_id;
    c->transport = nice->transport == NICE_CANDIDATE_TRANSPORT_UDP ? ICE_UDP : ICE_TCP_OTHER;
    c->type = types[nice->type];
    c->priority = nice->priority;
    ice_addr_from_nice(&c->addr, &nice->addr);
    if (nice->type != NICE_CANDIDATE_TYPE_HOST)
        ice_addr_from_nice(&c->raddr, &nice->base_addr);
    if (cfg)
        advertise(&c->addr, cfg);
    if (nice->username)
        g_strlcpy(c->ufrag, nice->username, sizeof(c->ufrag));
    if (nice->password)
        g_strlcpy(c->pwd, nice->password, sizeof(c->pwd));
}

/* OCS cuts the "=" off that libnice's decoder needs. @return to be freed with g_free() */
static char *with_padding(const char *base64)
{
    const size_t n = strcspn(base64, "=");
    const size_t n_pad = (BASE64_GROUP - n % BASE64_GROUP) % BASE64_GROUP;

    return g_strdup_printf("%.*s%.*s", (int)n, base64, (int)n_pad, "===");
}

NiceCandidate *ice_candidate_to_nice(const struct ice_candidate *c,
                                     const struct ice_leg_config *cfg, unsigned nice_id)
{
    NiceCandidate *nice = nice_candidate_new(nice_types[c->type]);

    nice->transport = NICE_CANDIDATE_TRANSPORT_UDP;
    nice->stream_id = nice_id;
    nice->component_id = c->component;
    nice->priority = c->priority;
    ice_addr_to_nice(&nice->addr, &c->addr);
    nice->base_addr = nice->addr;
    g_strlcpy(nice->foundation, c->foundation, sizeof(nice->foundation));
    if (ice_mode_has_line_credentials(cfg->mode)) {
        nice->username = with_padding(c->ufrag);
        nice->password = with_padding(c->pwd);
    }
    return nice;
}
