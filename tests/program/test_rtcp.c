#include "bench/peer/rtcp.h"
#include "tests/program/talk.h"

#include <string.h>

/* RTCP: what peers report is told on in the numbers of the other leg, where packets pass; where the
 * relay makes the packets, it reports itself. RFC 3550 s.6 and s.7.1. */

#define PCMA       8
#define SPEAK_US   20000
#define WALL_CLOCK 1792600000000000ull /* of reports: any */

static struct talk the_talk;

static int put_away(void **state)
{
    (void)state;
    talk_close(&the_talk);
    return 0;
}

static void send_report(struct talk *t, unsigned from, const struct peer_rtcp_report *report)
{
    uint8_t packet[PEER_RTCP_MAX];
    size_t n = peer_rtcp_write(packet, sizeof(packet), report);

    assert_true(n > 0);
    phone_send(&t->phone[from], PHONE_RTCP, t->told[from].address, t->told[from].rtcp_port, packet,
               n);
}

/* The next report at a side, read as by somebody whose own SSRC is this. */
static struct peer_rtcp_stats hear_report(struct talk *t, unsigned side, uint32_t own_ssrc)
{
    struct peer_rtcp_stats stats = {0};
    const struct phone *p = &t->phone[side];
    const struct phone_packet *packet =
        phone_hear(p, t->relay, PHONE_RTCP, p->n_heard[PHONE_RTCP] + 1);

    peer_rtcp_put(&stats, packet->bytes, packet->n, own_ssrc, loop_now_us(), WALL_CLOCK);
    assert_int_equal(stats.bad, 0);
    return stats;
}

static void reports_of_passed_packets_are_told_on_in_the_other_legs_numbers(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    const struct peer_rtp at_b = talk_pass(t, TALK_A)->rtp;
    const uint32_t sent_ssrc = t->phone[TALK_A].ssrc;
    const uint16_t sent_seq = (uint16_t)(t->phone[TALK_A].seq - 1);
    assert_int_not_equal(at_b.ssrc, sent_ssrc);

    send_report(t, TALK_A,
                &(struct peer_rtcp_report){.ssrc = sent_ssrc,
                                           .is_sender = true,
                                           .packets = 7,
                                           .octets = 1120,
                                           .rtp_ts = t->phone[TALK_A].ts,
                                           .wall_us = WALL_CLOCK});
    struct peer_rtcp_stats stats = hear_report(t, TALK_B, 0);
    assert_int_equal(stats.sr, 1);
    assert_int_equal(stats.sr_packets, 1); /* as many as B was sent, not as A has counted */
    assert_int_equal(peer_get32(t->phone[TALK_B].last[PHONE_RTCP].bytes + 4), at_b.ssrc);

    send_report(t, TALK_B,
                &(struct peer_rtcp_report){.ssrc = t->phone[TALK_B].ssrc,
                                           .has_block = true,
                                           .source = at_b.ssrc,
                                           .lost = 3,
                                           .fraction_lost = 12,
                                           .highest_seq = at_b.seq,
                                           .jitter = 99});
    stats = hear_report(t, TALK_A, sent_ssrc);
    assert_true(stats.has_block); /* about A's own stream, under A's own name */
    assert_int_equal(stats.block_highest_seq & 0xffff, sent_seq);
    assert_int_equal(stats.block_lost, 3);
    assert_int_equal(stats.block_fraction, 12);
    assert_int_equal(stats.block_jitter, 99);
}

/* The relay's stream goes on: to another branch, or after the next offer. */
static void a_goodbye_is_not_told_on(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    talk_pass(t, TALK_A);
    send_report(t, TALK_A,
                &(struct peer_rtcp_report){.ssrc = t->phone[TALK_A].ssrc, .is_bye = true});
    const struct peer_rtcp_stats stats = hear_report(t, TALK_B, 0);
    assert_int_equal(stats.rr, 1);
    assert_int_equal(stats.bye, 0);
}

static void towards_a_muxed_leg_reports_come_to_the_rtp_port(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];
    struct peer_rtcp_stats stats = {0};

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, "rtcp-mux-offer");
    assert_true(t->told[TALK_B].has_rtcp_mux);
    talk_answer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "0", "a=rtcp-mux\r\n"),
                NULL);
    assert_false(t->told[TALK_A].has_rtcp_mux);
    talk_pass(t, TALK_A);
    send_report(t, TALK_A,
                &(struct peer_rtcp_report){
                    .ssrc = t->phone[TALK_A].ssrc, .is_sender = true, .wall_us = WALL_CLOCK});
    const struct phone_packet *p = phone_hear(&t->phone[TALK_B], t->relay, PHONE_RTP, 2);
    peer_rtcp_put(&stats, p->bytes, p->n, 0, loop_now_us(), WALL_CLOCK);
    assert_int_equal(stats.sr, 1);
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTCP], 0);
}

static void speak_h(uint64_t n, void *arg)
{
    struct talk *t = arg;

    (void)n;
    phone_send_rtp(&t->phone[TALK_A], &t->told[TALK_A], TALK_PCMU, 1);
    phone_send_rtp(&t->phone[TALK_B], &t->told[TALK_B], PCMA, 1);
}

static void where_it_transcodes_the_relay_reports_itself(void **state)
{
    struct talk *t = &the_talk;
    struct loop_timer *timer;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, "codec-transcode-PCMA");
    talk_answer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "8", NULL), NULL);
    assert_int_equal(loop_timer_alloc(&timer, t->relay->loop, speak_h, t), 0);
    loop_timer_start(timer, loop_now_us(), SPEAK_US);
    for (unsigned side = 0; side < 2; side++) {
        struct peer_rtcp_stats stats = hear_report(t, side, t->phone[side].ssrc);

        assert_int_equal(stats.sr, 1); /* of what it sends to this side */
        assert_int_equal(peer_get32(t->phone[side].last[PHONE_RTCP].bytes + 4),
                         t->phone[side].last[PHONE_RTP].rtp.ssrc);
        assert_true(stats.has_block); /* about what it receives from this side */
        assert_string_not_equal(stats.cname, "");
    }
    loop_timer_free(timer);
}

#define CASE(test) cmocka_unit_test_teardown(test, put_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reports_of_passed_packets_are_told_on_in_the_other_legs_numbers),
        CASE(a_goodbye_is_not_told_on),
        CASE(towards_a_muxed_leg_reports_come_to_the_rtp_port),
        CASE(where_it_transcodes_the_relay_reports_itself),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
