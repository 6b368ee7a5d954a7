#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "relay/control/ng/ng.h"

#define NO_KEY ((struct str){NULL, 0})

static char buf[NG_REPLY_MAX];

static void assert_is_file(const char *name, const char *reply, size_t n)
{
    char path[512], expected[4096];
    size_t n_expected;
    FILE *f;

    snprintf(path, sizeof(path), "%s/ng/%s.ng", PICRELAY_VECTORS, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    n_expected = fread(expected, 1, sizeof(expected), f);
    fclose(f);
    assert_int_equal(n, n_expected);
    assert_memory_equal(reply, expected, n);
}

static void assert_text(size_t n, const char *expected)
{
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(buf, expected, n);
}

static void a_ping_is_answered_in_its_encoding(void **state)
{
    struct ng_reply w;

    (void)state;
    ng_reply_begin(&w, buf, sizeof(buf), NG_BENCODE, STR("5_1_1"));
    assert_is_file("ping-reply", buf, ng_reply_end(&w, "pong"));
    ng_reply_begin(&w, buf, sizeof(buf), NG_JSON, STR("5_1_1"));
    assert_is_file("ping-json-reply", buf, ng_reply_end(&w, "pong"));
}

static void an_offer_is_answered_with_its_sdp(void **state)
{
    static const struct {
        const char *file, *cookie, *sdp;
    } rows[] = {
        {"kamailio-offer-reply", "0_2718281828_8",
         "v=0\r\no=- 1 1 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n"
         "m=audio 30000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
         "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"},
        {"kamailio-answer-reply", "0_1618033988_9",
         "v=0\r\no=- 9 1 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n"
         "m=audio 30002 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30003\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ng_reply w;

        ng_reply_begin(&w, buf, sizeof(buf), NG_BENCODE, str_of(rows[i].cookie));
        ng_reply_str(&w, STR("sdp"), str_of(rows[i].sdp));
        assert_is_file(rows[i].file, buf, ng_reply_end(&w, "ok"));
    }
}

static void write_counters(struct ng_reply *w, struct str key, int64_t packets, int64_t bytes)
{
    ng_reply_open_dict(w, key);
    ng_reply_int(w, STR("packets"), packets);
    ng_reply_int(w, STR("bytes"), bytes);
    ng_reply_int(w, STR("errors"), 0);
    ng_reply_close(w);
}

static size_t write_statistics(enum ng_encoding encoding)
{
    struct ng_reply w;

    ng_reply_begin(&w, buf, sizeof(buf), encoding, STR("0_1414213562_10"));
    ng_reply_int(&w, STR("created"), 1700000000);
    ng_reply_int(&w, STR("created_us"), 250000);
    ng_reply_int(&w, STR("last signal"), 1700000002);
    ng_reply_open_dict(&w, STR("SSRC"));
    ng_reply_close(&w);
    ng_reply_open_dict(&w, STR("tags"));
    ng_reply_close(&w);
    ng_reply_open_dict(&w, STR("totals"));
    write_counters(&w, STR("RTP"), 1500, 258000);
    write_counters(&w, STR("RTCP"), 12, 1008);
    ng_reply_close(&w);
    return ng_reply_end(&w, "ok");
}

static void a_delete_is_answered_with_statistics(void **state)
{
    (void)state;
    assert_is_file("delete-reply", buf, write_statistics(NG_BENCODE));
    assert_text(write_statistics(NG_JSON),
                "0_1414213562_10 {\"created\":1700000000,\"created_us\":250000,"
                "\"last signal\":1700000002,\"SSRC\":{},\"tags\":{},"
                "\"totals\":{\"RTP\":{\"packets\":1500,\"bytes\":258000,\"errors\":0},"
                "\"RTCP\":{\"packets\":12,\"bytes\":1008,\"errors\":0}},\"result\":\"ok\"}");
}

static void a_delete_of_an_unknown_call_is_answered_with_a_warning(void **state)
{
    struct ng_reply w;

    (void)state;
    ng_reply_begin(&w, buf, sizeof(buf), NG_BENCODE, STR("0_1414213562_11"));
    ng_reply_str(&w, STR("warning"), STR("Call-ID not found or tags didn't match"));
    assert_is_file("delete-unknown-reply", buf, ng_reply_end(&w, "ok"));
}

static size_t write_list(char *to, size_t cap, enum ng_encoding encoding)
{
    struct ng_reply w;

    ng_reply_begin(&w, to, cap, encoding, STR("9_1_1"));
    ng_reply_open_list(&w, STR("calls"));
    ng_reply_str(&w, NO_KEY, STR("a84b4c76e66710"));
    ng_reply_str(&w, NO_KEY, STR("b1b2b3"));
    ng_reply_close(&w);
    return ng_reply_end(&w, "ok");
}

static void a_list_is_answered_with_call_ids(void **state)
{
    (void)state;
    assert_is_file("list-reply", buf, write_list(buf, sizeof(buf), NG_BENCODE));
    assert_text(write_list(buf, sizeof(buf), NG_JSON),
                "9_1_1 {\"calls\":[\"a84b4c76e66710\",\"b1b2b3\"],\"result\":\"ok\"}");
}

static void lists_of_dictionaries_keep_their_commas(void **state)
{
    struct ng_reply w;

    (void)state;
    ng_reply_begin(&w, buf, sizeof(buf), NG_JSON, STR("c"));
    ng_reply_open_list(&w, STR("l"));
    ng_reply_open_dict(&w, NO_KEY);
    ng_reply_int(&w, STR("a"), INT64_MIN);
    ng_reply_close(&w);
    ng_reply_open_list(&w, NO_KEY);
    ng_reply_close(&w);
    ng_reply_int(&w, NO_KEY, INT64_MAX);
    ng_reply_close(&w);
    assert_text(ng_reply_end(&w, "ok"), "c {\"l\":[{\"a\":-9223372036854775808},[],"
                                        "9223372036854775807],\"result\":\"ok\"}");
}

static void a_refusal_says_its_result_first(void **state)
{
    (void)state;
    assert_is_file("error-reply", buf,
                   ng_reply_error(buf, sizeof(buf), NG_BENCODE, STR("0_1618033988_12"),
                                  STR("Unknown call-id")));
    assert_is_file("load-limit-reply", buf,
                   ng_reply_load_limit(buf, sizeof(buf), NG_BENCODE, STR("0_2718281828_13"),
                                       STR("Parallel session limit reached")));
    assert_text(ng_reply_error(buf, sizeof(buf), NG_JSON, STR("1"), STR("no \"command\"")),
                "1 {\"result\":\"error\",\"error-reason\":\"no \\\"command\\\"\"}");
}

static void json_strings_are_escaped_and_always_utf8(void **state)
{
    static const struct {
        const char *reason;
        struct str in;
        const char *out;
    } rows[] = {
        {"nothing", STR_INIT(""), ""},
        {"quote and backslash", STR_INIT("a\"b\\c"), "a\\\"b\\\\c"},
        {"line ends", STR_INIT("a\r\nb\t"), "a\\r\\nb\\t"},
        {"other control characters", STR_INIT("\b\f\x01\x1f\x7f"), "\\b\\f\\u0001\\u001f\x7f"},
        {"NUL", STR_INIT("a\0b"), "a\\u0000b"},
        {"two, three and four bytes", STR_INIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
         "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a stray continuation", STR_INIT("a\x80z"), "a\xef\xbf\xbdz"},
        {"cut off at the end", STR_INIT("a\xe2\x82"), "a\xef\xbf\xbd\xef\xbf\xbd"},
        {"cut off by a letter", STR_INIT("\xc3z"), "\xef\xbf\xbdz"},
        {"overlong slash", STR_INIT("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd"},
        {"overlong in three", STR_INIT("\xe0\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"surrogate", STR_INIT("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"the last before the surrogates", STR_INIT("\xed\x9f\xbf"), "\xed\x9f\xbf"},
        {"above U+10FFFF", STR_INIT("\xf4\x90\x80\x80"),
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"never a first byte", STR_INIT("\xff"), "\xef\xbf\xbd"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char expected[128];
        struct ng_reply w;
        size_t n;

        ng_reply_begin(&w, buf, sizeof(buf), NG_JSON, STR("c"));
        ng_reply_str(&w, STR("s"), rows[i].in);
        n = ng_reply_end(&w, "ok");
        snprintf(expected, sizeof(expected), "c {\"s\":\"%s\",\"result\":\"ok\"}", rows[i].out);
        if (n != strlen(expected) || memcmp(buf, expected, n) != 0)
            fail_msg("%s: %.*s", rows[i].reason, (int)n, buf);
    }
}

static void a_key_is_escaped_like_a_value(void **state)
{
    struct ng_reply w;

    (void)state;
    ng_reply_begin(&w, buf, sizeof(buf), NG_JSON, STR("c"));
    ng_reply_open_dict(&w, STR("tag\"\n"));
    ng_reply_close(&w);
    assert_text(ng_reply_end(&w, "ok"), "c {\"tag\\\"\\n\":{},\"result\":\"ok\"}");
}

static void a_reply_that_does_not_fit_is_none(void **state)
{
    static const enum ng_encoding encodings[] = {NG_BENCODE, NG_JSON};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t n = write_list(buf, sizeof(buf), encodings[i]);

        for (size_t cap = 1; cap <= n; cap++) {
            char *small = test_malloc(cap); /* test_free() looks for bytes behind its end */

            assert_int_equal(write_list(small, cap, encodings[i]), cap == n ? n : 0);
            test_free(small);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_is_answered_in_its_encoding),
        cmocka_unit_test(an_offer_is_answered_with_its_sdp),
        cmocka_unit_test(a_delete_is_answered_with_statistics),
        cmocka_unit_test(a_delete_of_an_unknown_call_is_answered_with_a_warning),
        cmocka_unit_test(a_list_is_answered_with_call_ids),
        cmocka_unit_test(lists_of_dictionaries_keep_their_commas),
        cmocka_unit_test(a_refusal_says_its_result_first),
        cmocka_unit_test(json_strings_are_escaped_and_always_utf8),
        cmocka_unit_test(a_key_is_escaped_like_a_value),
        cmocka_unit_test(a_reply_that_does_not_fit_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
