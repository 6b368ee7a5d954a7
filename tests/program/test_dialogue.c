#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The life of a call as SIP proxies tell it: offers again, holds, forks, early and late answers,
 * and every way to end. */

static struct talk the_talk;

static int put_away(void **state)
{
    (void)state;
    talk_close(&the_talk);
    return 0;
}

/* What must not change when nothing was changed. */
struct stand {
    struct peer_description told[2];
    struct peer_rtp heard[2]; /* the last packet at A and B */
};

static struct stand stand_of(struct talk *t)
{
    struct stand s;

    memcpy(s.told, t->told, sizeof(s.told));
    for (unsigned i = 0; i < 2; i++)
        s.heard[i] = talk_pass(t, !i)->rtp;
    return s;
}

static void expect_unchanged(struct talk *t, const struct stand *before)
{
    const struct stand now = stand_of(t);

    for (unsigned i = 0; i < 2; i++) {
        assert_string_equal(now.told[i].address, before->told[i].address);
        assert_int_equal(now.told[i].port, before->told[i].port);
        assert_int_equal(now.told[i].rtcp_port, before->told[i].rtcp_port);
        assert_int_equal(now.heard[i].ssrc, before->heard[i].ssrc);
        assert_int_equal((uint16_t)(now.heard[i].seq - before->heard[i].seq), 1);
        assert_int_equal(now.heard[i].ts - before->heard[i].ts, PHONE_TICKS);
    }
}

/* ---- offers again -----------------------------------------------------------------------------
 */

static void a_reoffer_without_a_change_changes_nothing(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    const struct stand before = stand_of(t);
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    expect_unchanged(t, &before);
}

static void the_callee_may_offer_again(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    const struct stand before = stand_of(t);
    talk_offer(t, TALK_B, NULL, NULL);
    talk_answer(t, TALK_B, NULL, NULL);
    expect_unchanged(t, &before);
}

static void a_secure_reoffer_keeps_keys_and_packet_index(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_set_up_secure(t, *state);
    const struct stand before = stand_of(t);
    talk_offer(t, TALK_A, talk_secure_sdp(sdp, t, TALK_A), NULL);
    talk_answer(t, TALK_A, talk_secure_sdp(sdp, t, TALK_B), NULL);
    /* a session begun anew would take the old numbers for replays, or lose the count */
    expect_unchanged(t, &before);
    for (unsigned i = 0; i < 2; i++) {
        assert_memory_equal(t->told[i].cryptos[0].key, before.told[i].cryptos[0].key,
                            PEER_KEY_BYTES);
        assert_int_equal(t->phone[i].n_unreadable, 0);
    }
}

static void each_leg_is_encrypted_with_keys_of_its_own(void **state)
{
    struct talk *t = &the_talk;
    const uint8_t *keys[4];

    talk_set_up_secure(t, *state);
    for (unsigned i = 0; i < 2; i++) {
        keys[i] = t->key[i].key;
        keys[2 + i] = t->told[i].cryptos[0].key;
    }
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < i; k++)
            assert_memory_not_equal(keys[i], keys[k], PEER_KEY_BYTES);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

static void a_new_key_is_used_from_the_reoffer_on(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_set_up_secure(t, *state);
    talk_pass(t, TALK_A);
    assert_int_equal(peer_crypto_make(&t->key[TALK_A], 1, 0), 0);
    talk_offer(t, TALK_A, talk_secure_sdp(sdp, t, TALK_A), NULL);
    talk_answer(t, TALK_A, talk_secure_sdp(sdp, t, TALK_B), NULL);
    peer_srtp_free(t->srtp[TALK_A]);
    assert_int_equal(
        peer_srtp_alloc(&t->srtp[TALK_A], &t->key[TALK_A], &t->told[TALK_A].cryptos[0]), 0);
    t->phone[TALK_A].srtp = t->srtp[TALK_A];
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

static void a_side_that_moves_is_followed_after_its_reoffer(void **state)
{
    struct talk *t = &the_talk;
    struct phone before;

    talk_set_up(t, *state);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    before = t->phone[TALK_A];
    phone_open(&t->phone[TALK_A], t->relay->loop, NULL);
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    close(before.fd[PHONE_RTP]);
    close(before.fd[PHONE_RTCP]);
    loop_watch_free(before.watch[PHONE_RTP]);
    loop_watch_free(before.watch[PHONE_RTCP]);
}

/* ---- hold -------------------------------------------------------------------------------------
 */

static void on_hold_the_held_side_is_not_passed_on(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_set_up(t, *state);
    const struct stand before = stand_of(t);
    talk_offer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", "a=sendonly\r\n"),
               NULL);
    assert_int_equal(t->told[TALK_B].direction, PEER_SENDONLY);
    talk_answer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "0", "a=recvonly\r\n"),
                NULL);
    assert_int_equal(t->told[TALK_A].direction, PEER_RECVONLY);
    talk_pass(t, TALK_A); /* its music */
    talk_be_dropped(t, TALK_B, TALK_PCMU, "on_hold");

    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    assert_int_equal(talk_pass(t, TALK_B)->rtp.ssrc, before.heard[TALK_A].ssrc);
    assert_int_equal(t->told[TALK_A].port, before.told[TALK_A].port);
}

