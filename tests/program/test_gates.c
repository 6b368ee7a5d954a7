#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>

/* What may pass in the data plane: by source, by payload type, by authentication, by form. What may
 * not is counted by its reason and reaches nobody. */

#define AGAIN_US 100000 /* how often a sender that is not believed yet tries */

static struct talk the_talk;
static struct phone stranger;

static int put_away(void **state)
{
    (void)state;
    phone_close(&stranger);
    talk_close(&the_talk);
    return 0;
}

/* Sends one datagram to A's port from any phone and waits until it was dropped. */
static void expect_drop(struct talk *t, const struct phone *from, const void *bytes, size_t n,
                        const char *reason)
{
    unsigned n_heard = t->phone[TALK_B].n_heard[PHONE_RTP];
    json_int_t before = talk_drops(t, TALK_A, reason);

    phone_send(from, PHONE_RTP, t->told[TALK_A].address, t->told[TALK_A].port, bytes, n);
    talk_wait_drops(t, TALK_A, reason, before + 1);
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTP], n_heard);
}

/* ---- form -------------------------------------------------------------------------------------
 */

static void what_is_not_rtp_is_dropped_by_its_fault(void **state)
{
    static const struct {
        const char *why;
        uint8_t bytes[24];
        size_t n;
        const char *reason;
    } rows[] = {
        {"an empty datagram", {0}, 0, "rx_unknown"},
        {"one byte", {0x80}, 1, "rx_unknown"},
        {"version 0", {0x7f, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xff}, 13, "rx_unknown"},
        {"version 3", {0xc0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xff}, 13, "rx_unknown"},
        {"shorter than a header", {0x80, 0, 0, 1, 0, 0, 0, 2}, 8, "rtp_bad"},
        {"fifteen CSRCs that are not there",
         {0x8f, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xff},
         13,
         "rtp_bad"},
        {"an extension that is cut",
         {0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0xff, 0xff},
         16,
         "rtp_bad"},
        {"more padding than packet",
         {0xa0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 200},
         16,
         "rtp_bad"},
        {"DTLS that nobody asked for", {22, 0xfe, 0xfd, 0, 0}, 5, "dtls_source"},
        {"STUN on a leg without ICE", {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, 8, "stun_bad"},
    };
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    talk_pass(t, TALK_A);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("%s\n", rows[i].why);
        expect_drop(t, &t->phone[TALK_A], rows[i].bytes, rows[i].n, rows[i].reason);
    }
    talk_pass(t, TALK_A);
}

static void a_datagram_longer_than_a_packet_is_dropped(void **state)
{
    static const uint8_t big[4000] = {0x80};
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    expect_drop(t, &t->phone[TALK_A], big, sizeof(big), "oversize");
}

static void payload_types_that_were_not_negotiated_are_dropped(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    talk_pass(t, TALK_A);
    talk_be_dropped(t, TALK_A, 8, "payload_type");
    talk_be_dropped(t, TALK_B, 34, "payload_type"); /* a picture, for a telephone */
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

/* ---- source -----------------------------------------------------------------------------------
 */

static void send_as_stranger(struct talk *t)
{
    phone_send_rtp(&stranger, &t->told[TALK_A], TALK_PCMU, 0x77);
}

static void a_stranger_is_dropped_before_and_after_the_peer_has_sent(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    phone_open(&stranger, t->relay->loop, "127.0.0.99");
    send_as_stranger(t);
    talk_wait_drops(t, TALK_A, "drop_source", 1);
    talk_pass(t, TALK_A);
    send_as_stranger(t);
    talk_wait_drops(t, TALK_A, "drop_source", 2);
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTP], 1);
}

static void once_the_peer_has_sent_another_port_of_its_host_is_a_stranger(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    talk_pass(t, TALK_A);
    phone_open(&stranger, t->relay->loop, NULL);
    send_as_stranger(t);
    talk_wait_drops(t, TALK_A, "drop_source", 1);
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTP], 1);
}

/* Sends from the other port again and again until the relay believes it. */
struct insisting {
    struct talk *t;
    bool is_heard;
};

static void insist_h(uint64_t n, void *arg)
{
    (void)n;
    send_as_stranger(((struct insisting *)arg)->t);
}

static bool is_heard(void *arg)
{
    struct insisting *i = arg;

    return i->t->phone[TALK_B].n_heard[PHONE_RTP] > 0;
}

static void insist(struct talk *t)
{
    struct insisting i = {.t = t};
    struct loop_timer *timer;

    assert_int_equal(loop_timer_alloc(&timer, t->relay->loop, insist_h, &i), 0);
    loop_timer_start(timer, loop_now_us(), AGAIN_US);
    relay_wait(t->relay, is_heard, &i, "another port of the host to be believed");
    loop_timer_free(timer);
}

