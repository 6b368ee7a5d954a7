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

/* Lync with silence suppression: no RTP for as long as nobody speaks, but RTCP. */
static void report_on_h(uint64_t n, void *arg)
{
    static const uint8_t receiver_report[] = {0x80, 201, 0, 1, 1, 2, 3, 4};
    const struct talk *t = arg;

    (void)n;
    phone_send(&t->phone[TALK_A], PHONE_RTCP, t->told[TALK_A].address, t->told[TALK_A].rtcp_port,
               receiver_report, sizeof(receiver_report));
}

static struct loop_timer *start_timer(struct talk *t, void (*h)(uint64_t n, void *arg))
{
    struct loop_timer *timer;

    assert_int_equal(loop_timer_alloc(&timer, t->relay->loop, h, t), 0);
    loop_timer_start(timer, loop_now_us(), TALK_EVERY_US);
    return timer;
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
    struct talk silent, held, unanswered, talking, reporting;
    struct loop_timer *timer, *report_timer;

    (void)state;
    relay_start(&r, &(struct relay_config){.more = "media_timeout_s: 1\n"
                                                   "silent_timeout_s: 2\n"
                                                   "offer_timeout_s: 1\n"});
    talk_set_up(&talking, &r);
    timer = start_timer(&talking, talk_on_h);
    talk_set_up(&reporting, &r);
    report_timer = start_timer(&reporting, report_on_h);
    talk_open(&held, &r);
    hold(&held);
    talk_set_up(&silent, &r);
    talk_open(&unanswered, &r);
    talk_offer(&unanswered, TALK_A, NULL, NULL);

    expect_end(&silent, "media timeout", "no packets from the other side");
    expect_end(&unanswered, "offer timeout", "not answered");
    expect_end(&held, "silent timeout", "on hold");
    assert_false(relay_has_record(&r, talking.id)); /* these two have outlived all of the others */
    assert_false(relay_has_record(&r, reporting.id));
    talk_pass(&talking, TALK_B);
    talk_pass(&reporting, TALK_A);
    assert_true(relay_metric(&r, "picrelay_calls ") == 2);

    loop_timer_free(timer);
    loop_timer_free(report_timer);
    talk_close(&reporting);
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
