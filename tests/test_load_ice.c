#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/load/ice.h"
#include "bench/load/stun.h"

/* The ICE agent of the load: two of them are each other's relay here. */

struct rig {
    struct load_end end[2];
    struct load_ice ice[2];
    union load_address address;
};

static void rig_make(struct rig *r, bool is_first_controlling, bool is_second_controlling)
{
    struct load_ice_names a = {"aaaaaaaa", "the password of a, 24 ch"};
    struct load_ice_names b = {"bbbbbbbb", "the password of b, 24 ch"};

    *r = (struct rig){.end = {{.ours = a, .theirs = b}, {.ours = b, .theirs = a}}};
    assert_true(load_address_parse(&r->address, "192.0.2.1"));
    load_ice_init(&r->ice[0], &r->end[0], is_first_controlling, 0, 77);
    load_ice_init(&r->ice[1], &r->end[1], is_second_controlling, 0, 55);
}

/* What each side has to send now, and the answers to it. @return whether both are done */
static bool exchange(struct rig *r, uint64_t now_ns)
{
    uint8_t check[LOAD_STUN_MAX], answer[LOAD_STUN_MAX], none[LOAD_STUN_MAX];

    for (unsigned i = 0; i < 2; i++) {
        for (unsigned c = 0; c < LOAD_ICE_COMPONENTS; c++) {
            size_t n = load_ice_next(&r->ice[i], c, now_ns, check);
            if (!n)
                continue;
            n = load_ice_take(&r->ice[!i], c, &r->address, check, n, answer);
            if (n)
                assert_int_equal(load_ice_take(&r->ice[i], c, &r->address, answer, n, none), 0);
        }
    }
    return load_ice_is_done(&r->ice[0]) && load_ice_is_done(&r->ice[1]);
}

static void ice_connects_both_components_with_one_check_each(void **state)
{
    struct rig r;

    (void)state;
    rig_make(&r, true, false);
    assert_true(exchange(&r, 0));
    assert_int_equal(r.ice[0].n_checks, LOAD_ICE_COMPONENTS);
    assert_int_equal(r.ice[1].n_checks, LOAD_ICE_COMPONENTS);
}

static void ice_repairs_a_conflict_of_roles(void **state)
{
    static const bool roles[][2] = {{true, true}, {false, false}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r;
        bool is_done = false;

        rig_make(&r, roles[i][0], roles[i][1]);
        for (unsigned turn = 0; turn < 5 && !is_done; turn++)
            is_done = exchange(&r, turn * LOAD_ICE_INTERVAL_NS);
        assert_true(is_done);
        assert_true(r.ice[0].is_controlling != r.ice[1].is_controlling);
        assert_true(r.ice[0].n_conflicts + r.ice[1].n_conflicts > 0);
    }
}

static void ice_believes_nothing_with_the_wrong_password(void **state)
{
    struct rig r;

    (void)state;
    rig_make(&r, true, false);
    r.end[0].theirs.pwd[0] = 'T';
    for (unsigned turn = 0; turn < 5; turn++)
        assert_false(exchange(&r, turn * LOAD_ICE_INTERVAL_NS));
    assert_false(load_ice_is_done(&r.ice[0]));
    assert_true(r.ice[1].n_bad > 0);
}

static void ice_tries_again_at_intervals_and_gives_up_in_the_end(void **state)
{
    uint8_t check[LOAD_STUN_MAX];
    struct rig r;

    (void)state;
    rig_make(&r, true, false);
    for (uint64_t i = 0; i < LOAD_ICE_TRIES; i++) {
        assert_false(load_ice_has_failed(&r.ice[0]));
        assert_true(load_ice_next(&r.ice[0], 0, i * LOAD_ICE_INTERVAL_NS, check));
        assert_int_equal(load_ice_next(&r.ice[0], 0, i * LOAD_ICE_INTERVAL_NS, check), 0);
    }
    assert_true(load_ice_has_failed(&r.ice[0]));
    assert_int_equal(load_ice_next(&r.ice[0], 0, UINT64_MAX, check), 0);
}

