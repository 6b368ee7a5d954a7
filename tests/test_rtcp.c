#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/bytes.h"
#include "relay/media/rtcp.h"
#include "relay/media/rtcp_report.h"
#include "relay/media/rtcp_translate.h"

#define PEER_A   0xa1a1a1a1u
#define PEER_B   0xb2b2b2b2u
#define OUR_A    0x0a0a0a0au /* what we send to A */
#define OUR_B    0x0b0b0b0bu
#define START_US UINT64_C(9000000)

static const uint8_t sr_with_ms_extension[] = {
    0x81, 200,  0,    15,   0xa1, 0xa1, 0xa1, 0xa1, /* SR, 1 block */
    1,    2,    3,    4,    5,    6,    7,    8,    0,    0,    0,    9,   0,
    0,    0,    3,    0,    0,    1,    0,                                 /* sender information */
    0x0a, 0x0a, 0x0a, 0x0a, 0x40, 0xff, 0xff, 0xfd, 0,    1,    0,    7,   /* block: lost -3 */
    0,    0,    0,    5,    3,    4,    5,    6,    0,    0,    0,    1,   /* */
    0,    1,    0,    12,   0xa1, 0xa1, 0xa1, 0xa1, 0xff, 0xff, 0xff, 0xfd /* MS-RTP bandwidth
                                                                              extension */
};

static const uint8_t sdes_with_nul[] = {0x81, 202, 0,   4,   0xa1, 0xa1, 0xa1, 0xa1, 1, 6,
                                        'a',  '@', 'b', '.', 'c',  0,    0,    0,    0, 0};

static void rtcp_reads_a_report_and_passes_over_microsofts_extensions(void **state)
{
    struct rtcp_reader r;
    struct rtcp_part part;
    struct rtcp_sender_info si;
    struct rtcp_block block;

    (void)state;
    assert_int_equal(rtcp_begin(&r, sr_with_ms_extension, sizeof(sr_with_ms_extension)), 0);
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(part.kind, RTCP_KIND_SR);
    assert_int_equal(rtcp_read_sender_info(&si, &part), 0);
    assert_true(si.ntp == 0x0102030405060708);
    assert_int_equal(si.n_packets, 3);
    assert_int_equal(rtcp_find_block(&block, &part, OUR_A), 0);
    assert_int_equal(block.fraction_lost, 0x40);
    assert_int_equal(block.lost, -3);
    assert_int_equal(block.ext_seq, 0x10007);
    assert_int_equal(rtcp_find_block(&block, &part, 0x0001000c), ENOENT); /* the extension */
    assert_false(rtcp_next(&r, &part));
}

static void rtcp_does_not_read_blocks_behind_the_end_of_a_report(void **state)
{
    uint8_t data[8 + 24] = {0x9f, 201, 0, 1, 1, 1, 1, 1, [8] = 0x80, 203, 0, 5};
    struct rtcp_reader r;
    struct rtcp_part part;
    struct rtcp_block block;

    (void)state; /* RR that claims 31 blocks and has room for none, before a BYE */
    assert_int_equal(rtcp_begin(&r, data, sizeof(data)), 0);
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(rtcp_find_block(&block, &part, 0x80cb0005), ENOENT);
}

static void rtcp_reads_a_cname_with_a_nul_in_it(void **state)
{
    struct rtcp_reader r;
    struct rtcp_part part;
    struct str cname;

    (void)state;
    assert_int_equal(rtcp_begin(&r, sdes_with_nul, sizeof(sdes_with_nul)), 0);
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(rtcp_find_cname(&cname, &part, PEER_A), 0);
    assert_true(str_equal(cname, STR("a@b.c")));
    assert_int_equal(rtcp_find_cname(&cname, &part, PEER_B), ENOENT);
}

