#include "relay/control/sdp/lync_sdp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdp_echo.h"

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

#define PLAIN "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
#define AUDIO PLAIN "m=audio 5004 RTP/AVP 0\r\n"
#define KEY   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd" /* bytes 0 to 29 */
#define CM_80 "AES_CM_128_HMAC_SHA1_80"
#define ICE   "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
#define DRAFT6                                                                                     \
    "a=candidate:oKpwKDjMnfFmkSeXlIgoUEYW0BiriMilFQluFogmIQ8 1 XJoleCXuzzNJHAdN0G5MHg UDP 0.830 "  \
    "192.168.0.179 19384\r\n"

/* Every document of tests/vectors/sdp, and the dialect that its lines tell. */
static const struct {
    const char *name;
    enum config_dialect dialect;
} vectors[] = {
    {"exchange-um-o365-answer.sdp", DIALECT_LYNC},
    {"lync-online-ucwa-offer-multipart.sdp", DIALECT_LYNC},
    {"lync-online-ucwa-part1-draft6.sdp", DIALECT_OCS2007},
    {"lync-online-ucwa-part2-draft19.sdp", DIALECT_LYNC},
    {"lync2010-draft6-part-truncated.sdp", DIALECT_OCS2007},
    {"mediation-server-offer-hold.sdp", DIALECT_LYNC},
    {"messenger-doc-im-offer-x-ms-message.sdp", DIALECT_AUTO},
    {"messenger-doc-offer-encryption-required.sdp", DIALECT_OCS2007},
    {"sfb-client-offer-plain-audio-bypassid.sdp", DIALECT_LYNC},
    {"wlm-draft6-candidate-lines.sdp", DIALECT_MSN},
    {"wlm2009-draft19-audio-video.sdp", DIALECT_WLM2009},
};

static struct sdp_doc *parse(struct str text)
{
    struct sdp_doc *doc = NULL;

    if (sdp_parse(&doc, text) != 0)
        fail_msg("refused: " STR_FMT, STR_ARG(text));
    return doc;
}

static char *read_vector(const char *name)
{
    char path[512], *text = calloc(1, 65536);
    FILE *f;

    assert_non_null(text);
    snprintf(path, sizeof(path), "%s/sdp/%s", PICRELAY_VECTORS, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_true(fread(text, 1, 65535, f) > 0);
    fclose(f);
    return text;
}

/** The document of a file: the right part of a multipart, and candidate lines made one. */
static struct sdp_doc *parse_vector(const char *name)
{
    char *text = read_vector(name), whole[8192];
    struct sdp_doc *doc;

    if (strncmp(text, "a=", 2) == 0) {
        snprintf(whole, sizeof(whole), "%s%s", AUDIO, text);
        doc = parse(str_of(whole));
    } else {
        doc = parse(lync_pick_body(str_of(text)));
    }
    free(text);
    return doc;
}

static void assert_text(const char *why, const char *found, const char *expected)
{
    if (strcmp(found, expected) != 0)
        fail_msg("%s: found\n%s\nexpected\n%s", why, found, expected);
}

static void lync_knows_the_dialect_of_every_capture(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(vectors); i++) {
        struct sdp_doc *doc = parse_vector(vectors[i].name);
        struct lync_detection found = lync_detect(doc);

        print_message("%s: %s\n", vectors[i].name, found.why);
        assert_int_equal(found.dialect, vectors[i].dialect);
        sdp_free(doc);
    }
}

struct detect_row {
    const char *why, *text;
    enum config_dialect dialect;
};

static const struct detect_row detect_rows[] = {
    {"a plain SIP phone", AUDIO, DIALECT_AUTO},
    {"a SIP phone with SDES", AUDIO "a=crypto:1 " CM_80 " inline:" KEY "\r\n", DIALECT_AUTO},
    {"IM alone", PLAIN "m=x-ms-message 5060 sip null\r\n", DIALECT_AUTO},
    {"ICE and nothing else", AUDIO ICE, DIALECT_RFC},
    {"candidates and nothing else", AUDIO "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n",
     DIALECT_RFC},
    {"a fingerprint", AUDIO "a=fingerprint:sha-256 AA\r\n", DIALECT_RFC},
    {"a bundle", PLAIN "a=group:BUNDLE 0\r\nm=audio 5004 RTP/AVP 0\r\n", DIALECT_RFC},
    {"rtcp-mux-only", AUDIO ICE "a=rtcp-mux-only\r\n", DIALECT_RFC},
    {"a browser that names a label", AUDIO ICE "a=label:main-audio\r\na=mid:0\r\n", DIALECT_RFC},
    {"rtcp-mux alone tells nothing", AUDIO "a=rtcp-mux\r\n", DIALECT_AUTO},
    {"an SSRC range", AUDIO ICE "a=x-ssrc-range:1-1\r\n", DIALECT_LYNC},
    {"device caps", PLAIN "a=x-devicecaps:audio:send,recv\r\nm=audio 5004 RTP/AVP 0\r\n",
     DIALECT_LYNC},
    {"cryptoscale", AUDIO "a=cryptoscale:1 client " CM_80 " inline:" KEY "\r\n", DIALECT_LYNC},
    {"TCP-PASS", AUDIO ICE "a=candidate:2 1 TCP-PASS 1 192.0.2.1 9 typ relay\r\n", DIALECT_LYNC},
    {"tcp-act in small letters", AUDIO ICE "a=candidate:2 1 tcp-act 1 192.0.2.1 9 typ relay\r\n",
     DIALECT_LYNC},
    {"TCP of RFC 6544", AUDIO ICE "a=candidate:2 1 TCP 1 192.0.2.1 9 typ host tcptype active\r\n",
     DIALECT_RFC},
    {"the session of a mediation server",
     "v=0\r\no=- 0 4 IN IP4 192.0.2.1\r\ns=session\r\nc=IN IP4 192.0.2.1\r\nb=CT:99980\r\n"
     "m=audio 5004 RTP/AVP 0\r\n",
     DIALECT_LYNC},
    {"that session with another o= is anybody's",
     "v=0\r\no=- 7 4 IN IP4 192.0.2.1\r\ns=session\r\nc=IN IP4 192.0.2.1\r\nb=CT:99980\r\n"
     "m=audio 5004 RTP/AVP 0\r\n",
     DIALECT_AUTO},
    {"draft-06", AUDIO DRAFT6, DIALECT_OCS2007},
    {"draft-06, encryption rejected", AUDIO DRAFT6 "a=encryption:rejected\r\n", DIALECT_MSN},
    {"draft-06 beside draft-19 credentials", AUDIO ICE DRAFT6 "a=x-ssrc-range:1-1\r\n",
     DIALECT_LYNC},
    {"draft-19, encryption rejected", AUDIO ICE "a=encryption:rejected\r\n", DIALECT_WLM2009},
    {"a Lync client that rejects encryption",
     AUDIO ICE "a=encryption:rejected\r\na=x-ssrc-range:1-1\r\n", DIALECT_LYNC},
    {"encryption optional, no ICE", AUDIO "a=encryption:optional\r\n", DIALECT_OCS2007},
};

