#include "relay/control/sdp/sdp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* The head of a plain document, and of one with an audio line. */
#define SESSION "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
#define AUDIO   SESSION "m=audio 5004 RTP/AVP 0\r\n"

/* The linker hands calloc() and free() of the parser to these (tests/CMakeLists.txt), so that a
 * test can count, refuse, and look at memory that is about to be given back. */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __real_free(void *p);
void __wrap_free(void *p);

static struct {
    bool is_watching, is_refusing;
    void *block;
    size_t size;
    unsigned n_allocated, n_freed, n_dirty_bytes;
} heap;

void *__wrap_calloc(size_t n, size_t size)
{
    void *p;

    if (heap.is_refusing)
        return NULL;
    p = __real_calloc(n, size);
    if (heap.is_watching) {
        heap.block = p;
        heap.size = n * size;
        heap.n_allocated++;
    }
    return p;
}

void __wrap_free(void *p)
{
    if (heap.is_watching && p && p == heap.block) {
        const char *bytes = p;

        heap.n_freed++;
        for (size_t i = 0; i < heap.size; i++)
            heap.n_dirty_bytes += bytes[i] != 0;
    }
    __real_free(p);
}

static struct sdp_doc *parse(const char *text)
{
    struct sdp_doc *doc = NULL;

    if (sdp_parse(&doc, str_of(text)) != 0)
        fail_msg("refused: %s", text);
    return doc;
}

static void assert_str(struct str s, const char *text)
{
    if (!str_equal(s, str_of(text)))
        fail_msg("\"" STR_FMT "\" is not \"%s\"", STR_ARG(s), text);
}

static void assert_addr(const union addr *a, const char *text)
{
    char found[ADDR_TEXT_MAX];

    assert_string_equal(addr_print(found, a), text);
}

static char *read_vector(const char *name, size_t *n)
{
    char path[512], *text = malloc(65536);
    FILE *f;

    snprintf(path, sizeof(path), "%s/sdp/%s", PICRELAY_VECTORS, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_non_null(text);
    *n = fread(text, 1, 65535, f);
    text[*n] = '\0';
    fclose(f);
    return text;
}

struct form_row {
    const char *why;
    const char *text;
    int err;
};

static const struct form_row form_rows[] = {
    {"a session alone", SESSION, 0},
    {"an audio line", AUDIO, 0},
    {"nothing", "", EBADMSG},
    {"blank lines only", "\r\n\r\n", EBADMSG},
    {"no v=", "o=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n", EBADMSG},
    {"v= not first", "s=-\r\nv=0\r\n", EBADMSG},
    {"bare text", "hello", EBADMSG},
    {"a line without =", "v=0\r\ns\r\n", EBADMSG},
    {"a type that is no letter", "v=0\r\n1=x\r\n", EBADMSG},
    {"m= without a port", SESSION "m=audio\r\n", EBADMSG},
    {"m= without a proto", SESSION "m=audio 5004\r\n", EBADMSG},
    {"m= without formats", SESSION "m=audio 5004 RTP/AVP\r\n", 0},
    {"port 0", SESSION "m=audio 0 RTP/AVP 0\r\n", 0},
    {"port 65535", SESSION "m=audio 65535 RTP/AVP 0\r\n", 0},
    {"port 65536", SESSION "m=audio 65536 RTP/AVP 0\r\n", EBADMSG},
    {"port 2^32 + 5004", SESSION "m=audio 4294972300 RTP/AVP 0\r\n", EBADMSG},
    {"port -1", SESSION "m=audio -1 RTP/AVP 0\r\n", EBADMSG},
    {"port in hexadecimal", SESSION "m=audio 0x1 RTP/AVP 0\r\n", EBADMSG},
    {"a count of ports", SESSION "m=audio 5004/2 RTP/AVP 0\r\n", 0},
    {"a count that is missing", SESSION "m=audio 5004/ RTP/AVP 0\r\n", EBADMSG},
    {"a count that is no number", SESSION "m=audio 5004/x RTP/AVP 0\r\n", EBADMSG},
    {"no c= at all", "v=0\r\nm=audio 5004 RTP/AVP 0\r\n", EBADE},
    {"no c=, but off", "v=0\r\nm=audio 0 RTP/AVP 0\r\n", 0},
    {"no c=, but IM", "v=0\r\nm=message 5060 sip null\r\n", 0},
    {"no c=, but Messenger IM", "v=0\r\nm=x-ms-message 5060 sip null\r\n", 0},
    {"c= has a name", "v=0\r\nc=IN IP4 pc.example.com\r\nm=audio 1 RTP/AVP 0\r\n", EBADE},
    {"c= is cut off", "v=0\r\nc=IN IP4\r\nm=audio 1 RTP/AVP 0\r\n", EBADE},
    {"c= of another net", "v=0\r\nc=ATM NSAP 47\r\nm=audio 1 RTP/AVP 0\r\n", EBADE},
    {"the media's name beats the session's address", AUDIO "c=IN IP4 pc.example.com\r\n", EBADE},
    {"c= of the wrong family", "v=0\r\nc=IN IP6 192.0.2.1\r\nm=audio 1 RTP/AVP 0\r\n", EBADE},
    {"candidates stand in for c=",
     "v=0\r\nm=audio 5004 RTP/AVP 0\r\na=candidate:1 1 UDP 1 192.0.2.1 5004 typ host\r\n", 0},
};

static void sdp_refuses_what_is_no_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(form_rows); i++) {
        struct sdp_doc *doc = NULL;
        int err = sdp_parse(&doc, str_of(form_rows[i].text));

        if (err != form_rows[i].err || (err == 0) != (doc != NULL))
            fail_msg("%s: %d", form_rows[i].why, err);
        sdp_free(doc);
    }
}

