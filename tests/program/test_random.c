#include "tests/program/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A proxy that has lost its mind: requests that are each well formed, about few calls, parties and
 * branches, in an order that no dialogue has. Each must be answered, and nothing may be left in the
 * end; what memory a call's parties share is watched by AddressSanitizer. */

#define N_REQUESTS 4000
#define N_LONG     60000 /* PICRELAY_LONG_TESTS=1, from a seed that is printed */
#define SEED       20261122u
#define LINES_MAX  4
#define SDP_MAX    4096

#define PICK(seed, list) (list)[next(seed, sizeof(list) / sizeof((list)[0]))]

static uint32_t next(uint32_t *seed, uint32_t below)
{
    *seed ^= *seed << 13; /* xorshift, Marsaglia 2003 */
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}

/* ---- what is asked ----------------------------------------------------------------------------
 */

static const char *const calls[] = {"one", "two", "three", "four"};
static const char *const tags[] = {"a", "b", "c", "d", "e"};
static const char *const branches[] = {"z1", "z2", "z3"};

static const char *const attributes[] = {
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n",
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n",
    "a=candidate:1 1 UDP 2130706431 127.0.0.1 5004 typ host\r\n",
    "a=ice-ufrag:efgh\r\na=ice-pwd:bcdefghijklmnopqrstuvw\r\n",
    "a=rtcp-mux\r\n",
    "a=inactive\r\n",
    "a=sendonly\r\n",
    "a=x-ssrc-range:7-7\r\n",
    "c=IN IP4 0.0.0.0\r\n",
};

static size_t write_line(char *sdp, size_t cap, uint32_t *seed)
{
    static const char *const protocols[] = {"RTP/AVP", "RTP/AVP", "RTP/SAVP", "RTP/SAVPF"};
    static const char *const kinds[] = {"audio", "audio", "audio", "video"};
    const unsigned port = next(seed, 6) ? 5000 + 4 * next(seed, 8) : 0;
    size_t n = (size_t)snprintf(sdp, cap, "m=%s %u %s 0 8 97\r\na=rtpmap:97 opus/48000/2\r\n",
                                PICK(seed, kinds), port, PICK(seed, protocols));

    for (uint32_t k = next(seed, 3); k; k--)
        n += (size_t)snprintf(sdp + n, cap - n, "%s", PICK(seed, attributes));
    return n;
}

/* Of no line, one, or some. */
static const char *write_sdp(char sdp[static SDP_MAX], uint32_t *seed)
{
    size_t n = (size_t)snprintf(sdp, SDP_MAX,
                                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                                "c=IN IP4 127.0.0.1\r\nt=0 0\r\n");

    for (uint32_t k = next(seed, 2) ? 1 : next(seed, LINES_MAX); k; k--)
        n += write_line(sdp + n, SDP_MAX - n, seed);
    return sdp;
}

static void say_more(json_t *request, uint32_t *seed)
{
    static const char *const ice[] = {"remove", "force", "optional"};
    static const char *const protocols[] = {"RTP/AVP", "RTP/SAVP", "RTP/SAVPF"};
    static const char *const flags[] = {"reset", "always-transcode", "loop-protect",
                                        "trust-address"};
    static const char *const sides[] = {"enterprise", "skype"};
    const unsigned to = next(seed, 2);

    if (!next(seed, 3))
        json_object_set_new(request, "ICE", json_string(PICK(seed, ice)));
    if (!next(seed, 3))
        json_object_set_new(request, "transport-protocol", json_string(PICK(seed, protocols)));
    if (!next(seed, 3))
        json_object_set_new(request, "flags", json_pack("[s]", PICK(seed, flags)));
    if (!next(seed, 8))
        json_object_set_new(request, "SDES", json_pack("[s]", "off"));
    json_object_set_new(request, "direction", json_pack("[ss]", sides[!to], sides[to]));
}

static json_t *make_request(uint32_t *seed)
{
    static const char *const commands[] = {"offer",  "offer",  "offer", "answer", "answer",
                                           "answer", "delete", "query", "offer"};
    const char *command = PICK(seed, commands);
    json_t *request = relay_request(command, PICK(seed, calls));
    char sdp[SDP_MAX];

    if (strcmp(command, "delete") == 0 && !next(seed, 4))
        return request; /* of all parties */
    json_object_set_new(request, "from-tag", json_string(PICK(seed, tags)));
    if (next(seed, 2) || strcmp(command, "answer") == 0)
        json_object_set_new(request, "to-tag", json_string(PICK(seed, tags)));
    if (!next(seed, 3))
        json_object_set_new(request, "via-branch", json_string(PICK(seed, branches)));
    if (strcmp(command, "offer") == 0 || strcmp(command, "answer") == 0) {
        json_object_set_new(request, "sdp", json_string(write_sdp(sdp, seed)));
        say_more(request, seed);
    }
    return request;
}

/* ---- what comes of it -------------------------------------------------------------------------
 */

static void requests_in_no_order_are_answered_and_leave_nothing(void **state)
{
    const bool is_long = getenv("PICRELAY_LONG_TESTS") != NULL;
    const unsigned n_requests = is_long ? N_LONG : N_REQUESTS;
    uint32_t seed = is_long ? (uint32_t)loop_now_us() | 1 : SEED;
    unsigned n_done = 0;
    struct relay r;

    (void)state;
    print_message("seed %u\n", seed);
    relay_start(&r, &(struct relay_config){.log_level = "error"});
    for (unsigned i = 0; i < n_requests; i++) {
        json_t *reply = relay_ask(&r, make_request(&seed));

        n_done += strcmp(relay_json_text(reply, "result"), "ok") == 0;
        json_decref(reply);
    }
    print_message("%u of %u were carried out\n", n_done, n_requests);
    assert_in_range(n_done, n_requests / 8, n_requests); /* else nothing was tried */
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        json_decref(relay_ask(&r, relay_request("delete", calls[i])));
    relay_wait_metric(&r, "picrelay_calls ", 0);
    relay_wait_metric(&r, "picrelay_streams ", 0);
    relay_wait_metric(&r, "picrelay_ports{interface=\"enterprise\",state=\"used\"} ", 0);
    relay_wait_metric(&r, "picrelay_ports{interface=\"skype\",state=\"used\"} ", 0);
    relay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_in_no_order_are_answered_and_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
