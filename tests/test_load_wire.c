#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <srtp2/srtp.h>

#include "bench/load/bencode.h"
#include "bench/load/options.h"
#include "bench/load/pattern.h"
#include "bench/load/run.h"
#include "bench/load/sdp.h"
#include "bench/load/srtp.h"
#include "bench/load/stream.h"

/* ---- bencode ----------------------------------------------------------------------------------
 */

static void bencode_finds_a_string_in_the_outermost_dictionary_only(void **state)
{
    static const struct {
        const char *why, *bencode, *found; /* NULL: not found */
    } rows[] = {
        {"alone", "d3:sdp2:v=e", "v="},
        {"empty", "d3:sdp0:e", ""},
        {"behind other kinds", "d1:ai-5e1:bli1ed1:c1:dee3:sdp1:xe", "x"},
        {"not one that is deeper", "d1:ad3:sdp1:xee", NULL},
        {"not a value that looks like the key", "d1:a3:sdp1:b1:xe", NULL},
        {"the end of the dictionary may be cut off behind it", "d3:sdp1:x", "x"},
        {"not a number", "d3:sdpi1ee", NULL},
        {"not there", "d1:a1:be", NULL},
        {"not a dictionary", "l3:sdp1:xe", NULL},
        {"nothing", "", NULL},
        {"longer than what is there", "d3:sdp9:xe", NULL},
        {"a length that overflows", "d3:sdp99999999999999999999:xe", NULL},
        {"no colon", "d3:sdp1xe", NULL},
        {"a key cut off", "d3:sd", NULL},
        {"a list without end", "d1:allll", NULL},
        {"a number without end", "d1:ai1", NULL},
    };
    struct load_text found;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool is_found = load_find(&found, rows[i].bencode, strlen(rows[i].bencode), "sdp");

        if (is_found != !!rows[i].found ||
            (is_found &&
             (found.n != strlen(rows[i].found) || memcmp(found.at, rows[i].found, found.n) != 0)))
            fail_msg("%s", rows[i].why);
    }
}

static void bencode_refuses_lists_without_measure(void **state)
{
    char deep[200] = "d1:a";
    struct load_text found;

    (void)state;
    memset(deep + 4, 'l', 90);
    memset(deep + 94, 'e', 90);
    memcpy(deep + 184, "3:sdp1:xe", sizeof("3:sdp1:xe"));
    assert_false(load_find(&found, deep, strlen(deep), "sdp"));
}

static void bencode_writes_pairs_until_the_buffer_is_full(void **state)
{
    char buf[16];
    struct load_buffer b = {.at = buf, .cap = sizeof(buf)};

    (void)state;
    load_put_pair(&b, "a", "bc", 2);
    assert_int_equal(b.n, 7);
    assert_memory_equal(buf, "1:a2:bc", 7);
    load_put_pair(&b, "k", "too long for it", 15);
    assert_true(b.is_full);
    assert_true(b.n <= sizeof(buf));
}

/* ---- SDP --------------------------------------------------------------------------------------
 */

static const struct load_format pcma = {8, "PCMA/8000", NULL, 160};
static const struct load_format rtvideo = {121, "x-rtvc1/90000", NULL, 1800};

static void line_fill(struct load_line *l, const char *host, uint16_t port,
                      const struct load_format *format)
{
    *l = (struct load_line){.cryptos = {{.tag = 1, .suite = LOAD_SUITE_SHA1_80},
                                        {.tag = 2, .suite = LOAD_SUITE_SHA1_32}},
                            .n_cryptos = 2,
                            .ice = {"abcdefgh", "a password of ice, 24 ch"},
                            .format = format,
                            .pt = format->pt,
                            .dtmf_pt = LOAD_DTMF_PT,
                            .is_there = true};
    l->ice.pwd[1] = l->ice.pwd[10] = l->ice.pwd[13] = l->ice.pwd[18] = l->ice.pwd[21] = '_';
    assert_true(load_address_parse(&l->rtp, host));
    load_address_set_port(&l->rtp, port);
    for (unsigned i = 0; i < LOAD_SRTP_KEY_BYTES; i++) {
        l->cryptos[0].key[i] = (uint8_t)(i * 7);
        l->cryptos[1].key[i] = (uint8_t)(i * 11 + 1);
    }
}

