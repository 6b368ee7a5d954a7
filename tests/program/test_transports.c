#include "tests/program/scene.h"

#include <string.h>

/* How media gets from one side to the other: plain or encrypted, with ICE or without. Codecs are
 * the same on both sides, so nothing but transport is between them. */

#define PLAIN(keys_)                                                                               \
    {                                                                                              \
        .dialect = PEER_PLAIN, .keys = (keys_), .codecs = "PCMU,telephone-event"                   \
    }
#define LYNC(keys_)                                                                                \
    {                                                                                              \
        .dialect = PEER_LYNC, .keys = (keys_), .codecs = "PCMU,CN,telephone-event",                \
        .has_ssrc_range = true                                                                     \
    }
#define RFC(keys_)                                                                                 \
    {                                                                                              \
        .dialect = PEER_RFC, .keys = (keys_), .codecs = "PCMU,telephone-event"                     \
    }

static const struct scene_call calls[] = {
    {"plain to plain", {.peer = {PLAIN(PEER_KEYS_NONE), PLAIN(PEER_KEYS_NONE)}}},
    {"SRTP to plain", {.peer = {PLAIN(PEER_KEYS_ONE), PLAIN(PEER_KEYS_NONE)}}},
    {"plain to SRTP", {.peer = {PLAIN(PEER_KEYS_NONE), PLAIN(PEER_KEYS_ONE)}}},
    {"SRTP to SRTP", {.peer = {PLAIN(PEER_KEYS_ONE), PLAIN(PEER_KEYS_ONE)}}},
    {"SRTP with MKI to SRTP without", {.peer = {PLAIN(PEER_KEYS_MKI), PLAIN(PEER_KEYS_ONE)}}},
    {"Lync's ICE to plain", {.peer = {LYNC(PEER_KEYS_TRIPLE), PLAIN(PEER_KEYS_NONE)}}},
    {"plain to Lync's ICE",
     {.peer = {PLAIN(PEER_KEYS_NONE), LYNC(PEER_KEYS_ONE)}, .direction = "skype,enterprise"}},
    {"standard ICE to plain",
     {.peer = {RFC(PEER_KEYS_ONE), PLAIN(PEER_KEYS_NONE)},
      .offer_flags = "ICE=remove RTP/AVP dialect=rfc,auto"}},
    {"plain to standard ICE", {.peer = {PLAIN(PEER_KEYS_NONE), RFC(PEER_KEYS_ONE)}}},
    {"Lync's ICE to standard ICE", {.peer = {LYNC(PEER_KEYS_TRIPLE), RFC(PEER_KEYS_ONE)}}},
    {"standard ICE to Lync's",
     {.peer = {RFC(PEER_KEYS_ONE), LYNC(PEER_KEYS_ONE)}, .direction = "skype,enterprise"}},
    {"standard ICE to standard ICE",
     {.peer = {RFC(PEER_KEYS_ONE), RFC(PEER_KEYS_ONE)},
      .offer_flags = "ICE=force RTP/SAVP rtcp-mux-offer dialect=rfc,auto"}},
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static bool uses_ice(const struct peer_config *p)
{
    return p->dialect != PEER_PLAIN;
}

/* What the record says must be what the peers were. */
static void expect_recorded(const struct scene_call *call, const struct scene_result *result)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct peer_config *p = &call->call.peer[side];

        assert_int_equal(json_is_true(scene_recorded(result, side, "secure")),
                         p->keys != PEER_KEYS_NONE);
        if (uses_ice(p))
            assert_string_equal(json_string_value(scene_recorded(result, side, "ice")),
                                "connected");
        assert_int_equal(scene_has_flag(result, side, "ICE"), uses_ice(p));
        assert_int_equal(scene_has_flag(result, side, "rtcp-mux"), p->dialect == PEER_RFC);
        assert_false(scene_has_flag(result, side, "transcoding"));
        assert_null(json_object_get(relay_json(result->record, "legs.0.streams.0"), "silence"));
    }
    assert_string_equal(relay_json_text(result->record, "end"), "deleted");
}

static void every_transport_carries_speech_to_every_other(void **state)
{
    struct scene_result results[CALLS];

    scene_run(*state, calls, CALLS, results);
    for (size_t i = 0; i < CALLS; i++) {
        print_message("%s\n", calls[i].why);
        scene_expect_clear(&calls[i], &results[i]);
        expect_recorded(&calls[i], &results[i]);
    }
    scene_wipe(results, CALLS);
}

/* Towards the enterprise the relay offers in Lync's manner; the public side speaks the standard. An
 * enterprise peer whose ICE lines could be Lync's is taken for one, unless the request says no. */
static int setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.enterprise = "dialect: lync"});
    *state = &relay;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transport_carries_speech_to_every_other),
    };

    return cmocka_run_group_tests(tests, setup, relay_teardown);
}
