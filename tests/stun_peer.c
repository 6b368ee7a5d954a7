#include "tests/stun_peer.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <stun/usages/ice.h>

#define FAULTY_TYPE   0x7f01 /* comprehension-required, and nobody's */
#define OPTIONAL_TYPE 0xff01
#define TIE_BREAKER   0x1122334455667788u
#define HEADER        20
#define FINGERPRINT   8

struct sockaddr_storage stun_peer_address(const struct stun_peer *p)
{
    struct sockaddr_storage ss = {0};
    socklen_t len = sizeof(ss);

    assert_int_equal(getsockname(p->fd, (struct sockaddr *)&ss, &len), 0);
    return ss;
}

void stun_peer_meet(struct stun_peer *p, const struct end *end)
{
    (void)snprintf(p->ufrag, sizeof(p->ufrag), "%s", ice_local_ufrag(end->leg, 0));
    (void)snprintf(p->pwd, sizeof(p->pwd), "%s", ice_local_pwd(end->leg, 0));
}

static void open_at(struct stun_peer *p, const char *own_address, enum ice_mode mode, bool controls)
{
    const struct sockaddr_storage any = address(own_address, 0);
    StunAgentUsageFlags flags =
        STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT;

    memset(p, 0, sizeof(*p));
    p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->fd, (const struct sockaddr *)&any, sizeof(struct sockaddr_in)), 0);
    if (mode == ICE_MODE_LYNC)
        flags |= STUN_AGENT_USAGE_NO_ALIGNED_ATTRIBUTES;
    stun_agent_init(&p->agent, STUN_ALL_KNOWN_ATTRIBUTES,
                    mode == ICE_MODE_RFC ? STUN_COMPATIBILITY_RFC5389 : STUN_COMPATIBILITY_MSICE2,
                    flags);
    p->controls = controls;
    (void)snprintf(p->own_ufrag, sizeof(p->own_ufrag), "peer");
    (void)snprintf(p->own_pwd, sizeof(p->own_pwd), "passwordpasswordpassword");
}

void stun_peer_open(struct stun_peer *p, const struct end *end, enum ice_mode mode, bool controls)
{
    open_at(p, "127.0.0.1", mode, controls);
    p->to = address("127.0.0.1", end->ports[0]);
    stun_peer_meet(p, end);
}

void stun_peer_open_at(struct stun_peer *p, const char *own_address, bool controls)
{
    open_at(p, own_address, ICE_MODE_RFC, controls);
}

void stun_peer_close(struct stun_peer *p)
{
    close(p->fd);
}

void stun_peer_introduce(const struct stun_peer *p, struct end *end)
{
    const struct ice_candidate c = {.foundation = "1",
                                    .component = 1,
                                    .type = ICE_HOST,
                                    .priority = 2130706431,
                                    .addr = stun_peer_address(p)};

    assert_int_equal(ice_set_remote_credentials(end->leg, 0, p->own_ufrag, p->own_pwd), 0);
    assert_int_equal(ice_set_remote_candidates(end->leg, 0, &c, 1), 1);
}

void stun_peer_send(const struct stun_peer *p, const void *bytes, size_t n)
{
    assert_int_equal(
        sendto(p->fd, bytes, n, 0, (const struct sockaddr *)&p->to, sizeof(struct sockaddr_in)), n);
}

/* ---- requests ---- */

static void append_username(const struct stun_peer *p, StunMessage *msg, enum stun_fault fault)
{
    char username[160] = {0};
    int n = snprintf(username, sizeof(username), "%s:%s",
                     fault == STUN_WRONG_UFRAG ? "nobody" : p->ufrag, p->own_ufrag);

    if (p->agent.compatibility == STUN_COMPATIBILITY_MSICE2)
        n = (n + 3) & ~3; /* NULs, counted */
    if (fault != STUN_NO_USERNAME)
        stun_message_append_bytes(msg, STUN_ATTRIBUTE_USERNAME, username, (size_t)n);
}

static void spoil(uint8_t *buf, size_t *n, enum stun_fault fault)
{
    if (fault == STUN_WRONG_FINGERPRINT)
        buf[*n - 1] ^= 0x55;
    if (fault == STUN_CUT)
        *n -= 4;
    if (fault == STUN_CUT_ATTRIBUTE)
        buf[HEADER + 2] = 0x7f;
    if (fault == STUN_UNPADDED) { /* the header tells the true length */
        memmove(buf + HEADER + 9, buf + HEADER + 8, *n - HEADER - 8);
        buf[HEADER + 3] = 5;
        *n += 1;
        buf[3] = (uint8_t)(*n - HEADER);
    }
}

