#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/ng/bencode.h"
#include "bench/ng/client.h"

/* The client against a relay that says what a test wants: it must not believe too much. */

#define DEADLINE_US 20000000
#define REQUESTS    3

struct bench {
    struct loop *loop;
    struct loop_watch *watch;
    struct ng_client *client;
    int fd;
    struct sockaddr_in from;
    char datagrams[8][512]; /* as they came */
    unsigned n_datagrams;
    struct outcome {
        struct bench *bench;
        int err;
        char result[32];
    } outcomes[REQUESTS];
    unsigned n_replies;
};

static void relay_h(int fd, void *arg)
{
    struct bench *b = arg;
    socklen_t n = sizeof(b->from);
    char *to = b->datagrams[b->n_datagrams % 8];
    ssize_t length =
        recvfrom(fd, to, sizeof(b->datagrams[0]) - 1, 0, (struct sockaddr *)&b->from, &n);

    if (length < 0)
        return;
    to[length] = 0;
    b->n_datagrams++;
}

static int setup(void **state)
{
    static struct bench b;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(any);
    char address[32];

    memset(&b, 0, sizeof(b));
    *state = &b;
    b.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (b.fd < 0 || bind(b.fd, (struct sockaddr *)&any, n) != 0 ||
        getsockname(b.fd, (struct sockaddr *)&any, &n) != 0)
        return -1;
    snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(any.sin_port));
    return loop_alloc(&b.loop) || loop_watch_alloc(&b.watch, b.loop, b.fd, relay_h, &b) ||
           ng_client_alloc(&b.client, b.loop, address, NG_BENCODE);
}

static int teardown(void **state)
{
    struct bench *b = *state;

    ng_client_free(b->client);
    loop_watch_free(b->watch);
    loop_free(b->loop);
    close(b->fd);
    return 0;
}

static void answer(struct bench *b, const char *cookie, const char *body)
{
    char datagram[512];
    int n = snprintf(datagram, sizeof(datagram), "%s %s", cookie, body);

    assert_int_equal(
        sendto(b->fd, datagram, (size_t)n, 0, (struct sockaddr *)&b->from, sizeof(b->from)), n);
}

static void cookie_of(char cookie[static 64], const char *datagram)
{
    size_t n = strcspn(datagram, " ");

    assert_true(n > 0 && n < 34); /* as long as Kamailio's at the most */
    memcpy(cookie, datagram, n);
    cookie[n] = 0;
}

static void reply_h(int err, json_t *reply, void *arg)
{
    struct outcome *o = arg;
    const char *result = json_string_value(json_object_get(reply, "result"));

    o->err = err;
    snprintf(o->result, sizeof(o->result), "%s", result ? result : "");
    o->bench->n_replies++;
}

static void send_pings(struct bench *b, unsigned n)
{
    json_t *ping = json_pack("{s:s}", "command", "ping");

    for (unsigned i = 0; i < n; i++) {
        b->outcomes[i].bench = b;
        assert_int_equal(ng_client_send(b->client, ping, reply_h, &b->outcomes[i]), 0);
    }
    json_decref(ping);
}

static bool one_came(void *arg)
{
    return ((struct bench *)arg)->n_datagrams >= 1;
}

static bool two_came(void *arg)
{
    return ((struct bench *)arg)->n_datagrams >= 2;
}

static bool all_came(void *arg)
{
    return ((struct bench *)arg)->n_datagrams >= REQUESTS;
}

static bool one_replied(void *arg)
{
    return ((struct bench *)arg)->n_replies >= 1;
}

static bool all_replied(void *arg)
{
    return ((struct bench *)arg)->n_replies >= REQUESTS;
}

static void wait_for(struct bench *b, bool (*done)(void *arg))
{
    assert_int_equal(loop_run(b->loop, done, b, loop_now_us() + DEADLINE_US), 0);
}

static void request_is_cookie_space_dictionary(void **state)
{
    struct bench *b = *state;
    char cookie[64];

    send_pings(b, 1);
    wait_for(b, one_came);
    cookie_of(cookie, b->datagrams[0]);
    assert_string_equal(b->datagrams[0] + strlen(cookie), " d7:command4:pinge");
    answer(b, cookie, "d6:result4:ponge");
    wait_for(b, one_replied);
    assert_int_equal(b->outcomes[0].err, 0);
    assert_string_equal(b->outcomes[0].result, "pong");
}

static void replies_in_any_order_find_their_requests(void **state)
{
    static const char *const bodies[] = {"d6:result1:0e", "d6:result1:1e", "d6:result1:2e"};
    struct bench *b = *state;
    char cookie[64];

    send_pings(b, REQUESTS);
    wait_for(b, all_came);
    for (unsigned i = REQUESTS; i-- > 0;) {
        cookie_of(cookie, b->datagrams[i]);
        answer(b, cookie, bodies[i]);
    }
    wait_for(b, all_replied);
    assert_string_equal(b->outcomes[0].result, "0");
    assert_string_equal(b->outcomes[1].result, "1");
    assert_string_equal(b->outcomes[2].result, "2");
}