static struct load_description description(const char *host)
{
    struct load_description d = {0};

    line_fill(&d.lines[LOAD_AUDIO], host, 4000, &pcma);
    line_fill(&d.lines[LOAD_VIDEO], host, 4002, &rtvideo);
    return d;
}

static void line_is_the_same(const struct load_line *a, const struct load_line *b)
{
    assert_true(load_address_is_same_host(&a->rtp, &b->rtp));
    assert_true(load_address_is_same_host(&a->rtp, &b->rtcp));
    assert_int_equal(load_address_port(&a->rtp), load_address_port(&b->rtp));
    assert_int_equal(load_address_port(&a->rtp) + 1, load_address_port(&b->rtcp));
    assert_int_equal(b->n_cryptos, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(a->cryptos[i].tag, b->cryptos[i].tag);
        assert_int_equal(a->cryptos[i].suite, b->cryptos[i].suite);
        assert_memory_equal(a->cryptos[i].key, b->cryptos[i].key, LOAD_SRTP_KEY_BYTES);
    }
    assert_string_equal(a->ice.ufrag, b->ice.ufrag);
    assert_string_equal(a->ice.pwd, b->ice.pwd);
    assert_int_equal(a->dtmf_pt, b->dtmf_pt);
    assert_int_equal(b->n_maps, 2);
    assert_string_equal(b->maps[0].text, a->format->rtpmap);
}

static void sdp_reads_what_it_writes(void **state)
{
    static const char *const hosts[] = {"192.0.2.7", "2001:db8::7"};
    char sdp[LOAD_SDP_MAX];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct load_description d = description(hosts[i]), read;
        size_t n = load_sdp_write(sdp, sizeof(sdp), &d);

        assert_true(n);
        assert_int_equal(load_sdp_read(&read, sdp, n), 0);
        line_is_the_same(&d.lines[LOAD_AUDIO], &read.lines[LOAD_AUDIO]);
        line_is_the_same(&d.lines[LOAD_VIDEO], &read.lines[LOAD_VIDEO]);
    }
}

static void sdp_does_not_write_half_a_body(void **state)
{
    struct load_description d = description("192.0.2.7");
    char sdp[LOAD_SDP_MAX];

    (void)state;
    size_t n = load_sdp_write(sdp, sizeof(sdp), &d);
    for (size_t cap = 1; cap <= n; cap++) /* the last byte of vsnprintf() is a NUL */
        assert_int_equal(load_sdp_write(sdp, cap, &d), 0);
}

#define HEAD "v=0\r\nc=IN IP4 192.0.2.1\r\n"
#define KEY  "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw"

static void sdp_reads_what_relays_write(void **state)
{
    static const struct {
        const char *why, *sdp;
        int err;
        unsigned port, n_cryptos;
    } rows[] = {
        {"lines that end with LF alone", "c=IN IP4 192.0.2.1\nm=audio 5 RTP/AVP 0\n", 0, 5, 0},
        {"no newline at the end", HEAD "m=audio 5 RTP/AVP 0", 0, 5, 0},
        {"a refused stream", HEAD "m=audio 0 RTP/AVP 0\r\n", 0, 0, 0},
        {"no address", "m=audio 5 RTP/AVP 0\r\n", EBADMSG, 0, 0},
        {"an IPv6 address", "c=IN IP6 ::1\r\nm=audio 5 RTP/AVP 0\r\n", 0, 5, 0},
        {"an address of no family", "c=IN IP9 what\r\nm=audio 5 RTP/AVP 0\r\n", EBADMSG, 0, 0},
        {"no audio", HEAD "m=video 5 RTP/AVP 34\r\n", EBADMSG, 0, 0},
        {"a port that is none", HEAD "m=audio 65536 RTP/AVP 0\r\n", EBADMSG, 0, 0},
        {"nothing", "", EBADMSG, 0, 0},
        {"a suite that we have",
         HEAD "m=audio 5 RTP/SAVP 0\r\na=crypto:8 AES_CM_128_HMAC_SHA1_32 inline:" KEY "\r\n", 0, 5,
         1},
        {"one that we do not have",
         HEAD "m=audio 5 RTP/SAVP 0\r\na=crypto:2 AEAD_AES_128_GCM inline:" KEY "\r\n", 0, 5, 0},
        {"a key that is too short",
         HEAD "m=audio 5 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MTIz\r\n", 0, 5,
         0},
        {"a key that is not base64",
         HEAD "m=audio 5 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
              "!!IzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw\r\n",
         0, 5, 0},
        {"an MKI, which we would have to send",
         HEAD "m=audio 5 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:1\r\n",
         0, 5, 0},
    };
    struct load_description d;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int err = load_sdp_read(&d, rows[i].sdp, strlen(rows[i].sdp));

        const struct load_line *l = &d.lines[LOAD_AUDIO];

        if (err != rows[i].err || (!err && (load_address_port(&l->rtp) != rows[i].port ||
                                            l->n_cryptos != rows[i].n_cryptos)))
            fail_msg("%s", rows[i].why);
    }
}

