#include "relay/media/ssrc_gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START_US 1000000000

static void gate_hears_one_source_until_it_is_silent(void **state)
{
    struct ssrc_gate g;

    (void)state;
    ssrc_gate_set(&g, &(struct media_rules){.ssrc_silence_us = 200000});
    assert_int_equal(ssrc_gate_check(&g, 7, START_US), DROP_NONE);
    assert_int_equal(ssrc_gate_check(&g, 8, START_US + 1), DROP_POLICY_GATE);
    assert_int_equal(ssrc_gate_check(&g, 7, START_US + 100000), DROP_NONE);
    /* its attempts are no silence */
    assert_int_equal(ssrc_gate_check(&g, 8, START_US + 299999), DROP_POLICY_GATE);
    assert_int_equal(ssrc_gate_check(&g, 8, START_US + 300000), DROP_NONE);
    assert_int_equal(ssrc_gate_check(&g, 7, START_US + 300001), DROP_POLICY_GATE);
}

static void gate_hears_another_source_at_once_after_new_rules(void **state)
{
    const struct media_rules rules = {.ssrc_silence_us = 200000}, none = {.ssrc_silence_us = 0};
    struct ssrc_gate g;

    (void)state;
    ssrc_gate_set(&g, &rules);
    assert_int_equal(ssrc_gate_check(&g, 7, START_US), DROP_NONE);
    ssrc_gate_set(&g, &rules);
    assert_int_equal(ssrc_gate_check(&g, 8, START_US + 1), DROP_NONE);
    ssrc_gate_set(&g, &none);
    assert_int_equal(ssrc_gate_check(&g, 7, START_US + 2), DROP_NONE);
    assert_int_equal(ssrc_gate_check(&g, 8, START_US + 2), DROP_NONE);
}

struct step {
    const char *why;
    uint64_t after_us; /* since the step before */
    uint32_t ssrc;
    enum drop verdict;
};

static void take_steps(struct ssrc_gate *g, const struct step *steps, size_t n)
{
    uint64_t now_us = START_US;

    for (size_t i = 0; i < n; i++) {
        enum drop verdict;

        now_us += steps[i].after_us;
        verdict = ssrc_gate_check(g, steps[i].ssrc, now_us);
        if (verdict != steps[i].verdict)
            fail_msg("%s: %s", steps[i].why, drop_name(verdict));
    }
}

/* The published sequence of the throttling rule: A A B B C C. */
static void gate_throttles_changes_as_microsoft_says(void **state)
{
    enum { A = 1, B, C };
    static const struct step steps[] = {
        {"the first source", 0, A, DROP_NONE},
        {"goes on", 20000, A, DROP_NONE},
        {"the first packet of another is heard, and remembered", 20000, B, DROP_NONE},
        {"the one before is still current", 20000, A, DROP_NONE},
        {"the second makes it current", 20000, B, DROP_NONE},
        {"the former one is another now, and starts the time again", 20000, A, DROP_SSRC_THROTTLED},
        {"a third likewise", SSRC_THROTTLE_US - 1, C, DROP_SSRC_THROTTLED},
        {"current is current", 20000, B, DROP_NONE},
        {"the third again, a moment too early", SSRC_THROTTLE_US - 20001, C, DROP_SSRC_THROTTLED},
        {"after 2 s of quiet it is as the first of another", SSRC_THROTTLE_US, C, DROP_NONE},
        {"and its second is current", 20000, C, DROP_NONE},
    };
    struct ssrc_gate g;

    (void)state;
    ssrc_gate_set(&g, &(struct media_rules){.is_ssrc_throttled = true, .ssrc_silence_us = 200000});
    take_steps(&g, steps, sizeof(steps) / sizeof(steps[0]));
}

static void gate_hears_only_the_range_that_was_given(void **state)
{
    static const struct step one[] = {
        {"below", 0, 41, DROP_SSRC_RANGE},
        {"it", 0, 42, DROP_NONE},
        {"above", 0, 43, DROP_SSRC_RANGE},
        {"it again, at once: no throttle", 0, 42, DROP_NONE},
    };
    static const struct step wide[] = {
        {"outside", 0, 9, DROP_SSRC_RANGE},
        {"one of it", 0, 10, DROP_NONE},
        {"two at a time are too many", 20000, 11, DROP_POLICY_GATE},
        {"the highest, after silence", 200000, 20, DROP_NONE},
        {"beyond", 200000, 21, DROP_SSRC_RANGE},
    };
    struct ssrc_gate g;

    (void)state;
    ssrc_gate_set(&g, &(struct media_rules){.ssrc_low = 42,
                                            .ssrc_high = 42,
                                            .is_ssrc_throttled = true,
                                            .ssrc_silence_us = 200000});
    take_steps(&g, one, sizeof(one) / sizeof(one[0]));
    ssrc_gate_set(
        &g, &(struct media_rules){.ssrc_low = 10, .ssrc_high = 20, .ssrc_silence_us = 200000});
    take_steps(&g, wide, sizeof(wide) / sizeof(wide[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_hears_one_source_until_it_is_silent),
        cmocka_unit_test(gate_hears_another_source_at_once_after_new_rules),
        cmocka_unit_test(gate_throttles_changes_as_microsoft_says),
        cmocka_unit_test(gate_hears_only_the_range_that_was_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