void stun_peer_ask(struct stun_peer *p, enum stun_fault fault, bool nominates)
{
    uint8_t buf[512];
    StunMessage msg;
    const char *pwd = fault == STUN_WRONG_PASSWORD ? "wrongwrongwrongwrongwrong" : p->pwd;
    size_t n;

    stun_agent_init_request(&p->agent, &msg, buf, sizeof(buf), STUN_BINDING);
    stun_message_append32(&msg, STUN_ATTRIBUTE_PRIORITY, 1000);
    stun_message_append64(
        &msg, p->controls ? STUN_ATTRIBUTE_ICE_CONTROLLING : STUN_ATTRIBUTE_ICE_CONTROLLED,
        TIE_BREAKER);
    if (nominates)
        stun_message_append_flag(&msg, STUN_ATTRIBUTE_USE_CANDIDATE);
    append_username(p, &msg, fault);
    if (fault == STUN_UNKNOWN_ATTRIBUTE)
        stun_message_append32(&msg, (StunAttribute)FAULTY_TYPE, 0);
    while (stun_message_length(&msg) < 64) /* shorter ones never come to an agent */
        stun_message_append32(&msg, (StunAttribute)OPTIONAL_TYPE, 0);
    n = fault == STUN_NO_INTEGRITY
            ? stun_agent_finish_message(&p->agent, &msg, NULL, 0)
            : stun_agent_finish_message(&p->agent, &msg, (const uint8_t *)pwd, strlen(pwd));
    assert_true(n > 0);
    stun_message_id(&msg, p->asked);
    stun_agent_forget_transaction(&p->agent, p->asked);
    spoil(buf, &n, fault);
    stun_peer_send(p, buf, n);
}

/* ---- what comes ---- */

static bool give_password(StunAgent *agent, StunMessage *msg, uint8_t *username, uint16_t n,
                          uint8_t **password, size_t *password_len, void *arg)
{
    struct stun_peer *p = arg;

    (void)agent;
    (void)msg;
    (void)username;
    (void)n;
    *password = (uint8_t *)p->own_pwd;
    *password_len = strlen(p->own_pwd);
    return true;
}

static void answer(struct stun_peer *p, StunMessage *request)
{
    const struct sockaddr_storage to = p->to;
    uint8_t buf[512];
    StunMessage msg;
    size_t n;

    if (p->answers_error) {
        stun_agent_init_error(&p->agent, &msg, buf, sizeof(buf), request,
                              (StunError)p->answers_error);
    } else {
        stun_agent_init_response(&p->agent, &msg, buf, sizeof(buf), request);
        stun_message_append_xor_addr(&msg, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &to,
                                     sizeof(struct sockaddr_in));
    }
    n = stun_agent_finish_message(&p->agent, &msg, NULL, 0);
    assert_true(n > 0);
    if (p->answers_forged)
        buf[n - FINGERPRINT - 1] ^= 0x55;
    stun_peer_send(p, buf, n);
}

bool stun_peer_has_more(const struct stun_peer *p, int wait_ms)
{
    struct pollfd pfd = {.fd = p->fd, .events = POLLIN};

    return poll(&pfd, 1, wait_ms) == 1;
}

int stun_peer_take(struct stun_peer *p)
{
    StunMessage msg;
    ssize_t n;

    if (!stun_peer_has_more(p, HANG_MS))
        return -1;
    n = recv(p->fd, p->last, sizeof(p->last), 0);
    assert_true(n > 0);
    p->n_last = (size_t)n;
    if (p->last[0] == 0 && p->last[1] == 1) {
        p->n_checks++;
        if (stun_agent_validate(&p->agent, &msg, p->last, p->n_last, give_password, p) ==
                STUN_VALIDATION_SUCCESS &&
            !p->is_silent)
            answer(p, &msg);
    }
    return (p->last[0] & 1) << 1 | (p->last[1] & 0x10) >> 4;
}

int stun_peer_await_answer(struct stun_peer *p)
{
    StunMessage msg = {.agent = &p->agent};
    int code = 0;

    do {
        assert_int_not_equal(stun_peer_take(p), -1);
    } while (!(p->last[0] & 1) || memcmp(p->last + 4, p->asked, sizeof(p->asked)) != 0);
    msg.buffer = p->last;
    msg.buffer_len = p->n_last;
    if ((p->last[1] & 0x10) && stun_message_find_error(&msg, &code))
        return -1;
    return code;
}
