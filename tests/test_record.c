#include "relay/control/status/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* What differs from an answered call in which nothing happened. */
struct silence_row {
    const char *why;
    enum record_silence expected;
    enum drop drop; /* of the speaker's, n_drops times */
    uint64_t out;   /* packets sent to the listener */
    uint64_t in;    /* packets accepted from the speaker */
    uint64_t n_drops;
    uint64_t n_other;
    enum drop other; /* a second reason, n_other times */
    enum record_ice listener_ice, speaker_ice;
    bool is_denied, is_rejected, is_unanswered, is_held, is_send_refused;
};

static enum record_silence silence_of(const struct silence_row *row)
{
    struct call_record r = {.answered_us = row->is_unanswered ? 0 : 1};
    struct record_stream listener = {.kind = MEDIA_AUDIO, .ice = row->listener_ice};
    struct record_stream speaker = {.kind = MEDIA_AUDIO, .ice = row->speaker_ice};

    r.has_decision[MEDIA_AUDIO] = true;
    r.decisions[MEDIA_AUDIO].verdict = row->is_denied ? POLICY_DENY : POLICY_ALLOW;
    listener.is_held = row->is_held;
    listener.stats.out[MEDIA_RTP].packets = row->out;
    listener.stats.drops[DROP_SEND] = row->is_send_refused ? 50 : 0;
    speaker.is_rejected = row->is_rejected;
    speaker.stats.in[MEDIA_RTP].packets = row->in;
    speaker.stats.drops[row->drop] += row->n_drops;
    speaker.stats.drops[row->other] += row->n_other;
    return record_silence_reason(&r, &listener, &speaker);
}

static void silence_has_its_most_likely_reason(void **state)
{
    static const struct silence_row rows[] = {
        {"packets were sent", RECORD_HEARD, .out = 1, .in = 1},
        {"some were dropped, others sent", RECORD_HEARD, .out = 9, .drop = DROP_SOURCE,
         .n_drops = 90},
        {"nothing arrived", RECORD_SILENCE_NO_PACKETS, .in = 0},
        {"stray bytes are no media", RECORD_SILENCE_NO_PACKETS, .drop = DROP_RX_UNKNOWN,
         .n_drops = 9},
        {"STUN alone is no media", RECORD_SILENCE_NO_PACKETS, .drop = DROP_STUN_BAD, .n_drops = 9},
        {"from another address", RECORD_SILENCE_SOURCE, .drop = DROP_SOURCE, .n_drops = 500},
        {"other keys", RECORD_SILENCE_AUTH, .drop = DROP_SRTP_AUTH, .n_drops = 500},
        {"recorded media", RECORD_SILENCE_AUTH, .drop = DROP_SRTP_REPLAY, .n_drops = 500},
        {"another payload type", RECORD_SILENCE_PAYLOAD, .drop = DROP_PAYLOAD_TYPE, .n_drops = 5},
        {"a codec that refuses it all", RECORD_SILENCE_PAYLOAD, .in = 5, .drop = DROP_CODEC,
         .n_drops = 5},
        {"most drops decide", RECORD_SILENCE_AUTH, .drop = DROP_SOURCE, .n_drops = 3,
         .other = DROP_SRTP_AUTH, .n_other = 400},
        {"drops of one meaning add up", RECORD_SILENCE_AUTH, .drop = DROP_SRTP_REPLAY,
         .n_drops = 300, .other = DROP_SRTP_AUTH, .n_other = 300},
        {"the kernel refused them", RECORD_SILENCE_SEND, .in = 50, .is_send_refused = true},
        {"accepted, and lost inside", RECORD_SILENCE_DROPPED, .in = 50},
        {"the listener's ICE", RECORD_SILENCE_ICE, .in = 50, .listener_ice = RECORD_ICE_CHECKING,
         .speaker_ice = RECORD_ICE_CONNECTED},
        {"the speaker's ICE", RECORD_SILENCE_ICE, .speaker_ice = RECORD_ICE_FAILED},
        {"ICE before its consequences", RECORD_SILENCE_ICE, .speaker_ice = RECORD_ICE_FAILED,
         .drop = DROP_NOT_READY, .n_drops = 100},
        {"ICE is not to blame once connected", RECORD_SILENCE_AUTH, .drop = DROP_SRTP_AUTH,
         .n_drops = 9, .listener_ice = RECORD_ICE_CONNECTED, .speaker_ice = RECORD_ICE_CONNECTED},
        {"on hold, and silent", RECORD_SILENCE_HOLD, .is_held = true},
        {"on hold, but heard", RECORD_HEARD, .is_held = true, .out = 3},
        {"dropped for being on hold", RECORD_SILENCE_HOLD, .drop = DROP_ON_HOLD, .n_drops = 20},
        {"never answered", RECORD_SILENCE_NO_ANSWER, .is_unanswered = true,
         .speaker_ice = RECORD_ICE_CHECKING},
        {"port 0", RECORD_SILENCE_REJECTED, .is_rejected = true, .is_unanswered = true},
        {"policy before all", RECORD_SILENCE_POLICY, .is_denied = true, .is_rejected = true,
         .is_unanswered = true},
        {"policy per packet", RECORD_SILENCE_POLICY, .drop = DROP_POLICY_GATE, .n_drops = 20},
    };
    (void)state;

    for (size_t i = 0; i < N_ROWS(rows); i++) {
        const enum record_silence got = silence_of(&rows[i]);

        if (got != rows[i].expected)
            fail_msg("%s: %s, expected %s", rows[i].why, record_silence_name(got),
                     record_silence_name(rows[i].expected));
    }
}