static void sdp_refuses_a_nul_and_a_text_that_is_too_long(void **state)
{
    static const char nul[] = "v=0\r\ns=a\0b\r\n";
    struct sdp_doc *doc = NULL;
    char *text = malloc(SDP_TEXT_MAX + 1);

    (void)state;
    assert_int_equal(sdp_parse(&doc, (struct str){nul, sizeof(nul) - 1}), EBADMSG);

    assert_non_null(text);
    memset(text, 'x', SDP_TEXT_MAX + 1);
    text[0] = 'v';
    text[1] = '=';
    assert_int_equal(sdp_parse(&doc, (struct str){text, SDP_TEXT_MAX + 1}), EBADMSG);
    assert_int_equal(sdp_parse(&doc, (struct str){text, SDP_TEXT_MAX}), 0);
    sdp_free(doc);
    free(text);
}

/** @return AUDIO's session and n times line */
static char *repeat(const char *head, const char *line, unsigned n)
{
    char *text = malloc(strlen(head) + n * strlen(line) + 1), *end;

    assert_non_null(text);
    end = stpcpy(text, head);
    while (n-- > 0)
        end = stpcpy(end, line);
    return text;
}

static void sdp_takes_32_media_lines_and_refuses_more(void **state)
{
    static const struct {
        unsigned n;
        int err;
    } rows[] = {{32, 0}, {33, EBADMSG}, {200, EBADMSG}};

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        char *text = repeat(SESSION, "m=audio 5004 RTP/AVP 0\r\n", rows[i].n);
        struct sdp_doc *doc = NULL;

        assert_int_equal(sdp_parse(&doc, str_of(text)), rows[i].err);
        assert_int_equal(doc ? doc->n_media : 0, rows[i].err ? 0 : rows[i].n);
        sdp_free(doc);
        free(text);
    }
}

static void sdp_keeps_the_first_64_usable_candidates(void **state)
{
    /* as many as a text can hold: the unusable ones take no place */
    char *head = repeat(AUDIO, "a=candidate:1 1 TCP-PASS 1 192.0.2.1 9 typ host\r\n", 300);
    char *text = repeat(head, "a=candidate:2 1 UDP 2 192.0.2.2 9 typ host\r\n", 1000);
    struct sdp_doc *doc = parse(text);

    (void)state;
    assert_int_equal(doc->media[0].n_candidates, SDP_CANDIDATES_MAX);
    assert_int_equal(doc->media[0].n_skipped_candidates, 300 + 1000 - SDP_CANDIDATES_MAX);
    assert_string_equal(doc->media[0].candidates[0].foundation, "2");
    sdp_free(doc);
    free(text);
    free(head);
}

static void sdp_ignores_formats_beyond_64_and_twice_the_same(void **state)
{
    char text[1024], *end = stpcpy(text, SESSION "m=audio 5004 RTP/AVP 0 0 128 x");
    struct sdp_doc *doc;

    (void)state;
    for (unsigned pt = 20; pt < 110; pt++)
        end += sprintf(end, " %u", pt);
    sprintf(end, "\r\n");
    doc = parse(text);
    assert_int_equal(doc->media[0].n_formats, SDP_FORMATS_MAX - 3);
    assert_int_equal(doc->media[0].formats[0].pt, 0);
    assert_int_equal(doc->media[0].formats[1].pt, 20);
    sdp_free(doc);
}

static void sdp_reads_lines_however_they_end(void **state)
{
    static const char *const rows[] = {
        "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 5004 RTP/AVP 0\r\na=inactive\r\n",
        "v=0\nc=IN IP4 192.0.2.1\nm=audio 5004 RTP/AVP 0\na=inactive\n",
        "v=0\rc=IN IP4 192.0.2.1\rm=audio 5004 RTP/AVP 0\ra=inactive\r",
        "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 5004 RTP/AVP 0\r\na=inactive",
        "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 5004 RTP/AVP 0\r\na=inactive \r\n\r\n",
        "v=0\nc=IN IP4 192.0.2.1\r\n\r\nm=audio 5004 RTP/AVP 0\ra=inactive",
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        struct sdp_doc *doc = parse(rows[i]);

        assert_int_equal(doc->n_lines, 4);
        assert_int_equal(doc->n_session_lines, 2);
        assert_int_equal(doc->n_media, 1);
        assert_int_equal(doc->media[0].direction, SDP_INACTIVE);
        assert_addr(&doc->media[0].rtp, "192.0.2.1:5004");
        sdp_free(doc);
    }
}

