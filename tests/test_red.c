#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "codec/red.h"
#include "tests/sim/rig.h"

enum { PT_RED = 121, PT_OUT_RED = 99 };

/* ---- the payload ---- */

static void a_payload_is_taken_apart(void **state)
{
    /* RFC 2198 s.3: F, PT 5, offset 160, length 2; then PT 5 and three bytes */
    static const uint8_t red[] = {0x85, 160 >> 6, (160 & 63) << 2, 2, 5, 'a', 'b', 'x', 'y', 'z'};
    struct red_block b[RED_BLOCKS_MAX];

    (void)state;
    assert_int_equal(red_parse(b, red, sizeof(red)), 2);
    assert_int_equal(b[0].pt, 5);
    assert_int_equal(b[0].ts_offset, 160);
    assert_int_equal(b[0].n, 2);
    assert_memory_equal(b[0].payload, "ab", 2);
    assert_int_equal(b[1].pt, 5);
    assert_int_equal(b[1].ts_offset, 0);
    assert_int_equal(b[1].n, 3);
    assert_memory_equal(b[1].payload, "xyz", 3);
}

static void a_payload_that_is_cut_off_is_refused(void **state)
{
    static const struct {
        const char *why;
        uint8_t red[24];
        size_t n;
        unsigned n_blocks;
    } rows[] = {
        {"empty", {0}, 0, 0},
        {"no last header", {0x85, 0, 0, 0}, 4, 0},
        {"header cut off", {0x85, 0, 0}, 3, 0},
        {"block longer than the rest", {0x85, 0, 0, 9, 5, 1, 2}, 7, 0},
        {"more blocks than are read",
         {0x85, 0, 0, 0, 0x85, 0, 0, 0, 0x85, 0, 0, 0, 0x85, 0, 0, 0, 5},
         17,
         0},
        {"a primary block alone", {5, 1, 2}, 3, 1},
        {"an empty primary block", {0x85, 0, 0, 1, 5, 7}, 6, 2},
    };
    struct red_block b[RED_BLOCKS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (red_parse(b, rows[i].red, rows[i].n) != rows[i].n_blocks)
            fail_msg("%s", rows[i].why);
    }
}

static void redundant_blocks_can_be_taken_out(void **state)
{
    static const uint8_t red[] = {0x85, 0, 0,   2,   0xe5, 1,   4,   3,   0x86, 0,  0,
                                  1,    7, 'a', 'b', 'c',  'd', 'e', 'f', 'x',  'y'};
    static const struct {
        uint32_t removed;
        const char *left; /* payload type and bytes of each block */
    } rows[] = {
        {0, "5ab101cde6f7xy"}, {1, "101cde6f7xy"}, {2, "5ab6f7xy"}, {4, "5ab101cde7xy"},
        {5, "101cde7xy"},      {7, "7xy"},         {15, "7xy"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t payload[sizeof(red)];
        struct red_block b[RED_BLOCKS_MAX];
        char left[64] = "";
        unsigned n_blocks;
        size_t n;

        memcpy(payload, red, sizeof(red));
        assert_int_equal(red_parse(b, payload, sizeof(payload)), 4);
        n = red_remove(payload, b, 4, rows[i].removed);
        n_blocks = red_parse(b, payload, n);
        for (unsigned k = 0; k < n_blocks; k++) {
            const size_t at = strlen(left);

            (void)snprintf(left + at, sizeof(left) - at, "%u%.*s", b[k].pt, (int)b[k].n,
                           (const char *)b[k].payload);
        }
        assert_string_equal(left, rows[i].left);
    }
}

static void what_is_wrapped_can_be_taken_apart(void **state)
{
    struct red_sender r;
    struct red_block b[RED_BLOCKS_MAX];
    uint8_t buf[64] = "first", next[64] = "second";
    size_t n;

    (void)state;
    red_init(&r);
    n = red_wrap(&r, 96, 1000, 160, buf, 5, sizeof(buf));
    assert_int_equal(red_parse(b, buf, n), 1); /* nothing came before it */
    assert_memory_equal(b[0].payload, "first", 5);

    n = red_wrap(&r, 96, 1160, 160, next, 6, sizeof(next));
    assert_int_equal(n, 5 + 5 + 6);
    assert_int_equal(red_parse(b, next, n), 2);
    assert_int_equal(b[0].ts_offset, 160);
    assert_memory_equal(b[0].payload, "first", 5);
    assert_memory_equal(b[1].payload, "second", 6);
}

static void what_is_too_old_or_too_long_is_not_repeated(void **state)
{
    struct red_sender r;
    struct red_block b[RED_BLOCKS_MAX];
    uint8_t buf[64] = "first", small[8] = "second", long_ago[RED_REPEATED_MAX + 1] = {0};

    (void)state;
    red_init(&r);
    red_wrap(&r, 96, 1000, 160, buf, 5, sizeof(buf));
    assert_int_equal(red_parse(b, buf, red_wrap(&r, 96, 1000 + 4 * 160, 160, buf, 5, 64)), 1);
    assert_int_equal(red_wrap(&r, 96, 1000 + 5 * 160, 160, small, 6, 8), 7); /* no room for both */
    assert_int_equal(red_wrap(&r, 96, 1000 + 6 * 160, 160, small, 8, 8), 0); /* not even for one */
    red_note(&r, 2000, long_ago, sizeof(long_ago));                          /* 10 bits of length */
    assert_int_equal(red_parse(b, buf, red_wrap(&r, 96, 2160, 160, buf, 5, 64)), 1);
}

/* ---- in a stream ---- */

static struct transcoder_config red_config(void)
{
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);

    cfg.in[cfg.n_in++] = (struct transcoder_format){PT_RED, {"RED", 8000, 1, ""}};
    return cfg;
}

