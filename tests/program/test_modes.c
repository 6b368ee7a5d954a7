#include "tests/program/scene.h"

#include <string.h>

/* The generations of ICE do not understand each other: a peer that is spoken to in the wrong one
 * never connects. That the right ones do is thus proof of the relay's choice, and the record has to
 * say what went wrong. */

#define PEER(dialect_)                                                                             \
    {                                                                                              \
        .dialect = (dialect_), .keys = PEER_KEYS_ONE, .codecs = "PCMU"                             \
    }

/* Interface skype speaks Lync's ICE here, wlm the standard one; A is plain. */
static const struct scene_call right[] = {
    {"Lync's mode to Lync's peer",
     {.peer = {{.keys = PEER_KEYS_NONE, .dialect = PEER_PLAIN, .codecs = "PCMU"}, PEER(PEER_LYNC)},
      .direction = "enterprise,skype"}},
    {"standard mode to a standard peer",
     {.peer = {{.keys = PEER_KEYS_NONE, .dialect = PEER_PLAIN, .codecs = "PCMU"}, PEER(PEER_RFC)},
      .direction = "enterprise,wlm"}},
};

static const struct scene_call wrong[] = {
    {"Lync's mode to a standard peer",
     {.peer = {{.keys = PEER_KEYS_NONE, .dialect = PEER_PLAIN, .codecs = "PCMU"}, PEER(PEER_RFC)},
      .direction = "enterprise,skype"}},
    {"standard mode to Lync's peer",
     {.peer = {{.keys = PEER_KEYS_NONE, .dialect = PEER_PLAIN, .codecs = "PCMU"}, PEER(PEER_LYNC)},
      .direction = "enterprise,wlm"}},
};

static struct call *call_open(struct relay *r, const struct scene_call *c)
{
    struct call_config cfg = c->call;
    struct call *call;

    cfg.loop = r->loop;
    cfg.ng = r->ng;
    assert_int_equal(call_alloc(&call, &cfg), 0);
    assert_int_equal(call_set_up(call), 0);
    return call;
}

static void expect_stuck(struct relay *r, const struct scene_call *c, struct call *call)
{
    json_t *deleted;

    print_message("%s\n", c->why);
    assert_int_not_equal(peer_state(call_peer(call, CALL_B)), PEER_TALKING);
    assert_false(peer_hears(call_peer(call, CALL_A)));
    assert_false(peer_hears(call_peer(call, CALL_B)));
    assert_int_equal(call_delete(call, &deleted), 0);
    json_decref(deleted);
    json_t *record = relay_record(r, call_id(call));
    assert_string_not_equal(relay_json_text(record, "legs.1.streams.0.ice"), "connected");
    assert_string_equal(relay_json_text(record, "legs.1.streams.0.silence"), "ICE not connected");
    json_decref(record);
    call_free(call);
}

static void the_right_mode_connects_and_the_wrong_one_never_does(void **state)
{
    struct relay *r = *state;
    struct call *calls[2];
    struct scene_result results[2];

    for (unsigned i = 0; i < 2; i++)
        calls[i] = call_open(r, &wrong[i]);
    scene_run(r, right, 2, results); /* seconds of speech: the others have time enough */
    for (unsigned i = 0; i < 2; i++) {
        scene_expect_clear(&right[i], &results[i]);
        expect_stuck(r, &wrong[i], calls[i]);
    }
    scene_wipe(results, 2);
}

static int setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.skype = "dialect: lync"});
    *state = &relay;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_mode_connects_and_the_wrong_one_never_does),
    };

    return cmocka_run_group_tests(tests, setup, relay_teardown);
}
