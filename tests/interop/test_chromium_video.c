#include <stdio.h>
#include <string.h>

#include "bench/peer/signalling.h"
#include "tests/interop/chromium/browser.h"
#include "tests/program/scene.h"

/* Headless Chromium offers sound and pictures in one BUNDLE group, with all its feedback, as any
 * page does; another end of it answers. Policy says which of the two come through. */

static struct browser browser; /* put away after each test, however that ended */
static struct signalling signalling;

static int put_away(void **state)
{
    (void)state;
    browser_stop(&browser);
    signalling_drop(&signalling);
    memset(&signalling, 0, sizeof(signalling));
    return 0;
}

/* Hands the page's description to the relay, and what that makes of it to the page's other end. */
static void pass(const char *command, const char *path, const char *flags,
                 char sdp[static PEER_SDP_MAX])
{
    size_t n;
    const char *body = browser_wait(&browser, path, &n);

    assert_true(n < PEER_SDP_MAX);
    memcpy(sdp, body, n + 1);
    if (signalling_pass(&signalling, command, 0, flags, sdp, PEER_SDP_MAX))
        print_error("%s: %s\n", command, signalling.problem);
    assert_string_equal(signalling.problem, "");
    browser_answer(&browser, path, sdp);
}

/* @return what each end has of the other: a new reference */
static json_t *make_call(const struct relay *r, const char *direction, const char *kinds,
                         char offered[static PEER_SDP_MAX], char answered[static PEER_SDP_MAX])
{
    const char *stats;
    json_t *ends;
    size_t n;

    assert_int_equal(signalling_init(&signalling, r->ng), 0);
    signalling.direction = direction;
    browser_start(&browser, r, PICRELAY_CHROMIUM_PICTURES, kinds, scene_sound(0));
    pass("offer", "/offer", "WebRTC", offered);
    pass("answer", "/answer", NULL, answered);
    stats = browser_wait(&browser, "/stats", &n);
    print_message("    %s: %.*s\n", direction, (int)n, stats);
    ends = json_loadb(stats, n, 0, NULL);
    assert_int_equal(json_array_size(ends), 2);
    return ends;
}

static void sound_and_pictures_of_chromium_go_where_policy_has_both(void **state)
{
    static const char *const wanted[] = {"a=rtcp-fb:", " nack pli\r\n", " ccm fir\r\n",
                                         "a=group:BUNDLE "};
    static const char *const unwanted[] = {"transport-cc", "goog-remb", "rtx/",      "ulpfec",
                                           "a=extmap",     "a=ssrc",    "m=video 0 "};
    char sdp[2][PEER_SDP_MAX];
    json_t *ends = make_call(*state, "enterprise,wlm", "audio,video", sdp[0], sdp[1]);

    for (unsigned i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof(wanted) / sizeof(wanted[0]); k++)
            assert_non_null(strstr(sdp[i], wanted[k]));
        for (size_t k = 0; k < sizeof(unwanted) / sizeof(unwanted[0]); k++)
            assert_null(strstr(sdp[i], unwanted[k]));
    }
    json_decref(ends);
}

static void where_policy_has_sound_alone_it_goes_on_without_pictures(void **state)
{
    char sdp[2][PEER_SDP_MAX];
    json_t *ends = make_call(*state, "enterprise,skype", "audio", sdp[0], sdp[1]);

    for (size_t i = 0; i < 2; i++) {
        assert_non_null(strstr(sdp[i], "m=video 0 "));
        assert_int_equal(json_integer_value(json_object_get(json_array_get(ends, i), "video")), 0);
    }
    json_decref(ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(sound_and_pictures_of_chromium_go_where_policy_has_both,
                                  put_away),
        cmocka_unit_test_teardown(where_policy_has_sound_alone_it_goes_on_without_pictures,
                                  put_away),
    };

    return cmocka_run_group_tests_name("interop_chromium_video", tests, relay_setup,
                                       relay_teardown);
}