static void held_the_old_way_nothing_goes_to_the_zero_address(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_set_up(t, *state);
    talk_pass(t, TALK_B);
    snprintf(sdp, sizeof(sdp),
             "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
             "m=audio %u RTP/AVP 0\r\n",
             t->phone[TALK_A].port);
    talk_offer(t, TALK_A, sdp, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    unsigned n = t->phone[TALK_A].n_heard[PHONE_RTP];
    phone_send_rtp(&t->phone[TALK_B], &t->told[TALK_B], TALK_PCMU, 1);
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    talk_pass(t, TALK_B);
    assert_int_equal(t->phone[TALK_A].n_heard[PHONE_RTP], n + 1);
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static void an_early_answer_lets_media_through(void **state)
{
    struct talk *t = &the_talk;

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, "sip-code=183");
    talk_pass(t, TALK_B); /* announcements before the call is taken */
    talk_pass(t, TALK_A);
}

static void the_same_answer_in_180_183_and_200_changes_nothing(void **state)
{
    static const char *const codes[] = {"sip-code=180", "sip-code=183", "sip-code=200"};
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_set_up_secure(t, *state);
    const struct stand before = stand_of(t);
    char first[PEER_SDP_MAX];
    memcpy(first, t->sdp[TALK_A], sizeof(first));
    for (unsigned i = 0; i < 3; i++) {
        talk_answer(t, TALK_A, talk_secure_sdp(sdp, t, TALK_B), codes[i]);
        assert_string_equal(t->sdp[TALK_A], first);
    }
    expect_unchanged(t, &before);
}

static void a_late_offer_comes_from_the_callee(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    json_t *reply =
        relay_ask_for(t->relay,
                      talk_request(t, "offer", TALK_B, true,
                                   phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "0", NULL), NULL),
                      "ok");
    talk_take(t, TALK_A, reply);
    json_decref(reply);
    talk_answer(t, TALK_B, NULL, NULL); /* in the ACK */
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

static void an_answer_without_an_offer_makes_no_call(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "0", NULL);
    relay_ask_error(t->relay, talk_request(t, "answer", TALK_A, true, sdp, NULL),
                    "Unknown call-id");
    relay_ask_error(t->relay, talk_request(t, "query", TALK_A, false, NULL, NULL),
                    "Unknown call-id");
}

/* ---- forks ------------------------------------------------------------------------------------
 */

/* A call with two branches; the second one's phone and tag are kept apart. */
struct fork {
    struct talk *t;
    struct phone phone;
    struct peer_description told;
};

static void branch_offer(struct fork *f, const char *branch)
{
    char sdp[PHONE_SDP_MAX];
    struct talk *t = f->t;
    json_t *request = talk_request(t, "offer", TALK_A, false,
                                   phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL), NULL);

    json_object_set_new(request, "via-branch", json_string(branch));
    json_t *reply = relay_ask_for(t->relay, request, "ok");
    talk_take(t, TALK_B, reply);
    json_decref(reply);
}

static void branch_answer(struct fork *f, const char *branch, const char *tag,
                          const struct phone *phone)
{
    char sdp[PHONE_SDP_MAX];
    json_t *request = talk_request(f->t, "answer", TALK_A, false,
                                   phone_sdp(sdp, phone, "RTP/AVP", "0", NULL), NULL);

    json_object_set_new(request, "to-tag", json_string(tag));
    if (branch)
        json_object_set_new(request, "via-branch", json_string(branch));
    json_t *reply = relay_ask_for(f->t->relay, request, "ok");
    talk_take(f->t, TALK_A, reply);
    json_decref(reply);
    talk_settle(f->t, TALK_A);
}

