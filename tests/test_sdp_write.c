#include "relay/control/sdp/sdp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdp_echo.h"

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

#define THEIRS "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
#define OURS   "v=0\r\no=- 1 1 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n"
#define KEY    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd" /* bytes 0 to 29 */

static struct sdp_doc *parse(const char *text)
{
    struct sdp_doc *doc = NULL;

    if (sdp_parse(&doc, str_of(text)) != 0)
        fail_msg("refused: %s", text);
    return doc;
}

static union addr addr_of(const char *text)
{
    union addr a = {0};

    if (addr_parse(&a, text, strlen(text)) != 0 && addr_parse_host(&a, text, strlen(text)) != 0)
        fail_msg("not an address: %s", text);
    return a;
}

static struct ice_candidate candidate_of(const char *value)
{
    struct ice_candidate c;

    assert_int_equal(ice_candidate_parse(&c, value, strlen(value)), 0);
    return c;
}

static void assert_text(const char *why, const char *found, const char *expected)
{
    if (strcmp(found, expected) != 0)
        fail_msg("%s: found\n%s\nexpected\n%s", why, found, expected);
}

/** What a relay at 203.0.113.5 says for every line of the template, ports from 30000 on. */
static void fill_out(struct sdp_out *out, struct sdp_media_out *media, const struct sdp_doc *doc)
{
    *out = (struct sdp_out){.dialect = DIALECT_RFC,
                            .address = addr_of("203.0.113.5"),
                            .replace_origin = true,
                            .origin_version = -1,
                            .media = media};
    for (unsigned i = 0; i < doc->n_media; i++) {
        media[i] = (struct sdp_media_out){.action = SDP_RELAY,
                                          .proto = doc->media[i].proto,
                                          .rtp = out->address,
                                          .rtcp_port = (uint16_t)(30001 + 2 * i),
                                          .formats = doc->media[i].formats,
                                          .n_formats = doc->media[i].n_formats,
                                          .direction = SDP_SENDRECV,
                                          .writes_direction = true};
        addr_set_port(&media[i].rtp, (uint16_t)(30000 + 2 * i));
    }
}

struct write_row {
    const char *why;
    const char *template;
    void (*change)(struct sdp_out *out, struct sdp_media_out *media); /* NULL: as fill_out() says */
    const char *expected;
};

static void check_rows(const struct write_row *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct sdp_doc *doc = parse(rows[i].template);
        struct sdp_media_out media[SDP_MEDIA_MAX];
        struct sdp_out out;
        char text[4096];
        int n;

        fill_out(&out, media, doc);
        if (rows[i].change)
            rows[i].change(&out, media);
        n = sdp_write(text, sizeof(text), doc, &out);
        assert_text(rows[i].why, n < 0 ? "(nothing)" : text, rows[i].expected);
        assert_int_equal(n, (int)strlen(text));
        sdp_free(doc);
    }
}

static void at_30002(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    addr_set_port(&media[0].rtp, 30002);
    media[0].rtcp_port = 30003;
}

static void sdp_writes_the_published_examples_byte_for_byte(void **state)
{
    static const struct write_row rows[] = {
        {"the offer", THEIRS "m=audio 5004 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n",
         NULL,
         OURS "m=audio 30000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
              "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"},
        {"the answer",
         "v=0\r\no=- 9 1 IN IP4 192.0.2.33\r\ns=-\r\nc=IN IP4 192.0.2.33\r\nt=0 0\r\n"
         "m=audio 7000 RTP/AVP 0\r\n",
         at_30002,
         "v=0\r\no=- 9 1 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n"
         "m=audio 30002 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30003\r\n"},
    };

    (void)state;
    check_rows(rows, N_ROWS(rows));
}

static void keep_origin(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)media;
    out->replace_origin = false;
}

static void replace_all_names(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)media;
    out->replace_session_name = out->replace_username = true;
    out->origin_id = STR("77");
    out->origin_version = 12;
}

static void on_ipv6(struct sdp_out *out, struct sdp_media_out *media)
{
    out->address = addr_of("2001:db8::5");
    media[0].rtp = addr_of("[2001:db8::5]:30000");
    media[0].has_rtcp_address = true;
}