static void sdp_turns_a_line_without_an_address_off_beside_one_that_has(void **state)
{
    struct sdp_doc *doc = parse(AUDIO "m=video 5006 RTP/AVP 34\r\nc=IN IP4 pc.example.com\r\n"
                                      "m=audio 5008 RTP/AVP 0\r\n");

    (void)state;
    assert_int_equal(doc->media[0].port, 5004);
    assert_int_equal(doc->media[1].port, 0);
    assert_false(addr_is_set(&doc->media[1].rtp));
    assert_int_equal(doc->media[2].port, 5008);
    sdp_free(doc);
}

struct address_row {
    const char *why, *text, *rtp, *rtcp;
};

static void sdp_finds_where_media_goes(void **state)
{
    static const struct address_row rows[] = {
        {"session c=", AUDIO, "198.51.100.7:5004", "198.51.100.7:5005"},
        {"media c=", AUDIO "c=IN IP4 192.0.2.9\r\n", "192.0.2.9:5004", "192.0.2.9:5005"},
        {"the first of two", AUDIO "c=IN IP4 192.0.2.9\r\nc=IN IP4 192.0.2.10\r\n",
         "192.0.2.9:5004", "192.0.2.9:5005"},
        {"IPv6", AUDIO "c=IN IP6 2001:db8::1\r\n", "[2001:db8::1]:5004", "[2001:db8::1]:5005"},
        {"a ttl", AUDIO "c=IN IP4 192.0.2.9/127/3\r\n", "192.0.2.9:5004", "192.0.2.9:5005"},
        {"hold of RFC 2543", AUDIO "c=IN IP4 0.0.0.0\r\n", "0.0.0.0:5004", "0.0.0.0:5005"},
        {"a=rtcp", AUDIO "a=rtcp:7001\r\n", "198.51.100.7:5004", "198.51.100.7:7001"},
        {"a=rtcp before c=", AUDIO "a=rtcp:7001\r\nc=IN IP4 192.0.2.9\r\n", "192.0.2.9:5004",
         "192.0.2.9:7001"},
        {"a=rtcp with an address", AUDIO "a=rtcp:7001 IN IP4 192.0.2.8\r\n", "198.51.100.7:5004",
         "192.0.2.8:7001"},
        {"a=rtcp with a name", AUDIO "a=rtcp:7001 IN IP4 a.example\r\n", "198.51.100.7:5004",
         "198.51.100.7:5005"},
        {"a=rtcp out of range", AUDIO "a=rtcp:65536\r\n", "198.51.100.7:5004", "198.51.100.7:5005"},
        {"muxed", AUDIO "a=rtcp-mux\r\n", "198.51.100.7:5004", "198.51.100.7:5004"},
        {"mux offered beside a port", AUDIO "a=rtcp-mux\r\na=rtcp:7001\r\n", "198.51.100.7:5004",
         "198.51.100.7:7001"},
        {"no port after the last", SESSION "m=audio 65535 RTP/AVP 0\r\n", "198.51.100.7:65535",
         "-"},
        {"off", SESSION "m=audio 0 RTP/AVP 0\r\n", "198.51.100.7:0", "-"},
        {"candidates only", "v=0\r\nm=audio 9 RTP/AVP 0\r\na=candidate:x\r\n", "-", "-"},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        struct sdp_doc *doc = parse(rows[i].text);

        print_message("%s\n", rows[i].why);
        assert_addr(&doc->media[0].rtp, rows[i].rtp);
        assert_addr(&doc->media[0].rtcp, rows[i].rtcp);
        sdp_free(doc);
    }
}

static void sdp_reads_formats_by_rtpmap_or_by_rfc3551(void **state)
{
    struct sdp_doc *doc = parse(SESSION "m=audio 5004 RTP/AVP 0 96 97 9 111 98\r\n"
                                        "a=fmtp:111 minptime=10; useinbandfec=1 \r\n"
                                        "a=rtpmap:111 opus/48000/2\r\n"
                                        "a=rtpmap:97 SIREN/16000\r\n"
                                        "a=rtpmap:98 bad/0\r\n"
                                        "a=rtpmap:98 bad/8000/0\r\n"
                                        "a=rtpmap:98\r\n"
                                        "a=rtpmap:99 other/8000\r\n"
                                        "a=fmtp:111 another=1\r\n");
    const struct sdp_format *f = doc->media[0].formats;

    (void)state;
    assert_int_equal(doc->media[0].n_formats, 6);
    assert_str(f[0].name, "PCMU"); /* static */
    assert_int_equal(f[0].clock_hz, 8000);
    assert_int_equal(f[0].n_channels, 1);
    assert_str(f[1].name, ""); /* dynamic, nobody says what */
    assert_str(f[2].name, "SIREN");
    assert_int_equal(f[2].clock_hz, 16000);
    assert_str(f[3].name, "G722");
    assert_str(f[4].name, "opus");
    assert_int_equal(f[4].clock_hz, 48000);
    assert_int_equal(f[4].n_channels, 2);
    assert_str(f[4].fmtp, "minptime=10; useinbandfec=1");
    assert_str(f[5].name, ""); /* its rtpmaps are malformed */
    sdp_free(doc);
}

