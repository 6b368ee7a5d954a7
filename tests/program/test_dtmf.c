#include <stdio.h>
#include <string.h>

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

static void expect_transcoding(const struct talk *t, bool is_expected)
{
    json_t *query = relay_query(t->relay, t->id);
    bool has_flag = false;
    size_t i;
    json_t *flag;
    char path[96];

    snprintf(path, sizeof(path), "tags.%s.medias.0.flags", t->tag[TALK_A]);
    json_array_foreach(relay_json(query, path), i, flag)
    {
        has_flag = has_flag || strcmp(json_string_value(flag), "transcoding") == 0;
    }
    json_decref(query);
    assert_int_equal(has_flag, is_expected);
}

static bool has_heard_an_end(void *arg)
{
    const struct phone *p = arg;
    const struct phone_packet *last = &p->last[PHONE_RTP];

    return p->n_heard[PHONE_RTP] > 0 && last->rtp.pt == PT_EVENT && (last->bytes[13] & 0x80);
}

static bool has_heard_sound(void *arg)
{
    return ((const struct phone *)arg)->last[PHONE_RTP].rtp.pt == TALK_PCMU;
}

/* Updates, then three ends. A relay that is late leaves updates out: each says how long the digit
 * is by now (RFC 4733 s.2.5.1.2), so they are not counted but for their most. */
static const struct phone_packet *hear_digit(const struct relay *r, struct phone *p,
                                             unsigned n_before)
{
    relay_wait(r, has_heard_an_end, p, "the end of a digit at a phone");
    assert_in_range(p->n_heard[PHONE_RTP] - n_before, 1, 4 + 3);
    return &p->last[PHONE_RTP];
}

static void a_digit_is_played_to_the_other_side(void **state)
{
    struct relay *r = *state;
    const struct phone_packet *heard;
    struct talk t;

    open_with_events(&t, r, "inject-DTMF");
    json_decref(relay_ask_for(r, play(&t, TALK_A, "5"), "ok"));
    heard = hear_digit(r, &t.phone[TALK_B], 0);
    assert_int_equal(heard->bytes[12], 5);
    assert_int_equal(heard->bytes[13], 0x80 | 8); /* the end, at -8 dBm0 */
    assert_int_equal(heard->bytes[14] << 8 | heard->bytes[15], 800);
    assert_int_equal(t.phone[TALK_A].n_heard[PHONE_RTP], 0);

    json_decref(relay_ask_for(r, play(&t, TALK_B, "#"), "ok"));
    heard = hear_digit(r, &t.phone[TALK_A], 0);
    assert_int_equal(heard->bytes[12], 11);
    talk_close(&t);
}

/* No flag was given: nothing is transcoded, before or after. */
static void a_digit_is_played_between_relayed_packets(void **state)
{
    struct relay *r = *state;
    const struct phone_packet *heard;
    struct talk t;
    uint16_t first;

    open_with_events(&t, r, NULL);
    first = talk_pass(&t, TALK_A)->rtp.seq;
    json_decref(relay_ask_for(r, play(&t, TALK_A, "D"), "ok"));
    heard = hear_digit(r, &t.phone[TALK_B], 1);
    assert_int_equal(heard->bytes[12], 15);
    assert_int_equal(heard->bytes[13], 0x80 | 8);
    assert_int_equal(heard->bytes[14] << 8 | heard->bytes[15], 800);
    phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], TALK_PCMU, 0x55);
    relay_wait(r, has_heard_sound, &t.phone[TALK_B], "sound after a digit");
    assert_int_equal((uint16_t)(heard->rtp.seq - first), t.phone[TALK_B].n_heard[PHONE_RTP] - 1);
    expect_transcoding(&t, false);
    talk_close(&t);
}

