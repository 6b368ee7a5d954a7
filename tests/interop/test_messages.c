#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>

/* Proxies that Debian 12 does not have, by the messages that they send: OpenSIPS, whose module
 * parses less and announces nothing, and newer Kamailios, which leave their flags to the relay.
 * Keys are in the order in which these modules write them. */

#define STRING_FLAGS "replace-origin ICE=remove RTP/SAVP direction=enterprise direction=skype"
#define LIST_FLAGS                                                                                 \
    "replace=[origin] ICE=[remove] transport-protocol=RTP/SAVP direction=[enterprise skype] "      \
    "codec=[transcode=[opus]]"
#define BOB_BRANCH "z9hG4bK776asdhds"

static struct talk talk; /* put away after each test, however that ended */

static int put_away(void **state)
{
    (void)state;
    talk_close(&talk);
    return 0;
}

static const char *sdp_of(char sdp[static PHONE_SDP_MAX], unsigned side)
{
    return phone_sdp(sdp, &talk.phone[side], "RTP/AVP", "0", NULL);
}

/* Sends a request; what the relay tells a side with it. */
static void ask(json_t *request, unsigned told)
{
    assert_non_null(request);

    json_t *reply = relay_ask_for(talk.relay, request, "ok");
    talk_take(&talk, told, reply);
    json_decref(reply);
}

static void expect_packets_both_ways(void)
{
    talk_settle(&talk, TALK_A);
    talk_settle(&talk, TALK_B);
    talk_pass(&talk, TALK_A);
    talk_pass(&talk, TALK_B);
}

/* The reply to a delete has what both modules read for their statistics. */
static void expect_deleted(json_t *request)
{
    assert_non_null(request);

    json_t *reply = relay_ask_for(talk.relay, request, "ok");
    assert_null(relay_json_find(reply, "warning"));
    assert_int_equal(relay_json_int(reply, "totals.RTP.packets"), 2);
    assert_true(relay_json_int(reply, "created") > 0);
    json_decref(reply);

    json_t *record = relay_record(talk.relay, talk.id);
    assert_string_equal(relay_json_text(record, "end"), "deleted");
    json_decref(record);
    assert_true(relay_metric(talk.relay, "picrelay_calls ") == 0);
}

/* ---- OpenSIPS ---------------------------------------------------------------------------------
 */

/* rtpengine_offer("FLAGS trust-address replace-origin replace-session-connection
 * in-iface=enterprise out-iface=skype") */
static json_t *opensips_offer(const char *flag, const char *transport)
{
    char sdp[PHONE_SDP_MAX];

    return json_pack("{s:s, s:[ss], s:[ss], s:[ss], s:s, s:[s], s:s, s:[ss], s:s, s:s}", "sdp",
                     sdp_of(sdp, TALK_A), "direction", "enterprise", "skype", "flags",
                     "trust-address", flag, "replace", "origin", "session-connection",
                     "transport-protocol", transport, "rtcp-mux", "demux", "call-id", talk.id,
                     "received-from", "IP4", "127.0.0.1", "from-tag", talk.tag[TALK_A], "command",
                     "offer");
}

/* It may not know where the SIP message came from; the list is there all the same. */
static json_t *opensips_answer(void)
{
    char sdp[PHONE_SDP_MAX];

    return json_pack("{s:s, s:[s], s:[ss], s:s, s:s, s:[], s:s, s:s, s:s}", "sdp",
                     sdp_of(sdp, TALK_B), "flags", "trust-address", "replace", "origin",
                     "session-connection", "call-id", talk.id, "via-branch", BOB_BRANCH,
                     "received-from", "from-tag", talk.tag[TALK_A], "to-tag", talk.tag[TALK_B],
                     "command", "answer");
}

/* The whole call: no from-tag, no flags. */
static json_t *opensips_delete(void)
{
    return json_pack("{s:s, s:[], s:s}", "call-id", talk.id, "received-from", "command", "delete");
}

