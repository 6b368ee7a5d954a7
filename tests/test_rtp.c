#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/reception.h"
#include "relay/media/rtp.h"

static void rtp_reads_every_field(void **state)
{
    const uint8_t data[] = {0xb1, 0xe0, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, /* header */
                            9,    9,    9,    9,                            /* a CSRC */
                            0xbe, 0xde, 0,    1,    1, 1, 1, 1,             /* extension */
                            'a',  'b',  0,    0,    3};                     /* payload, padding */
    struct rtp_packet rtp;

    (void)state;
    assert_int_equal(rtp_parse(&rtp, data, sizeof(data)), 0);
    assert_true(rtp.marker);
    assert_int_equal(rtp.pt, 96);
    assert_int_equal(rtp.seq, 0x1234);
    assert_int_equal(rtp.ts, 0x01020304);
    assert_int_equal(rtp.ssrc, 0x05060708);
    assert_int_equal(rtp.csrc_end, 16);
    assert_int_equal(rtp.payload_start, 24);
    assert_int_equal(rtp.payload_len, 2);
}

static void rtp_refuses_lengths_that_cannot_be(void **state)
{
    static const struct {
        const char *reason;
        size_t n;
        uint8_t data[20];
        int err;
    } rows[] = {
        {"the shortest", 12, {0x80}, 0},
        {"one byte less", 11, {0x80}, EBADMSG},
        {"nothing", 0, {0}, EBADMSG},
        {"version 1", 12, {0x40}, EBADMSG},
        {"version 3", 12, {0xc0}, EBADMSG},
        {"15 CSRCs in 12 bytes", 12, {0x8f}, EBADMSG},
        {"a CSRC that fits", 16, {0x81}, 0},
        {"an extension without room for its header", 15, {0x90}, EBADMSG},
        {"an empty extension", 16, {0x90}, 0},
        {"an extension longer than the packet", 16, {0x90, [14] = 0xff, 0xff}, EBADMSG},
        {"an extension that fits", 20, {0x90, [15] = 1}, 0},
        {"padding of nothing", 13, {0xa0}, EBADMSG},
        {"padding only", 13, {0xa0, [12] = 1}, 0},
        {"padding into the header", 13, {0xa0, [12] = 2}, EBADMSG},
        {"padding without a byte to say so", 12, {0xa0, [11] = 1}, EBADMSG},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rtp_packet rtp = {.ssrc = 42};

        print_message("    %s\n", rows[i].reason);
        assert_int_equal(rtp_parse(&rtp, rows[i].data, rows[i].n), rows[i].err);
        if (rows[i].err)
            assert_int_equal(rtp.ssrc, 42);
    }
}

static void rtp_rewrites_numbers_and_leaves_the_rest(void **state)
{
    uint8_t data[] = {0xb1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 0xbe, 0xde, 0, 0, 'x', 1};
    struct rtp_packet rtp, again;

    (void)state;
    assert_int_equal(rtp_parse(&rtp, data, sizeof(data)), 0);
    rtp.pt = 111;
    rtp.marker = true;
    rtp.seq = 0xfffe;
    rtp.ts = 0xfffffffe;
    rtp.ssrc = 0xdeadbeef;
    rtp_rewrite(data, &rtp);
    assert_int_equal(rtp_parse(&again, data, sizeof(data)), 0);
    assert_int_equal(again.pt, 111);
    assert_true(again.marker);
    assert_int_equal(again.seq, 0xfffe);
    assert_int_equal(again.ts, 0xfffffffe);
    assert_int_equal(again.ssrc, 0xdeadbeef);
    assert_int_equal(again.payload_start, rtp.payload_start);
    assert_int_equal(data[0], 0xb1);
    assert_int_equal(data[20], 'x');
}

static void rtp_takes_an_extension_out_and_keeps_the_csrcs(void **state)
{
    uint8_t data[] = {0x91, 0, 0, 1,    0,    0, 0, 2, 0, 0, 0, 3,  9,
                      9,    9, 9, 0xbe, 0xde, 0, 1, 1, 1, 1, 1, 'x'};
    struct rtp_packet rtp, again;
    size_t cut;

    (void)state;
    assert_int_equal(rtp_parse(&rtp, data, sizeof(data)), 0);
    cut = rtp_strip_extension(data, &rtp);
    assert_int_equal(cut, 8);
    assert_int_equal(rtp_parse(&again, data + cut, sizeof(data) - cut), 0);
    assert_int_equal(data[cut], 0x81);
    assert_int_equal(again.seq, 1);
    assert_int_equal(again.payload_start, 16);
    assert_int_equal(again.payload_len, 1);
    assert_int_equal(rtp_strip_extension(data + cut, &again), 0);
}

