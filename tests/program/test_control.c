#include "tests/program/talk.h"
#include "tests/program/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The NG socket as friends, strangers and broken programs use it. */

static const char offers[] = "picrelay_control_requests_total{command=\"offer\",result=\"ok\"} ";

/* ---- cookies ----------------------------------------------------------------------------------
 */

static size_t offer_message(char *message, size_t cap, const char *cookie, struct relay *r)
{
    static const char sdp[] =
        "v=0\\r\\no=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nc=IN IP4 127.0.0.1\\r\\n"
        "t=0 0\\r\\nm=audio 5004 RTP/AVP 0\\r\\n";
    char id[40];

    relay_new_id(r, id);
    int n = snprintf(message, cap,
                     "%s {\"command\":\"offer\",\"call-id\":\"%s\",\"from-tag\":\"a\","
                     "\"direction\":[\"enterprise\",\"skype\"],\"sdp\":\"%s\"}",
                     cookie, id, sdp);
    return (size_t)n;
}

static void a_request_sent_again_is_answered_alike_and_done_once(void **state)
{
    struct relay *r = *state;
    struct wire w;
    char message[1024], first[WIRE_MAX];
    double before = relay_metric(r, offers);

    wire_open(&w, r, NULL);
    size_t n = offer_message(message, sizeof(message), "cookie_1", r);
    snprintf(first, sizeof(first), "%s", wire_ask(&w, message, n));
    assert_non_null(strstr(first, "\"result\":\"ok\""));
    for (unsigned i = 0; i < 4; i++) /* as often as Kamailio tries */
        assert_string_equal(wire_ask(&w, message, n), first);
    assert_true(relay_metric(r, offers) == before + 1);
    wire_close(&w);
}

static void errors_are_repeated_too(void **state)
{
    static const char message[] = "cookie_2 d7:command5:query7:call-id2:noe";
    struct wire w;
    char first[WIRE_MAX];

    wire_open(&w, *state, NULL);
    snprintf(first, sizeof(first), "%s", wire_ask(&w, message, strlen(message)));
    assert_string_equal(first, "cookie_2 d6:result5:error12:error-reason15:Unknown call-ide");
    assert_string_equal(wire_ask(&w, message, strlen(message)), first);
    wire_close(&w);
}

static void the_same_cookie_of_somebody_else_is_another_request(void **state)
{
    struct relay *r = *state;
    struct wire one, two;
    char message[1024];
    double before = relay_metric(r, offers);

    wire_open(&one, r, NULL);
    wire_open(&two, r, NULL);
    size_t n = offer_message(message, sizeof(message), "cookie_3", r);
    wire_ask(&one, message, n);
    wire_ask(&two, message, n);
    assert_true(relay_metric(r, offers) == before + 2);
    wire_close(&one);
    wire_close(&two);
}

/* ---- bad messages -----------------------------------------------------------------------------
 */

#define BENCODE_ERROR(n, text) " d6:result5:error12:error-reason" n ":" text "e"
#define NO_COMMAND             BENCODE_ERROR("36", "Dictionary contains no key \"command\"")
#define NO_BENCODE             BENCODE_ERROR("35", "Could not decode bencode dictionary")
#define NO_FORMAT              BENCODE_ERROR("22", "Invalid NG data format")
#define NO_JSON                " {\"result\":\"error\",\"error-reason\":\"Failed to parse JSON document\"}"