static void rtcp_refuses_what_cannot_be_and_takes_single_packets(void **state)
{
    static const struct {
        const char *reason;
        size_t n;
        uint8_t data[24];
        int err;
    } rows[] = {
        {"a lone RR", 8, {0x80, 201, 0, 1}, 0},
        {"a lone BYE", 8, {0x81, 203, 0, 1}, 0},
        {"reduced-size feedback", 12, {0x81, 206, 0, 2}, 0},
        {"nothing", 0, {0}, EBADMSG},
        {"no SSRC", 4, {0x80, 203, 0, 0}, EBADMSG},
        {"version 1", 8, {0x40, 201, 0, 1}, EBADMSG},
        {"longer than the datagram", 8, {0x80, 201, 0, 2}, EBADMSG},
        {"a second one that is cut off", 10, {0x80, 201, 0, 1, 0, 0, 0, 0, 0x80, 201}, EBADMSG},
        {"a second one of version 0", 16, {0x80, 201, 0, 1, [8] = 0x00, 202, 0, 1}, EBADMSG},
        {"padding in the last", 12, {0xa0, 201, 0, 2, [11] = 4}, 0},
        {"padding in another than the last",
         16,
         {0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 203, 0, 1},
         EBADMSG},
        {"padding of nothing", 8, {0xa0, 201, 0, 1}, EBADMSG},
        {"padding of half a word", 8, {0xa0, 201, 0, 1, [7] = 2}, EBADMSG},
        {"padding longer than the packet", 8, {0xa0, 201, 0, 1, [7] = 8}, EBADMSG},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rtcp_reader r;

        print_message("    %s\n", rows[i].reason);
        assert_int_equal(rtcp_begin(&r, rows[i].data, rows[i].n), rows[i].err);
    }
}

static void rtcp_reads_what_it_has_written(void **state)
{
    uint8_t data[512];
    struct rtcp_writer w = {.data = data, .cap = sizeof(data)};
    struct rtcp_sender_info si = {1, 2, 3, 4}, si_read;
    struct rtcp_block block = {PEER_B, 200, -8388608, 6, 7, 8, 9}, block_read;
    struct rtcp_feedback fb = {1, 2, (const uint8_t *)"fcif", 4}, fb_read;
    struct rtcp_reader r;
    struct rtcp_part part;
    struct str cname;

    (void)state;
    rtcp_write_report(&w, OUR_B, &si, &block);
    rtcp_write_cname(&w, OUR_B, STR("x@y"));
    rtcp_write_feedback(&w, RTCP_KIND_PSFB, 4, &fb);
    assert_false(w.is_full);
    assert_int_equal(rtcp_begin(&r, data, w.n), 0);
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(rtcp_read_sender_info(&si_read, &part), 0);
    assert_true(si_read.ntp == si.ntp);
    assert_int_equal(si_read.ts, si.ts);
    assert_int_equal(si_read.n_packets, si.n_packets);
    assert_int_equal(si_read.n_bytes, si.n_bytes);
    assert_int_equal(rtcp_find_block(&block_read, &part, PEER_B), 0);
    assert_int_equal(block_read.lost, block.lost);
    assert_int_equal(block_read.dlsr, 9);
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(rtcp_find_cname(&cname, &part, OUR_B), 0);
    assert_true(str_equal(cname, STR("x@y")));
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(rtcp_read_feedback(&fb_read, &part), 0);
    assert_int_equal(fb_read.fci_len, 4);
    assert_false(rtcp_next(&r, &part));
}

static void rtcp_writes_nothing_beyond_its_room(void **state)
{
    uint8_t data[64];
    size_t cap;

    (void)state;
    for (cap = 0; cap < 40; cap++) {
        struct rtcp_writer w = {.data = data, .cap = cap};

        memset(data, 0xee, sizeof(data));
        rtcp_write_report(&w, OUR_B, NULL, NULL);
        rtcp_write_cname(&w, OUR_B, STR("a name of some length"));
        assert_true(w.n <= cap);
        assert_int_equal(w.is_full, cap < 8 + 32);
        assert_int_equal(data[cap], 0xee);
    }
}

/** A and B in a call: A's packets went to B from 1000 on, B's to A from 60000 on. */
struct call {
    struct route to_a, to_b;
    struct reception of_a, of_b;
    int leg_a, leg_b;
    bool is_audio;
};

static void send_through(struct route *route, struct reception *reception, const void *leg,
                         uint32_t ssrc, uint16_t seq, unsigned n)
{
    for (; n > 0; n--, seq++) {
        struct rtp_packet rtp = {.ssrc = ssrc, .seq = seq, .ts = seq * 160u, .payload_len = 100};
        struct route_source source = {.stream = leg, .ssrc = ssrc};

        reception_put(reception, &rtp, 8000, START_US);
        assert_true(route_map(route, &source, &rtp, 8000, START_US));
    }
}

