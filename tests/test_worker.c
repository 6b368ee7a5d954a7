#include "media_rig.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "codec/transcoder.h"
#include "relay/clock.h"
#include "relay/media/io.h"
#include "relay/media/load.h"
#include "relay/media/rtcp.h"
#include "relay/media/saving.h"
#include "relay/media/stream.h"

/* The whole data plane, driven through media.h, between sockets of loopback. */

static void relay_passes_rtp_with_one_ssrc_and_its_own_numbers(void **state)
{
    struct rtp_packet first, next;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_send_rtp(&rig.a, 0, 1000);
    rig_send_rtp(&rig.a, 0, 1001);
    first = rig_recv_rtp(&rig.b);
    next = rig_recv_rtp(&rig.b);
    assert_int_equal(first.ssrc, RIG_SSRC_B);
    assert_int_equal(first.payload_len, 160);
    assert_int_equal(next.ssrc, RIG_SSRC_B);
    assert_int_equal(next.seq, (uint16_t)(first.seq + 1));
    assert_int_equal(next.ts, first.ts + 160);
    rig_close(&rig);
}

static void relay_works_in_both_directions_at_once(void **state)
{
    struct rig rig;
    uint16_t i;

    (void)state;
    rig_open(&rig);
    for (i = 0; i < 50; i++) {
        rig_send_rtp(&rig.a, 0, i);
        rig_send_rtp(&rig.b, 8, i);
    }
    for (i = 0; i < 50; i++) {
        assert_int_equal(rig_recv_rtp(&rig.b).pt, 0);
        assert_int_equal(rig_recv_rtp(&rig.a).pt, 8);
    }
    rig_close(&rig);
}

static void relay_renumbers_a_payload_type(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.a.rules.out_pt[96] = 111;
    rig_leg_set(&rig, &rig.a);
    rig_send_rtp(&rig.a, 96, 1);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 111);
    rig_close(&rig);
}

static void relay_strips_header_extensions(void **state)
{
    uint8_t data[64] = {0x90, 0,    0, 1, 0,    0,    0, 0, 0x11, 0x11, 0x11, 0x11,
                        0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0, 'p',  'a',  'y'};
    uint8_t out[64];
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_send(&rig.a, MEDIA_RTP, data, 23);
    assert_int_equal(rig_recv(&rig.b, MEDIA_RTP, out, sizeof(out)), 15);
    assert_int_equal(out[0], 0x80);
    assert_memory_equal(out + 12, "pay", 3);
    rig_close(&rig);
}

static void relay_goes_on_without_a_jump_when_the_sender_changes_its_ssrc(void **state)
{
    struct rtp_packet before, after;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_send_rtp(&rig.a, 0, 100);
    before = rig_recv_rtp(&rig.b);
    rig.a.peer_ssrc = 0x33333333;
    rig_send_rtp(&rig.a, 0, 40000);
    after = rig_recv_rtp(&rig.b);
    assert_int_equal(after.ssrc, before.ssrc);
    assert_int_equal(after.seq, (uint16_t)(before.seq + 1));
    assert_true((int32_t)(after.ts - before.ts) > 0);
    rig_close(&rig);
}

/* What must not pass: it is sent, then something that passes; that must be all that arrives. */
static void worker_drops_what_may_not_pass_and_says_why(void **state)
{
    static const struct {
        const char *reason;
        size_t n;
        uint8_t data[16];
        enum drop drop;
    } rows[] = {
        {"an empty datagram", 0, {0}, DROP_RX_UNKNOWN},
        {"one byte of RTP", 1, {0x80}, DROP_RX_UNKNOWN},
        {"a first byte of no protocol", 12, {0x50}, DROP_RX_UNKNOWN},
        {"STUN on a leg without ICE", 12, {0x00, 0x01}, DROP_STUN_BAD},
        {"DTLS where none is expected", 13, {22, 254, 253}, DROP_DTLS_SOURCE},
        {"RTP without room for its header", 11, {0x80, 0}, DROP_RTP_BAD},
        {"RTP with more CSRCs than bytes", 12, {0x8f, 0}, DROP_RTP_BAD},
        {"RTP padding longer than the payload", 13, {0xa0, 0, [12] = 9}, DROP_RTP_BAD},
        {"a payload type that was not negotiated", 12, {0x80, 77}, DROP_PAYLOAD_TYPE},
        {"a datagram longer than 1500", 1501, {0x80, 0}, DROP_OVERSIZE},
        {"the longest datagram there is", 65507, {0x80, 0}, DROP_OVERSIZE},
    };
    static uint8_t data[65507];
    struct rig rig;
    size_t i;

    (void)state;
    rig_open(&rig);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t before = rig_drops(&rig.a, rows[i].drop);

        print_message("    %s\n", rows[i].reason);
        memset(data, 0, sizeof(data));
        memcpy(data, rows[i].data, sizeof(rows[i].data));
        rig_send(&rig.a, MEDIA_RTP, data, rows[i].n);
        rig_send_rtp(&rig.a, 0, (uint16_t)i);
        assert_int_equal(rig_recv_rtp(&rig.b).payload_len, 160);
        assert_int_equal(rig_drops(&rig.a, rows[i].drop), before + 1);
    }
    rig_close(&rig);
}

static void worker_drops_rtp_of_a_held_leg_and_lets_its_rtcp_pass(void **state)
{
    uint8_t rr[8] = {0x80, 201, 0, 1, 0x11, 0x11, 0x11, 0x11}, out[256];
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.a.rules.may_receive = false;
    rig_leg_set(&rig, &rig.a);
    rig_send_rtp(&rig.a, 0, 1);
    rig_send(&rig.a, MEDIA_RTCP, rr, sizeof(rr));
    assert_true(rig_recv(&rig.b, MEDIA_RTCP, out, sizeof(out)) > 0);
    rig.a.rules.may_receive = true;
    rig_leg_set(&rig, &rig.a);
    rig_send_rtp(&rig.a, 101, 2);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 101);
    assert_int_equal(rig_drops(&rig.a, DROP_ON_HOLD), 1);
    rig_close(&rig);
}

