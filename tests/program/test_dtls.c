#include "tests/program/scene.h"

#include <stdio.h>
#include <string.h>

#include "bench/peer/dtls.h"
#include "bench/peer/signalling.h"
#include "tests/program/talk.h"

/* DTLS-SRTP: who connects with whom, what is said about it, and what must not pass. */

#define RFC(...)                                                                                   \
    {                                                                                              \
        .dialect = PEER_RFC, .keys = PEER_KEYS_DTLS, .codecs = "PCMU,telephone-event", __VA_ARGS__ \
    }
#define PLAIN(keys_)                                                                               \
    {                                                                                              \
        .dialect = PEER_PLAIN, .keys = (keys_), .codecs = "PCMU,telephone-event"                   \
    }
#define LYNC                                                                                       \
    {                                                                                              \
        .dialect = PEER_LYNC, .keys = PEER_KEYS_TRIPLE, .codecs = "PCMU,CN,telephone-event",       \
        .has_ssrc_range = true                                                                     \
    }

static const struct scene_call calls[] = {
    {"a browser calls Lync", {.peer = {RFC(), LYNC}, .direction = "skype,enterprise"}},
    {"Lync calls a browser", {.peer = {LYNC, RFC()}}},
    {"Lync calls a browser that waits for our hello", {.peer = {LYNC, RFC(.setup = "passive")}}},
    {"a browser calls a browser, AES-GCM 128",
     {.peer = {RFC(.dtls_profiles = "SRTP_AEAD_AES_128_GCM"),
               RFC(.dtls_profiles = "SRTP_AEAD_AES_128_GCM")}}},
    {"AES-GCM 256 on one leg, AES-CM on the other",
     {.peer = {RFC(.dtls_profiles = "SRTP_AEAD_AES_256_GCM"), RFC()}}},
    {"a caller that insists on being the server",
     {.peer = {RFC(.setup = "passive"), PLAIN(PEER_KEYS_NONE)}}},
    {"a caller that insists on being the client",
     {.peer = {RFC(.setup = "active"), PLAIN(PEER_KEYS_NONE)}}},
    {"DTLS without ICE to plain", {.peer = {PLAIN(PEER_KEYS_DTLS), PLAIN(PEER_KEYS_NONE)}}},
    {"SDES to DTLS without ICE", {.peer = {PLAIN(PEER_KEYS_ONE), PLAIN(PEER_KEYS_DTLS)}}},
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void dtls_on_one_leg_goes_with_anything_on_the_other(void **state)
{
    struct scene_result results[CALLS];

    scene_run(*state, calls, CALLS, results);
    for (size_t i = 0; i < CALLS; i++) {
        print_message("    %s\n", calls[i].why);
        scene_expect_clear(&calls[i], &results[i]);
        for (unsigned side = 0; side < 2; side++) {
            bool is_dtls = calls[i].call.peer[side].keys == PEER_KEYS_DTLS;
            assert_int_equal(scene_has_flag(&results[i], side, "DTLS-SRTP"), is_dtls);
            if (is_dtls)
                assert_string_equal(json_string_value(scene_recorded(&results[i], side, "dtls")),
                                    "verified");
        }
    }
    scene_wipe(results, CALLS);
}

/* ---- descriptions ---------------------------------------------------------------------------- */

#define FINGERPRINT                                                                                \
    "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"                       \
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"

static struct talk the_talk;

static void close_apart(void);

static int put_away(void **state)
{
    (void)state;
    close_apart();
    talk_close(&the_talk);
    memset(&the_talk, 0, sizeof(the_talk));
    return 0;
}

static const char *browser_sdp(char sdp[static PHONE_SDP_MAX], unsigned side, const char *lines)
{
    return phone_sdp(sdp, &the_talk.phone[side], "UDP/TLS/RTP/SAVPF", "0", lines);
}

static void expect_lines(const char *sdp, const char *const *lines)
{
    for (; *lines; lines++) {
        if (!strstr(sdp, *lines))
            print_error("%s is not in:\n%s", *lines, sdp);
        assert_non_null(strstr(sdp, *lines));
    }
}

static void the_flag_webrtc_makes_an_offer_that_a_browser_takes(void **state)
{
    static const char *const wanted[] = {"UDP/TLS/RTP/SAVPF 0\r\n",
                                         "a=setup:actpass\r\n",
                                         "a=fingerprint:sha-256 ",
                                         "a=rtcp-mux\r\n",
                                         "a=mid:1\r\n",
                                         "a=group:BUNDLE 1\r\n",
                                         "a=ice-ufrag:",
                                         "a=ice-options:trickle\r\n",
                                         "a=end-of-candidates\r\n",
                                         " typ host",
                                         NULL};
    struct talk *t = &the_talk;

    talk_open(t, *state);
    talk_offer(t, TALK_A, NULL, "WebRTC");
    expect_lines(t->sdp[TALK_B], wanted);
    assert_null(strstr(t->sdp[TALK_B], "a=crypto"));
    assert_null(strstr(t->sdp[TALK_B], "a=rtcp:"));
    assert_null(strstr(t->sdp[TALK_B], "candidate:1 2 ")); /* one component */
}

static void an_answer_has_the_mid_and_the_group_of_its_offer(void **state)
{
    static const char *const wanted[] = {"a=mid:sound\r\n",    "a=group:BUNDLE sound\r\n",
                                         "a=setup:active\r\n", "a=rtcp-mux\r\n",
                                         "UDP/TLS/RTP/SAVPF",  NULL};
    char sdp[PHONE_SDP_MAX], bundled[PHONE_SDP_MAX + 64];
    struct talk *t = &the_talk;

    talk_open(t, *state);
    browser_sdp(sdp, TALK_A,
                "a=mid:sound\r\na=setup:actpass\r\na=rtcp-mux\r\n"
                "a=rtcp-fb:0 transport-cc\r\na=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                "a=msid:x y\r\na=ssrc:1 cname:x\r\n" FINGERPRINT);
    char *m = strstr(sdp, "m=");
    snprintf(bundled, sizeof(bundled), "%.*sa=group:BUNDLE sound\r\n%s", (int)(m - sdp), sdp, m);
    talk_offer(t, TALK_A, bundled, "RTP/AVP");
    assert_null(strstr(t->sdp[TALK_B], "fingerprint"));
    assert_null(strstr(t->sdp[TALK_B], "extmap"));
    assert_null(strstr(t->sdp[TALK_B], "transport-cc"));
    assert_null(strstr(t->sdp[TALK_B], "BUNDLE"));
    assert_non_null(strstr(t->sdp[TALK_B], "RTP/AVP 0\r\n"));
    talk_answer(t, TALK_A, NULL, NULL);
    expect_lines(t->sdp[TALK_A], wanted);
    assert_null(strstr(t->sdp[TALK_A], "extmap"));
}

static void a_request_says_which_hash_and_whether_a_group(void **state)
{
    static const struct {
        const char *flags, *there, *not_there;
    } rows[] = {
        {"UDP/TLS/RTP/SAVPF", "a=fingerprint:sha-256 ", "a=group:"},
        {"UDP/TLS/RTP/SAVPF DTLS-fingerprint=SHA-384", "a=fingerprint:sha-384 ", "sha-256"},
        {"UDP/TLS/RTP/SAVPF DTLS-fingerprint=sha-512", "a=fingerprint:sha-512 ", "sha-256"},
        {"UDP/TLS/RTP/SAVPF DTLS-fingerprint=SHA-1", "a=fingerprint:sha-256 ", "sha-1 "},
        {"UDP/TLS/RTP/SAVPF bundle=offer", "a=group:BUNDLE 1\r\n", "bundle-only"},
        {"WebRTC bundle=accept", "a=group:BUNDLE 1\r\n", "bundle-only"},
        {"WebRTC bundle=reject", "a=mid:1\r\n", "a=group:"},
    };
    struct talk *t = &the_talk;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("    %s\n", rows[i].flags);
        talk_open(t, *state);
        talk_offer(t, TALK_A, NULL, rows[i].flags);
        assert_non_null(strstr(t->sdp[TALK_B], rows[i].there));
        assert_null(strstr(t->sdp[TALK_B], rows[i].not_there));
        put_away(NULL);
    }
}

/* A group on one transport is not to be had: that is said, and the call goes on without. */
static void a_bundle_that_has_to_be_whole_is_not_understood(void **state)
{
    static const char unknown[] = "picrelay_control_events_total{event=\"ng_unknown_key\"} ";
    struct talk *t = &the_talk;

    talk_open(t, *state);
    double before = relay_metric(t->relay, unknown);
    talk_offer(t, TALK_A, NULL, "WebRTC bundle=strict");
    assert_true(relay_metric(t->relay, unknown) == before + 1);
    assert_non_null(strstr(t->sdp[TALK_B], "a=group:BUNDLE 1\r\n"));
}

/* Who is what: offered, asked of us, our answer. */
static void roles_follow_the_offer_and_the_request(void **state)
{
    static const struct {
        const char *offered, *flags, *answered;
    } rows[] = {
        {"actpass", "RTP/AVP", "a=setup:active\r\n"},
        {"actpass", "RTP/AVP DTLS=passive", "a=setup:passive\r\n"},
        {"actpass", "RTP/AVP DTLS=active", "a=setup:active\r\n"},
        {"active", "RTP/AVP DTLS=active", "a=setup:passive\r\n"},
        {"passive", "RTP/AVP DTLS=passive", "a=setup:active\r\n"},
    };
    char sdp[PHONE_SDP_MAX], lines[512];
    struct talk *t = &the_talk;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("    %s, %s\n", rows[i].offered, rows[i].flags);
        talk_open(t, *state);
        snprintf(lines, sizeof(lines), "a=setup:%s\r\na=rtcp-mux\r\n" FINGERPRINT, rows[i].offered);
        talk_offer(t, TALK_A, browser_sdp(sdp, TALK_A, lines), rows[i].flags);
        talk_answer(t, TALK_A, NULL, NULL);
        assert_non_null(strstr(t->sdp[TALK_A], rows[i].answered));
        put_away(NULL);
    }
}