static void lync_tells_the_dialect_by_the_strongest_sign(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(detect_rows); i++) {
        struct sdp_doc *doc = parse(str_of(detect_rows[i].text));
        struct lync_detection found = lync_detect(doc);

        if (found.dialect != detect_rows[i].dialect)
            fail_msg("%s: %d, %s", detect_rows[i].why, (int)found.dialect, found.why);
        sdp_free(doc);
    }
}

struct knowledge_row {
    const char *why, *text; /* NULL: no description yet */
    struct lync_knowledge known;
    enum config_dialect dialect;
    const char *reason;
};

static const struct knowledge_row knowledge_rows[] = {
    {"what is asked for counts most",
     AUDIO DRAFT6,
     {.asked = DIALECT_LYNC},
     DIALECT_LYNC,
     "the request asks for it"},
    {"the peer knows better than the configuration",
     AUDIO DRAFT6,
     {.configured = DIALECT_RFC},
     DIALECT_OCS2007,
     "draft-06 candidates"},
    {"and better than what it was before",
     AUDIO ICE "a=x-ssrc-range:1-1\r\n",
     {.before = DIALECT_RFC},
     DIALECT_LYNC,
     "a=x-ssrc-range"},
    {"draft-06 on an interface of Messenger is Messenger's",
     AUDIO DRAFT6,
     {.configured = DIALECT_WLM2009},
     DIALECT_MSN,
     "draft-06 candidates, the interface is of Messenger"},
    {"standard ICE on an interface of Lync is Lync's",
     AUDIO ICE,
     {.configured = DIALECT_OCS2007},
     DIALECT_LYNC,
     "draft-19 candidates, the interface is of Lync"},
    {"standard ICE on an interface of Messenger is WLM's",
     AUDIO ICE,
     {.configured = DIALECT_MSN},
     DIALECT_WLM2009,
     "draft-19 candidates, the interface is of Messenger"},
    {"but a browser is a browser",
     AUDIO ICE "a=fingerprint:sha-256 AA\r\n",
     {.configured = DIALECT_LYNC},
     DIALECT_RFC,
     "a=fingerprint"},
    {"standard ICE elsewhere",
     AUDIO ICE,
     {.asked = DIALECT_AUTO},
     DIALECT_RFC,
     "ICE without a line of Microsoft's"},
    {"what tells nothing is what is configured",
     AUDIO,
     {.configured = DIALECT_LYNC},
     DIALECT_LYNC,
     "the interface's dialect"},
    {"what tells nothing stays what it was",
     AUDIO,
     {.before = DIALECT_LYNC, .before_why = "a=x-devicecaps", .configured = DIALECT_RFC},
     DIALECT_LYNC,
     "a=x-devicecaps"},
    {"we offer first",
     NULL,
     {.configured = DIALECT_WLM2009},
     DIALECT_WLM2009,
     "the interface's dialect"},
    {"we offer first, and nothing is configured",
     NULL,
     {.asked = DIALECT_AUTO},
     DIALECT_RFC,
     "nothing tells otherwise"},
};

static void lync_weighs_what_is_asked_told_known_and_configured(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(knowledge_rows); i++) {
        const struct knowledge_row *row = &knowledge_rows[i];
        struct sdp_doc *doc = row->text ? parse(str_of(row->text)) : NULL;
        struct lync_detection found = lync_choose(doc, &row->known);

        if (found.dialect != row->dialect)
            fail_msg("%s: %s, %s", row->why, dialect_name(found.dialect), found.why);
        assert_text(row->why, found.why, row->reason);
        sdp_free(doc);
    }
}