/* Two branches ring; the first one answers early, then the second one. */
static void fork_open(struct fork *f, struct talk *t, struct relay *r)
{
    memset(f, 0, sizeof(*f));
    f->t = t;
    talk_open(t, r);
    phone_open(&f->phone, r->loop, NULL);
    branch_offer(f, "z9hG4bK-two");
    f->told = t->told[TALK_B];
    branch_offer(f, "z9hG4bK-one");
    assert_int_not_equal(f->told.port, t->told[TALK_B].port);
    branch_answer(f, "z9hG4bK-one", t->tag[TALK_B], &t->phone[TALK_B]);
}

static void the_branch_that_answers_last_is_heard(void **state)
{
    struct talk *t = &the_talk;
    struct fork f;

    fork_open(&f, t, *state);
    uint16_t port = t->told[TALK_A].port;
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    branch_answer(&f, "z9hG4bK-two", "tag-of-two", &f.phone);
    assert_int_equal(t->told[TALK_A].port, port); /* the caller sees one relay */

    unsigned n = t->phone[TALK_A].n_heard[PHONE_RTP];
    phone_send_rtp(&f.phone, &f.told, TALK_PCMU, 2);
    assert_int_equal(phone_hear(&t->phone[TALK_A], t->relay, PHONE_RTP, n + 1)->rtp.payload[0], 2);
    phone_send_rtp(&t->phone[TALK_A], &t->told[TALK_A], TALK_PCMU, 3);
    assert_int_equal(phone_hear(&f.phone, t->relay, PHONE_RTP, 1)->rtp.payload[0], 3);
    phone_close(&f.phone);
}

static void a_branch_is_deleted_and_the_other_goes_on(void **state)
{
    struct talk *t = &the_talk;
    struct fork f;

    fork_open(&f, t, *state);
    json_t *request = talk_request(t, "delete", TALK_A, false, NULL, NULL);
    json_object_set_new(request, "via-branch", json_string("z9hG4bK-two"));
    json_decref(relay_ask_for(t->relay, request, "ok"));
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    assert_false(relay_has_record(t->relay, t->id));
    phone_close(&f.phone);
}

static void a_second_tag_before_the_final_answer_is_the_same_party(void **state)
{
    struct talk *t = &the_talk;
    struct fork f = {.t = t};

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, NULL);
    branch_answer(&f, NULL, "tag-of-183", &t->phone[TALK_B]);
    uint16_t port = t->told[TALK_A].port;
    branch_answer(&f, NULL, t->tag[TALK_B], &t->phone[TALK_B]);
    assert_int_equal(t->told[TALK_A].port, port);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

/* ---- the end ----------------------------------------------------------------------------------
 */

/* Ends the call in a way and shows that it has ended. */
static void expect_deleted_by(struct relay *r, const char *from_tag, const char *to_tag)
{
    struct talk *t = &the_talk;
    json_t *request;

    talk_set_up(t, r);
    request = relay_request("delete", t->id);
    if (from_tag)
        json_object_set_new(request, "from-tag",
                            json_string(*from_tag == 'a' ? t->tag[TALK_A] : t->tag[TALK_B]));
    if (to_tag)
        json_object_set_new(request, "to-tag",
                            json_string(*to_tag == 'a' ? t->tag[TALK_A] : t->tag[TALK_B]));
    json_t *reply = relay_ask_for(r, request, "ok");
    assert_null(json_object_get(reply, "warning"));
    assert_non_null(json_object_get(reply, "totals"));
    json_decref(reply);
    json_t *record = relay_record(r, t->id);
    assert_string_equal(relay_json_text(record, "end"), "deleted");
    json_decref(record);
    talk_close(t);
}

static void caller_callee_and_nobody_may_end_a_call(void **state)
{
    expect_deleted_by(*state, "a", "b");
    expect_deleted_by(*state, "a", NULL);
    expect_deleted_by(*state, "b", "a");
    expect_deleted_by(*state, NULL, NULL);
}