static void worker_sends_no_rtp_to_a_leg_that_may_not_be_sent_to(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.b.rules.may_send = false;
    rig_leg_set(&rig, &rig.b);
    rig_send_rtp(&rig.a, 0, 1);
    rig_send_rtp(&rig.b, 0, 1); /* the other direction is open; both go through one worker */
    (void)rig_recv_rtp(&rig.a);
    rig.b.rules.may_send = true;
    rig_leg_set(&rig, &rig.b);
    rig_send_rtp(&rig.a, 101, 2);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 101);
    assert_int_equal(rig_drops(&rig.a, DROP_ON_HOLD), 1);
    rig_close(&rig);
}

static void worker_limits_the_rate_of_a_leg(void **state)
{
    struct rig rig;
    uint16_t i;

    (void)state;
    rig_open(&rig);
    rig.a.rules.max_pps = 1;
    rig_leg_set(&rig, &rig.a);
    for (i = 0; i < 10; i++)
        rig_send_rtp(&rig.a, 0, i);
    rig_send_rtp(&rig.b, 0, 1); /* the other direction is open; both go through one worker */
    (void)rig_recv_rtp(&rig.a);
    rig.a.rules.max_pps = 0;
    rig_leg_set(&rig, &rig.a);
    rig_send_rtp(&rig.a, 101, 10);
    while (rig_recv_rtp(&rig.b).pt != 101)
        ;
    assert_in_range(rig_drops(&rig.a, DROP_POLICY_GATE), 1, 9);
    rig_close(&rig);
}

static void worker_refuses_strangers_and_never_lets_them_take_a_stream(void **state)
{
    uint8_t data[256];
    union addr addr;
    struct rig rig;
    int stranger = rig_socket(&addr);

    (void)state;
    rig_open(&rig);
    rig_send_from(stranger, &rig.a.local[0], data, rig_rtp(data, 0, 1, 1));
    rig_send_rtp(&rig.a, 101, 1);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 101);
    rig_send_from(stranger, &rig.a.local[0], data, rig_rtp(data, 0, 2, 1));
    rig_send_rtp(&rig.a, 8, 2);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 8);
    assert_int_equal(rig_drops(&rig.a, DROP_SOURCE), 2);
    rig_close(&rig);
    close(stranger);
}

static void worker_learns_another_port_behind_nat_and_answers_there(void **state)
{
    struct media_stats stats;
    union addr addr;
    struct rig rig;
    int known, moved = rig_socket(&addr);

    (void)state;
    rig_open(&rig);
    rig.a.rules.source = MEDIA_SOURCE_LEARN;
    rig.a.rules.has_nat = true;
    rig_leg_set(&rig, &rig.a);
    known = rig.a.peer_fd[MEDIA_RTP];
    rig.a.peer_fd[MEDIA_RTP] = moved;
    rig_send_rtp(&rig.a, 0, 1);
    (void)rig_recv_rtp(&rig.b);
    rig_send_rtp(&rig.b, 8, 1);
    assert_int_equal(rig_recv_rtp(&rig.a).pt, 8);
    media_stream_stats(rig.a.stream, &stats);
    assert_true(addr_equal(&stats.source[MEDIA_RTP], &addr));
    assert_false(addr_is_set(&stats.source[MEDIA_RTCP])); /* it locks by itself */

    rig.a.peer_fd[MEDIA_RTP] = known; /* once locked, even the address of SDP is a stranger */
    rig_send_rtp(&rig.a, 0, 2);
    rig.a.peer_fd[MEDIA_RTP] = moved;
    rig_send_rtp(&rig.a, 101, 3);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 101);
    assert_int_equal(rig_drops(&rig.a, DROP_SOURCE), 1);
    rig_close(&rig);
    close(known);
}

static void worker_sends_where_ice_has_nominated(void **state)
{
    union addr addr;
    struct rig rig;
    int old, nominated = rig_socket(&addr);

    (void)state;
    rig_open(&rig);
    assert_int_equal(media_stream_set_remote(rig.b.stream, MEDIA_RTP, &addr), 0);
    rig_settle(&rig);
    old = rig.b.peer_fd[MEDIA_RTP];
    rig.b.peer_fd[MEDIA_RTP] = nominated;
    rig_send_rtp(&rig.a, 0, 1);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 0);
    rig_send_rtp(&rig.b, 8, 1);
    assert_int_equal(rig_recv_rtp(&rig.a).pt, 8);
    rig_close(&rig);
    close(old);
}

static struct srtp_keys keys_of(uint8_t seed, uint8_t mki_len)
{
    struct srtp_keys keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, .mki_len = mki_len};

    memset(keys.key_salt, seed, 30);
    memset(keys.mki, 1, mki_len);
    return keys;
}

static struct srtp_session *session(struct srtp_context *c, uint8_t seed,
                                    enum srtp_direction direction)
{
    struct srtp_keys keys = keys_of(seed, 0);
    struct srtp_session *s;

    assert_int_equal(srtp_session_alloc(&s, c, &keys, direction), 0);
    return s;
}

/** A secured leg: the relay's sessions are in its rules, the peer's are here, and libsrtp2's. */
struct secure_peer {
    struct srtp_context *c;
    struct srtp_session *rx, *tx;
};

static void secure_leg(struct rig *rig, struct rig_leg *leg, struct secure_peer *peer, uint8_t seed)
{
    leg->rules.set_srtp_rx = leg->rules.set_srtp_tx = true;
    leg->rules.srtp_rx = session(rig->srtp, seed, SRTP_RECEIVE);
    leg->rules.srtp_tx = session(rig->srtp, (uint8_t)(seed + 1), SRTP_SEND);
    assert_int_equal(srtp_context_alloc(&peer->c, &srtp_provider_libsrtp), 0);
    peer->tx = session(peer->c, seed, SRTP_SEND);
    peer->rx = session(peer->c, (uint8_t)(seed + 1), SRTP_RECEIVE);
    rig_leg_set(rig, leg);
}

static void secure_peer_close(struct secure_peer *peer)
{
    srtp_session_free(peer->rx);
    srtp_session_free(peer->tx);
    srtp_context_free(peer->c);
}

