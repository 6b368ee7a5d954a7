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

#include "bench/peer/call.h"
#include "bench/ng/bencode.h"
#include "bench/sound/wav.h"

/* Whole calls against a relay that hands each SDP on as it is, so that what these tests see is the
 * judgement of the peers alone. */

#define SAID_S      2
#define REQUEST_MAX 8

struct relay {
    struct loop *loop;
    struct loop_watch *watch;
    struct ng_client *client;
    int fd;
    bool is_refusing;
    json_t *requests[REQUEST_MAX];
    unsigned n_requests;
    struct sound says[2], brief[2], none;
};

static json_t *relay_answer(struct relay *r, json_t *request)
{
    json_t *sdp = json_object_get(request, "sdp");

    if (sdp && r->is_refusing)
        return json_pack("{s:s, s:s}", "result", "error", "error-reason", "Ran out of ports");
    return sdp ? json_pack("{s:O, s:s}", "sdp", sdp, "result", "ok")
               : json_pack("{s:s}", "result", "ok");
}

static void relay_h(int fd, void *arg)
{
    struct relay *r = arg;
    static char datagram[65536];
    struct sockaddr_in from;
    socklen_t n_from = sizeof(from);
    ssize_t n = recvfrom(fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&from, &n_from);
    char *space = n > 0 ? memchr(datagram, ' ', (size_t)n) : NULL;

    if (!space || r->n_requests == REQUEST_MAX)
        return;
    json_t *request = ng_bencode_read(space + 1, (size_t)(datagram + n - space - 1));
    json_t *reply = relay_answer(r, request);
    long n_body =
        ng_bencode_write(space + 1, sizeof(datagram) - (size_t)(space + 1 - datagram), reply);

    (void)sendto(fd, datagram, (size_t)(space + 1 - datagram) + (size_t)n_body, 0,
                 (struct sockaddr *)&from, n_from);
    json_decref(reply);
    r->requests[r->n_requests++] = request;
}

static int relay_open(struct relay *r)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(any);
    char address[32];

    r->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (r->fd < 0 || bind(r->fd, (struct sockaddr *)&any, n) != 0 ||
        getsockname(r->fd, (struct sockaddr *)&any, &n) != 0)
        return -1;
    snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(any.sin_port));
    return loop_watch_alloc(&r->watch, r->loop, r->fd, relay_h, r) ||
           ng_client_alloc(&r->client, r->loop, address, NG_BENCODE);
}

static int setup(void **state)
{
    static struct relay r;
    static const char *const files[] = {PICRELAY_VECTORS "/speech_a.wav",
                                        PICRELAY_VECTORS "/speech_b.wav"};

    memset(&r, 0, sizeof(r));
    *state = &r;
    for (unsigned i = 0; i < 2; i++) {
        if (wav_read(&r.says[i], files[i]) != 0)
            return -1;
        r.says[i].n_samples = SAID_S * r.says[i].rate_hz;
        r.brief[i] = r.says[i];
        r.brief[i].n_samples /= 2;
    }
    r.none.rate_hz = 16000;
    return loop_alloc(&r.loop) || relay_open(&r);
}

static int teardown(void **state)
{
    struct relay *r = *state;

    for (unsigned i = 0; i < r->n_requests; i++)
        json_decref(r->requests[i]);
    ng_client_free(r->client);
    loop_watch_free(r->watch);
    loop_free(r->loop);
    close(r->fd);
    sound_wipe(&r->says[0]);
    sound_wipe(&r->says[1]);
    return 0;
}

/* Places a call in which the peers say these sounds but should have said the right ones. */
static int place(struct relay *r, const struct sound *a, const struct sound *b,
                 struct call_account *account, char problem[static 256])
{
    struct call_config cfg = {
        .loop = r->loop,
        .ng = r->client,
        .peer = {{.dialect = PEER_RFC, .codecs = "PCMU,telephone-event", .says = a},
                 {.dialect = PEER_RFC, .codecs = "PCMU,telephone-event", .says = b}},
        .expected = {&r->says[CALL_B], &r->says[CALL_A]},
        .direction = "enterprise,skype",
        .provider = "skype",
    };
    json_t *query = NULL;
    struct call *c;

    assert_int_equal(call_alloc(&c, &cfg), 0);
    int err = call_run(c, account, &query);
    snprintf(problem, 256, "%s", call_problem(c));
    json_decref(query);
    call_free(c);
    return err;
}

