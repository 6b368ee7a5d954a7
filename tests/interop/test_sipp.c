#include "tests/interop/conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sound/score.h"
#include "tests/interop/sipp_steps.h"
#include "tests/program/scene.h"

/* Calls between two SIPps over Kamailio, whose rtpengine module drives the relay. */

#define PLAIN_OFFER  "replace-origin ICE=remove direction=enterprise direction=skype"
#define PLAIN_ANSWER "replace-origin ICE=remove"

#define ALICE_CALLS INVITE EXPECT("180") EXPECT_ANSWER ACK
#define BOB_ANSWERS HEAR_INVITE RING ANSWER

/* Two phones with PCMU, neither ICE nor SRTP. */
#define PLAIN_PHONES                                                                               \
    .codecs = {"PCMU", "PCMU"}, .dialect = {PEER_PLAIN, PEER_PLAIN},                               \
    .keys = {PEER_KEYS_NONE, PEER_KEYS_NONE}
#define PLAIN_CALL PLAIN_PHONES, .offer = PLAIN_OFFER, .answer = PLAIN_ANSWER

static struct conversation call; /* put away after each test, however that ended */

static int put_away(void **state)
{
    (void)state;
    conversation_close(&call);
    return 0;
}

static void expect_codecs(const json_t *record, const char *alice, const char *bob)
{
    assert_string_equal(relay_json_text(record, "legs.0.tag"), "alice");
    assert_string_equal(relay_json_text(record, "legs.0.interface"), "enterprise");
    assert_string_equal(relay_json_text(record, "legs.0.streams.0.codec"), alice);
    assert_string_equal(relay_json_text(record, "legs.1.tag"), "bob");
    assert_string_equal(relay_json_text(record, "legs.1.interface"), "skype");
    assert_string_equal(relay_json_text(record, "legs.1.streams.0.codec"), bob);
}

/* What the module has read from the relay's reply to its query: "RTP: 34400 bytes, 200 packets,".
 */
static void expect_figures_in_log(void)
{
    static const char figures[] = "RTP: ", unit[] = " bytes, ";
    char mark[80], *end;

    snprintf(mark, sizeof(mark), "%s ends: ", call.id);
    proxy_wait_log(&call.proxy, mark);
    const char *at = strstr(process_err(call.proxy.process), mark) + strlen(mark);
    assert_memory_equal(at, figures, strlen(figures));
    const unsigned long bytes = strtoul(at + strlen(figures), &end, 10);
    assert_memory_equal(end, unit, strlen(unit));
    const unsigned long packets = strtoul(end + strlen(unit), &end, 10);
    assert_memory_equal(end, " packets, ", 10);
    assert_true(packets > 0 && bytes > packets);
}

static void a_call_carries_speech_until_the_caller_ends_it(void **state)
{
    conversation_open(
        &call, *state,
        &(struct conversation_config){
            PLAIN_CALL, .steps = {ALICE_CALLS CALLER_BYE, BOB_ANSWERS HEAR("BYE") OK}});
    conversation_answer(&call);
    conversation_talk(&call);
    conversation_end(&call, ALICE);

    json_t *record = conversation_record(&call, "deleted");
    expect_codecs(record, "PCMU", "PCMU");
    json_decref(record);
    expect_figures_in_log();
}

static void the_callee_ends_a_call(void **state)
{
    conversation_open(
        &call, *state,
        &(struct conversation_config){
            PLAIN_CALL, .steps = {ALICE_CALLS HEAR("BYE") OK, BOB_ANSWERS CALLEE_BYE}});
    conversation_answer(&call);
    conversation_end(&call, BOB);
    json_decref(conversation_record(&call, "deleted"));
}

static void sipps_own_media_comes_back_as_an_echo(void **state)
{
    conversation_open(&call, *state,
                      &(struct conversation_config){
                          PLAIN_CALL, .steps = {INVITE EXPECT_ANSWER ACK CALLER_BYE,
                                                HEAR_INVITE ANSWER_ECHO HEAR("BYE") OK}});
    conversation_take_answer(&call, "SIP/2.0 200");
    conversation_talk_to_echo(&call);
    conversation_end(&call, ALICE);
    json_decref(conversation_record(&call, "deleted"));
}

/* ---- relay/docs/proxies.md
 * -------------------------------------------------------------------------------
 */

static void read_text(const char *path, char *text, size_t cap)
{
    FILE *f = fopen(path, "re");

    assert_non_null(f);
    size_t n = fread(text, 1, cap - 1, f);
    assert_true(n < cap - 1);
    text[n] = 0;
    fclose(f);
}

static void the_documented_script_is_the_one_that_runs_here(void **state)
{
    char page[64 * 1024], script[8 * 1024];

    (void)state;
    read_text(PICRELAY_PROXIES_PAGE, page, sizeof(page));
    read_text(PICRELAY_KAMAILIO_SCRIPT, script, sizeof(script));
    assert_non_null(strstr(page, script));
}

