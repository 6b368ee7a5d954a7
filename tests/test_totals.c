#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "relay/control/status/totals.h"

static const struct policy_decision allowed = {.verdict = POLICY_ALLOW,
                                               .code = POLICY_CODE_ALLOWED};
static const struct policy_decision denied = {.verdict = POLICY_DENY,
                                              .code = POLICY_CODE_CAPABILITY};

static struct totals totals;

static int setup(void **state)
{
    (void)state;
    memset(&totals, 0, sizeof(totals));
    return 0;
}

static void both_components_of_a_stream_are_counted_under_its_interface(void **state)
{
    struct media_stats stats = {0};

    (void)state;
    stats.in[MEDIA_RTP] = (struct media_count){.packets = 10, .bytes = 1720};
    stats.in[MEDIA_RTCP] = (struct media_count){.packets = 1, .bytes = 80};
    stats.out[MEDIA_RTP] = (struct media_count){.packets = 7, .bytes = 700};
    totals_add_stream(&totals, 3, &stats);
    totals_add_stream(&totals, 3, &stats);
    assert_int_equal(totals.in[3].packets, 22);
    assert_int_equal(totals.in[3].bytes, 3600);
    assert_int_equal(totals.out[3].packets, 14);
    assert_int_equal(totals.out[3].bytes, 1400);
    assert_int_equal(totals.in[2].packets + totals.in[4].packets, 0);
}

static void equal_verdicts_are_one_sum(void **state)
{
    (void)state;
    totals_add_verdict(&totals, "skype", MEDIA_AUDIO, &allowed);
    totals_add_verdict(&totals, "skype", MEDIA_AUDIO, &allowed);
    totals_add_verdict(&totals, "skype", MEDIA_VIDEO, &denied);
    totals_add_verdict(&totals, "wlm", MEDIA_AUDIO, &allowed);
    assert_int_equal(totals.n_verdicts, 3);
    assert_string_equal(totals.verdicts[0].provider, "skype");
    assert_int_equal(totals.verdicts[0].n, 2);
    assert_int_equal(totals.verdicts[1].verdict, POLICY_DENY);
    assert_int_equal(totals.verdicts[1].n, 1);
}

/* Names that strangers made up must not become labels: there is no end of them. */
static void providers_that_are_not_in_the_table_are_all_unknown(void **state)
{
    (void)state;
    totals_add_verdict(&totals, NULL, MEDIA_AUDIO, &denied);
    totals_add_verdict(&totals, NULL, MEDIA_AUDIO, &denied);
    assert_int_equal(totals.n_verdicts, 1);
    assert_string_equal(totals.verdicts[0].provider, "unknown");
    assert_int_equal(totals.verdicts[0].n, 2);
}

static void a_full_table_counts_on_what_it_has(void **state)
{
    char name[16];

    (void)state;
    for (unsigned i = 0; i < TOTALS_VERDICTS_MAX + 10; i++) {
        snprintf(name, sizeof(name), "provider-%u", i);
        totals_add_verdict(&totals, name, MEDIA_AUDIO, &allowed);
    }
    assert_int_equal(totals.n_verdicts, TOTALS_VERDICTS_MAX);
    totals_add_verdict(&totals, "provider-0", MEDIA_AUDIO, &allowed);
    assert_int_equal(totals.verdicts[0].n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_components_of_a_stream_are_counted_under_its_interface, setup),
        cmocka_unit_test_setup(equal_verdicts_are_one_sum, setup),
        cmocka_unit_test_setup(providers_that_are_not_in_the_table_are_all_unknown, setup),
        cmocka_unit_test_setup(a_full_table_counts_on_what_it_has, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
