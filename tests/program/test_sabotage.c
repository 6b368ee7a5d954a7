#include "tests/program/process.h"
#include "tests/program/relay.h"

#include <stdio.h>
#include <string.h>

/* picrelay-call is the judge of ./relay/run: its exit status must tell a good call from a bad one,
 * so it is shown bad ones. */

static const char program[] = PICRELAY_BINARY_DIR "/picrelay-call";
static const char speech_a[] = PICRELAY_VECTORS "/speech_a.wav";
static const char speech_b[] = PICRELAY_VECTORS "/speech_b.wav";

static const struct {
    const char *why, *option; /* NULL: none */
    bool is_good;
} rows[] = {
    {"a call as it should be", NULL, true},      {"A says nothing", "--mute-a", false},
    {"B says nothing", "--mute-b", false},       {"B says what A says", "--swap", false},
    {"both stop half way", "--truncate", false},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool have_all_ended(void *arg)
{
    struct process **p = arg;

    for (size_t i = 0; i < ROWS; i++)
        if (!process_has_ended(p[i]))
            return false;
    return true;
}

static void a_call_that_was_not_heard_is_found_out(void **state)
{
    struct relay *r = *state;
    struct process *calls[ROWS];

    for (size_t i = 0; i < ROWS; i++) {
        const char *const argv[] = {
            program,        "--ng",    r->ng_address, "--direction", "enterprise,skype",
            "--a",          "lync",    "--b",         "rfc",         "--say-a",
            speech_a,       "--say-b", speech_b,      "--seconds",   "2",
            rows[i].option, NULL};
        const struct process_config cfg = {.loop = r->loop, .argv = argv, .is_quiet = true};

        assert_int_equal(process_start(&calls[i], &cfg), 0);
    }
    relay_wait(r, have_all_ended, calls, "the calls to end");
    for (size_t i = 0; i < ROWS; i++) {
        print_message("%s: exit status %d\n", rows[i].why, process_status(calls[i]));
        if (rows[i].is_good)
            assert_int_equal(process_status(calls[i]), 0);
        else
            assert_int_equal(process_status(calls[i]), 1);
        process_free(calls[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_was_not_heard_is_found_out),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