static void a_fingerprint_that_is_weak_or_missing_is_no_ground_for_a_call(void **state)
{
    static const char *const rows[] = {
        "",
        "a=fingerprint:sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33\r\n",
        "a=fingerprint:sha-256 00:11\r\n",
    };
    char sdp[PHONE_SDP_MAX], lines[512];
    struct talk *t = &the_talk;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("    %s\n", rows[i]);
        talk_open(t, *state);
        snprintf(lines, sizeof(lines), "a=setup:actpass\r\na=rtcp-mux\r\n%s", rows[i]);
        talk_offer(t, TALK_A, browser_sdp(sdp, TALK_A, lines), "RTP/AVP");
        talk_answer(t, TALK_A, NULL, NULL);
        assert_non_null(strstr(t->sdp[TALK_A], "m=audio 0 "));
        put_away(NULL);
    }
    assert_true(
        relay_metric(*state, "picrelay_control_events_total{event=\"dtls_fingerprint\"} ") >=
        2); /* without any it is no WebRTC at all */
}

static void dtls_off_offers_sdes_instead(void **state)
{
    char sdp[PHONE_SDP_MAX];
    struct talk *t = &the_talk;

    talk_open(t, *state);
    talk_offer(t, TALK_A, browser_sdp(sdp, TALK_A, "a=setup:actpass\r\na=rtcp-mux\r\n" FINGERPRINT),
               "UDP/TLS/RTP/SAVPF DTLS=off");
    assert_non_null(strstr(t->sdp[TALK_B], " RTP/SAVPF 0\r\n"));
    assert_non_null(strstr(t->sdp[TALK_B], "a=crypto:"));
    assert_null(strstr(t->sdp[TALK_B], "fingerprint"));
}