/* A receiver without telephone-event hears a tone; its stream goes on where it was. */
static void a_digit_is_a_tone_for_who_takes_no_events(void **state)
{
    struct relay *r = *state;
    const struct phone_packet *heard;
    struct talk t;
    uint16_t seq;
    uint32_t ts;

    talk_set_up(&t, r);
    heard = talk_pass(&t, TALK_A);
    seq = heard->rtp.seq;
    ts = heard->rtp.ts;
    json_decref(relay_ask_for(r, play(&t, TALK_A, "5"), "ok"));
    heard = phone_hear(&t.phone[TALK_B], r, PHONE_RTP, 1 + 5); /* 100 ms of it */
    assert_int_equal(heard->rtp.pt, TALK_PCMU);
    assert_int_equal((uint16_t)(heard->rtp.seq - seq), 5);
    assert_in_range(heard->rtp.ts - ts, 4 * PHONE_TICKS, 60 * 8000);
    assert_memory_not_equal(heard->bytes + 12, heard->bytes + 13, PHONE_PAYLOAD_BYTES - 1);
    expect_transcoding(&t, true);

    /* what has taken the time of the tone is not sent as well: after that, it is heard again */
    for (unsigned i = 0; i < 6; i++)
        phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], TALK_PCMU, 0x31);
    heard = phone_hear(&t.phone[TALK_B], r, PHONE_RTP, 1 + 5 + 1);
    assert_int_equal((uint16_t)(heard->rtp.seq - seq), 6);
    assert_int_equal(heard->rtp.payload[80], 0x31);
    talk_close(&t);
}

static void what_cannot_be_played_is_an_error(void **state)
{
    static const char no_sound[] = "Monologue has no media capable of DTMF injection";
    static const char msrta[] = "a=rtpmap:114 x-msrta/16000\r\n";
    struct relay *r = *state;
    char sdp[PHONE_SDP_MAX];
    struct talk t;
    json_t *request;

    talk_open(&t, r); /* passed through, and nobody can decode it */
    talk_offer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_A], "RTP/AVP", "114", msrta), NULL);
    relay_ask_error(r, play(&t, TALK_A, "5"), no_sound);
    talk_answer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_B], "RTP/AVP", "114", msrta), NULL);
    relay_ask_error(r, play(&t, TALK_A, "5"), no_sound);
    relay_ask_error(r, play(&t, TALK_A, "E"), "Out of range 'code' specified");
    relay_ask_error(r, play(&t, TALK_A, "16"), "Out of range 'code' specified");
    relay_ask_error(r, play(&t, TALK_A, ""), "Out of range 'code' specified");
    request = play(&t, TALK_A, "5");
    json_object_set_new(request, "from-tag", json_string("nobody"));
    relay_ask_error(r, request, "From-tag given, but no such tag exists");
    relay_ask_error(r, relay_request("play DTMF", "nothing"), "Unknown call-ID");
    talk_close(&t);

    talk_set_up(&t, r);
    talk_offer(&t, TALK_A, NULL, NULL); /* a tone would need a change that the answer may undo */
    relay_ask_error(r, play(&t, TALK_A, "5"), "an offer waits for its answer");
    talk_answer(&t, TALK_A, NULL, NULL);
    json_decref(relay_ask_for(r, play(&t, TALK_A, "5"), "ok"));
    talk_close(&t);
}

static void block(const struct talk *t, const char *command, const char *security)
{
    json_t *request = talk_request(t, command, TALK_A, false, NULL, NULL);

    if (security)
        json_object_set_new(request, "DTMF-security", json_string(security));
    json_decref(relay_ask_for(t->relay, request, "ok"));
    talk_settle((struct talk *)t, TALK_A);
}

/* Relayed or transcoded: events go no further, and nothing seems to be lost for that. */
static void blocked_events_end_at_the_relay(void **state)
{
    static const char *const flags[] = {NULL, "inject-DTMF"};
    struct relay *r = *state;

    for (unsigned i = 0; i < 2; i++) {
        const struct phone_packet *heard;
        struct talk t;
        uint16_t seq;

        open_with_events(&t, r, flags[i]);
        phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], TALK_PCMU, 0x55);
        seq = phone_hear(&t.phone[TALK_B], r, PHONE_RTP, 1)->rtp.seq;
        block(&t, "block DTMF", NULL);
        phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], PT_EVENT, 1);
        phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], PT_EVENT, 1);
        phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], TALK_PCMU, 0x55);
        heard = phone_hear(&t.phone[TALK_B], r, PHONE_RTP, 2);
        assert_int_equal(heard->rtp.pt, TALK_PCMU);
        assert_int_equal(heard->rtp.seq, (uint16_t)(seq + 1));
        assert_int_equal(talk_drops(&t, TALK_A, "dtmf_blocked"), i == 0 ? 2 : 0);

        block(&t, "unblock DTMF", NULL);
        phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], PT_EVENT, 1);
        assert_int_equal(phone_hear(&t.phone[TALK_B], r, PHONE_RTP, 3)->rtp.pt, PT_EVENT);
        talk_close(&t);
    }
}