static union addr addr_of(const char *text)
{
    union addr a;

    assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
    return a;
}

static struct record_stream audio(const char *codec, const char *protocol)
{
    return (struct record_stream){.kind = MEDIA_AUDIO,
                                  .codec = str_of(codec),
                                  .protocol = str_of(protocol),
                                  .local = addr_of("192.0.2.1:30000"),
                                  .remote = addr_of("[2001:db8::9]:40000")};
}

/* A call of 12.5 s, heard by the enterprise side alone. */
static void make_record(struct call_record *r)
{
    struct record_leg *a = &r->legs[0];
    struct record_leg *b = &r->legs[1];

    *r = (struct call_record){.call_id = STR("abc@example.org"),
                              .provider = "skype",
                              .created_us = 1795370400000000,
                              .answered_us = 1795370402500000,
                              .ended_us = 1795370415000123,
                              .end = RECORD_END_DELETED};
    r->has_decision[MEDIA_AUDIO] = true;
    (void)strcpy(r->decisions[MEDIA_AUDIO].reason, "skype may exchange audio");
    *a = (struct record_leg){STR("tag-a"), "enterprise", DIALECT_LYNC, "lync", 1, {{0}}};
    *b = (struct record_leg){STR("tag-b"), "skype", DIALECT_RFC, "rfc", 1, {{0}}};
    a->streams[0] = audio("SIREN/16000", "RTP/SAVP");
    a->streams[0].is_secure = true;
    a->streams[0].ice = RECORD_ICE_CONNECTED;
    a->streams[0].stats.out[MEDIA_RTP] = (struct media_count){600, 60000};
    a->streams[0].stats.drops[DROP_SRTP_AUTH] = 620;
    b->streams[0] = audio("opus/48000/2", "RTP/AVP");
    b->streams[0].stats.in[MEDIA_RTP] = (struct media_count){601, 50000};
    b->streams[0].stats.lost = 2;
    b->streams[0].stats.jitter_ts = 120;
    b->streams[0].stats.jitter_clock_hz = 48000;
}

/* Prints, and reads what was printed. */
static json_t *print_and_read(const struct call_record *r)
{
    static char line[RECORD_LINE_MAX];
    json_error_t error;
    json_t *o;
    size_t n;

    assert_int_equal(record_print(line, sizeof(line), r), 0);
    n = strlen(line);
    assert_int_equal(line[n - 1], '\n');
    assert_ptr_equal(strchr(line, '\n'), line + n - 1);
    for (size_t i = 0; i + 1 < n; i++)
        assert_in_range(line[i], ' ', 0x7f); /* nothing that moves a cursor or turns the text */
    o = json_loads(line, 0, &error);
    assert_non_null(o);
    return o;
}

