#include "tests/program/crowd.h"
#include "tests/program/scene.h"

#include <stdlib.h>
#include <string.h>

/* Calls of every kind, round after round: twenty seconds, or ten minutes with
 * PICRELAY_LONG_TESTS=1. In the end memory, descriptors and ports are what they were near the
 * start. */

#define SOAK_S          20
#define SOAK_LONG_S     600
#define CROWD           100  /* calls of a round beside those that talk */
#define GROWTH_KIB_MAX  2048 /* of a heap that has seen all kinds of calls */
#define COOKIES_S       30   /* for so long replies are kept */
#define KIB_A_CALL_KEPT 4    /* of them */

static const struct scene_call kinds[] = {
    {"plain, passed", {.peer = {SCENE_PLAIN("PCMU"), SCENE_PLAIN("PCMU")}}},
    {"plain, transcoded", {.peer = {SCENE_PLAIN("PCMU"), SCENE_PLAIN("PCMA")}}},
    {"SRTP, transcoded", {.peer = {SCENE_SECURE("G722"), SCENE_SECURE("opus")}}},
    {"ICE and SRTP, transcoded", {.peer = {SCENE_LYNC("G722,PCMU"), SCENE_RFC("opus")}}},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct figures {
    unsigned long rss_kib;
    unsigned n_descriptors, n_calls;
    double n_ports;
};

static void round_go(struct relay *r)
{
    struct scene_result results[KINDS];

    crowd_come(r, CROWD);
    scene_run(r, kinds, KINDS, results);
    for (size_t i = 0; i < KINDS; i++)
        scene_expect_whole(&kinds[i], &results[i]);
    scene_wipe(results, KINDS);
    crowd_do(r, "delete", CROWD);
}

static uint64_t soak_us(void)
{
    return (getenv("PICRELAY_LONG_TESTS") ? SOAK_LONG_S : SOAK_S) * UINT64_C(1000000);
}

/* Rounds until a moment, and all that they left is gone. */
static struct figures soak_until(struct relay *r, uint64_t end_us, double n_ports)
{
    struct figures f = {.n_ports = n_ports};

    do {
        round_go(r);
        f.n_calls += CROWD + KINDS;
    } while (loop_now_us() < end_us);
    crowd_await_end(r, n_ports);
    f.rss_kib = process_memory_kib(r->process, "VmRSS");
    f.n_descriptors = process_descriptors(r->process);
    return f;
}

/* What is kept of calls on purpose: the replies to their last requests, for half a minute. */
static unsigned long kib_kept(const struct figures *f, uint64_t since_us)
{
    return since_us > COOKIES_S * UINT64_C(1000000) ? 0 : f->n_calls * KIB_A_CALL_KEPT;
}

static void rounds_of_calls_leave_memory_descriptors_and_ports_as_they_were(void **state)
{
    struct relay *r = *state;
    const uint64_t begin_us = loop_now_us();
    const double n_ports =
        relay_metric(r, "picrelay_ports{interface=\"enterprise\",state=\"free\"} ");
    const struct figures first = soak_until(r, begin_us + soak_us() / 4, n_ports);
    const struct figures last = soak_until(r, begin_us + soak_us(), n_ports);

    print_message("%u calls; resident: %lu, then %lu KiB; descriptors: %u, then %u\n",
                  first.n_calls + last.n_calls, first.rss_kib, last.rss_kib, first.n_descriptors,
                  last.n_descriptors);
    crowd_await_descriptors(r, first.n_descriptors);
    assert_true(strstr(process_err(r->process), " error ") == NULL);
    if (!RELAY_IS_SANITIZED)
        assert_true(last.rss_kib <=
                    first.rss_kib + GROWTH_KIB_MAX + kib_kept(&last, soak_us() / 4));
}

static int setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.workers = "2",
                                               .more = "port_rest_s: 0\ndelete_delay_s: 0\n"});
    *state = &relay;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_of_calls_leave_memory_descriptors_and_ports_as_they_were),
    };

    return cmocka_run_group_tests(tests, setup, relay_teardown);
}
