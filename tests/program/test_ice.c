#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/stun_peer.h"

/* ICE as a proxy and a standard peer see it. A is a plain phone; B is one socket that speaks STUN
 * as the test wants it to. */

#define BODY_MAX 4096
#define TURN_MS  20

struct scene {
    struct relay relay;
    struct talk talk;
    struct stun_peer b;
    bool nominates; /* B controls and asks for the pair with each check */
    bool is_lite;   /* B says that it is */
    unsigned n_media;
};

/* ---- B ---- */

static void open_scene(struct scene *s, const char *more)
{
    memset(s, 0, sizeof(*s));
    relay_start(&s->relay, &(struct relay_config){.skype = "dialect: rfc", .more = more});
    talk_open(&s->talk, &s->relay);
    stun_peer_open_at(&s->b, "127.0.0.1", false);
}

static void close_scene(struct scene *s)
{
    talk_close(&s->talk);
    stun_peer_close(&s->b);
    relay_stop(&s->relay);
}

/* A offers; B hears of an agent. */
static void offer(struct scene *s, const char *flags)
{
    const struct peer_description *told = &s->talk.told[TALK_B];

    talk_offer(&s->talk, TALK_A, NULL, flags);
    assert_true(told->ufrag[0] && told->n_candidates > 0);
    (void)snprintf(s->b.ufrag, sizeof(s->b.ufrag), "%.63s", told->ufrag);
    (void)snprintf(s->b.pwd, sizeof(s->b.pwd), "%.63s", told->pwd);
    s->b.to = address(told->address, told->port);
}

static const char *candidate(const struct scene *s)
{
    static char line[128];
    const struct sockaddr_storage own = stun_peer_address(&s->b);

    (void)snprintf(line, sizeof(line), "a=candidate:1 1 UDP 2130706431 127.0.0.1 %u typ host\r\n",
                   port_of(&own));
    return line;
}

static const char *body(char buf[static BODY_MAX], const struct scene *s, const char *lines)
{
    (void)snprintf(buf, BODY_MAX,
                   "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n%s"
                   "m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\n"
                   "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n%s",
                   s->is_lite ? "a=ice-lite\r\n" : "", s->b.own_ufrag, s->b.own_pwd, lines);
    return buf;
}

/* The relay's answer to A is not of interest. */
static void answer(struct scene *s, const char *lines)
{
    char buf[BODY_MAX];
    json_t *reply = relay_ask_for(
        &s->relay, talk_request(&s->talk, "answer", TALK_A, true, body(buf, s, lines), NULL), "ok");

    talk_take(&s->talk, TALK_A, reply);
    json_decref(reply);
}

static json_t *fragment(const struct scene *s, const char *text)
{
    json_t *request = talk_request(&s->talk, "offer", TALK_B, true, text, NULL);

    json_object_set_new(request, "flags", json_pack("[s]", "fragment"));
    return request;
}

/* ---- what becomes of it ---- */

static const char *state_of(const struct scene *s)
{
    static char state[32];
    char path[96];
    json_t *query = relay_query(&s->relay, s->talk.id);
    const char *text;

    (void)snprintf(path, sizeof(path), "tags.%s.medias.0.ICE pair.state", s->talk.tag[TALK_B]);
    text = json_string_value(relay_json_find(query, path));
    (void)snprintf(state, sizeof(state), "%s", text ? text : "");
    json_decref(query);
    return state;
}

/* B does what it does until the relay sees ICE so. */
static void run_until(struct scene *s, const char *state)
{
    for (unsigned i = 0; strcmp(state_of(s), state) != 0; i++) {
        assert_true(i < RELAY_PATIENCE_US / 1000 / TURN_MS);
        if (s->nominates)
            stun_peer_ask(&s->b, STUN_FINE, true);
        while (stun_peer_has_more(&s->b, TURN_MS)) {
            (void)stun_peer_take(&s->b);
            s->n_media += s->b.last[0] >= 128;
        }
    }
}

