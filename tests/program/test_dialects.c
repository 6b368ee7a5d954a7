#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>

/* Which dialect each leg speaks, who decides, and where one can see it. */

static struct talk the_talk;
static struct relay own; /* with a configuration of its own */

static int put_away(void **state)
{
    (void)state;
    talk_close(&the_talk);
    if (own.loop)
        relay_stop(&own);
    memset(&own, 0, sizeof(own));
    return 0;
}

static void expect_dialect(const struct talk *t, unsigned side, const char *dialect,
                           const char *reason)
{
    json_t *query = relay_query(t->relay, t->id);
    json_t *tag = json_object_get(relay_json(query, "tags"), t->tag[side]);

    assert_string_equal(relay_json_text(tag, "dialect"), dialect);
    assert_string_equal(relay_json_text(tag, "dialect reason"), reason);
    json_decref(query);
}

static void a_request_may_name_the_dialect_of_each_side(void **state)
{
    struct talk *t = &the_talk;

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, "dialect=ocs2007,lync");
    assert_non_null(strstr(t->sdp[TALK_B], "b=CT:99980\r\n"));
    assert_non_null(strstr(t->sdp[TALK_B], "a=label:main-audio\r\n"));
    talk_answer(t, TALK_A, NULL, NULL);
    assert_non_null(strstr(t->sdp[TALK_A], "b=CT:99980\r\n"));
    assert_null(strstr(t->sdp[TALK_A], "a=label"));
    expect_dialect(t, TALK_A, "ocs2007", "the request asks for it");
    expect_dialect(t, TALK_B, "lync", "the request asks for it");
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

static void one_word_is_the_dialect_of_the_side_that_is_offered_to(void **state)
{
    struct talk *t = &the_talk;

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, "dialect=wlm2009");
    assert_non_null(strstr(t->sdp[TALK_B], "a=encryption:rejected\r\n"));
    talk_answer(t, TALK_A, NULL, NULL);
    expect_dialect(t, TALK_A, "rfc", "nothing tells otherwise");
    expect_dialect(t, TALK_B, "wlm2009", "the request asks for it");
}

static void a_dialect_that_nobody_speaks_is_an_error(void **state)
{
    static const char *const words[] = {"klingon", "lync,", ",lync", "lync,rfc,rfc", "lync rfc,x"};
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        json_t *request =
            talk_request(t, "offer", TALK_A, false,
                         phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL), NULL);

        json_object_set_new(request, "dialect", json_string(words[i]));
        relay_ask_error(t->relay, request, "Unknown dialect");
    }
}

static void an_interface_says_how_to_speak_first(void **state)
{
    const struct relay_config cfg = {.skype = "dialect: msn", .log_level = "info"};
    struct talk *t = &the_talk;

    (void)state;
    relay_start(&own, &cfg);
    talk_open(t, &own);
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    expect_dialect(t, TALK_B, "msn", "the interface's dialect");
    assert_true(relay_has_logged(
        t->relay,
        "enterprise (rfc: nothing tells otherwise) to skype (msn: the interface's dialect)"));
    talk_close(t);
}

static void what_a_leg_has_said_before_counts_when_it_says_nothing(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    talk_offer(t, TALK_A,
               phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", "a=x-ssrc-range:1-4294967040\r\n"),
               NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    expect_dialect(t, TALK_A, "lync", "a=x-ssrc-range");
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    expect_dialect(t, TALK_A, "lync", "a=x-ssrc-range");
}

#define CASE(test) cmocka_unit_test_teardown(test, put_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_request_may_name_the_dialect_of_each_side),
        CASE(one_word_is_the_dialect_of_the_side_that_is_offered_to),
        CASE(a_dialect_that_nobody_speaks_is_an_error),
        CASE(an_interface_says_how_to_speak_first),
        CASE(what_a_leg_has_said_before_counts_when_it_says_nothing),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