static size_t run_job(const struct secure_peer *peer, uint8_t *data, size_t n, bool is_rtcp,
                      bool is_seal)
{
    struct srtp_job job = {.session = is_seal ? peer->tx : peer->rx,
                           .data = data,
                           .len = (uint32_t)n,
                           .cap = 2048,
                           .is_rtcp = is_rtcp};

    if (is_seal)
        srtp_seal(peer->c, &job, 1);
    else
        srtp_open(peer->c, &job, 1);
    assert_int_equal(job.result, SRTP_OK);
    return job.len;
}

static void secure_send_rtp(const struct rig_leg *leg, struct secure_peer *peer, uint8_t pt,
                            uint16_t seq)
{
    uint8_t data[2048];
    size_t n = rig_rtp(data, pt, seq, leg->peer_ssrc);

    rig_send(leg, MEDIA_RTP, data, run_job(peer, data, n, false, true));
}

static struct rtp_packet secure_recv_rtp(const struct rig_leg *leg, struct secure_peer *peer)
{
    uint8_t data[2048];
    struct rtp_packet rtp = {0};
    size_t n = rig_recv(leg, MEDIA_RTP, data, sizeof(data));

    n = run_job(peer, data, n, false, false);
    assert_int_equal(rtp_parse(&rtp, data, n), 0);
    return rtp;
}

static void worker_decrypts_one_leg_for_a_plain_one(void **state)
{
    struct secure_peer peer;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    secure_leg(&rig, &rig.a, &peer, 10);
    secure_send_rtp(&rig.a, &peer, 0, 7);
    assert_int_equal(rig_recv_rtp(&rig.b).payload_len, 160);
    rig_send_rtp(&rig.b, 8, 7);
    assert_int_equal(secure_recv_rtp(&rig.a, &peer).pt, 8);
    secure_peer_close(&peer);
    rig_close(&rig);
}

static void worker_encrypts_again_between_two_secured_legs(void **state)
{
    struct secure_peer a, b;
    struct rig rig;
    uint16_t i;

    (void)state;
    rig_open(&rig);
    secure_leg(&rig, &rig.a, &a, 10);
    secure_leg(&rig, &rig.b, &b, 10); /* the same keys: still no blind pass-through */
    for (i = 0; i < 100; i++)
        secure_send_rtp(&rig.a, &a, 0, (uint16_t)(65500 + i)); /* around a ROC wrap */
    for (i = 0; i < 100; i++)
        assert_int_equal(secure_recv_rtp(&rig.b, &b).ssrc, RIG_SSRC_B);
    secure_peer_close(&a);
    secure_peer_close(&b);
    rig_close(&rig);
}

static void worker_never_forwards_what_does_not_authenticate(void **state)
{
    uint8_t data[2048];
    struct media_stats stats;
    struct secure_peer peer;
    struct rig rig;
    size_t n;

    (void)state;
    rig_open(&rig);
    secure_leg(&rig, &rig.a, &peer, 10);
    rig_send_rtp(&rig.a, 0, 1); /* cleartext on a secure leg */
    n = rig_rtp(data, 0, 2, rig.a.peer_ssrc);
    n = run_job(&peer, data, n, false, true);
    data[n - 1] ^= 1;
    rig_send(&rig.a, MEDIA_RTP, data, n);
    data[n - 1] ^= 1;
    rig_send_rtp(&rig.b, 8, 1);
    (void)secure_recv_rtp(&rig.a, &peer);
    media_stream_stats(rig.a.stream, &stats);
    assert_false(addr_is_set(&stats.source[MEDIA_RTP])); /* nothing of it has locked or counted */
    assert_int_equal(stats.in[MEDIA_RTP].packets, 0);

    rig_send(&rig.a, MEDIA_RTP, data, n); /* the genuine one */
    rig_send(&rig.a, MEDIA_RTP, data, n); /* and its replay */
    secure_send_rtp(&rig.a, &peer, 101, 3);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 0);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 101);
    assert_int_equal(rig_drops(&rig.a, DROP_SRTP_AUTH), 2);
    assert_int_equal(rig_drops(&rig.a, DROP_SRTP_REPLAY), 1);
    secure_peer_close(&peer);
    rig_close(&rig);
}

static void worker_keeps_srtp_state_when_rules_change_around_it(void **state)
{
    struct secure_peer peer;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    secure_leg(&rig, &rig.a, &peer, 10);
    secure_send_rtp(&rig.a, &peer, 0, 65535);
    (void)rig_recv_rtp(&rig.b);
    rig_leg_set(&rig, &rig.a); /* a re-INVITE with the same keys */
    secure_send_rtp(&rig.a, &peer, 8, 0);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 8); /* ROC 1 */
    secure_peer_close(&peer);
    rig_close(&rig);
}

static size_t write_sr_and_block(uint8_t *data, size_t cap, uint32_t ssrc, uint32_t ts,
                                 uint32_t about, uint16_t seq)
{
    struct rtcp_writer w = {.data = data, .cap = cap};
    struct rtcp_sender_info si = {.ntp = 0x1122334455667788, .ts = ts, .n_packets = 999};
    struct rtcp_block block = {.ssrc = about, .ext_seq = seq, .fraction_lost = 64, .lost = -3};

    rtcp_write_report(&w, ssrc, &si, &block);
    rtcp_write_cname(&w, ssrc, STR("alice@enterprise"));
    return w.n;
}