/* ---- SDES ------------------------------------------------------------------------------------ */

#define SDES_KEY_30 "inline:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5"
#define GCM_LINE    "a=crypto:7 AEAD_AES_128_GCM inline:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nw==\r\n"
#define CM_LINE     "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " SDES_KEY_30 "\r\n"

/* The suites of an offer of ours, in order: by what was offered to us, and by the request. */
static void suites_are_those_that_somebody_asks_for(void **state)
{
    static const struct {
        const char *offered, *flags, *suites[4];
    } rows[] = {
        {CM_LINE, "RTP/SAVP", {"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"}},
        {CM_LINE GCM_LINE,
         "RTP/SAVP",
         {"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM"}},
        {CM_LINE GCM_LINE, "RTP/SAVP SDES-nonew", {"AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"}},
        {CM_LINE, "RTP/SAVP SDES-only-AES_256_CM_HMAC_SHA1_80", {"AES_256_CM_HMAC_SHA1_80"}},
        {CM_LINE, "RTP/SAVP SDES-no-AES_CM_128_HMAC_SHA1_32", {"AES_CM_128_HMAC_SHA1_80"}},
        {CM_LINE,
         "RTP/SAVP SDES-order:AEAD_AES_256_GCM;AES_CM_128_HMAC_SHA1_32;",
         {"AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_32", "AES_CM_128_HMAC_SHA1_80"}},
    };
    char sdp[PHONE_SDP_MAX];
    struct talk *t = &the_talk;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *at;
        unsigned n = 0;

        print_message("    %s\n", rows[i].flags);
        talk_open(t, *state);
        t->direction[TALK_A] = "skype"; /* the standard's dialect on both sides */
        t->direction[TALK_B] = "skype";
        talk_offer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_A], "RTP/SAVP", "0", rows[i].offered),
                   rows[i].flags);
        for (at = t->sdp[TALK_B]; (at = strstr(at, "a=crypto:")) != NULL; at++) {
            const char *suite = strchr(at, ' ') + 1, *wanted = rows[i].suites[n];

            assert_int_equal(wanted ? strncmp(suite, wanted, strlen(wanted)) : -1, 0);
            n++;
        }
        assert_true(n > 0 && !rows[i].suites[n]);
        put_away(NULL);
    }
}