static void opensips_sets_up_a_call_and_deletes_it_without_a_tag(void **state)
{
    talk_open(&talk, *state);
    ask(opensips_offer("symmetric", "RTP/AVP"), TALK_B);
    ask(opensips_answer(), TALK_A);
    expect_packets_both_ways();
    expect_deleted(opensips_delete());
}

static void opensips_may_cancel_before_an_answer(void **state)
{
    talk_open(&talk, *state);
    ask(opensips_offer("symmetric", "RTP/AVP"), TALK_B);
    json_decref(relay_ask_for(talk.relay, opensips_delete(), "ok"));

    json_t *record = relay_record(talk.relay, talk.id);
    assert_null(relay_json_find(record, "answered"));
    json_decref(record);
}

static void a_member_of_opensips_flags_may_be_about_codecs(void **state)
{
    talk_open(&talk, *state);
    ask(opensips_offer("codec-transcode-opus", "RTP/AVP"), TALK_B);
    assert_non_null(strstr(talk.sdp[TALK_B], " opus/48000/2\r\n"));
    assert_null(strstr(talk.sdp[TALK_B], "a=crypto:"));
}

static void a_member_of_opensips_flags_may_be_about_keys(void **state)
{
    talk_open(&talk, *state);
    ask(opensips_offer("SDES-only-AES_CM_128_HMAC_SHA1_80", "RTP/SAVP"), TALK_B);
    assert_string_equal(talk.told[TALK_B].profile, "RTP/SAVP");
    assert_int_equal(talk.told[TALK_B].n_cryptos, 1);
    assert_string_equal(talk.told[TALK_B].cryptos[0].suite, "AES_CM_128_HMAC_SHA1_80");
}

static void opensips_flags_that_are_no_more_are_no_error(void **state)
{
    static const char *const flags[] = {"asymmetric-codecs", "reorder-codecs", "force",
                                        "loop-protect", "no-such-flag"};

    talk_open(&talk, *state);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        ask(opensips_offer(flags[i], "RTP/AVP"), TALK_B);
}

/* ---- Kamailio after 5.6 -----------------------------------------------------------------------
 */

/* rtpengine_offer(FLAGS, "auto"): the string as it is, and the branch instead of received-from. */
static json_t *unparsed_offer(const char *sdp, const char *flags)
{
    return json_pack("{s:[s], s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "supports", "load limit", "sdp",
                     sdp, "call-id", talk.id, "via-branch", BOB_BRANCH, "from-tag",
                     talk.tag[TALK_A], "command", "offer", "sip-message-type", "sip_request",
                     "rtpp-flags", flags);
}

static json_t *unparsed_answer(const char *sdp, const char *flags)
{
    return json_pack("{s:[s], s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "supports", "load limit",
                     "sdp", sdp, "call-id", talk.id, "via-branch", BOB_BRANCH, "from-tag",
                     talk.tag[TALK_A], "to-tag", talk.tag[TALK_B], "command", "answer",
                     "sip-message-type", "sip_reply", "rtpp-flags", flags);
}

static json_t *unparsed_delete(void)
{
    return json_pack("{s:[s], s:s, s:s, s:s, s:s}", "supports", "load limit", "call-id", talk.id,
                     "from-tag", talk.tag[TALK_A], "command", "delete", "sip-message-type",
                     "sip_request");
}

static void unparsed_flags_set_up_a_call(void **state)
{
    char sdp[PHONE_SDP_MAX];

    talk_open(&talk, *state);
    ask(unparsed_offer(sdp_of(sdp, TALK_A), "replace-origin ICE=remove direction=enterprise "
                                            "direction=skype"),
        TALK_B);
    ask(unparsed_answer(sdp_of(sdp, TALK_B), "replace-origin ICE=remove"), TALK_A);
    expect_packets_both_ways();
    expect_deleted(unparsed_delete());
}