static void sdp_writes_the_session_lines(void **state)
{
    static const struct write_row rows[] = {
        {"o= is kept unless told otherwise", THEIRS "m=audio 5004 RTP/AVP 0\r\n", keep_origin,
         "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n"
         "m=audio 30000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"},
        {"all names are replaced",
         "v=0\r\no=alice 1 1 IN IP4 198.51.100.7\r\ns=Alice's phone\r\nc=IN IP4 198.51.100.7\r\n"
         "t=0 0\r\nm=audio 5004 RTP/AVP 0\r\n",
         replace_all_names,
         "v=0\r\no=- 77 12 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n"
         "m=audio 30000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"},
        {"a broken o= is made good",
         "v=0\r\no=broken\r\nc=IN IP4 198.51.100.7\r\nm=audio 1 RTP/AVP 0\r\n", NULL,
         "v=0\r\no=- 0 0 IN IP4 203.0.113.5\r\nc=IN IP4 203.0.113.5\r\n"
         "m=audio 30000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"},
        {"the family follows our address", THEIRS "m=audio 5004 RTP/AVP 0\r\n", on_ipv6,
         "v=0\r\no=- 1 1 IN IP6 2001:db8::5\r\ns=-\r\nc=IN IP6 2001:db8::5\r\nt=0 0\r\n"
         "m=audio 30000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
         "a=rtcp:30001 IN IP6 2001:db8::5\r\n"},
        {"lines nobody knows stay where they are, keys go",
         "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\ni=about\r\nu=http://example.com/\r\n"
         "c=IN IP4 198.51.100.7\r\nb=AS:64\r\nt=0 0\r\nk=clear:secret\r\na=tool:pencil\r\n"
         "a=ice-lite\r\na=group:BUNDLE 0\r\nm=audio 5004 RTP/AVP 0\r\n",
         NULL,
         "v=0\r\no=- 1 1 IN IP4 203.0.113.5\r\ns=-\r\ni=about\r\nu=http://example.com/\r\n"
         "c=IN IP4 203.0.113.5\r\nb=AS:64\r\nt=0 0\r\na=tool:pencil\r\n"
         "m=audio 30000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"},
    };

    (void)state;
    check_rows(rows, N_ROWS(rows));
}

static void replace_zero(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)media;
    out->replace_zero_address = true;
}

static void elsewhere(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].rtp = addr_of("203.0.113.99:30000");
}

#define RELAYED "m=audio 30000 RTP/AVP 0\r\n"
#define TAIL    "a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"

static void sdp_writes_connection_lines_where_the_template_has_them(void **state)
{
    static const struct write_row rows[] = {
        {"in the media", THEIRS "m=audio 5004 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n", NULL,
         OURS RELAYED "c=IN IP4 203.0.113.5\r\n" TAIL},
        {"after i=, before b=",
         THEIRS "m=audio 5004 RTP/AVP 0\r\ni=mic\r\nc=IN IP4 192.0.2.1\r\nb=AS:64\r\n", NULL,
         OURS RELAYED "i=mic\r\nc=IN IP4 203.0.113.5\r\nb=AS:64\r\n" TAIL},
        {"none in the session", "v=0\r\nm=audio 5004 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n", NULL,
         "v=0\r\n" RELAYED "c=IN IP4 203.0.113.5\r\n" TAIL},
        {"none at all", "v=0\r\nm=audio 9 RTP/AVP 0\r\na=candidate:x\r\n", NULL,
         "v=0\r\n" RELAYED "c=IN IP4 203.0.113.5\r\n" TAIL},
        {"a stream on another address", THEIRS "m=audio 5004 RTP/AVP 0\r\n", elsewhere,
         OURS RELAYED "c=IN IP4 203.0.113.99\r\n" TAIL},
        {"hold of RFC 2543 goes through", THEIRS "m=audio 5004 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
         NULL, OURS RELAYED "c=IN IP4 0.0.0.0\r\n" TAIL},
        {"hold, replaced on demand", THEIRS "m=audio 5004 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
         replace_zero, OURS RELAYED "c=IN IP4 203.0.113.5\r\n" TAIL},
        {"hold of the whole session", "v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 5004 RTP/AVP 0\r\n", NULL,
         "v=0\r\nc=IN IP4 0.0.0.0\r\n" RELAYED TAIL},
        {"a zero address beside ICE is no hold",
         THEIRS "m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n", NULL,
         OURS RELAYED "c=IN IP4 203.0.113.5\r\n" TAIL},
    };

    (void)state;
    check_rows(rows, N_ROWS(rows));
}

static void reject_first(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].action = SDP_REJECT;
}

static void remove_first(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].action = SDP_REMOVE;
}

static void keep_first(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].action = SDP_KEEP_LINE;
}

static void reject_as_savp(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].action = SDP_REJECT;
    media[0].proto = SDP_RTP_SAVP;
    media[0].n_formats = 0;
}