static void a_silent_peers_host_may_send_from_another_port_after_a_while(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    phone_open(&stranger, t->relay->loop, NULL);
    send_as_stranger(t);
    talk_wait_drops(t, TALK_A, "drop_source", 1); /* not at once */
    insist(t);
    assert_int_equal(t->phone[TALK_B].last[PHONE_RTP].rtp.payload[0], 0x77);
    talk_be_dropped(t, TALK_A, TALK_PCMU, "drop_source"); /* its time is past */
    /* what comes for the peer goes where it sends from: symmetric RTP */
    phone_send_rtp(&t->phone[TALK_B], &t->told[TALK_B], TALK_PCMU, 5);
    assert_int_equal(phone_hear(&stranger, t->relay, PHONE_RTP, 1)->rtp.payload[0], 5);
}

static void behind_a_nat_the_host_of_signalling_is_believed_at_once(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    phone_open(&stranger, t->relay->loop, "127.0.0.98");
    json_t *request = talk_request(t, "offer", TALK_A, false,
                                   phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL), NULL);
    json_object_set_new(request, "received-from", json_pack("[ss]", "IP4", "127.0.0.98"));
    json_t *reply = relay_ask_for(t->relay, request, "ok");
    talk_take(t, TALK_B, reply);
    json_decref(reply);
    talk_answer(t, TALK_A, NULL, NULL);
    send_as_stranger(t);
    phone_hear(&t->phone[TALK_B], t->relay, PHONE_RTP, 1);
    assert_int_equal(talk_drops(t, TALK_A, "drop_source"), 0);
}

static void rtcp_of_a_stranger_is_dropped(void **state)
{
    static const uint8_t bye[] = {0x81, 203, 0, 1, 1, 2, 3, 4};
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    phone_open(&stranger, t->relay->loop, "127.0.0.99");
    phone_send(&stranger, PHONE_RTCP, t->told[TALK_A].address, t->told[TALK_A].rtcp_port, bye,
               sizeof(bye));
    talk_wait_drops(t, TALK_A, "drop_source", 1);
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTCP], 0);
}

/* ---- SRTP -------------------------------------------------------------------------------------
 */

/* Whether the relay says that it knows where A sends from. */
static bool is_confirmed(struct talk *t)
{
    json_t *query = relay_query(t->relay, t->id);
    json_t *tag = json_object_get(relay_json(query, "tags"), t->tag[TALK_A]);
    json_t *flags = relay_json(tag, "medias.0.streams.0.flags");
    bool is = false;

    for (size_t i = 0; i < json_array_size(flags); i++)
        is = is || strcmp(json_string_value(json_array_get(flags, i)), "confirmed") == 0;
    json_decref(query);
    return is;
}

static void a_source_is_never_believed_before_it_has_authenticated(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up_secure(t, *state);
    phone_open(&stranger, t->relay->loop, NULL);
    /* from the peer's very address, so that nothing but authentication is between */
    struct peer_srtp *srtp = t->phone[TALK_A].srtp;
    t->phone[TALK_A].srtp = NULL;
    talk_be_dropped(t, TALK_A, TALK_PCMU, "srtp_auth");
    t->phone[TALK_A].srtp = srtp;
    assert_false(is_confirmed(t));
    talk_pass(t, TALK_A);
    assert_true(is_confirmed(t));
}

static void a_replay_and_a_forgery_are_dropped(void **state)
{
    uint8_t packet[PEER_RTP_HEADER_BYTES + PHONE_PAYLOAD_BYTES + PEER_SRTP_TRAILER] = {0x80};
    size_t n = PEER_RTP_HEADER_BYTES + PHONE_PAYLOAD_BYTES;
    struct talk *t = &the_talk;
    struct phone *a = &t->phone[TALK_A];

    talk_set_up_secure(t, *state);
    peer_rtp_write(packet, &(struct peer_rtp){.seq = a->seq++, .ts = a->ts, .ssrc = a->ssrc});
    assert_int_equal(peer_srtp_protect(a->srtp, false, packet, &n), 0);
    phone_send(a, PHONE_RTP, t->told[TALK_A].address, t->told[TALK_A].port, packet, n);
    phone_hear(&t->phone[TALK_B], t->relay, PHONE_RTP, 1);
    expect_drop(t, a, packet, n, "srtp_replay");
    packet[3]++; /* the next number with an old tag */
    expect_drop(t, a, packet, n, "srtp_auth");
    talk_pass(t, TALK_A);
}

#define CASE(test) cmocka_unit_test_teardown(test, put_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_not_rtp_is_dropped_by_its_fault),
        CASE(a_datagram_longer_than_a_packet_is_dropped),
        CASE(payload_types_that_were_not_negotiated_are_dropped),
        CASE(a_stranger_is_dropped_before_and_after_the_peer_has_sent),
        CASE(once_the_peer_has_sent_another_port_of_its_host_is_a_stranger),
        CASE(a_silent_peers_host_may_send_from_another_port_after_a_while),
        CASE(behind_a_nat_the_host_of_signalling_is_believed_at_once),
        CASE(rtcp_of_a_stranger_is_dropped),
        CASE(a_source_is_never_believed_before_it_has_authenticated),
        CASE(a_replay_and_a_forgery_are_dropped),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