static void a_message_that_cannot_be_read_gets_its_error(void **state)
{
    static const struct {
        const char *why, *body, *reply;
    } rows[] = {
        {"nothing behind the cookie", "", BENCODE_ERROR("25", "Invalid data (no payload)")},
        {"a number", "i5e", NO_FORMAT},
        {"a JSON list", "[1]", NO_FORMAT},
        {"text", "ping", NO_FORMAT},
        {"a dictionary that is cut", "d7:command", NO_BENCODE},
        {"bytes behind it", "d7:command4:pingee", NO_BENCODE},
        {"a negative length", "d-1:xe", NO_BENCODE},
        {"a huge length", "d99999999999999999999:xe", NO_BENCODE},
        {"a length beyond its end", "d7:command4:ping65000:xe", NO_BENCODE},
        {"JSON that is cut", "{\"command\":", NO_JSON},
        {"no command", "d4:spam4:eggse", NO_COMMAND},
        {"a command that is a number", "d7:commandi5ee", NO_COMMAND},
        {"a command of another world", "d7:command3:fooe",
         BENCODE_ERROR("20", "Unrecognized command")},
        {"a command for later", "d7:command10:play mediae", BENCODE_ERROR("11", "unsupported")},
        {"a query for nothing", "d7:command5:querye", BENCODE_ERROR("21", "No call-id in message")},
        {"a negative limit", "d7:command4:list5:limiti-1ee",
         BENCODE_ERROR("27", "invalid limit, must be >= 0")},
    };
    struct wire w;

    wire_open(&w, *state, NULL);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char message[256], expected[256];

        print_message("%s\n", rows[i].why);
        int n = snprintf(message, sizeof(message), "bad_%u %s", i, rows[i].body);
        snprintf(expected, sizeof(expected), "bad_%u%s", i, rows[i].reply);
        assert_string_equal(wire_ask(&w, message, (size_t)n), expected);
    }
    wire_close(&w);
}

/* Fills a message with as many copies of a piece as a datagram holds. */
static size_t repeat(char *message, const char *cookie, const char *piece, unsigned times)
{
    size_t n = (size_t)sprintf(message, "%s ", cookie), n_piece = strlen(piece);

    for (unsigned i = 0; i < times && n + n_piece <= WIRE_MAX; i++, n += n_piece)
        memcpy(message + n, piece, n_piece); /* NOLINT(bugprone-not-null*): a datagram */
    return n;
}

static void expect_reply_to_many(struct wire *w, unsigned i, const char *piece, const char *reply)
{
    static char message[WIRE_MAX + 64]; /* a datagram; larger than a stack should hold */
    char cookie[32], expected[160];

    snprintf(cookie, sizeof(cookie), "many_%u_%zu", i, strlen(piece));
    snprintf(expected, sizeof(expected), "%s%s", cookie, reply);
    assert_string_equal(wire_ask(w, message, repeat(message, cookie, piece, 65000)), expected);
}

static void deep_and_big_messages_are_refused_and_leave_nothing(void **state)
{
    struct relay *r = *state;
    struct wire w;
    unsigned long before = process_memory_kib(r->process, "VmRSS");

    wire_open(&w, r, NULL);
    for (unsigned i = 0; i < 20; i++) { /* 60 times 64 KiB; the cache keeps replies, not these */
        expect_reply_to_many(&w, i, "d1:a", NO_BENCODE);
        expect_reply_to_many(&w, i, "l", NO_FORMAT);
        expect_reply_to_many(&w, i, "{\"a\":", NO_JSON);
    }
    if (!RELAY_IS_SANITIZED)
        assert_true(process_memory_kib(r->process, "VmRSS") < before + 3 * 1024);
    wire_close(&w);
}

static void what_has_no_cookie_is_met_with_silence(void **state)
{
    struct wire w;

    wire_open(&w, *state, NULL);
    wire_send(&w, "", 0);
    wire_send(&w, " ", 1);
    wire_send(&w, "\0", 1);
    wire_send(&w, "d7:command4:pinge", 17);
    assert_string_equal(wire_ask(&w, "first d7:command4:pinge", 23), "first d6:result4:ponge");
    assert_false(wire_has_more(&w));
    wire_close(&w);
}

/* ---- bad descriptions -------------------------------------------------------------------------
 */

#define HEAD "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"