static void unparsed_flags_ask_for_the_same_as_parsed_ones(void **state)
{
    static const char *const flags[] = {
        STRING_FLAGS " codec-transcode-opus",
        STRING_FLAGS " transcode-opus",
        STRING_FLAGS " codec=[transcode=[opus]]",
        LIST_FLAGS,
        "SRTP AVP direction=enterprise direction=skype codec-transcode=opus",
    };
    char sdp[PHONE_SDP_MAX];

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        print_message("%s\n", flags[i]);
        talk_open(&talk, *state);
        ask(unparsed_offer(sdp_of(sdp, TALK_A), flags[i]), TALK_B);
        assert_non_null(strstr(talk.sdp[TALK_B], " opus/48000/2\r\n"));
        assert_string_equal(talk.told[TALK_B].profile, "RTP/SAVP");
        assert_true(talk.told[TALK_B].n_cryptos > 0);
        talk_close(&talk);
    }
}

/* A fork that nobody cancelled is still there when the callee of the other one puts the caller on
 * hold; then the caller hangs up. */
static void the_caller_ends_a_forked_call_after_an_offer_of_the_callee(void **state)
{
    char sdp[PHONE_SDP_MAX];

    talk_open(&talk, *state);
    ask(unparsed_offer(sdp_of(sdp, TALK_A), "ICE=remove direction=enterprise direction=skype"),
        TALK_B);
    json_t *fork = unparsed_offer(sdp_of(sdp, TALK_A), "ICE=remove");
    json_object_set_new(fork, "via-branch", json_string("z9hG4bK-other"));
    json_decref(relay_ask_for(talk.relay, fork, "ok"));
    ask(unparsed_answer(sdp_of(sdp, TALK_B), "ICE=remove"), TALK_A);

    json_t *hold = talk_request(&talk, "offer", TALK_B, true, sdp_of(sdp, TALK_B), NULL);
    json_object_del(hold, "direction");
    json_decref(relay_ask_for(talk.relay, hold, "ok"));
    json_decref(relay_ask_for(talk.relay, unparsed_delete(), "ok"));
    json_decref(relay_record(talk.relay, talk.id));
    assert_true(relay_metric(talk.relay, "picrelay_calls ") == 0);
}

/* ---- overload ---------------------------------------------------------------------------------
 */

static struct relay full;

static void full_put_away(void)
{
    talk_close(&talk);
    relay_stop(&full);
}

/* Both modules go to their next relay by these. */
static void who_knows_of_load_limits_is_told_so_others_get_an_error(void **state)
{
    char sdp[PHONE_SDP_MAX], other[sizeof(talk.id)];

    (void)state;
    relay_start(&full, &(struct relay_config){.more = "max_calls: 1"});
    talk_open(&talk, &full);
    ask(opensips_offer("symmetric", "RTP/AVP"), TALK_B);
    memcpy(other, talk.id, sizeof(other));
    relay_new_id(&full, talk.id);

    relay_ask_error(&full, opensips_offer("symmetric", "RTP/AVP"),
                    "Parallel session limit reached");
    json_t *reply =
        relay_ask_for(&full, unparsed_offer(sdp_of(sdp, TALK_A), STRING_FLAGS), "load limit");
    assert_string_equal(relay_json_text(reply, "message"), "Parallel session limit reached");
    json_decref(reply);
    memcpy(talk.id, other, sizeof(other));
    full_put_away();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(opensips_sets_up_a_call_and_deletes_it_without_a_tag, put_away),
        cmocka_unit_test_teardown(opensips_may_cancel_before_an_answer, put_away),
        cmocka_unit_test_teardown(a_member_of_opensips_flags_may_be_about_codecs, put_away),
        cmocka_unit_test_teardown(a_member_of_opensips_flags_may_be_about_keys, put_away),
        cmocka_unit_test_teardown(opensips_flags_that_are_no_more_are_no_error, put_away),
        cmocka_unit_test_teardown(unparsed_flags_set_up_a_call, put_away),
        cmocka_unit_test_teardown(unparsed_flags_ask_for_the_same_as_parsed_ones, put_away),
        cmocka_unit_test_teardown(the_caller_ends_a_forked_call_after_an_offer_of_the_callee,
                                  put_away),
        cmocka_unit_test_teardown(who_knows_of_load_limits_is_told_so_others_get_an_error,
                                  put_away),
    };

    return cmocka_run_group_tests_name("interop_messages", tests, relay_setup, relay_teardown);
}
