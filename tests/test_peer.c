#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/peer/peer.h"
#include "bench/peer/sdp_candidate.h"
#include "bench/sound/score.h"
#include "bench/sound/wav.h"

/* Two peers back to back: whatever they agree on must carry speech both ways. That is the ground on
 * which they may judge a relay between them. */

#define DEADLINE_US 20000000 /* for what takes three seconds: a test that waits this long fails */
#define SAID_S      2

struct pair {
    struct loop *loop;
    struct sound says[2];
    struct peer *peer[2];
};

static int setup(void **state)
{
    static struct pair pair;
    static const char *const files[] = {PICRELAY_VECTORS "/speech_a.wav",
                                        PICRELAY_VECTORS "/speech_b.wav"};

    memset(&pair, 0, sizeof(pair));
    for (unsigned i = 0; i < 2; i++) {
        if (wav_read(&pair.says[i], files[i]) != 0)
            return -1;
        pair.says[i].n_samples = SAID_S * pair.says[i].rate_hz;
    }
    *state = &pair;
    return loop_alloc(&pair.loop);
}

static int teardown(void **state)
{
    struct pair *pair = *state;

    for (unsigned i = 0; i < 2; i++) {
        peer_free(pair->peer[i]);
        sound_wipe(&pair->says[i]);
    }
    loop_free(pair->loop);
    return 0;
}

static bool both_hear(void *arg)
{
    struct pair *p = arg;

    return peer_hears(p->peer[0]) && peer_hears(p->peer[1]);
}

static bool both_have_said_all(void *arg)
{
    struct pair *p = arg;

    return peer_has_said_all(p->peer[0]) && peer_has_said_all(p->peer[1]);
}

static bool all_has_come(void *arg)
{
    struct pair *p = arg;

    for (unsigned i = 0; i < 2; i++)
        if (peer_counts(p->peer[i])->rtp_received < peer_counts(p->peer[!i])->rtp_sent ||
            !peer_rtcp_stats(p->peer[i])->bye)
            return false;
    return true;
}

static bool one_failed(void *arg)
{
    struct pair *p = arg;

    return peer_state(p->peer[0]) == PEER_FAILED || peer_state(p->peer[1]) == PEER_FAILED;
}

static void wait_for(struct pair *p, bool (*done)(void *arg))
{
    assert_int_equal(loop_run(p->loop, done, p, loop_now_us() + DEADLINE_US), 0);
}

static void alloc_both(struct pair *p, struct peer_config a, struct peer_config b)
{
    struct peer_config cfg[] = {a, b};

    for (unsigned i = 0; i < 2; i++) {
        cfg[i].loop = p->loop;
        cfg[i].says = &p->says[i];
        cfg[i].rtcp_interval_ms = 500;
        cfg[i].record_s = 10;
        assert_int_equal(peer_alloc(&p->peer[i], &cfg[i]), 0);
    }
}

static void connect_both(struct pair *p)
{
    char offer[PEER_SDP_MAX], answer[PEER_SDP_MAX];

    assert_int_equal(peer_offer(p->peer[0], offer, sizeof(offer)), 0);
    assert_int_equal(peer_answer(p->peer[1], offer, strlen(offer), answer, sizeof(answer)), 0);
    assert_int_equal(peer_take_answer(p->peer[0], answer, strlen(answer)), 0);
}

/* Offer to goodbye. */
static void talk(struct pair *p)
{
    connect_both(p);
    wait_for(p, both_hear);
    peer_say(p->peer[0]);
    peer_say(p->peer[1]);
    wait_for(p, both_have_said_all);
    peer_hang_up(p->peer[0]);
    peer_hang_up(p->peer[1]);
    wait_for(p, all_has_come);
}

static void assert_clean(struct pair *p, unsigned i)
{
    const struct peer_counts *c = peer_counts(p->peer[i]);
    const struct peer_rtcp_stats *rtcp = peer_rtcp_stats(p->peer[i]);
    struct peer_receiver_stats rx = peer_receiver_stats(peer_receiver(p->peer[i]));

    assert_int_equal(c->send_errors + c->auth_failures + c->replays + c->bad_srtp, 0);
    if (rx.lost + rx.duplicates + rx.reordered)
        fail_msg("%d lost, %d duplicates, %d reordered", (int)rx.lost, (int)rx.duplicates,
                 (int)rx.reordered);
    assert_int_equal(rx.bad_header + rx.bad_pt + rx.bad_payload + rx.bad_ts + rx.bad_ssrc, 0);
    assert_int_equal(rx.bad_marker + rx.silences + rx.ssrc_changes + rx.pt_changes, 0);
    assert_int_equal(rx.markers, 1);
    assert_int_equal(rtcp->bad, 0);
    assert_true(rtcp->sr > 1 && rtcp->sdes == rtcp->sr + rtcp->rr);
    assert_string_equal(rtcp->cname, PEER_RTCP_CNAME);
    assert_true(rtcp->has_block);
    assert_int_equal(rtcp->block_lost, 0);
}

