#include <stdio.h>
#include <string.h>

#include "bench/peer/signalling.h"
#include "bench/sound/score.h"
#include "bench/sound/wav.h"
#include "tests/interop/chromium/browser.h"
#include "tests/program/scene.h"

/* Headless Chromium as the public peer, a Lync-like peer on the other leg: DTLS-SRTP, ICE and Opus
 * are of those who wrote Chromium. Both speak; what each has heard is held against what the other
 * has said. */

#define HEARD_HZ        16000
#define LISTEN_S        8
#define LISTEN          "8"
#define RECORD_S        30
#define ATTEMPTS        3
#define SETTLED_PACKETS 150 /* of 20 ms */

enum { LYNC, BROWSER };

static struct browser browser; /* put away after each test, however that ended */
static struct peer *lync;
static struct signalling signalling;

static int put_away(void **state)
{
    (void)state;
    browser_stop(&browser);
    peer_free(lync);
    lync = NULL;
    signalling_drop(&signalling);
    memset(&signalling, 0, sizeof(signalling));
    return 0;
}

/* Two seconds of speech, and one of silence before the microphone begins anew. */
static void make_speech(struct sound *s, unsigned who)
{
    const struct sound *speech = scene_sound(who);

    assert_int_equal(sound_alloc(s, speech->n_samples + speech->rate_hz, speech->rate_hz), 0);
    memcpy(s->samples, speech->samples, speech->n_samples * sizeof(*s->samples));
}

static void open_lync(const struct relay *r)
{
    struct peer_config cfg = {.loop = r->loop,
                              .dialect = PEER_LYNC,
                              .keys = PEER_KEYS_TRIPLE,
                              .codecs = "G722,CN,telephone-event",
                              .says = scene_sound(LYNC),
                              .record_s = RECORD_S,
                              .has_ssrc_range = true};

    assert_int_equal(peer_alloc(&lync, &cfg), 0);
    assert_int_equal(signalling_init(&signalling, r->ng), 0);
}

static void pass(const char *command, unsigned from, const char *flags, char *sdp)
{
    if (signalling_pass(&signalling, command, from, flags, sdp, PEER_SDP_MAX))
        print_error("%s: %s\n", command, signalling.problem);
    assert_string_equal(signalling.problem, "");
}

static void open_browser(const struct relay *r, const char *hash)
{
    struct sound says;

    make_speech(&says, BROWSER);
    browser_start(&browser, r, PICRELAY_CHROMIUM_PAGE, hash, &says);
    sound_wipe(&says);
}

/* Chromium's lines end in CRLF and its SDP is what it is: nothing of it is touched. */
static void copy_sdp(char sdp[static PEER_SDP_MAX], const char *path)
{
    size_t n;
    const char *body = browser_wait(&browser, path, &n);

    assert_true(n < PEER_SDP_MAX);
    memcpy(sdp, body, n + 1);
}

static void lync_calls(const struct relay *r)
{
    char sdp[PEER_SDP_MAX], answer[PEER_SDP_MAX];

    signalling.direction = "enterprise,skype";
    assert_int_equal(peer_offer(lync, sdp, sizeof(sdp)), 0);
    open_browser(r, "callee," LISTEN);
    browser_wait(&browser, "/ready", NULL);
    /* Chromium has G.722 too: without the mask there would be nothing to transcode */
    pass("offer", 0, "WebRTC codec-mask-G722 codec-transcode-opus", sdp);
    browser_answer(&browser, "/ready", sdp);
    copy_sdp(answer, "/answer");
    pass("answer", 0, NULL, answer);
    assert_int_equal(peer_take_answer(lync, answer, strlen(answer)), 0);
    browser_answer(&browser, "/answer", "");
}

static void browser_calls(const struct relay *r)
{
    char sdp[PEER_SDP_MAX], answer[PEER_SDP_MAX];

    signalling.direction = "skype,enterprise";
    open_browser(r, "caller," LISTEN);
    copy_sdp(sdp, "/offer");
    pass("offer", 0, "ICE=force RTP/SAVP codec-transcode-G722", sdp);
    assert_int_equal(peer_answer(lync, sdp, strlen(sdp), answer, sizeof(answer)), 0);
    pass("answer", 0, NULL, answer);
    browser_answer(&browser, "/offer", answer);
}

/* ---- what came of it ------------------------------------------------------------------------- */

static bool is_understood(const char *who, const struct sound *said, const struct sound *heard)
{
    struct score score;

    assert_int_equal(score_compare(&score, said, heard), 0);
    print_message("    what %s heard is %s: STOI %.3f, %.0f %% of it\n", who, score_meaning(&score),
                  score.stoi, 100 * score.coverage);
    return score.is_pass;
}

static const json_t *find_stats(const json_t *stats, const char *type)
{
    size_t i;
    const json_t *one;

    json_array_foreach(stats, i, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "type")), type) == 0)
            return one;
    }
    print_error("getStats() has no %s\n", type);
    fail();
    return NULL;
}