static void a_description_that_cannot_be_used_gets_its_error(void **state)
{
    static const struct {
        const char *why, *sdp, *error; /* NULL: taken */
    } rows[] = {
        {"empty", "", "No SDP body in message"},
        {"text", "hello", "Failed to parse SDP"},
        {"port 65536", HEAD "m=audio 65536 RTP/AVP 0\r\n", "Failed to parse SDP"},
        {"a negative port", HEAD "m=audio -1 RTP/AVP 0\r\n", "Failed to parse SDP"},
        {"no c=", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n",
         "Incomplete SDP specification"},
        {"a protocol that nobody relays", HEAD "m=audio 5004 RTP/AV 0\r\n",
         "No media line has a protocol that is relayed"},
        {"no m=", HEAD, NULL},
        {"port 0", HEAD "m=audio 0 RTP/AVP 0\r\n", NULL},
        {"CR for CRLF",
         "v=0\ro=- 1 1 IN IP4 127.0.0.1\rs=-\rc=IN IP4 127.0.0.1\rt=0 0\rm=audio 5004 RTP/AVP 0\r",
         NULL},
        {"LF for CRLF",
         "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
         NULL},
        {"attributes that nobody knows", HEAD "m=audio 5004 RTP/AVP 0\r\na=x-y:z\r\na=\r\na=:\r\n",
         NULL},
    };
    struct talk t;

    talk_open(&t, *state);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *request = talk_request(&t, "offer", TALK_A, false, rows[i].sdp, NULL);

        print_message("%s\n", rows[i].why);
        if (rows[i].error)
            relay_ask_error(*state, request, rows[i].error);
        else
            json_decref(relay_ask_for(*state, request, "ok"));
    }
    talk_close(&t);
}

/* A description with many lines of one kind: as many as fit into a datagram. */
static json_t *long_offer(const struct talk *t, const char *head, const char *line, unsigned times)
{
    char *sdp = malloc(WIRE_MAX);
    size_t n = strlen(head), n_line = strlen(line);

    assert_non_null(sdp);
    memcpy(sdp, head, n + 1);
    for (unsigned i = 0; i < times && n + n_line < WIRE_MAX - 500; i++, n += n_line)
        memcpy(sdp + n, line, n_line + 1);
    json_t *request = talk_request(t, "offer", TALK_A, false, sdp, NULL);
    free(sdp);
    return request;
}

static void very_long_descriptions_are_taken_or_refused_and_never_more(void **state)
{
    struct talk t;

    talk_open(&t, *state);
    relay_ask_error(*state, long_offer(&t, HEAD, "m=audio 5004 RTP/AVP 0\r\n", 200),
                    "Failed to parse SDP");
    json_t *reply =
        relay_ask_for(*state,
                      long_offer(&t,
                                 HEAD "m=audio 5004 RTP/AVP 0\r\na=ice-ufrag:abcd\r\n"
                                      "a=ice-pwd:0123456789012345678901\r\n",
                                 "a=candidate:1 1 UDP 1 127.0.0.1 9 typ host\r\n", 10000),
                      "ok");
    talk_take(&t, TALK_B, reply);
    assert_true(t.told[TALK_B].n_candidates <= 2); /* ours, and none of theirs */
    json_decref(reply);
    reply = relay_ask_for(
        *state, long_offer(&t, HEAD "m=audio 5004 RTP/AVP 0\r\n", "a=x:y\r\n", 10000), "ok");
    json_decref(reply);
    talk_close(&t);
}

/* A proxy that spirals sends our own offer to us again: it goes on as it is, to the first ports. */
static void an_offer_that_comes_back_is_not_relayed_twice(void **state)
{
    static const char sdp[] = HEAD "m=audio 5004 RTP/AVP 0\r\n";
    struct talk t;
    json_t *first, *again;

    talk_open(&t, *state);
    first =
        relay_ask_for(*state, talk_request(&t, "offer", TALK_A, false, sdp, "loop-protect"), "ok");
    const char *ours = json_string_value(json_object_get(first, "sdp"));

    assert_non_null(strstr(ours, "\r\na=rtpengine:"));
    again =
        relay_ask_for(*state, talk_request(&t, "offer", TALK_A, false, ours, "loop-protect"), "ok");
    assert_string_equal(json_string_value(json_object_get(again, "sdp")), ours);
    json_decref(again);
    json_decref(first);
    talk_close(&t);
}

/* ---- what a request changes in a description ---------------------------------------------------
 */

static void the_address_that_a_request_names_stands_in_the_description(void **state)
{
    static const char sdp[] = HEAD "m=audio 5004 RTP/AVP 0\r\n";
    struct talk t;

    talk_open(&t, *state);
    json_t *reply = relay_ask_for(
        *state, talk_request(&t, "offer", TALK_A, false, sdp, "media-address=192.0.2.77"), "ok");
    const char *ours = json_string_value(json_object_get(reply, "sdp"));

    assert_non_null(strstr(ours, "\r\nc=IN IP4 192.0.2.77\r\n"));
    assert_null(strstr(ours, "127.0.0.1\r\nt="));
    json_decref(reply);
    talk_close(&t);
}

