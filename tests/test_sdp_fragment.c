#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "relay/control/sdp/sdp_fragment.h"

/* Fragments of trickle ICE, as RFC 8840 has them. */

static struct sdp_fragment f;

static int read(const char *text)
{
    return sdp_fragment_parse(&f, str_of(text));
}

static void assert_str(struct str s, const char *expected)
{
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.p, expected, s.n);
}

/* RFC 8840 s.9: shortened. */
static void the_example_of_the_standard_is_read(void **state)
{
    (void)state;
    assert_int_equal(read("a=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
                          "a=ice-ufrag:8hhY\r\n"
                          "m=audio 9 RTP/AVP 0\r\n"
                          "a=mid:1\r\n"
                          "a=candidate:1 1 UDP 2130706432 192.0.2.3 5000 typ host\r\n"
                          "a=candidate:1 2 UDP 2130706431 192.0.2.3 5001 typ host\r\n"
                          "a=end-of-candidates\r\n"
                          "m=audio 9 RTP/AVP 0\r\n"
                          "a=mid:2\r\n"
                          "a=candidate:1 1 UDP 2130706432 192.0.2.3 6000 typ host\r\n"),
                     0);
    assert_int_equal(f.n_media, 2);
    assert_str(f.media[0].mid, "1");
    assert_str(f.media[0].ice_ufrag, "8hhY");
    assert_str(f.media[1].ice_pwd, "asd88fgpdd777uzjYhagZg");
    assert_int_equal(f.media[0].n_candidates, 2);
    assert_int_equal(f.media[0].candidates[1].component, 2);
    assert_true(f.media[0].has_end_of_candidates);
    assert_int_equal(f.media[1].n_candidates, 1);
    assert_false(f.media[1].has_end_of_candidates);
    assert_str(sdp_fragment_ufrag(&f), "8hhY");
}

static void without_m_line_it_is_about_the_first(void **state)
{
    (void)state;
    assert_int_equal(read("a=candidate:1 1 udp 1 192.0.2.3 5000 typ host\na=end-of-candidates\n"),
                     0);
    assert_int_equal(f.n_media, 1);
    assert_int_equal(f.media[0].n_candidates, 1);
    assert_true(f.media[0].has_end_of_candidates);
    assert_int_equal(sdp_fragment_ufrag(&f).n, 0);
}

static void an_end_for_the_session_is_one_for_each_line(void **state)
{
    (void)state;
    assert_int_equal(read("a=end-of-candidates\r\nm=audio 9 RTP/AVP 0\r\nm=video 9 RTP/AVP 0\r\n"),
                     0);
    assert_true(f.media[0].has_end_of_candidates);
    assert_true(f.media[1].has_end_of_candidates);
}

static void what_cannot_be_used_is_counted(void **state)
{
    (void)state;
    assert_int_equal(read("m=audio 9 RTP/AVP 0\r\n"
                          "a=candidate:1 1 UDP 1 b4a2.local 5000 typ host\r\n"
                          "a=candidate:1 1 UDP 1 host.example.com 5000 typ host\r\n"
                          "a=candidate:1 1 TCP 1 192.0.2.3 9 typ host tcptype active\r\n"
                          "a=candidate:1 3 UDP 1 192.0.2.3 9 typ host\r\n"
                          "a=candidate:broken\r\n"
                          "a=candidate:1 1 UDP 1 192.0.2.3 5000 typ host\r\n"),
                     0);
    assert_int_equal(f.media[0].n_candidates, 1);
    assert_int_equal(f.media[0].n_skipped, 5);
}

static void more_candidates_than_there_is_room_are_left_out(void **state)
{
    char text[8192] = "";
    size_t at = 0;

    (void)state;
    for (unsigned i = 0; i < SDP_FRAGMENT_CANDIDATES_MAX + 5; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at,
                               "a=candidate:1 1 UDP 1 192.0.2.3 %u typ host\r\n", 5000 + i);
    assert_int_equal(read(text), 0);
    assert_int_equal(f.media[0].n_candidates, SDP_FRAGMENT_CANDIDATES_MAX);
    assert_int_equal(f.media[0].n_skipped, 5);
}

static void what_is_no_fragment_is_refused(void **state)
{
    static const char *const texts[] = {"", "\r\n", "hello", "m=audio 9 RTP/AVP 0\r\na=mid:1\r\n",
                                        "v=0\r\ns=-\r\n"};
    static const char with_nul[] = "a=ice-ufrag:abcd\0\r\n";
    char many[1024];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(read(texts[i]), EBADMSG);
    assert_int_equal(sdp_fragment_parse(&f, (struct str){with_nul, sizeof(with_nul) - 1}), EBADMSG);
    for (unsigned i = 0; i <= SDP_FRAGMENT_MEDIA_MAX; i++)
        n += (size_t)snprintf(many + n, sizeof(many) - n, "m=audio 9 RTP/AVP 0\r\na=mid:%u\r\n%s",
                              i, "a=end-of-candidates\r\n");
    assert_int_equal(read(many), EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_standard_is_read),
        cmocka_unit_test(without_m_line_it_is_about_the_first),
        cmocka_unit_test(an_end_for_the_session_is_one_for_each_line),
        cmocka_unit_test(what_cannot_be_used_is_counted),
        cmocka_unit_test(more_candidates_than_there_is_room_are_left_out),
        cmocka_unit_test(what_is_no_fragment_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
