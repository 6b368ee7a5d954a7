#include "tests/stun_peer.h"

#include <poll.h>
#include <string.h>

/* Consent to send (RFC 7675): asked for, kept, lost, withdrawn, found again. The peer is a socket
 * that answers checks, or does not. */

struct scene {
    struct ice *ice;
    struct end end;
    struct stun_peer peer;
};

#define ASK_MS  20
#define LIFE_MS 150
#define HOUR_MS 3600000

static void scene_open(struct scene *s, unsigned life_ms)
{
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &s->end);

    memset(s, 0, sizeof(*s));
    cfg.consent_ms = ASK_MS;
    cfg.consent_life_ms = life_ms;
    assert_int_equal(ice_alloc(&s->ice), 0);
    end_open(&s->end, s->ice, &cfg);
    stun_peer_open(&s->peer, &s->end, ICE_MODE_RFC, true);
}

static void scene_close(struct scene *s)
{
    ice_leg_free(s->end.leg);
    stun_peer_close(&s->peer);
    ice_free(s->ice);
}

/* Both are served until the end is in a state. */
static void run_until(struct scene *s, enum ice_state state, bool nominates)
{
    struct pollfd fds[] = {{.fd = s->peer.fd, .events = POLLIN},
                           {.fd = ice_event_fd(s->ice), .events = POLLIN}};

    if (nominates)
        stun_peer_ask(&s->peer, STUN_FINE, true);
    while (s->end.states[0] != state) {
        assert_true(poll(fds, 2, HANG_MS) > 0);
        if (fds[1].revents)
            ice_dispatch(s->ice, event_h, NULL);
        if (!fds[0].revents)
            continue;
        assert_int_not_equal(stun_peer_take(&s->peer), -1);
        if (nominates && !(s->peer.last[0] & 1)) /* it checks us: time to nominate again */
            stun_peer_ask(&s->peer, STUN_FINE, true);
    }
}

static void connect_it(struct scene *s)
{
    stun_peer_introduce(&s->peer, &s->end);
    run_until(s, ICE_STATE_READY, true);
}

static bool has_pair(const struct scene *s)
{
    struct ice_candidate local, remote;

    return ice_selected_pair(s->end.leg, 0, 1, &local, &remote);
}

/* Far beyond the life of one answer: only further answers explain it. */
static void consent_lasts_while_the_peer_answers(void **state)
{
    struct scene s;
    const unsigned enough = 4 * LIFE_MS / ASK_MS;

    (void)state;
    scene_open(&s, LIFE_MS);
    connect_it(&s);
    s.peer.n_checks = 0;
    while (s.peer.n_checks < enough) {
        assert_int_not_equal(stun_peer_take(&s.peer), -1);
        ice_dispatch(s.ice, event_h, NULL);
        assert_int_not_equal(s.end.states[0], ICE_STATE_LOST);
    }
    assert_true(has_pair(&s));
    scene_close(&s);
}

static void a_silent_peer_loses_it_and_a_restart_finds_it_again(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, LIFE_MS);
    connect_it(&s);
    s.peer.is_silent = true;
    run_until(&s, ICE_STATE_LOST, false);
    assert_false(has_pair(&s));

    s.peer.is_silent = false;
    assert_int_equal(ice_leg_restart(s.end.leg), 0);
    (void)strcpy(s.peer.own_ufrag, "again");
    stun_peer_meet(&s.peer, &s.end);
    connect_it(&s);
    assert_true(has_pair(&s));
    scene_close(&s);
}

static void a_forged_answer_renews_nothing(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, LIFE_MS);
    connect_it(&s);
    s.peer.answers_forged = true;
    run_until(&s, ICE_STATE_LOST, false);
    scene_close(&s);
}

/* The life of consent is an hour: only the peer's word ends it. */
static void an_authentic_403_withdraws_it_at_once(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, HOUR_MS);
    connect_it(&s);
    s.peer.answers_error = STUN_ERROR_FORBIDDEN;
    run_until(&s, ICE_STATE_LOST, false);
    assert_false(has_pair(&s));
    scene_close(&s);
}

static void other_errors_and_forged_403s_withdraw_nothing(void **state)
{
    static const int codes[] = {STUN_ERROR_ROLE_CONFLICT, STUN_ERROR_UNAUTHORIZED,
                                STUN_ERROR_SERVER_ERROR};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct scene s;

        scene_open(&s, HOUR_MS);
        connect_it(&s);
        s.peer.answers_error = i < 3 ? codes[i] : STUN_ERROR_FORBIDDEN;
        s.peer.answers_forged = i == 3;
        s.peer.n_checks = 0;
        while (s.peer.n_checks < 5) {
            assert_int_not_equal(stun_peer_take(&s.peer), -1);
            ice_dispatch(s.ice, event_h, NULL);
        }
        assert_int_equal(s.end.states[0], ICE_STATE_READY);
        assert_true(has_pair(&s));
        scene_close(&s);
    }
}

/* Lync may stop answering checks after the final offer. */
static void lync_is_never_asked(void **state)
{
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_LYNC, &a), cfg_b = config(ICE_MODE_LYNC, &b);
    struct ice_check before, after;

    (void)state;
    cfg_a.is_controlling = true;
    cfg_a.consent_ms = cfg_b.consent_ms = 1;
    cfg_a.consent_life_ms = cfg_b.consent_life_ms = 20;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg_a);
    end_open(&b, ice, &cfg_b);
    introduce(&a, &b, ICE_MODE_LYNC);
    await_both(ice, &a, &b, ICE_STATE_READY);
    ice_leg_free(b.leg); /* nobody is there to answer */
    assert_int_equal(ice_read_checks(a.leg, 0, 1, &before, 1), 1);
    poll(NULL, 0, 100); /* five lives of consent: that nothing happens has no event to wait for */
    ice_dispatch(ice, event_h, NULL);
    assert_int_equal(ice_read_checks(a.leg, 0, 1, &after, 1), 1);
    assert_int_equal(a.states[0], ICE_STATE_READY);
    ice_leg_free(a.leg);
    ice_free(ice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(consent_lasts_while_the_peer_answers),
        cmocka_unit_test(a_silent_peer_loses_it_and_a_restart_finds_it_again),
        cmocka_unit_test(a_forged_answer_renews_nothing),
        cmocka_unit_test(an_authentic_403_withdraws_it_at_once),
        cmocka_unit_test(other_errors_and_forged_403s_withdraw_nothing),
        cmocka_unit_test(lync_is_never_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