static void sdp_cuts_a_format_to_the_size_of_a_codec_spec(void **state)
{
    char name[200], fmtp[600];
    struct sdp_format f = {.clock_hz = 8000, .n_channels = 1};
    struct codec_spec spec;

    (void)state;
    assert_int_equal(sdp_format_spec(&spec, &f), EINVAL);
    memset(name, 'n', sizeof(name));
    memset(fmtp, 'f', sizeof(fmtp));
    f.name = (struct str){name, sizeof(name)};
    f.fmtp = (struct str){fmtp, sizeof(fmtp)};
    assert_int_equal(sdp_format_spec(&spec, &f), 0);
    assert_int_equal(strlen(spec.name), CODEC_NAME_MAX - 1);
    assert_int_equal(strlen(spec.fmtp), CODEC_FMTP_MAX - 1);
    assert_int_equal(spec.clock_hz, 8000);
}

static void sdp_lets_a_media_line_inherit_from_the_session(void **state)
{
    struct sdp_doc *doc =
        parse(SESSION "a=ice-ufrag:sess\r\na=ice-pwd:sessionpassword\r\n"
                      "a=fingerprint:sha-256 AA\r\na=setup:actpass\r\n"
                      "a=sendonly\r\na=ice-lite\r\na=mid:no\r\n"
                      "m=audio 5004 RTP/AVP 0\r\n"
                      "m=video 5006 RTP/AVP 34\r\na=ice-ufrag:mine\r\n"
                      "a=ice-pwd:minepassword\r\na=recvonly\r\na=setup:passive\r\n");
    const struct sdp_media *m = doc->media;

    (void)state;
    assert_true(doc->is_ice_lite);
    assert_str(m[0].ice_ufrag, "sess");
    assert_str(m[0].fingerprint, "sha-256 AA");
    assert_str(m[0].setup, "actpass");
    assert_str(m[0].mid, ""); /* not a session's attribute */
    assert_int_equal(m[0].direction, SDP_SENDONLY);
    assert_true(m[0].has_direction);
    assert_str(m[1].ice_ufrag, "mine");
    assert_str(m[1].ice_pwd, "minepassword");
    assert_str(m[1].setup, "passive");
    assert_int_equal(m[1].direction, SDP_RECVONLY);
    sdp_free(doc);
}

static void sdp_reads_the_small_attributes(void **state)
{
    struct sdp_doc *doc = parse(AUDIO "a=ptime:20.0\r\na=maxptime:200\r\na=x-ssrc-range:7-9\r\n"
                                      "a=label:main-audio\r\na=mid:0\r\na=rtcp-rsize\r\n"
                                      "a=end-of-candidates\r\na=encryption:optional\r\n"
                                      "a=remote-candidates:1 192.0.2.1 5004 2 192.0.2.1 5005 \r\n"
                                      "m=video 0 RTP/AVP 34\r\na=ptime:0x14\r\na=ptime:70000\r\n"
                                      "a=x-ssrc-range:9-7\r\na=x-ssrc-range:1-4294967041\r\n"
                                      "a=remote-candidates:1 192.0.2.1 5004 2 host 5005\r\n"
                                      "a=encryption:perhaps\r\n");
    const struct sdp_media *m = doc->media;
    union addr a = {0};

    (void)state;
    assert_int_equal(m[0].ptime_ms, 20);
    assert_int_equal(m[0].maxptime_ms, 200);
    assert_int_equal(m[0].ssrc_low, 7);
    assert_int_equal(m[0].ssrc_high, 9);
    assert_str(m[0].label, "main-audio");
    assert_str(m[0].mid, "0");
    assert_true(m[0].has_rtcp_rsize && m[0].has_end_of_candidates);
    assert_int_equal(m[0].encryption, SDP_ENCRYPTION_OPTIONAL);
    assert_int_equal(m[0].n_remote_candidates, 2);
    memcpy(&a, &m[0].remote_candidates[1].addr, sizeof(a));
    assert_addr(&a, "192.0.2.1:5005");

    assert_int_equal(m[1].ptime_ms, 0);
    assert_int_equal(m[1].ssrc_low, 0);
    assert_int_equal(m[1].n_remote_candidates, 1);
    assert_int_equal(m[1].encryption, SDP_ENCRYPTION_NONE);
    sdp_free(doc);
}

#define KEY     "l66PA6e3xsp7M/CaclNPb3wejr5sKhr2ZLzDfyno" /* 30 bytes */
#define CM_80   "AES_CM_128_HMAC_SHA1_80"
#define CM      SRTP_SUITE_AES_CM_128_HMAC_SHA1_80
#define AES_256 SRTP_SUITE_AES_256_CM_HMAC_SHA1_80

struct crypto_row {
    const char *why, *value;
    unsigned n, n_bad;
    bool has_lifetime, has_session_params;
    enum srtp_suite_id suite;
    unsigned mki_len, mki_last;
};

