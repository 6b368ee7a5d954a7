#include "tests/media_rig.h"

#include "codec/dtmf.h"
#include "relay/media/route.h"

/* Digits put between relayed packets, and events taken out from between them. */

enum { PT_PCMU = 0, PT_EVENT = 101, PT_RED = 121, ENDS = 3 };

static const struct digit digit_5 = {.code = 5, .volume = 8, .duration_ms = 100, .pause_ms = 100};

static void open_with_events(struct rig *rig)
{
    rig_open(rig);
    rig->a.rules.action[PT_EVENT] = MEDIA_RELAY_EVENT;
    rig->a.rules.event_pt = PT_EVENT;
    rig->a.rules.event_hz = 8000;
    rig_leg_set(rig, &rig->a);
}

static struct rtp_packet recv_event(const struct rig *rig, struct dtmf_event *ev)
{
    uint8_t data[2048];
    size_t n = rig_recv(&rig->b, MEDIA_RTP, data, sizeof(data));
    struct rtp_packet rtp = {0};

    assert_int_equal(rtp_parse(&rtp, data, n), 0);
    *ev = (struct dtmf_event){0};
    if (rtp.pt == PT_EVENT)
        assert_int_equal(dtmf_parse(ev, data + rtp.payload_start, rtp.payload_len), 0);
    return rtp;
}

/* What a listener is owed of one digit among the sound that goes on beside it: every number once,
 * one marker, the sender's time for the sound, and three ends. */
static void expect_a_digit(const struct rig *rig, struct rtp_packet before, uint8_t code)
{
    const uint32_t sound_ts = before.ts;
    unsigned n_ends = 0, n_markers = 0, n_sound = 0;
    uint32_t event_ts = 0;

    while (n_ends < ENDS) {
        struct dtmf_event ev;
        struct rtp_packet rtp = recv_event(rig, &ev);

        assert_int_equal(rtp.seq, (uint16_t)(before.seq + 1));
        assert_int_equal(rtp.ssrc, RIG_SSRC_B);
        before = rtp;
        if (rtp.pt != PT_EVENT) {
            assert_int_equal(rtp.ts, sound_ts + 160 * ++n_sound);
            continue;
        }
        event_ts = n_markers == 0 ? rtp.ts : event_ts;
        n_markers += rtp.marker;
        n_ends += ev.is_end;
        assert_int_equal(n_markers, 1);
        assert_int_equal(rtp.ts, event_ts);
        assert_int_equal(ev.code, code);
        assert_int_equal(ev.volume, 8);
        assert_int_equal(ev.is_end ? ev.duration : 800, 800);
    }
    assert_in_range(event_ts - sound_ts, 0, 60 * 8000); /* of the stream's time */
}

static void a_digit_goes_between_relayed_packets(void **state)
{
    struct rtp_packet before;
    struct rig rig;
    uint16_t seq;

    (void)state;
    open_with_events(&rig);
    rig_send_rtp(&rig.a, PT_PCMU, 200);
    before = rig_recv_rtp(&rig.b);
    assert_int_equal(media_stream_play_digit(rig.a.stream, &digit_5), 0);
    for (seq = 201; seq < 211; seq++)
        rig_send_rtp(&rig.a, PT_PCMU, seq);
    expect_a_digit(&rig, before, 5);
    rig_close(&rig);
}

static void digits_follow_each_other_and_need_no_sound(void **state)
{
    struct digit d = digit_5;
    struct rtp_packet before = {0};
    struct dtmf_event ev;
    unsigned n_ends = 0;
    struct rig rig;

    (void)state;
    open_with_events(&rig);
    for (d.code = 1; d.code <= 3; d.code++)
        assert_int_equal(media_stream_play_digit(rig.a.stream, &d), 0);
    for (d.code = 1; n_ends < 3 * ENDS;) {
        struct rtp_packet rtp = recv_event(&rig, &ev);

        assert_int_equal(ev.code, d.code);
        if (rtp.marker && ev.code > 1)
            assert_true((int32_t)(rtp.ts - before.ts) >= 1600); /* 100 ms, and a pause of 100 */
        before = rtp;
        n_ends += ev.is_end;
        d.code = (uint8_t)(1 + n_ends / ENDS);
    }
    rig_close(&rig);
}

