#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/program/relay.h"

/* NG over TCP: a stream of messages without frames. */

#define N_AT_ONCE 200

static const char ping[] = "d7:command4:pinge";

static int dial(const struct relay *r)
{
    const struct timeval patience = {.tv_sec = RELAY_PATIENCE_US / 1000000};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(r->ng_port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET, r->address, &to.sin_addr), 1);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t n)
{
    assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
}

/* Takes exactly this text from the stream. */
static void hear(int fd, const char *expected)
{
    char text[512];
    size_t n = strlen(expected), at = 0;

    while (at < n) {
        ssize_t k = recv(fd, text + at, n - at, 0);

        assert_true(k > 0);
        at += (size_t)k;
    }
    text[n] = 0;
    assert_string_equal(text, expected);
}

static void be_let_go(int fd)
{
    char bytes[512];
    ssize_t n;

    do {
        n = recv(fd, bytes, sizeof(bytes), 0);
    } while (n > 0); /* an end, or a reset if bytes of ours were unread */
    assert_false(n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
    close(fd);
}

static void messages_may_come_in_one_piece_or_in_many(void **state)
{
    char both[128];
    int fd = dial(*state);
    int n = snprintf(both, sizeof(both), "a1 %sa2 %s", ping, ping);

    say(fd, both, (size_t)n);
    hear(fd, "a1 d6:result4:ponge"
             "a2 d6:result4:ponge");
    for (int i = 0; i < n; i++)
        say(fd, &both[i], 1);
    hear(fd, "a1 d6:result4:ponge"
             "a2 d6:result4:ponge");
    close(fd);
}

static void a_call_is_set_up_by_a_message_larger_than_a_datagram_should_be(void **state)
{
    static char sdp[40000], message[41000], reply[65536];
    size_t n = (size_t)snprintf(sdp, sizeof(sdp),
                                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                                "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n");
    size_t at = 0;
    int fd = dial(*state);

    while (n < 39000)
        n += (size_t)snprintf(sdp + n, sizeof(sdp) - n, "a=x-padding:%080d\r\n", 0);
    int len = snprintf(message, sizeof(message),
                       "big d7:command5:offer7:call-id3:tcp8:from-tag1:a"
                       "9:directionl10:enterprise5:skypee3:sdp%zu:%se",
                       n, sdp);
    say(fd, message, (size_t)len);
    while (!strstr(reply, "6:result2:oke")) {
        ssize_t k = recv(fd, reply + at, sizeof(reply) - 1 - at, 0);

        assert_true(k > 0);
        at += (size_t)k;
    }
    close(fd);
}

static void bytes_whose_end_cannot_be_found_end_the_connection(void **state)
{
    static const struct {
        const char *why, *bytes, *reply;
    } rows[] = {
        {"JSON", "j1 {\"command\":\"ping\"}", "j1 {\"result\":\"pong\"}"},
        {"text", "t1 hello", "t1 d6:result5:error12:error-reason22:Invalid NG data formate"},
        {"a negative length", "n1 d-1:xe",
         "n1 d6:result5:error12:error-reason35:Could not decode bencode dictionarye"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = dial(*state);

        print_message("%s\n", rows[i].why);
        say(fd, rows[i].bytes, strlen(rows[i].bytes));
        hear(fd, rows[i].reply);
        be_let_go(fd);
    }
}

static void a_cookie_without_end_ends_the_connection(void **state)
{
    static char cookie[4096];
    int fd = dial(*state);

    memset(cookie, 'x', sizeof(cookie));
    say(fd, cookie, sizeof(cookie));
    be_let_go(fd);
}

static void a_message_without_end_does_not_grow_without_end(void **state)
{
    static char bytes[65536];
    int fd = dial(*state);

    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes, "m1 d3:sdp99000:", 15);
    for (int i = 0; i < 8; i++) {
        if (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) < 0)
            break;
    }
    be_let_go(fd);
}

static void who_takes_no_replies_is_waited_for_and_nobody_else(void **state)
{
    static char flood[19 * 1000];
    struct relay *r = *state;
    size_t n = 0, sent = 0;
    int deaf = dial(r), other = dial(r);

    for (int i = 0; i < 900; i++)
        n += (size_t)snprintf(flood + n, sizeof(flood) - n, "c %s", ping);
    for (ssize_t k; (k = send(deaf, flood, n, MSG_NOSIGNAL | MSG_DONTWAIT)) == (ssize_t)n;) {
        sent += (size_t)k;
        assert_true(sent < (256u << 20)); /* it is not read from for ever */
        say(other, "o1 d7:command4:pinge", 20);
        hear(other, "o1 d6:result4:ponge");
    }
    say(other, "o2 d7:command4:pinge", 20);
    hear(other, "o2 d6:result4:ponge");
    close(deaf);
    close(other);
}

static void too_many_connections_are_refused_and_the_old_ones_stay(void **state)
{
    int fd[66];

    for (size_t i = 0; i < 66; i++)
        fd[i] = dial(*state);
    be_let_go(fd[65]);
    say(fd[0], "z1 d7:command4:pinge", 20);
    hear(fd[0], "z1 d6:result4:ponge");
    for (size_t i = 0; i < 65; i++)
        close(fd[i]);
}

/* Connected by the kernel alone, as the relay stands still: where the queue is full it drops the
 * SYN, and no further one gets through. */
static void many_may_connect_at_once_without_waiting(void **state)
{
    struct relay *r = *state;
    int fd[N_AT_ONCE];

    process_signal(r->process, SIGSTOP);
    for (size_t i = 0; i < N_AT_ONCE; i++)
        fd[i] = dial(r);
    process_signal(r->process, SIGCONT);
    say(fd[0], "s1 d7:command4:pinge", 20);
    hear(fd[0], "s1 d6:result4:ponge");
    be_let_go(fd[N_AT_ONCE - 1]);
    for (size_t i = 0; i < N_AT_ONCE - 1; i++)
        close(fd[i]);
}

static void strangers_are_let_go_at_once(void **state)
{
    static const char denied[] = "picrelay_control_events_total{event=\"ng_denied\"} ";
    struct relay r;

    (void)state;
    relay_start(&r, &(struct relay_config){.has_tcp = true, .control = "allow: [127.0.0.7/32]"});
    be_let_go(dial(&r));
    relay_wait_metric(&r, denied, 1);
    relay_stop(&r);
}

static int start(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.has_tcp = true});
    *state = &relay;
    return 0;
}

static int stop(void **state)
{
    relay_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_may_come_in_one_piece_or_in_many),
        cmocka_unit_test(a_call_is_set_up_by_a_message_larger_than_a_datagram_should_be),
        cmocka_unit_test(bytes_whose_end_cannot_be_found_end_the_connection),
        cmocka_unit_test(a_cookie_without_end_ends_the_connection),
        cmocka_unit_test(a_message_without_end_does_not_grow_without_end),
        cmocka_unit_test(who_takes_no_replies_is_waited_for_and_nobody_else),
        cmocka_unit_test(too_many_connections_are_refused_and_the_old_ones_stay),
        cmocka_unit_test(many_may_connect_at_once_without_waiting),
        cmocka_unit_test(strangers_are_let_go_at_once),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
