#include "tests/program/talk.h"

#include <string.h>

/* Calls that nobody ends: each ends by itself, with its reason in the record. */

#define TALK_EVERY_US 200000

static void talk_on_h(uint64_t n, void *arg)
{
    struct talk *t = arg;

    (void)n;
    phone_send_rtp(&t->phone[TALK_A], &t->told[TALK_A], TALK_PCMU, 1);
}

static void expect_end(const struct talk *t, const char *end, const char *silence)
{
    json_t *record = relay_record(t->relay, t->id);

    assert_string_equal(relay_json_text(record, "end"), end);
    assert_string_equal(relay_json_text(record, "legs.0.streams.0.silence"), silence);
    json_decref(record);
}

static void hold(struct talk *t)
{
    char sdp[PHONE_SDP_MAX];

    talk_offer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", "a=inactive\r\n"),
               NULL);
    talk_answer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "0", "a=inactive\r\n"),
                NULL);
}

static void each_silence_has_its_time_and_its_reason(void **state)
{
    struct relay r;
    struct talk silent, held, unanswered, talking;
    struct loop_timer *timer;

    (void)state;
    relay_start(&r, &(struct relay_config){.more = "media_timeout_s: 1\n"
                                                   "silent_timeout_s: 2\n"
                                                   "offer_timeout_s: 1\n"});
    talk_set_up(&talking, &r);
    assert_int_equal(loop_timer_alloc(&timer, r.loop, talk_on_h, &talking), 0);
    loop_timer_start(timer, loop_now_us(), TALK_EVERY_US);
    talk_open(&held, &r);
    hold(&held);
    talk_set_up(&silent, &r);
    talk_open(&unanswered, &r);
    talk_offer(&unanswered, TALK_A, NULL, NULL);

    expect_end(&silent, "media timeout", "no packets from the other side");
    expect_end(&unanswered, "offer timeout", "not answered");
    expect_end(&held, "silent timeout", "on hold");
    assert_false(relay_has_record(&r, talking.id)); /* it has outlived all of the others */
    talk_pass(&talking, TALK_B);
    assert_true(relay_metric(&r, "picrelay_calls ") == 1);

    loop_timer_free(timer);
    talk_close(&silent);
    talk_close(&held);
    talk_close(&unanswered);
    talk_close(&talking);
    relay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_silence_has_its_time_and_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