#define SDP_TYPE "Content-Type: application/sdp\r\n"
#define FALLBACK "Content-Disposition: session; handling=optional; ms-proxy-2007fallback\r\n"

struct body_row {
    const char *why, *body, *picked;
};

static const struct body_row body_rows[] = {
    {"no multipart", "v=0\r\ns=-\r\n", "v=0\r\ns=-\r\n"},
    {"nothing", "", ""},
    {"neither", "hello\r\n", "hello\r\n"},
    {"an SDP with dashes in it", "v=0\r\ns=x\r\n--not-a-boundary\r\n",
     "v=0\r\ns=x\r\n--not-a-boundary\r\n"},
    {"both parts",
     "--b\r\n" SDP_TYPE FALLBACK "\r\nv=0 old\r\n\r\n--b\r\n" SDP_TYPE
     "\r\nv=0 new\r\n\r\n--b--\r\n",
     "v=0 new\r\n"},
    {"both parts, the other way round",
     "--b\r\n" SDP_TYPE "\r\nv=0 new\r\n--b\r\n" SDP_TYPE FALLBACK "\r\nv=0 old\r\n--b--\r\n",
     "v=0 new"},
    {"the last of two", "--b\r\n" SDP_TYPE "\r\nv=0 1\r\n--b\r\n" SDP_TYPE "\r\nv=0 2\r\n--b--",
     "v=0 2"},
    {"a fallback alone", "--b\r\n" SDP_TYPE FALLBACK "\r\nv=0 old\r\n--b--\r\n", "v=0 old"},
    {"blank lines and a preamble before it",
     "\r\n\r\nThis is a message in MIME.\r\n--b\r\n" SDP_TYPE "\r\nv=0\r\n--b--\r\n", "v=0"},
    {"other parts are passed over",
     "--b\r\n" SDP_TYPE "\r\nv=0\r\n--b\r\nContent-Type: application/gw-sdp; "
     "x-bypassid=1\r\n\r\nv=0 gw\r\n--b\r\nContent-Type: "
     "application/ms-call-location+xml\r\n\r\n<x/>\r\n--b--\r\n",
     "v=0"},
    {"no usable part", "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n", ""},
    {"a part without a type", "--b\r\n\r\nv=0\r\n--b--\r\n", ""},
    {"an empty part", "--b\r\n" SDP_TYPE "\r\n\r\n--b--\r\n", ""},
    {"a part that is only a header", "--b\r\n" SDP_TYPE "--b--\r\n", ""},
    {"no part at all", "--b--\r\n", ""},
    {"no end", "--b\r\n" SDP_TYPE "\r\nv=0\r\ns=-\r\n", "v=0\r\ns=-"},
    {"what follows the end is no part",
     "--b\r\n" SDP_TYPE "\r\nv=0 1\r\n--b--\r\n--b\r\n" SDP_TYPE "\r\nv=0 2\r\n--b--\r\n", "v=0 1"},
    {"a longer line that starts like the boundary",
     "--b\r\n" SDP_TYPE "\r\nv=0\r\n--bc\r\ns=-\r\n--b--\r\n", "v=0\r\n--bc\r\ns=-"},
    {"LF, small letters, parameters, a folded line",
     "--b\ncontent-type:  APPLICATION/SDP ; charset=utf-8\ncontent-disposition: session;\n "
     "MS-PROXY-2007FALLBACK\n\nv=0 old\n--b\nContent-Type:application/sdp\n\nv=0 new\n--b--\n",
     "v=0 new"},
    {"blanks after the boundary", "--b \r\n" SDP_TYPE "\r\nv=0\r\n--b-- \r\n", "v=0"},
    {"a boundary that is too long",
     "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
     "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"},
};

static void lync_picks_the_last_part_that_is_no_fallback(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(body_rows); i++) {
        struct str picked = lync_pick_body(str_of(body_rows[i].body));

        if (!str_equal(picked, str_of(body_rows[i].picked)))
            fail_msg("%s: \"" STR_FMT "\"", body_rows[i].why, STR_ARG(picked));
    }
}

static void lync_takes_the_draft_19_part_of_the_captured_multipart(void **state)
{
    char *multipart = read_vector("lync-online-ucwa-offer-multipart.sdp");
    char *part = read_vector("lync-online-ucwa-part2-draft19.sdp");
    struct str picked = lync_pick_body(str_of(multipart));

    (void)state;
    assert_true(str_equal(picked, str_of(part)));
    free(multipart);
    free(part);
}

struct choice_row {
    const char *why, *lines;
    int index;
    bool is_optional; /* on an RTP/AVP line */
};

