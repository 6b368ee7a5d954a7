#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>

/* Offers within a call that cannot be carried out: RFC 3261 s.14.1, the session stays as it was. */

/* A line of SRTP, and no suite that may be offered for it. */
#define SRTP_LINE "m=audio 40002 RTP/SAVP 0\r\n"
#define FAILING   "SDES-off"
#define REFUSAL   "No SRTP suite is left to offer"

static struct talk the_talk;
static struct phone elsewhere;

static int put_away(void **state)
{
    (void)state;
    phone_close(&elsewhere);
    talk_close(&the_talk);
    return 0;
}

static void fail_to_offer(struct talk *t, unsigned from, const char *to_tag, const char *sdp)
{
    json_t *request = talk_request(t, "offer", from, to_tag == NULL, sdp, FAILING);

    if (to_tag)
        json_object_set_new(request, "to-tag", json_string(to_tag));
    relay_ask_error(t->relay, request, REFUSAL);
}

/* The 200 that a proxy saw before the offer may reach the relay after it. */
static void after_a_failed_offer_the_answer_is_to_the_one_before(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX];

    talk_set_up(t, *state);
    phone_open(&elsewhere, t->relay->loop, "127.0.0.99");
    fail_to_offer(t, TALK_A, NULL, phone_sdp(sdp, &elsewhere, "RTP/SAVP", "0", "a=inactive\r\n"));
    talk_answer(t, TALK_A, NULL, NULL);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    assert_int_equal(elsewhere.n_heard[PHONE_RTP], 0);
}

/* Seconds since 1970, counted back from now: the last digit may differ. */
static void forget_times(json_t *node)
{
    const char *key;
    json_t *member;
    size_t i;

    json_object_del(node, "last packet");
    json_object_del(node, "last user packet");
    json_object_foreach(node, key, member) forget_times(member);
    json_array_foreach(node, i, member) forget_times(member);
}

/* What the relay knows of both parties: descriptions, dialects, lines, counts. */
static char *standing(const struct talk *t)
{
    json_t *query = relay_query(t->relay, t->id);
    json_t *tags = relay_json(query, "tags");
    char *text;

    forget_times(tags);
    text = json_dumps(tags, JSON_SORT_KEYS | JSON_INDENT(1));
    assert_non_null(text);
    json_decref(query);
    return text;
}

static void a_failed_offer_leaves_no_trace_in_the_call(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX], two_lines[PHONE_SDP_MAX + 64];

    talk_set_up(t, *state);
    phone_open(&elsewhere, t->relay->loop, "127.0.0.99");
    snprintf(
        two_lines, sizeof(two_lines), "%s" SRTP_LINE,
        phone_sdp(sdp, &elsewhere, "RTP/AVP", "8 0",
                  "a=x-ssrc-range:1-1\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
                  "a=candidate:1 1 UDP 1 127.0.0.99 40000 typ host\r\n"));
    char *before = standing(t);

    fail_to_offer(t, TALK_A, NULL, two_lines);
    fail_to_offer(t, TALK_B, NULL, two_lines);
    fail_to_offer(t, TALK_A, "a new branch", two_lines);
    char *after = standing(t);
    size_t same = 0;
    while (before[same] && before[same] == after[same])
        same++;
    if (before[same] || after[same])
        fail_msg("\"%.200s\" has become \"%.200s\"", before + same, after + same);
    free(after);
    free(before);
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

static void failed_offers_use_no_ports_up(void **state)
{
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX], more[PHONE_SDP_MAX + 640];
    size_t n;

    talk_set_up(t, *state);
    phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL);
    n = (size_t)snprintf(more, sizeof(more), "%s", sdp);
    for (unsigned i = 0; i < 10; i++)
        n += (size_t)snprintf(more + n, sizeof(more) - n, "m=audio 40000 RTP/AVP 0\r\n");
    snprintf(more + n, sizeof(more) - n, SRTP_LINE);
    for (unsigned i = 0; i < 20; i++)
        fail_to_offer(t, TALK_A, NULL, more);
    relay_wait_metric(t->relay, "picrelay_streams ", 2);
    talk_pass(t, TALK_A);
}

#define CASE(test) cmocka_unit_test_teardown(test, put_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(after_a_failed_offer_the_answer_is_to_the_one_before),
        CASE(a_failed_offer_leaves_no_trace_in_the_call),
        CASE(failed_offers_use_no_ports_up),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