static void rtcp_reports_are_told_in_the_numbers_of_the_other_leg(void **state)
{
    uint8_t data[512];
    struct rtp_packet to_a, to_b;
    struct rtcp_sender_info si;
    struct rtcp_reader reader;
    struct media_stats stats;
    struct rtcp_block block;
    struct rtcp_part part;
    struct str cname;
    struct rig rig;
    size_t n;

    (void)state;
    rig_open(&rig);
    rig_send_rtp(&rig.a, 0, 1000);
    to_b = rig_recv_rtp(&rig.b);
    rig_send_rtp(&rig.b, 0, 5000);
    to_a = rig_recv_rtp(&rig.a);

    n = write_sr_and_block(data, sizeof(data), RIG_PEER_A, 1000 * 160 + 80, RIG_SSRC_A, to_a.seq);
    rig_send(&rig.a, MEDIA_RTCP, data, n);
    n = rig_recv(&rig.b, MEDIA_RTCP, data, sizeof(data));
    assert_int_equal(rtcp_begin(&reader, data, n), 0);
    assert_true(rtcp_next(&reader, &part));
    assert_int_equal(get_be32(part.body), RIG_SSRC_B);
    assert_int_equal(rtcp_read_sender_info(&si, &part), 0);
    assert_true(si.ntp == 0x1122334455667788);
    assert_int_equal(si.ts, to_b.ts + 80);
    assert_int_equal(si.n_packets, 1); /* of what B has been sent */
    assert_int_equal(rtcp_find_block(&block, &part, RIG_PEER_B), 0);
    assert_int_equal(block.ext_seq, 5000);
    assert_int_equal(block.lost, -3);
    assert_true(rtcp_next(&reader, &part));
    assert_int_equal(rtcp_find_cname(&cname, &part, RIG_SSRC_B), 0);
    assert_true(str_equal(cname, STR("relay@test"))); /* nothing of A's name */
    assert_false(rtcp_next(&reader, &part));
    media_stream_stats(rig.a.stream, &stats);
    assert_int_equal(stats.peer_loss_permille, 250);
    rig_close(&rig);
}

static void muxed_rtcp_comes_and_goes_on_the_rtp_component(void **state)
{
    uint8_t rr[8] = {0x80, 201, 0, 1, 0x11, 0x11, 0x11, 0x11}, out[256];
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.a.rules.is_muxed = rig.b.rules.is_muxed = true;
    rig_leg_set(&rig, &rig.a);
    rig_leg_set(&rig, &rig.b);
    rig_send(&rig.a, MEDIA_RTP, rr, sizeof(rr));
    assert_true(rig_recv(&rig.b, MEDIA_RTP, out, sizeof(out)) > 8);
    assert_int_equal(out[1], 201);
    rig_close(&rig);
}

static void secured_rtcp_is_translated_and_sealed_again(void **state)
{
    uint8_t data[2048] = {0x80, 201, 0, 1, 0x11, 0x11, 0x11, 0x11};
    struct secure_peer a, b;
    struct rig rig;
    size_t n;

    (void)state;
    rig_open(&rig);
    secure_leg(&rig, &rig.a, &a, 10);
    secure_leg(&rig, &rig.b, &b, 20);
    rig_send(&rig.a, MEDIA_RTCP, data, run_job(&a, data, 8, true, true));
    n = rig_recv(&rig.b, MEDIA_RTCP, data, sizeof(data));
    n = run_job(&b, data, n, true, false);
    assert_true(n > 8);
    assert_int_equal(get_be32(data + 4), RIG_SSRC_B);
    secure_peer_close(&a);
    secure_peer_close(&b);
    rig_close(&rig);
}

static void transcoding_leg_reports_by_itself(void **state)
{
    uint8_t data[512];
    struct rtcp_reader reader;
    struct rtcp_block block;
    struct rtcp_part part;
    struct rig rig;
    size_t n;

    (void)state;
    rig_open(&rig);
    rig_send_rtp(&rig.a, 0, 1000);
    (void)rig_recv_rtp(&rig.b);
    rig.a.rules.is_rtcp_translated = false;
    rig_leg_set(&rig, &rig.a);
    n = rig_recv(&rig.a, MEDIA_RTCP, data, sizeof(data));
    assert_int_equal(rtcp_begin(&reader, data, n), 0);
    assert_true(rtcp_next(&reader, &part));
    assert_int_equal(part.kind, RTCP_KIND_RR); /* nothing was sent to A */
    assert_int_equal(get_be32(part.body), RIG_SSRC_A);
    assert_int_equal(rtcp_find_block(&block, &part, RIG_PEER_A), 0);
    assert_int_equal(block.ext_seq, 1000);
    rig_close(&rig);
}

static struct transcoder *transcoder(uint8_t in_pt, const char *in, uint8_t out_pt, const char *out)
{
    struct transcoder_config cfg = {.n_in = 1, .out_pt = out_pt};
    struct codec_spec *specs[] = {&cfg.in[0].spec, &cfg.out};
    const char *names[] = {in, out};
    struct transcoder *t;
    int i;

    cfg.in[0].pt = in_pt;
    for (i = 0; i < 2; i++) {
        bool is_opus = strcmp(names[i], "opus") == 0;

        memcpy(specs[i]->name, names[i], strlen(names[i]));
        specs[i]->clock_hz = is_opus ? 48000 : 8000;
        specs[i]->n_channels = is_opus ? 2 : 1;
    }
    assert_int_equal(transcoder_alloc(&t, &cfg), 0);
    return t;
}

static void transcode_from(struct rig *rig, struct rig_leg *leg, uint8_t in_pt, const char *in,
                           uint8_t out_pt, const char *out)
{
    leg->rules.action[in_pt] = MEDIA_TRANSCODE;
    leg->rules.clock_hz[in_pt] = 8000;
    leg->rules.set_transcoder = true;
    leg->rules.transcoder = transcoder(in_pt, in, out_pt, out);
    rig_leg_set(rig, leg);
}

static void worker_transcodes(const char *out, uint8_t out_pt, uint32_t ts_step)
{
    struct rtp_packet rtp, before = {0};
    struct media_stats stats;
    struct rig rig;
    uint16_t i;

    rig_open(&rig);
    rig.b.rules.clock_hz[out_pt] = ts_step * 50;
    rig.b.rules.action[out_pt] = MEDIA_RELAY;
    rig_leg_set(&rig, &rig.b);
    transcode_from(&rig, &rig.a, 0, "PCMU", out_pt, out);
    for (i = 0; i < 20; i++) {
        rig_send_rtp(&rig.a, 0, i);
        rtp = rig_recv_rtp(&rig.b);
        assert_int_equal(rtp.pt, out_pt);
        assert_int_equal(rtp.ssrc, RIG_SSRC_B);
        if (i > 0) {
            assert_int_equal(rtp.seq, (uint16_t)(before.seq + 1));
            assert_int_equal(rtp.ts, before.ts + ts_step);
        }
        before = rtp;
    }
    media_stream_stats(rig.a.stream, &stats);
    assert_in_range(stats.transcoder.encoded, 20, 21);
    rig_close(&rig);
}