/* With DTMF-security=silence tones are listened for, which takes 40 ms, until it is taken back. */
static void blocked_tones_are_listened_for(void **state)
{
    struct relay *r = *state;
    struct talk t;

    open_with_events(&t, r, NULL);
    block(&t, "block DTMF", "silence");
    expect_transcoding(&t, true);
    for (unsigned i = 0; i < 3; i++)
        phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], TALK_PCMU, 0x55);
    assert_int_equal(phone_hear(&t.phone[TALK_B], r, PHONE_RTP, 1)->rtp.payload[0], 0x55);
    talk_offer(&t, TALK_B, NULL, NULL); /* a new offer does not take it back */
    talk_answer(&t, TALK_B, NULL, NULL);
    expect_transcoding(&t, true);
    block(&t, "unblock DTMF", NULL);
    expect_transcoding(&t, false);
    (void)talk_pass(&t, TALK_A);
    talk_close(&t);
}

/* Its events end here from the first packet on; those of the other side, who did not ask, pass. */
static void a_flag_blocks_what_its_sender_dials(void **state)
{
    static const char lines[] = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";
    struct relay *r = *state;

    for (unsigned who = TALK_A; who <= TALK_B; who++) {
        const char *const in_offer = who == TALK_A ? "block-DTMF" : NULL;
        const char *const in_answer = who == TALK_B ? "block-DTMF" : NULL;
        char sdp[PHONE_SDP_MAX];
        struct talk t;

        talk_open(&t, r);
        talk_offer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_A], "RTP/AVP", "0 101", lines),
                   in_offer);
        talk_answer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_B], "RTP/AVP", "0 101", lines),
                    in_answer);
        expect_transcoding(&t, false);
        talk_be_dropped(&t, who, PT_EVENT, "dtmf_blocked");
        (void)talk_pass(&t, who);
        phone_send_rtp(&t.phone[!who], &t.told[!who], PT_EVENT, 1);
        assert_int_equal(phone_hear(&t.phone[who], r, PHONE_RTP, 1)->rtp.pt, PT_EVENT);

        block(&t, "unblock DTMF", NULL);
        phone_send_rtp(&t.phone[who], &t.told[who], PT_EVENT, 1);
        assert_int_equal(phone_hear(&t.phone[!who], r, PHONE_RTP, 2)->rtp.pt, PT_EVENT);
        talk_close(&t);
    }
}

/* With DTMF-security beside the flag, tones are listened for; and one word takes both back, also
 * before anybody has answered. */
static void a_flag_has_tones_listened_for(void **state)
{
    struct relay *r = *state;
    struct talk t;

    talk_open(&t, r);
    talk_offer(&t, TALK_A, NULL, "block-DTMF DTMF-security=silence");
    talk_answer(&t, TALK_A, NULL, NULL);
    expect_transcoding(&t, true);
    block(&t, "unblock DTMF", NULL);
    expect_transcoding(&t, false);
    talk_close(&t);

    talk_open(&t, r);
    talk_offer(&t, TALK_A, NULL, "block-DTMF DTMF-security=silence");
    json_decref(
        relay_ask_for(r, talk_request(&t, "unblock DTMF", TALK_A, false, NULL, NULL), "ok"));
    talk_answer(&t, TALK_A, NULL, NULL);
    expect_transcoding(&t, false);
    talk_close(&t);
}

static void tones_that_cannot_be_taken_out_are_named(void **state)
{
    static const char msrta[] = "a=rtpmap:114 x-msrta/16000\r\n";
    struct relay *r = *state;
    char sdp[PHONE_SDP_MAX];
    struct talk t;

    talk_open(&t, r);
    talk_offer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_A], "RTP/AVP", "114", msrta),
               "block-DTMF DTMF-security=silence");
    talk_answer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_B], "RTP/AVP", "114", msrta), NULL);
    assert_true(relay_has_logged(r, "tones in x-msrta are not taken out"));
    talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digit_is_played_to_the_other_side),
        cmocka_unit_test(a_digit_is_played_between_relayed_packets),
        cmocka_unit_test(a_digit_is_a_tone_for_who_takes_no_events),
        cmocka_unit_test(what_cannot_be_played_is_an_error),
        cmocka_unit_test(blocked_events_end_at_the_relay),
        cmocka_unit_test(blocked_tones_are_listened_for),
        cmocka_unit_test(a_flag_blocks_what_its_sender_dials),
        cmocka_unit_test(a_flag_has_tones_listened_for),
        cmocka_unit_test(tones_that_cannot_be_taken_out_are_named),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
