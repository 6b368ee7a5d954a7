#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/wheel.h"

#define START_US UINT64_C(1000000)

static struct wheel wheel;

static void wheel_fires_never_early_and_at_most_a_tick_late(void **state)
{
    static const uint64_t after_us[] = {1, 999, 1000, 1001, 63999, 64000, 500000, 8191000};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(after_us) / sizeof(after_us[0]); i++) {
        struct wheel_node node = {0};
        uint64_t deadline_us = START_US + after_us[i], fires_us;

        wheel_init(&wheel, START_US);
        wheel_arm(&wheel, &node, deadline_us);
        fires_us = wheel_deadline_us(&wheel);
        assert_in_range(fires_us, deadline_us, deadline_us + WHEEL_TICK_US - 1);
        assert_null(wheel_expire(&wheel, fires_us - 1));
        assert_ptr_equal(wheel_expire(&wheel, fires_us), &node);
        assert_false(wheel_is_armed(&node));
        assert_null(wheel_expire(&wheel, fires_us));
    }
}

static void wheel_has_no_deadline_when_nothing_is_armed(void **state)
{
    struct wheel_node node = {0};

    (void)state;
    wheel_init(&wheel, START_US);
    assert_true(wheel_deadline_us(&wheel) == UINT64_MAX);
    wheel_arm(&wheel, &node, START_US + 5000);
    wheel_cancel(&wheel, &node);
    wheel_cancel(&wheel, &node); /* once more does no harm */
    assert_true(wheel_deadline_us(&wheel) == UINT64_MAX);
    assert_null(wheel_expire(&wheel, START_US + 10000));
}

static void wheel_moves_a_timer_that_is_armed_again(void **state)
{
    struct wheel_node node = {0};

    (void)state;
    wheel_init(&wheel, START_US);
    wheel_arm(&wheel, &node, START_US + 5000);
    wheel_arm(&wheel, &node, START_US + 9000);
    assert_null(wheel_expire(&wheel, START_US + 5000));
    assert_ptr_equal(wheel_expire(&wheel, START_US + 9000), &node);
    wheel_arm(&wheel, &node, START_US + 20000);
    wheel_arm(&wheel, &node, UINT64_MAX);
    assert_false(wheel_is_armed(&node));
}

static void wheel_fires_a_deadline_of_the_past_in_the_next_tick(void **state)
{
    struct wheel_node node = {0};

    (void)state;
    wheel_init(&wheel, START_US);
    assert_null(wheel_expire(&wheel, START_US));
    wheel_arm(&wheel, &node, 1);
    assert_in_range(wheel_deadline_us(&wheel), START_US, START_US + WHEEL_TICK_US);
    assert_ptr_equal(wheel_expire(&wheel, START_US + WHEEL_TICK_US), &node);
}

static void wheel_keeps_a_deadline_that_is_rotations_away(void **state)
{
    const uint64_t rotation_us = (uint64_t)WHEEL_SLOTS * WHEEL_TICK_US;
    struct wheel_node far = {0}, near = {0};
    uint64_t deadline_us = START_US + 3 * rotation_us + 7000, now_us;

    (void)state;
    wheel_init(&wheel, START_US);
    wheel_arm(&wheel, &far, deadline_us);
    wheel_arm(&wheel, &near, START_US + 7000); /* the same slot */
    assert_ptr_equal(wheel_expire(&wheel, START_US + 7000), &near);
    for (now_us = wheel_deadline_us(&wheel); now_us < deadline_us;
         now_us = wheel_deadline_us(&wheel))
        assert_null(wheel_expire(&wheel, now_us));
    assert_int_equal(now_us, deadline_us);
    assert_ptr_equal(wheel_expire(&wheel, now_us), &far);
}

static void wheel_fires_all_after_a_long_sleep(void **state)
{
    static struct wheel_node nodes[500];
    size_t i, n = 0;

    (void)state;
    memset(nodes, 0, sizeof(nodes));
    wheel_init(&wheel, START_US);
    for (i = 0; i < 500; i++)
        wheel_arm(&wheel, &nodes[i], START_US + i * i * 100);
    while (wheel_expire(&wheel, START_US + UINT64_C(3600000000)))
        n++;
    assert_int_equal(n, 500);
    assert_int_equal(wheel.n_armed, 0);
}

/* Against a model: an array of deadlines. Seeded, so a failure can be repeated. */
static void wheel_agrees_with_a_plain_list_of_deadlines(void **state)
{
    enum { N = 64 };
    static struct wheel_node nodes[N];
    uint64_t deadline_us[N], now_us = START_US;
    unsigned seed = 7;
    int step, i;

    (void)state;
    memset(nodes, 0, sizeof(nodes));
    memset(deadline_us, 0xff, sizeof(deadline_us));
    wheel_init(&wheel, now_us);
    for (step = 0; step < 20000; step++) {
        struct wheel_node *node;

        i = rand_r(&seed) % N;
        deadline_us[i] = step % 3 == 0 ? UINT64_MAX : now_us + (uint64_t)(rand_r(&seed) % 20000000);
        wheel_arm(&wheel, &nodes[i], deadline_us[i]);
        now_us += (uint64_t)(rand_r(&seed) % 300000);
        while ((node = wheel_expire(&wheel, now_us)) != NULL) {
            i = (int)(node - nodes);
            assert_true(deadline_us[i] <= now_us);
            deadline_us[i] = UINT64_MAX;
        }
        for (i = 0; i < N; i++)
            assert_true(deadline_us[i] > now_us - 2 * WHEEL_TICK_US);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wheel_fires_never_early_and_at_most_a_tick_late),
        cmocka_unit_test(wheel_has_no_deadline_when_nothing_is_armed),
        cmocka_unit_test(wheel_moves_a_timer_that_is_armed_again),
        cmocka_unit_test(wheel_fires_a_deadline_of_the_past_in_the_next_tick),
        cmocka_unit_test(wheel_keeps_a_deadline_that_is_rotations_away),
        cmocka_unit_test(wheel_fires_all_after_a_long_sleep),
        cmocka_unit_test(wheel_agrees_with_a_plain_list_of_deadlines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