static void lines_that_a_request_removes_are_refused_on_both_sides(void **state)
{
    static const char sdp[] = HEAD "m=video 5006 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
                                   "m=audio 5004 RTP/AVP 0\r\n";
    struct talk t;

    talk_open(&t, *state);
    t.direction[1] = "wlm"; /* where policy allows video */
    for (unsigned removes = 0; removes < 2; removes++) {
        json_t *reply = relay_ask_for(*state,
                                      talk_request(&t, "offer", TALK_A, false, sdp,
                                                   removes ? "sdp-media-remove=video" : NULL),
                                      "ok");
        const char *ours = json_string_value(json_object_get(reply, "sdp"));

        assert_int_equal(strstr(ours, "m=video 0 ") != NULL, removes);
        assert_null(strstr(ours, "m=audio 0 "));
        json_decref(reply);
    }
    json_t *reply =
        relay_ask_for(*state, talk_request(&t, "answer", TALK_A, true, sdp, NULL), "ok");
    assert_non_null(strstr(json_string_value(json_object_get(reply, "sdp")), "m=video 0 "));
    json_decref(reply);
    talk_close(&t);
}

/* ---- who may speak ----------------------------------------------------------------------------
 */

/* Three parties with 32 lines each are some 80 KB, of which a reply has room for 64. */
static void what_a_reply_cannot_hold_is_told_in_short(void **state)
{
    struct relay *r = *state;
    char id[40], sdp[PHONE_SDP_MAX] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                                      "c=IN IP4 127.0.0.1\r\nt=0 0\r\n";

    relay_new_id(r, id);
    for (unsigned i = 0; i < 32; i++)
        snprintf(sdp + strlen(sdp), sizeof(sdp) - strlen(sdp), "m=audio %u RTP/AVP 0\r\n",
                 40000 + 2 * i);
    for (unsigned i = 0; i < 4; i++) {
        json_t *request = relay_request(i % 2 == 0 ? "offer" : "answer", id);

        json_object_set_new(request, "from-tag", json_string("a"));
        if (i % 2 == 1)
            json_object_set_new(request, "to-tag", json_string(i == 1 ? "b" : "c"));
        json_object_set_new(request, "via-branch", json_string(i < 2 ? "first" : "second"));
        json_object_set_new(request, "direction", json_pack("[ss]", "enterprise", "skype"));
        json_object_set_new(request, "sdp", json_string(sdp));
        json_decref(relay_ask_for(r, request, "ok"));
    }

    json_t *query = relay_query(r, id);
    assert_int_equal(relay_json_int(query, "shortened"), 1);
    assert_string_equal(relay_json_text(query, "tags.a.dialect"), "rfc");
    assert_int_equal(json_array_size(relay_json(query, "tags.a.medias")), 0);
    assert_int_equal(relay_json_int(query, "totals.RTP.packets"), 0);
    json_decref(query);
    query = relay_ask_for(r, relay_request("delete", id), "ok");
    assert_int_equal(relay_json_int(query, "shortened"), 1);
    json_decref(query);
}

static void only_those_on_the_list_may_speak(void **state)
{
    static const char denied[] = "picrelay_control_events_total{event=\"ng_denied\"} ";
    struct relay r;
    struct wire stranger, friend;

    (void)state;
    relay_start(&r, &(struct relay_config){.control = "allow: [127.0.0.1/32, 127.0.0.7/32]"});
    wire_open(&stranger, &r, "127.0.0.8");
    wire_open(&friend, &r, "127.0.0.7");
    wire_send(&stranger, "a d7:command4:pinge", 19);
    wire_ask(&friend, "b d7:command4:pinge", 19); /* behind it, on the same socket */
    assert_false(wire_has_more(&stranger));
    assert_true(relay_metric(&r, denied) == 1);
    wire_close(&stranger);
    wire_close(&friend);
    relay_stop(&r);
}