static void worker_transcodes_pcmu_to_pcma(void **state)
{
    (void)state;
    worker_transcodes("PCMA", 8, 160);
}

static void worker_transcodes_pcmu_to_opus(void **state)
{
    (void)state;
    worker_transcodes("opus", 96, 960);
}

/* A transcoder as the worker has it, here: the same packets give the same bytes. */
static size_t transcode_here(struct transcoder *t, const uint8_t *data, size_t n, uint8_t *payload)
{
    struct transcoder_packet in = {.pt = 0}, out;
    struct rtp_packet rtp;

    assert_int_equal(rtp_parse(&rtp, data, n), 0);
    in.seq = rtp.seq;
    in.ts = rtp.ts;
    in.payload = data + rtp.payload_start;
    in.n = rtp.payload_len;
    assert_int_equal(transcoder_put(t, &in, rtp.ssrc, 0), 0);
    assert_int_equal(transcoder_get(t, &out, payload, CODEC_PAYLOAD_MAX, 0), 0);
    return out.n;
}

/* 20 ms of noise through the worker and through two encoders here. The worker's must give what the
 * first gives. @return whether the second gave anything else */
static bool noise_comes_as_from(struct rig *rig, struct transcoder *same, struct transcoder *other,
                                uint16_t seq)
{
    static uint8_t data[256], got[2048], expected[2][CODEC_PAYLOAD_MAX];
    size_t n = rig_rtp(data, 0, seq, RIG_PEER_A), n_got, n_expected[2], i;
    uint32_t x = seq;
    struct rtp_packet rtp;

    for (i = RTP_HEADER_BYTES; i < n; i++)
        data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    n_expected[0] = transcode_here(same, data, n, expected[0]);
    n_expected[1] = transcode_here(other, data, n, expected[1]);
    rig_send(&rig->a, MEDIA_RTP, data, n);
    n_got = rig_recv(&rig->b, MEDIA_RTP, got, sizeof(got));
    assert_int_equal(rtp_parse(&rtp, got, n_got), 0);
    assert_int_equal(rtp.payload_len, n_expected[0]);
    assert_memory_equal(got + rtp.payload_start, expected[0], n_expected[0]);
    return n_expected[1] != n_expected[0] || memcmp(expected[1], expected[0], n_expected[0]) != 0;
}

static uint64_t worker_cpu_us(const struct rig *rig)
{
    struct media_worker_stats stats;

    media_worker_stats(rig->media, 0, &stats);
    return stats.cpu_us;
}

/* The clock of the measure is made up: what the worker does in this test falls within one sample of
 * it, and is more than a sample's worth of work. */
static void encoders_of_a_busy_worker_save_complexity_and_give_it_back(void **state)
{
    struct transcoder *same = transcoder(0, "PCMU", 96, "opus");
    struct transcoder *full = transcoder(0, "PCMU", 96, "opus");
    uint64_t now_us = 1000000, begin_us;
    unsigned i, n_other = 0;
    uint16_t seq = 0;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    transcode_from(&rig, &rig.a, 0, "PCMU", 96, "opus");
    media_measure_load(rig.media, now_us);
    begin_us = worker_cpu_us(&rig);
    while (worker_cpu_us(&rig) - begin_us < LOAD_SAMPLE_US)
        assert_false(noise_comes_as_from(&rig, same, full, seq++));
    media_measure_load(rig.media, now_us += LOAD_SAMPLE_US);
    assert_int_equal(media_complexity_saving(rig.media, 0), SAVING_MAX);
    assert_int_equal(transcoder_save_complexity(same, SAVING_MAX), 0);
    for (i = 0; i < 50; i++)
        n_other += noise_comes_as_from(&rig, same, full, seq++);
    assert_true(n_other > 40);

    for (i = SAVING_MAX; i-- > 0;) { /* and now it has nothing to do */
        media_measure_load(rig.media, now_us += SAVING_LESS_US);
        assert_int_equal(media_complexity_saving(rig.media, 0), i);
    }
    assert_int_equal(transcoder_save_complexity(same, 0), 0);
    for (i = 0; i < 50; i++)
        (void)noise_comes_as_from(&rig, same, full, seq++);
    rig_close(&rig);
    transcoder_free(same);
    transcoder_free(full);
}

static void numbers_go_on_when_relay_becomes_transcoding_and_back(void **state)
{
    struct rtp_packet relayed, transcoded, again;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_send_rtp(&rig.a, 0, 1);
    relayed = rig_recv_rtp(&rig.b);
    transcode_from(&rig, &rig.a, 0, "PCMU", 8, "PCMA");
    rig_send_rtp(&rig.a, 0, 2);
    transcoded = rig_recv_rtp(&rig.b);
    rig.a.rules.action[0] = MEDIA_RELAY;
    rig.a.rules.set_transcoder = true;
    rig.a.rules.transcoder = NULL;
    rig_leg_set(&rig, &rig.a);
    rig_send_rtp(&rig.a, 0, 3);
    again = rig_recv_rtp(&rig.b);
    assert_int_equal(transcoded.pt, 8);
    assert_int_equal(transcoded.seq, (uint16_t)(relayed.seq + 1));
    assert_int_equal(again.seq, (uint16_t)(transcoded.seq + 1));
    assert_int_equal(transcoded.ts, relayed.ts + 160); /* of the sender's clock, not of ours */
    assert_true((int32_t)(again.ts - transcoded.ts) > 0);
    rig_close(&rig);
}

