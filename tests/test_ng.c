#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "relay/control/ng/ng.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))

/** One message on its way through the parser. */
struct message {
    char bytes[NG_MESSAGE_MAX];
    size_t n;
    struct str cookie, body;
    struct ng_request r;
    char *copy; /* of the body, borrowed by r */
    const char *error;
    char unknown[2048]; /* "where:what " for each */
    unsigned n_named;
};

static struct message m; /* large; one test at a time */

/**
 * Allocations that still succeed; -1: all of them. The linker leads those of the parser here, which
 * works under AddressSanitizer as well: it then looks for leaks on the way out of an error.
 */
static int n_allocations = -1;

void *__real_malloc(size_t n);
void *__real_realloc(void *old, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *old, size_t n);

static bool may_allocate(void)
{
    if (n_allocations > 0)
        n_allocations--;
    return n_allocations != 0;
}

void *__wrap_malloc(size_t n)
{
    return may_allocate() ? __real_malloc(n) : NULL;
}

void *__wrap_realloc(void *old, size_t n)
{
    return may_allocate() ? __real_realloc(old, n) : NULL;
}

static void note_unknown(struct str where, struct str what, void *arg)
{
    struct message *msg = arg;
    size_t n = strlen(msg->unknown);

    snprintf(msg->unknown + n, sizeof(msg->unknown) - n, STR_FMT ":" STR_FMT " ", STR_ARG(where),
             STR_ARG(what));
    msg->n_named++;
}

/** The body goes to a heap block of its own, so that a read behind its end shows under ASan. */
static int parse(struct str body)
{
    m.error = NULL;
    m.unknown[0] = '\0';
    m.n_named = 0;
    free(m.copy);
    m.copy = malloc(body.n ? body.n : 1);
    assert_non_null(m.copy);
    memcpy(m.copy, body.p, body.n);
    return ng_request_parse(&m.r, (struct str){m.copy, body.n}, &m.error, note_unknown, &m);
}

static int parse_json(const char *text)
{
    return parse(str_of(text));
}

/** A ping with one rtpp-flags string. */
static void parse_rtpp(const char *flags)
{
    int n = snprintf(m.bytes, sizeof(m.bytes), "d7:command4:ping10:rtpp-flags%zu:%se",
                     strlen(flags), flags);

    assert_int_equal(parse((struct str){m.bytes, (size_t)n}), 0);
}

static void parse_file(const char *name)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/ng/%s.ng", PICRELAY_VECTORS, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    m.n = fread(m.bytes, 1, sizeof(m.bytes), f);
    fclose(f);
    assert_int_equal(ng_split(m.bytes, m.n, &m.cookie, &m.body), 0);
    assert_int_equal(parse(m.body), 0);
}

static void assert_str(struct str s, const char *expected)
{
    if (!str_equal(s, str_of(expected)))
        fail_msg("'" STR_FMT "' instead of '%s'", STR_ARG(s), expected);
}

/** The members of a list, with spaces between them. */
static void assert_strings(const struct ng_strings *list, const char *expected)
{
    char text[4096] = "";
    size_t n = 0;

    for (unsigned i = 0; i < list->n; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s" STR_FMT, i ? " " : "",
                              STR_ARG(list->v[i]));
    assert_string_equal(text, expected);
}

static void assert_host(const union addr *a, const char *expected)
{
    char text[ADDR_TEXT_MAX];

    assert_string_equal(addr_print_host(text, a), expected);
}

static void assert_nothing_unknown(void)
{
    assert_string_equal(m.unknown, "");
    assert_int_equal(m.r.n_unknown, 0);
}

static void a_cookie_ends_at_the_first_space(void **state)
{
    struct str cookie, body;

    (void)state;
    assert_int_equal(ng_split("1_2 d e", 7, &cookie, &body), 0);
    assert_str(cookie, "1_2");
    assert_str(body, "d e");
    assert_int_equal(ng_split("1_2 ", 4, &cookie, &body), 0);
    assert_str(body, "");
    assert_int_equal(ng_split("", 0, &cookie, &body), EBADMSG);
    assert_int_equal(ng_split(" de", 3, &cookie, &body), EBADMSG);
    assert_int_equal(ng_split("de", 2, &cookie, &body), EBADMSG);
}

static void a_ping_is_understood_in_both_encodings(void **state)
{
    (void)state;
    parse_file("ping");
    assert_str(m.cookie, "5_1_1");
    assert_int_equal(m.r.command, NG_PING);
    assert_int_equal(m.r.encoding, NG_BENCODE);
    ng_request_wipe(&m.r);

    parse_file("ping-json");
    assert_int_equal(m.r.command, NG_PING);
    assert_int_equal(m.r.encoding, NG_JSON);
    ng_request_wipe(&m.r);
}

static void what_is_not_given_shows_as_such(void **state)
{
    (void)state;
    parse_file("ping");
    assert_null(m.r.call_id.p);
    assert_false(addr_is_set(&m.r.received_from));
    assert_int_equal(m.r.proto, NG_PROTO_KEEP);
    assert_int_equal(m.r.ice, NG_ICE_DEFAULT);
    assert_int_equal(m.r.tos, NG_TOS_DEFAULT);
    assert_int_equal(m.r.delete_delay_s, -1);
    assert_int_equal(m.r.limit, 32);
    assert_int_equal(m.r.flags, 0);
    ng_request_wipe(&m.r);
}

