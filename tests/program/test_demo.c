#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/peer/peer.h"
#include "tests/program/relay.h"

/* The demo page's requests, from a page and from others. That the page itself works is shown with
 * Chromium: tests/interop/test_chromium.c. */

#define REPLY_MAX 131072

static const char *own_origin(const struct relay *r)
{
    static char origin[64];

    snprintf(origin, sizeof(origin), "Origin: http://%s\r\n", r->http_address);
    return origin;
}

/* @return status; the body in reply */
static int ask(const struct relay *r, const char *method, const char *path, const char *header,
               const char *body, char reply[static REPLY_MAX])
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(r->http_port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char head[512];
    size_t n = 0;
    ssize_t got;

    inet_pton(AF_INET, r->address, &in.sin_addr);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    int len =
        snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n\r\n",
                 method, path, r->http_address, header, strlen(body));
    assert_int_equal(send(fd, head, (size_t)len, MSG_NOSIGNAL), len);
    assert_int_equal(send(fd, body, strlen(body), MSG_NOSIGNAL), strlen(body));
    while ((got = recv(fd, reply + n, REPLY_MAX - 1 - n, 0)) > 0)
        n += (size_t)got;
    reply[n] = 0;
    close(fd);
    int status = (int)strtol(reply + strlen("HTTP/1.1 "), NULL, 10);
    char *at = strstr(reply, "\r\n\r\n");
    assert_non_null(at);
    memmove(reply, at + 4, strlen(at + 4) + 1);
    return status;
}

static json_t *ask_json(const struct relay *r, const char *path, json_t *body, int status)
{
    static char reply[REPLY_MAX];
    char *text = json_dumps(body, 0);

    int got = ask(r, "POST", path, own_origin(r), text, reply);
    if (got != status)
        print_error("%s: %d %s\n", path, got, reply);
    assert_int_equal(got, status);
    free(text);
    json_decref(body);
    json_t *json = json_loads(reply, 0, NULL);
    assert_non_null(json);
    return json;
}

static void it_is_not_there_unless_it_is_asked_for(void **state)
{
    static char reply[REPLY_MAX];
    struct relay r = {0};

    (void)state;
    relay_start(&r, NULL);
    assert_int_equal(ask(&r, "GET", "/demo/", "", "", reply), 404);
    assert_int_equal(ask(&r, "POST", "/demo/offer", own_origin(&r), "{\"sdp\":\"\"}", reply), 404);
    relay_stop(&r);
}

static void the_page_is_served(void **state)
{
    static char reply[REPLY_MAX];

    assert_int_equal(ask(*state, "GET", "/demo/", "", "", reply), 200);
    assert_non_null(strstr(reply, "</html>"));
}

static void other_pages_and_other_names_of_ours_are_refused(void **state)
{
    static const char *const headers[] = {
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: https://127.0.0.1\r\n",
    };
    static char reply[REPLY_MAX];

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        assert_int_equal(ask(*state, "POST", "/demo/offer", headers[i], "{\"sdp\":\"\"}", reply),
                         403);
}

static void what_makes_no_sense_is_an_error_and_no_call(void **state)
{
    static const struct {
        const char *path, *body;
        int status;
    } rows[] = {
        {"/demo/offer", "", 400},
        {"/demo/offer", "[]", 400},
        {"/demo/offer", "{}", 400},
        {"/demo/offer", "{\"sdp\":7}", 400},
        {"/demo/offer", "{\"sdp\":\"a\",\"sdp\":\"b\"}", 400},
        {"/demo/offer", "{\"sdp\":\"no SDP\"}", 200}, /* the relay's own error is in it */
        {"/demo/answer", "{\"sdp\":\"v=0\"}", 404},
        {"/demo/answer", "{\"call-id\":\"demo-1\",\"sdp\":\"v=0\"}", 404},
        {"/demo/end", "{\"call-id\":{}}", 404},
    };
    static char reply[REPLY_MAX];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("    %s %s\n", rows[i].path, rows[i].body);
        assert_int_equal(ask(*state, "POST", rows[i].path, own_origin(*state), rows[i].body, reply),
                         rows[i].status);
        assert_non_null(strstr(reply, "error"));
    }
    assert_true(relay_metric(*state, "picrelay_calls ") == 0);
}

static struct peer *open_peer(const struct relay *r)
{
    struct peer_config cfg = {.loop = r->loop,
                              .dialect = PEER_RFC,
                              .keys = PEER_KEYS_DTLS,
                              .codecs = "opus,telephone-event"};
    struct peer *p;

    assert_int_equal(peer_alloc(&p, &cfg), 0);
    return p;
}

static bool both_hear(void *arg)
{
    struct peer *const *p = arg;

    return peer_hears(p[0]) && peer_hears(p[1]);
}

static void two_ends_talk_and_hang_up(void **state)
{
    const struct relay *r = *state;
    struct peer *p[2] = {open_peer(r), open_peer(r)};
    char sdp[PEER_SDP_MAX];

    assert_int_equal(peer_offer(p[0], sdp, sizeof(sdp)), 0);
    json_t *offer = ask_json(r, "/demo/offer", json_pack("{s:s}", "sdp", sdp), 200);
    const char *id = relay_json_text(offer, "call-id"), *told = relay_json_text(offer, "sdp");
    assert_int_equal(peer_answer(p[1], told, strlen(told), sdp, sizeof(sdp)), 0);
    json_t *answer =
        ask_json(r, "/demo/answer", json_pack("{s:s, s:s}", "call-id", id, "sdp", sdp), 200);
    told = relay_json_text(answer, "sdp");
    assert_int_equal(peer_take_answer(p[0], told, strlen(told)), 0);
    relay_wait(r, both_hear, p, "both to hear the other");
    json_decref(ask_json(r, "/demo/end", json_pack("{s:s}", "call-id", id), 200));
    json_decref(ask_json(r, "/demo/end", json_pack("{s:s}", "call-id", id), 404));
    assert_true(relay_metric(r, "picrelay_calls ") == 0);
    json_decref(offer);
    json_decref(answer);
    peer_free(p[0]);
    peer_free(p[1]);
}

static void there_are_only_so_many_calls(void **state)
{
    const struct relay *r = *state;
    char id[8][40], sdp[PEER_SDP_MAX];
    unsigned n = 0;
    struct peer *p = open_peer(r);

    assert_int_equal(peer_offer(p, sdp, sizeof(sdp)), 0);
    for (; n < 4; n++) {
        json_t *offer = ask_json(r, "/demo/offer", json_pack("{s:s}", "sdp", sdp), 200);

        snprintf(id[n], sizeof(id[n]), "%s", relay_json_text(offer, "call-id"));
        json_decref(offer);
    }
    json_decref(ask_json(r, "/demo/offer", json_pack("{s:s}", "sdp", sdp), 503));
    while (n-- > 0)
        json_decref(ask_json(r, "/demo/end", json_pack("{s:s}", "call-id", id[n]), 200));
    peer_free(p);
}

static int setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.more = "demo: yes\n"});
    *state = &relay;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_not_there_unless_it_is_asked_for),
        cmocka_unit_test(the_page_is_served),
        cmocka_unit_test(other_pages_and_other_names_of_ours_are_refused),
        cmocka_unit_test(what_makes_no_sense_is_an_error_and_no_call),
        cmocka_unit_test(two_ends_talk_and_hang_up),
        cmocka_unit_test(there_are_only_so_many_calls),
    };

    return cmocka_run_group_tests(tests, setup, relay_teardown);
}