/* ---- SRTP -------------------------------------------------------------------------------------
 */

#define SSRC 0xcafebabe

/* libsrtp2, as the other side. */
static srtp_t other_side(enum load_suite suite, uint8_t *key)
{
    srtp_policy_t policy = {.ssrc = {.type = ssrc_specific, .value = SSRC}, .key = key};
    srtp_t session;

    if (suite == LOAD_SUITE_SHA1_32)
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
    else
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    assert_int_equal(srtp_create(&session, &policy), srtp_err_status_ok);
    return session;
}

static size_t rtp_make(uint8_t *packet, uint16_t seq)
{
    const uint8_t header[LOAD_RTP_HEADER] = {
        0x80, 8, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 1, 2, 0xca, 0xfe, 0xba, 0xbe};

    memcpy(packet, header, sizeof(header));
    load_pattern_write(packet + LOAD_RTP_HEADER, LOAD_PATTERN_BYTES, 3, seq);
    return LOAD_RTP_HEADER + LOAD_PATTERN_BYTES;
}

static const enum load_suite suites[] = {LOAD_SUITE_SHA1_80, LOAD_SUITE_SHA1_32};

static void srtp_is_understood_by_libsrtp_over_a_wrap_of_the_numbers(void **state)
{
    uint8_t key[LOAD_SRTP_KEY_BYTES] = "a key of sixteen, and its salt", packet[256], plain[256];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct load_srtp s;
        srtp_t other = other_side(suites[i], key);

        assert_int_equal(load_srtp_init(&s, suites[i], key), 0);
        for (uint64_t index = 65000; index < 66000; index++) {
            size_t n = rtp_make(plain, (uint16_t)index);
            memcpy(packet, plain, n);
            int n_out = (int)load_srtp_protect(&s, packet, n, index);

            assert_int_equal(srtp_unprotect(other, packet, &n_out), srtp_err_status_ok);
            assert_int_equal(n_out, n);
            assert_memory_equal(packet, plain, n);
        }
        srtp_dealloc(other);
        load_srtp_wipe(&s);
    }
}

static void srtp_understands_libsrtp_over_a_wrap_and_out_of_order(void **state)
{
    uint8_t key[LOAD_SRTP_KEY_BYTES] = "a key of sixteen, and its salt", plain[256];
    static uint8_t packets[1000][256];
    int sizes[1000];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct load_srtp s;
        srtp_t other = other_side(suites[i], key);

        assert_int_equal(load_srtp_init(&s, suites[i], key), 0);
        for (unsigned j = 0; j < 1000; j++) {
            sizes[j] = (int)rtp_make(packets[j], (uint16_t)(65000 + j));
            assert_int_equal(srtp_protect(other, packets[j], &sizes[j]), srtp_err_status_ok);
        }
        for (unsigned j = 0; j < 1000; j++) {
            unsigned k = j ^ 1; /* each two of them the other way round, the wrap's too */
            size_t n = rtp_make(plain, (uint16_t)(65000 + k));

            assert_int_equal(load_srtp_unprotect(&s, packets[k], (size_t)sizes[k]), n);
            assert_memory_equal(packets[k], plain, n);
        }
        srtp_dealloc(other);
        load_srtp_wipe(&s);
    }
}