static void hear(struct reception *r, uint32_t ssrc, uint16_t seq, uint32_t ts, uint64_t now_us)
{
    struct rtp_packet rtp = {.ssrc = ssrc, .seq = seq, .ts = ts};

    reception_put(r, &rtp, 8000, now_us);
}

static void reception_counts_loss_over_wraps_and_sources(void **state)
{
    struct reception r = {0};
    struct reception_report report;

    (void)state;
    hear(&r, 1, 65534, 0, 0);
    hear(&r, 1, 65535, 160, 20000);
    hear(&r, 1, 1, 480, 60000); /* 0 is missing */
    assert_int_equal(reception_lost(&r), 1);
    assert_int_equal(r.max_ext_seq, 0x10001);
    reception_take_report(&r, &report);
    assert_int_equal(report.lost, 1);
    assert_int_equal(report.fraction_lost, 64); /* 1 of 4 */
    assert_int_equal(report.ext_seq, 0x10001);
    hear(&r, 1, 0, 320, 61000); /* late, but there */
    assert_int_equal(reception_lost(&r), 0);
    hear(&r, 1, 4, 960, 120000);
    hear(&r, 2, 9, 0, 140000); /* another source: what the first lost stays in the sum */
    hear(&r, 2, 11, 0, 160000);
    assert_int_equal(reception_lost(&r), 3);
    reception_take_report(&r, &report);
    assert_int_equal(report.ssrc, 2);
    assert_int_equal(report.lost, 1);
}

static void reception_reports_all_lost_as_255_of_256(void **state)
{
    struct reception r = {.is_known = true,
                          .max_ext_seq = 2999,
                          .n_received = 1,
                          .expected_prior = 1,
                          .received_prior = 1};
    struct reception_report report;

    (void)state;
    reception_take_report(&r, &report);
    assert_int_equal(report.fraction_lost, 255);
}

static void reception_does_not_take_duplicates_for_negative_loss(void **state)
{
    struct reception r = {0};
    struct reception_report report;

    (void)state;
    hear(&r, 1, 5, 0, 0);
    hear(&r, 1, 5, 0, 0);
    assert_int_equal(reception_lost(&r), 0);
    reception_take_report(&r, &report);
    assert_int_equal(report.lost, -1); /* as RFC 3550 s.6.4.1 has it */
    assert_int_equal(report.fraction_lost, 0);
}

static void reception_measures_jitter_as_rfc_3550(void **state)
{
    struct reception r = {0};
    uint32_t ts = 0;
    int i;

    (void)state;
    for (i = 0; i < 1000; i++, ts += 160) /* each packet 5 ms late or early: steps of 10 ms */
        hear(&r, 1, (uint16_t)i, ts, (uint64_t)i * 20000 + (uint64_t)(i % 2) * 10000);
    assert_in_range(reception_jitter(&r), 79, 81); /* 80 ticks of 8 kHz */
}

static void reception_takes_a_jump_for_a_new_start(void **state)
{
    static const struct {
        uint16_t from, to;
        bool is_jump;
    } rows[] = {
        {1, 2, false},      {65535, 0, false},    {100, 3099, false},  {100, 3100, true},
        {1000, 900, false}, {1000, 899, true},    {5, 65441, false},   {5, 65440, true},
        {0, 32768, true},   {65000, 2463, false}, {65000, 2464, true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(reception_is_jump(rows[i].from, rows[i].to), rows[i].is_jump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rtp_reads_every_field),
        cmocka_unit_test(rtp_refuses_lengths_that_cannot_be),
        cmocka_unit_test(rtp_rewrites_numbers_and_leaves_the_rest),
        cmocka_unit_test(rtp_takes_an_extension_out_and_keeps_the_csrcs),
        cmocka_unit_test(reception_counts_loss_over_wraps_and_sources),
        cmocka_unit_test(reception_reports_all_lost_as_255_of_256),
        cmocka_unit_test(reception_does_not_take_duplicates_for_negative_loss),
        cmocka_unit_test(reception_measures_jitter_as_rfc_3550),
        cmocka_unit_test(reception_takes_a_jump_for_a_new_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