static void lync_chooses_the_key_without_an_mki(void **state)
{
    static const struct choice_row rows[] = {
        {"none", "", -1, false},
        {"Lync's three",
         "a=cryptoscale:1 client " CM_80 " inline:" KEY "|2^31|1:1\r\n"
         "a=crypto:2 " CM_80 " inline:" KEY "|2^31|1:1\r\n"
         "a=crypto:3 " CM_80 " inline:" KEY "|2^31\r\n",
         2, true},
        {"an MKI, if there is nothing else",
         "a=cryptoscale:1 client " CM_80 " inline:" KEY "\r\n"
         "a=crypto:2 " CM_80 " inline:" KEY "|1:1\r\n"
         "a=crypto:3 " CM_80 " inline:" KEY "|2:1\r\n",
         1, true},
        {"cryptoscale never", "a=cryptoscale:1 client " CM_80 " inline:" KEY "\r\n", -1, false},
        {"a suite that nobody knows", "a=crypto:1 ROT13 inline:" KEY "\r\n", -1, false},
        {"session parameters", "a=crypto:1 " CM_80 " inline:" KEY " UNENCRYPTED_SRTP\r\n", -1,
         false},
        {"the first that fits",
         "a=crypto:1 ROT13 inline:" KEY "\r\na=crypto:2 " CM_80 " inline:" KEY
         "\r\na=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:" KEY "\r\n",
         1, true},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        char text[2048];
        struct sdp_doc *doc;

        print_message("%s\n", rows[i].why);
        snprintf(text, sizeof(text), "%s%sm=audio 5006 RTP/SAVP 0\r\n%s", AUDIO, rows[i].lines,
                 rows[i].lines);
        doc = parse(str_of(text));
        assert_int_equal(lync_choose_crypto(&doc->media[0]), rows[i].index);
        assert_int_equal(lync_choose_crypto(&doc->media[1]), rows[i].index);
        assert_int_equal(lync_is_optional_srtp(&doc->media[0]), rows[i].is_optional);
        assert_false(lync_is_optional_srtp(&doc->media[1])); /* SAVP: required */
        assert_false(lync_lacks_key(&doc->media[0]));        /* nobody says that it must have one */
        sdp_free(doc);
    }
}

static void lync_knows_who_requires_a_key_and_offers_none(void **state)
{
    static const struct {
        const char *lines;
        bool lacks;
    } rows[] = {
        {"k=base64:Y6UN\r\na=encryption:required\r\n", true},
        {"a=encryption:required\r\na=cryptoscale:1 client " CM_80 " inline:" KEY "\r\n", true},
        {"a=encryption:required\r\na=crypto:1 " CM_80 " inline:" KEY "\r\n", false},
        {"a=encryption:optional\r\n", false},
        {"a=encryption:rejected\r\n", false},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        char text[1024];
        struct sdp_doc *doc;

        snprintf(text, sizeof(text), "%s%s", AUDIO, rows[i].lines);
        doc = parse(str_of(text));
        assert_int_equal(lync_lacks_key(&doc->media[0]), rows[i].lacks);
        sdp_free(doc);
    }
}

/* What follows answers the offer of a Lync client, so the template is what the other side, a
 * plain SIP phone, has answered. */
#define PHONE                                                                                      \
    PLAIN "m=audio 5004 RTP/AVP 9 0 8 13 101\r\na=rtpmap:9 G722/8000\r\n"                          \
          "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:40\r\na=unknown:1\r\n"

static struct ice_candidate candidate_of(const char *value)
{
    struct ice_candidate c;

    assert_int_equal(ice_candidate_parse(&c, value, strlen(value)), 0);
    return c;
}

static union addr addr_of(const char *text)
{
    union addr a = {0};

    assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
    return a;
}

static const struct sdp_crypto *our_key(void)
{
    static struct sdp_crypto crypto = {.tag = 3,
                                       .keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80}};

    for (unsigned i = 0; i < SRTP_KEY_SALT_MAX; i++)
        crypto.keys.key_salt[i] = (uint8_t)i;
    return &crypto;
}

/** An answer at 192.0.2.50, ports 40000 and 40001, on the first line of doc. */
static struct sdp_media_out our_line(const struct sdp_doc *doc)
{
    return (struct sdp_media_out){.action = SDP_RELAY,
                                  .proto = SDP_RTP_SAVP,
                                  .rtp = addr_of("192.0.2.50:40000"),
                                  .rtcp_port = 40001,
                                  .formats = doc->media[0].formats,
                                  .n_formats = doc->media[0].n_formats,
                                  .direction = SDP_SENDRECV,
                                  .crypto = our_key(),
                                  .n_crypto = 1,
                                  .has_lifetime = true,
                                  .has_ice = true,
                                  .ice_ufrag = STR("Ab12"),
                                  .ice_pwd = STR("0123456789abcdefghijkl")};
}

static struct sdp_out our_answer(enum config_dialect dialect, const struct sdp_media_out *media)
{
    return (struct sdp_out){.dialect = dialect,
                            .address = addr_of("192.0.2.50:0"),
                            .origin_version = 0,
                            .media = media};
}

#define SESSION(version)                                                                           \
    "v=0\r\no=- 0 " version " IN IP4 192.0.2.50\r\ns=session\r\nc=IN IP4 192.0.2.50\r\n"           \
    "b=CT:99980\r\nt=0 0\r\n"
#define FORMATS                                                                                    \
    "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"                     \
    "a=rtpmap:13 CN/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"

static void lync_writes_the_answer_of_the_reference(void **state)
{
    struct sdp_doc *doc = parse(STR(PHONE));
    struct ice_candidate candidates[] = {
        candidate_of("1 1 UDP 2028995583 192.0.2.50 40000 typ host"),
        candidate_of("1 2 UDP 2028995582 192.0.2.50 40001 typ host"),
    };
    struct sdp_media_out media = our_line(doc);
    struct sdp_out out = our_answer(DIALECT_LYNC, &media);
    char text[2048];

    (void)state;
    media.candidates = candidates;
    media.n_candidates = 2;
    media.ssrc = 305419896;
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    assert_text("answer", text,
                SESSION("0") "m=audio 40000 RTP/SAVP 9 0 8 13 101\r\n"
                             "a=x-ssrc-range:305419896-305419896\r\n"
                             "a=label:main-audio\r\n"
                             "a=ice-ufrag:Ab12\r\n"
                             "a=ice-pwd:0123456789abcdefghijkl\r\n"
                             "a=candidate:1 1 UDP 2028995583 192.0.2.50 40000 typ host\r\n"
                             "a=candidate:1 2 UDP 2028995582 192.0.2.50 40001 typ host\r\n"
                             "a=crypto:3 " CM_80 " inline:" KEY "|2^31\r\n"
                             "a=rtcp:40001\r\n" FORMATS "a=ptime:20\r\n");
    sdp_free(doc);
}

