#include "tests/program/scene.h"

#include <stdio.h>
#include <string.h>

/* What the two sides speak: every codec to every other, and to itself. Each call also dials digits
 * both ways, which have to arrive once and in order. */

#define DIGITS_A "1234567890*#"
#define DIGITS_B "ABCD"

static const char *const codecs[] = {"PCMU", "PCMA", "G722", "opus"};
#define CODECS (sizeof(codecs) / sizeof(codecs[0]))

/* opus has events on its own clock: RFC 4733 s.2.1 wants the clock of the audio; the others 8000.
 */
static const char *with_events(char list[static 64], const char *codec)
{
    bool is_opus = strcmp(codec, "opus") == 0;

    snprintf(list, 64, "%s,%stelephone-event", codec, is_opus ? "telephone-event/48000," : "");
    return list;
}

struct pair {
    char why[32], codecs[2][64];
};

static struct scene_call pair_call(struct pair *p, const char *a, const char *b)
{
    struct scene_call c = {.why = p->why, .call = {.digits = {DIGITS_A, DIGITS_B}}};

    snprintf(p->why, sizeof(p->why), "%s to %s", a, b);
    c.call.peer[CALL_A] = (struct peer_config){
        .dialect = PEER_PLAIN, .keys = PEER_KEYS_NONE, .codecs = with_events(p->codecs[CALL_A], a)};
    c.call.peer[CALL_B] = (struct peer_config){
        .dialect = PEER_PLAIN, .keys = PEER_KEYS_NONE, .codecs = with_events(p->codecs[CALL_B], b)};
    return c;
}

static void expect_codec(const struct scene_result *result, unsigned side, const char *codec)
{
    const struct call_direction *d = &result->account.heard[side];

    assert_memory_equal(d->heard_codec, codec, strlen(codec));
    assert_string_equal(json_string_value(scene_recorded(result, !side, "codec")) ? "there" : "",
                        "there");
}

/* RTCP: reports of the relay itself where it made the packets, the peer's translated where it did
 * not; both must speak of the stream that the peer knows. */
static void expect_reports(const struct scene_call *call, const struct scene_result *result)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct call_direction *d = &result->account.heard[side];

        if (d->counts.rtcp_received && d->counts.rtcp_sent)
            continue;
        print_error("%s: no RTCP came to %c\n", call->why, 'A' + (int)side);
        fail();
    }
}

static void every_codec_is_heard_as_every_other(void **state)
{
    struct pair pairs[CODECS * CODECS];
    struct scene_call calls[CODECS * CODECS];
    struct scene_result results[CODECS * CODECS];
    size_t n = 0;

    for (size_t a = 0; a < CODECS; a++)
        for (size_t b = 0; b < CODECS; b++, n++)
            calls[n] = pair_call(&pairs[n], codecs[a], codecs[b]);
    scene_run(*state, calls, n, results);
    for (size_t i = 0; i < n; i++) {
        bool is_same = i / CODECS == i % CODECS;

        print_message("%s\n", calls[i].why);
        scene_expect_clear(&calls[i], &results[i]);
        expect_codec(&results[i], CALL_A, codecs[i / CODECS]);
        expect_codec(&results[i], CALL_B, codecs[i % CODECS]);
        expect_reports(&calls[i], &results[i]);
        assert_string_equal(results[i].account.heard[CALL_B].digits, DIGITS_A);
        assert_string_equal(results[i].account.heard[CALL_A].digits, DIGITS_B);
        assert_int_equal(scene_has_flag(&results[i], CALL_A, "transcoding"), !is_same);
        assert_int_equal(scene_has_flag(&results[i], CALL_B, "transcoding"), !is_same);
    }
    scene_wipe(results, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_is_heard_as_every_other),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