static void srtp_refuses_each_changed_bit_and_leaves_the_packet(void **state)
{
    uint8_t key[LOAD_SRTP_KEY_BYTES] = {1}, packet[256], changed[256];
    struct load_srtp out, in;

    (void)state;
    assert_int_equal(load_srtp_init(&out, LOAD_SUITE_SHA1_80, key), 0);
    assert_int_equal(load_srtp_init(&in, LOAD_SUITE_SHA1_80, key), 0);
    size_t n = load_srtp_protect(&out, packet, rtp_make(packet, 7), 7);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        memcpy(changed, packet, n);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(load_srtp_unprotect(&in, changed, n), 0);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_memory_equal(changed, packet, n);
    }
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(load_srtp_unprotect(&in, packet, cut), 0);
    assert_true(load_srtp_unprotect(&in, packet, n));
    load_srtp_wipe(&out);
    load_srtp_wipe(&in);
}

static void srtcp_is_understood_by_libsrtp_and_understands_it(void **state)
{
    /* a receiver report without blocks: RFC 3550 s.6.4.2 */
    static const uint8_t report[] = {0x80, 201, 0, 1, 0xca, 0xfe, 0xba, 0xbe};
    uint8_t key[LOAD_SRTP_KEY_BYTES] = "a key of sixteen, and its salt", packet[64];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        srtp_t other = other_side(suites[i], key), sender = other_side(suites[i], key);
        struct load_srtcp s;

        assert_int_equal(load_srtcp_init(&s, key), 0);
        for (unsigned j = 0; j < 3; j++) {
            memcpy(packet, report, sizeof(report));
            int n = (int)load_srtcp_protect(&s, packet, sizeof(report));
            assert_int_equal(srtp_unprotect_rtcp(other, packet, &n), srtp_err_status_ok);
            assert_int_equal(n, sizeof(report));
            assert_memory_equal(packet, report, sizeof(report));
            assert_int_equal(srtp_protect_rtcp(sender, packet, &n), srtp_err_status_ok);
            assert_int_equal(load_srtcp_unprotect(&s, packet, (size_t)n), sizeof(report));
            assert_memory_equal(packet, report, sizeof(report));
        }
        packet[5] ^= 1;
        assert_int_equal(load_srtcp_unprotect(&s, packet, sizeof(report) + LOAD_SRTCP_GROWTH), 0);
        srtp_dealloc(other);
        srtp_dealloc(sender);
        load_srtcp_wipe(&s);
    }
}

/* ---- streams ----------------------------------------------------------------------------------
 */

#define NAME_A 12 /* call 3 */
#define NAME_B 13

struct pair {
    struct load_stream a, b;
    uint8_t packet[LOAD_PACKET_MAX];
    size_t n;
    uint64_t number;
};

static void stream_make(struct load_stream *s, const char *mode, enum load_side side, uint32_t name)
{
    const struct load_mode *m = load_mode_find(mode);
    struct load_end end = {.pt = m->format[side].pt, .dtmf_pt = LOAD_DTMF_PT};
    struct load_stream_config cfg = {
        .mode = m, .side = side, .name = name, .end = &end, .random = {1, UINT32_MAX - 100, 32760}};

    assert_int_equal(load_stream_init(s, &cfg), 0);
}

static struct pair pair_make(const char *mode)
{
    struct pair p = {0};

    stream_make(&p.a, mode, LOAD_A, NAME_A);
    stream_make(&p.b, mode, LOAD_B, NAME_B);
    return p;
}

static void a_sends(struct pair *p)
{
    uint64_t number = p->a.n_turns;

    p->n = load_stream_write(&p->a, p->packet, NULL);
    if (load_stream_stamp_of(&p->a, number)->state == LOAD_TURN_MADE)
        load_stream_stamp(&p->a, number, 1000 * number);
}

static enum load_verdict b_reads(struct pair *p)
{
    return load_stream_read(&p->b, &p->a, p->packet, &p->n, &p->number);
}

static void stream_knows_each_packet_again(void **state)
{
    struct pair p = pair_make("plain");

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        a_sends(&p);
        assert_int_equal(p.n, 172);
        assert_int_equal(b_reads(&p), LOAD_GOOD);
        assert_int_equal(p.number, i);
    }
}