static void expect_media_to_b(struct scene *s)
{
    phone_send_rtp(&s->talk.phone[TALK_A], &s->talk.told[TALK_A], TALK_PCMU, 7);
    do
        assert_int_not_equal(stun_peer_take(&s->b), -1);
    while (s->b.last[0] != 0x80);
}

/* From the one socket that B has. */
static void expect_media_from_b(struct scene *s)
{
    uint8_t packet[172] = {0x80, 0x00, 0, 1};

    stun_peer_send(&s->b, packet, sizeof(packet));
    (void)phone_hear(&s->talk.phone[TALK_A], &s->relay, PHONE_RTP, 1);
}

static const char eoc[] = "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n";

/* ---- trickle ---- */

static void candidates_that_come_later_connect_a_call(void **state)
{
    char text[512];
    struct scene s;
    json_t *reply;

    (void)state;
    open_scene(&s, NULL);
    offer(&s, "ICE=force trickle-ICE");
    assert_non_null(strstr(s.talk.sdp[TALK_B], "a=ice-options:trickle\r\n"));
    assert_non_null(strstr(s.talk.sdp[TALK_B], "a=end-of-candidates\r\n"));
    answer(&s, "a=ice-options:trickle\r\n");
    assert_false(stun_peer_has_more(&s.b, 100)); /* the relay cannot know where B is */

    (void)snprintf(text, sizeof(text), "a=ice-ufrag:peer\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n%s",
                   candidate(&s));
    reply = relay_ask_for(&s.relay, fragment(&s, text), "ok");
    assert_null(relay_json_find(reply, "sdp"));
    json_decref(reply);
    json_decref(relay_ask_for(&s.relay, fragment(&s, eoc), "ok"));
    run_until(&s, "ready");
    expect_media_to_b(&s);
    expect_media_from_b(&s);
    close_scene(&s);
}

static void a_fragment_may_come_before_its_answer(void **state)
{
    char text[512];
    struct scene s;

    (void)state;
    open_scene(&s, NULL);
    offer(&s, "ICE=force trickle-ICE");
    (void)snprintf(text, sizeof(text), "a=ice-ufrag:peer\r\n%s", candidate(&s));
    json_decref(relay_ask_for(&s.relay, fragment(&s, text), "ok"));
    answer(&s, "a=ice-options:trickle\r\n");
    run_until(&s, "ready");
    close_scene(&s);
}

static void fragments_that_make_no_sense_are_refused(void **state)
{
    struct scene s;
    json_t *request;

    (void)state;
    open_scene(&s, NULL);
    relay_ask_error(&s.relay, fragment(&s, eoc), "Unknown call-id");
    offer(&s, "ICE=force trickle-ICE");
    relay_ask_error(&s.relay, fragment(&s, "hello"), "Failed to parse trickle-ICE fragment");
    request = fragment(&s, eoc);
    json_object_del(request, "from-tag");
    relay_ask_error(&s.relay, request, "No tag of the sender in message");
    for (unsigned i = 0; i < 16; i++)
        json_decref(relay_ask_for(&s.relay, fragment(&s, eoc), "ok"));
    relay_ask_error(&s.relay, fragment(&s, eoc),
                    "Too many trickle-ICE fragments wait for their description");
    close_scene(&s);
}

/* ---- lite ---- */

static void a_lite_relay_goes_where_its_peer_nominates(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, NULL);
    offer(&s, "ICE=force ICE-lite=forward");
    assert_non_null(strstr(s.talk.sdp[TALK_B], "a=ice-lite\r\n"));
    s.b.controls = s.nominates = true;
    answer(&s, candidate(&s));
    run_until(&s, "ready");
    expect_media_to_b(&s);
    expect_media_from_b(&s);
    assert_int_equal(s.b.n_checks, 0);
    close_scene(&s);
}

