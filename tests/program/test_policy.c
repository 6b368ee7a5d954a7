#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>

/* What each provider is allowed, from the request to the packet. */

#define H263 34

static struct talk the_talk;
static struct phone cameras[2]; /* of A and B */

static int put_away(void **state)
{
    (void)state;
    phone_close(&cameras[TALK_A]);
    phone_close(&cameras[TALK_B]);
    talk_close(&the_talk);
    return 0;
}

static void open_towards(struct talk *t, struct relay *r, const char *interface)
{
    talk_open(t, r);
    t->direction[TALK_B] = interface;
    for (unsigned i = 0; i < 2; i++)
        phone_open(&cameras[i], r->loop, NULL);
}

/* Audio and, at the camera's port, video. */
static const char *video_sdp(char sdp[static PHONE_SDP_MAX], const struct talk *t, unsigned side)
{
    char line[64];

    snprintf(line, sizeof(line), "m=video %u RTP/AVP 34\r\n", cameras[side].port);
    return phone_sdp(sdp, &t->phone[side], "RTP/AVP", "0", line);
}

static double ports_in_use(const struct relay *r)
{
    return relay_metric(r, "picrelay_ports{interface=\"enterprise\",state=\"used\"} ");
}

/* The offer must be refused with this text, and nothing may be left of it. */
static void expect_refusal(struct talk *t, json_t *request, const char *text)
{
    double used = ports_in_use(t->relay);

    relay_ask_error(t->relay, request, text);
    assert_true(ports_in_use(t->relay) <= used); /* less: what the call before is giving back */
    relay_ask_error(t->relay, relay_request("query", t->id), "Unknown call-id");
    json_t *record = relay_record(t->relay, t->id);
    assert_string_equal(relay_json_text(record, "end"), "policy");
    json_decref(record);
}

/* ---- what may be heard and seen ---------------------------------------------------------------
 */

static void to_skype_video_is_turned_off_and_audio_goes_on(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    open_towards(t, *state, "skype");
    talk_offer(t, TALK_A, video_sdp(sdp, t, TALK_A), NULL);
    assert_int_equal(t->told[TALK_B].n_media, 2);
    assert_int_not_equal(t->told[TALK_B].media[0].port, 0);
    assert_int_equal(t->told[TALK_B].media[1].port, 0);
    talk_answer(t, TALK_A,
                phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "0", "m=video 0 RTP/AVP 34\r\n"),
                NULL);
    assert_int_equal(t->told[TALK_A].media[1].port, 0);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);

    json_t *record = talk_delete(t);
    assert_string_equal(relay_json_text(record, "provider"), "skype");
    assert_string_equal(relay_json_text(record, "policy.audio.verdict"), "allow");
    assert_string_equal(relay_json_text(record, "policy.video.verdict"), "deny");
    assert_string_equal(relay_json_text(record, "policy.video.reason"),
                        "provider skype allows no video");
    json_decref(record);
}

#define VIDEO_DENIED                                                                               \
    "picrelay_policy_verdicts_total{provider=\"skype\",kind=\"video\",verdict=\"deny\","           \
    "code=\"capability\"} "

static void what_was_taken_out_is_said_in_the_reply_and_counted(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    open_towards(t, *state, "skype");
    const double before = relay_metric(t->relay, VIDEO_DENIED); /* -1: it was never needed */
    json_t *reply = relay_ask_for(
        t->relay, talk_request(t, "offer", TALK_A, false, video_sdp(sdp, t, TALK_A), NULL), "ok");
    assert_string_equal(relay_json_text(reply, "warning"),
                        "policy: provider skype allows no video");
    json_decref(reply);
    assert_true(relay_metric(t->relay, VIDEO_DENIED) == (before < 0 ? 1 : before + 1));
}

static void from_skype_video_is_turned_off_too(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    open_towards(t, *state, "enterprise");
    t->direction[TALK_A] = "skype";
    talk_offer(t, TALK_A, video_sdp(sdp, t, TALK_A), NULL);
    assert_int_equal(t->told[TALK_B].media[1].port, 0);
    /* a callee that turns it on in its answer changes nothing */
    talk_answer(t, TALK_A, video_sdp(sdp, t, TALK_B), NULL);
    assert_int_equal(t->told[TALK_A].media[1].port, 0);
    talk_pass(t, TALK_A);
}