static const struct crypto_row crypto_rows[] = {
    {"a key", "1 " CM_80 " inline:" KEY, 1, 0, 0, 0, CM, 0, 0},
    {"a lifetime as a power", "1 " CM_80 " inline:" KEY "|2^31", 1, 0, 1, 0, CM, 0, 0},
    {"a lifetime in decimal", "1 " CM_80 " inline:" KEY "|1048576", 1, 0, 1, 0, CM, 0, 0},
    {"a lifetime that is none", "1 " CM_80 " inline:" KEY "|2^x", 0, 1, 0, 0, CM, 0, 0},
    {"a lifetime beyond SRTP", "1 " CM_80 " inline:" KEY "|2^49", 0, 1, 0, 0, CM, 0, 0},
    {"an MKI", "1 " CM_80 " inline:" KEY "|1:1", 1, 0, 0, 0, CM, 1, 1},
    {"both", "1 " CM_80 " inline:" KEY "|2^31|1:1", 1, 0, 1, 0, CM, 1, 1},
    {"both, the other way round", "1 " CM_80 " inline:" KEY "|1:1|2^31", 0, 1, 0, 0, CM, 0, 0},
    {"a long MKI", "1 " CM_80 " inline:" KEY "|66051:4", 1, 0, 0, 0, CM, 4, 3},
    {"an MKI too big for its length", "1 " CM_80 " inline:" KEY "|256:1", 0, 1, 0, 0, CM, 0, 0},
    {"an MKI of no bytes", "1 " CM_80 " inline:" KEY "|1:0", 0, 1, 0, 0, CM, 0, 0},
    {"an MKI of 128 bytes", "1 " CM_80 " inline:" KEY "|9:128", 1, 0, 0, 0, CM, 128, 9},
    {"an MKI of 129 bytes", "1 " CM_80 " inline:" KEY "|9:129", 0, 1, 0, 0, CM, 0, 0},
    {"an MKI in letters", "1 " CM_80 " inline:" KEY "|a:4", 0, 1, 0, 0, CM, 0, 0},
    {"session parameters", "1 " CM_80 " inline:" KEY " KDR=1", 1, 0, 0, 1, CM, 0, 0},
    {"two keys", "1 " CM_80 " inline:" KEY ";inline:" KEY, 0, 1, 0, 0, CM, 0, 0},
    {"another key method", "1 " CM_80 " prompt:" KEY, 0, 1, 0, 0, CM, 0, 0},
    {"29 bytes", "1 " CM_80 " inline:l66PA6e3xsp7M/CaclNPb3wejr5sKhr2ZLzDfyk=", 0, 1, 0, 0, CM, 0,
     0},
    {"a sign that is not of base64", "1 " CM_80 " inline:l66PA6e3xsp7M/CaclNPb3wejr5sKhr2ZLzDf*no",
     0, 1, 0, 0, CM, 0, 0},
    {"padding in the middle", "1 " CM_80 " inline:l66PA6e3xsp7M/Cacl=Pb3wejr5sKhr2ZLzDfyno", 0, 1,
     0, 0, CM, 0, 0},
    {"no key", "1 " CM_80, 0, 1, 0, 0, CM, 0, 0},
    {"no tag", CM_80 " inline:" KEY, 0, 1, 0, 0, CM, 0, 0},
    {"a tag of ten digits", "1000000000 " CM_80 " inline:" KEY, 0, 1, 0, 0, CM, 0, 0},
    {"a suite nobody knows", "1 ROT13 inline:" KEY, 1, 0, 0, 0, SRTP_SUITE_NONE, 0, 0},
    {"AES-256, padded",
     "1 AES_256_CM_HMAC_SHA1_80 "
     "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ==",
     1, 0, 0, 0, AES_256, 0, 0},
    {"AES-256, not padded",
     "1 AES_256_CM_HMAC_SHA1_80 "
     "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ",
     1, 0, 0, 0, AES_256, 0, 0},
    {"half the padding",
     "1 AES_256_CM_HMAC_SHA1_80 "
     "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ=",
     0, 1, 0, 0, AES_256, 0, 0},
};

static void sdp_reads_crypto_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(crypto_rows); i++) {
        char text[1024];
        struct sdp_doc *doc;
        const struct sdp_media *m;

        print_message("%s\n", crypto_rows[i].why);
        snprintf(text, sizeof(text), "%sa=crypto:%s\r\n", AUDIO, crypto_rows[i].value);
        doc = parse(text);
        m = &doc->media[0];
        assert_int_equal(m->n_crypto, crypto_rows[i].n);
        assert_int_equal(m->n_bad_crypto, crypto_rows[i].n_bad);
        if (crypto_rows[i].n > 0) {
            const struct sdp_crypto *c = &m->crypto[0];

            assert_int_equal(c->tag, 1);
            assert_int_equal(c->keys.suite, crypto_rows[i].suite);
            assert_int_equal(c->has_lifetime, crypto_rows[i].has_lifetime);
            assert_int_equal(c->has_session_params, crypto_rows[i].has_session_params);
            assert_int_equal(c->keys.mki_len, crypto_rows[i].mki_len);
            if (crypto_rows[i].mki_len > 0)
                assert_int_equal(c->keys.mki[crypto_rows[i].mki_len - 1], crypto_rows[i].mki_last);
        }
        sdp_free(doc);
    }
}