static void unanswered_request_is_sent_again_unchanged(void **state)
{
    struct bench *b = *state;
    char cookie[64];

    send_pings(b, 1);
    wait_for(b, two_came);
    assert_string_equal(b->datagrams[0], b->datagrams[1]);
    cookie_of(cookie, b->datagrams[0]);
    answer(b, cookie, "d6:result2:oke");
    wait_for(b, one_replied);
    assert_int_equal(ng_client_stats(b->client)->retries, 1);
}

static void foreign_replies_are_counted_and_ignored(void **state)
{
    struct bench *b = *state;
    char cookie[64];

    send_pings(b, 1);
    wait_for(b, one_came);
    answer(b, "1_2_3", "d6:result2:oke");
    answer(b, "nothing", "");
    cookie_of(cookie, b->datagrams[0]);
    answer(b, cookie, "d6:result4:ponge");
    wait_for(b, one_replied);
    assert_string_equal(b->outcomes[0].result, "pong");
    assert_int_equal(ng_client_stats(b->client)->unmatched, 2);
}

static void unreadable_reply_is_an_error(void **state)
{
    struct bench *b = *state;
    char cookie[64];

    send_pings(b, 1);
    wait_for(b, one_came);
    cookie_of(cookie, b->datagrams[0]);
    answer(b, cookie, "d6:result9:pong");
    wait_for(b, one_replied);
    assert_int_equal(b->outcomes[0].err, EBADMSG);
}

static void bencode_is_read_and_written_back(void **state)
{
    static const char *const bodies[] = {
        "d7:command4:pinge",
        "d8:supportsl10:load limite7:call-id14:a84b4c76e667108:from-tag10:19283017746:deletei0ee",
        "d6:totalsd3:RTPd7:packetsi1500e5:bytesi258000eeee",
        "d7:createdi-1700000000e4:listlleee",
        "0:",
    };
    char written[256];

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        json_t *value = ng_bencode_read(bodies[i], strlen(bodies[i]));

        assert_non_null(value);
        assert_int_equal(ng_bencode_write(written, sizeof(written), value), strlen(bodies[i]));
        assert_memory_equal(written, bodies[i], strlen(bodies[i]));
        assert_int_equal(ng_bencode_write(written, strlen(bodies[i]) - 1, value), -ENOSPC);
        json_decref(value);
    }
}

static void malformed_bencode_is_refused(void **state)
{
    static const struct {
        const char *why, *body;
    } rows[] = {
        {"empty", ""},
        {"string past the end", "5:ping"},
        {"length that does not fit", "99999999999999999999:a"},
        {"negative length", "-1:a"},
        {"integer without digits", "ie"},
        {"integer without end", "i42"},
        {"list without end", "l4:ping"},
        {"dictionary without end", "d7:command4:ping"},
        {"key without value", "d7:commande"},
        {"key that is no string", "di1e4:pinge"},
        {"rest behind it", "d7:command4:pingex"},
        {"too deep", "llllllllllllllllllllllllllllllllllllllllleeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (ng_bencode_read(rows[i].body, strlen(rows[i].body)))
            fail_msg("%s: not refused", rows[i].why);
}

static void flags_of_a_script_become_keys(void **state)
{
    static const struct {
        const char *flags, *json;
    } rows[] = {
        {"ICE=force RTP/SAVP", "{\"ICE\":\"force\",\"transport-protocol\":\"RTP/SAVP\"}"},
        {"codec-transcode-opus transcode-PCMA codec-strip-all",
         "{\"codec\":{\"transcode\":[\"opus\",\"PCMA\"],\"strip\":[\"all\"]}}"},
        {"replace-origin SDES-off rtcp-mux-offer trust-address",
         "{\"replace\":[\"origin\"],\"SDES\":[\"off\"],\"rtcp-mux\":[\"offer\"],"
         "\"flags\":[\"trust-address\"]}"},
        {"", "{}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *request = json_object(), *wanted = json_loads(rows[i].json, 0, NULL);

        assert_int_equal(ng_put_script_flags(request, rows[i].flags), 0);
        if (!json_equal(request, wanted))
            fail_msg("%s", rows[i].flags);
        json_decref(request);
        json_decref(wanted);
    }
}

static void addresses_that_are_none_are_refused(void **state)
{
    static const char *const addresses[] = {
        "",          "127.0.0.1",      "127.0.0.1:",     ":2223", "127.0.0.1:70000",
        "[::1:2223", "localhost:2223", "127.0.0.1:2223x"};
    struct bench *b = *state;
    struct ng_client *c;

    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        assert_int_equal(ng_client_alloc(&c, b->loop, addresses[i], NG_BENCODE), EINVAL);
    assert_int_equal(ng_client_alloc(&c, b->loop, "[::1]:2223", NG_JSON), 0);
    ng_client_free(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(request_is_cookie_space_dictionary),
        TEST(replies_in_any_order_find_their_requests),
        TEST(unanswered_request_is_sent_again_unchanged),
        TEST(foreign_replies_are_counted_and_ignored),
        TEST(unreadable_reply_is_an_error),
        cmocka_unit_test(bencode_is_read_and_written_back),
        cmocka_unit_test(malformed_bencode_is_refused),
        cmocka_unit_test(flags_of_a_script_become_keys),
        TEST(addresses_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
