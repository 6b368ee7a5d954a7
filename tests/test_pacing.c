#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay/media/pacing.h"

/* How long packets gather. */

enum { LIMIT_US = 1000 };

static void rule_grows_from_nothing_to_the_limit(void **state)
{
    static const struct {
        const char *reason;
        uint32_t rate_pps, limit_us, gather_us;
    } rows[] = {
        {"nothing arrives", 0, LIMIT_US, 0},
        {"a call", 100, LIMIT_US, 0},
        {"the most that is handled at once", 25000, LIMIT_US, 0},
        {"just above it", 25025, LIMIT_US, 1},
        {"half way", 37500, LIMIT_US, 500},
        {"just below the end", 49999, LIMIT_US, 999},
        {"the end", 50000, LIMIT_US, 1000},
        {"far beyond", UINT32_MAX, LIMIT_US, 1000},
        {"turned off", 50000, 0, 0},
        {"another limit", 50000, 10000, 10000},
        {"the longest limit there is", 37500, UINT32_MAX, UINT32_MAX / 2},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("    %s\n", rows[i].reason);
        assert_int_equal(pacing_rule(rows[i].rate_pps, rows[i].limit_us), rows[i].gather_us);
    }
}

static void rule_never_falls_while_the_rate_grows(void **state)
{
    uint32_t rate_pps, before = 0;

    (void)state;
    for (rate_pps = 0; rate_pps < 60000; rate_pps++) {
        uint32_t now = pacing_rule(rate_pps, LIMIT_US);

        assert_true(now >= before && now <= LIMIT_US);
        before = now;
    }
}

/* n packets every step_us, for span_us. @return the time after it */
static uint64_t feed(struct pacing *p, uint64_t now_us, uint64_t span_us, uint64_t step_us,
                     unsigned n)
{
    uint64_t end_us = now_us + span_us;

    for (; now_us < end_us; now_us += step_us)
        pacing_put(p, n, now_us);
    return now_us;
}

static void rate_is_measured_over_a_window(void **state)
{
    struct pacing p;
    uint64_t now_us;

    (void)state;
    pacing_init(&p, LIMIT_US);
    now_us = feed(&p, 1, 15000, 1000, 60);
    assert_int_equal(pacing_gather_us(&p), 0); /* not known yet */
    now_us = feed(&p, now_us, 45000, 1000, 60);
    assert_in_range(p.rate_pps, 60000, 63000);
    assert_int_equal(pacing_gather_us(&p), LIMIT_US);
    (void)feed(&p, now_us, 50000, 1000, 1);
    assert_in_range(p.rate_pps, 900, 1100);
    assert_int_equal(pacing_gather_us(&p), 0);
}

/* All calls of a conference bridge send in the same millisecond: the frame is the measure. */
static void burst_of_a_frame_counts_as_its_average(void **state)
{
    struct pacing p;

    (void)state;
    pacing_init(&p, LIMIT_US);
    (void)feed(&p, 1, 200000, 20000, 250); /* 12,500 a second */
    assert_in_range(p.rate_pps, 12500, 12600);
    assert_int_equal(pacing_gather_us(&p), 0);
}

static void silence_ends_the_gathering_with_the_next_packet(void **state)
{
    struct pacing p;
    uint64_t now_us;

    (void)state;
    pacing_init(&p, LIMIT_US);
    now_us = feed(&p, 1, 100000, 1000, 60);
    assert_int_equal(pacing_gather_us(&p), LIMIT_US);
    pacing_put(&p, 1, now_us + 5000000);
    assert_int_equal(pacing_gather_us(&p), 0);
}

static void clock_that_stands_still_measures_nothing(void **state)
{
    struct pacing p;

    (void)state;
    pacing_init(&p, LIMIT_US);
    (void)feed(&p, 7, 1, 1, 1000000);
    pacing_put(&p, 256, 7);
    assert_int_equal(pacing_gather_us(&p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_grows_from_nothing_to_the_limit),
        cmocka_unit_test(rule_never_falls_while_the_rate_grows),
        cmocka_unit_test(rate_is_measured_over_a_window),
        cmocka_unit_test(burst_of_a_frame_counts_as_its_average),
        cmocka_unit_test(silence_ends_the_gathering_with_the_next_packet),
        cmocka_unit_test(clock_that_stands_still_measures_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