static void call_open(struct call *c)
{
    memset(c, 0, sizeof(*c));
    route_init(&c->to_a, OUR_A, 5);
    route_init(&c->to_b, OUR_B, 0x700);
    send_through(&c->to_b, &c->of_a, &c->leg_a, PEER_A, 1000, 10);
    send_through(&c->to_a, &c->of_b, &c->leg_b, PEER_B, 60000, 10000); /* wraps */
}

/* What A's peer wrote, as B's peer gets it. */
static size_t translate_from_a(const struct call *c, const uint8_t *in, size_t n, uint8_t *out,
                               size_t cap)
{
    struct translation t = {
        .forward = &c->to_b,
        .forward_source = {.stream = &c->leg_a},
        .back = &c->to_a,
        .back_reception = &c->of_b,
        .back_source = {.stream = &c->leg_b},
        .cname = STR("relay"),
        .has_pictures = !c->is_audio,
    };
    struct rtcp_reader r;

    assert_int_equal(rtcp_begin(&r, in, n), 0);
    return rtcp_translate(&t, r, out, cap);
}

static void translation_maps_reports_of_both_directions(void **state)
{
    uint8_t in[256], out[256];
    struct rtcp_writer w = {.data = in, .cap = sizeof(in)};
    struct rtcp_sender_info si = {.ntp = 77, .ts = 1009 * 160, .n_packets = 5000};
    struct rtcp_block block = {.ssrc = OUR_A, .fraction_lost = 9, .lsr = 55, .dlsr = 66};
    struct rtcp_reader r;
    struct rtcp_part part;
    struct call c;
    size_t n;

    (void)state;
    call_open(&c);
    block.ext_seq = c.to_a.max_ext_seq - 100;
    rtcp_write_report(&w, PEER_A, &si, &block);
    n = translate_from_a(&c, in, w.n, out, sizeof(out));
    assert_int_equal(rtcp_begin(&r, out, n), 0);
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(rtcp_read_sender_info(&si, &part), 0);
    assert_int_equal(si.ts, c.to_b.last_ts);
    assert_int_equal(si.n_packets, 10);
    assert_int_equal(si.n_bytes, 1000);
    assert_int_equal(rtcp_find_block(&block, &part, PEER_B), 0);
    assert_int_equal(block.ext_seq, 60000 + 9999 - 100); /* B's own numbers, its wrap included */
    assert_int_equal(block.lsr, 55);
    assert_int_equal(block.dlsr, 66);
}

static void translation_leaves_out_what_has_no_meaning_on_the_other_leg(void **state)
{
    uint8_t in[256], out[256];
    struct rtcp_writer w = {.data = in, .cap = sizeof(in)};
    struct rtcp_sender_info si = {.ts = 1};
    struct rtcp_block block = {.ssrc = OUR_A, .ext_seq = 1 << 15};
    struct rtcp_reader r;
    struct rtcp_part part;
    struct call c;
    size_t n;

    (void)state;
    call_open(&c);
    rtcp_write_report(&w, 0x99999999, &si,
                      &block); /* an SSRC we relay nothing of; a future number */
    n = translate_from_a(&c, in, w.n, out, sizeof(out));
    assert_int_equal(rtcp_begin(&r, out, n), 0);
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(part.kind, RTCP_KIND_RR);
    assert_int_equal(part.count, 0);
    assert_true(rtcp_next(&r, &part));
    assert_int_equal(part.kind, RTCP_KIND_SDES);
    assert_false(rtcp_next(&r, &part));
}

static void translation_ends_bye_names_and_extensions_here(void **state)
{
    static const uint8_t bye[] = {0x81, 203, 0, 1, 0xa1, 0xa1, 0xa1, 0xa1};
    static const uint8_t app[] = {0x81, 204, 0, 2, 0xa1, 0xa1, 0xa1, 0xa1, 'n', 'a', 'm', 'e'};
    uint8_t out[256];
    struct call c;
    size_t n;

    (void)state;
    call_open(&c);
    assert_int_equal(translate_from_a(&c, bye, sizeof(bye), out, sizeof(out)), 0);
    assert_int_equal(translate_from_a(&c, app, sizeof(app), out, sizeof(out)), 0);
    assert_int_equal(translate_from_a(&c, sdes_with_nul, sizeof(sdes_with_nul), out, sizeof(out)),
                     0);
    n = translate_from_a(&c, sr_with_ms_extension, sizeof(sr_with_ms_extension), out, sizeof(out));
    assert_int_equal(n, 8 + 20 + 24 + 16); /* SR with its block, and our CNAME: no more */
}