/* Sends the sender's next packet inside RED with the one before it. */
static int step_red(struct line *l, struct red_sender *r, bool is_arriving)
{
    uint8_t buf[CODEC_PAYLOAD_MAX];
    const struct transcoder_packet *pkt = sender_next(&l->s, l->sound);
    struct transcoder_packet red = *pkt;
    int err = 0;

    memcpy(buf, pkt->payload, pkt->n);
    red.pt = PT_RED;
    red.payload = buf;
    red.n = red_wrap(r, PT_PCMU, pkt->ts, l->s.ticks, buf, pkt->n, sizeof(buf));
    rig_pass_time(l->t, &l->r, l->now_us);
    if (is_arriving) {
        err = transcoder_put(l->t, &red, SSRC, l->now_us);
        rig_drain(l->t, &l->r, l->now_us);
    }
    l->now_us += 20 * MS;
    return err;
}

static void a_lost_packet_comes_back_with_the_next(void **state)
{
    const struct transcoder_config cfg = red_config();
    struct red_sender r;
    struct line l;

    (void)state;
    red_init(&r);
    line_open(&l, &cfg);
    for (int i = 0; i < 50; i++)
        assert_int_equal(step_red(&l, &r, i % 5 != 3), 0);
    assert_int_equal(transcoder_stats(l.t)->red_repaired, 10);
    assert_int_equal(transcoder_stats(l.t)->decoded, 50);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    assert_int_equal(transcoder_stats(l.t)->duplicate, 0); /* repetitions are none */
    assert_int_equal(l.r.n_audio, 50);
    assert_int_equal(l.r.n_marker, 1);
    line_close(&l);
}

static void red_and_plain_packets_make_one_stream(void **state)
{
    const struct transcoder_config cfg = red_config();
    struct red_sender r;
    struct line l;

    (void)state;
    red_init(&r);
    line_open(&l, &cfg);
    for (int i = 0; i < 20; i++)
        assert_int_equal(i / 3 % 2 ? step_red(&l, &r, true) : line_step(&l, true), 0);
    assert_int_equal(l.r.n_audio, 20);
    assert_int_equal(l.r.end_ts, 20 * 160);
    line_close(&l);
}

static void bad_red_keeps_its_place_and_is_counted(void **state)
{
    static const uint8_t cut[] = {0x80, 0, 0}, nested[] = {PT_RED, 1, 2, 3}, unknown[] = {77, 1};
    const struct transcoder_config cfg = red_config();
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    assert_int_equal(line_put(&l, PT_RED, line_ts(&l), cut, sizeof(cut)), EBADMSG);
    assert_int_equal(line_put(&l, PT_RED, line_ts(&l), nested, sizeof(nested)), EBADMSG);
    assert_int_equal(line_put(&l, PT_RED, line_ts(&l), unknown, sizeof(unknown)), ENOENT);
    assert_int_equal(line_put(&l, PT_RED, line_ts(&l), NULL, 0), EBADMSG);
    line_step(&l, true);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    assert_int_equal(transcoder_stats(l.t)->bad_payload, 3);
    assert_int_equal(l.r.n_audio, 2);
    line_close(&l);
}

/* Lync's limit: an event is never repeated by RED (its own packets repeat it). */
static void an_event_in_a_redundant_block_is_not_read(void **state)
{
    uint8_t red[] = {
        0x80 | PT_EVENT, 160 >> 6, (160 & 63) << 2, 4, PT_EVENT, 5, 0, 1, 0, 5, 0, 2, 0};
    const struct transcoder_config cfg = red_config();
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    line_step(&l, false);
    line_put(&l, PT_RED, line_ts(&l), red, sizeof(red));
    assert_int_equal(transcoder_stats(l.t)->red_repaired, 0);
    line_close(&l);
}

static void red_is_sent_while_reports_tell_of_loss(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct transcoder_conditions now = {.loss_permille = 30};
    struct red_block b[RED_BLOCKS_MAX];
    struct line l;

    (void)state;
    cfg.has_red = true;
    cfg.red_pt = PT_OUT_RED;
    line_open(&l, &cfg);
    line_step(&l, true);
    assert_int_equal(l.r.last.pt, PT_OUT);
    assert_int_equal(transcoder_adapt(l.t, &now), 0);
    l.r.red_pt = PT_OUT_RED;
    line_step(&l, true);
    line_step(&l, true);
    assert_int_equal(l.r.last.pt, PT_OUT_RED);
    assert_int_equal(red_parse(b, l.r.last_payload, l.r.last.n), 2);
    assert_int_equal(b[0].ts_offset, 160);
    assert_int_equal(b[0].n, 160);
    now.loss_permille = 0;
    for (int i = 0; i < TRANSCODER_CALM_REPORTS; i++)
        assert_int_equal(transcoder_adapt(l.t, &now), 0);
    line_step(&l, true);
    assert_int_equal(l.r.last.pt, PT_OUT);
    assert_int_equal(l.r.n_audio, 4);
    line_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_is_taken_apart),
        cmocka_unit_test(a_payload_that_is_cut_off_is_refused),
        cmocka_unit_test(redundant_blocks_can_be_taken_out),
        cmocka_unit_test(what_is_wrapped_can_be_taken_apart),
        cmocka_unit_test(what_is_too_old_or_too_long_is_not_repeated),
        cmocka_unit_test(a_lost_packet_comes_back_with_the_next),
        cmocka_unit_test(red_and_plain_packets_make_one_stream),
        cmocka_unit_test(bad_red_keeps_its_place_and_is_counted),
        cmocka_unit_test(an_event_in_a_redundant_block_is_not_read),
        cmocka_unit_test(red_is_sent_while_reports_tell_of_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