/* Its flags as they are there: no others are given. */
static void the_documented_script_connects_lync_to_opus(void **state)
{
    conversation_open(&call, *state,
                      &(struct conversation_config){
                          .codecs = {"G722,PCMU,CN,telephone-event", "opus"},
                          .dialect = {PEER_LYNC, PEER_RFC},
                          .keys = {PEER_KEYS_TRIPLE, PEER_KEYS_ONE},
                          .steps = {ALICE_CALLS CALLER_BYE, BOB_ANSWERS HEAR("BYE") OK}});
    conversation_answer(&call);
    conversation_talk(&call);
    conversation_end(&call, ALICE);

    json_t *record = conversation_record(&call, "deleted");
    expect_codecs(record, "G722", "opus");
    assert_string_equal(relay_json_text(record, "legs.0.dialect"), "lync");
    assert_string_equal(relay_json_text(record, "legs.1.dialect"), "rfc");
    json_decref(record);
}

/* ---- SRTP, early media, refresh ---------------------------------------------------------------
 */

static void a_callee_with_srtp_and_opus_hears_a_caller_with_neither(void **state)
{
    conversation_open(&call, *state,
                      &(struct conversation_config){
                          .offer = PLAIN_OFFER " RTP/SAVP codec-transcode-opus",
                          .codecs = {"PCMU,telephone-event", "opus"},
                          .dialect = {PEER_PLAIN, PEER_PLAIN},
                          .keys = {PEER_KEYS_NONE, PEER_KEYS_ONE},
                          .steps = {ALICE_CALLS CALLER_BYE, BOB_ANSWERS HEAR("BYE") OK}});
    conversation_answer(&call);
    conversation_talk(&call);
    conversation_end(&call, ALICE);

    json_t *record = conversation_record(&call, "deleted");
    expect_codecs(record, "PCMU", "opus");
    assert_true(json_is_false(relay_json(record, "legs.0.streams.0.secure")));
    assert_true(json_is_true(relay_json(record, "legs.1.streams.0.secure")));
    json_decref(record);
}

static void early_media_is_heard_and_the_answer_changes_nothing(void **state)
{
    char answer[PEER_SDP_MAX], early[PEER_SDP_MAX], final[PEER_SDP_MAX];

    conversation_open(&call, *state,
                      &(struct conversation_config){
                          PLAIN_CALL, .steps = {INVITE EXPECT("183") EXPECT_ANSWER ACK CALLER_BYE,
                                                HEAR_INVITE PROGRESS ANSWER HEAR("BYE") OK}});
    conversation_make_answer(&call, answer);
    sipp_give(&call.sipp[BOB], "progress", answer);
    conversation_take_answer(&call, "SIP/2.0 183");
    conversation_talk(&call);

    sipp_give(&call.sipp[BOB], "answer", answer);
    sipp_hear(&call.sipp[ALICE], "SIP/2.0 183", early, sizeof(early));
    sipp_hear(&call.sipp[ALICE], "SIP/2.0 200", final, sizeof(final));
    assert_string_equal(final, early);
    conversation_end(&call, ALICE);
    json_decref(conversation_record(&call, "deleted"));
}

static void a_session_refresh_changes_nothing(void **state)
{
    char answer[PEER_SDP_MAX], offer[PEER_SDP_MAX];

    conversation_open(&call, *state,
                      &(struct conversation_config){
                          PLAIN_CALL, .steps = {ALICE_CALLS REINVITE ACK_REFRESH CALLER_BYE,
                                                BOB_ANSWERS ANSWER_REFRESH HEAR("BYE") OK}});
    conversation_make_answer(&call, answer);
    sipp_give(&call.sipp[BOB], "answer", answer);
    conversation_take_answer(&call, "SIP/2.0 200");
    assert_true(
        peer_sdp_write(offer, sizeof(offer), peer_local(call.peer[ALICE]), PEER_PLAIN, NULL) > 0);
    sipp_give(&call.sipp[ALICE], "refresh", offer);
    sipp_give(&call.sipp[BOB], "refreshed", answer);
    conversation_talk(&call);
    conversation_end(&call, ALICE);
    json_decref(conversation_record(&call, "deleted"));
}

