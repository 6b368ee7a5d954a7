#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>

/* A secured call with each provider of SRTP. Who it is stands in the ready line and in metrics: no
 * test passes because another one stood in. */

#define PACKETS 20

static const struct provider {
    const char *word; /* of the configuration */
    const char *ready, *metric;
} providers[] = {
    {"libsrtp2", " srtp=libsrtp2", "picrelay_srtp_info{provider=\"libsrtp2\"} "},
    {"multibuffer", " srtp=multibuffer", "picrelay_srtp_info{provider=\"multibuffer\"} "},
};

static void start_with(struct relay *r, const char *word)
{
    char more[64];

    (void)snprintf(more, sizeof(more), "srtp: %s\n", word);
    relay_start(r, &(struct relay_config){.more = more});
}

/* Both ways, over the end of the sequence numbers, then what must not pass. */
static void talk_over_a_wrap(struct relay *r)
{
    struct talk t = {0};
    struct peer_srtp *srtp;

    talk_set_up_secure(&t, r);
    t.phone[TALK_A].seq = t.phone[TALK_B].seq = UINT16_MAX - PACKETS / 2;
    for (unsigned i = 0; i < PACKETS; i++) {
        talk_pass(&t, TALK_A);
        talk_pass(&t, TALK_B);
    }
    srtp = t.phone[TALK_A].srtp;
    t.phone[TALK_A].srtp = NULL;
    talk_be_dropped(&t, TALK_A, TALK_PCMU, "srtp_auth");
    t.phone[TALK_A].srtp = srtp;
    talk_pass(&t, TALK_A);
    talk_close(&t);
}

static void a_secured_call_is_relayed_by_each_provider(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
        struct relay r = {0};

        print_message("    %s\n", providers[i].word);
        start_with(&r, providers[i].word);
        assert_true(relay_has_logged(&r, providers[i].ready));
        assert_true(relay_metric(&r, providers[i].metric) == 1);
        talk_over_a_wrap(&r);
        relay_stop(&r);
    }
}

/* This host has the instructions, or the test above would have failed. */
static void multibuffer_is_what_auto_takes(void **state)
{
    struct relay r = {0};

    (void)state;
    start_with(&r, "auto");
    assert_true(relay_has_logged(&r, " srtp=multibuffer"));
    relay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secured_call_is_relayed_by_each_provider),
        cmocka_unit_test(multibuffer_is_what_auto_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