static void call_in_which_both_hear_the_other_passes(void **state)
{
    struct relay *r = *state;
    struct call_account account;
    char problem[256];

    assert_int_equal(place(r, &r->says[0], &r->says[1], &account, problem), 0);
    assert_string_equal(problem, "");
    assert_true(account.is_pass);
    assert_string_equal(account.heard[CALL_A].heard_codec, "PCMU/8000");
    assert_int_equal(account.heard[CALL_A].received, account.heard[CALL_A].sent);
    assert_true(account.connect_us[CALL_A] > 0 && account.connect_us[CALL_B] > 0);
}

static void relay_is_told_as_by_a_proxy(void **state)
{
    static const char *const commands[] = {"offer", "answer", "query", "delete"};
    struct relay *r = *state;
    struct call_account account;
    char problem[256];

    assert_int_equal(place(r, &r->brief[0], &r->brief[1], &account, problem), 0);
    assert_int_equal(r->n_requests, 4);
    for (unsigned i = 0; i < 4; i++) {
        const json_t *q = r->requests[i];

        assert_string_equal(json_string_value(json_object_get(q, "command")), commands[i]);
        assert_true(
            json_equal(json_object_get(q, "call-id"), json_object_get(r->requests[0], "call-id")));
        assert_true(json_equal(json_object_get(q, "from-tag"),
                               json_object_get(r->requests[0], "from-tag")));
    }
    json_t *direction = json_pack("[s, s]", "enterprise", "skype");
    assert_true(json_equal(json_object_get(r->requests[0], "direction"), direction));
    json_decref(direction);
    assert_string_equal(json_string_value(json_object_get(r->requests[0], "provider")), "skype");
    assert_null(json_object_get(r->requests[0], "to-tag"));
    assert_non_null(json_object_get(r->requests[1], "to-tag"));
}

static void sabotaged_calls_fail(void **state)
{
    struct relay *r = *state;
    const struct {
        const char *why;
        const struct sound *a, *b;
        bool a_passes, b_passes; /* what A and B hear */
    } rows[] = {
        {"A is silent", &r->none, &r->says[1], true, false},
        {"B is silent", &r->says[0], &r->none, false, true},
        {"both say what A says", &r->says[0], &r->says[0], false, true},
        {"both stop half way", &r->brief[0], &r->brief[1], false, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call_account account;
        char problem[256];

        r->n_requests = 0;
        assert_int_equal(place(r, rows[i].a, rows[i].b, &account, problem), 0);
        if (account.is_pass || account.heard[CALL_A].score.is_pass != rows[i].a_passes ||
            account.heard[CALL_B].score.is_pass != rows[i].b_passes)
            fail_msg("%s: not found out", rows[i].why);
        for (unsigned k = 0; k < r->n_requests; k++)
            json_decref(r->requests[k]);
        r->n_requests = 0;
    }
}

static void refusal_of_the_relay_is_told(void **state)
{
    struct relay *r = *state;
    struct call_account account;
    char problem[256];

    r->is_refusing = true;
    assert_int_equal(place(r, &r->says[0], &r->says[1], &account, problem), EPROTO);
    assert_string_equal(problem, "offer: the relay refused: Ran out of ports");
    assert_false(account.is_pass);
}

static void default_flags_ask_for_what_b_needs(void **state)
{
    static const struct {
        struct peer_config a, b;
        const char *flags;
    } rows[] = {
        {{.dialect = PEER_LYNC, .codecs = "G722,PCMU"},
         {.dialect = PEER_RFC, .codecs = "opus,telephone-event"},
         "ICE=force RTP/SAVP rtcp-mux-offer codec-transcode-opus"},
        {{.dialect = PEER_LYNC, .codecs = "G722,PCMU"},
         {.dialect = PEER_LYNC, .codecs = "pcmu"},
         "ICE=force RTP/SAVP"},
        {{.dialect = PEER_RFC, .codecs = "opus"},
         {.dialect = PEER_PLAIN, .codecs = "PCMA", .keys = PEER_KEYS_NONE},
         "ICE=remove RTP/AVP codec-transcode-PCMA"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char flags[256];

        call_default_flags(flags, sizeof(flags), &rows[i].a, &rows[i].b);
        assert_string_equal(flags, rows[i].flags);
    }
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(call_in_which_both_hear_the_other_passes),
        TEST(relay_is_told_as_by_a_proxy),
        TEST(sabotaged_calls_fail),
        TEST(refusal_of_the_relay_is_told),
        cmocka_unit_test(default_flags_ask_for_what_b_needs),
    };

    if (argc > 1) /* a pattern: these tests take their time */
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