static void a_callee_may_offer_again(void **state)
{
    char answer[PEER_SDP_MAX], offer[PEER_SDP_MAX];

    conversation_open(&call, *state,
                      &(struct conversation_config){
                          PLAIN_CALL, .steps = {ALICE_CALLS ANSWER_REFRESH HEAR("BYE") OK,
                                                BOB_ANSWERS CALLEE_REINVITE CALLEE_BYE}});
    conversation_make_answer(&call, answer);
    sipp_give(&call.sipp[BOB], "answer", answer);
    conversation_take_answer(&call, "SIP/2.0 200");
    assert_true(
        peer_sdp_write(offer, sizeof(offer), peer_local(call.peer[ALICE]), PEER_PLAIN, NULL) > 0);
    sipp_give(&call.sipp[BOB], "refresh", answer);
    sipp_give(&call.sipp[ALICE], "refreshed", offer);
    conversation_talk(&call);
    conversation_end(&call, BOB);

    json_t *record = conversation_record(&call, "deleted");
    expect_codecs(record, "PCMU", "PCMU");
    json_decref(record);
}

static void a_callee_offers_to_a_caller_who_did_not(void **state)
{
    conversation_open(
        &call, *state,
        &(struct conversation_config){
            PLAIN_PHONES, .offer = PLAIN_OFFER,
            .answer = PLAIN_ANSWER " direction=skype direction=enterprise", .is_late = true,
            .steps = {INVITE_FOR_OFFER EXPECT("180") EXPECT_ANSWER ACK_WITH_ANSWER CALLER_BYE,
                      BOB_ANSWERS HEAR("BYE") OK}});
    conversation_answer_late(&call);
    conversation_talk(&call);
    conversation_end(&call, ALICE);

    json_t *record = conversation_record(&call, "deleted");
    assert_string_equal(relay_json_text(record, "legs.0.tag"), "bob");
    assert_string_equal(relay_json_text(record, "legs.0.interface"), "skype");
    assert_string_equal(relay_json_text(record, "legs.1.tag"), "alice");
    assert_string_equal(relay_json_text(record, "legs.1.interface"), "enterprise");
    json_decref(record);
}

/* ---- calls that come to nothing ---------------------------------------------------------------
 */

static void a_call_cancelled_before_its_answer_is_deleted(void **state)
{
    char answer[PEER_SDP_MAX];

    conversation_open(&call, *state,
                      &(struct conversation_config){
                          PLAIN_CALL, .steps = {INVITE EXPECT("180") CANCEL EXPECT("200")
                                                    EXPECT("487") ACK_REFUSAL,
                                                HEAR_INVITE RING HEAR("CANCEL") OK TERMINATED}});
    conversation_make_answer(&call, answer); /* which never gets sent */
    sipp_give(&call.sipp[ALICE], "cancel", "");
    conversation_expect_end(&call);

    json_t *record = conversation_record(&call, "deleted");
    assert_null(relay_json_find(record, "answered"));
    json_decref(record);
}

static void a_call_that_the_callee_refuses_is_deleted(void **state)
{
    conversation_open(&call, *state,
                      &(struct conversation_config){
                          PLAIN_CALL, .steps = {INVITE EXPECT("180") EXPECT("486") ACK_REFUSAL,
                                                HEAR_INVITE RING REFUSE("486 Busy Here")}});
    conversation_expect_end(&call);
    json_decref(conversation_record(&call, "deleted"));
}

static void a_call_to_aol_is_refused_and_the_log_says_why(void **state)
{
    conversation_open(
        &call, *state,
        &(struct conversation_config){PLAIN_PHONES,
                                      .offer = "replace-origin direction=enterprise direction=aol",
                                      .steps = {INVITE EXPECT("488") ACK_REFUSAL, BOB_ANSWERS}});
    sipp_expect_end(&call.sipp[ALICE]);
    proxy_wait_log(&call.proxy, "policy: provider aol allows no audio or video");
    json_decref(conversation_record(&call, "policy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_call_carries_speech_until_the_caller_ends_it, put_away),
        cmocka_unit_test_teardown(the_callee_ends_a_call, put_away),
        cmocka_unit_test_teardown(sipps_own_media_comes_back_as_an_echo, put_away),
        cmocka_unit_test(the_documented_script_is_the_one_that_runs_here),
        cmocka_unit_test_teardown(the_documented_script_connects_lync_to_opus, put_away),
        cmocka_unit_test_teardown(a_callee_with_srtp_and_opus_hears_a_caller_with_neither,
                                  put_away),
        cmocka_unit_test_teardown(early_media_is_heard_and_the_answer_changes_nothing, put_away),
        cmocka_unit_test_teardown(a_session_refresh_changes_nothing, put_away),
        cmocka_unit_test_teardown(a_callee_may_offer_again, put_away),
        cmocka_unit_test_teardown(a_callee_offers_to_a_caller_who_did_not, put_away),
        cmocka_unit_test_teardown(a_call_cancelled_before_its_answer_is_deleted, put_away),
        cmocka_unit_test_teardown(a_call_that_the_callee_refuses_is_deleted, put_away),
        cmocka_unit_test_teardown(a_call_to_aol_is_refused_and_the_log_says_why, put_away),
    };

    return cmocka_run_group_tests_name("interop_sipp", tests, relay_setup, relay_teardown);
}
