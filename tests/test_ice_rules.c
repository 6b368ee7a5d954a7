#include "tests/ice_rig.h"

#include <string.h>

/* Roles, lite agents, trickle, restarts, the time limit: in each dialect that knows them. */

static struct ice *open_two(struct end *a, struct end *b, struct ice_leg_config *cfg_a,
                            struct ice_leg_config *cfg_b)
{
    struct ice *ice;

    assert_int_equal(ice_alloc(&ice), 0);
    end_open(a, ice, cfg_a);
    end_open(b, ice, cfg_b);
    return ice;
}

static void close_two(struct ice *ice, struct end *a, struct end *b)
{
    ice_leg_free(a->leg);
    ice_leg_free(b->leg);
    ice_free(ice);
}

static void expect_meeting(struct ice *ice, struct end *a, struct end *b)
{
    await_both(ice, a, b, ICE_STATE_READY);
    assert_pairs_meet(a, b);
    assert_pairs_meet(b, a);
}

/* ---- roles ---- */

static void the_two_agree_whoever_controls_and_whoever_thinks_so(void **state)
{
    static const struct {
        const char *reason;
        bool a, b;
    } rows[] = {{"the first controls", true, false},
                {"the second controls", false, true},
                {"both think that they do", true, true},
                {"neither thinks so", false, false}};

    (void)state;
    for (unsigned m = 0; m < N_MODES; m++) {
        const unsigned n_rows = is_draft6(modes[m]) ? 2 : 4; /* draft-06 has no role to conflict */

        for (unsigned i = 0; i < n_rows; i++) {
            struct end a = {0}, b = {0};
            struct ice_leg_config cfg_a = config(modes[m], &a), cfg_b = config(modes[m], &b);
            struct ice *ice;

            print_message("           %s: %s\n", ice_mode_name(modes[m]), rows[i].reason);
            cfg_a.is_controlling = rows[i].a;
            cfg_b.is_controlling = rows[i].b;
            ice = open_two(&a, &b, &cfg_a, &cfg_b);
            introduce(&a, &b, modes[m]);
            expect_meeting(ice, &a, &b);
            close_two(ice, &a, &b);
        }
    }
}

/* ---- lite ---- */

static void a_lite_agent_goes_where_its_peer_nominates(void **state)
{
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);
    struct ice_check checks[4];
    struct ice *ice;

    (void)state;
    cfg_a.is_lite = true;
    cfg_b.is_lite_peer = true;
    ice = open_two(&a, &b, &cfg_a, &cfg_b);
    introduce(&a, &b, ICE_MODE_RFC);
    expect_meeting(ice, &a, &b);
    assert_int_equal(ice_read_checks(a.leg, 0, 1, checks, 4), 1);
    assert_int_equal(checks[0].n_sent, 0); /* it makes no checks */
    assert_true(checks[0].n_received > 0);
    close_two(ice, &a, &b);
}

static void two_lite_agents_take_what_signalling_says(void **state)
{
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);
    struct ice *ice;

    (void)state;
    cfg_a.is_lite = cfg_a.is_lite_peer = cfg_b.is_lite = cfg_b.is_lite_peer = true;
    ice = open_two(&a, &b, &cfg_a, &cfg_b);
    introduce(&a, &b, ICE_MODE_RFC);
    expect_meeting(ice, &a, &b);
    close_two(ice, &a, &b);
}

/* ---- trickle ---- */

static void candidates_may_come_one_by_one(void **state)
{
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);
    struct ice_candidate c[COMPONENTS];
    struct ice *ice;

    (void)state;
    cfg_a.is_controlling = true;
    ice = open_two(&a, &b, &cfg_a, &cfg_b);
    ice_set_trickling(a.leg, 0);
    signal_credentials(&a, &b);
    signal_credentials(&b, &a);
    assert_int_equal(ice_set_remote_candidates(a.leg, 0, NULL, 0), 0);
    assert_int_equal(ice_local_candidates(b.leg, 0, c, COMPONENTS), COMPONENTS);
    for (unsigned i = 0; i < COMPONENTS; i++)
        assert_int_equal(ice_set_remote_candidates(a.leg, 0, &c[i], 1), 1);
    ice_end_of_candidates(a.leg, 0);
    expect_meeting(ice, &a, &b);
    close_two(ice, &a, &b);
}