static void translation_maps_feedback_to_the_source(void **state)
{
    uint8_t in[256], out[256], nack[8], fir[16] = {0x0a, 0x0a, 0x0a, 0x0a, 42};
    struct rtcp_writer w = {.data = in, .cap = sizeof(in)};
    struct rtcp_feedback fb = {.sender_ssrc = PEER_A, .media_ssrc = OUR_A};
    struct rtcp_reader r;
    struct rtcp_part part;
    struct call c;
    size_t n;

    (void)state;
    call_open(&c);
    put_be16(nack, (uint16_t)(c.to_a.max_ext_seq - 1));
    put_be16(nack + 2, 0x00ff);
    put_be16(nack + 4, (uint16_t)(c.to_a.max_ext_seq + 1)); /* never sent */
    rtcp_write_feedback(&w, RTCP_KIND_PSFB, RTCP_PSFB_FMT_PLI, &fb);
    fb.fci = nack;
    fb.fci_len = sizeof(nack);
    rtcp_write_feedback(&w, RTCP_KIND_RTPFB, RTCP_RTPFB_FMT_NACK, &fb);
    fb.fci = fir;
    fb.fci_len = 8;
    rtcp_write_feedback(&w, RTCP_KIND_PSFB, RTCP_PSFB_FMT_FIR, &fb);
    rtcp_write_feedback(&w, RTCP_KIND_PSFB, 15, &fb); /* Microsoft's application feedback */

    n = translate_from_a(&c, in, w.n, out, sizeof(out));
    assert_int_equal(rtcp_begin(&r, out, n), 0);
    assert_true(rtcp_next(&r, &part) && part.kind == RTCP_KIND_RR);
    assert_true(rtcp_next(&r, &part) && part.kind == RTCP_KIND_SDES);
    assert_true(rtcp_next(&r, &part) && part.count == RTCP_PSFB_FMT_PLI);
    assert_int_equal(rtcp_read_feedback(&fb, &part), 0);
    assert_int_equal(fb.sender_ssrc, OUR_B);
    assert_int_equal(fb.media_ssrc, PEER_B);
    assert_true(rtcp_next(&r, &part) && part.kind == RTCP_KIND_RTPFB);
    assert_int_equal(rtcp_read_feedback(&fb, &part), 0);
    assert_int_equal(fb.fci_len, 4);
    assert_int_equal(get_be16(fb.fci), (uint16_t)(60000 + 9998));
    assert_int_equal(get_be16(fb.fci + 2), 0x00ff);
    assert_true(rtcp_next(&r, &part) && part.count == RTCP_PSFB_FMT_FIR);
    assert_int_equal(rtcp_read_feedback(&fb, &part), 0);
    assert_int_equal(get_be32(fb.fci), PEER_B);
    assert_int_equal(fb.fci[4], 42);
    assert_false(rtcp_next(&r, &part));
}

static void report_is_an_rr_until_something_was_sent(void **state)
{
    struct report_state st = {0};
    struct report_of_peer of_peer;
    uint8_t data[256];
    struct rtcp_reader r;
    struct rtcp_part part;
    struct call c;
    size_t n;

    (void)state;
    call_open(&c);
    c.to_a.n_packets = 0;
    n = report_write(&st, data, sizeof(data), &c.to_a, &c.of_a, STR("me"), 99, START_US);
    assert_int_equal(data[1], RTCP_KIND_RR);
    assert_int_equal(rtcp_begin(&r, data, n), 0);
    c.to_a.n_packets = 7;
    (void)report_write(&st, data, sizeof(data), &c.to_a, &c.of_a, STR("me"), 99, START_US);
    assert_int_equal(data[1], RTCP_KIND_SR);
    n = report_write(&st, data, sizeof(data), &c.to_a, &c.of_a, STR("me"), 99, START_US);
    assert_int_equal(data[1], RTCP_KIND_RR); /* silent since */
    assert_int_equal(rtcp_begin(&r, data, n), 0);
    report_take(&st, &of_peer, r, OUR_A, START_US);
    assert_true(rtcp_next(&r, &part));
    assert_false(of_peer.has_block);
}