static void the_interface_says_lite_where_the_request_does_not(void **state)
{
    struct scene s = {0};

    (void)state;
    relay_start(&s.relay, &(struct relay_config){.skype = "dialect: rfc, ice_lite: yes"});
    talk_open(&s.talk, &s.relay);
    stun_peer_open_at(&s.b, "127.0.0.1", true);
    offer(&s, "ICE=force");
    assert_non_null(strstr(s.talk.sdp[TALK_B], "a=ice-lite\r\n"));
    talk_close(&s.talk);
    talk_open(&s.talk, &s.relay);
    offer(&s, "ICE=force ICE-lite=off");
    assert_null(strstr(s.talk.sdp[TALK_B], "a=ice-lite\r\n"));
    close_scene(&s);
}

static void a_lite_peer_is_checked_by_us(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, NULL);
    s.is_lite = true;
    offer(&s, "ICE=force");
    answer(&s, candidate(&s)); /* it answers, and makes no checks of its own */
    run_until(&s, "ready");
    expect_media_to_b(&s);
    close_scene(&s);
}

/* ---- failure ---- */

static void a_call_without_a_pair_says_what_it_tried(void **state)
{
    struct scene s;
    json_t *record;
    char log[64];

    (void)state;
    open_scene(&s, "ice_timeout_s: 1\nmedia_timeout_s: 2\n");
    offer(&s, "ICE=force");
    s.b.is_silent = true;
    answer(&s, candidate(&s));
    run_until(&s, "failed");
    (void)snprintf(log, sizeof(log), "failed: no candidate pair works (RTP 127.0.0.1:");
    assert_true(relay_has_logged(&s.relay, log));
    record = relay_record(&s.relay, s.talk.id); /* media timeout ends it */
    assert_string_equal(relay_json_text(record, "end"), "ICE failed");
    assert_string_equal(relay_json_text(record, "legs.1.streams.0.ice"), "failed");
    assert_true(relay_json_int(record, "legs.1.streams.0.ice_checks.0.sent") > 0);
    assert_int_equal(relay_json_int(record, "legs.1.streams.0.ice_checks.0.answered"), 0);
    json_decref(record);
    close_scene(&s);
}

/* A look-up of these would go to a resolver, and mDNS to the network: nothing is sent at all. */
static void names_are_never_resolved(void **state)
{
    struct scene s;
    json_t *record;

    (void)state;
    open_scene(&s, "ice_timeout_s: 1\n");
    offer(&s, "ICE=force");
    answer(&s, "a=candidate:1 1 UDP 2130706431 4e1f.local 5000 typ host\r\n"
               "a=candidate:2 1 UDP 2130706430 localhost 5000 typ host\r\n");
    assert_true(relay_has_logged(&s.relay, "none of 2 ICE candidates can be used"));
    run_until(&s, "failed");
    record = talk_delete(&s.talk);
    assert_null(relay_json_find(record, "legs.1.streams.0.ice_checks"));
    json_decref(record);
    close_scene(&s);
}

/* ---- a TURN server that is dead ---- */

static void a_dead_turn_server_delays_one_offer_and_its_password_is_told_to_nobody(void **state)
{
    struct scene s = {0};

    (void)state;
    relay_start(&s.relay,
                &(struct relay_config){
                    .skype = "dialect: rfc, turn: {server: \"127.0.0.1:9\", username: alice, "
                             "password: swordfish, gather_ms: 50}"});
    stun_peer_open_at(&s.b, "127.0.0.1", false);
    for (unsigned i = 0; i < 2; i++) {
        talk_close(&s.talk);
        talk_open(&s.talk, &s.relay);
        offer(&s, "ICE=force"); /* a call like any other */
        answer(&s, candidate(&s));
        run_until(&s, "ready");
    }
    assert_true(relay_has_logged(&s.relay, "the TURN server has not answered within 50 ms"));
    assert_false(relay_has_logged(&s.relay, "swordfish"));
    close_scene(&s);
}