static const char *text_at(json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static json_t *stream_at(json_t *o, size_t leg)
{
    json_t *l = json_array_get(json_object_get(o, "legs"), leg);

    return json_array_get(json_object_get(l, "streams"), 0);
}

static void a_record_tells_who_when_and_how(void **state)
{
    struct call_record r;
    json_t *o;
    (void)state;

    make_record(&r);
    o = print_and_read(&r);
    assert_string_equal(text_at(o, "call_id"), "abc@example.org");
    assert_string_equal(text_at(o, "provider"), "skype");
    assert_string_equal(text_at(o, "created"), "2026-11-22T18:00:00.000Z");
    assert_string_equal(text_at(o, "answered"), "2026-11-22T18:00:02.500Z");
    assert_string_equal(text_at(o, "end"), "deleted");
    assert_int_equal(json_integer_value(json_object_get(o, "duration_ms")), 12500);
    assert_string_equal(text_at(json_object_get(json_object_get(o, "policy"), "audio"), "verdict"),
                        "allow");
    assert_null(json_object_get(json_object_get(o, "policy"), "video"));
    json_decref(o);
}

static void a_record_tells_what_each_side_heard(void **state)
{
    struct call_record r;
    json_t *o;
    json_t *a;
    json_t *b;
    (void)state;

    make_record(&r);
    o = print_and_read(&r);
    a = stream_at(o, 0);
    b = stream_at(o, 1);
    assert_string_equal(text_at(a, "codec"), "SIREN/16000");
    assert_string_equal(text_at(a, "ice"), "connected");
    assert_string_equal(text_at(a, "remote"), "[2001:db8::9]:40000");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(a, "out"), "packets")),
                     600);
    assert_int_equal(json_object_size(json_object_get(a, "drops")), 1);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(a, "drops"), drop_name(DROP_SRTP_AUTH))),
        620);
    assert_null(json_object_get(a, "silence"));
    assert_string_equal(text_at(b, "silence"), "authentication failures");
    assert_int_equal(json_integer_value(json_object_get(b, "lost")), 2);
    assert_true(json_real_value(json_object_get(b, "jitter_ms")) == 2.5);
    json_decref(o);
}

static void a_call_that_was_never_answered_has_no_duration(void **state)
{
    struct call_record r;
    json_t *o;
    (void)state;

    make_record(&r);
    r.answered_us = 0;
    r.end = RECORD_END_OFFER_TIMEOUT;
    o = print_and_read(&r);
    assert_null(json_object_get(o, "answered"));
    assert_int_equal(json_integer_value(json_object_get(o, "duration_ms")), 0);
    assert_string_equal(text_at(o, "end"), "offer timeout");
    json_decref(o);
}