static void sdp_decodes_a_key_and_reads_an_mki_most_significant_byte_first(void **state)
{
    static const uint8_t key[46] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                    32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45};
    static const uint8_t mki[4] = {0, 1, 2, 3};
    struct sdp_doc *doc = parse(
        AUDIO "a=crypto:7 AES_256_CM_HMAC_SHA1_80 "
              "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ|66051:4\r\n");

    (void)state;
    assert_int_equal(doc->media[0].n_crypto, 1);
    assert_memory_equal(doc->media[0].crypto[0].keys.key_salt, key, sizeof(key));
    assert_memory_equal(doc->media[0].crypto[0].keys.mki, mki, sizeof(mki));
    sdp_free(doc);
}

static void sdp_lets_the_first_of_two_equal_tags_count(void **state)
{
    struct sdp_doc *doc = parse(AUDIO "a=cryptoscale:1 client " CM_80 " inline:" KEY "\r\n"
                                      "a=cryptoscale:5 nobody " CM_80 " inline:" KEY "\r\n"
                                      "a=crypto:1 " CM_80 " inline:" KEY "\r\n"
                                      "a=crypto:2 " CM_80 " inline:" KEY "\r\n");
    const struct sdp_media *m = &doc->media[0];

    (void)state;
    assert_int_equal(m->n_crypto, 2);
    assert_int_equal(m->n_bad_crypto, 2);
    assert_true(m->crypto[0].is_scale);
    assert_false(m->crypto[1].is_scale);
    assert_int_equal(m->crypto[1].tag, 2);
    sdp_free(doc);
}

static void sdp_skips_candidates_that_a_relay_cannot_use(void **state)
{
    struct sdp_doc *doc =
        parse(AUDIO "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n"
                    "a=candidate:2 1 UDP 1 pc.local 9 typ host\r\n"
                    "a=candidate:3 1 TCP 1 192.0.2.1 9 typ host tcptype active\r\n"
                    "a=candidate:4 1 TCP-ACT 1 192.0.2.1 9 typ host\r\n"
                    "a=candidate:5 3 UDP 1 192.0.2.1 9 typ host\r\n"
                    "a=candidate:6 1 UDP 1 224.0.0.1 9 typ host\r\n"
                    "a=candidate:7 1 UDP 1 0.0.0.0 9 typ host\r\n"
                    "a=candidate:8\r\n"
                    "a=x-candidate-ipv6:9 2 UDP 1 2001:db8::1 9 typ host \r\n"
                    "a=candidate:10 1 UDP 1 127.0.0.1 9 typ host\r\n");
    const struct sdp_media *m = &doc->media[0];

    (void)state;
    assert_int_equal(m->n_candidates, 3); /* 127.0.0.1: who starts the checks decides */
    assert_int_equal(m->n_skipped_candidates, 7);
    assert_int_equal(m->candidates[1].addr.ss_family, AF_INET6);
    assert_false(m->is_draft6);
    sdp_free(doc);
}

static void sdp_never_mixes_candidates_of_two_generations(void **state)
{
    struct sdp_doc *doc = parse(AUDIO "a=candidate:oKpwKDjMnfFmkSeXlIgoUEYW0BiriMilFQluFogmIQ8 1 "
                                      "XJoleCXuzzNJHAdN0G5MHg UDP 0.830 192.168.0.179 19384\r\n"
                                      "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n");

    (void)state;
    assert_true(doc->media[0].is_draft6);
    assert_int_equal(doc->media[0].n_candidates, 1);
    assert_int_equal(doc->media[0].n_skipped_candidates, 1);
    sdp_free(doc);
}

struct proto_row {
    const char *text;
    enum sdp_proto proto;
    bool is_rtp, is_secure, is_dtls;
};

