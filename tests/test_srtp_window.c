#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/srtp_layout.h"
#include "relay/media/srtp_sources.h"
#include "relay/media/srtp_window.h"

static struct srtp_window window_at(uint64_t highest)
{
    struct srtp_window w = {.highest = 0};

    srtp_window_add(&w, highest);
    return w;
}

static void window_guesses_the_index_that_is_nearest(void **state)
{
    static const struct {
        const char *reason;
        uint64_t highest;
        uint16_t seq;
        uint64_t index;
    } rows[] = {
        {"the next one", 7, 8, 8},
        {"an earlier one", 7, 6, 6},
        {"ROC 0 has none before it, however far ahead", 7, 65535, 65535},
        {"also at the middle of ROC 0", 0x8000, 0xffff, 0xffff},
        {"over the end of ROC 0", 0xffff, 0, 0x10000},
        {"half the numbers behind", 0x8001, 1, 1},
        {"one more is ahead, in the next ROC", 0x8001, 0, 0x10000},
        {"back over the end", 0x10000, 0xffff, 0xffff},
        {"half the numbers ahead", 0x10000, 0x8000, 0x18000},
        {"one more is behind", 0x10000, 0x8001, 0x8001},
        {"a large ROC goes on", UINT64_C(0xfffffffeffff), 0, UINT64_C(0xffffffff0000)},
        {"past the last index", UINT64_C(0xffffffffffff), 0, UINT64_C(0x1000000000000)},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct srtp_window w = window_at(rows[i].highest);

        print_message("    %s\n", rows[i].reason);
        assert_true(srtp_window_guess(&w, rows[i].seq) == rows[i].index);
    }
}

static void window_offers_each_of_eight_rocs_in_turn(void **state)
{
    (void)state;
    assert_int_equal(srtp_window_retry(0x20005, 0), 0x30005);
    assert_int_equal(srtp_window_retry(0x20005, 7), 0xa0005);
    assert_int_equal(srtp_window_retry(0x20005, 8), 0x30005);
    assert_true(srtp_window_retry(SRTP_INDEX_MAX, 0) > SRTP_INDEX_MAX);
}

static void window_of_nothing_takes_any_first_packet(void **state)
{
    static const struct srtp_window nothing;
    uint32_t seq;

    (void)state;
    for (seq = 0; seq <= UINT16_MAX; seq++) {
        assert_true(srtp_window_guess(&nothing, (uint16_t)seq) == seq);
        assert_true(srtp_window_is_fresh(&nothing, seq));
    }
}

static void window_knows_128_indices_back(void **state)
{
    struct srtp_window w = window_at(1000);

    (void)state;
    assert_false(srtp_window_is_fresh(&w, 1000));
    assert_true(srtp_window_is_fresh(&w, 1001));
    assert_true(srtp_window_is_fresh(&w, 1000 - 127));
    assert_false(srtp_window_is_fresh(&w, 1000 - 128));
    srtp_window_add(&w, 1000 - 127);
    assert_false(srtp_window_is_fresh(&w, 1000 - 127));
    assert_true(w.highest == 1000);
}

static void window_ends_with_the_last_index(void **state)
{
    struct srtp_window w = window_at(SRTP_INDEX_MAX - 1);

    (void)state;
    assert_true(srtp_window_is_fresh(&w, SRTP_INDEX_MAX));
    srtp_window_add(&w, SRTP_INDEX_MAX);
    assert_false(srtp_window_is_fresh(&w, SRTP_INDEX_MAX));
    assert_false(srtp_window_is_fresh(&w, SRTP_INDEX_MAX + 1));
}

/* The plain meaning: a flag for each index there is. */
#define MODEL_INDICES 6000

static void window_agrees_with_a_list_of_all_that_was_there(void **state)
{
    static bool was_there[MODEL_INDICES];
    struct srtp_window w = {.highest = 0};
    unsigned seed = 1, i;
    uint64_t at = 0;

    (void)state;
    for (i = 0; i < 200000; i++) {
        const int step = rand_r(&seed) % 200 == 0 ? rand_r(&seed) % 300 : rand_r(&seed) % 3;
        const uint64_t index =
            at + (uint64_t)step < 150 ? 0 : at + (uint64_t)step - (uint64_t)(rand_r(&seed) % 150);
        const bool is_old = index + SRTP_WINDOW_PACKETS <= w.highest;

        if (index >= MODEL_INDICES) {
            memset(was_there, 0, sizeof(was_there));
            w = (struct srtp_window){.highest = 0};
            at = 0;
            continue;
        }
        assert_int_equal(srtp_window_is_fresh(&w, index), !was_there[index] && !is_old);
        if (was_there[index] || is_old || rand_r(&seed) % 4 == 0) /* looked at, not added */
            continue;
        srtp_window_add(&w, index);
        was_there[index] = true;
        at = w.highest;
    }
}