/* ---- a call of two peers --------------------------------------------------------------------- */

static struct call *open_call(struct relay *r, const struct peer_config *a,
                              const struct peer_config *b)
{
    struct call_config cfg = {
        .loop = r->loop, .ng = r->ng, .peer = {*a, *b}, .direction = "enterprise,skype"};
    struct call *c;

    assert_int_equal(call_alloc(&c, &cfg), 0);
    assert_int_equal(call_set_up(c), 0);
    return c;
}

struct record_wait {
    const struct relay *relay;
    const char *id;
    const char *text;
};

static bool has_logged(void *arg)
{
    const struct record_wait *w = arg;

    return relay_has_logged(w->relay, w->text);
}

static void a_forged_certificate_closes_its_leg_and_no_other(void **state)
{
    const struct peer_config forged = RFC(.is_forged = true), good = RFC(), lync = LYNC;
    struct relay *r = *state;
    struct call *whole = open_call(r, &good, &good), *broken = open_call(r, &lync, &forged);
    struct record_wait w = {.relay = r, .text = "is not the one of its a=fingerprint"};
    json_t *deleted;

    relay_wait(r, call_is_connected, whole, "the other call");
    relay_wait_polling(r, has_logged, &w, "the forgery to be noticed");
    assert_int_equal(call_query(broken, &deleted), 0);
    json_decref(deleted);
    assert_int_equal(call_delete(broken, &deleted), 0);
    json_decref(deleted);
    json_t *record = relay_record(r, call_id(broken));
    assert_string_equal(relay_json_text(record, "legs.1.streams.0.dtls"),
                        "the peer's certificate is not the one of its a=fingerprint");
    assert_string_equal(relay_json_text(record, "legs.1.streams.0.silence"), "DTLS without keys");
    assert_int_equal(relay_json_int(record, "legs.1.streams.0.out.packets"), 0);
    assert_false(peer_hears(call_peer(broken, CALL_A)));
    json_decref(record);
    call_free(broken);
    call_free(whole);
}

static void a_new_offer_keeps_the_association(void **state)
{
    static const char up[] = "picrelay_control_events_total{event=\"dtls_up\"} ";
    const struct peer_config browser = RFC(), plain = PLAIN(PEER_KEYS_NONE);
    struct relay *r = *state;
    double before = relay_metric(r, up);
    struct call *c = open_call(r, &browser, &plain);

    relay_wait(r, call_is_connected, c, "the call");
    assert_true(relay_metric(r, up) == before + 1);
    assert_int_equal(call_change(c, &(struct peer_change){.direction = PEER_SENDRECV}), 0);
    relay_wait(r, call_is_connected, c, "the call after the new offer");
    assert_true(relay_metric(r, up) == before + 1);
    assert_int_equal(peer_counts(call_peer(c, CALL_A))->auth_failures, 0);
    call_free(c);
}

static struct peer *open_peer(const struct relay *r, const struct peer_config *like)
{
    struct peer_config cfg = *like;
    struct peer *p;