/* Two ends that report to each other over a way of 30 ms; the other waits 1 s before it answers. */
static void reports_measure_the_round_trip(void **state)
{
    struct report_state here = {0}, there = {0};
    struct report_of_peer of_peer;
    uint8_t data[256];
    struct rtcp_reader r;
    struct call c;
    size_t n;

    (void)state;
    call_open(&c);
    n = report_write(&here, data, sizeof(data), &c.to_b, &c.of_b, STR("h"),
                     UINT64_C(0x1122334455667788), START_US);
    assert_int_equal(rtcp_begin(&r, data, n), 0);
    report_take(&there, &of_peer, r, PEER_B, START_US + 30000);

    c.of_a.ssrc = OUR_B; /* there, it hears us */
    n = report_write(&there, data, sizeof(data), &c.to_a, &c.of_a, STR("t"), 5, START_US + 1030000);
    assert_int_equal(rtcp_begin(&r, data, n), 0);
    report_take(&here, &of_peer, r, OUR_B, START_US + 1060000);
    assert_true(of_peer.has_block);
    assert_true(of_peer.has_round_trip);
    assert_in_range(of_peer.round_trip_us, 60000, 60020); /* DLSR counts in 15 us */

    report_take(&here, &of_peer, r, OUR_B, START_US + 1000); /* longer held than away: no */
    assert_false(of_peer.has_round_trip);
    here.sent_sr_mid ^= 1; /* not our last */
    report_take(&here, &of_peer, r, OUR_B, START_US + 1060000);
    assert_false(of_peer.has_round_trip);
}

static void reports_come_every_five_seconds_on_average(void **state)
{
    (void)state;
    assert_int_equal(report_interval_us(0, false), 2500000);
    assert_int_equal(report_interval_us(0x80000000, false), 5000000);
    assert_in_range(report_interval_us(UINT32_MAX, false), 7499990, 7500000);
    assert_in_range(report_interval_us(0, true), 1000000, 2500000);
    assert_in_range(report_interval_us(UINT32_MAX, true), 4000000, REPORT_SILENCE_MAX_US);
}

static void translation_passes_no_feedback_about_pictures_in_audio(void **state)
{
    uint8_t in[64], out[256];
    struct rtcp_writer w = {.data = in, .cap = sizeof(in)};
    struct rtcp_feedback fb = {.sender_ssrc = PEER_A, .media_ssrc = OUR_A};
    struct call c;

    (void)state;
    call_open(&c);
    rtcp_write_feedback(&w, RTCP_KIND_PSFB, RTCP_PSFB_FMT_PLI, &fb);
    assert_true(translate_from_a(&c, in, w.n, out, sizeof(out)) > 0);
    c.is_audio = true;
    assert_int_equal(translate_from_a(&c, in, w.n, out, sizeof(out)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rtcp_reads_a_report_and_passes_over_microsofts_extensions),
        cmocka_unit_test(rtcp_does_not_read_blocks_behind_the_end_of_a_report),
        cmocka_unit_test(rtcp_reads_a_cname_with_a_nul_in_it),
        cmocka_unit_test(rtcp_refuses_what_cannot_be_and_takes_single_packets),
        cmocka_unit_test(rtcp_reads_what_it_has_written),
        cmocka_unit_test(rtcp_writes_nothing_beyond_its_room),
        cmocka_unit_test(translation_maps_reports_of_both_directions),
        cmocka_unit_test(translation_leaves_out_what_has_no_meaning_on_the_other_leg),
        cmocka_unit_test(translation_ends_bye_names_and_extensions_here),
        cmocka_unit_test(translation_maps_feedback_to_the_source),
        cmocka_unit_test(translation_passes_no_feedback_about_pictures_in_audio),
        cmocka_unit_test(report_is_an_rr_until_something_was_sent),
        cmocka_unit_test(reports_measure_the_round_trip),
        cmocka_unit_test(reports_come_every_five_seconds_on_average),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