static void stream_allows_numbers_of_the_relay_but_no_jump_in_them(void **state)
{
    struct pair p = pair_make("plain");

    (void)state;
    a_sends(&p);
    p.packet[2] ^= 0x40;
    assert_int_equal(b_reads(&p), LOAD_GOOD);
    a_sends(&p);
    assert_int_equal(b_reads(&p), LOAD_RENUMBERED);
}

static void stream_tells_what_is_wrong_with_a_packet(void **state)
{
    static const struct {
        const char *why;
        size_t at; /* in the packet */
        uint8_t change;
        int n_more;
        enum load_verdict verdict;
    } rows[] = {
        {"as it was sent", 0, 0, 0, LOAD_GOOD},
        {"another version", 0, 0x40, 0, LOAD_STRAY},
        {"with padding", 0, 0x20, 0, LOAD_STRAY},
        {"another payload type", 1, 1, 0, LOAD_STRAY},
        {"the marker is the relay's affair", 1, 0x80, 0, LOAD_GOOD},
        {"the SSRC is the relay's affair", 8, 1, 0, LOAD_GOOD},
        {"one bit of the payload", 171, 1, 0, LOAD_CORRUPTED},
        {"too short", 0, 0, -1, LOAD_STRAY},
        {"too long", 0, 0, 1, LOAD_STRAY},
        {"no payload", 0, 0, -160, LOAD_STRAY},
        {"not even a header", 0, 0, -161, LOAD_STRAY},
        {"empty", 0, 0, -172, LOAD_STRAY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pair p = pair_make("plain");

        a_sends(&p);
        p.packet[rows[i].at] ^= rows[i].change;
        p.n += (size_t)(long)rows[i].n_more;
        if (b_reads(&p) != rows[i].verdict)
            fail_msg("%s", rows[i].why);
    }
}

static void stream_finds_a_packet_of_another_call_out(void **state)
{
    struct pair p = pair_make("plain");

    (void)state;
    p.a.name += 4;
    a_sends(&p);
    assert_int_equal(b_reads(&p), LOAD_MISROUTED);
}

static void stream_refuses_a_packet_that_was_never_sent(void **state)
{
    struct pair p = pair_make("plain");

    (void)state;
    a_sends(&p);
    load_pattern_write(p.packet + LOAD_RTP_HEADER, LOAD_PATTERN_BYTES, NAME_A, 1);
    assert_int_equal(b_reads(&p), LOAD_CORRUPTED);
}

static void stream_goes_by_the_clock_where_the_payload_is_another(void **state)
{
    struct pair p = pair_make("opus");
    const uint8_t opus = 96;

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        a_sends(&p);
        uint32_t ts = UINT32_MAX - 1000 + 960 * i; /* the relay's own start, over the wrap */
        p.packet[1] = opus;
        for (unsigned j = 0; j < 4; j++)
            p.packet[4 + j] = (uint8_t)(ts >> (24 - 8 * j));
        p.n = LOAD_RTP_HEADER + 40;
        assert_int_equal(b_reads(&p), LOAD_GOOD);
        assert_int_equal(p.number, i);
    }
    assert_int_equal(b_reads(&p), LOAD_DOUBLED); /* by its sequence number */
    p.packet[3]++;
    p.packet[7] ^= 1; /* between two packets */
    assert_int_equal(b_reads(&p), LOAD_CORRUPTED);
}

static void stream_knows_what_the_relay_made_up_for_a_lost_packet(void **state)
{
    struct pair p = pair_make("opus");

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        if (i == 1) {
            (void)load_stream_write(&p.a, p.packet, NULL); /* made, but it never leaves */
        } else {
            a_sends(&p);
        }
        uint32_t ts = 960 * i;
        p.packet[1] = 96;
        p.packet[6] = (uint8_t)(ts >> 8);
        p.packet[7] = (uint8_t)ts;
        p.packet[4] = p.packet[5] = 0;
        p.n = LOAD_RTP_HEADER + 40;
        assert_int_equal(b_reads(&p), i == 1 ? LOAD_FILLED : LOAD_GOOD);
    }
}

