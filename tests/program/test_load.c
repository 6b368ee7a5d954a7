#include "tests/program/crowd.h"

#include <limits.h>
#include <sys/resource.h>

/* Thousands of calls: what they cost while they are up, and that nothing of them stays. */

#define CALLS_UP         2000
#define CALLS_A_ROUND    1000
#define ROUNDS           4
#define FDS_PER_CALL     4  /* two legs of RTP and RTCP, without ICE */
#define KIB_PER_CALL_MAX 64 /* the promise for pass-through without ICE */

static bool has_descriptors(unsigned n_calls)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max > n_calls * FDS_PER_CALL + 256;
}

/* No rest and no delay: what a call had must be free as soon as it is gone. */
static void start(struct relay *r)
{
    relay_start(r, &(struct relay_config){.more = "port_rest_s: 0\ndelete_delay_s: 0\n"});
}

static void metrics_are_served_with_two_thousand_calls_up(void **state)
{
    struct relay r;

    (void)state;
    if (!has_descriptors(CALLS_UP))
        skip();
    start(&r);
    unsigned long before = process_memory_kib(r.process, "VmRSS");
    crowd_come(&r, CALLS_UP);
    unsigned long grown = process_memory_kib(r.process, "VmRSS") - before;
    /* libre would refuse the listener's next descriptor from 1024 on, had nobody told it */
    assert_true(process_descriptors(r.process) > CALLS_UP * FDS_PER_CALL);
    assert_true(relay_metric(&r, "picrelay_calls ") == CALLS_UP);
    assert_true(relay_metric(&r, "picrelay_streams ") == 2 * CALLS_UP);
    print_message("%lu KiB resident per call\n", grown / CALLS_UP);
    if (!RELAY_IS_SANITIZED)
        assert_in_range(grown / CALLS_UP, 1, KIB_PER_CALL_MAX);
    relay_stop(&r); /* with all of them up */
}

/* What leaks, leaks in each round; pools and the allocator's own fill in one or another, which
 * depends on how many calls were under way at a time. So the round that left least counts. */
static unsigned long least_growth(const unsigned long memory[ROUNDS])
{
    unsigned long least = ULONG_MAX;

    for (unsigned i = 1; i < ROUNDS; i++) {
        unsigned long grown = memory[i] > memory[i - 1] ? memory[i] - memory[i - 1] : 0;

        if (grown < least)
            least = grown;
    }
    return least;
}

static void a_thousand_calls_up_and_down_leave_nothing_behind(void **state)
{
    struct relay r;

    (void)state;
    if (!has_descriptors(CALLS_A_ROUND))
        skip();
    start(&r);
    double free_ports =
        relay_metric(&r, "picrelay_ports{interface=\"enterprise\",state=\"free\"} ");
    unsigned n_descriptors = process_descriptors(r.process);
    unsigned long memory[ROUNDS];
    for (unsigned round = 0; round < ROUNDS; round++) {
        crowd_come(&r, CALLS_A_ROUND);
        crowd_do(&r, "delete", CALLS_A_ROUND);
        crowd_await_end(&r, free_ports);
        memory[round] = process_memory_kib(r.process, "VmRSS");
    }
    for (unsigned round = 0; round < ROUNDS; round++)
        print_message("resident after round %u: %lu KiB\n", round + 1, memory[round]);
    crowd_await_descriptors(&r, n_descriptors);
    /* the cookies of half a minute may add up: 1,000 calls' replies of some hundred bytes each. A
     * call that stayed would be 10 KiB and more. */
    if (!RELAY_IS_SANITIZED)
        assert_true(least_growth(memory) < CALLS_A_ROUND * 5);
    relay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_are_served_with_two_thousand_calls_up),
        cmocka_unit_test(a_thousand_calls_up_and_down_leave_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