static void deleting_what_is_not_there_is_a_warning(void **state)
{
    static const char text[] = "Call-ID not found or tags didn't match";
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    json_t *request = talk_request(t, "delete", TALK_A, false, NULL, NULL);
    json_object_set_new(request, "from-tag", json_string("nobody"));
    json_t *reply = relay_ask_for(t->relay, request, "ok");
    assert_string_equal(relay_json_text(reply, "warning"), text);
    json_decref(reply);
    request = relay_request("delete", "no such call");
    assert_int_equal(ng_put_script_flags(request, "fatal"), 0);
    relay_ask_error(t->relay, request, text);
    talk_pass(t, TALK_A);
}

static void a_deleted_call_passes_nothing_and_its_ports_rest(void **state)
{
    struct talk other, *t = &the_talk;

    talk_set_up(&other, *state);
    talk_set_up(t, *state);
    talk_pass(t, TALK_A);
    unsigned n = t->phone[TALK_B].n_heard[PHONE_RTP];
    json_decref(talk_delete(t));
    phone_send_rtp(&t->phone[TALK_A], &t->told[TALK_A], TALK_PCMU, 1);
    talk_pass(&other, TALK_A); /* behind it, through the same worker */
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTP], n);
    /* all that is used is the other call's; what this one had is not free yet */
    relay_wait_metric(t->relay, "picrelay_ports{interface=\"enterprise\",state=\"used\"} ", 2);
    assert_true(
        relay_metric(t->relay, "picrelay_ports{interface=\"enterprise\",state=\"resting\"} ") >= 2);
    talk_close(&other);
}

static void a_deleted_call_is_remembered_and_comes_back_with_an_offer(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    json_decref(talk_delete(t));
    json_decref(relay_query(t->relay, t->id));
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

static void a_call_that_comes_back_has_none_of_its_former_parties(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    json_decref(talk_delete(t));
    memset(t->told, 0, sizeof(t->told)); /* an INVITE of a new dialogue: no To tag */
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL); /* by the tag that was there before */
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    json_t *request = talk_request(t, "delete", TALK_B, false, NULL, NULL);
    json_decref(relay_ask_for(t->relay, request, "ok"));
    relay_wait_metric(t->relay, "picrelay_calls ", 0); /* not a branch: the call */
}

/* ---- parties that come and go -----------------------------------------------------------------
 */

/* A request from and to any tags, with a description of the phone. */
static json_t *tagged(const struct talk *t, const char *command, const char *from, const char *to,
                      const struct phone *phone)
{
    char sdp[PHONE_SDP_MAX];
    json_t *request = relay_request(command, t->id);

    json_object_set_new(request, "from-tag", json_string(from));
    if (to)
        json_object_set_new(request, "to-tag", json_string(to));
    if (phone)
        json_object_set_new(
            request, "sdp",
            json_string(phone_sdp(sdp, phone, "RTP/AVP", "97 0", "a=rtpmap:97 opus/48000/2\r\n")));
    return request;
}

static void tell(const struct talk *t, const char *command, const char *from, const char *to,
                 const struct phone *phone)
{
    json_decref(relay_ask_for(t->relay, tagged(t, command, from, to, phone), "ok"));
}

/* Any mix of what may be replaced; which it is, sdp_write's own tests say. */
static void what_is_to_be_replaced_may_be_said_one_by_one(void **state)
{
    static const char *const words[] = {"origin", "session-name", "username", "zero-address",
                                        "SDP-version"};
    struct talk *t = &the_talk;

    talk_open(t, *state);
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        json_t *request = tagged(t, "offer", "a", NULL, &t->phone[TALK_A]);

        json_object_set_new(request, "direction", json_pack("[ss]", "enterprise", "skype"));
        json_object_set_new(request, "replace", json_pack("[s]", words[i]));
        json_decref(relay_ask_for(t->relay, request, "ok"));
    }
}

/* What the callee was offered borrowed from a description that is gone. */
static void what_a_party_that_left_had_offered_is_not_answered(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    tell(t, "offer", "third", "fourth", &t->phone[TALK_A]);
    tell(t, "delete", "third", NULL, NULL);
    tell(t, "answer", t->tag[TALK_A], "fourth", &t->phone[TALK_B]);
    json_decref(relay_query(t->relay, t->id));
}

/* The callee's partner was replaced by an offer that nobody has answered; the former one, to whom
 * its media goes, leaves. */