static void stream_hears_the_digits_that_are_pressed(void **state)
{
    struct pair p = pair_make("plain");

    (void)state;
    for (unsigned key = 0; key < 12; key++) {
        load_keypad_press(&p.a.keypad, 160 * key);
        do {
            a_sends(&p);
            assert_int_equal(b_reads(&p), LOAD_EVENT);
        } while (p.a.keypad.n_left);
    }
    assert_int_equal(p.b.key_ear.n_heard, 12);
    assert_int_equal(p.b.key_ear.n_wrong, 0);
    load_keypad_press(&p.a.keypad, 5000);
    a_sends(&p);
    p.packet[LOAD_RTP_HEADER] ^= 1; /* another key */
    assert_int_equal(b_reads(&p), LOAD_EVENT);
    assert_int_equal(p.b.key_ear.n_wrong, 1);
}

/* ---- options ----------------------------------------------------------------------------------
 */

static void options_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *why, *words[6];
        bool is_good;
    } rows[] = {
        {"a relay", {"--ng", "127.0.0.1:2223"}, true},
        {"a floor", {"--floor", "shared", "--floor-wake", "ms"}, true},
        {"neither", {"--calls", "5"}, false},
        {"a relay and a floor in turn", {"--ng", "127.0.0.1:2223", "--floor", "shared"}, true},
        {"two relays", {"--ng", "127.0.0.1:2223", "--versus", "127.0.0.1:2224"}, true},
        {"one relay against none", {"--versus", "127.0.0.1:2224", "--floor", "shared"}, false},
        {"a scenario by its name", {"--ng", "127.0.0.1:2223", "--scenario", "working-day"}, true},
        {"a scenario that is not there", {"--ng", "127.0.0.1:2223", "--scenario", "/no"}, false},
        {"a bad network", {"--ng", "127.0.0.1:2223", "--impair", "loss=1,burst=2,seed=7"}, true},
        {"a loss of too much", {"--ng", "127.0.0.1:2223", "--impair", "loss=101"}, false},
        {"a kind of badness that is none", {"--ng", "127.0.0.1:2223", "--impair", "rain=1"}, false},
        {"an attack", {"--ng", "127.0.0.1:2223", "--attack", "garbage,replay"}, true},
        {"an attack that is none", {"--ng", "127.0.0.1:2223", "--attack", "magic"}, false},
        {"a limit", {"--ng", "127.0.0.1:2223", "--limit", "loss=0.1,score=0.9"}, true},
        {"a limit that is none", {"--ng", "127.0.0.1:2223", "--limit", "beauty=1"}, false},
        {"calls a second that never end", {"--ng", "127.0.0.1:2223", "--rate", "5"}, false},
        {"hours", {"--ng", "127.0.0.1:2223", "--soak", "0.5"}, true},
        {"no hours", {"--ng", "127.0.0.1:2223", "--soak", "long"}, false},
        {"a floor that is none", {"--floor", "marble"}, false},
        {"a floor cannot transcode", {"--floor", "shared", "--mode", "transcode"}, false},
        {"a mode that is none", {"--ng", "127.0.0.1:2223", "--mode", "fast"}, false},
        {"no calls", {"--ng", "127.0.0.1:2223", "--calls", "0"}, false},
        {"half a call", {"--ng", "127.0.0.1:2223", "--calls", "0.5"}, false},
        {"too many calls", {"--ng", "127.0.0.1:2223", "--calls", "30001"}, false},
        {"a value that is missing", {"--ng"}, false},
        {"an option that is none", {"--ng", "127.0.0.1:2223", "--fast"}, false},
        {"a word too much", {"--ng", "127.0.0.1:2223", "fast"}, false},
        {"two kinds of run", {"--ng", "127.0.0.1:2223", "--place", "--set-ups"}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *argv[8] = {"picrelay-bench"}, problem[256] = "";
        struct load_options o;
        struct load_run_config cfg;
        int argc = 1;

        for (; argc < 7 && rows[i].words[argc - 1]; argc++)
            argv[argc] = (char *)(uintptr_t)rows[i].words[argc - 1];
        int err = load_options_parse(&o, argc, argv, problem, sizeof(problem));
        if (!err)
            err = load_options_config(&cfg, &o, problem, sizeof(problem));
        if (!err != rows[i].is_good || (err && !*problem))
            fail_msg("%s", rows[i].why);
    }
}