static void what_strangers_wrote_cannot_forge_a_record(void **state)
{
    static const struct {
        const char *why;
        struct str text;
        const char *read_back;
    } rows[] = {
        {"a second line", {"x\n{\"record\":1}", 14}, "x\n{\"record\":1}"},
        {"the end of the string", {"x\",\"end\":\"deleted", 17}, "x\",\"end\":\"deleted"},
        {"a terminal's escape", {"\x1b[2Jx", 5}, "\x1b[2Jx"},
        {"not UTF-8", {"a\xff\xc0\x80z", 5}, "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz"},
        {"cut UTF-8", {"a\xe2\x82", 3}, "a\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"right-to-left override", {"a\xe2\x80\xae", 4}, "a\xe2\x80\xae"},
        {"empty", {NULL, 0}, ""},
    };
    (void)state;

    for (size_t i = 0; i < N_ROWS(rows); i++) {
        struct call_record r;
        json_t *o;

        make_record(&r);
        r.call_id = r.legs[0].tag = r.legs[1].streams[0].codec = rows[i].text;
        o = print_and_read(&r);
        if (strcmp(text_at(o, "call_id"), rows[i].read_back) != 0)
            fail_msg("%s: %s", rows[i].why, text_at(o, "call_id"));
        json_decref(o);
    }
}

static void a_nul_stays_inside_its_string(void **state)
{
    struct call_record r;
    json_error_t error;
    char line[RECORD_LINE_MAX];
    json_t *o;
    (void)state;

    make_record(&r);
    r.call_id = (struct str){"a\0b", 3};
    assert_int_equal(record_print(line, sizeof(line), &r), 0);
    o = json_loads(line, JSON_ALLOW_NUL, &error);
    assert_non_null(o);
    assert_int_equal(json_string_length(json_object_get(o, "call_id")), 3);
    json_decref(o);
}

static void a_long_text_is_cut_between_characters(void **state)
{
    char text[RECORD_TEXT_MAX + 8];
    struct call_record r;
    json_t *o;
    const char *got;
    (void)state;

    memset(text, 'x', sizeof(text));
    text[RECORD_TEXT_MAX - 1] = '\xc3'; /* e with an acute: half of it would fit */
    text[RECORD_TEXT_MAX] = '\xa9';
    make_record(&r);
    r.call_id = (struct str){text, sizeof(text)};
    o = print_and_read(&r);
    got = text_at(o, "call_id");
    assert_int_equal(strlen(got), RECORD_TEXT_MAX - 1 + 3);
    assert_string_equal(got + RECORD_TEXT_MAX - 1, "...");
    json_decref(o);
}

/* Every figure and text as long as it can be. */
static void make_largest(struct call_record *r, struct str text)
{
    make_record(r);
    r->call_id = r->legs[0].tag = r->legs[1].tag = text;
    for (unsigned i = 0; i < MEDIA_KIND_COUNT; i++) {
        r->has_decision[i] = true;
        memset(r->decisions[i].reason, '\x01', POLICY_REASON_MAX - 1);
    }
    for (unsigned leg = 0; leg < 2; leg++) {
        r->legs[leg].n_streams = RECORD_STREAMS_MAX;
        for (unsigned i = 0; i < RECORD_STREAMS_MAX; i++) {
            struct record_stream *s = &r->legs[leg].streams[i];

            *s = r->legs[leg].streams[0];
            s->codec = s->protocol = text;
            s->is_rejected = s->is_held = true;
            s->local = s->remote = addr_of("[2001:db80:1111:2222:3333:4444:5555:6666]:65535");
            s->stats.jitter_ts = UINT32_MAX;
            s->stats.jitter_clock_hz = 8000;
            s->stats.peer_loss_permille = s->stats.round_trip_us = UINT32_MAX;
            s->stats.lost = UINT64_MAX;
            for (unsigned k = 0; k < DROP_COUNT; k++)
                s->stats.drops[k] = UINT64_MAX;
            s->stats.in[MEDIA_RTP].packets = s->stats.in[MEDIA_RTP].bytes = UINT64_MAX;
        }
    }
}

static void the_largest_record_fits_and_a_smaller_buffer_is_refused(void **state)
{
    static char zeroes[RECORD_TEXT_MAX * 2];
    static char line[RECORD_LINE_MAX];
    struct call_record r;
    size_t n;
    (void)state;

    make_largest(&r, (struct str){zeroes, sizeof(zeroes)});
    assert_int_equal(record_print(line, sizeof(line), &r), 0);
    n = strlen(line);
    print_message("  largest record: %zu bytes\n", n);
    assert_int_equal(record_print(line, n + 1, &r), 0);
    assert_int_equal(record_print(line, n, &r), ENOSPC);
    assert_int_equal(record_print(line, 1, &r), ENOSPC);
}

/* jansson takes its memory here; the allocation of that number fails. */
static unsigned n_until_failure;

static void *scarce_malloc(size_t n)
{
    return n_until_failure-- ? malloc(n) : NULL;
}

static void a_record_says_when_memory_ran_out(void **state)
{
    char line[RECORD_LINE_MAX];
    struct call_record r;
    unsigned n = 0;
    int err = ENOMEM;
    (void)state;

    make_record(&r);
    json_set_alloc_funcs(scarce_malloc, free);
    for (; err == ENOMEM && n < 10000; n++) {
        n_until_failure = n;
        err = record_print(line, sizeof(line), &r);
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(err, 0);
    assert_true(n > 100); /* each of them has failed once */
}

static void every_end_has_a_name(void **state)
{
    (void)state;

    for (unsigned i = 0; i < RECORD_END_COUNT; i++)
        assert_non_null(record_end_name((enum record_end)i));
    for (unsigned i = 0; i < RECORD_SILENCE_COUNT; i++)
        assert_non_null(record_silence_name((enum record_silence)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_has_its_most_likely_reason),
        cmocka_unit_test(a_record_tells_who_when_and_how),
        cmocka_unit_test(a_record_tells_what_each_side_heard),
        cmocka_unit_test(a_call_that_was_never_answered_has_no_duration),
        cmocka_unit_test(what_strangers_wrote_cannot_forge_a_record),
        cmocka_unit_test(a_nul_stays_inside_its_string),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(the_largest_record_fits_and_a_smaller_buffer_is_refused),
        cmocka_unit_test(a_record_says_when_memory_ran_out),
        cmocka_unit_test(every_end_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