/* A gap waits for the reorder window, then the wheel fires: nobody sends anything meanwhile. */
static void gap_is_repaired_by_its_deadline(void **state)
{
    struct rig rig;
    uint16_t i;

    (void)state;
    rig_open(&rig);
    transcode_from(&rig, &rig.a, 0, "PCMU", 8, "PCMA");
    for (i = 0; i < 5; i++) {
        rig_send_rtp(&rig.a, 0, i);
        (void)rig_recv_rtp(&rig.b);
    }
    rig_send_rtp(&rig.a, 0, 6); /* 5 never comes */
    (void)rig_recv_rtp(&rig.b);
    (void)rig_recv_rtp(&rig.b);
    rig_close(&rig);
}

static unsigned n_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void two_thousand_streams_come_and_go_without_a_trace(void **state)
{
    enum { N = 2000 };
    static struct media_stream *streams[N];
    static int fds[N];
    unsigned before = n_descriptors(), n, i;
    struct media_worker_stats stats;
    struct rig rig;
    union addr addr;

    (void)state;
    rig_open(&rig);
    n = rig.n_removed;
    for (i = 0; i < N; i++) {
        struct media_stream_config cfg = {.fd = {fds[i] = rig_socket(&addr), -1}, .ssrc = i};

        assert_int_equal(media_stream_add(&streams[i], rig.media, &cfg), 0);
        assert_int_equal(media_stream_set(streams[i], &rig.a.rules), 0);
    }
    for (i = 0; i < N; i++)
        media_stream_remove(streams[i]);
    rig_await_removed(&rig, n + N);
    for (i = 0; i < N; i++)
        close(fds[i]);
    media_worker_stats(rig.media, 0, &stats);
    assert_int_equal(stats.n_streams, 2);
    assert_true(stats.ring_full >
                0); /* 6,000 commands: more than a ring takes, and none was lost */
    rig_send_rtp(&rig.a, 0, 1);
    (void)rig_recv_rtp(&rig.b);
    rig_close(&rig);
    assert_int_equal(n_descriptors(), before);
}

static void removed_stream_can_be_followed_by_another_on_the_same_port(void **state)
{
    struct media_stream_config cfg = {.ssrc = RIG_SSRC_A};
    struct rig rig;
    unsigned n;

    (void)state;
    rig_open(&rig);
    rig_send_rtp(&rig.a, 0, 1);
    (void)rig_recv_rtp(&rig.b);
    rig.b.rules.sink = NULL;
    rig_leg_set(&rig, &rig.b);
    n = rig.n_removed;
    media_stream_remove(rig.a.stream);
    rig_await_removed(&rig, n + 1);
    close(rig.a.fd[0]);
    rig.a.fd[0] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(rig.a.fd[0], &rig.a.local[0].sa, addr_len(&rig.a.local[0])), 0);
    cfg.fd[MEDIA_RTP] = rig.a.fd[0];
    cfg.fd[MEDIA_RTCP] = -1;
    assert_int_equal(media_stream_add(&rig.a.stream, rig.media, &cfg), 0);
    rig_leg_set(&rig, &rig.a);
    rig_send_rtp(&rig.a, 8, 2);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 8);
    rig_close(&rig);
}

static void packet_without_rules_goes_nowhere(void **state)
{
    struct rig_leg leg = {.peer_ssrc = 1};
    struct rig rig;
    unsigned i;

    (void)state;
    rig_open(&rig);
    rig_leg_open(&rig, &leg, 7);
    rig_settle(&rig);
    rig_send_rtp(&leg, 0, 1);
    rig_send_rtp(&rig.a, 0, 1);
    (void)rig_recv_rtp(&rig.b);
    for (i = 0; i < 1000 && rig_drops(&leg, DROP_NOT_READY) == 0; i++)
        rig_settle(&rig); /* io_uring may begin to listen a turn or two after the command */
    assert_int_equal(rig_drops(&leg, DROP_NOT_READY), 1);
    media_stream_remove(leg.stream);
    rig_await_removed(&rig, rig.n_removed + 1);
    rig_leg_close(&leg);
    rig_close(&rig);
}

/* A flood of one peer: what one turn takes of a socket is bounded, so the others get theirs. */
static void flood_on_one_socket_does_not_starve_another(void **state)
{
    static struct worker_counters count;
    static struct pool pool;
    static struct batch batch;
    static struct media_stream loud, quiet;
    const struct io_provider *provider;
    struct io_wait wait = {.deadline_us = 0};
    union addr loud_addr, quiet_addr, from;
    int fd = rig_socket(&from), wake = eventfd(0, EFD_NONBLOCK), i;
    bool is_quiet_heard = false;
    unsigned n_loud = 0;
    struct io *io;

    (void)state;
    loud.socket[0] = (struct media_socket){.stream = &loud, .fd = rig_socket(&loud_addr)};
    quiet.socket[0] = (struct media_socket){.stream = &quiet, .fd = rig_socket(&quiet_addr)};
    batch.pool = &pool;
    batch.drops = count.drops;
    assert_int_equal(pool_init(&pool, 4 * BATCH_MAX), 0);
    assert_int_equal(io_choose(&provider, rig_io()), 0);
    assert_int_equal(io_alloc(&io, provider, &(struct io_config){&pool, &count, wake}), 0);
    assert_int_equal(io_begin(io), 0);
    (void)ingress_watch(io, &loud.socket[0]);
    (void)ingress_watch(io, &quiet.socket[0]);
    for (i = 0; i < 100; i++)
        rig_send_from(fd, &loud_addr, (const uint8_t *)"x", 1);
    rig_send_from(fd, &quiet_addr, (const uint8_t *)"x", 1);
    while (!is_quiet_heard) {
        batch.n = 0;
        ingress_read(io, &batch, &wait);
        for (i = 0; i < (int)batch.n && !is_quiet_heard; i++) {
            is_quiet_heard = batch.pkt[i]->stream == &quiet;
            n_loud += !is_quiet_heard;
        }
    }
    assert_in_range(n_loud, 1, 64);
    io_free(io);
    pool_wipe(&pool);
    close(loud.socket[0].fd);
    close(quiet.socket[0].fd);
    close(fd);
    close(wake);
}