static void nothing_goes_to_a_party_that_left(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    tell(t, "offer", "third", t->tag[TALK_B], &t->phone[TALK_A]);
    talk_pass(t, TALK_B); /* not answered: nothing has changed */
    tell(t, "delete", t->tag[TALK_A], NULL, NULL);
    relay_wait_metric(t->relay, "picrelay_streams ", 2);
    talk_settle(t, TALK_B);
    talk_be_dropped(t, TALK_B, TALK_PCMU, "not_ready");
}

/* It has offered no line, so it has no stream either, and its partner has left: whoever offers next
 * finds a party that nothing holds but its description. */
static void a_party_with_nothing_but_a_description_harms_no_offer(void **state)
{
    static const char nothing[] =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n";
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    json_t *request = tagged(t, "offer", "third", "fourth", NULL);
    json_object_set_new(request, "sdp", json_string(nothing));
    json_decref(relay_ask_for(t->relay, request, "ok"));
    tell(t, "delete", "fourth", NULL, NULL);
    for (unsigned i = 0; i < 2; i++) { /* carried out, and refused: neither frees it twice */
        talk_offer(t, TALK_A, NULL, NULL);
        talk_answer(t, TALK_A, NULL, NULL);
        request = tagged(t, "offer", t->tag[TALK_A], t->tag[TALK_B], &t->phone[TALK_A]);
        json_object_set_new(request, "transport-protocol", json_string("RTP/SAVP"));
        json_object_set_new(request, "SDES", json_pack("[s]", "off"));
        relay_ask_error(t->relay, request, "No SRTP suite is left to offer");
    }
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

/* Who is connected anew is no longer spoken to by his former partner. */
static void a_former_partner_is_not_heard(void **state)
{
    struct talk *t = &the_talk;

    talk_set_up(t, *state);
    tell(t, "offer", "third", t->tag[TALK_B], &t->phone[TALK_A]);
    tell(t, "answer", "third", t->tag[TALK_B], &t->phone[TALK_B]);
    talk_settle(t, TALK_A);
    talk_be_dropped(t, TALK_A, TALK_PCMU, "not_ready");
}

static void an_offer_of_a_former_life_is_not_answered(void **state)
{
    struct talk *t = &the_talk;
    json_t *request;

    talk_set_up(t, *state);
    json_decref(talk_delete(t));
    tell(t, "offer", t->tag[TALK_A], t->tag[TALK_B], &t->phone[TALK_A]);
    request = tagged(t, "offer", t->tag[TALK_A], NULL, &t->phone[TALK_A]);
    json_object_set_new(request, "via-branch", json_string("another"));
    json_decref(relay_ask_for(t->relay, request, "ok"));
    relay_ask_error(t->relay,
                    tagged(t, "answer", t->tag[TALK_B], t->tag[TALK_A], &t->phone[TALK_B]),
                    "Invalid dialogue association");
}

static void a_party_does_not_call_itself(void **state)
{
    struct talk *t = &the_talk;

    talk_open(t, *state);
    relay_ask_error(t->relay, tagged(t, "offer", "same", "same", &t->phone[TALK_A]),
                    "Invalid dialogue association");
    relay_ask_error(t->relay, tagged(t, "query", "same", NULL, NULL), "Unknown call-id");
}

/* ---- where media must not go ------------------------------------------------------------------
 */

/* What the caller says would be a command to the relay. */
static void media_never_goes_to_the_control_port(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, NULL);
    (void)snprintf(sdp, sizeof(sdp),
                   "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                   "m=audio %u RTP/AVP 0\r\n",
                   t->relay->address, t->relay->address, t->relay->ng_port);
    json_t *reply =
        relay_ask_for(t->relay, talk_request(t, "answer", TALK_A, true, sdp, NULL), "ok");

    talk_take(t, TALK_A, reply); /* as on hold: its c= is no address to send to */
    json_decref(reply);
    memcpy(t->told[TALK_A].address, t->relay->address, sizeof(t->relay->address));
    double n = relay_metric(t->relay, "picrelay_control_events_total{event=\"ng_bad\"}");
    talk_be_dropped(t, TALK_A, TALK_PCMU, "not_ready");
    assert_true(relay_metric(t->relay, "picrelay_control_events_total{event=\"ng_bad\"}") == n);
}