/* A picture of one camera must arrive at the other, byte for byte. */
static void pass_picture(struct talk *t, unsigned from)
{
    struct phone *to = &cameras[!from];
    struct peer_description told = t->told[from];
    unsigned n = to->n_heard[PHONE_RTP];

    told.port = t->told[from].media[1].port;
    phone_send_rtp(&cameras[from], &told, H263, (uint8_t)(0x10 + from));
    const struct phone_packet *p = phone_hear(to, t->relay, PHONE_RTP, n + 1);
    assert_int_equal(p->rtp.pt, H263);
    assert_int_equal(p->rtp.n, PHONE_PAYLOAD_BYTES);
    assert_int_equal(p->rtp.payload[PHONE_PAYLOAD_BYTES - 1], 0x10 + from);
}

static void to_wlm_pictures_pass_untouched(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    open_towards(t, *state, "wlm");
    talk_offer(t, TALK_A, video_sdp(sdp, t, TALK_A), NULL);
    assert_int_not_equal(t->told[TALK_B].media[1].port, 0);
    talk_answer(t, TALK_A, video_sdp(sdp, t, TALK_B), NULL);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    pass_picture(t, TALK_A);
    pass_picture(t, TALK_B);
}

static void video_alone_to_skype_is_refused(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    open_towards(t, *state, "skype");
    snprintf(sdp, sizeof(sdp),
             "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
             "m=video %u RTP/AVP 34\r\n",
             cameras[TALK_A].port);
    expect_refusal(t, talk_request(t, "offer", TALK_A, false, sdp, NULL),
                   "policy: provider skype allows no video");
}

/* ---- who may call -----------------------------------------------------------------------------
 */

static void aol_and_yahoo_are_refused_in_the_words_of_the_table(void **state)
{
    static const struct {
        const char *interface, *text;
    } rows[] = {
        {"aol", "policy: provider aol allows no audio or video"},
        {"yahoo", "policy: provider yahoo allows no audio or video"},
    };
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    for (unsigned i = 0; i < 2; i++) {
        open_towards(t, *state, rows[i].interface);
        expect_refusal(t, talk_request(t, "offer", TALK_A, false, video_sdp(sdp, t, TALK_A), NULL),
                       rows[i].text);
        (void)put_away(state);
    }
}

static void who_is_not_known_is_refused(void **state)
{
    static const struct {
        const char *why, *direction, *flags, *text;
    } rows[] = {
        {"a provider without a row", NULL, "provider=icq", "policy: no provider row for \"icq\""},
        {"nobody named", NULL, NULL, "policy: the provider of the call is not known"},
        {"enterprise to enterprise", "enterprise", NULL,
         "policy: the provider of the call is not known"},
        {"a provider that contradicts the interface", "skype", "provider=wlm",
         "policy: provider wlm contradicts skype of skype"},
    };
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("%s\n", rows[i].why);
        open_towards(t, *state, rows[i].direction);
        if (!rows[i].direction)
            t->direction[TALK_A] = NULL;
        expect_refusal(t,
                       talk_request(t, "offer", TALK_A, false,
                                    phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL),
                                    rows[i].flags),
                       rows[i].text);
        (void)put_away(state);
    }
}