/* 256 datagrams of all kinds at once; they stand in one line, so that a batch has them all. */
static void mixed_batch_loses_only_what_may_not_pass(void **state)
{
    enum { N = 256 };
    uint8_t rr[8] = {0x80, 201, 0, 1, 0x11, 0x11, 0x11, 0x11}, stun[28] = {0, 1}, data[256];
    struct media_stats stats;
    struct rig rig;
    unsigned i, n_rtp = 0, n_rtcp = 0;

    (void)state;
    rig_open(&rig);
    rig.a.rules.is_muxed = rig.b.rules.is_muxed = true;
    rig_leg_set(&rig, &rig.a);
    rig_leg_set(&rig, &rig.b);
    for (i = 0; i < N; i++) {
        if (i % 4 == 0)
            rig_send_rtp(&rig.a, 0, (uint16_t)i);
        else if (i % 4 == 1)
            rig_send(&rig.a, MEDIA_RTP, rr, sizeof(rr));
        else if (i % 4 == 2)
            rig_send(&rig.a, MEDIA_RTP, stun, sizeof(stun));
        else
            rig_send(&rig.a, MEDIA_RTP, data, 0);
    }
    while (n_rtp + n_rtcp < N / 2) {
        size_t n = rig_recv(&rig.b, MEDIA_RTP, data, sizeof(data));

        n_rtp += n == 172;
        n_rtcp += n != 172;
    }
    assert_int_equal(n_rtp, N / 4);
    rig_send_rtp(&rig.a, 101, N);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, 101);
    media_stream_stats(rig.a.stream, &stats);
    assert_int_equal(stats.in[MEDIA_RTP].packets, N / 4 + 1);
    assert_int_equal(stats.in[MEDIA_RTCP].packets, N / 4);
    assert_int_equal(stats.drops[DROP_STUN_BAD], N / 4);
    assert_int_equal(stats.drops[DROP_RX_UNKNOWN], N / 4);
    rig_close(&rig);
}

/* @return how many there may be */
static rlim_t descriptors_max(void)
{
    struct rlimit limit = {0};

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/* What is open and silent is no work: nothing goes over all streams, neither for a packet nor by
 * the clock. Every other stream has RTCP on a port of its own. */
static void ten_thousand_silent_streams_cost_a_worker_nothing(void **state)
{
    enum { N = 10000 };
    static struct media_stream *streams[N];
    static int fds[N][MEDIA_COMPONENTS];
    struct media_worker_stats before, after;
    struct rig rig;
    union addr addr;
    unsigned n, i;

    (void)state;
    if (descriptors_max() < 2 * N)
        skip();
    rig_open(&rig);
    n = rig.n_removed;
    for (i = 0; i < N; i++) {
        struct media_stream_config cfg = {.ssrc = i};

        cfg.fd[MEDIA_RTP] = fds[i][MEDIA_RTP] = rig_socket(&addr);
        cfg.fd[MEDIA_RTCP] = fds[i][MEDIA_RTCP] = i % 2 ? rig_socket(&addr) : -1;
        assert_int_equal(media_stream_add(&streams[i], rig.media, &cfg), 0);
    }
    rig_settle(&rig);
    media_worker_stats(rig.media, 0, &before);
    for (i = 0; i < 100; i++) {
        rig_send_rtp(&rig.a, 0, (uint16_t)i);
        assert_int_equal(rig_recv_rtp(&rig.b).pt, 0);
    }
    media_worker_stats(rig.media, 0, &after);
    assert_int_equal(after.n_streams, N + 2);
    assert_int_equal(after.packets_in - before.packets_in, 100);
    assert_in_range(after.batches - before.batches, 1, 1000); /* it slept meanwhile */
    for (i = 0; i < N; i++)
        media_stream_remove(streams[i]);
    rig_await_removed(&rig, n + 1 + N);
    for (i = 0; i < N; i++) {
        close(fds[i][MEDIA_RTP]);
        if (i % 2)
            close(fds[i][MEDIA_RTCP]);
    }
    rig_close(&rig);
}

static void stream_is_small(void **state)
{
    (void)state;
    print_message("    struct media_stream: %zu bytes, struct packet: %zu\n",
                  sizeof(struct media_stream), sizeof(struct packet));
    assert_true(sizeof(struct media_stream) < 4096);
    assert_true(sizeof(struct packet) <= 2048);
}

static int setup(void **state)
{
    struct rlimit limit;

    (void)state;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) { /* the default is for programs that use select() */
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return srtp_library_init();
}

static int teardown(void **state)
{
    (void)state;
    srtp_library_close();
    return 0;
}

/* ---- DTLS ------------------------------------------------------------------------------------ */

#define RECORD(byte) 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, byte

struct handed_on {
    unsigned n, n_early;
    uint8_t last;
    union addr from;
};

static void handed_on_h(const struct media_event *ev, void *arg)
{
    struct handed_on *h = arg;

    if (ev->type != MEDIA_EVENT_DTLS)
        return;
    h->n++;
    h->n_early += ev->is_early;
    h->last = ev->data[ev->n - 1];
    h->from = *ev->from;
}

static void await_letters(struct rig *rig, struct handed_on *h, unsigned n)
{
    struct pollfd p = {.fd = media_event_fd(rig->media), .events = POLLIN};

    while (h->n < n) {
        assert_int_equal(poll(&p, 1, RIG_WAIT_MS), 1);
        media_dispatch(rig->media, handed_on_h, h);
    }
}

static void dtls_of_the_peer_is_handed_to_control(void **state)
{
    static const uint8_t record[] = {RECORD(7)};
    struct handed_on h = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.a.rules.takes_dtls = true;
    rig_leg_set(&rig, &rig.a);
    rig_send(&rig.a, MEDIA_RTP, record, sizeof(record));
    await_letters(&rig, &h, 1);
    assert_int_equal(h.last, 7);
    assert_int_equal(h.n_early, 0);
    assert_true(addr_equal(&h.from, &rig.a.peer[MEDIA_RTP]));
    rig_close(&rig);
}

static void dtls_before_there_is_a_peer_is_marked_as_early(void **state)
{
    static const uint8_t record[] = {RECORD(1)};
    struct handed_on h = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.a.rules.takes_dtls = true;
    rig.a.rules.source = MEDIA_SOURCE_EXACT;
    memset(rig.a.rules.remote, 0, sizeof(rig.a.rules.remote));
    rig_leg_set(&rig, &rig.a);
    rig_send(&rig.a, MEDIA_RTP, record, sizeof(record));
    await_letters(&rig, &h, 1);
    assert_int_equal(h.n_early, 1);
    rig_close(&rig);
}

static void more_dtls_than_a_handshake_needs_is_dropped(void **state)
{
    static const uint8_t record[] = {RECORD(1)};
    struct handed_on h = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.a.rules.takes_dtls = true;
    rig_leg_set(&rig, &rig.a);
    while (rig_drops(&rig.a, DROP_DTLS_BAD) == 0) {
        rig_send(&rig.a, MEDIA_RTP, record, sizeof(record));
        sched_yield();
    }
    media_dispatch(rig.media, handed_on_h, &h);
    assert_true(h.n <= 128); /* letters: nobody has given any back before */
    rig_close(&rig);
}

static void letters_of_a_stream_come_before_the_word_that_it_is_gone(void **state)
{
    static const uint8_t record[] = {RECORD(1)};
    struct rig rig;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        rig_open(&rig);
        rig.a.rules.takes_dtls = true;
        rig_leg_set(&rig, &rig.a);
        for (unsigned k = 0; k < 50; k++)
            rig_send(&rig.a, MEDIA_RTP, record, sizeof(record));
        rig_close(&rig); /* removes and frees it: sanitizers would tell */
    }
}

