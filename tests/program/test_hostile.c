#include "tests/program/talk.h"
#include "tests/program/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Floods of the control side, with a call up that nobody must hear of them. */

#define N_MESSAGES  60000
#define N_IN_FLIGHT 32   /* what the socket's buffer surely holds */
#define N_PER_PASS  2000 /* messages between two packets of the call */
#define N_LORIS     40   /* more than twice of what the listener serves at once */
#define MESSAGE_MAX 9000

/* What stays is the cache of answers: some 200 bytes each. */
#define GROWTH_KIB (32 * 1024)

static uint32_t next(uint32_t *seed, uint32_t below)
{
    *seed ^= *seed << 13; /* xorshift, Marsaglia 2003 */
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}

/* ---- messages ---------------------------------------------------------------------------------
 */

/* Lines that descriptions have, and some that they should not. */
static const char *const lines[] = {
    "m=audio 5004 RTP/AVP 0 8 96\\r\\n",
    "m=video 5006 RTP/SAVP 34\\r\\n",
    "a=rtpmap:96 opus/48000/2\\r\\n",
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\\r\\n",
    "a=candidate:1 1 UDP 2130706431 127.0.0.1 5004 typ host\\r\\n",
    "a=ice-ufrag:abcd\\r\\na=ice-pwd:abcdefghijklmnopqrstuv\\r\\n",
    "a=fmtp:96 maxaveragebitrate=99999999999\\r\\n",
    "c=IN IP4 0.0.0.0\\r\\n",
    "c=IN IP6 ::\\r\\n",
    "a=x-ssrc-range:1-4294967295\\r\\n",
    "b=AS:1\\r\\n",
    "m=audio 99999 RTP/AVP 300\\r\\n",
    "\\u0000\\r\\n",
};

static size_t write_offer(char *m, size_t cap, unsigned i, uint32_t *seed)
{
    size_t n = (size_t)snprintf(m, cap,
                                "h%u {\"command\":\"offer\",\"call-id\":\"evil-%u\",\"from-tag\":"
                                "\"a\",\"provider\":\"icq\",\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 "
                                "127.0.0.1\\r\\ns=-\\r\\nc=IN IP4 127.0.0.1\\r\\nt=0 0\\r\\n",
                                i, i);

    for (uint32_t k = next(seed, 64); k && n + 256 < cap; k--)
        n += (size_t)snprintf(m + n, cap - n, "%s",
                              lines[next(seed, sizeof(lines) / sizeof(lines[0]))]);
    return n + (size_t)snprintf(m + n, cap - n, "\"}");
}

/* An offer, an offer with some bytes changed or cut, or nothing but bytes behind a cookie. */
static size_t write_message(char *m, size_t cap, unsigned i, uint32_t *seed)
{
    size_t n = write_offer(m, cap, i, seed);
    const size_t n_cookie = strcspn(m, " ") + 1;

    switch (i % 4) {
    case 1:
        for (uint32_t k = 1 + next(seed, 8); k; k--)
            m[n_cookie + next(seed, (uint32_t)(n - n_cookie))] = (char)next(seed, 256);
        return n;
    case 2:
        return n_cookie + next(seed, (uint32_t)(n - n_cookie));
    case 3:
        for (size_t k = n_cookie; k < n; k++)
            m[k] = (char)next(seed, 256);
        return n;
    default:
        return n;
    }
}

/* Waits until all that was sent before has been dealt with. */
static void drain(struct wire *w, unsigned i)
{
    char ping[64], pong[64];
    const int n = snprintf(ping, sizeof(ping), "p%u d7:command4:pinge", i);

    snprintf(pong, sizeof(pong), "p%u ", i);
    wire_send(w, ping, (size_t)n);
    do {
        wire_receive(w);
    } while (strncmp(w->reply, pong, strlen(pong)) != 0);
}

/* Every seventh is from an address that may not speak at all. */
static void send_hostile(const struct wire *friend, const struct wire *stranger, unsigned i,
                         uint32_t *seed)
{
    char message[MESSAGE_MAX];
    const size_t n = write_message(message, sizeof(message), i, seed);

    wire_send(i % 7 ? friend : stranger, message, n);
}

static void sixty_thousand_hostile_messages_cost_no_packet_and_no_memory(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct wire friend, stranger;
    uint32_t seed = 20131007;
    struct relay r;

    (void)state;
    relay_start(&r, &(struct relay_config){.control = "allow: [127.0.0.1]"});
    talk_set_up(t, &r);
    wire_open(&friend, &r, NULL);
    wire_open(&stranger, &r, "127.0.0.77");
    const unsigned long before = process_memory_kib(r.process, "VmRSS");
    for (unsigned i = 0; i < N_MESSAGES; i++) {
        send_hostile(&friend, &stranger, i, &seed);
        if (i % N_IN_FLIGHT == N_IN_FLIGHT - 1)
            drain(&friend, i);
        if (i % N_PER_PASS == 0) {
            talk_pass(t, TALK_A);
            talk_pass(t, TALK_B);
        }
    }
    const unsigned long after = process_memory_kib(r.process, "VmRSS");
    print_message("resident: %lu KiB before, %lu KiB after\n", before, after);
    if (!RELAY_IS_SANITIZED)
        assert_true(after < before + GROWTH_KIB);
    assert_true(relay_metric(&r, "picrelay_calls ") == 1);
    assert_int_equal(t->phone[TALK_A].n_gaps + t->phone[TALK_B].n_gaps, 0);
    assert_true(relay_metric(&r, "picrelay_control_events_total{event=\"ng_denied\"} ") > 8000);
    wire_close(&friend);
    wire_close(&stranger);
    talk_close(t);
    relay_stop(&r);
    free(t);
}

/* ---- HTTP -------------------------------------------------------------------------------------
 */

static int connect_http(const struct relay *r)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(r->http_port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET, r->address, &in.sin_addr), 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* A byte of a request that never ends, from each; who was thrown out comes again. */
struct loris {
    const struct relay *relay;
    int fds[N_LORIS];
};

static void trickle_h(uint64_t n, void *arg)
{
    struct loris *l = arg;

    (void)n;
    for (unsigned i = 0; i < N_LORIS; i++) {
        if (send(l->fds[i], "G", 1, MSG_NOSIGNAL) >= 0)
            continue;
        close(l->fds[i]);
        l->fds[i] = connect_http(l->relay);
    }
}

static void connections_that_trickle_keep_no_call_waiting(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct loop_timer *timer;
    struct loris l;
    struct relay r;

    (void)state;
    relay_start(&r, NULL);
    l.relay = &r;
    for (unsigned i = 0; i < N_LORIS; i++)
        l.fds[i] = connect_http(&r);
    assert_int_equal(loop_timer_alloc(&timer, r.loop, trickle_h, &l), 0);
    loop_timer_start(timer, loop_now_us(), 50000);
    for (unsigned i = 0; i < 20; i++) {
        talk_set_up(t, &r);
        talk_pass(t, TALK_A);
        talk_close(t);
    }
    loop_timer_free(timer);
    for (unsigned i = 0; i < N_LORIS; i++)
        close(l.fds[i]);
    /* who asks behind them is answered */
    assert_true(relay_metric(&r, "picrelay_calls ") == 0);
    relay_stop(&r);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixty_thousand_hostile_messages_cost_no_packet_and_no_memory),
        cmocka_unit_test(connections_that_trickle_keep_no_call_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