/* libnice's own timers are made short: it has long given up when the last candidate comes. */
static void nothing_has_failed_before_the_end_of_candidates(void **state)
{
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);
    struct ice_candidate nowhere = {.foundation = "9", .component = 1, .priority = 100};
    struct ice_check check;
    struct ice *ice;

    (void)state;
    cfg_a.is_controlling = true;
    cfg_a.idle_ms = 50; /* the least that it takes */
    cfg_a.n_transmissions = 1;
    ice = open_two(&a, &b, &cfg_a, &cfg_b);
    ice_set_trickling(a.leg, 0);
    signal_credentials(&a, &b);
    signal_credentials(&b, &a);
    nowhere.addr = address("127.0.0.1", 9);
    assert_int_equal(ice_set_remote_candidates(a.leg, 0, &nowhere, 1), 1);
    do
        assert_true(ice_read_checks(a.leg, 0, 1, &check, 1) <= 1);
    while (check.n_sent == 0);
    ice_dispatch(ice, event_h, NULL);
    assert_int_not_equal(a.states[0], ICE_STATE_FAILED);

    signal_candidates(&a, &b, false);
    ice_end_of_candidates(a.leg, 0);
    expect_meeting(ice, &a, &b);
    close_two(ice, &a, &b);
}

/* ---- restart ---- */

static void a_restart_keeps_the_pair_until_there_is_a_new_one(void **state)
{
    static const enum ice_mode both[] = {ICE_MODE_RFC, ICE_MODE_LYNC, ICE_MODE_WLM2009};

    (void)state;
    for (unsigned m = 0; m < 3; m++) {
        struct end a = {0}, b = {0};
        struct ice_leg_config cfg_a = config(both[m], &a), cfg_b = config(both[m], &b);
        struct ice_candidate local, remote;
        struct ice *ice;
        unsigned n_before;

        print_message("           %s\n", ice_mode_name(both[m]));
        cfg_a.is_controlling = true;
        ice = open_two(&a, &b, &cfg_a, &cfg_b);
        introduce(&a, &b, both[m]);
        expect_meeting(ice, &a, &b);
        n_before = a.n_selected[0];

        assert_int_equal(ice_leg_restart(a.leg), 0);
        assert_int_equal(ice_leg_restart(b.leg), 0);
        assert_true(ice_selected_pair(a.leg, 0, 1, &local, &remote));
        assert_same_addr(&remote.addr, &b.local[0].addr);
        introduce(&a, &b, both[m]);
        while (a.n_selected[0] == n_before) {
            await_event(ice);
            ice_dispatch(ice, event_h, NULL);
        }
        expect_meeting(ice, &a, &b);
        close_two(ice, &a, &b);
    }
}

/* ---- the time limit ---- */

static void every_dialect_fails_by_the_time_limit_and_says_what_it_tried(void **state)
{
    (void)state;
    for (unsigned m = 0; m < N_MODES; m++) {
        struct end a = {0}, b = {0};
        struct ice_leg_config cfg_a = config(modes[m], &a), cfg_b = config(modes[m], &b);
        struct ice_check checks[4];
        struct ice *ice;

        print_message("           %s\n", ice_mode_name(modes[m]));
        cfg_a.timeout_ms = 300;
        cfg_a.is_controlling = true;
        ice = open_two(&a, &b, &cfg_a, &cfg_b);
        introduce(&a, &b, modes[m]);
        ice_leg_free(b.leg); /* before it could answer, or else after: then there is a pair */
        while (a.states[0] != ICE_STATE_FAILED && a.n_selected[0] == 0) {
            await_event(ice);
            ice_dispatch(ice, event_h, NULL);
        }
        assert_int_equal(ice_read_checks(a.leg, 0, 1, checks, 4), 1);
        assert_true(checks[0].n_sent > 0);
        assert_int_equal(port_of(&checks[0].remote), b.ports[0]);
        ice_leg_free(a.leg);
        ice_free(ice);
    }
}

static void a_limit_that_has_passed_does_not_forbid_a_pair(void **state)
{
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);
    struct ice *ice;

    (void)state;
    cfg_a.timeout_ms = 1;
    cfg_a.is_controlling = true;
    ice = open_two(&a, &b, &cfg_a, &cfg_b);
    signal_credentials(&a, &b);
    signal_credentials(&b, &a);
    assert_int_equal(ice_set_remote_candidates(a.leg, 0, NULL, 0), 0);
    while (!is_in(&a, ICE_STATE_FAILED)) {
        await_event(ice);
        ice_dispatch(ice, event_h, NULL);
    }
    signal_candidates(&b, &a, false);
    signal_candidates(&a, &b, false);
    expect_meeting(ice, &a, &b);
    close_two(ice, &a, &b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_agree_whoever_controls_and_whoever_thinks_so),
        cmocka_unit_test(a_lite_agent_goes_where_its_peer_nominates),
        cmocka_unit_test(two_lite_agents_take_what_signalling_says),
        cmocka_unit_test(candidates_may_come_one_by_one),
        cmocka_unit_test(nothing_has_failed_before_the_end_of_candidates),
        cmocka_unit_test(a_restart_keeps_the_pair_until_there_is_a_new_one),
        cmocka_unit_test(every_dialect_fails_by_the_time_limit_and_says_what_it_tried),
        cmocka_unit_test(a_limit_that_has_passed_does_not_forbid_a_pair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
