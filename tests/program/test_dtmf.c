#include <stdio.h>

#include "tests/program/talk.h"

/* The DTMF commands: digits that the control side plays, and events that it blocks. */

enum { PT_EVENT = 101 };

static void open_with_events(struct talk *t, struct relay *r, const char *flags)
{
    static const char lines[] = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";
    char sdp[PHONE_SDP_MAX];

    talk_open(t, r);
    talk_offer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0 101", lines), flags);
    talk_answer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "0 101", lines), NULL);
}

static json_t *play(const struct talk *t, unsigned from, const char *code)
{
    json_t *request = talk_request(t, "play DTMF", from, false, NULL, NULL);

    json_object_set_new(request, "code", json_string(code));
    json_object_set_new(request, "duration", json_integer(100));
    return request;
}

static bool has_heard_an_end(void *arg)
{
    const struct phone *p = arg;
    const struct phone_packet *last = &p->last[PHONE_RTP];

    return p->n_heard[PHONE_RTP] > 0 && last->rtp.pt == PT_EVENT && (last->bytes[13] & 0x80);
}

/* Updates, then three ends. A relay that is late leaves updates out: each says how long the digit
 * is by now (RFC 4733 s.2.5.1.2), so they are not counted but for their most. */
static const struct phone_packet *hear_digit(const struct relay *r, struct phone *p)
{
    relay_wait(r, has_heard_an_end, p, "the end of a digit at a phone");
    assert_in_range(p->n_heard[PHONE_RTP], 1, 4 + 3);
    return &p->last[PHONE_RTP];
}

static void a_digit_is_played_to_the_other_side(void **state)
{
    struct relay *r = *state;
    const struct phone_packet *heard;
    struct talk t;

    open_with_events(&t, r, "inject-DTMF");
    json_decref(relay_ask_for(r, play(&t, TALK_A, "5"), "ok"));
    heard = hear_digit(r, &t.phone[TALK_B]);
    assert_int_equal(heard->bytes[12], 5);
    assert_int_equal(heard->bytes[13], 0x80 | 8); /* the end, at -8 dBm0 */
    assert_int_equal(heard->bytes[14] << 8 | heard->bytes[15], 800);
    assert_int_equal(t.phone[TALK_A].n_heard[PHONE_RTP], 0);

    json_decref(relay_ask_for(r, play(&t, TALK_B, "#"), "ok"));
    heard = hear_digit(r, &t.phone[TALK_A]);
    assert_int_equal(heard->bytes[12], 11);
    talk_close(&t);
}

static void what_cannot_be_played_is_an_error(void **state)
{
    struct relay *r = *state;
    struct talk t;
    json_t *request;

    open_with_events(&t, r, NULL); /* passed through */
    relay_ask_error(r, play(&t, TALK_A, "5"), "Monologue has no media capable of DTMF injection");
    relay_ask_error(r, talk_request(&t, "block DTMF", TALK_A, false, NULL, NULL),
                    "Monologue has no media capable of DTMF injection");
    relay_ask_error(r, play(&t, TALK_A, "E"), "Out of range 'code' specified");
    relay_ask_error(r, play(&t, TALK_A, "16"), "Out of range 'code' specified");
    relay_ask_error(r, play(&t, TALK_A, ""), "Out of range 'code' specified");
    request = play(&t, TALK_A, "5");
    json_object_set_new(request, "from-tag", json_string("nobody"));
    relay_ask_error(r, request, "From-tag given, but no such tag exists");
    relay_ask_error(r, relay_request("play DTMF", "nothing"), "Unknown call-ID");
    talk_close(&t);
}

static void blocked_events_end_at_the_relay(void **state)
{
    struct relay *r = *state;
    struct talk t;

    open_with_events(&t, r, "inject-DTMF");
    json_decref(relay_ask_for(r, talk_request(&t, "block DTMF", TALK_A, false, NULL, NULL), "ok"));
    phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], PT_EVENT, 1);
    phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], TALK_PCMU, 0x55);
    assert_int_equal(phone_hear(&t.phone[TALK_B], r, PHONE_RTP, 1)->rtp.pt, TALK_PCMU);

    json_decref(
        relay_ask_for(r, talk_request(&t, "unblock DTMF", TALK_A, false, NULL, NULL), "ok"));
    phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], PT_EVENT, 1);
    assert_int_equal(phone_hear(&t.phone[TALK_B], r, PHONE_RTP, 2)->rtp.pt, PT_EVENT);
    talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digit_is_played_to_the_other_side),
        cmocka_unit_test(what_cannot_be_played_is_an_error),
        cmocka_unit_test(blocked_events_end_at_the_relay),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