static void sdp_knows_protocols_without_regard_to_case(void **state)
{
    static const struct proto_row rows[] = {
        {"RTP/AVP", SDP_RTP_AVP, 1, 0, 0},
        {"rtp/avpf", SDP_RTP_AVPF, 1, 0, 0},
        {"RTP/SAVP", SDP_RTP_SAVP, 1, 1, 0},
        {"RTP/SAVPF", SDP_RTP_SAVPF, 1, 1, 0},
        {"UDP/TLS/RTP/SAVP", SDP_UDP_TLS_RTP_SAVP, 1, 1, 1},
        {"UDP/TLS/RTP/SAVPF", SDP_UDP_TLS_RTP_SAVPF, 1, 1, 1},
        {"TCP/RTP/AVP", SDP_TCP_RTP_AVP, 1, 0, 0},
        {"TCP/RTP/SAVP", SDP_TCP_RTP_SAVP, 1, 1, 0},
        {"udptl", SDP_PROTO_OTHER, 0, 0, 0},
        {"-", SDP_PROTO_OTHER, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        enum sdp_proto p = sdp_proto_find(str_of(rows[i].text));

        assert_int_equal(p, rows[i].proto);
        assert_int_equal(sdp_proto_is_rtp(p), rows[i].is_rtp);
        assert_int_equal(sdp_proto_is_secure(p), rows[i].is_secure);
        assert_int_equal(sdp_proto_is_dtls(p), rows[i].is_dtls);
        if (p != SDP_PROTO_OTHER)
            assert_int_equal(sdp_proto_find(str_of(sdp_proto_name(p))), p);
    }
    assert_string_equal(sdp_proto_name(SDP_PROTO_OTHER), "-");
    assert_string_equal(sdp_proto_name((enum sdp_proto)99), "-");
}

static void sdp_reverses_directions(void **state)
{
    (void)state;
    assert_int_equal(sdp_direction_reverse(SDP_SENDONLY), SDP_RECVONLY);
    assert_int_equal(sdp_direction_reverse(SDP_RECVONLY), SDP_SENDONLY);
    assert_int_equal(sdp_direction_reverse(SDP_SENDRECV), SDP_SENDRECV);
    assert_int_equal(sdp_direction_reverse(SDP_INACTIVE), SDP_INACTIVE);
}

struct vector_row {
    const char *name;
    int err;
    unsigned n_media;
    const char *rtp, *rtcp; /* of the first m= line, as all that follows */
    unsigned n_formats, n_crypto, n_candidates, n_skipped;
    bool is_draft6;
    enum sdp_proto proto;
    enum sdp_direction direction;
    unsigned ptime_ms;
};

static const struct vector_row vector_rows[] = {
    {"lync-online-ucwa-part1-draft6.sdp", 0, 1, "131.253.141.166:55441", "131.253.141.166:52487",
     15, 3, 6, 0, true, SDP_RTP_AVP, SDP_SENDRECV, 20},
    {"lync-online-ucwa-part2-draft19.sdp", 0, 1, "131.253.141.158:59224", "131.253.141.158:53988",
     15, 3, 8, 10, false, SDP_RTP_AVP, SDP_SENDRECV, 20},
    {"sfb-client-offer-plain-audio-bypassid.sdp", 0, 1, "192.168.106.63:10406",
     "192.168.106.63:10407", 15, 0, 4, 2, false, SDP_RTP_AVP, SDP_SENDRECV, 20},
    {"lync2010-draft6-part-truncated.sdp", 0, 1, "192.168.0.179:19384", "192.168.0.179:19385", 13,
     3, 2, 0, true, SDP_RTP_AVP, SDP_SENDRECV, 0},
    {"mediation-server-offer-hold.sdp", 0, 1, "192.168.103.63:6354", "192.168.103.63:6355", 3, 1, 0,
     0, false, SDP_RTP_SAVP, SDP_INACTIVE, 20},
    {"exchange-um-o365-answer.sdp", 0, 1, "207.46.198.124:54532", "207.46.198.124:54533", 2, 1, 0,
     0, false, SDP_RTP_SAVP, SDP_SENDRECV, 20},
    {"wlm2009-draft19-audio-video.sdp", 0, 2, "64.4.34.205:42821", "64.4.34.205:41965", 3, 0, 6, 0,
     false, SDP_RTP_AVP, SDP_SENDRECV, 0},
    {"messenger-doc-offer-encryption-required.sdp", 0, 2, "11.22.33.44:5050", "11.22.33.44:5051",
     10, 0, 0, 0, false, SDP_RTP_AVP, SDP_SENDRECV, 0},
    {"messenger-doc-im-offer-x-ms-message.sdp", 0, 1, "172.27.174.212:5060", "172.27.174.212:5061",
     0, 0, 0, 0, false, SDP_PROTO_OTHER, SDP_SENDRECV, 0},
    {"wlm-draft6-candidate-lines.sdp", EBADMSG, 0, "", "", 0, 0, 0, 0, 0, 0, 0, 0},
    {"lync-online-ucwa-offer-multipart.sdp", EBADMSG, 0, "", "", 0, 0, 0, 0, 0, 0, 0, 0},
};

static void sdp_reads_what_lync_messenger_and_exchange_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS(vector_rows); i++) {
        const struct vector_row *row = &vector_rows[i];
        size_t n;
        char *text = read_vector(row->name, &n);
        struct sdp_doc *doc = NULL;

        print_message("%s\n", row->name);
        assert_int_equal(sdp_parse(&doc, (struct str){text, n}), row->err);
        free(text); /* the document has its own copy */
        if (row->err == 0) {
            const struct sdp_media *m = &doc->media[0];

            assert_int_equal(doc->n_media, row->n_media);
            assert_addr(&m->rtp, row->rtp);
            assert_addr(&m->rtcp, row->rtcp);
            assert_int_equal(m->n_formats, row->n_formats);
            assert_int_equal(m->n_crypto, row->n_crypto);
            assert_int_equal(m->n_bad_crypto, 0);
            assert_int_equal(m->n_candidates, row->n_candidates);
            assert_int_equal(m->n_skipped_candidates, row->n_skipped);
            assert_int_equal(m->is_draft6, row->is_draft6);
            assert_int_equal(m->proto, row->proto);
            assert_int_equal(m->direction, row->direction);
            assert_int_equal(m->ptime_ms, row->ptime_ms);
        }
        sdp_free(doc);
    }
}