static void sdp_does_with_each_line_what_it_is_told(void **state)
{
    static const struct write_row rows[] = {
        {"rejected", THEIRS "m=video 5006 RTP/AVP 34\r\na=label:x\r\nm=audio 5004 RTP/AVP 0\r\n",
         reject_first,
         OURS "m=video 0 RTP/AVP 34\r\nm=audio 30002 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
              "a=sendrecv\r\na=rtcp:30003\r\n"},
        {"rejected where each line has its c=",
         "v=0\r\nm=video 5006 RTP/AVP 34\r\nc=IN IP4 192.0.2.1\r\n", reject_first,
         "v=0\r\nm=video 0 RTP/AVP 34\r\nc=IN IP4 203.0.113.5\r\n"},
        {"rejected as the offer's protocol, with its formats",
         THEIRS "m=video 0 UDP/TLS/RTP/SAVPF 96 x 97\r\n", reject_as_savp,
         OURS "m=video 0 RTP/SAVP 96 x 97\r\n"},
        {"removed", THEIRS "m=video 5006 RTP/AVP 34\r\na=label:x\r\nm=audio 5004 RTP/AVP 0\r\n",
         remove_first,
         OURS "m=audio 30002 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30003\r\n"},
        {"kept beside a relayed one",
         THEIRS
         "m=message 5060 sip null\r\na=accept-types:text/plain\r\nm=audio 5004 RTP/AVP 0\r\n",
         keep_first,
         OURS "m=message 5060 sip null\r\na=accept-types:text/plain\r\nm=audio 30002 RTP/AVP 0\r\n"
              "a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30003\r\n"},
        {"nothing but kept lines: not a byte is ours",
         THEIRS "a=x-mine:1\r\nm=x-ms-message 5060 sip null\r\n", keep_first,
         THEIRS "a=x-mine:1\r\nm=x-ms-message 5060 sip null\r\n"},
        {"a protocol that is no RTP keeps its formats", THEIRS "m=image 5004 udptl t38\r\n", NULL,
         OURS "m=image 30000 udptl t38\r\na=sendrecv\r\na=rtcp:30001\r\n"},
    };

    (void)state;
    check_rows(rows, N_ROWS(rows));
}

static void quiet_direction(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].writes_direction = false;
}

static void hold(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].writes_direction = false;
    media[0].direction = SDP_INACTIVE;
}

static void no_rtcp(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].rtcp_port = 0;
    media[0].has_rtcp_mux = true;
}

static void ptime_30(struct sdp_out *out, struct sdp_media_out *media)
{
    (void)out;
    media[0].ptime_ms = 30;
}

static void sdp_writes_direction_rtcp_and_ptime_as_told(void **state)
{
    static const struct write_row rows[] = {
        {"sendrecv is not written", THEIRS "m=audio 5004 RTP/AVP 0\r\n", quiet_direction,
         OURS RELAYED "a=rtpmap:0 PCMU/8000\r\na=rtcp:30001\r\n"},
        {"unless the template did", THEIRS "m=audio 5004 RTP/AVP 0\r\na=sendrecv\r\n",
         quiet_direction, OURS RELAYED TAIL},
        {"or its session", THEIRS "a=sendonly\r\nm=audio 5004 RTP/AVP 0\r\n", quiet_direction,
         OURS RELAYED TAIL},
        {"hold always is", THEIRS "m=audio 5004 RTP/AVP 0\r\n", hold,
         OURS RELAYED "a=rtpmap:0 PCMU/8000\r\na=inactive\r\na=rtcp:30001\r\n"},
        {"muxed", THEIRS "m=audio 5004 RTP/AVP 0\r\na=rtcp:5005\r\n", no_rtcp,
         OURS RELAYED "a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp-mux\r\n"},
        {"ptime as the template has it",
         THEIRS "m=audio 5004 RTP/AVP 0\r\na=ptime:20\r\na=maxptime:60\r\na=foo\r\n", NULL,
         OURS RELAYED "a=ptime:20\r\na=maxptime:60\r\na=foo\r\n" TAIL},
        {"ptime of ours", THEIRS "m=audio 5004 RTP/AVP 0\r\na=ptime:20\r\na=foo\r\n", ptime_30,
         OURS RELAYED "a=foo\r\n" TAIL "a=ptime:30\r\n"},
    };

    (void)state;
    check_rows(rows, N_ROWS(rows));
}