static void lync_writes_the_final_answer_with_the_chosen_pair(void **state)
{
    struct sdp_doc *doc = parse(STR(PHONE));
    struct ice_candidate candidates[] = {
        candidate_of("1 1 UDP 2028995583 192.0.2.50 40000 typ host"),
        candidate_of("1 2 UDP 2028995582 192.0.2.50 40001 typ host"),
    };
    struct sdp_media_out media = our_line(doc);
    struct sdp_out out = our_answer(DIALECT_LYNC, &media);
    char text[2048];

    (void)state;
    media.candidates = candidates;
    media.n_candidates = 2;
    media.remote_candidates[0] = candidate_of("5 1 UDP 1 198.51.100.239 50002 typ srflx");
    media.remote_candidates[1] = candidate_of("5 2 UDP 1 198.51.100.239 50003 typ srflx");
    media.n_remote_candidates = 2;
    media.direction = SDP_INACTIVE;
    media.has_rtcp_mux = true;
    out.origin_version = 1;
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    assert_text("final answer", text,
                SESSION("1") "m=audio 40000 RTP/SAVP 9 0 8 13 101\r\n"
                             "a=label:main-audio\r\n"
                             "a=ice-ufrag:Ab12\r\n"
                             "a=ice-pwd:0123456789abcdefghijkl\r\n"
                             "a=candidate:1 1 UDP 2028995583 192.0.2.50 40000 typ host\r\n"
                             "a=candidate:1 2 UDP 2028995582 192.0.2.50 40001 typ host\r\n"
                             "a=remote-candidates:1 198.51.100.239 50002 2 198.51.100.239 50003\r\n"
                             "a=crypto:3 " CM_80 " inline:" KEY "|2^31\r\n"
                             "a=rtcp:40001\r\n"
                             "a=inactive\r\n" FORMATS "a=rtcp-mux\r\na=ptime:20\r\n");
    sdp_free(doc);
}

static void lync_hides_ipv6_candidates_under_their_own_name(void **state)
{
    static const struct {
        enum config_dialect dialect;
        const char *line; /* NULL: left out */
    } rows[] = {
        {DIALECT_LYNC, "a=x-candidate-ipv6:1 1 UDP 2028995583 2001:db8::5 40000 typ host\r\n"},
        {DIALECT_WLM2009, NULL},
        {DIALECT_OCS2007, NULL},
        {DIALECT_MSN, NULL},
    };
    struct sdp_doc *doc = parse(STR(PHONE));
    struct ice_candidate candidate = candidate_of("1 1 UDP 2028995583 2001:db8::5 40000 typ host");

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        struct sdp_media_out media = our_line(doc);
        struct sdp_out out = our_answer(rows[i].dialect, &media);
        char text[2048];

        media.candidates = &candidate;
        media.n_candidates = 1;
        assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
        if (rows[i].line)
            assert_non_null(strstr(text, rows[i].line));
        else
            assert_null(strstr(text, "2001:db8::5"));
    }
    sdp_free(doc);
}

static void lync_writes_an_ssrc_range_only_for_an_ssrc_that_may_be_in_one(void **state)
{
    static const struct {
        uint32_t ssrc;
        const char *line;
    } rows[] = {
        {0, NULL},
        {1, "a=x-ssrc-range:1-1\r\n"},
        {0xFFFFFF00U, "a=x-ssrc-range:4294967040-4294967040\r\n"},
        {0xFFFFFF01U, NULL},
    };
    struct sdp_doc *doc = parse(STR(PHONE));

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        struct sdp_media_out media = our_line(doc);
        struct sdp_out out = our_answer(DIALECT_LYNC, &media);
        char text[2048], *found;

        media.ssrc = rows[i].ssrc;
        assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
        found = strstr(text, "a=x-ssrc-range");
        assert_int_equal(found != NULL, rows[i].line != NULL);
        if (found && rows[i].line)
            assert_int_equal(strncmp(found, rows[i].line, strlen(rows[i].line)), 0);
    }
    sdp_free(doc);
}

static struct ice_candidate draft6_candidate(uint8_t component, const char *port)
{
    char value[256];

    snprintf(value, sizeof(value),
             "gAH6Rj7UAhyhL37x1myyRCEe0s90i/okTPPlQ8q9Ufg= %u AT6jQtrWTfVi7S1Ko4pBxA== UDP 0.830 "
             "192.0.2.50 %s",
             component, port);
    return candidate_of(value);
}

#define UFRAG "gAH6Rj7UAhyhL37x1myyRCEe0s90i/okTPPlQ8q9Ufg"
#define PWD   "AT6jQtrWTfVi7S1Ko4pBxA"