    cfg.loop = r->loop;
    assert_int_equal(peer_alloc(&p, &cfg), 0);
    return p;
}

/* The same party of the same call speaks from another browser now. */
static void offer_from(struct signalling *s, struct peer *from, struct peer *to)
{
    char offer[PEER_SDP_MAX], answer[PEER_SDP_MAX];

    assert_int_equal(peer_offer(from, offer, sizeof(offer)), 0);
    assert_int_equal(signalling_pass(s, "offer", 0, "ICE=remove RTP/AVP", offer, sizeof(offer)), 0);
    assert_int_equal(peer_answer(to, offer, strlen(offer), answer, sizeof(answer)), 0);
    assert_int_equal(signalling_pass(s, "answer", 0, NULL, answer, sizeof(answer)), 0);
    assert_int_equal(peer_take_answer(from, answer, strlen(answer)), 0);
}

static bool hears(void *arg)
{
    return peer_hears(arg);
}

static bool is_cut(void *arg)
{
    return peer_is_cut(arg);
}

static void another_certificate_begins_another_association(void **state)
{
    static const char up[] = "picrelay_control_events_total{event=\"dtls_up\"} ";
    const struct peer_config browser = RFC(), plain = PLAIN(PEER_KEYS_NONE);
    struct relay *r = *state;
    struct peer *first = open_peer(r, &browser), *second = open_peer(r, &browser),
                *other = open_peer(r, &plain);
    double before = relay_metric(r, up);
    struct signalling s = {0};

    assert_int_equal(signalling_init(&s, r->ng), 0);
    s.direction = "enterprise,skype";
    offer_from(&s, first, other);
    relay_wait(r, hears, first, "the first browser to hear something");
    offer_from(&s, second, other);
    relay_wait(r, hears, second, "the second browser to hear something");
    relay_wait(r, is_cut, first, "the first one's association to be closed");
    assert_true(relay_metric(r, up) == before + 2);
    assert_int_equal(peer_counts(second)->auth_failures, 0);
    signalling_drop(&s);
    peer_free(first);
    peer_free(second);
    peer_free(other);
}

/* ---- RTP and RTCP apart ---------------------------------------------------------------------- */

/* The associations of phone A: one for each port, with one certificate. */
struct apart {
    struct peer_dtls *dtls[2];
    struct peer_srtp *srtp[2];
    unsigned component[2]; /* what the handlers are told */
};

static struct apart apart;

static void send_apart_h(const uint8_t *datagram, size_t n, void *arg)
{
    const unsigned component = *(const unsigned *)arg;
    const struct peer_description *to = &the_talk.told[TALK_A];

    phone_send(&the_talk.phone[TALK_A], component, to->address, (uint16_t)(to->port + component),
               datagram, n);
}

static void up_apart_h(struct peer_srtp *srtp, void *arg)
{
    apart.srtp[*(const unsigned *)arg] = srtp;
}

static void datagram_h(const struct phone_packet *packet, unsigned component, void *arg)
{
    (void)arg;
    if (apart.dtls[component] && packet->n > 0 && packet->bytes[0] >= 20 && packet->bytes[0] <= 63)
        peer_dtls_put(apart.dtls[component], packet->bytes, packet->n);
}

static void open_apart(struct talk *t)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct peer_dtls_config cfg = {.loop = t->relay->loop,
                                             .like = apart.dtls[0],
                                             .send_h = send_apart_h,
                                             .up_h = up_apart_h,
                                             .arg = &apart.component[i]};

        apart.component[i] = i;
        assert_int_equal(peer_dtls_alloc(&apart.dtls[i], &cfg), 0);
    }
    t->phone[TALK_A].datagram_h = datagram_h;
}

static void close_apart(void)
{
    for (unsigned i = 0; i < 2; i++) {
        peer_dtls_free(apart.dtls[i]);
        peer_srtp_free(apart.srtp[i]);
    }
    memset(&apart, 0, sizeof(apart));
}

static bool has_keys(void *arg)
{
    return apart.srtp[*(const unsigned *)arg] != NULL;
}

/* An empty receiver report. */
static void send_rtcp(struct peer_srtp *srtp)
{
    uint8_t rtcp[8 + PEER_SRTP_TRAILER] = {0x80, 201, 0, 1, 1, 2, 3, 4};
    size_t n = 8;

    assert_int_equal(peer_srtp_protect(srtp, true, rtcp, &n), 0);
    send_apart_h(rtcp, n, &apart.component[PHONE_RTCP]);
}

