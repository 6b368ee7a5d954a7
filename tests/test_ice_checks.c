#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ice/checks.h"

/* What was tried towards whom, and what came back: ice/checks.c. */

static struct sockaddr_storage at(uint16_t port)
{
    struct sockaddr_storage ss = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&ss;

    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(0xc0000201);
    in->sin_port = htons(port);
    return ss;
}

static void each_address_has_its_counts(void **state)
{
    struct checks c = {0};
    struct ice_check got[4];
    const struct sockaddr_storage a = at(1), b = at(2);

    (void)state;
    checks_sent(&c, &a, (const uint8_t *)"idAA");
    checks_sent(&c, &a, (const uint8_t *)"idAA"); /* sent again */
    checks_sent(&c, &b, (const uint8_t *)"idBB");
    checks_answered(&c, &a, 0);
    checks_answered(&c, &b, 487);
    checks_received(&c, &b);
    assert_int_equal(checks_read(&c, got, 4), 2);
    assert_true(checks_is_same(&got[0].remote, &a));
    assert_int_equal(got[0].n_sent, 2);
    assert_int_equal(got[0].n_answered, 1);
    assert_int_equal(got[0].error, 0);
    assert_int_equal(got[1].n_sent, 1);
    assert_int_equal(got[1].n_answered, 0);
    assert_int_equal(got[1].error, 487);
    assert_int_equal(got[1].n_received, 1);
    assert_int_equal(checks_read(&c, got, 1), 1);
    checks_wipe(&c);
}

static void strangers_cannot_make_it_grow(void **state)
{
    struct checks c = {0};
    struct ice_check got[2 * ICE_CHECKS_MAX];

    (void)state;
    for (uint16_t i = 1; i <= 3 * ICE_CHECKS_MAX; i++) {
        const struct sockaddr_storage a = at(i);

        checks_received(&c, &a);
    }
    assert_int_equal(checks_read(&c, got, 2 * ICE_CHECKS_MAX), ICE_CHECKS_MAX);
    checks_wipe(&c);
}

static void a_response_is_known_by_its_id_and_the_oldest_are_forgotten(void **state)
{
    struct checks c = {0};
    const struct sockaddr_storage a = at(1);
    uint32_t id = 0x01020304;

    (void)state;
    checks_sent(&c, &a, (const uint8_t *)&id);
    assert_true(checks_is_open(&c, (const uint8_t *)&id));
    for (uint32_t i = 1; i <= CHECKS_IDS; i++) {
        const uint32_t other = 0x7f000000 + i;

        assert_false(checks_is_open(&c, (const uint8_t *)&other));
        checks_sent(&c, &a, (const uint8_t *)&other);
        checks_sent(&c, &a, (const uint8_t *)&other); /* takes no second place */
    }
    assert_false(checks_is_open(&c, (const uint8_t *)&id));
    checks_wipe(&c);
}

static void a_restart_forgets_what_was_tried_but_not_what_is_open(void **state)
{
    struct checks c = {0};
    struct ice_check got[1];
    const struct sockaddr_storage a = at(1);

    (void)state;
    checks_sent(&c, &a, (const uint8_t *)"open");
    checks_restart(&c);
    assert_int_equal(checks_read(&c, got, 1), 0);
    assert_true(checks_is_open(&c, (const uint8_t *)"open"));
    checks_wipe(&c);
}

static void families_are_never_the_same(void **state)
{
    struct sockaddr_storage a = at(5), b = {.ss_family = AF_INET6}, none = {0};

    (void)state;
    assert_false(checks_is_same(&a, &b));
    assert_false(checks_is_same(&none, &none));
    assert_true(checks_is_same(&b, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_has_its_counts),
        cmocka_unit_test(strangers_cannot_make_it_grow),
        cmocka_unit_test(a_response_is_known_by_its_id_and_the_oldest_are_forgotten),
        cmocka_unit_test(a_restart_forgets_what_was_tried_but_not_what_is_open),
        cmocka_unit_test(families_are_never_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