static void lync_writes_draft_06_candidates_for_ocs_2007(void **state)
{
    struct sdp_doc *doc = parse(STR(PHONE));
    struct ice_candidate candidates[] = {draft6_candidate(1, "40000"),
                                         draft6_candidate(2, "40001")};
    struct sdp_media_out media = our_line(doc);
    struct sdp_out out = our_answer(DIALECT_OCS2007, &media);
    char text[2048];

    (void)state;
    media.candidates = candidates;
    media.n_candidates = 2;
    media.ssrc = 1;
    media.n_remote_candidates = 1;
    memcpy(media.remote_candidates[0].ufrag, "theirs=", sizeof("theirs="));
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    assert_text("answer", text,
                SESSION("0") "m=audio 40000 RTP/SAVP 9 0 8 13 101\r\n"
                             "a=candidate:" UFRAG " 1 " PWD " UDP 0.830 192.0.2.50 40000\r\n"
                             "a=candidate:" UFRAG " 2 " PWD " UDP 0.830 192.0.2.50 40001\r\n"
                             "a=remote-candidate:theirs\r\n"
                             "a=crypto:3 " CM_80 " inline:" KEY "|2^31\r\n"
                             "a=rtcp:40001\r\n" FORMATS "a=ptime:20\r\n");
    out.dialect = DIALECT_MSN; /* which keeps the padding, and looks for it */
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    assert_non_null(strstr(text, "a=remote-candidate:theirs=\r\n"));
    sdp_free(doc);
}

static void lync_names_a_chosen_candidate_only_in_its_own_generation(void **state)
{
    struct sdp_doc *doc = parse(STR(AUDIO "a=remote-candidate:theirs\r\n"
                                          "m=audio 5006 RTP/AVP 0\r\na=remote-candidate:a b\r\n"));
    static char text[ECHO_CAP];

    (void)state;
    assert_int_equal(doc->media[0].n_remote_candidates, 1);
    assert_int_equal(doc->media[1].n_remote_candidates, 0);
    assert_true(echo_write(text, sizeof(text), doc, DIALECT_OCS2007) > 0);
    assert_non_null(strstr(text, "a=remote-candidate:theirs\r\n"));
    assert_true(echo_write(text, sizeof(text), doc, DIALECT_LYNC) > 0);
    assert_null(strstr(text, "remote-candidate"));
    assert_true(echo_write(text, sizeof(text), doc, DIALECT_RFC) > 0);
    assert_null(strstr(text, "remote-candidate"));
    sdp_free(doc);
}

static void lync_tells_messenger_that_nothing_is_encrypted(void **state)
{
    struct sdp_doc *doc = parse(STR(PHONE));
    struct ice_candidate draft19 = candidate_of("1 1 UDP 2013266431 192.0.2.50 40000 typ host");
    struct ice_candidate draft6 = draft6_candidate(1, "40000");
    struct sdp_media_out media = our_line(doc);
    struct sdp_out out = our_answer(DIALECT_WLM2009, &media);
    char text[2048];

    (void)state;
    media.proto = SDP_RTP_AVPF; /* Messenger knows no feedback profile */
    media.n_crypto = 0;
    media.candidates = &draft19;
    media.n_candidates = 1;
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    assert_text("WLM 2009", text,
                SESSION("0") "m=audio 40000 RTP/AVP 9 0 8 13 101\r\n"
                             "c=IN IP4 192.0.2.50\r\n"
                             "a=ice-ufrag:Ab12\r\n"
                             "a=ice-pwd:0123456789abcdefghijkl\r\n"
                             "a=candidate:1 1 UDP 2013266431 192.0.2.50 40000 typ host\r\n"
                             "a=rtcp:40001\r\n" FORMATS "a=encryption:rejected\r\na=ptime:20\r\n");

    out.dialect = DIALECT_MSN;
    media.candidates = &draft6;
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    assert_text("MSN", text,
                SESSION("0") "m=audio 40000 RTP/AVP 9 0 8 13 101\r\n"
                             "c=IN IP4 192.0.2.50\r\n"
                             "a=candidate:" UFRAG " 1 " PWD " UDP 0.830 192.0.2.50 40000\r\n"
                             "a=rtcp:40001\r\n" FORMATS "a=encryption:rejected\r\na=ptime:20\r\n");
    sdp_free(doc);
}