static void without_mux_rtcp_has_an_association_of_its_own(void **state)
{
    static const char up[] = "picrelay_control_events_total{event=\"dtls_up\"} ";
    struct talk *t = &the_talk;
    char sdp[PHONE_SDP_MAX], lines[512];

    talk_open(t, *state);
    double before = relay_metric(t->relay, up);
    open_apart(t);
    snprintf(lines, sizeof(lines), "a=setup:active\r\na=fingerprint:%s\r\n",
             peer_dtls_fingerprint(apart.dtls[0]));
    talk_offer(t, TALK_A, browser_sdp(sdp, TALK_A, lines), "RTP/AVP");
    talk_answer(t, TALK_A, NULL, NULL);
    assert_null(strstr(t->sdp[TALK_A], "rtcp-mux")); /* was not offered: RFC 5761 s.5.1.1 */
    for (unsigned i = 0; i < 2; i++)
        peer_dtls_set_remote(apart.dtls[i], false, t->told[TALK_A].fingerprint);
    peer_dtls_begin(apart.dtls[PHONE_RTP]);
    relay_wait(t->relay, has_keys, &apart.component[PHONE_RTP], "the keys of RTP");
    relay_wait_metric(t->relay, up, before + 1);
    send_rtcp(apart.srtp[PHONE_RTP]); /* they are none of RTCP's */
    talk_wait_drops(t, TALK_A, "not_ready", 1);
    peer_dtls_begin(apart.dtls[PHONE_RTCP]);
    relay_wait(t->relay, has_keys, &apart.component[PHONE_RTCP], "the keys of RTCP");
    relay_wait_metric(t->relay, up, before + 2);
    send_rtcp(apart.srtp[PHONE_RTP]);
    talk_wait_drops(t, TALK_A, "srtp_auth", 1);
    send_rtcp(apart.srtp[PHONE_RTCP]);
    (void)phone_hear(&t->phone[TALK_B], t->relay, PHONE_RTCP, 1);
}

/* ---- a hello before the answer ----------------------------------------------------------------
 */

/* The first of a client's datagrams arrives, those that repeat it are lost. */
static void send_first_h(const uint8_t *datagram, size_t n, void *arg)
{
    struct talk *t = &the_talk;
    unsigned *n_sent = arg;

    if ((*n_sent)++ == 0)
        phone_send(&t->phone[TALK_B], PHONE_RTP, t->told[TALK_B].address, t->told[TALK_B].port,
                   datagram, n);
}

static void up_h(struct peer_srtp *srtp, void *arg)
{
    (void)arg;
    peer_srtp_free(srtp);
}

static void a_hello_before_the_answer_is_answered_when_that_has_come(void **state)
{
    static const char early[] = "picrelay_control_events_total{event=\"dtls_early\"} ";
    struct talk *t = &the_talk;
    unsigned n_sent = 0;
    struct peer_dtls_config cfg = {.send_h = send_first_h, .up_h = up_h, .arg = &n_sent};
    const struct phone_packet *reply;
    struct peer_dtls *dtls;
    char sdp[PHONE_SDP_MAX], lines[512];
    double before;

    talk_open(t, *state);
    before = relay_metric(t->relay, early);
    cfg.loop = t->relay->loop;
    assert_int_equal(peer_dtls_alloc(&dtls, &cfg), 0);
    talk_offer(t, TALK_A, NULL, "UDP/TLS/RTP/SAVPF");
    peer_dtls_set_remote(dtls, false, t->told[TALK_B].fingerprint);
    peer_dtls_begin(dtls);
    relay_wait_metric(t->relay, early, before + 1);
    snprintf(lines, sizeof(lines), "a=setup:active\r\na=rtcp-mux\r\na=fingerprint:%s\r\n",
             peer_dtls_fingerprint(dtls));
    talk_answer(t, TALK_A, browser_sdp(sdp, TALK_B, lines), NULL);
    reply = phone_hear(&t->phone[TALK_B], t->relay, PHONE_RTP, 1);
    assert_true(reply->n > 13 && reply->bytes[0] == 22 && reply->bytes[13] == 3);
    peer_dtls_free(dtls);
}

/* ---- strangers ------------------------------------------------------------------------------- */