static void sdp_reads_lync_2013_down_to_the_key(void **state)
{
    size_t n;
    char *text = read_vector("lync-online-ucwa-part2-draft19.sdp", &n);
    struct sdp_doc *doc = parse(text);
    const struct sdp_media *m = &doc->media[0];

    (void)state;
    assert_str(doc->origin_user, "-");
    assert_str(doc->origin_id, "0");
    assert_str(doc->origin_version, "1");
    assert_str(doc->origin_rest, "IN IP4 131.253.141.158");
    assert_str(doc->session_name, "session");
    assert_str(m->ice_ufrag, "qTWN");
    assert_str(m->ice_pwd, "2o2rsADDtO3pvvcdWePDtHhn");
    assert_int_equal(m->ssrc_low, 4170446592u);
    assert_true(m->has_rtcp_mux && m->has_rtcp_attribute && m->has_rtcp_rsize);
    assert_true(m->crypto[0].is_scale);
    assert_int_equal(m->crypto[1].keys.mki_len, 1);
    assert_int_equal(m->crypto[2].tag, 3);
    assert_int_equal(m->crypto[2].keys.mki_len, 0);
    assert_int_equal(m->crypto[2].keys.key_salt[0], 0x06); /* "Bl5q": 06 5e 6a */
    assert_int_equal(m->crypto[2].keys.key_salt[2], 0x6a);
    assert_int_equal(m->maxptime_ms, 200);
    assert_int_equal(m->candidates[4].addr.ss_family, AF_INET6);
    sdp_free(doc);
    free(text);
}

static void sdp_costs_less_than_4_kb_for_a_plain_offer(void **state)
{
    struct sdp_doc *doc;

    (void)state;
    memset(&heap, 0, sizeof(heap));
    heap.is_watching = true;
    doc = parse(SESSION "m=audio 5004 RTP/AVP 0 8 9 111 101\r\n"
                        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:9 G722/8000\r\n"
                        "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n"
                        "a=sendrecv\r\n");
    assert_int_equal(heap.n_allocated, 1);
    print_message("%zu bytes\n", heap.size);
    assert_in_range(heap.size, 1, 4095);
    sdp_free(doc);
    assert_int_equal(heap.n_freed, 1);
    heap.is_watching = false;
}

static void sdp_wipes_all_of_a_document_before_it_is_freed(void **state)
{
    size_t n;
    char *text = read_vector("lync-online-ucwa-part2-draft19.sdp", &n);
    struct sdp_doc *doc;

    (void)state;
    memset(&heap, 0, sizeof(heap));
    heap.is_watching = true;
    doc = parse(text);
    sdp_free(doc);
    assert_int_equal(heap.n_freed, 1);
    assert_int_equal(heap.n_dirty_bytes, 0);
    heap.is_watching = false;
    sdp_free(NULL);
    free(text);
}

static void sdp_says_when_there_is_no_memory(void **state)
{
    struct sdp_doc *doc = NULL;
    int err;

    (void)state;
    heap.is_refusing = true;
    err = sdp_parse(&doc, STR(AUDIO));
    heap.is_refusing = false;
    assert_int_equal(err, ENOMEM);
    assert_null(doc);
}

static void sdp_gives_a_refused_documents_memory_back(void **state)
{
    struct sdp_doc *doc = NULL;
    int err;

    (void)state;
    memset(&heap, 0, sizeof(heap));
    heap.is_watching = true;
    err = sdp_parse(&doc, STR(AUDIO "m=audio 65536 RTP/AVP 0\r\n"));
    heap.is_watching = false;
    assert_int_equal(err, EBADMSG);
    assert_null(doc);
    assert_int_equal(heap.n_allocated, heap.n_freed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sdp_refuses_what_is_no_document),
        cmocka_unit_test(sdp_refuses_a_nul_and_a_text_that_is_too_long),
        cmocka_unit_test(sdp_takes_32_media_lines_and_refuses_more),
        cmocka_unit_test(sdp_keeps_the_first_64_usable_candidates),
        cmocka_unit_test(sdp_ignores_formats_beyond_64_and_twice_the_same),
        cmocka_unit_test(sdp_reads_lines_however_they_end),
        cmocka_unit_test(sdp_turns_a_line_without_an_address_off_beside_one_that_has),
        cmocka_unit_test(sdp_finds_where_media_goes),
        cmocka_unit_test(sdp_reads_formats_by_rtpmap_or_by_rfc3551),
        cmocka_unit_test(sdp_cuts_a_format_to_the_size_of_a_codec_spec),
        cmocka_unit_test(sdp_lets_a_media_line_inherit_from_the_session),
        cmocka_unit_test(sdp_reads_the_small_attributes),
        cmocka_unit_test(sdp_reads_crypto_lines),
        cmocka_unit_test(sdp_decodes_a_key_and_reads_an_mki_most_significant_byte_first),
        cmocka_unit_test(sdp_lets_the_first_of_two_equal_tags_count),
        cmocka_unit_test(sdp_skips_candidates_that_a_relay_cannot_use),
        cmocka_unit_test(sdp_never_mixes_candidates_of_two_generations),
        cmocka_unit_test(sdp_knows_protocols_without_regard_to_case),
        cmocka_unit_test(sdp_reverses_directions),
        cmocka_unit_test(sdp_reads_what_lync_messenger_and_exchange_sent),
        cmocka_unit_test(sdp_reads_lync_2013_down_to_the_key),
        cmocka_unit_test(sdp_costs_less_than_4_kb_for_a_plain_offer),
        cmocka_unit_test(sdp_wipes_all_of_a_document_before_it_is_freed),
        cmocka_unit_test(sdp_says_when_there_is_no_memory),
        cmocka_unit_test(sdp_gives_a_refused_documents_memory_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
