#include "bench/peer/rtcp.h"
#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>

/* What a peer of Microsoft's may rely on in RTP and RTCP: MS-SDPEXT and MS-RTP. */

#define WALL_CLOCK 1792600000000000ull /* of reports: any */

static struct talk the_talk;

static int put_away(void **state)
{
    (void)state;
    talk_close(&the_talk);
    return 0;
}

/* A is a Lync client that names its SSRC, or a range of them. */
static void set_up_lync(struct talk *t, struct relay *r, uint32_t low, uint32_t high)
{
    char sdp[PHONE_SDP_MAX], lines[128];

    talk_open(t, r);
    snprintf(lines, sizeof(lines), "a=x-ssrc-range:%u-%u\r\na=label:main-audio\r\n", low, high);
    talk_offer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", lines), NULL);
    talk_answer(t, TALK_A, NULL, NULL);
}

static void packets_outside_the_range_of_their_sender_are_dropped(void **state)
{
    struct talk *t = &the_talk;

    set_up_lync(t, *state, 1000, 1000);
    t->phone[TALK_A].ssrc = 1000;
    talk_pass(t, TALK_A);
    t->phone[TALK_A].ssrc = 999;
    talk_be_dropped(t, TALK_A, TALK_PCMU, "ssrc_range");
    t->phone[TALK_A].ssrc = 1001;
    talk_be_dropped(t, TALK_A, TALK_PCMU, "ssrc_range");
    t->phone[TALK_A].ssrc = 1000;
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B); /* who has given none */
}

static void the_range_that_it_is_told_is_our_true_ssrc(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    set_up_lync(t, *state, 1000, 1000);
    for (unsigned i = 0; i < 3; i++) {
        t->phone[TALK_B].ssrc += 77; /* whatever the other side does */
        t->phone[TALK_B].seq += 9000;
        const struct peer_rtp heard = talk_pass(t, TALK_B)->rtp;

        assert_true(t->told[TALK_A].has_ssrc_range);
        assert_int_equal(t->told[TALK_A].ssrc_low, heard.ssrc);
        assert_int_equal(t->told[TALK_A].ssrc_high, heard.ssrc);
        talk_offer(
            t, TALK_A,
            phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", "a=x-ssrc-range:1000-1000\r\n"),
            NULL);
        talk_answer(t, TALK_A, NULL, NULL);
    }
    assert_false(t->told[TALK_B].has_ssrc_range);
}

/* A range of many is one client's that may change: throttled, as one that gives none. */
static void a_client_may_change_its_ssrc_once_in_two_seconds(void **state)
{
    struct talk *t = &the_talk;

    set_up_lync(t, *state, 1, 0xffffff00u);
    t->phone[TALK_A].ssrc = 10;
    talk_pass(t, TALK_A);
    t->phone[TALK_A].ssrc = 11; /* heard at once */
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_A);
    t->phone[TALK_A].ssrc = 12;
    talk_be_dropped(t, TALK_A, TALK_PCMU, "ssrc_throttled");
    t->phone[TALK_A].ssrc = 11;
    talk_pass(t, TALK_A);
}

/* Windows Messenger before SRTP: to answer it in clear would be no answer. */
static void who_requires_encryption_without_a_key_is_refused(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    relay_ask_error(
        t->relay,
        talk_request(t, "offer", TALK_A, false,
                     phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0",
                               "k=base64:Y6UN8SAFnqNTI61uN+1II3dqRk0spxbtqfuv5EYSYSM\r\n"
                               "a=encryption:required\r\n"),
                     NULL),
        "Encryption is required without a key that is known");
}

/* The other side sends no RTCP at all, and none of it is transcoded. */
static void rtcp_comes_although_the_other_side_sends_none(void **state)
{
    struct talk *t = &the_talk;
    struct peer_rtcp_stats stats = {0};

    set_up_lync(t, *state, 1000, 1000);
    t->phone[TALK_A].ssrc = 1000;
    talk_pass(t, TALK_A);
    const uint32_t ssrc = talk_pass(t, TALK_B)->rtp.ssrc;
    for (unsigned i = 1; i <= 2; i++) {
        const struct phone_packet *p = phone_hear(&t->phone[TALK_A], t->relay, PHONE_RTCP, i);

        peer_rtcp_put(&stats, p->bytes, p->n, 1000, loop_now_us(), WALL_CLOCK);
        assert_int_equal(peer_get32(p->bytes + 4), ssrc);
    }
    assert_int_equal(stats.bad, 0);
    assert_int_equal(stats.rr, 2);
    assert_string_not_equal(stats.cname, "");
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTCP], 0); /* a telephone needs none */
}

struct datagram {
    const char *why;
    uint8_t bytes[64];
    size_t n;
    bool is_told_on; /* to the other side, where packets pass */
};

/* Each alone in its datagram; SSRC 1000 is 0x3e8. */
static const struct datagram datagrams[] = {
    {"a lone SR without blocks: the probe",
     {0x80, 200, 0, 6, 0, 0, 3, 0xe8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 160},
     28,
     true},
    {"a lone RR", {0x80, 201, 0, 1, 0, 0, 3, 0xe8}, 8, true},
    {"an RR with Microsoft's extensions 1, 10, and one that nobody knows",
     {0x80, 201,  0, 8,  0, 0,  3, 0xe8, 0, 1, 0, 12, 0, 0, 3,  0xe8, 0xff, 0xff,
      0xff, 0xfd, 0, 10, 0, 12, 0, 0,    0, 0, 0, 1,  0, 0, 99, 99,   0,    4},
     36,
     true},
    {"a lone SDES whose CNAME has a NUL at its end",
     {0x81, 202, 0, 3, 0, 0, 3, 0xe8, 1, 4, 'm', 'e', '@', 0, 0, 0},
     16,
     false},
    {"a lone BYE", {0x81, 203, 0, 1, 0, 0, 3, 0xe8}, 8, false},
    {"a lone feedback of Microsoft's own: PSFB 15",
     {0x8f, 206, 0, 4, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0},
     20,
     false},
};

static void rtcp_need_not_be_compound(void **state)
{
    struct talk *t = &the_talk;
    struct phone *a = &t->phone[TALK_A], *b = &t->phone[TALK_B];

    set_up_lync(t, *state, 1000, 1000);
    a->ssrc = 1000;
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
        const struct datagram *d = &datagrams[i];
        unsigned n = b->n_heard[PHONE_RTCP];

        print_message("%s\n", d->why);
        phone_send(a, PHONE_RTCP, t->told[TALK_A].address, t->told[TALK_A].rtcp_port, d->bytes,
                   d->n);
        if (d->is_told_on)
            phone_hear(b, t->relay, PHONE_RTCP, n + 1);
    }
    talk_pass(t, TALK_A); /* behind all of them */
    assert_int_equal(talk_drops(t, TALK_A, "rtcp_bad"), 0);
    assert_int_equal(b->n_heard[PHONE_RTCP], 3);
}

#define CASE(test) cmocka_unit_test_teardown(test, put_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(packets_outside_the_range_of_their_sender_are_dropped),
        CASE(the_range_that_it_is_told_is_our_true_ssrc),
        CASE(a_client_may_change_its_ssrc_once_in_two_seconds),
        CASE(who_requires_encryption_without_a_key_is_refused),
        CASE(rtcp_comes_although_the_other_side_sends_none),
        CASE(rtcp_need_not_be_compound),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