static void sources_keep_sixteen_and_let_the_oldest_go(void **state)
{
    struct srtp_sources s = {.n = 0};
    uint32_t ssrc;

    (void)state;
    assert_null(srtp_sources_find(&s, 0)); /* an SSRC of 0 is one like others */
    for (ssrc = 0; ssrc < 16; ssrc++)
        srtp_window_add(&srtp_sources_add(&s, ssrc)->rtp, ssrc + 5);
    for (ssrc = 0; ssrc < 16; ssrc++)
        assert_true(srtp_sources_find(&s, ssrc)->rtp.highest == ssrc + 5);
    assert_null(srtp_sources_find(&s, 16));
    assert_true(srtp_sources_add(&s, 16)->rtp.highest == 0);
    assert_null(srtp_sources_find(&s, 0));
    (void)srtp_sources_add(&s, 17);
    assert_null(srtp_sources_find(&s, 1));
    assert_non_null(srtp_sources_find(&s, 2));
    assert_non_null(srtp_sources_find(&s, 17));
}

static void layout_reads_headers_up_to_their_last_byte(void **state)
{
    static const struct {
        const char *reason;
        uint8_t data[28];
        uint32_t len;
        bool is_rtcp, is_whole;
        uint32_t start;
    } rows[] = {
        {"nothing", {0x80}, 0, false, false, 0},
        {"a byte short", {0x80}, 11, false, false, 0},
        {"a bare header", {0x80}, 12, false, true, 12},
        {"two CSRCs", {0x82}, 20, false, true, 20},
        {"two CSRCs, the last cut off", {0x82}, 19, false, false, 0},
        {"an extension without its head", {0x90}, 15, false, false, 0},
        {"an empty extension", {0x90}, 16, false, true, 16},
        {"an extension of two words", {[0] = 0x90, [15] = 2}, 24, false, true, 24},
        {"the same, a byte short", {[0] = 0x90, [15] = 2}, 23, false, false, 0},
        {"an extension of 65535 words",
         {[0] = 0x90, [14] = 0xff, [15] = 0xff},
         28,
         false,
         false,
         0},
        {"CSRC and extension", {[0] = 0x91, [19] = 1}, 24, false, true, 24},
        {"RTCP, a byte short", {0x80, 201}, 7, true, false, 0},
        {"RTCP", {0x80, 201}, 8, true, true, 8},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t *copy = malloc(rows[i].len + 1); /* so that a sanitizer sees the end */
        struct srtp_layout l;

        print_message("    %s\n", rows[i].reason);
        assert_non_null(copy);
        memcpy(copy + 1, rows[i].data, rows[i].len);
        assert_int_equal(srtp_layout_read(&l, copy + 1, rows[i].len, rows[i].is_rtcp),
                         rows[i].is_whole);
        if (rows[i].is_whole)
            assert_int_equal(l.start, rows[i].start);
        free(copy);
    }
}

/* RFC 3711 s.4.1.1 and RFC 7714 s.8.1, worked out by hand: SSRC, then all 48 bits of the index. */
static void iv_is_the_salt_with_ssrc_and_index(void **state)
{
    static const uint8_t salt[14] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6,
                                     0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd};
    static const uint8_t cm[16] = {0xf0,        0xf1,        0xf2,        0xf3,
                                   0xf4 ^ 0xca, 0xf5 ^ 0xfe, 0xf6 ^ 0xba, 0xf7 ^ 0xbe,
                                   0xf8 ^ 0x01, 0xf9 ^ 0x23, 0xfa ^ 0x45, 0xfb ^ 0x67,
                                   0xfc ^ 0x89, 0xfd ^ 0xab, 0,           0};
    static const uint8_t gcm[12] = {0xf0,        0xf1,        0xf2 ^ 0xca, 0xf3 ^ 0xfe,
                                    0xf4 ^ 0xba, 0xf5 ^ 0xbe, 0xf6 ^ 0x01, 0xf7 ^ 0x23,
                                    0xf8 ^ 0x45, 0xf9 ^ 0x67, 0xfa ^ 0x89, 0xfb ^ 0xab};
    uint8_t iv[SRTP_IV_BYTES];

    (void)state;
    srtp_iv(iv, salt, 14, 0xcafebabe, UINT64_C(0x0123456789ab));
    assert_memory_equal(iv, cm, sizeof(cm));
    srtp_iv(iv, salt, 12, 0xcafebabe, UINT64_C(0x0123456789ab));
    assert_memory_equal(iv, gcm, sizeof(gcm));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_guesses_the_index_that_is_nearest),
        cmocka_unit_test(window_offers_each_of_eight_rocs_in_turn),
        cmocka_unit_test(window_of_nothing_takes_any_first_packet),
        cmocka_unit_test(window_knows_128_indices_back),
        cmocka_unit_test(window_ends_with_the_last_index),
        cmocka_unit_test(window_agrees_with_a_list_of_all_that_was_there),
        cmocka_unit_test(sources_keep_sixteen_and_let_the_oldest_go),
        cmocka_unit_test(layout_reads_headers_up_to_their_last_byte),
        cmocka_unit_test(iv_is_the_salt_with_ssrc_and_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