static void sdp_writes_formats_with_channels_and_fmtp(void **state)
{
    static const struct write_row rows[] = {
        {"two channels, fmtp, and one that nobody names",
         THEIRS "m=audio 5004 RTP/AVP 111 9 97\r\na=fmtp:111 useinbandfec=1\r\n"
                "a=rtpmap:111 opus/48000/2\r\n",
         NULL,
         OURS
         "m=audio 30000 RTP/AVP 111 9 97\r\na=rtpmap:111 opus/48000/2\r\n"
         "a=fmtp:111 useinbandfec=1\r\na=rtpmap:9 G722/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"},
    };

    (void)state;
    check_rows(rows, N_ROWS(rows));
}

struct crypto_row {
    const char *why;
    struct sdp_crypto crypto;
    bool has_lifetime, is_padded;
    const char *expected; /* lines */
};

static const struct crypto_row crypto_rows[] = {
    {"plain",
     {.tag = 1, .keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80}},
     0,
     0,
     "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n"},
    {"with a lifetime",
     {.tag = 3, .keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80}},
     1,
     0,
     "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31\r\n"},
    {"with an MKI",
     {.tag = 2, .keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, .mki = {1}, .mki_len = 1}},
     1,
     0,
     "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31|1:1\r\n"},
    {"with a longer MKI",
     {.tag = 2,
      .keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, .mki = {0, 1, 2, 3}, .mki_len = 4}},
     0,
     0,
     "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|66051:4\r\n"},
    {"padding removed",
     {.tag = 1, .keys = {.suite = SRTP_SUITE_AEAD_AES_128_GCM}},
     0,
     0,
     "a=crypto:1 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw\r\n"},
    {"padding kept",
     {.tag = 1, .keys = {.suite = SRTP_SUITE_AEAD_AES_128_GCM}},
     0,
     1,
     "a=crypto:1 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==\r\n"},
    {"a cryptoscale never",
     {.tag = 1, .is_scale = true, .keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80}},
     0,
     0,
     ""},
};

static void sdp_writes_crypto_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(crypto_rows); i++) {
        struct sdp_doc *doc = parse(THEIRS "m=audio 5004 RTP/SAVP 0\r\n"
                                           "a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n");
        struct sdp_crypto crypto = crypto_rows[i].crypto;
        struct sdp_media_out media[1];
        struct sdp_out out;
        char text[2048], expected[2048];

        for (unsigned k = 0; k < SRTP_KEY_SALT_MAX; k++)
            crypto.keys.key_salt[k] = (uint8_t)k;
        fill_out(&out, media, doc);
        media[0].crypto = &crypto;
        media[0].n_crypto = 1;
        media[0].has_lifetime = crypto_rows[i].has_lifetime;
        media[0].is_padded = crypto_rows[i].is_padded;
        assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
        snprintf(expected, sizeof(expected), "%sm=audio 30000 RTP/SAVP 0\r\n%s%s", OURS, TAIL,
                 crypto_rows[i].expected);
        assert_text(crypto_rows[i].why, text, expected);
        sdp_free(doc);
    }
}

static void sdp_writes_an_offer_of_our_own_ice_and_dtls(void **state)
{
    struct sdp_doc *doc = parse(THEIRS "m=audio 5004 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n");
    struct ice_candidate candidates[2] = {
        candidate_of("1 1 UDP 2130706431 203.0.113.5 30000 typ host"),
        candidate_of(
            "2 1 UDP 1694498815 203.0.113.6 30000 typ srflx raddr 203.0.113.5 rport 30000"),
    };
    struct sdp_media_out media[1];
    struct sdp_out out;
    char text[2048];

    (void)state;
    fill_out(&out, media, doc);
    media[0].proto = SDP_UDP_TLS_RTP_SAVPF;
    media[0].has_rtcp_mux = true;
    media[0].mid = STR("0");
    media[0].setup = STR("actpass");
    media[0].fingerprint = STR("sha-256 AA:BB");
    media[0].has_ice = true;
    media[0].ice_ufrag = STR("ours");
    media[0].ice_pwd = STR("our-password-of-22-chars");
    media[0].candidates = candidates;
    media[0].n_candidates = 2;
    media[0].has_end_of_candidates = true;
    media[0].ptime_ms = 20;
    assert_true(sdp_write(text, sizeof(text), doc, &out) > 0);
    assert_text("offer", text,
                OURS "m=audio 30000 UDP/TLS/RTP/SAVPF 111\r\n"
                     "a=rtpmap:111 opus/48000/2\r\n"
                     "a=sendrecv\r\n"
                     "a=rtcp:30001\r\n"
                     "a=rtcp-mux\r\n"
                     "a=mid:0\r\n"
                     "a=setup:actpass\r\n"
                     "a=fingerprint:sha-256 AA:BB\r\n"
                     "a=ice-ufrag:ours\r\n"
                     "a=ice-pwd:our-password-of-22-chars\r\n"
                     "a=candidate:1 1 UDP 2130706431 203.0.113.5 30000 typ host\r\n"
                     "a=candidate:2 1 UDP 1694498815 203.0.113.6 30000 typ srflx raddr 203.0.113.5 "
                     "rport 30000\r\n"
                     "a=ptime:20\r\n"
                     "a=end-of-candidates\r\n");
    sdp_free(doc);
}