/* ---- consent ---- */

static void restart(struct scene *s)
{
    char buf[BODY_MAX], lines[256];
    const struct peer_description *told = &s->talk.told[TALK_B];
    json_t *reply;

    (void)snprintf(s->b.own_ufrag, sizeof(s->b.own_ufrag), "again");
    (void)snprintf(lines, sizeof(lines), "%s", candidate(s));
    talk_offer(&s->talk, TALK_B, body(buf, s, lines), "ICE=remove");
    reply = relay_ask_for(&s->relay,
                          talk_request(&s->talk, "answer", TALK_B, true,
                                       phone_sdp((char[PHONE_SDP_MAX]){0}, &s->talk.phone[TALK_A],
                                                 "RTP/AVP", "0", NULL),
                                       NULL),
                          "ok");
    talk_take(&s->talk, TALK_B, reply);
    json_decref(reply);
    assert_string_not_equal(told->ufrag, s->b.ufrag);
    (void)snprintf(s->b.ufrag, sizeof(s->b.ufrag), "%.63s", told->ufrag);
    (void)snprintf(s->b.pwd, sizeof(s->b.pwd), "%.63s", told->pwd);
}

/* Takes what the first question for consent takes: four to six seconds. That thirty seconds of
 * silence do the same is test_ice_consent's, with shorter ones. */
static void a_peer_that_consents_no_more_is_not_sent_to_until_a_restart(void **state)
{
    struct scene s;
    unsigned n_media;

    (void)state;
    open_scene(&s, NULL);
    offer(&s, "ICE=force");
    answer(&s, candidate(&s));
    run_until(&s, "ready");
    expect_media_to_b(&s);
    s.b.answers_error = STUN_ERROR_FORBIDDEN;
    run_until(&s, "lost");
    assert_true(relay_has_logged(&s.relay, "nothing is sent to it until ICE restarts"));
    talk_settle(&s.talk, TALK_A);
    n_media = s.n_media;
    phone_send_rtp(&s.talk.phone[TALK_A], &s.talk.told[TALK_A], TALK_PCMU, 9);
    talk_settle(&s.talk, TALK_A); /* the worker has it behind it */
    while (stun_peer_has_more(&s.b, TURN_MS)) {
        (void)stun_peer_take(&s.b);
        assert_int_not_equal(s.b.last[0], 0x80);
    }
    assert_int_equal(s.n_media, n_media);

    s.b.answers_error = 0;
    restart(&s);
    run_until(&s, "ready");
    expect_media_to_b(&s);
    close_scene(&s);
}

/* RFC 8445 s.9: B has new credentials and does not answer checks with them yet. */
static void a_restart_leaves_media_where_it_is_until_there_is_a_new_pair(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, NULL);
    offer(&s, "ICE=force");
    answer(&s, candidate(&s));
    run_until(&s, "ready");
    s.b.is_silent = true;
    restart(&s);
    expect_media_to_b(&s);
    s.b.is_silent = false;
    run_until(&s, "ready");
    expect_media_to_b(&s);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates_that_come_later_connect_a_call),
        cmocka_unit_test(a_fragment_may_come_before_its_answer),
        cmocka_unit_test(fragments_that_make_no_sense_are_refused),
        cmocka_unit_test(a_lite_relay_goes_where_its_peer_nominates),
        cmocka_unit_test(the_interface_says_lite_where_the_request_does_not),
        cmocka_unit_test(a_lite_peer_is_checked_by_us),
        cmocka_unit_test(a_call_without_a_pair_says_what_it_tried),
        cmocka_unit_test(names_are_never_resolved),
        cmocka_unit_test(a_dead_turn_server_delays_one_offer_and_its_password_is_told_to_nobody),
        cmocka_unit_test(a_restart_leaves_media_where_it_is_until_there_is_a_new_pair),
        cmocka_unit_test(a_peer_that_consents_no_more_is_not_sent_to_until_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
