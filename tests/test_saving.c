#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay/media/saving.h"

/* When encoders save complexity, and when they stop. */

enum { TICK_US = 100000, BEGIN_US = 5 };

/* The same load for so long. @return the time after it */
static uint64_t run(struct saving *s, unsigned load_permille, uint64_t now_us, uint64_t span_us)
{
    const uint64_t end_us = now_us + span_us;

    for (; now_us < end_us; now_us += TICK_US)
        (void)saving_put(s, load_permille, now_us);
    return now_us;
}

static void nothing_is_saved_below_the_mark(void **state)
{
    struct saving s = {0};

    (void)state;
    (void)run(&s, SAVING_MORE_PERMILLE - 1, BEGIN_US, 60000000);
    assert_int_equal(s.steps, 0);
}

static void a_step_is_saved_at_once_and_the_next_when_its_effect_is_measured(void **state)
{
    struct saving s = {0};
    uint64_t now_us = BEGIN_US;

    (void)state;
    for (unsigned i = 0; i < SAVING_MAX; i++, now_us += SAVING_MORE_US) {
        assert_int_equal(saving_put(&s, SAVING_MORE_PERMILLE, now_us), i + 1);
        assert_int_equal(saving_put(&s, SAVING_MORE_PERMILLE, now_us + SAVING_MORE_US - 1), i + 1);
    }
    (void)run(&s, SAVING_MORE_PERMILLE, now_us, 60000000);
    assert_int_equal(s.steps, SAVING_MAX); /* there is no more */
}

static void all_is_saved_at_once_before_a_worker_is_late(void **state)
{
    struct saving s = {0};

    (void)state;
    assert_int_equal(saving_put(&s, SAVING_MORE_PERMILLE, BEGIN_US), 1);
    assert_int_equal(saving_put(&s, SAVING_ALL_PERMILLE, BEGIN_US + 1), SAVING_MAX);
}

static void between_the_marks_nothing_changes(void **state)
{
    struct saving s = {0};
    uint64_t now_us = run(&s, SAVING_MORE_PERMILLE, BEGIN_US, 3 * SAVING_MORE_US);

    (void)state;
    assert_int_equal(s.steps, 3);
    now_us = run(&s, SAVING_LESS_PERMILLE, now_us, 60000000);
    (void)run(&s, SAVING_MORE_PERMILLE - 1, now_us, 60000000);
    assert_int_equal(s.steps, 3);
}

static void steps_are_given_back_one_by_one_after_calm(void **state)
{
    struct saving s = {0};
    uint64_t now_us = BEGIN_US;

    (void)state;
    assert_int_equal(saving_put(&s, 1000, now_us), SAVING_MAX);
    for (unsigned i = SAVING_MAX; i > 0; i--) {
        assert_int_equal(saving_put(&s, 0, now_us + SAVING_LESS_US - 1), i);
        now_us += SAVING_LESS_US;
        assert_int_equal(saving_put(&s, SAVING_LESS_PERMILLE - 1, now_us), i - 1);
    }
    (void)run(&s, 0, now_us, 60000000);
    assert_int_equal(s.steps, 0);
}

/* A worker whose load follows what it saves comes to rest: by the share that is the encoders', and
 * that each step takes a tenth of that. */
static void saving_comes_to_rest(void **state)
{
    (void)state;
    for (unsigned encoders = 0; encoders <= 1000; encoders += 50) {
        for (unsigned full = 0; full <= 1200; full += 10) {
            struct saving s = {0};
            uint64_t now_us = BEGIN_US;

            for (unsigned i = 0; i < 2000; i++, now_us += TICK_US) {
                const unsigned load = full - full * encoders / 1000 * s.steps / 10;

                (void)saving_put(&s, load > 1000 ? 1000 : load, now_us);
            }
            if (now_us - s.changed_us < 100000000)
                fail_msg("load %u, %u of it encoders: still at %u steps", full, encoders, s.steps);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_saved_below_the_mark),
        cmocka_unit_test(a_step_is_saved_at_once_and_the_next_when_its_effect_is_measured),
        cmocka_unit_test(all_is_saved_at_once_before_a_worker_is_late),
        cmocka_unit_test(between_the_marks_nothing_changes),
        cmocka_unit_test(steps_are_given_back_one_by_one_after_calm),
        cmocka_unit_test(saving_comes_to_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