static const char *const private_lines[] = {
    "a=acap:1 crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET",
    "a=alt:1 1 : 01 02 192.0.2.1 5004",
    "a=altc:1 IP6 2001:db8::1 45678",
    "a=bundle-only",
    "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host",
    "a=candidate-new:1",
    "a=connection:new",
    "a=Crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET",
    "a=cryptoscale:1 client AES_CM_128_HMAC_SHA1_80 inline:SECRET",
    "a=dtls-id:1",
    "a=encryption:required",
    "a=end-of-candidates",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "a=fingerprint:sha-256 AA",
    "a=ice-lite",
    "a=ice-options:trickle",
    "a=ice-pwd:pppppppppppppppppppppp",
    "a=ICE-UFRAG:uuuu",
    "a=key-mgmt:mikey AQAFgM",
    "a=label:main-audio",
    "a=mid:audio",
    "a=msid:stream track",
    "a=msid-semantic: WMS",
    "a=oldmediaip:192.0.2.1",
    "a=remote-candidates:1 192.0.2.1 9",
    "a=remote-candidate:user",
    "a=rid:1 send",
    "a=rtcp:9",
    "a=rtcp-fb:* nack",
    "a=rtcp-mux",
    "a=rtcp-mux-only",
    "a=rtcp-rsize",
    "a=rtcp-xr:voip-metrics",
    "a=setup:actpass",
    "a=simulcast:send 1",
    "a=source-filter: incl IN IP4 232.0.0.1 192.0.2.1",
    "a=ssrc:1 cname:me",
    "a=ssrc-group:FID 1 2",
    "a=tls-id:1",
    "a=x-anything:1",
    "a=x-candidate-ipv6:1 1 UDP 1 2001:db8::1 9 typ host",
    "a=x-ssrc-range:1-1",
    "a=zrtp-hash:1.10 fe",
    "a=crypto :2 AES_CM_128_HMAC_SHA1_80 inline:SECRET",
    "k=clear:secret",
};

static void sdp_lets_no_private_attribute_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(private_lines); i++) {
        char template[2048];
        struct write_row row = {private_lines[i], template, NULL, OURS RELAYED TAIL};

        snprintf(template, sizeof(template), "%s%s\r\nm=audio 5004 RTP/AVP 0\r\n%s\r\n", THEIRS,
                 private_lines[i], private_lines[i]);
        check_rows(&row, 1);
    }
}

static void sdp_fills_a_buffer_to_the_last_byte_and_never_beyond(void **state)
{
    struct sdp_doc *doc = parse(THEIRS "m=audio 5004 RTP/AVP 0\r\n");
    struct sdp_media_out media[1];
    struct sdp_out out;
    char whole[1024], text[1024];
    int n;

    (void)state;
    fill_out(&out, media, doc);
    n = sdp_write(whole, sizeof(whole), doc, &out);
    assert_true(n > 0);
    for (size_t cap = 0; cap <= (size_t)n; cap++) {
        memset(text, 0x5a, sizeof(text));
        assert_int_equal(sdp_write(text, cap, doc, &out), -ENOSPC);
        for (size_t i = cap; i < sizeof(text); i++)
            assert_int_equal(text[i], 0x5a);
    }
    assert_int_equal(sdp_write(text, (size_t)n + 1, doc, &out), n);
    assert_string_equal(text, whole);
    sdp_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sdp_writes_the_published_examples_byte_for_byte),
        cmocka_unit_test(sdp_writes_the_session_lines),
        cmocka_unit_test(sdp_writes_connection_lines_where_the_template_has_them),
        cmocka_unit_test(sdp_does_with_each_line_what_it_is_told),
        cmocka_unit_test(sdp_writes_direction_rtcp_and_ptime_as_told),
        cmocka_unit_test(sdp_writes_formats_with_channels_and_fmtp),
        cmocka_unit_test(sdp_writes_crypto_lines),
        cmocka_unit_test(sdp_writes_an_offer_of_our_own_ice_and_dtls),
        cmocka_unit_test(sdp_lets_no_private_attribute_through),
        cmocka_unit_test(sdp_fills_a_buffer_to_the_last_byte_and_never_beyond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
