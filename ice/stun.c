#include "ice/stun.h"

#include <stdio.h>
#include <string.h>

#include <stun/usages/ice.h>

#define TYPE_MASK      0xc000 /* RFC 8489 s.5: the two highest bits are zero */
#define CLASS_MASK     0x0110
#define METHOD_MASK    0x3eef
#define METHOD_BINDING 0x0001

/* RFC 8445 s.5.1.2.1 for a peer-reflexive candidate. To the receiver of a consent check it is of no
 * use, but it may not be missing (RFC 8445 s.7.1.1). */
#define PRIORITY 0x6effffffu

static const uint16_t known[] = {STUN_ATTRIBUTE_MAPPED_ADDRESS,
                                 STUN_ATTRIBUTE_USERNAME,
                                 STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
                                 STUN_ATTRIBUTE_ERROR_CODE,
                                 STUN_ATTRIBUTE_UNKNOWN_ATTRIBUTES,
                                 STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS,
                                 STUN_ATTRIBUTE_PRIORITY,
                                 STUN_ATTRIBUTE_USE_CANDIDATE,
                                 STUN_ATTRIBUTE_REALM,
                                 STUN_ATTRIBUTE_NONCE,
                                 0};

void ice_stun_init(struct ice_stun *stun)
{
    const StunAgentUsageFlags flags =
        STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT;

    stun_agent_init(&stun->rfc, known, STUN_COMPATIBILITY_RFC5389, flags);
    stun_agent_init(&stun->wlm, known, STUN_COMPATIBILITY_MSICE2, flags);
    stun_agent_init(&stun->lync, known, STUN_COMPATIBILITY_MSICE2,
                    flags | STUN_AGENT_USAGE_NO_ALIGNED_ATTRIBUTES);
}

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

enum ice_stun_kind ice_stun_kind(const uint8_t *packet, size_t n, bool is_padded)
{
    unsigned type;

    if (n < ICE_STUN_HEADER || (get16(packet) & TYPE_MASK) ||
        get16(packet + 2) + ICE_STUN_HEADER != n || (is_padded && n % 4))
        return ICE_STUN_JUNK;

    type = get16(packet);
    if ((type & METHOD_MASK) != METHOD_BINDING)
        return ICE_STUN_OTHER;
    switch (type & CLASS_MASK) {
    case 0x0000:
        return ICE_STUN_REQUEST;
    case 0x0010:
        return ICE_STUN_INDICATION;
    case 0x0100:
        return ICE_STUN_RESPONSE;
    default:
        return ICE_STUN_ERROR;
    }
}

bool ice_stun_can_check(enum ice_mode mode)
{
    return mode == ICE_MODE_RFC || mode == ICE_MODE_LYNC || mode == ICE_MODE_WLM2009;
}

static StunAgent *agent_of(struct ice_stun *stun, enum ice_mode mode)
{
    if (mode == ICE_MODE_LYNC)
        return &stun->lync;
    return mode == ICE_MODE_WLM2009 ? &stun->wlm : &stun->rfc;
}

struct secret {
    const char *ufrag, *pwd;
    bool is_for_us;
};

/* RFC 8445 s.7.2.2: our ufrag, a colon, the peer's. MS-ICE2 has NULs behind it. */
static bool is_for_us(const uint8_t *username, size_t n, const char *ufrag)
{
    const size_t len = strlen(ufrag);

    return username && n > len && !memcmp(username, ufrag, len) && username[len] == ':';
}

static bool validate(StunAgent *agent, StunMessage *msg, uint8_t *username, uint16_t n,
                     uint8_t **password, size_t *password_len, void *arg)
{
    struct secret *secret = arg;

    (void)agent;
    (void)msg;
    secret->is_for_us = is_for_us(username, n, secret->ufrag);
    *password = (uint8_t *)secret->pwd;
    *password_len = strlen(secret->pwd);
    return secret->is_for_us;
}