static void expect_stats(const char *text, size_t n)
{
    json_t *stats = json_loadb(text, n, 0, NULL);
    const json_t *in = find_stats(stats, "inbound-rtp"), *out = find_stats(stats, "outbound-rtp"),
                 *transport = find_stats(stats, "transport");

    assert_true(json_integer_value(json_object_get(in, "packetsReceived")) > 100);
    assert_true(json_number_value(json_object_get(in, "totalAudioEnergy")) > 0);
    assert_true(json_integer_value(json_object_get(out, "packetsSent")) > 100);
    assert_string_equal(json_string_value(json_object_get(transport, "dtlsState")), "connected");
    print_message("    DTLS %s, %s, %s; %d packets in, %d lost; round trip %.1f ms\n",
                  json_string_value(json_object_get(transport, "tlsVersion")),
                  json_string_value(json_object_get(transport, "dtlsCipher")),
                  json_string_value(json_object_get(transport, "srtpCipher")),
                  (int)json_integer_value(json_object_get(in, "packetsReceived")),
                  (int)json_integer_value(json_object_get(in, "packetsLost")),
                  1000 * json_number_value(json_object_get(find_stats(stats, "remote-inbound-rtp"),
                                                           "roundTripTime")));
    json_decref(stats);
}

static void expect_record(const struct relay *r)
{
    const unsigned browsers = strcmp(signalling.direction, "skype,enterprise") == 0 ? 0 : 1;
    char path[64];
    json_t *reply;

    assert_int_equal(signalling_ask(&signalling, "delete", &reply), 0);
    json_decref(reply);
    json_t *record = relay_record(r, signalling.id);
    snprintf(path, sizeof(path), "legs.%u.streams.0.dtls", browsers);
    assert_string_equal(relay_json_text(record, path), "verified");
    snprintf(path, sizeof(path), "legs.%u.streams.0.codec", browsers);
    assert_string_equal(relay_json_text(record, path), "opus");
    snprintf(path, sizeof(path), "legs.%u.dialect", !browsers);
    assert_string_equal(relay_json_text(record, path), "lync");
    json_decref(record);
}

static bool has_said_all(void *arg)
{
    return peer_has_said_all(arg);
}

/* Its jitter buffer stretches and squeezes the sound until it knows the pace of the packets. */
static bool has_settled(void *arg)
{
    return peer_receiver_stats(peer_receiver(arg)).packets > SETTLED_PACKETS;
}

/* Chromium records from now on; Lync's words fall well into its seconds. */
static bool converse(const struct relay *r)
{
    struct sound by_chromium, by_lync;
    bool is_heard;
    size_t n;

    browser_wait(&browser, "/connected", NULL);
    browser_answer(&browser, "/connected", "");
    relay_wait(r, has_settled, lync, "some seconds of sound from Chromium");
    peer_say(lync);
    relay_wait(r, has_said_all, lync, "Lync to have said all");

    const char *stats = browser_wait(&browser, "/stats", &n);
    expect_stats(stats, n);
    browser_answer(&browser, "/stats", "");
    const char *samples = browser_wait(&browser, "/heard", &n);
    assert_int_equal(n, LISTEN_S * HEARD_HZ * sizeof(int16_t));
    assert_int_equal(sound_alloc(&by_chromium, LISTEN_S * HEARD_HZ, HEARD_HZ), 0);
    memcpy(by_chromium.samples, samples, n);
    by_lync = peer_receiver_heard(peer_receiver(lync));
    is_heard = is_understood("Chromium", scene_sound(LYNC), &by_chromium);
    is_heard = is_understood("Lync", scene_sound(BROWSER), &by_lync) && is_heard;
    sound_wipe(&by_chromium);
    expect_record(r);
    return is_heard;
}

/* Chromium plays by the clock of a machine that may have stopped for a while, and its jitter buffer
 * makes of that what it can: no fault of the relay's. So it may try again; silence, a wrong codec
 * or a wrong key are the same each time. */
static void talk_until_heard(const struct relay *r, void (*set_up)(const struct relay *r))
{
    bool is_heard = false;

    for (unsigned i = 0; i < ATTEMPTS && !is_heard; i++) {
        put_away(NULL);
        open_lync(r);
        set_up(r);
        is_heard = converse(r);
    }
    assert_true(is_heard);
}

static void lync_calls_chromium_and_both_hear_the_other(void **state)
{
    talk_until_heard(*state, lync_calls);
}

static void chromium_calls_lync_and_both_hear_the_other(void **state)
{
    talk_until_heard(*state, browser_calls);
}

/* Both legs of the page's call, in the metrics of the relay. */
static bool has_two_handshakes(void *arg)
{
    const struct relay *r = arg;

    return relay_metric(r, "picrelay_control_events_total{event=\"dtls_up\"} ") == 2 &&
           relay_metric(r, "picrelay_packets_total{interface=\"enterprise\",direction=\"out\"} ") >
               100;
}

static void the_demo_page_calls_itself_through_the_relay(void **state)
{
    struct relay r = {0};
    char url[64];

    (void)state;
    relay_start(&r, &(struct relay_config){.more = "demo: yes\n"});
    snprintf(url, sizeof(url), "http://%s/demo/#call", r.http_address);
    browser_visit(&browser, &r, url, scene_sound(BROWSER));
    relay_wait_polling(&r, has_two_handshakes, &r, "two handshakes and two seconds of echo");
    put_away(NULL);
    relay_stop(&r);
}

static int setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.enterprise = "dialect: lync"});
    *state = &relay;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lync_calls_chromium_and_both_hear_the_other, put_away),
        cmocka_unit_test_teardown(chromium_calls_lync_and_both_hear_the_other, put_away),
        cmocka_unit_test_teardown(the_demo_page_calls_itself_through_the_relay, put_away),
    };

    return cmocka_run_group_tests_name("interop_chromium", tests, setup, relay_teardown);
}
