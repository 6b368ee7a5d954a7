#include "tests/stun_peer.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Who may speak to an agent: ice/vet.c. That something was dropped shows in that the next request,
 * a good one, is answered and nothing else came before. */

struct scene {
    struct ice *ice;
    struct end end;
    struct stun_peer peer;
};

static void scene_open(struct scene *s, enum ice_mode mode)
{
    struct ice_leg_config cfg = config(mode, &s->end);

    memset(s, 0, sizeof(*s));
    cfg.arg = &s->end;
    assert_int_equal(ice_alloc(&s->ice), 0);
    end_open(&s->end, s->ice, &cfg);
    stun_peer_open(&s->peer, &s->end, mode, true);
}

static void scene_close(struct scene *s)
{
    ice_leg_free(s->end.leg);
    stun_peer_close(&s->peer);
    ice_free(s->ice);
}

static struct ice_counters counters(const struct scene *s)
{
    struct ice_counters c;

    ice_read_counters(s->ice, &c);
    return c;
}

/* A fault's answer comes before that to the good request, if it has one. */
#define NONE (-2)

static int answer_to(struct scene *s, enum stun_fault fault)
{
    uint8_t faulty[sizeof(StunTransactionId)] = {0};
    StunMessage msg = {.agent = &s->peer.agent, .buffer = s->peer.last};
    int code = 0;

    stun_peer_ask(&s->peer, fault, false);
    memcpy(faulty, s->peer.asked, sizeof(faulty));
    stun_peer_ask(&s->peer, STUN_FINE, false);
    do
        assert_int_not_equal(stun_peer_take(&s->peer), -1);
    while (!(s->peer.last[0] & 1));
    if (memcmp(s->peer.last + 4, faulty, sizeof(faulty)) != 0)
        return NONE; /* it is that of the good one already */
    msg.buffer_len = s->peer.n_last;
    if (s->peer.last[1] & 0x10)
        assert_int_equal(stun_message_find_error(&msg, &code), STUN_MESSAGE_RETURN_SUCCESS);
    assert_int_equal(stun_peer_await_answer(&s->peer), 0);
    return code;
}

static void each_fault_has_its_answer(void **state)
{
    static const struct {
        const char *reason;
        enum stun_fault fault;
        int rfc, lync;
    } rows[] = {
        {"a good request", STUN_FINE, 0, 0},
        {"a ufrag that is not ours: a peer is told, Lync drops", STUN_WRONG_UFRAG, 401, NONE},
        {"a password that is not ours", STUN_WRONG_PASSWORD, 401, 401},
        {"no USERNAME: MS-ICE2 ignores it, as keep-alives have none", STUN_NO_USERNAME, 400, NONE},
        {"no MESSAGE-INTEGRITY", STUN_NO_INTEGRITY, 400, 400},
        {"FINGERPRINT of another CRC", STUN_WRONG_FINGERPRINT, NONE, NONE},
        {"an attribute that must be understood, from the peer", STUN_UNKNOWN_ATTRIBUTE, 420, 420},
        {"an attribute longer than its message", STUN_CUT_ATTRIBUTE, NONE, NONE},
        {"a message shorter than it says", STUN_CUT, NONE, NONE},
        {"an attribute that is not padded", STUN_UNPADDED, NONE, NONE},
    };
    static const enum ice_mode dialects[] = {ICE_MODE_RFC, ICE_MODE_LYNC};

    (void)state;
    for (unsigned d = 0; d < 2; d++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            struct scene s;

            print_message("           %s: %s\n", ice_mode_name(dialects[d]), rows[i].reason);
            scene_open(&s, dialects[d]);
            assert_int_equal(answer_to(&s, rows[i].fault), d == 0 ? rows[i].rfc : rows[i].lync);
            scene_close(&s);
        }
    }
}

static void strangers_are_counted_and_broken_messages_too(void **state)
{
    static const uint8_t response[20] = {0x01, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1};
    static const uint8_t allocate[64] = {0x01, 0x03, 0, 44, 0x21, 0x12, 0xa4, 0x42, 1};
    struct scene s;
    struct ice_counters c;

    (void)state;
    scene_open(&s, ICE_MODE_RFC);
    (void)answer_to(&s, STUN_WRONG_UFRAG);
    (void)answer_to(&s, STUN_WRONG_PASSWORD);
    (void)answer_to(&s, STUN_WRONG_FINGERPRINT);
    stun_peer_send(&s.peer, response, sizeof(response));
    stun_peer_send(&s.peer, allocate, sizeof(allocate));
    (void)answer_to(&s, STUN_FINE);
    c = counters(&s);
    assert_int_equal(c.n_auth, 2);
    assert_int_equal(c.n_bad, 2);
    assert_int_equal(c.n_unsolicited, 1);
    scene_close(&s);
}

#define FORGERIES  200
#define ERRORS_MAX 20 /* ten a second, and the second may change meanwhile */