static void lync_keeps_the_order_of_lines_it_does_not_relay(void **state)
{
    struct sdp_doc *doc = parse(STR(PLAIN "m=video 5006 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\n"
                                          "m=message 5060 sip null\r\na=sip-thing\r\n"
                                          "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                          "m=audio 5004 RTP/AVP 0\r\n"));
    struct sdp_media_out media[4] = {
        {.action = SDP_REJECT, .proto = SDP_RTP_SAVPF},
        {.action = SDP_KEEP_LINE},
        {.action = SDP_REMOVE},
        {.action = SDP_RELAY, .proto = SDP_RTP_AVP, .rtp = addr_of("192.0.2.50:40000")},
    };
    struct sdp_out out = our_answer(DIALECT_LYNC, media);
    char text[2048];

    (void)state;
    media[3].direction = SDP_SENDRECV;
    out.origin_version = -1; /* the template's */
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    assert_text("answer", text,
                SESSION("1") "m=video 0 RTP/SAVP 96 97\r\n"
                             "m=message 5060 sip null\r\na=sip-thing\r\n"
                             "m=audio 40000 RTP/AVP 0\r\na=label:main-audio\r\na=ptime:20\r\n");
    sdp_free(doc);
}

static void lync_leaves_an_im_offer_as_it_is(void **state)
{
    static const enum config_dialect dialects[] = {DIALECT_LYNC, DIALECT_RFC, DIALECT_MSN};
    char *im = read_vector("messenger-doc-im-offer-x-ms-message.sdp");
    struct sdp_doc *doc = parse(str_of(im));

    (void)state;
    for (size_t i = 0; i < N_ROWS(dialects); i++) {
        struct sdp_media_out media = {.action = SDP_KEEP_LINE};
        struct sdp_out out = our_answer(dialects[i], &media);
        char text[2048];

        assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
        assert_text("IM", text, im);
    }
    sdp_free(doc);
    free(im);
}

/** What names its sender's transport on a template's line: a word that must not be passed on. */
static bool is_telling(struct str word)
{
    union addr a;

    if (word.n < 4)
        return false;
    return addr_parse_host(&a, word.p, word.n) == 0 || word.n >= 20;
}

static void check_no_word_of(const struct sdp_line *line, const char *written)
{
    char value[1024], *word, *save = NULL;

    snprintf(value, sizeof(value), STR_FMT, STR_ARG(line->value));
    if (strncmp(value, "rtpmap:", 7) == 0 || strncmp(value, "fmtp:", 5) == 0)
        return; /* formats are what both sides have in common */
    for (word = strtok_r(value, " :|", &save); word; word = strtok_r(NULL, " :|", &save)) {
        if (is_telling(str_of(word)) && strcmp(word, CM_80) != 0 && strstr(written, word))
            fail_msg("\"%s\" has reached the other side:\n%s", word, written);
    }
}

/** The names that section 7 of the reference lists, beside addresses, passwords and keys. */
static void check_no_private_name(const char *written, enum config_dialect dialect)
{
    static const char *const names[] = {
        "a=x-devicecaps",
        "a=x-source",
        "a=x-caps",
        "a=x-bypassid",
        "a=x-bwealgorithm",
        "a=rtcp-fb",
        "a=rtcp-rsize",
        "a=extmap",
        "a=cryptoscale",
        "a=crypto",
        "a=candidate",
        "a=x-candidate",
        "a=ice-",
        "a=x-ssrc-range",
        "a=mid",
        "a=group",
        "k=",
    };

    for (size_t i = 0; i < N_ROWS(names); i++) {
        if (strstr(written, names[i]))
            fail_msg("%s in\n%s", names[i], written);
    }
    if (dialect != DIALECT_LYNC)
        assert_null(strstr(written, "a=label"));
}

/** Writes the template as a leg without ICE and keys of its own; nothing of theirs may be left. */
static void check_nothing_leaks(const struct sdp_doc *doc, enum config_dialect dialect)
{
    struct sdp_media_out media[SDP_MEDIA_MAX] = {0};
    struct sdp_out out = our_answer(dialect, media);
    char text[16384];

    out.replace_origin = true;
    for (unsigned i = 0; i < doc->n_media; i++) {
        media[i] = our_line(doc);
        media[i].formats = doc->media[i].formats;
        media[i].n_formats = doc->media[i].n_formats;
        media[i].n_crypto = 0;
        media[i].has_ice = false;
    }
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    check_no_private_name(text, dialect);
    for (unsigned i = 0; i < doc->n_lines; i++)
        check_no_word_of(&doc->lines[i], text);
    for (unsigned i = 0; i < doc->n_media; i++) {
        char port[32];

        snprintf(port, sizeof(port), "%u", doc->media[i].port);
        assert_null(strstr(text, port));
        assert_true(
            str_is_empty(doc->media[i].ice_ufrag) ||
            !memmem(text, strlen(text), doc->media[i].ice_ufrag.p, doc->media[i].ice_ufrag.n));
    }
}

static const enum config_dialect dialects[] = {DIALECT_RFC, DIALECT_LYNC, DIALECT_OCS2007,
                                               DIALECT_WLM2009, DIALECT_MSN};

static void lync_lets_nothing_of_one_legs_transport_reach_the_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(vectors); i++) {
        struct sdp_doc *doc = parse_vector(vectors[i].name);

        print_message("%s\n", vectors[i].name);
        for (size_t k = 0; k < N_ROWS(dialects); k++)
            check_nothing_leaks(doc, dialects[k]);
        sdp_free(doc);
    }
}

static void assert_same_formats(const struct sdp_media *a, const struct sdp_media *b)
{
    assert_int_equal(a->n_formats, b->n_formats);
    for (unsigned i = 0; i < a->n_formats; i++) {
        assert_int_equal(a->formats[i].pt, b->formats[i].pt);
        assert_true(str_equal(a->formats[i].name, b->formats[i].name));
        assert_true(str_equal(a->formats[i].fmtp, b->formats[i].fmtp));
        assert_int_equal(a->formats[i].clock_hz, b->formats[i].clock_hz);
        assert_int_equal(a->formats[i].n_channels, b->formats[i].n_channels);
    }
}

/** The keys of a that can be written are those of b. */
static void assert_same_keys(const struct sdp_media *a, const struct sdp_media *b)
{
    unsigned n = 0;

    for (unsigned i = 0; i < a->n_crypto; i++) {
        if (a->crypto[i].is_scale)
            continue;
        assert_in_range(n + 1, 1, b->n_crypto);
        assert_int_equal(a->crypto[i].tag, b->crypto[n].tag);
        assert_memory_equal(&a->crypto[i].keys, &b->crypto[n].keys, sizeof(struct srtp_keys));
        n++;
    }
    assert_int_equal(n, b->n_crypto);
}