/* Hellos and junk, whoever sends them. */
#define HELLO                                                                                      \
    {                                                                                              \
        22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2,   \
            3, 4                                                                                   \
    }

static void dtls_of_a_third_address_is_dropped(void **state)
{
    static const uint8_t hello[] = HELLO,
                         answer[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 2, 0,
                                     0,  4,    0,    0, 0, 0, 0, 0, 0, 4, 1, 2, 3,  4};
    struct phone stranger = {0};
    char sdp[PHONE_SDP_MAX];
    struct talk *t = &the_talk;

    talk_open(t, *state);
    talk_offer(t, TALK_A, browser_sdp(sdp, TALK_A, "a=setup:actpass\r\na=rtcp-mux\r\n" FINGERPRINT),
               "RTP/AVP DTLS=passive");
    talk_answer(t, TALK_A, NULL, NULL);
    phone_open(&stranger, t->relay->loop, "127.0.0.99");
    phone_send(&stranger, PHONE_RTP, t->told[TALK_A].address, t->told[TALK_A].port, hello,
               sizeof(hello));
    phone_send(&stranger, PHONE_RTP, t->told[TALK_A].address, t->told[TALK_A].port, answer,
               sizeof(answer));
    talk_wait_drops(t, TALK_A, "dtls_source", 2);
    assert_int_equal(stranger.n_heard[PHONE_RTP], 0);
    phone_close(&stranger);
}

static void what_is_no_dtls_is_dropped_before_anybody_reads_it(void **state)
{
    static const uint8_t junk[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99, 1};
    static const uint8_t rtp[172] = {0x80, 0, 0, 1};
    char sdp[PHONE_SDP_MAX];
    struct talk *t = &the_talk;

    talk_open(t, *state);
    talk_offer(t, TALK_A, browser_sdp(sdp, TALK_A, "a=setup:actpass\r\na=rtcp-mux\r\n" FINGERPRINT),
               "RTP/AVP DTLS=passive");
    talk_answer(t, TALK_A, NULL, NULL);
    phone_send(&t->phone[TALK_A], PHONE_RTP, t->told[TALK_A].address, t->told[TALK_A].port, junk,
               sizeof(junk));
    talk_wait_drops(t, TALK_A, "dtls_bad", 1);
    /* media in clear, before there are keys */
    phone_send(&t->phone[TALK_A], PHONE_RTP, t->told[TALK_A].address, t->told[TALK_A].port, rtp,
               sizeof(rtp));
    talk_wait_drops(t, TALK_A, "not_ready", 1);
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTP], 0);
    /* and nothing in clear towards it */
    phone_send_rtp(&t->phone[TALK_B], &t->told[TALK_B], TALK_PCMU, 1);
    talk_wait_drops(t, TALK_B, "not_ready", 1);
    assert_int_equal(t->phone[TALK_A].n_heard[PHONE_RTP], 0);
}

/* Towards the enterprise the relay offers in Lync's manner. */
static int setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.enterprise = "dialect: lync"});
    *state = &relay;
    return 0;
}

#define CASE(test) cmocka_unit_test_teardown(test, put_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(dtls_on_one_leg_goes_with_anything_on_the_other),
        CASE(the_flag_webrtc_makes_an_offer_that_a_browser_takes),
        CASE(an_answer_has_the_mid_and_the_group_of_its_offer),
        CASE(roles_follow_the_offer_and_the_request),
        CASE(a_fingerprint_that_is_weak_or_missing_is_no_ground_for_a_call),
        CASE(dtls_off_offers_sdes_instead),
        CASE(suites_are_those_that_somebody_asks_for),
        CASE(a_forged_certificate_closes_its_leg_and_no_other),
        CASE(a_new_offer_keeps_the_association),
        CASE(another_certificate_begins_another_association),
        CASE(a_request_says_which_hash_and_whether_a_group),
        CASE(a_bundle_that_has_to_be_whole_is_not_understood),
        CASE(without_mux_rtcp_has_an_association_of_its_own),
        CASE(a_hello_before_the_answer_is_answered_when_that_has_come),
        CASE(dtls_of_a_third_address_is_dropped),
        CASE(what_is_no_dtls_is_dropped_before_anybody_reads_it),
    };

    return cmocka_run_group_tests(tests, setup, relay_teardown);
}