/* ---- limits -----------------------------------------------------------------------------------
 */

static void beyond_max_calls_an_offer_is_told_the_load_limit(void **state)
{
    static const char text[] = "Parallel session limit reached";
    struct relay r;
    struct talk one, two;
    char sdp[PHONE_SDP_MAX];

    (void)state;
    relay_start(&r, &(struct relay_config){.more = "max_calls: 1"});
    talk_set_up(&one, &r);
    talk_open(&two, &r);
    phone_sdp(sdp, &two.phone[TALK_A], "RTP/AVP", "0", NULL);
    relay_ask_error(&r, talk_request(&two, "offer", TALK_A, false, sdp, NULL), text);
    json_t *request = talk_request(&two, "offer", TALK_A, false, sdp, NULL);
    json_object_set_new(request, "supports", json_pack("[s]", "load limit"));
    json_t *reply = relay_ask_for(&r, request, "load limit");
    assert_string_equal(relay_json_text(reply, "message"), text);
    json_decref(reply);

    talk_offer(&one, TALK_A, NULL, NULL); /* who is up is served */
    talk_answer(&one, TALK_A, NULL, NULL);
    talk_pass(&one, TALK_A);
    json_decref(talk_delete(&one));
    talk_offer(&two, TALK_A, NULL, NULL);
    talk_close(&one);
    talk_close(&two);
    relay_stop(&r);
}

static void without_free_ports_an_offer_fails_until_they_have_rested(void **state)
{
    static const char free_ports[] = "picrelay_ports{interface=\"skype\",state=\"free\"} ";
    struct relay r;
    struct talk talks[2], late;
    char sdp[PHONE_SDP_MAX];

    (void)state;
    relay_start(&r, &(struct relay_config){.skype_ports = "18000-18003", .more = "port_rest_s: 1"});
    for (unsigned i = 0; i < 2; i++)
        talk_set_up(&talks[i], &r);
    talk_open(&late, &r);
    phone_sdp(sdp, &late.phone[TALK_A], "RTP/AVP", "0", NULL);
    relay_ask_error(&r, talk_request(&late, "offer", TALK_A, false, sdp, NULL), "Ran out of ports");
    /* the half that could be had is given back */
    relay_wait_metric(&r, "picrelay_ports{interface=\"enterprise\",state=\"used\"} ", 4);

    json_decref(talk_delete(&talks[0]));
    relay_ask_error(&r, talk_request(&late, "offer", TALK_A, false, sdp, NULL), "Ran out of ports");
    relay_wait_metric(&r, free_ports, 2);
    talk_offer(&late, TALK_A, NULL, NULL);
    talk_answer(&late, TALK_A, NULL, NULL);
    talk_pass(&late, TALK_A);
    talk_pass(&late, TALK_B);
    talk_pass(&talks[1], TALK_A);
    talk_close(&talks[0]);
    talk_close(&talks[1]);
    talk_close(&late);
    relay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_sent_again_is_answered_alike_and_done_once),
        cmocka_unit_test(errors_are_repeated_too),
        cmocka_unit_test(the_same_cookie_of_somebody_else_is_another_request),
        cmocka_unit_test(a_message_that_cannot_be_read_gets_its_error),
        cmocka_unit_test(deep_and_big_messages_are_refused_and_leave_nothing),
        cmocka_unit_test(what_has_no_cookie_is_met_with_silence),
        cmocka_unit_test(a_description_that_cannot_be_used_gets_its_error),
        cmocka_unit_test(very_long_descriptions_are_taken_or_refused_and_never_more),
        cmocka_unit_test(an_offer_that_comes_back_is_not_relayed_twice),
        cmocka_unit_test(the_address_that_a_request_names_stands_in_the_description),
        cmocka_unit_test(lines_that_a_request_removes_are_refused_on_both_sides),
        cmocka_unit_test(what_a_reply_cannot_hold_is_told_in_short),
        cmocka_unit_test(only_those_on_the_list_may_speak),
        cmocka_unit_test(beyond_max_calls_an_offer_is_told_the_load_limit),
        cmocka_unit_test(without_free_ports_an_offer_fails_until_they_have_rested),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