static void assert_same_ice(const struct sdp_media *a, const struct sdp_media *b)
{
    assert_int_equal(a->is_draft6, b->is_draft6);
    assert_true(str_equal(a->ice_ufrag, b->ice_ufrag));
    assert_true(str_equal(a->ice_pwd, b->ice_pwd));
    assert_int_equal(a->n_candidates, b->n_candidates);
    for (unsigned i = 0; i < a->n_candidates; i++) {
        const struct ice_candidate *x = &a->candidates[i], *y = &b->candidates[i];

        assert_string_equal(x->foundation, y->foundation);
        assert_int_equal(x->component, y->component);
        assert_int_equal(x->priority, y->priority);
        assert_int_equal(x->type, y->type);
        assert_memory_equal(&x->addr, &y->addr, sizeof(x->addr));
        assert_memory_equal(&x->raddr, &y->raddr, sizeof(x->raddr));
    }
}

static void assert_same_media(const struct sdp_media *a, const struct sdp_media *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->proto, b->proto);
    assert_int_equal(a->port, b->port);
    assert_int_equal(a->direction, b->direction);
    assert_true(addr_equal_host(&a->rtp, &b->rtp) || !addr_is_any(&a->rtp));
    if (a->has_rtcp_attribute)
        assert_int_equal(addr_port(&a->rtcp), addr_port(&b->rtcp));
    assert_same_formats(a, b);
    assert_same_keys(a, b);
    assert_same_ice(a, b);
}

static void check_stays_the_same(const char *name, enum config_dialect dialect)
{
    static char first[ECHO_CAP], second[ECHO_CAP];
    struct sdp_doc *doc = parse_vector(name), *again, *third;

    assert_true(echo_write(first, sizeof(first), doc, dialect) > 0);
    again = parse(str_of(first));
    assert_int_equal(doc->n_media, again->n_media);
    for (unsigned i = 0; i < doc->n_media; i++)
        assert_same_media(&doc->media[i], &again->media[i]);
    assert_true(echo_write(second, sizeof(second), again, dialect) > 0);
    assert_text(name, second, first);
    third = parse(str_of(second));
    sdp_free(third);
    sdp_free(again);
    sdp_free(doc);
}

static void lync_reads_back_what_it_has_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(vectors); i++) {
        print_message("%s\n", vectors[i].name);
        check_stays_the_same(vectors[i].name, vectors[i].dialect);
    }
}

/** Draft-06 cannot be said in an RFC document, but all the others can. */
static void lync_is_read_back_from_a_document_of_the_rfc_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(vectors); i++) {
        if (vectors[i].dialect == DIALECT_OCS2007 || vectors[i].dialect == DIALECT_MSN)
            continue;
        print_message("%s\n", vectors[i].name);
        check_stays_the_same(vectors[i].name, DIALECT_RFC);
    }
}

static void lync_says_when_a_body_does_not_fit(void **state)
{
    struct sdp_doc *doc = parse_vector("sfb-client-offer-plain-audio-bypassid.sdp");
    static char whole[ECHO_CAP], text[ECHO_CAP];
    int n = echo_write(whole, sizeof(whole), doc, DIALECT_LYNC);

    (void)state;
    assert_true(n > 0);
    for (size_t cap = 0; cap <= (size_t)n; cap++)
        assert_int_equal(echo_write(text, cap, doc, DIALECT_LYNC), -ENOSPC);
    assert_int_equal(echo_write(text, (size_t)n + 1, doc, DIALECT_LYNC), n);
    sdp_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lync_knows_the_dialect_of_every_capture),
        cmocka_unit_test(lync_tells_the_dialect_by_the_strongest_sign),
        cmocka_unit_test(lync_weighs_what_is_asked_told_known_and_configured),
        cmocka_unit_test(lync_picks_the_last_part_that_is_no_fallback),
        cmocka_unit_test(lync_takes_the_draft_19_part_of_the_captured_multipart),
        cmocka_unit_test(lync_chooses_the_key_without_an_mki),
        cmocka_unit_test(lync_knows_who_requires_a_key_and_offers_none),
        cmocka_unit_test(lync_writes_the_answer_of_the_reference),
        cmocka_unit_test(lync_writes_the_final_answer_with_the_chosen_pair),
        cmocka_unit_test(lync_hides_ipv6_candidates_under_their_own_name),
        cmocka_unit_test(lync_writes_an_ssrc_range_only_for_an_ssrc_that_may_be_in_one),
        cmocka_unit_test(lync_writes_draft_06_candidates_for_ocs_2007),
        cmocka_unit_test(lync_names_a_chosen_candidate_only_in_its_own_generation),
        cmocka_unit_test(lync_tells_messenger_that_nothing_is_encrypted),
        cmocka_unit_test(lync_keeps_the_order_of_lines_it_does_not_relay),
        cmocka_unit_test(lync_leaves_an_im_offer_as_it_is),
        cmocka_unit_test(lync_lets_nothing_of_one_legs_transport_reach_the_other),
        cmocka_unit_test(lync_reads_back_what_it_has_written),
        cmocka_unit_test(lync_is_read_back_from_a_document_of_the_rfc_too),
        cmocka_unit_test(lync_says_when_a_body_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