static void ice_tells_a_check_that_was_lost_from_one_under_way(void **state)
{
    uint8_t check[LOAD_STUN_MAX];
    struct rig r;

    (void)state;
    rig_make(&r, true, false);
    assert_true(load_ice_next(&r.ice[0], 0, 0, check)); /* and nobody answers it */
    assert_int_equal(load_ice_lost(&r.ice[0]), 0);
    assert_true(exchange(&r, LOAD_ICE_INTERVAL_NS)); /* the next one is answered */
    assert_int_equal(load_ice_lost(&r.ice[0]), 1);
    assert_int_equal(load_ice_lost(&r.ice[1]), 0);
}

static void ice_has_lost_all_checks_of_a_peer_that_is_not_there(void **state)
{
    uint8_t check[LOAD_STUN_MAX];
    struct rig r;

    (void)state;
    rig_make(&r, true, false);
    for (uint64_t i = 0; i < LOAD_ICE_TRIES; i++)
        assert_true(load_ice_next(&r.ice[0], 1, i * LOAD_ICE_INTERVAL_NS, check));
    assert_int_equal(load_ice_lost(&r.ice[0]), LOAD_ICE_TRIES);
}

static void a_repaired_conflict_is_no_lost_check(void **state)
{
    struct rig r;
    bool is_done = false;

    (void)state;
    rig_make(&r, true, true);
    for (unsigned turn = 0; turn < 5 && !is_done; turn++)
        is_done = exchange(&r, turn * LOAD_ICE_INTERVAL_NS);
    assert_true(is_done);
    assert_int_equal(load_ice_lost(&r.ice[0]) + load_ice_lost(&r.ice[1]), 0);
}

/* RFC 5769 s.2.1 */
static void stun_takes_the_sample_request_of_the_rfc(void **state)
{
    static const uint8_t sample[] =
        "\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
        "\x80\x22\x00\x10STUN test client"
        "\x00\x24\x00\x04\x6e\x00\x01\xff"
        "\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
        "\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20"
        "\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49"
        "\xc1\xb5\x71\xa2"
        "\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
    size_t n = sizeof(sample) - 1, n_name;

    (void)state;
    assert_true(stun_is_message(sample, n));
    assert_true(stun_is_authentic(sample, n, "VOkJxbRl1RmTxUk/WvJxBt"));
    assert_false(stun_is_authentic(sample, n, "VOkJxbRl1RmTxUk/WvJxBT"));
    const uint8_t *name = stun_find(sample, n, STUN_USERNAME, &n_name);
    assert_non_null(name);
    assert_int_equal(n_name, 9);
    assert_memory_equal(name, "evtj:h6vY", 9);
    for (size_t cut = 0; cut < n; cut++)
        assert_false(stun_is_message(sample, cut));
}

static void stun_shows_each_changed_byte_before_the_integrity(void **state)
{
    uint8_t packet[LOAD_STUN_MAX], id[STUN_ID] = {1, 2, 3};
    struct stun_writer w;

    (void)state;
    stun_begin(&w, packet, sizeof(packet), STUN_REQUEST, id);
    stun_put(&w, STUN_USERNAME, "me:you", 6);
    size_t n = stun_end(&w, "secret");
    assert_true(stun_is_authentic(packet, n, "secret"));
    for (size_t i = 0; i < n - 8; i++) { /* what is behind it is the fingerprint */
        if (i == 2 || i == 3)
            continue; /* the length is that of the attribute's own end */
        packet[i] ^= 0x40;
        assert_false(stun_is_authentic(packet, n, "secret"));
        packet[i] ^= 0x40;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ice_connects_both_components_with_one_check_each),
        cmocka_unit_test(ice_repairs_a_conflict_of_roles),
        cmocka_unit_test(ice_believes_nothing_with_the_wrong_password),
        cmocka_unit_test(ice_tries_again_at_intervals_and_gives_up_in_the_end),
        cmocka_unit_test(ice_tells_a_check_that_was_lost_from_one_under_way),
        cmocka_unit_test(ice_has_lost_all_checks_of_a_peer_that_is_not_there),
        cmocka_unit_test(a_repaired_conflict_is_no_lost_check),
        cmocka_unit_test(stun_takes_the_sample_request_of_the_rfc),
        cmocka_unit_test(stun_shows_each_changed_byte_before_the_integrity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