static void a_kamailio_offer_is_understood(void **state)
{
    (void)state;
    parse_file("kamailio-offer");
    assert_str(m.cookie, "0_2718281828_8");
    assert_int_equal(m.r.command, NG_OFFER);
    assert_true(m.r.has_load_limit);
    assert_int_equal(m.r.sdp.n, 132);
    assert_int_equal(m.r.ice, NG_ICE_REMOVE);
    assert_int_equal(m.r.replace, NG_REPLACE_ORIGIN);
    assert_int_equal(m.r.proto, NG_PROTO_RTP_AVP);
    assert_host(&m.r.received_from, "198.51.100.7");
    assert_str(m.r.call_id, "a84b4c76e66710");
    assert_str(m.r.from_tag, "1928301774");
    assert_null(m.r.to_tag.p);
    assert_int_equal(m.r.sip_type, NG_SIP_REQUEST);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void a_kamailio_answer_is_understood(void **state)
{
    (void)state;
    parse_file("kamailio-answer");
    assert_int_equal(m.r.command, NG_ANSWER);
    assert_int_equal(m.r.sdp.n, 89);
    assert_str(m.r.from_tag, "1928301774");
    assert_str(m.r.to_tag, "a6c85cf");
    assert_host(&m.r.received_from, "192.0.2.33");
    assert_int_equal(m.r.sip_type, NG_SIP_REPLY);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void an_offer_with_rtpp_flags_is_understood(void **state)
{
    (void)state;
    parse_file("kamailio-offer-rtpp-flags");
    assert_str(m.r.via_branch, "z9hG4bK776asdhds");
    assert_int_equal(m.r.ice, NG_ICE_REMOVE);
    assert_strings(&m.r.codec.transcode, "opus PCMA");
    assert_strings(&m.r.codec.strip, "G729");
    assert_int_equal(m.r.replace, NG_REPLACE_ORIGIN);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void an_opensips_offer_is_understood(void **state)
{
    (void)state;
    parse_file("opensips-offer");
    assert_str(m.cookie, "4711_1804289383_3");
    assert_false(m.r.has_load_limit);
    assert_int_equal(m.r.ice, NG_ICE_FORCE);
    assert_str(m.r.direction[0], "priv");
    assert_str(m.r.direction[1], "pub");
    assert_true(ng_has(&m.r, NG_FLAG_TRUST_ADDRESS));
    assert_int_equal(m.r.replace, NG_REPLACE_ORIGIN);
    assert_int_equal(m.r.proto, NG_PROTO_UDP_TLS_RTP_SAVPF);
    assert_int_equal(m.r.rtcp_mux, NG_MUX_OFFER);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void an_offer_with_a_codec_dictionary_is_understood(void **state)
{
    (void)state;
    parse_file("offer-codec-dictionary");
    assert_strings(&m.r.codec.strip, "all");
    assert_strings(&m.r.codec.transcode, "opus/48000/2/24000 PCMA");
    assert_strings(&m.r.codec.mask, "PCMU");
    assert_int_equal(m.r.ptime_ms, 40);
    assert_int_equal(m.r.ice, NG_ICE_FORCE);
    assert_true(m.r.ice_lite);
    assert_int_equal(m.r.sdes, NG_SDES_OFF);
    assert_true(m.r.dtls_passive);
    assert_int_equal(m.r.rtcp_mux, NG_MUX_OFFER | NG_MUX_REQUIRE);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void the_other_messages_of_proxies_are_understood(void **state)
{
    static const struct {
        const char *file;
        enum ng_command command;
        const char *call_id;
    } rows[] = {
        {"delete", NG_DELETE, "a84b4c76e66710"},
        {"query", NG_QUERY, "a84b4c76e66710"},
        {"list", NG_LIST_CALLS, ""},
        {"play-dtmf", NG_PLAY_DTMF, "a84b4c76e66710"},
        {"block-media", NG_UNSUPPORTED, "a84b4c76e66710"},
        {"play-media", NG_UNSUPPORTED, "a84b4c76e66710"},
        {"start-recording", NG_UNSUPPORTED, "a84b4c76e66710"},
        {"subscribe-request", NG_UNSUPPORTED, "a84b4c76e66710"},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        parse_file(rows[i].file);
        assert_int_equal(m.r.command, rows[i].command);
        assert_str(m.r.call_id, rows[i].call_id);
        ng_request_wipe(&m.r);
    }
    parse_file("list");
    assert_int_equal(m.r.limit, 2);
    ng_request_wipe(&m.r);
}

static void a_command_that_nobody_knows_is_not_an_error_here(void **state)
{
    static const char *const rows[] = {"{\"command\":\"\"}", "{\"command\":\"Ping\"}",
                                       "{\"command\":\"pin\"}", "{\"command\":\"ping\\u0000\"}"};

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        assert_int_equal(parse_json(rows[i]), 0);
        assert_int_equal(m.r.command, NG_UNRECOGNIZED);
        ng_request_wipe(&m.r);
    }
}

#define BENCODE_ERROR "Could not decode bencode dictionary"
#define JSON_ERROR    "Failed to parse JSON document"
#define NO_COMMAND    "Dictionary contains no key \"command\""

static void a_malformed_message_gets_the_exact_error(void **state)
{
    static const struct {
        struct str body;
        const char *error;
        enum ng_encoding encoding;
    } rows[] = {
        {STR_INIT(""), "Invalid data (no payload)", NG_BENCODE},
        {STR_INIT("ping"), "Invalid NG data format", NG_BENCODE},
        {STR_INIT(" d7:command4:pinge"), "Invalid NG data format", NG_BENCODE},
        {STR_INIT("l7:command4:pinge"), "Invalid NG data format", NG_BENCODE},
        {STR_INIT("[]"), "Invalid NG data format", NG_BENCODE},
        {STR_INIT("\0"), "Invalid NG data format", NG_BENCODE},
        {STR_INIT("d"), BENCODE_ERROR, NG_BENCODE},
        {STR_INIT("d7:command4:ping"), BENCODE_ERROR, NG_BENCODE},
        {STR_INIT("d7:command5:pinge"), BENCODE_ERROR, NG_BENCODE},
        {STR_INIT("d7:command4:pingee"), BENCODE_ERROR, NG_BENCODE},
        {STR_INIT("d7:commande"), BENCODE_ERROR, NG_BENCODE},
        {STR_INIT("d7:command-1:pinge"), BENCODE_ERROR, NG_BENCODE},
        {STR_INIT("d7:command4:ping5:limiti99999999999999999999ee"), BENCODE_ERROR, NG_BENCODE},
        {STR_INIT("d7:command4:ping3:sdp99999999999:xe"), BENCODE_ERROR, NG_BENCODE},
        {STR_INIT("de"), NO_COMMAND, NG_BENCODE},
        {STR_INIT("d7:Command4:pinge"), NO_COMMAND, NG_BENCODE},
        {STR_INIT("d7:commandi1ee"), NO_COMMAND, NG_BENCODE},
        {STR_INIT("d7:commandl4:pingee"), NO_COMMAND, NG_BENCODE},
        {STR_INIT("d10:rtpp-flags12:command=pinge"), NO_COMMAND, NG_BENCODE},
        {STR_INIT("{"), JSON_ERROR, NG_JSON},
        {STR_INIT("{\"command\":\"ping\""), JSON_ERROR, NG_JSON},
        {STR_INIT("{\"command\":\"ping\"}x"), JSON_ERROR, NG_JSON},
        {STR_INIT("{\"command\":\"\xff\"}"), JSON_ERROR, NG_JSON},
        {STR_INIT("{\"command\":null}"), NO_COMMAND, NG_JSON},
        {STR_INIT("{}"), NO_COMMAND, NG_JSON},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        int err = parse(rows[i].body);

        if (err != EBADMSG || strcmp(m.error, rows[i].error) != 0 ||
            m.r.encoding != rows[i].encoding)
            fail_msg(STR_FMT ": %s", STR_ARG(rows[i].body), m.error ? m.error : "accepted");
        ng_request_wipe(&m.r);
    }
}

/** The head, n times `open`, n times `close`, the tail. */
static struct str nested(const char *head, char open, char close, size_t n, const char *tail)
{
    size_t n_head = strlen(head), n_tail = strlen(tail);

    memcpy(m.bytes, head, n_head);
    memset(m.bytes + n_head, open, n);
    memset(m.bytes + n_head + n, close, n);
    memcpy(m.bytes + n_head + 2 * n, tail, n_tail);
    return (struct str){m.bytes, n_head + 2 * n + n_tail};
}

static void a_message_nested_too_deep_gets_an_error(void **state)
{
    (void)state;
    assert_int_equal(parse(nested("d7:command4:ping1:a", 'l', 'e', 31, "e")), 0);
    ng_request_wipe(&m.r);
    assert_int_equal(parse(nested("d7:command4:ping1:a", 'l', 'e', 32, "e")), EBADMSG);
    assert_string_equal(m.error, BENCODE_ERROR);
    ng_request_wipe(&m.r);
    assert_int_equal(parse(nested("d7:command4:ping1:a", 'l', 'e', 10000, "e")), EBADMSG);
    assert_string_equal(m.error, BENCODE_ERROR);
    ng_request_wipe(&m.r);

    assert_int_equal(parse(nested("{\"command\":\"ping\",\"a\":", '[', ']', 31, "}")), 0);
    ng_request_wipe(&m.r);
    assert_int_equal(parse(nested("{\"command\":\"ping\",\"a\":", '[', ']', 32, "}")), EBADMSG);
    assert_string_equal(m.error, "Could not decode JSON dictionary");
    ng_request_wipe(&m.r);
}

static void rtpp_flags_nested_too_deep_get_an_error(void **state)
{
    (void)state;
    assert_int_equal(parse(nested("d7:command4:ping10:rtpp-flags2002:a=", '[', ']', 1000, "e")),
                     EBADMSG);
    assert_string_equal(m.error, BENCODE_ERROR);
    ng_request_wipe(&m.r);
}

static void the_largest_datagram_is_read(void **state)
{
    static const char head[] = "d7:command5:offer3:sdp65506:";
    size_t n_sdp = sizeof(m.bytes) - (sizeof(head) - 1) - 1;

    (void)state;
    assert_int_equal(n_sdp, 65506);
    memset(m.bytes, 'a', sizeof(m.bytes));
    snprintf(m.bytes, sizeof(m.bytes), "d7:command5:offer3:sdp%zu:", n_sdp);
    m.bytes[sizeof(head) - 1] = 'a'; /* the NUL of snprintf() */
    m.bytes[sizeof(m.bytes) - 1] = 'e';
    assert_int_equal(parse((struct str){m.bytes, sizeof(m.bytes)}), 0);
    assert_int_equal(m.r.sdp.n, n_sdp);
    ng_request_wipe(&m.r);
}

static void a_datagram_full_of_flags_is_read_and_only_some_are_named(void **state)
{
    size_t n = (size_t)snprintf(m.bytes, sizeof(m.bytes), "d7:command4:ping5:flagsl");
    unsigned n_flags = 0;

    (void)state;
    for (; n + 5 < sizeof(m.bytes); n += 3, n_flags++)
        memcpy(m.bytes + n, "1:x", 3);
    memcpy(m.bytes + n, "ee", 2);
    assert_int_equal(parse((struct str){m.bytes, n + 2}), 0);
    assert_int_equal(m.r.n_unknown, n_flags);
    assert_int_equal(m.n_named, 16);
    ng_request_wipe(&m.r);
}

static void the_first_of_duplicate_keys_counts(void **state)
{
    (void)state;
    assert_int_equal(parse(STR("d7:command4:ping7:call-id1:a7:call id1:b7:command6:delete7:Call-ID"
                               "1:c5:codecd5:stripl1:Ae5:stripl1:Beee")),
                     0);
    assert_int_equal(m.r.command, NG_PING);
    assert_str(m.r.call_id, "a");
    assert_strings(&m.r.codec.strip, "A");
    assert_int_equal(m.r.n_duplicate, 3);
    assert_string_equal(m.unknown, "key:Call-ID ");
    ng_request_wipe(&m.r);
}

static void the_last_of_two_places_counts(void **state)
{
    (void)state;
    assert_int_equal(
        parse_json("{\"command\":\"offer\",\"ICE\":\"remove\",\"flags\":[\"ICE-force\"],"
                   "\"label\":\"a\",\"rtpp-flags\":\"label=b\"}"),
        0);
    assert_int_equal(m.r.ice, NG_ICE_FORCE);
    assert_str(m.r.label, "b");
    assert_int_equal(m.r.n_duplicate, 0);
    ng_request_wipe(&m.r);
}

static void strings_may_hold_nul(void **state)
{
    (void)state;
    assert_int_equal(parse(STR("d7:command4:ping7:call-id3:a\0be")), 0);
    assert_int_equal(m.r.call_id.n, 3);
    assert_memory_equal(m.r.call_id.p, "a\0b", 3);
    ng_request_wipe(&m.r);

    assert_int_equal(parse(STR("d7:command4:ping3:ICE6:force\0"
                               "10:rtpp-flags3:a\0b5:flagsl1:\0ee")),
                     0);
    assert_int_equal(m.r.ice, NG_ICE_DEFAULT);
    assert_int_equal(m.r.n_unknown, 3);
    ng_request_wipe(&m.r);
}

static void sdes_off_is_understood_in_all_its_spellings(void **state)
{
    static const char *const sdes_off[] = {
        "{\"command\":\"offer\",\"SDES\":\"off\"}",
        "{\"command\":\"offer\",\"SDES\":[\"off\"]}",
        "{\"command\":\"offer\",\"sdes\":\"no\"}",
        "{\"command\":\"offer\",\"flags\":[\"SDES-off\"]}",
        "{\"command\":\"offer\",\"flags\":\"SDES_off\"}",
        "{\"command\":\"offer\",\"flags\":[\"sdes off\"]}",
        "{\"command\":\"offer\",\"flags\":\"trust-address,SDES-disable\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"SDES=off\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"SDES=[off]\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"SDES-off\"}",
        "{\"command\":\"offer\",\"rtpp_flags\":\"[ignored] SDES-off\"}",
        "{\"command\":\"offer\",\"rtpp flags\":\"SDES=[off\"}",
    };

    (void)state;
    for (size_t i = 0; i < N(sdes_off); i++) {
        assert_int_equal(parse_json(sdes_off[i]), 0);
        if (m.r.sdes != NG_SDES_OFF)
            fail_msg("%s", sdes_off[i]);
        ng_request_wipe(&m.r);
    }
}

static void a_transcode_codec_is_understood_in_all_its_spellings(void **state)
{
    static const char *const rows[] = {
        "{\"command\":\"offer\",\"codec\":{\"transcode\":[\"opus\"]}}",
        "{\"command\":\"offer\",\"codec\":{\"transcode\":\"opus\"}}",
        "{\"command\":\"offer\",\"transcode\":\"opus\"}",
        "{\"command\":\"offer\",\"transcode\":[\"opus\"]}",
        "{\"command\":\"offer\",\"codec transcode\":[\"opus\"]}",
        "{\"command\":\"offer\",\"flags\":[\"transcode-opus\"]}",
        "{\"command\":\"offer\",\"flags\":[\"codec-transcode-opus\"]}",
        "{\"command\":\"offer\",\"flags\":[\"codec transcode opus\"]}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"transcode-opus\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"transcode=opus\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"codec-transcode-opus\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"codec-transcode=opus\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"codec=[transcode=opus]\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"codec=[ transcode=[ opus ] ]\"}",
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        assert_int_equal(parse_json(rows[i]), 0);
        if (m.r.codec.transcode.n != 1 || !str_equal(m.r.codec.transcode.v[0], STR("opus")) ||
            m.r.n_unknown)
            fail_msg("%s", rows[i]);
        ng_request_wipe(&m.r);
    }
}

static void every_codec_list_has_its_flag_and_its_key(void **state)
{
    const struct {
        const char *name;
        const struct ng_strings *list;
    } rows[] = {
        {"strip", &m.r.codec.strip},
        {"except", &m.r.codec.except},
        {"offer", &m.r.codec.offer},
        {"ignore", &m.r.codec.ignore},
        {"transcode", &m.r.codec.transcode},
        {"mask", &m.r.codec.mask},
        {"consume", &m.r.codec.consume},
        {"accept", &m.r.codec.accept},
        {"set", &m.r.codec.set},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        char flags[128];

        snprintf(flags, sizeof(flags), "codec-%s-A codec-%s=B codec=[%s=[C D]]", rows[i].name,
                 rows[i].name, rows[i].name);
        parse_rtpp(flags);
        assert_strings(rows[i].list, "A B C D");
        assert_nothing_unknown();
        ng_request_wipe(&m.r);
    }
}

static void escapes_in_codec_strings_are_undone(void **state)
{
    (void)state;
    parse_rtpp("codec-transcode-iLBC/8000/1///mode--30 "
               "codec=[set=[opus/48000/2////a--1..b--2 plain --- .]]");
    assert_strings(&m.r.codec.transcode, "iLBC/8000/1///mode=30");
    assert_strings(&m.r.codec.set, "opus/48000/2////a=1 b=2 plain =- .");
    ng_request_wipe(&m.r);
}

static void every_flag_is_understood(void **state)
{
    static const struct {
        const char *word;
        enum ng_flag flag;
    } rows[] = {
        {"trust-address", NG_FLAG_TRUST_ADDRESS},
        {"trust address", NG_FLAG_TRUST_ADDRESS},
        {"trust_address", NG_FLAG_TRUST_ADDRESS},
        {"SIP-source-address", NG_FLAG_SIP_SOURCE_ADDRESS},
        {"sip source address", NG_FLAG_SIP_SOURCE_ADDRESS},
        {"symmetric", NG_FLAG_SYMMETRIC},
        {"asymmetric", NG_FLAG_ASYMMETRIC},
        {"strict-source", NG_FLAG_STRICT_SOURCE},
        {"media-handover", NG_FLAG_MEDIA_HANDOVER},
        {"port-latching", NG_FLAG_PORT_LATCHING},
        {"no-port-latching", NG_FLAG_NO_PORT_LATCHING},
        {"no-rtcp-attribute", NG_FLAG_NO_RTCP_ATTRIBUTE},
        {"full-RTCP-attribute", NG_FLAG_FULL_RTCP_ATTRIBUTE},
        {"record-call", NG_FLAG_RECORD_CALL},
        {"generate-mid", NG_FLAG_GENERATE_MID},
        {"loop-protect", NG_FLAG_LOOP_PROTECT},
        {"always-transcode", NG_FLAG_ALWAYS_TRANSCODE},
        {"reset", NG_FLAG_RESET},
        {"fragment", NG_FLAG_FRAGMENT},
        {"trickle-ICE", NG_FLAG_TRICKLE_ICE},
        {"trickle-ice", NG_FLAG_TRICKLE_ICE},
        {"reject-ICE", NG_FLAG_REJECT_ICE},
        {"original-sendrecv", NG_FLAG_ORIGINAL_SENDRECV},
        {"to-tag", NG_FLAG_TO_TAG},
        {"all", NG_FLAG_ALL},
        {"directional", NG_FLAG_DIRECTIONAL},
        {"fatal", NG_FLAG_FATAL},
        {"fast", NG_FLAG_FAST},
        {"allow-transcoding", NG_FLAG_ALLOW_TRANSCODING},
        {"allow-no-codec-media", NG_FLAG_ALLOW_NO_CODEC_MEDIA},
        {"single-codec", NG_FLAG_SINGLE_CODEC},
        {"generate-RTCP", NG_FLAG_GENERATE_RTCP},
        {"pad-crypto", NG_FLAG_PAD_CRYPTO},
        {"new-branch", NG_FLAG_NEW_BRANCH},
        {"provisional", NG_FLAG_PROVISIONAL},
        {"debug", NG_FLAG_DEBUG},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        char text[128];

        snprintf(text, sizeof(text), "{\"command\":\"offer\",\"flags\":[\"%s\"]}", rows[i].word);
        assert_int_equal(parse_json(text), 0);
        if (m.r.flags != UINT64_C(1) << rows[i].flag || m.r.n_unknown)
            fail_msg("%s", rows[i].word);
        ng_request_wipe(&m.r);
    }
}

static void a_flag_that_is_another_setting_in_short_sets_that(void **state)
{
    (void)state;
    parse_rtpp("always-transcode pad-crypto all=all record-call=yes generate-RTCP=on");
    assert_strings(&m.r.codec.accept, "all");
    assert_int_equal(m.r.sdes, NG_SDES_PAD);
    assert_true(ng_has(&m.r, NG_FLAG_ALL));
    assert_true(ng_has(&m.r, NG_FLAG_RECORD_CALL));
    assert_true(ng_has(&m.r, NG_FLAG_GENERATE_RTCP));
    ng_request_wipe(&m.r);

    parse_rtpp("record-call record-call=off generate-rtcp generate-rtcp=off all=none");
    assert_int_equal(m.r.flags, 0);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void webrtc_is_short_for_many_settings(void **state)
{
    (void)state;
    assert_int_equal(parse_json("{\"command\":\"offer\",\"flags\":[\"WebRTC\"]}"), 0);
    assert_int_equal(m.r.proto, NG_PROTO_UDP_TLS_RTP_SAVPF);
    assert_int_equal(m.r.ice, NG_ICE_FORCE);
    assert_int_equal(m.r.rtcp_mux, NG_MUX_OFFER | NG_MUX_REQUIRE);
    assert_int_equal(m.r.sdes, NG_SDES_OFF);
    assert_true(ng_has(&m.r, NG_FLAG_TRICKLE_ICE));
    assert_true(ng_has(&m.r, NG_FLAG_NO_RTCP_ATTRIBUTE));
    assert_true(ng_has(&m.r, NG_FLAG_GENERATE_MID));
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void what_others_build_is_known_and_ignored(void **state)
{
    (void)state;
    assert_int_equal(
        parse_json(
            "{\"command\":\"offer\",\"OSRTP\":[\"offer\"],\"bundle\":\"accept\",\"T.38\":[\"force\"],"
            "\"sdp-attr\":{\"audio\":{\"add\":[\"ptime:20\"]}},\"extmap\":{\"strip\":\"all\"},"
            "\"DTMF-security\":\"drop\",\"endpoint-learning\":\"off\",\"set-label\":\"x\","
            "\"DTLS-fingerprint\":\"SHA-256\",\"DTMF-log-dest\":\"192.0.2.1:9\","
            "\"recording-file\":\"x\",\"supports\":[\"other\"],"
            "\"flags\":[\"T38-decode\",\"OSRTP-accept\",\"endpoint-learning-off\",\"from-tags-x\","
            "\"sdp-attr-add-audio-ptime:20\",\"inject-DTMF\",\"NAT-wait\",\"no-jitter-buffer\"],"
            "\"replace\":[\"session-connection\"]}"),
        0);
    assert_nothing_unknown();
    assert_false(m.r.has_load_limit);
    ng_request_wipe(&m.r);
}

static void a_mode_of_dtmf_security_never_lets_more_through_than_it_says(void **state)
{
    static const struct {
        const char *mode;
        enum ng_dtmf_security means;
    } rows[] = {
        {"off", NG_DTMF_EVENTS_ONLY}, {"drop", NG_DTMF_EVENTS_ONLY}, {"silence", NG_DTMF_SILENCE},
        {"tone", NG_DTMF_SILENCE},    {"random", NG_DTMF_SILENCE},   {"zero", NG_DTMF_SILENCE},
        {"DTMF", NG_DTMF_SILENCE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[96];

        snprintf(text, sizeof(text), "{\"command\":\"block DTMF\",\"DTMF-security\":\"%s\"}",
                 rows[i].mode);
        assert_int_equal(parse_json(text), 0);
        assert_nothing_unknown();
        assert_int_equal(m.r.dtmf_security, rows[i].means);
        ng_request_wipe(&m.r);
    }
}

static void what_is_not_known_is_reported_and_never_an_error(void **state)
{
    static const struct {
        const char *message, *unknown;
    } rows[] = {
        {"{\"command\":\"offer\",\"repacketize\":20}", "key:repacketize "},
        {"{\"command\":\"offer\",\"template\":\"x\"}", "key:template "},
        {"{\"command\":\"offer\",\"CALL-ID\":\"x\"}", "key:CALL-ID "},
        {"{\"command\":\"offer\",\"ice-Lite\":\"both\"}", "key:ice-Lite "},
        {"{\"command\":\"offer\",\"flags\":[\"force\",\"reorder-codecs\"]}",
         "flags:force flags:reorder-codecs "},
        {"{\"command\":\"offer\",\"flags\":[\"SDES-\",\"SDES-what\"]}",
         "flags:SDES- flags:SDES-what "},
        {"{\"command\":\"offer\",\"flags\":{\"a\":1}}", "flags: "},
        {"{\"command\":\"offer\",\"flags\":[1,[],{}]}", "flags: flags: flags: "},
        {"{\"command\":\"offer\",\"replace\":[\"everything\"]}", "replace:everything "},
        {"{\"command\":\"offer\",\"ICE\":\"cold\"}", "ICE:cold "},
        {"{\"command\":\"offer\",\"transport-protocol\":\"TCP/RTP\"}",
         "transport-protocol:TCP/RTP "},
        {"{\"command\":\"offer\",\"codec\":{\"x\":[]},\"rtcp-mux\":\"never\"}",
         "codec:x RTCP-mux:never "},
        {"{\"command\":\"offer\",\"codec\":\"opus\"}", "codec:opus "},
        {"{\"command\":\"offer\",\"codec\":{\"strip\":1}}", "codec:strip "},
        {"{\"command\":\"offer\",\"ptime\":\"x\"}", "ptime:x "},
        {"{\"command\":\"offer\",\"ptime\":[20]}", "ptime: "},
        {"{\"command\":\"offer\",\"call-id\":7}", "call-ID: "},
        {"{\"command\":\"offer\",\"received-from\":[\"IP4\",\"host.example\"]}",
         "received-from:host.example "},
        {"{\"command\":\"offer\",\"direction\":[\"a\",\"b\",\"c\"]}", "direction:c "},
        {"{\"command\":\"offer\",\"SDES\":[\"no-ROT13\",\"order:F8_128_HMAC_SHA1_80;x\"]}",
         "SDES:no-ROT13 SDES:order:F8_128_HMAC_SHA1_80;x "},
        {"{\"command\":\"offer\",\"rtpp-flags\":\"x y=z sdp=v rtpp-flags=a [b]\"}",
         "rtpp-flags:x key:y key:sdp key:rtpp-flags key: "},
        {"{\"command\":\"offer\",\"rtpp-flags\":[\"x\"]}", "rtpp-flags: "},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        assert_int_equal(parse_json(rows[i].message), 0);
        assert_int_equal(m.r.command, NG_OFFER);
        assert_string_equal(m.unknown, rows[i].unknown);
        ng_request_wipe(&m.r);
    }
}

static void numbers_come_as_integers_or_decimal_strings(void **state)
{
    static const struct {
        const char *value;
        int limit; /* 32: not understood */
    } rows[] = {
        {"7", 7},
        {"\"7\"", 7},
        {"\"007\"", 7},
        {"\"-7\"", -7},
        {"-7", -7},
        {"true", 1},
        {"2147483647", INT32_MAX},
        {"\"-2147483648\"", INT32_MIN},
        {"2147483648", 32},
        {"\"2147483648\"", 32},
        {"\"99999999999999999999999\"", 32},
        {"\"\"", 32},
        {"\"-\"", 32},
        {"\"+7\"", 32},
        {"\"7 \"", 32},
        {"\"0x7\"", 32},
        {"[7]", 32},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        char text[128];

        snprintf(text, sizeof(text), "{\"command\":\"list\",\"limit\":%s}", rows[i].value);
        assert_int_equal(parse_json(text), 0);
        if (m.r.limit != rows[i].limit || m.r.n_unknown != (rows[i].limit == 32))
            fail_msg("%s: %d", rows[i].value, m.r.limit);
        ng_request_wipe(&m.r);
    }
}

static void tos_has_a_word_for_leave_and_for_default(void **state)
{
    static const struct {
        const char *value;
        int tos;
    } rows[] = {{"0", 0},   {"184", 184}, {"255", 255},           {"256", NG_TOS_DEFAULT},
                {"-1", -1}, {"-9", -1},   {"257", NG_TOS_DEFAULT}};

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        char text[128];

        snprintf(text, sizeof(text), "TOS=%s", rows[i].value);
        parse_rtpp(text);
        assert_int_equal(m.r.tos, rows[i].tos);
        ng_request_wipe(&m.r);
    }
}

static void the_other_numbers_reach_their_fields(void **state)
{
    (void)state;
    assert_int_equal(
        parse_json("{\"command\":\"delete\",\"delete delay\":0,\"ptime-reverse\":\"30\","
                   "\"sip-response-code\":183}"),
        0);
    assert_int_equal(m.r.delete_delay_s, 0);
    assert_int_equal(m.r.ptime_reverse_ms, 30);
    assert_int_equal(m.r.sip_code, 183);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void protocol_words_combine(void **state)
{
    static const struct {
        const char *flags;
        enum ng_proto proto;
    } rows[] = {
        {"RTP", NG_PROTO_RTP_AVP},
        {"SRTP", NG_PROTO_RTP_SAVP},
        {"AVPF", NG_PROTO_RTP_AVPF},
        {"SRTP AVPF", NG_PROTO_RTP_SAVPF},
        {"AVPF SRTP", NG_PROTO_RTP_SAVPF},
        {"SRTP AVPF RTP", NG_PROTO_RTP_AVPF},
        {"SRTP AVPF AVP", NG_PROTO_RTP_SAVP},
        {"DTLS", NG_PROTO_UDP_TLS_RTP_SAVP},
        {"DTLS AVPF", NG_PROTO_UDP_TLS_RTP_SAVPF},
        {"DTLS SRTP AVPF", NG_PROTO_UDP_TLS_RTP_SAVPF},
        {"RTP/SAVPF", NG_PROTO_RTP_SAVPF},
        {"RTP/SAVPF AVP", NG_PROTO_RTP_SAVP},
        {"UDP/TLS/RTP/SAVP", NG_PROTO_UDP_TLS_RTP_SAVP},
        {"transport-protocol=UDP/TLS/RTP/SAVPF", NG_PROTO_UDP_TLS_RTP_SAVPF},
        {"transport-protocol=accept", NG_PROTO_ACCEPT},
        {"ICE=remove", NG_PROTO_KEEP},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        parse_rtpp(rows[i].flags);
        if (m.r.proto != rows[i].proto || m.r.n_unknown)
            fail_msg("%s", rows[i].flags);
        ng_request_wipe(&m.r);
    }
}

static void directions_come_in_many_forms(void **state)
{
    static const char *const rows[] = {
        "{\"command\":\"offer\",\"direction\":[\"a\",\"b\"]}",
        "{\"command\":\"offer\",\"direction\":\"a,b\"}",
        "{\"command\":\"offer\",\"from-interface\":\"a\",\"to interface\":\"b\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"direction=a direction=b\"}",
        "{\"command\":\"offer\",\"rtpp-flags\":\"direction=[a b]\"}",
        "{\"command\":\"offer\",\"direction\":[\"x\",\"y\"],\"rtpp-flags\":\"direction=[a b]\"}",
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        assert_int_equal(parse_json(rows[i]), 0);
        assert_str(m.r.direction[0], "a");
        assert_str(m.r.direction[1], "b");
        assert_nothing_unknown();
        ng_request_wipe(&m.r);
    }
    parse_rtpp("external internal");
    assert_str(m.r.direction[0], "external");
    assert_str(m.r.direction[1], "internal");
    ng_request_wipe(&m.r);
}

static void tags_in_rtpp_flags_ask_to_be_honoured(void **state)
{
    (void)state;
    parse_rtpp("to-tag=t");
    assert_str(m.r.to_tag, "t");
    assert_int_equal(m.r.flags, UINT64_C(1) << NG_FLAG_TO_TAG);
    ng_request_wipe(&m.r);
    parse_rtpp("from-tag=f");
    assert_str(m.r.from_tag, "f");
    assert_int_equal(m.r.flags, UINT64_C(1) << NG_FLAG_DIRECTIONAL);
    ng_request_wipe(&m.r);

    assert_int_equal(parse_json("{\"command\":\"delete\",\"to-tag\":\"t\",\"from-tag\":\"f\"}"), 0);
    assert_int_equal(m.r.flags, 0);
    ng_request_wipe(&m.r);
}

static void brackets_that_do_not_match_keep_what_can_be_read(void **state)
{
    static const char *const rows[] = {
        "ICE=force ]",
        "] ICE=force",
        "]]]]ICE=force",
        "ICE=[force",
        "ICE=[[remove] force]",
        "[x [y z=[1]]] ICE=force",
        "codec=[strip=[A ICE=force]] ICE=force",
        "  ICE=force  ",
        "\r\n\tx\r\n\tICE=force\n",
        "= =x ICE=force a==b",
        "ICE=force codec=[strip=[all] mask",
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        parse_rtpp(rows[i]);
        if (m.r.ice != NG_ICE_FORCE)
            fail_msg("%s", rows[i]);
        ng_request_wipe(&m.r);
    }
}

static void addresses_come_with_or_without_their_family(void **state)
{
    static const struct {
        const char *value, *host;
    } rows[] = {
        {"[\"IP4\",\"192.0.2.1\"]", "192.0.2.1"},
        {"[\"IP6\",\"2001:db8::1\"]", "2001:db8::1"},
        {"[\"192.0.2.1\"]", "192.0.2.1"},
        {"\"192.0.2.1\"", "192.0.2.1"},
        {"[]", "-"},
        {"[\"IP4\"]", "-"},
        {"\"\"", "-"},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        char text[128];

        snprintf(text, sizeof(text), "{\"command\":\"offer\",\"received-from\":%s}", rows[i].value);
        assert_int_equal(parse_json(text), 0);
        assert_host(&m.r.received_from, rows[i].host);
        assert_nothing_unknown();
        ng_request_wipe(&m.r);
    }
    parse_rtpp("media-address=192.0.2.9 address-family=IP6 received-from=192.0.2.8");
    assert_host(&m.r.media_address, "192.0.2.9");
    assert_host(&m.r.received_from, "192.0.2.8");
    assert_int_equal(m.r.address_family, NG_FAMILY_IP6);
    ng_request_wipe(&m.r);
}

static void sdes_words_set_clear_and_name_suites(void **state)
{
    (void)state;
    parse_rtpp("SDES=[nonew pad lifetime static prefer unencrypted_srtp unencrypted_srtcp "
               "unauthenticated_srtp no-AES_CM_128_HMAC_SHA1_32 only-AEAD_AES_128_GCM "
               "order:AES_CM_128_HMAC_SHA1_80;AEAD_AES_256_GCM; "
               "offerer_pref:AES_CM_128_HMAC_SHA1_80;]");
    assert_int_equal(m.r.sdes, NG_SDES_NONEW | NG_SDES_PAD | NG_SDES_LIFETIME | NG_SDES_STATIC |
                                   NG_SDES_PREFER | NG_SDES_UNENCRYPTED_SRTP |
                                   NG_SDES_UNENCRYPTED_SRTCP | NG_SDES_UNAUTHENTICATED_SRTP);
    assert_strings(&m.r.sdes_no, "AES_CM_128_HMAC_SHA1_32");
    assert_strings(&m.r.sdes_only, "AEAD_AES_128_GCM");
    assert_strings(&m.r.sdes_order, "AES_CM_128_HMAC_SHA1_80 AEAD_AES_256_GCM");
    assert_nothing_unknown();
    ng_request_wipe(&m.r);

    parse_rtpp("SDES-unencrypted_srtp SDES-encrypted_srtp SDES-unencrypted_srtcp "
               "SDES=encrypted_srtcp SDES-unauthenticated_srtp SDES-authenticated_srtp");
    assert_int_equal(m.r.sdes, 0);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void ice_and_dtls_words_reach_their_fields(void **state)
{
    static const struct {
        const char *flags;
        enum ng_ice ice;
        enum ng_ice_lite lite;
        bool is_off, is_passive, is_active;
    } rows[] = {
        {"ICE=optional DTLS=active", NG_ICE_OPTIONAL, NG_ICE_LITE_DEFAULT, false, false, true},
        {"ICE=force-relay DTLS=off", NG_ICE_FORCE_RELAY, NG_ICE_LITE_DEFAULT, true, false, false},
        {"ICE=force ICE=default DTLS=no", NG_ICE_DEFAULT, NG_ICE_LITE_DEFAULT, true, false, false},
        {"ICE-remove DTLS-passive", NG_ICE_REMOVE, NG_ICE_LITE_DEFAULT, false, true, false},
        {"ICE=[force lite] DTLS=disable", NG_ICE_FORCE, NG_ICE_LITE_FORWARD, true, false, false},
        {"ICE=lite-both", NG_ICE_DEFAULT, NG_ICE_LITE_BOTH, false, false, false},
        {"ICE=[lite-both lite-off]", NG_ICE_DEFAULT, NG_ICE_LITE_OFF, false, false, false},
        {"ICE-lite=backward", NG_ICE_DEFAULT, NG_ICE_LITE_BACKWARD, false, false, false},
        {"ICE=[trickle ice2] DTLS-reverse=passive", NG_ICE_DEFAULT, NG_ICE_LITE_DEFAULT, false,
         true, false},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        parse_rtpp(rows[i].flags);
        if (m.r.ice != rows[i].ice || m.r.ice_lite != rows[i].lite ||
            m.r.dtls_off != rows[i].is_off || m.r.dtls_passive != rows[i].is_passive ||
            m.r.dtls_active != rows[i].is_active || m.r.n_unknown)
            fail_msg("%s", rows[i].flags);
        ng_request_wipe(&m.r);
    }
}

static void replace_and_mux_words_reach_their_fields(void **state)
{
    (void)state;
    parse_rtpp("replace=[origin origin-full session-name username sdp-version "
               "force-increment-sdp-ver] replace-zero-address rtcp-mux=[demux accept reject]");
    assert_int_equal(m.r.replace, 0x7f);
    assert_int_equal(m.r.rtcp_mux, NG_MUX_DEMUX | NG_MUX_ACCEPT | NG_MUX_REJECT);
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void picrelays_own_keys_are_read(void **state)
{
    (void)state;
    parse_rtpp("provider=skype dialect=lync interface=pub sdp-media-remove=[video other]");
    assert_str(m.r.provider, "skype");
    assert_str(m.r.dialect, "lync");
    assert_str(m.r.interface, "pub");
    assert_strings(&m.r.media_remove, "video other");
    assert_nothing_unknown();
    ng_request_wipe(&m.r);
}

static void a_list_takes_64_members_and_reports_the_rest(void **state)
{
    char flags[70 * 4 + 32] = "codec-strip=[";
    size_t n = strlen(flags);

    (void)state;
    for (int i = 0; i < 66; i++)
        n += (size_t)snprintf(flags + n, sizeof(flags) - n, "c%d ", i);
    parse_rtpp(flags);
    assert_int_equal(m.r.codec.strip.n, NG_LIST_MAX);
    assert_string_equal(m.unknown, "codec-strip:c64 codec-strip:c65 ");
    ng_request_wipe(&m.r);
}

static void sip_message_types_are_told_apart(void **state)
{
    static const struct {
        const char *word;
        enum ng_sip_type type;
    } rows[] = {{"request", NG_SIP_REQUEST}, {"sip_request", NG_SIP_REQUEST},
                {"reply", NG_SIP_REPLY},     {"response", NG_SIP_REPLY},
                {"sip_reply", NG_SIP_REPLY}, {"other", NG_SIP_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        char flags[64];

        snprintf(flags, sizeof(flags), "sip-message-type=%s", rows[i].word);
        parse_rtpp(flags);
        assert_int_equal(m.r.sip_type, rows[i].type);
        ng_request_wipe(&m.r);
    }
}

static void any_allocation_may_fail(void **state)
{
    static const struct str rows[] = {
        STR_INIT("d7:command5:offer10:rtpp-flags42:codec=[strip=[A--1 B..2]] SDES-off label=xe"),
        STR_INIT(
            "{\"command\":\"offer\",\"codec\":{\"strip\":[\"A--1\",\"B..2\"]},\"SDES\":\"off\"}"),
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        int n_needed = 0, err;

        do {
            n_allocations = ++n_needed; /* one fewer succeeds */
            err = ng_request_parse(&m.r, rows[i], &m.error, NULL, NULL);
            n_allocations = -1;
            if (err)
                assert_int_equal(err, ENOMEM);
            else
                assert_strings(&m.r.codec.strip, "A=1 B 2");
            ng_request_wipe(&m.r);
        } while (err);
        assert_true(n_needed > 2);
    }
}

static void every_command_has_a_name(void **state)
{
    (void)state;
    for (int c = 0; c < NG_COMMAND_COUNT; c++)
        assert_non_null(ng_command_name((enum ng_command)c));
    assert_string_equal(ng_command_name(NG_LIST_CALLS), "list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_ends_at_the_first_space),
        cmocka_unit_test(a_ping_is_understood_in_both_encodings),
        cmocka_unit_test(what_is_not_given_shows_as_such),
        cmocka_unit_test(a_kamailio_offer_is_understood),
        cmocka_unit_test(a_kamailio_answer_is_understood),
        cmocka_unit_test(an_offer_with_rtpp_flags_is_understood),
        cmocka_unit_test(an_opensips_offer_is_understood),
        cmocka_unit_test(an_offer_with_a_codec_dictionary_is_understood),
        cmocka_unit_test(the_other_messages_of_proxies_are_understood),
        cmocka_unit_test(a_command_that_nobody_knows_is_not_an_error_here),
        cmocka_unit_test(a_malformed_message_gets_the_exact_error),
        cmocka_unit_test(a_message_nested_too_deep_gets_an_error),
        cmocka_unit_test(rtpp_flags_nested_too_deep_get_an_error),
        cmocka_unit_test(the_largest_datagram_is_read),
        cmocka_unit_test(a_datagram_full_of_flags_is_read_and_only_some_are_named),
        cmocka_unit_test(the_first_of_duplicate_keys_counts),
        cmocka_unit_test(the_last_of_two_places_counts),
        cmocka_unit_test(strings_may_hold_nul),
        cmocka_unit_test(sdes_off_is_understood_in_all_its_spellings),
        cmocka_unit_test(a_transcode_codec_is_understood_in_all_its_spellings),
        cmocka_unit_test(every_codec_list_has_its_flag_and_its_key),
        cmocka_unit_test(escapes_in_codec_strings_are_undone),
        cmocka_unit_test(every_flag_is_understood),
        cmocka_unit_test(a_flag_that_is_another_setting_in_short_sets_that),
        cmocka_unit_test(webrtc_is_short_for_many_settings),
        cmocka_unit_test(what_others_build_is_known_and_ignored),
        cmocka_unit_test(a_mode_of_dtmf_security_never_lets_more_through_than_it_says),
        cmocka_unit_test(what_is_not_known_is_reported_and_never_an_error),
        cmocka_unit_test(numbers_come_as_integers_or_decimal_strings),
        cmocka_unit_test(tos_has_a_word_for_leave_and_for_default),
        cmocka_unit_test(the_other_numbers_reach_their_fields),
        cmocka_unit_test(protocol_words_combine),
        cmocka_unit_test(directions_come_in_many_forms),
        cmocka_unit_test(tags_in_rtpp_flags_ask_to_be_honoured),
        cmocka_unit_test(brackets_that_do_not_match_keep_what_can_be_read),
        cmocka_unit_test(addresses_come_with_or_without_their_family),
        cmocka_unit_test(sdes_words_set_clear_and_name_suites),
        cmocka_unit_test(ice_and_dtls_words_reach_their_fields),
        cmocka_unit_test(replace_and_mux_words_reach_their_fields),
        cmocka_unit_test(picrelays_own_keys_are_read),
        cmocka_unit_test(a_list_takes_64_members_and_reports_the_rest),
        cmocka_unit_test(sip_message_types_are_told_apart),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(every_command_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