/* ---- a whole load, through the floor ----------------------------------------------------------
 */

static void load_through_the_floor_comes_back_whole(void **state)
{
    static const struct {
        enum floor_kind kind;
        bool is_gathering;
        unsigned n_pairs;
    } rows[] = {{FLOOR_SHARED, false, 1},
                {FLOOR_SHARED, true, 2},
                {FLOOR_PER_STREAM, false, 1},
                {FLOOR_PER_STREAM, true, 5}};
    struct load_result *r = calloc(1, sizeof(*r));

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scenario s;
        struct load_run_config cfg = {.local = "127.0.0.2",
                                      .scenario = &s,
                                      .n_pairs = rows[i].n_pairs,
                                      .floor = rows[i].kind,
                                      .is_gathering = rows[i].is_gathering,
                                      .relay_cpu = -1};

        scenario_default(&s);
        s.calls = 5;
        s.seconds = 1;
        s.warm_ms = 20;
        assert_int_equal(load_run(r, &cfg), 0);
        assert_int_equal(r->media.sent, 5 * 2 * 50);
        assert_true(load_result_is_clean(r));
        assert_true(r->media.received > 0);
        assert_int_equal(r->media.delay.n, r->media.received);
    }
    free(r);
}

static void load_says_why_it_cannot_start(void **state)
{
    struct load_result *r = calloc(1, sizeof(*r));
    struct scenario s;
    struct load_run_config cfg = {
        .local = "192.0.2.1", /* not ours: RFC 5737 */ .scenario = &s, .n_pairs = 1};

    (void)state;
    scenario_default(&s);
    assert_int_not_equal(load_run(r, &cfg), 0);
    assert_non_null(strstr(r->problem, "192.0.2.1"));
    cfg.local = "127.0.0.2";
    cfg.n_pairs = s.calls = 400000; /* more than there are ports or descriptors */
    assert_int_not_equal(load_run(r, &cfg), 0);
    assert_non_null(strstr(r->problem, "are needed")); /* with the numbers */
    free(r);
}

static int library_init(void **state)
{
    (void)state;
    return srtp_init() == srtp_err_status_ok ? 0 : -1;
}

static int library_shutdown(void **state)
{
    (void)state;
    return srtp_shutdown() == srtp_err_status_ok ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bencode_finds_a_string_in_the_outermost_dictionary_only),
        cmocka_unit_test(bencode_refuses_lists_without_measure),
        cmocka_unit_test(bencode_writes_pairs_until_the_buffer_is_full),
        cmocka_unit_test(sdp_reads_what_it_writes),
        cmocka_unit_test(sdp_does_not_write_half_a_body),
        cmocka_unit_test(sdp_reads_what_relays_write),
        cmocka_unit_test(srtp_is_understood_by_libsrtp_over_a_wrap_of_the_numbers),
        cmocka_unit_test(srtp_understands_libsrtp_over_a_wrap_and_out_of_order),
        cmocka_unit_test(srtp_refuses_each_changed_bit_and_leaves_the_packet),
        cmocka_unit_test(stream_knows_each_packet_again),
        cmocka_unit_test(stream_allows_numbers_of_the_relay_but_no_jump_in_them),
        cmocka_unit_test(stream_tells_what_is_wrong_with_a_packet),
        cmocka_unit_test(stream_finds_a_packet_of_another_call_out),
        cmocka_unit_test(stream_refuses_a_packet_that_was_never_sent),
        cmocka_unit_test(stream_goes_by_the_clock_where_the_payload_is_another),
        cmocka_unit_test(stream_knows_what_the_relay_made_up_for_a_lost_packet),
        cmocka_unit_test(stream_hears_the_digits_that_are_pressed),
        cmocka_unit_test(srtcp_is_understood_by_libsrtp_and_understands_it),
        cmocka_unit_test(options_are_refused_with_a_reason),
        cmocka_unit_test(load_through_the_floor_comes_back_whole),
        cmocka_unit_test(load_says_why_it_cannot_start),
    };

    return cmocka_run_group_tests(tests, library_init, library_shutdown);
}