static void nothing_passes_while_keys_are_awaited(void **state)
{
    static const uint8_t rtcp[] = {0x80, 201, 0, 1, 0x11, 0x11, 0x11, 0x11};
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.a.rules.takes_dtls = rig.a.rules.awaits_keys = true;
    rig_leg_set(&rig, &rig.a);
    rig_send_rtp(&rig.a, 0, 1);
    rig_send(&rig.a, MEDIA_RTCP, rtcp, sizeof(rtcp));
    rig_send_rtp(&rig.b, 8, 1);
    while (rig_drops(&rig.a, DROP_NOT_READY) < 2 || rig_drops(&rig.b, DROP_NOT_READY) < 1)
        sched_yield();
    assert_int_equal(media_stream_set_keys(rig.a.stream, MEDIA_RTP, NULL, NULL), 0);
    while (rig_drops(&rig.a, DROP_RX_UNKNOWN) < 1) { /* until the worker has read the letter */
        rig_send(&rig.a, MEDIA_RTP, rtcp, 1);
        sched_yield();
    }
    rig_send_rtp(&rig.a, 0, 2);
    assert_int_equal(rig_recv_rtp(&rig.b).payload_len, 160);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dtls_of_the_peer_is_handed_to_control),
        cmocka_unit_test(dtls_before_there_is_a_peer_is_marked_as_early),
        cmocka_unit_test(more_dtls_than_a_handshake_needs_is_dropped),
        cmocka_unit_test(letters_of_a_stream_come_before_the_word_that_it_is_gone),
        cmocka_unit_test(nothing_passes_while_keys_are_awaited),
        cmocka_unit_test(relay_passes_rtp_with_one_ssrc_and_its_own_numbers),
        cmocka_unit_test(relay_works_in_both_directions_at_once),
        cmocka_unit_test(relay_renumbers_a_payload_type),
        cmocka_unit_test(relay_strips_header_extensions),
        cmocka_unit_test(relay_goes_on_without_a_jump_when_the_sender_changes_its_ssrc),
        cmocka_unit_test(worker_drops_what_may_not_pass_and_says_why),
        cmocka_unit_test(worker_drops_rtp_of_a_held_leg_and_lets_its_rtcp_pass),
        cmocka_unit_test(worker_sends_no_rtp_to_a_leg_that_may_not_be_sent_to),
        cmocka_unit_test(worker_limits_the_rate_of_a_leg),
        cmocka_unit_test(worker_refuses_strangers_and_never_lets_them_take_a_stream),
        cmocka_unit_test(worker_learns_another_port_behind_nat_and_answers_there),
        cmocka_unit_test(worker_sends_where_ice_has_nominated),
        cmocka_unit_test(worker_decrypts_one_leg_for_a_plain_one),
        cmocka_unit_test(worker_encrypts_again_between_two_secured_legs),
        cmocka_unit_test(worker_never_forwards_what_does_not_authenticate),
        cmocka_unit_test(worker_keeps_srtp_state_when_rules_change_around_it),
        cmocka_unit_test(rtcp_reports_are_told_in_the_numbers_of_the_other_leg),
        cmocka_unit_test(muxed_rtcp_comes_and_goes_on_the_rtp_component),
        cmocka_unit_test(secured_rtcp_is_translated_and_sealed_again),
        cmocka_unit_test(transcoding_leg_reports_by_itself),
        cmocka_unit_test(worker_transcodes_pcmu_to_pcma),
        cmocka_unit_test(worker_transcodes_pcmu_to_opus),
        cmocka_unit_test(encoders_of_a_busy_worker_save_complexity_and_give_it_back),
        cmocka_unit_test(numbers_go_on_when_relay_becomes_transcoding_and_back),
        cmocka_unit_test(gap_is_repaired_by_its_deadline),
        cmocka_unit_test(two_thousand_streams_come_and_go_without_a_trace),
        cmocka_unit_test(removed_stream_can_be_followed_by_another_on_the_same_port),
        cmocka_unit_test(packet_without_rules_goes_nowhere),
        cmocka_unit_test(flood_on_one_socket_does_not_starve_another),
        cmocka_unit_test(mixed_batch_loses_only_what_may_not_pass),
        cmocka_unit_test(ten_thousand_silent_streams_cost_a_worker_nothing),
        cmocka_unit_test(stream_is_small),
    };

    if (rig_io_is_refused())
        return RIG_SKIPPED;
    return cmocka_run_group_tests(tests, setup, teardown);
}