static void assert_heard(struct pair *p, unsigned i)
{
    struct sound heard = peer_receiver_heard(peer_receiver(p->peer[i]));
    struct score s;

    assert_int_equal(score_compare(&s, &p->says[!i], &heard), 0);
    if (!s.is_pass)
        fail_msg("STOI %.3f, coverage %.3f: %s", s.stoi, s.coverage, score_meaning(&s));
}

static void assert_codec(struct pair *p, const char *name)
{
    for (unsigned i = 0; i < 2; i++)
        assert_string_equal(peer_receiver_format(peer_receiver(p->peer[i]))->spec.name, name);
}

static void talk_cleanly(struct pair *p, const char *codec)
{
    talk(p);
    for (unsigned i = 0; i < 2; i++) {
        assert_clean(p, i);
        assert_heard(p, i);
    }
    assert_codec(p, codec);
}

static void lync_peers_hear_each_other(void **state)
{
    struct pair *p = *state;
    struct peer_config lync = {.dialect = PEER_LYNC,
                               .codecs = "G722,PCMU,PCMA,CN,telephone-event",
                               .has_ssrc_range = true};

    alloc_both(p, lync, lync);
    talk_cleanly(p, "G722");
    for (unsigned i = 0; i < 2; i++)
        for (unsigned component = 1; component <= 2; component++)
            assert_non_null(strstr(peer_pair(p->peer[i], component), "host"));
}

static void rfc_peers_hear_each_other(void **state)
{
    struct pair *p = *state;
    struct peer_config rfc = {.dialect = PEER_RFC, .codecs = "opus,telephone-event"};

    alloc_both(p, rfc, rfc);
    talk_cleanly(p, "opus");
    assert_true(peer_local(p->peer[1])->has_rtcp_mux);
}

static void rfc_peers_without_mux_use_two_components(void **state)
{
    struct pair *p = *state;
    struct peer_config mux = {.dialect = PEER_RFC, .codecs = "PCMA"};
    struct peer_config no_mux = {.dialect = PEER_RFC, .codecs = "PCMA", .no_rtcp_mux = true};

    alloc_both(p, no_mux, mux);
    talk_cleanly(p, "PCMA");
    assert_string_not_equal(peer_pair(p->peer[0], 2), "");
}

static void plain_peers_hear_each_other(void **state)
{
    struct pair *p = *state;
    struct peer_config plain = {.dialect = PEER_PLAIN, .codecs = "PCMU", .keys = PEER_KEYS_NONE};

    alloc_both(p, plain, plain);
    talk_cleanly(p, "PCMU");
    assert_string_equal(peer_local(p->peer[1])->profile, "RTP/AVP");
}

static void lync_offer_of_three_keys_is_answered_with_the_plain_one(void **state)
{
    struct pair *p = *state;
    struct peer_config triple = {
        .dialect = PEER_LYNC, .codecs = "PCMA", .keys = PEER_KEYS_TRIPLE, .profile = "RTP/AVP"};
    struct peer_config one = {.dialect = PEER_LYNC, .codecs = "PCMA"};

    alloc_both(p, triple, one);
    talk_cleanly(p, "PCMA");
    assert_int_equal(peer_local(p->peer[1])->cryptos[0].tag, 3);
    assert_string_equal(peer_local(p->peer[1])->profile, "RTP/SAVP");
}

static void keys_with_an_mki_are_spoken(void **state)
{
    struct pair *p = *state;
    struct peer_config mki = {.dialect = PEER_PLAIN, .codecs = "PCMU", .keys = PEER_KEYS_MKI};
    struct peer_config one = {.dialect = PEER_PLAIN, .codecs = "PCMU"};

    alloc_both(p, mki, one);
    talk_cleanly(p, "PCMU");
    assert_int_equal(peer_remote(p->peer[0])->cryptos[0].n_mki, 1);
}

static void peers_of_different_dialects_do_not_connect(void **state)
{
    struct pair *p = *state;
    struct peer_config lync = {.dialect = PEER_LYNC, .codecs = "PCMU"};
    struct peer_config rfc = {.dialect = PEER_RFC, .codecs = "PCMU", .no_rtcp_mux = true};

    alloc_both(p, lync, rfc);
    connect_both(p);
    wait_for(p, one_failed);
    assert_false(peer_hears(p->peer[0]) || peer_hears(p->peer[1]));
}

