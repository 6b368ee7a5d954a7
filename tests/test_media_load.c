#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay/media/load.h"

/* How busy a worker is, by samples of its CPU time. */

/* Samples every 100 ms, while it is busy for `permille` of the time. @return the time after it */
static uint64_t run(struct load *l, uint64_t now_us, unsigned n_samples, unsigned permille,
                    unsigned n_streams)
{
    uint64_t cpu_us = l->n ? l->samples[l->last].cpu_us : 0;
    unsigned i;

    for (i = 0; i < n_samples; i++) {
        load_put(l, now_us, cpu_us, n_streams);
        now_us += LOAD_SAMPLE_US;
        cpu_us += permille * (LOAD_SAMPLE_US / 1000);
    }
    return now_us;
}

static void load_is_not_known_at_first(void **state)
{
    struct load l = {0};

    (void)state;
    assert_int_equal(load_permille(&l), 0);
    (void)run(&l, 5, 1, 500, 10);
    assert_int_equal(load_permille(&l), 0);
}

static void load_is_the_busy_share_of_the_last_second(void **state)
{
    struct load l = {0};
    uint64_t now_us;

    (void)state;
    now_us = run(&l, 5, 3, 500, 10);
    assert_int_equal(load_permille(&l), 500); /* known after two samples */
    now_us = run(&l, now_us, 20, 200, 10);
    assert_int_equal(load_permille(&l), 200); /* and older work is forgotten */
    now_us = run(&l, now_us, 5, 1000, 10);
    assert_in_range(load_permille(&l), 500, 600);
    (void)run(&l, now_us, 20, 0, 10);
    assert_int_equal(load_permille(&l), 0);
}

static void load_never_says_more_than_all(void **state)
{
    struct load l = {0};

    (void)state;
    (void)run(&l, 5, 12, 1005, 10); /* two clocks do not agree to the microsecond */
    assert_int_equal(load_permille(&l), 1000);
}

static void samples_that_come_too_fast_are_left_out(void **state)
{
    struct load l = {0};
    uint64_t now_us = run(&l, 5, 15, 300, 10);
    unsigned i;

    (void)state;
    for (i = 0; i < 1000; i++)
        load_put(&l, now_us - LOAD_SAMPLE_US + 1 + i, 0, 10);
    assert_int_equal(load_permille(&l), 300);
}

static void long_pause_of_control_is_part_of_the_measure(void **state)
{
    struct load l = {0};

    (void)state;
    load_put(&l, 1000000, 0, 10);
    load_put(&l, 11000000, 5000000, 10);
    assert_int_equal(load_permille(&l), 500);
}

/* A thousand calls come before the next sample: they are counted at what calls cost here. */
static void calls_since_the_measure_are_expected_to_work_as_the_others(void **state)
{
    struct load l = {0};

    (void)state;
    (void)run(&l, 5, 15, 100, 200);
    assert_in_range(load_expected_permille(&l, 200), 99, 101);
    assert_in_range(load_expected_permille(&l, 400), 199, 201);
    assert_in_range(load_expected_permille(&l, 100), 49, 51);
}

static void first_calls_are_expected_to_cost_something(void **state)
{
    struct load l = {0};

    (void)state;
    assert_true(load_expected_permille(&l, 2) > load_expected_permille(&l, 1));
    (void)run(&l, 5, 15, 0, 0);
    assert_true(load_expected_permille(&l, 1) > 0);
    assert_in_range(load_expected_permille(&l, 1000), 100, 200);
}

/* Transcoders work hundreds of times harder than plain relay: it is work that counts, not calls. */
static void worker_with_few_hard_calls_is_the_busier_one(void **state)
{
    struct load hard = {0}, light = {0};

    (void)state;
    (void)run(&hard, 5, 15, 400, 20);
    (void)run(&light, 5, 15, 100, 400);
    assert_true(load_expected_permille(&light, 401) < load_expected_permille(&hard, 21));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_is_not_known_at_first),
        cmocka_unit_test(load_is_the_busy_share_of_the_last_second),
        cmocka_unit_test(load_never_says_more_than_all),
        cmocka_unit_test(samples_that_come_too_fast_are_left_out),
        cmocka_unit_test(long_pause_of_control_is_part_of_the_measure),
        cmocka_unit_test(calls_since_the_measure_are_expected_to_work_as_the_others),
        cmocka_unit_test(first_calls_are_expected_to_cost_something),
        cmocka_unit_test(worker_with_few_hard_calls_is_the_busier_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