/* The same, put together from a harmless description and the address of the request. */
static void media_never_goes_to_the_control_port_of_a_sip_source(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, NULL);
    (void)snprintf(sdp, sizeof(sdp),
                   "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                   "m=audio %u RTP/AVP 0\r\n",
                   t->relay->ng_port);
    json_t *request = talk_request(t, "answer", TALK_A, true, sdp, "SIP-source-address");
    json_object_set_new(request, "received-from", json_pack("[s, s]", "IP4", t->relay->address));
    json_t *reply = relay_ask_for(t->relay, request, "ok");

    talk_take(t, TALK_A, reply);
    json_decref(reply);
    double n = relay_metric(t->relay, "picrelay_control_events_total{event=\"ng_bad\"}");
    talk_be_dropped(t, TALK_A, TALK_PCMU, "not_ready");
    assert_true(relay_metric(t->relay, "picrelay_control_events_total{event=\"ng_bad\"}") == n);
}

/* ---- ICE --------------------------------------------------------------------------------------
 */

static void ice_offer(struct talk *t, const char *ufrag)
{
    char sdp[PHONE_SDP_MAX], lines[512];

    snprintf(lines, sizeof(lines),
             "a=ice-ufrag:%s\r\na=ice-pwd:0123456789012345678901\r\n"
             "a=candidate:1 1 UDP 2130706431 127.0.0.1 %u typ host\r\n",
             ufrag, t->phone[TALK_A].port);
    talk_offer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", lines), NULL);
}

static void new_credentials_restart_ice_and_old_ones_do_not(void **state)
{
    struct talk *t = &the_talk;
    char first[PEER_UFRAG_MAX];

    talk_open(t, *state);
    ice_offer(t, "aaaa");
    talk_answer(t, TALK_A, NULL, NULL);
    memcpy(first, t->told[TALK_A].ufrag, sizeof(first));
    uint16_t port = t->told[TALK_A].port;
    assert_true(strlen(first) >= 4);
    ice_offer(t, "aaaa");
    talk_answer(t, TALK_A, NULL, NULL);
    assert_string_equal(t->told[TALK_A].ufrag, first);
    ice_offer(t, "bbbb");
    talk_answer(t, TALK_A, NULL, NULL);
    assert_string_not_equal(t->told[TALK_A].ufrag, first);
    assert_int_equal(t->told[TALK_A].port, port);
}

#define CASE(test) cmocka_unit_test_teardown(test, put_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_reoffer_without_a_change_changes_nothing),
        CASE(the_callee_may_offer_again),
        CASE(a_secure_reoffer_keeps_keys_and_packet_index),
        CASE(each_leg_is_encrypted_with_keys_of_its_own),
        CASE(a_new_key_is_used_from_the_reoffer_on),
        CASE(a_side_that_moves_is_followed_after_its_reoffer),
        CASE(on_hold_the_held_side_is_not_passed_on),
        CASE(held_the_old_way_nothing_goes_to_the_zero_address),
        CASE(an_early_answer_lets_media_through),
        CASE(the_same_answer_in_180_183_and_200_changes_nothing),
        CASE(a_late_offer_comes_from_the_callee),
        CASE(an_answer_without_an_offer_makes_no_call),
        CASE(the_branch_that_answers_last_is_heard),
        CASE(a_branch_is_deleted_and_the_other_goes_on),
        CASE(a_second_tag_before_the_final_answer_is_the_same_party),
        CASE(caller_callee_and_nobody_may_end_a_call),
        CASE(deleting_what_is_not_there_is_a_warning),
        CASE(a_deleted_call_passes_nothing_and_its_ports_rest),
        CASE(a_deleted_call_is_remembered_and_comes_back_with_an_offer),
        CASE(a_call_that_comes_back_has_none_of_its_former_parties),
        CASE(what_is_to_be_replaced_may_be_said_one_by_one),
        CASE(what_a_party_that_left_had_offered_is_not_answered),
        CASE(nothing_goes_to_a_party_that_left),
        CASE(a_party_with_nothing_but_a_description_harms_no_offer),
        CASE(a_former_partner_is_not_heard),
        CASE(an_offer_of_a_former_life_is_not_answered),
        CASE(a_party_does_not_call_itself),
        CASE(media_never_goes_to_the_control_port),
        CASE(media_never_goes_to_the_control_port_of_a_sip_source),
        CASE(new_credentials_restart_ice_and_old_ones_do_not),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