static void a_digit_is_encrypted_like_its_stream(void **state)
{
    struct srtp_keys keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80};
    struct srtp_session *rx;
    struct rig rig;
    unsigned i;

    (void)state;
    memset(keys.key_salt, 3, 30);
    open_with_events(&rig);
    assert_int_equal(srtp_session_alloc(&rig.b.rules.srtp_tx, rig.srtp, &keys, SRTP_SEND), 0);
    assert_int_equal(srtp_session_alloc(&rx, rig.srtp, &keys, SRTP_RECEIVE), 0);
    rig.b.rules.set_srtp_tx = true;
    rig_leg_set(&rig, &rig.b);
    assert_int_equal(media_stream_play_digit(rig.a.stream, &digit_5), 0);
    for (i = 0; i < ENDS; i++) {
        uint8_t data[2048];
        struct srtp_job job = {.session = rx, .data = data, .cap = sizeof(data)};

        job.len = (uint32_t)rig_recv(&rig.b, MEDIA_RTP, data, sizeof(data));
        srtp_open(rig.srtp, &job, 1);
        assert_int_equal(job.result, SRTP_OK);
        assert_int_equal(job.len, RTP_HEADER_BYTES + DTMF_PAYLOAD);
        assert_int_equal(data[RTP_HEADER_BYTES], 5);
    }
    srtp_session_free(rx);
    rig_close(&rig);
}

/* The time of a digit passes while its receiver is held; the next one is heard. */
static void a_digit_to_a_held_leg_is_not_kept_for_later(void **state)
{
    struct digit next = digit_5;
    struct dtmf_event ev;
    struct rig rig;

    (void)state;
    open_with_events(&rig);
    rig.b.rules.may_send = false;
    rig_leg_set(&rig, &rig.b);
    next.duration_ms = 20;
    next.pause_ms = 0;
    assert_int_equal(media_stream_play_digit(rig.a.stream, &next), 0);
    rig.a.rules.event_hz = 0; /* nobody takes events any more: what is not begun goes */
    rig_leg_set(&rig, &rig.a);
    assert_int_equal(media_stream_play_digit(rig.a.stream, &next), 0);
    rig.a.rules.event_hz = 8000;
    rig.b.rules.may_send = true;
    rig_leg_set(&rig, &rig.b);
    rig_leg_set(&rig, &rig.a);
    next.code = 9;
    assert_int_equal(media_stream_play_digit(rig.a.stream, &next), 0);
    do
        (void)recv_event(&rig, &ev);
    while (ev.code != 9); /* the end of the first may still have been on its way */
    rig_close(&rig);
}

static void blocked_events_leave_no_gap(void **state)
{
    struct rtp_packet before, rtp;
    struct rig rig;
    uint16_t seq;

    (void)state;
    open_with_events(&rig);
    assert_int_equal(media_stream_block_events(rig.a.stream, true), 0);
    rig_settle(&rig);
    rig_send_rtp(&rig.a, PT_PCMU, 100);
    before = rig_recv_rtp(&rig.b);
    for (seq = 101; seq < 108; seq++)
        rig_send_rtp(&rig.a, PT_EVENT, seq);
    rig_send_rtp(&rig.a, PT_PCMU, 108);
    rtp = rig_recv_rtp(&rig.b);
    assert_int_equal(rtp.pt, PT_PCMU);
    assert_int_equal(rtp.seq, (uint16_t)(before.seq + 1));
    assert_int_equal(rtp.ts, before.ts + 8 * 160);
    assert_int_equal(rig_drops(&rig.a, DROP_BLOCKED), 7);

    assert_int_equal(media_stream_block_events(rig.a.stream, false), 0);
    rig_settle(&rig);
    rig_send_rtp(&rig.a, PT_EVENT, 109);
    rtp = rig_recv_rtp(&rig.b);
    assert_int_equal(rtp.pt, PT_EVENT);
    assert_int_equal(rtp.seq, (uint16_t)(before.seq + 2));
    rig_close(&rig);
}