static void a_provider_that_is_named_needs_no_direction(void **state)
{
    struct talk *t = &the_talk;

    talk_open(t, *state);
    t->direction[TALK_A] = t->direction[TALK_B] = NULL;
    talk_offer(t, TALK_A, NULL, "provider=Skype");
    talk_answer(t, TALK_A, NULL, NULL);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

/* ---- IM ---------------------------------------------------------------------------------------
 */

static const char im_sdp[] = "v=0\r\no=- 0 0 IN IP4 10.1.2.3\r\ns=session\r\nc=IN IP4 10.1.2.3\r\n"
                             "t=0 0\r\nm=x-ms-message 5060 sip sip:alice@example.com\r\n"
                             "a=accept-types:text/plain\r\n";

static void an_offer_with_im_alone_comes_back_as_it_is(void **state)
{
    static const char *const interfaces[] = {"skype", "wlm"};
    struct talk *t = &the_talk;

    for (unsigned i = 0; i < 2; i++) {
        open_towards(t, *state, interfaces[i]);
        double used = ports_in_use(t->relay);
        json_t *reply =
            relay_ask_for(t->relay, talk_request(t, "offer", TALK_A, false, im_sdp, NULL), "ok");
        assert_string_equal(relay_json_text(reply, "sdp"), im_sdp);
        json_decref(reply);
        assert_true(ports_in_use(t->relay) <= used);
        relay_ask_error(t->relay, relay_request("query", t->id), "Unknown call-id");
        (void)put_away(state);
    }
}

static void im_is_refused_after_the_last_day_of_service(void **state)
{
    struct talk *t = &the_talk;

    open_towards(t, *state, "aol");
    expect_refusal(t, talk_request(t, "offer", TALK_A, false, im_sdp, NULL),
                   "policy: the service of provider aol ended on 2014-06-30");
}

static const char table[] = "providers:\n"
                            "  - Identity: skype\n"
                            "    Enabled: yes\n"
                            "    capabilities: {im: no, presence: no, audio: yes, video: no}\n"
                            "  - {Identity: wlm, Enabled: no, capabilities: {audio: yes}}\n";

static void a_table_of_ones_own_is_what_counts(void **state)
{
    struct talk *t = &the_talk;
    struct relay r;
    char folder[32], path[64], more[128], sdp[PHONE_SDP_MAX];

    (void)state;
    relay_write_file(folder, path, table);
    snprintf(more, sizeof(more), "policy: %s", path);
    relay_start(&r, &(struct relay_config){.more = more, .is_only_skype_and_wlm = true});
    open_towards(t, &r, "skype");
    expect_refusal(t, talk_request(t, "offer", TALK_A, false, im_sdp, NULL),
                   "policy: provider skype allows no instant messages");
    (void)put_away(NULL);
    open_towards(t, &r, "wlm");
    expect_refusal(t,
                   talk_request(t, "offer", TALK_A, false,
                                phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL), NULL),
                   "policy: provider wlm is not enabled");
    (void)put_away(NULL);
    relay_stop(&r);
    relay_remove_file(folder, path);
}

static const char clear_wlm[] =
    "providers:\n"
    "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n"
    "  - {Identity: wlm, Enabled: yes, capabilities: {audio: yes}, Encryption: {Public: none}}\n";

/* Clients that speak clear RTP alone: their leg is clear, and whoever asked is told. */
static void a_side_without_encryption_is_told_in_the_reply(void **state)
{
    struct talk *t = &the_talk;
    struct relay r;
    char folder[32], path[64], more[128], sdp[PHONE_SDP_MAX];

    (void)state;
    relay_write_file(folder, path, clear_wlm);
    snprintf(more, sizeof(more), "policy: %s", path);
    relay_start(&r, &(struct relay_config){.more = more, .is_only_skype_and_wlm = true});
    open_towards(t, &r, "wlm");
    json_t *reply = relay_ask_for(
        &r, talk_request(t, "offer", TALK_A, false, talk_secure_sdp(sdp, t, TALK_A), "RTP/SAVP"),
        "ok");
    assert_string_equal(relay_json_text(reply, "warning"),
                        "policy: media of the public side is not encrypted");
    assert_non_null(strstr(relay_json_text(reply, "sdp"), " RTP/AVP "));
    assert_null(strstr(relay_json_text(reply, "sdp"), "a=crypto"));
    json_decref(reply);
    (void)put_away(NULL);
    relay_stop(&r);
    relay_remove_file(folder, path);
}

#define CASE(test) cmocka_unit_test_teardown(test, put_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(to_skype_video_is_turned_off_and_audio_goes_on),
        CASE(what_was_taken_out_is_said_in_the_reply_and_counted),
        CASE(from_skype_video_is_turned_off_too),
        CASE(to_wlm_pictures_pass_untouched),
        CASE(video_alone_to_skype_is_refused),
        CASE(aol_and_yahoo_are_refused_in_the_words_of_the_table),
        CASE(who_is_not_known_is_refused),
        CASE(a_provider_that_is_named_needs_no_direction),
        CASE(an_offer_with_im_alone_comes_back_as_it_is),
        CASE(im_is_refused_after_the_last_day_of_service),
        CASE(a_table_of_ones_own_is_what_counts),
        CASE(a_side_without_encryption_is_told_in_the_reply),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