static void digits_arrive_in_order_with_their_ends(void **state)
{
    struct pair *p = *state;
    struct peer_config lync = {.dialect = PEER_PLAIN, .codecs = "G722,telephone-event"};

    alloc_both(p, lync, lync);
    p->says[0].n_samples = p->says[1].n_samples = 16000;
    connect_both(p);
    wait_for(p, both_hear);
    assert_int_equal(peer_dial(p->peer[0], "0123456789*#ABCD"), 0);
    assert_int_equal(peer_dial(p->peer[1], "55"), 0);
    peer_say(p->peer[0]);
    peer_say(p->peer[1]);
    wait_for(p, both_have_said_all);
    peer_hang_up(p->peer[0]);
    peer_hang_up(p->peer[1]);
    wait_for(p, all_has_come);

    const struct peer_event_receiver *e = peer_receiver_events(peer_receiver(p->peer[1]));
    assert_string_equal(e->digits, "0123456789*#ABCD");
    assert_int_equal(e->ends, 3 * 16);
    assert_int_equal(e->last_duration, 800);
    assert_string_equal(peer_receiver_events(peer_receiver(p->peer[0]))->digits, "55");
}

static void delay_of_each_packet_is_measured(void **state)
{
    struct pair *p = *state;
    struct peer_config plain = {.dialect = PEER_PLAIN, .codecs = "PCMU"};
    struct peer_delays d;

    alloc_both(p, plain, plain);
    talk(p);
    assert_int_equal(peer_log_delays(&d, peer_sender_log(peer_sender(p->peer[0])),
                                     peer_receiver_log(peer_receiver(p->peer[1]))),
                     0);
    /* most packets: all but the silence around the speech, which has the same payload */
    assert_true(d.n > SAID_S * 50 / 2);
    assert_true(d.min_us >= 0 && d.median_us >= d.min_us && d.max_us >= d.median_us);
}

static void refused_offers_say_why(void **state)
{
    static const struct {
        const char *why;
        struct peer_config a, b;
        int err;
    } rows[] = {
        {"no common codec",
         {.dialect = PEER_PLAIN, .codecs = "PCMU"},
         {.dialect = PEER_PLAIN, .codecs = "PCMA"},
         ENOTSUP},
        {"encryption required, refused",
         {.dialect = PEER_PLAIN, .codecs = "PCMU"},
         {.dialect = PEER_PLAIN, .codecs = "PCMU", .keys = PEER_KEYS_NONE},
         EPERM},
    };
    struct pair *p = *state;
    char offer[PEER_SDP_MAX], answer[PEER_SDP_MAX];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        alloc_both(p, rows[i].a, rows[i].b);
        assert_int_equal(peer_offer(p->peer[0], offer, sizeof(offer)), 0);
        if (peer_answer(p->peer[1], offer, strlen(offer), answer, sizeof(answer)) != rows[i].err)
            fail_msg("%s: not refused as it should be", rows[i].why);
        for (unsigned k = 0; k < 2; k++) {
            peer_free(p->peer[k]);
            p->peer[k] = NULL;
        }
    }
}

static void peer_candidates_are_read_and_written_in_both_generations(void **state)
{
    static const char *const same[] = {
        "1 1 UDP 2130706431 192.0.2.1 5004 typ host",
        "3 2 TCP-ACT 1684797950 192.0.2.1 5005 typ srflx",
        "oKpwKDjMnfFmkSeXlIgoUEYW0BiriMilFQluFogmIQ8 1 XJoleCXuzzNJHAdN0G5MHg UDP 0.830 192.0.2.1 5004",
        "gAH6Rj7UAhyhL37x1myyRCEe0s90i/okTPPlQ8q9Ufg= 2 AT6jQtrWTfVi7S1Ko4pBxA== UDP 0.410 192.0.2.1 5005",
    };
    static const char *const broken[] = {"", "1 1 UDP", "u 1 p UDP 0.8x 192.0.2.1 5004",
                                         "u 3 p UDP 0.830 192.0.2.1 5004",
                                         "u 1 p UDP 2.000 192.0.2.1 5004"};
    struct peer_candidate c;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_true(peer_candidate_read(&c, same[i]));
        (void)peer_candidate_print(text, sizeof(text), &c);
        assert_string_equal(text, same[i]);
    }
    assert_int_equal(c.priority, 410);
    assert_string_equal(c.type, "relay"); /* as q below a half says */
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        assert_false(peer_candidate_read(&c, broken[i]));
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_candidates_are_read_and_written_in_both_generations),
        TEST(lync_peers_hear_each_other),
        TEST(rfc_peers_hear_each_other),
        TEST(rfc_peers_without_mux_use_two_components),
        TEST(plain_peers_hear_each_other),
        TEST(lync_offer_of_three_keys_is_answered_with_the_plain_one),
        TEST(keys_with_an_mki_are_spoken),
        TEST(peers_of_different_dialects_do_not_connect),
        TEST(digits_arrive_in_order_with_their_ends),
        TEST(delay_of_each_packet_is_measured),
        TEST(refused_offers_say_why),
    };

    if (argc > 1) /* a pattern: these tests take their time */
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