/* @return bytes that were written: the blocks of RFC 2198, each of two bytes; with padding */
static size_t write_red(uint8_t *data, uint16_t seq, const uint8_t *pts, unsigned n_blocks)
{
    size_t n = RTP_HEADER_BYTES;

    (void)rig_rtp(data, PT_RED, seq, RIG_PEER_A);
    for (unsigned i = 0; i + 1 < n_blocks; i++) {
        const uint8_t header[] = {(uint8_t)(0x80 | pts[i]), 0, 0, 2};

        memcpy(data + n, header, sizeof(header));
        n += sizeof(header);
    }
    data[n++] = pts[n_blocks - 1];
    for (unsigned i = 0; i < n_blocks; i++, n += 2)
        memset(data + n, pts[i], 2);
    memcpy(data + n, (const uint8_t[]){0, 0, 3}, 3);
    data[0] |= 0x20;
    return n + 3;
}

/* Beside sound they are cut out; alone, or where it cannot be read, the packet goes as a whole. */
static void events_inside_red_are_blocked_too(void **state)
{
    static const struct {
        const char *why;
        uint8_t pts[3], left[3];
        unsigned n, n_left;
    } rows[] = {
        {"sound alone", {0, 0}, {0, 0}, 2, 2},
        {"an event beside sound", {PT_EVENT, 0}, {0}, 2, 1},
        {"an event between", {0, PT_EVENT, 0}, {0, 0}, 3, 2},
        {"events alone", {PT_EVENT, PT_EVENT}, {0}, 2, 0},
        {"an event with sound before it", {0, PT_EVENT}, {0}, 2, 0},
    };
    uint8_t sent[256], heard[256];
    unsigned n_blocked = 0;
    struct rtp_packet before;
    struct rig rig;

    (void)state;
    open_with_events(&rig);
    rig.a.rules.action[PT_RED] = MEDIA_RELAY_RED;
    rig.a.rules.out_pt[PT_RED] = PT_RED;
    rig_leg_set(&rig, &rig.a);
    assert_int_equal(media_stream_block_events(rig.a.stream, true), 0);
    rig_settle(&rig);
    rig_send_rtp(&rig.a, PT_PCMU, 100);
    before = rig_recv_rtp(&rig.b);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = write_red(sent, (uint16_t)(101 + i), rows[i].pts, rows[i].n);
        size_t n_left = write_red(heard, 0, rows[i].left, rows[i].n_left ? rows[i].n_left : 1);
        uint8_t got[256];

        rig_send(&rig.a, MEDIA_RTP, sent, n);
        if (rows[i].n_left == 0) {
            n_blocked++;
            continue;
        }
        if (rig_recv(&rig.b, MEDIA_RTP, got, sizeof(got)) != n_left ||
            memcmp(got + RTP_HEADER_BYTES, heard + RTP_HEADER_BYTES, n_left - RTP_HEADER_BYTES) !=
                0)
            fail_msg("%s", rows[i].why);
    }
    sent[0] &= (uint8_t)~0x20;
    sent[RTP_HEADER_BYTES] = 0x80; /* a header that is cut off */
    rig_send(&rig.a, MEDIA_RTP, sent, RTP_HEADER_BYTES + 2);
    rig_send_rtp(&rig.a, PT_PCMU, 110);
    while (rig_recv_rtp(&rig.b).ts != before.ts + 10 * 160)
        ;
    assert_int_equal(rig_drops(&rig.a, DROP_BLOCKED), n_blocked + 1);
    rig_close(&rig);
}

static void a_digit_that_nobody_takes_leaves_nothing_behind(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig); /* no events, no transcoder */
    assert_int_equal(media_stream_play_digit(rig.a.stream, &digit_5), 0);
    rig_settle(&rig);
    rig_send_rtp(&rig.a, PT_PCMU, 1);
    assert_int_equal(rig_recv_rtp(&rig.b).pt, PT_PCMU);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digit_goes_between_relayed_packets),
        cmocka_unit_test(digits_follow_each_other_and_need_no_sound),
        cmocka_unit_test(a_digit_is_encrypted_like_its_stream),
        cmocka_unit_test(a_digit_to_a_held_leg_is_not_kept_for_later),
        cmocka_unit_test(blocked_events_leave_no_gap),
        cmocka_unit_test(events_inside_red_are_blocked_too),
        cmocka_unit_test(a_digit_that_nobody_takes_leaves_nothing_behind),
    };

    if (rig_io_is_refused())
        return RIG_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