static void errors_are_limited_and_smaller_than_what_asked_for_them(void **state)
{
    static const enum stun_fault faults[] = {STUN_WRONG_UFRAG, STUN_WRONG_PASSWORD,
                                             STUN_NO_INTEGRITY, STUN_UNKNOWN_ATTRIBUTE};

    (void)state;
    for (unsigned f = 0; f < sizeof(faults) / sizeof(faults[0]); f++) {
        unsigned n_errors = 0;
        size_t n_bytes = 0;
        struct scene s;

        scene_open(&s, ICE_MODE_RFC);
        for (unsigned i = 0; i < FORGERIES; i++)
            stun_peer_ask(&s.peer, faults[f], false);
        stun_peer_ask(&s.peer, STUN_FINE, false);
        for (;;) {
            assert_int_not_equal(stun_peer_take(&s.peer), -1);
            if (!memcmp(s.peer.last + 4, s.peer.asked, sizeof(s.peer.asked)))
                break;
            if (!(s.peer.last[0] & 1))
                continue;
            n_errors++;
            n_bytes = s.peer.n_last > n_bytes ? s.peer.n_last : n_bytes;
        }
        assert_in_range(n_errors, 1, ERRORS_MAX);
        print_message("           %u errors of at most %zu bytes\n", n_errors, n_bytes);
        if (faults[f] != STUN_UNKNOWN_ATTRIBUTE) /* that one is the peer's own */
            assert_true(n_bytes <= 64); /* the shortest request that comes here has as many */
        scene_close(&s);
    }
}

static void keep_alives_are_swallowed(void **state)
{
    static const uint8_t indication[28] = {0x00, 0x11, 0, 8, 0x21, 0x12, 0xa4, 0x42,
                                           9,    9,    9, 9, 9,    9,    9,    9,
                                           9,    9,    9, 9, 0x80, 0x28, 0,    4};
    struct scene s;

    (void)state;
    scene_open(&s, ICE_MODE_RFC);
    stun_peer_send(&s.peer, indication, sizeof(indication));
    assert_int_equal(answer_to(&s, STUN_FINE), 0);
    assert_int_equal(counters(&s).n_bad, 0);
    scene_close(&s);
}

/* ---- a pair that is settled ---- */

static bool is_ready(const struct end *end)
{
    return end->states[0] == ICE_STATE_READY && end->n_selected[0] > 0;
}

/* The peer controls, nominates and answers until the end is ready. */
static void settle(struct scene *s)
{
    stun_peer_introduce(&s->peer, &s->end);
    while (!is_ready(&s->end)) {
        stun_peer_ask(&s->peer, STUN_FINE, true);
        assert_int_equal(stun_peer_await_answer(&s->peer), 0);
        while (stun_peer_has_more(&s->peer, 5))
            assert_int_not_equal(stun_peer_take(&s->peer), -1);
        ice_dispatch(s->ice, event_h, NULL);
    }
}

static void a_settled_pair_is_answered_without_the_agent(void **state)
{
    struct scene s;
    struct sockaddr_storage mapped = {0}, own;
    socklen_t len = sizeof(mapped);
    StunMessage msg;
    uint64_t before;

    (void)state;
    scene_open(&s, ICE_MODE_RFC);
    settle(&s);
    before = counters(&s).n_answered;
    stun_peer_ask(&s.peer, STUN_FINE, false);
    assert_int_equal(stun_peer_await_answer(&s.peer), 0);
    assert_int_equal(counters(&s).n_answered, before + 1);

    msg = (StunMessage){.agent = &s.peer.agent, .buffer = s.peer.last, .buffer_len = s.peer.n_last};
    own = stun_peer_address(&s.peer);
    assert_int_equal(
        stun_message_find_xor_addr(&msg, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &mapped, &len), 0);
    assert_same_addr(&mapped, &own);
    assert_true(stun_message_has_attribute(&msg, STUN_ATTRIBUTE_MESSAGE_INTEGRITY));
    assert_true(stun_message_has_attribute(&msg, STUN_ATTRIBUTE_FINGERPRINT));
    scene_close(&s);
}

static void another_address_and_a_role_conflict_are_the_agents(void **state)
{
    struct scene s;
    struct stun_peer other;
    uint64_t before;

    (void)state;
    scene_open(&s, ICE_MODE_RFC);
    settle(&s);
    before = counters(&s).n_answered;
    stun_peer_open(&other, &s.end, ICE_MODE_RFC, true);
    stun_peer_ask(&other, STUN_FINE, false);
    assert_int_equal(stun_peer_await_answer(&other), 0);
    s.peer.controls = false; /* as the end is: RFC 8445 s.7.3.1.1 */
    stun_peer_ask(&s.peer, STUN_FINE, false);
    (void)stun_peer_await_answer(&s.peer);
    assert_int_equal(counters(&s).n_answered, before);
    stun_peer_close(&other);
    scene_close(&s);
}

/* RFC 8445 s.9: during a restart the pair in use goes on, and so do checks on it. */
static void the_pair_from_before_a_restart_is_answered(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, ICE_MODE_RFC);
    settle(&s);
    assert_int_equal(ice_leg_restart(s.end.leg), 0);
    stun_peer_ask(&s.peer, STUN_FINE, false); /* with the old credentials */
    assert_int_equal(stun_peer_await_answer(&s.peer), 0);
    stun_peer_meet(&s.peer, &s.end);
    settle(&s);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_has_its_answer),
        cmocka_unit_test(strangers_are_counted_and_broken_messages_too),
        cmocka_unit_test(errors_are_limited_and_smaller_than_what_asked_for_them),
        cmocka_unit_test(keep_alives_are_swallowed),
        cmocka_unit_test(a_settled_pair_is_answered_without_the_agent),
        cmocka_unit_test(another_address_and_a_role_conflict_are_the_agents),
        cmocka_unit_test(the_pair_from_before_a_restart_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