enum ice_stun_verdict ice_stun_check_request(struct ice_stun *stun, enum ice_mode mode,
                                             StunMessage *msg, const uint8_t *packet, size_t n,
                                             const char *ufrag, const char *pwd)
{
    struct secret secret = {ufrag, pwd, false};

    switch (stun_agent_validate(agent_of(stun, mode), msg, packet, n, validate, &secret)) {
    case STUN_VALIDATION_SUCCESS:
        return ICE_STUN_GOOD;
    case STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE:
        return ICE_STUN_GOOD_BUT_UNKNOWN;
    case STUN_VALIDATION_UNAUTHORIZED:
        return secret.is_for_us ? ICE_STUN_FORGED : ICE_STUN_STRANGE;
    case STUN_VALIDATION_UNAUTHORIZED_BAD_REQUEST: /* no USERNAME, or no MESSAGE-INTEGRITY */
        return stun_message_has_attribute(msg, STUN_ATTRIBUTE_USERNAME) ? ICE_STUN_FORGED
                                                                        : ICE_STUN_STRANGE;
    default:
        return ICE_STUN_BROKEN;
    }
}

bool ice_stun_nominates(const StunMessage *request)
{
    return stun_message_has_attribute(request, STUN_ATTRIBUTE_USE_CANDIDATE);
}

bool ice_stun_controls(const StunMessage *request)
{
    return stun_message_has_attribute(request, STUN_ATTRIBUTE_ICE_CONTROLLING);
}

size_t ice_stun_answer(struct ice_stun *stun, uint8_t buf[static ICE_STUN_ANSWER_MAX],
                       const StunMessage *request, const struct sockaddr_storage *from)
{
    const socklen_t len =
        from->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    StunMessage msg;

    if (!stun_agent_init_response(&stun->rfc, &msg, buf, ICE_STUN_ANSWER_MAX, request) ||
        stun_message_append_xor_addr(&msg, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, from, len))
        return 0;
    return stun_agent_finish_message(&stun->rfc, &msg, NULL, 0); /* the request's key */
}

/* The library keeps the ids of 200 open requests in the agent; here they are in the components. */
size_t ice_stun_ask(struct ice_stun *stun, uint8_t buf[static ICE_STUN_CHECK_MAX],
                    uint8_t id[static sizeof(StunTransactionId)], const struct ice_stun_ask *ask)
{
    char username[2 * ICE_UFRAG_MAX];
    const int n_username =
        snprintf(username, sizeof(username), "%s:%s", ask->remote_ufrag, ask->local_ufrag);
    StunMessage msg;
    size_t n;

    if (n_username < 0 || (size_t)n_username >= sizeof(username))
        return 0;
    n = stun_usage_ice_conncheck_create(
        &stun->rfc, &msg, buf, ICE_STUN_CHECK_MAX, (const uint8_t *)username, (size_t)n_username,
        (const uint8_t *)ask->remote_pwd, strlen(ask->remote_pwd), false, ask->is_controlling,
        PRIORITY, ask->tie_breaker, NULL, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    if (!n)
        return 0;
    stun_message_id(&msg, id);
    stun_agent_forget_transaction(&stun->rfc, id);
    return n;
}

int ice_stun_read_answer(struct ice_stun *stun, const uint8_t *packet, size_t n,
                         const uint8_t id[static sizeof(StunTransactionId)], const char *remote_pwd)
{
    StunAgentSavedIds *open = &stun->rfc.sent_ids[0];
    StunValidationStatus status;
    StunMessage msg;
    int code = -1;

    memcpy(open->id, id, sizeof(open->id));
    open->method = STUN_BINDING;
    open->key = (uint8_t *)remote_pwd;
    open->key_len = strlen(remote_pwd);
    open->long_term_valid = false;
    open->valid = true;
    status = stun_agent_validate(&stun->rfc, &msg, packet, n, NULL, NULL);
    open->valid = false;
    open->key = NULL;

    if (status != STUN_VALIDATION_SUCCESS)
        return -1;
    if (stun_message_get_class(&msg) == STUN_RESPONSE)
        return 0;
    if (stun_message_find_error(&msg, &code) != STUN_MESSAGE_RETURN_SUCCESS)
        return -1;
    return code;
}

int ice_stun_error_code(struct ice_stun *stun, const uint8_t *packet, size_t n)
{
    StunMessage msg = {.agent = &stun->rfc, .buffer = (uint8_t *)packet, .buffer_len = n};
    int code = 0;

    if (stun_message_validate_buffer_length(packet, n, true) != (int)n ||
        stun_message_find_error(&msg, &code) != STUN_MESSAGE_RETURN_SUCCESS)
        return 0;
    return code;
}
