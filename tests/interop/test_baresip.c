#include "tests/interop/baresip.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/sound/score.h"
#include "tests/program/scene.h"

/* Calls between two baresips over Kamailio, whose rtpengine module drives the relay: codecs, SRTP
 * and RTP are of those who wrote baresip. */

#define FLAGS "replace-origin ICE=remove"

/* Each says two seconds. Bob is silent for one more and then hangs up, alice would later. */
enum { ALICE, BOB };
#define BOB_ENDS_AT_S   3
#define ALICE_ENDS_AT_S 6
#define ATTEMPTS        3

struct duet {
    const char *why;
    const char *offer;
    struct baresip_config side[2];
    const char *codec[2]; /* as the record has them */
};

static const struct duet duets[] = {
    {.why = "G.711 on both sides, passed through",
     .offer = FLAGS " direction=enterprise direction=skype",
     .side = {{.codec = "g711", .rate_hz = 8000}, {.codec = "g711", .rate_hz = 8000}},
     .codec = {"PCMU", "PCMU"}},
    {.why = "SDES on the callee's side",
     .offer = FLAGS " RTP/SAVP direction=enterprise direction=skype",
     .side = {{.codec = "g711", .rate_hz = 8000},
              {.codec = "g711", .rate_hz = 8000, .encryption = "srtp-mand"}},
     .codec = {"PCMU", "PCMU"}},
    {.why = "SDES on both sides",
     .offer = FLAGS " direction=enterprise direction=skype",
     .side = {{.codec = "g722", .rate_hz = 16000, .encryption = "srtp-mand"},
              {.codec = "g722", .rate_hz = 16000, .encryption = "srtp-mand"}},
     .codec = {"G722", "G722"}},
    {.why = "G.711 to a callee who has Opus only",
     .offer = FLAGS " direction=enterprise direction=skype codec-transcode-opus",
     .side = {{.codec = "g711", .rate_hz = 8000}, {.codec = "opus", .rate_hz = 48000}},
     .codec = {"PCMU", "opus"}},
    {.why = "G.722 to a callee who has Opus and SDES only",
     .offer = FLAGS " RTP/SAVP direction=enterprise direction=skype codec-transcode-opus",
     .side = {{.codec = "g722", .rate_hz = 16000},
              {.codec = "opus", .rate_hz = 48000, .encryption = "srtp-mand"}},
     .codec = {"G722", "opus"}},
};

/* ICE in a network of our own: baresip takes no loopback address for a candidate. */
#define MEDIA "192.0.2.33"

static const struct duet duets_with_ice[] = {
    {.why = "ICE, SDES and Opus on the callee's side",
     .offer = "replace-origin ICE=force RTP/SAVP direction=enterprise direction=skype "
              "codec-transcode-opus",
     .side = {{.codec = "g722", .rate_hz = 16000},
              {.codec = "opus",
               .rate_hz = 48000,
               .encryption = "srtp-mand",
               .nat = "ice",
               .media = MEDIA}},
     .codec = {"G722", "opus"}},
    {.why = "ICE, DTLS and Opus on the callee's side",
     .offer = "replace-origin ICE=force UDP/TLS/RTP/SAVPF rtcp-mux-offer rtcp-mux-require "
              "direction=enterprise direction=skype codec-transcode-opus",
     .side = {{.codec = "g722", .rate_hz = 16000},
              {.codec = "opus",
               .rate_hz = 48000,
               .encryption = "dtls_srtp",
               .nat = "ice",
               .media = MEDIA}},
     .codec = {"G722", "opus"}},
};

static struct proxy proxy; /* put away after each test, however that ended */
static struct baresip side[2];

static int put_away(void **state)
{
    (void)state;
    baresip_stop(&side[ALICE]);
    baresip_stop(&side[BOB]);
    proxy_stop(&proxy);
    return 0;
}

/* What one says, with silence behind it. */
static void make_sound(struct sound *s, unsigned who)
{
    const struct sound *speech = scene_sound(who);
    uint32_t n = (who == ALICE ? ALICE_ENDS_AT_S : BOB_ENDS_AT_S) * speech->rate_hz;

    assert_int_equal(sound_alloc(s, n, speech->rate_hz), 0);
    memcpy(s->samples, speech->samples, speech->n_samples * sizeof(*s->samples));
}

static void start(unsigned who, const struct duet *d, const char *callee)
{
    struct baresip_config cfg = d->side[who];
    struct sound says;

    make_sound(&says, who);
    cfg.says = &says;
    cfg.callee = callee;
    baresip_start(&side[who], &proxy, &cfg);
    sound_wipe(&says);
}

static bool has_heard(unsigned listener, const char *why)
{
    struct sound heard;
    struct score score;

    baresip_heard(&side[listener], &heard);
    assert_int_equal(score_compare(&score, scene_sound(!listener), &heard), 0);
    sound_wipe(&heard);
    if (!score.is_pass)
        print_message("%s: what %s heard is %s: STOI %.3f, coverage %.3f\n", why,
                      listener == ALICE ? "alice" : "bob", score_meaning(&score), score.stoi,
                      score.coverage);
    return score.is_pass;
}

/* The one call that there is now. */
static void find_call_id(const struct relay *r, char id[static 64])
{
    json_t *reply = relay_ask_for(r, relay_request("list", NULL), "ok");

    assert_int_equal(json_array_size(relay_json(reply, "calls")), 1);
    strncpy(id, relay_json_text(reply, "calls.0"), 63);
    id[63] = 0;
    json_decref(reply);
}

static void expect_record(const struct relay *r, const struct duet *d, const char *call_id)
{
    json_t *record = relay_record(r, call_id);

    assert_string_equal(relay_json_text(record, "end"), "deleted");
    assert_string_equal(relay_json_text(record, "legs.0.interface"), "enterprise");
    assert_string_equal(relay_json_text(record, "legs.1.interface"), "skype");
    for (unsigned i = 0; i < 2; i++) {
        char path[40];

        snprintf(path, sizeof(path), "legs.%u.streams.0.codec", i);
        assert_string_equal(relay_json_text(record, path), d->codec[i]);
        snprintf(path, sizeof(path), "legs.%u.streams.0.secure", i);
        assert_int_equal(json_is_true(relay_json(record, path)), d->side[i].encryption != NULL);
    }
    json_decref(record);
}

/* @return whether each has heard the other */
static bool run(struct relay *r, const struct duet *d)
{
    char call_id[64];

    proxy_start(&proxy, r, d->offer, FLAGS);
    start(BOB, d, NULL);
    start(ALICE, d, side[BOB].address);
    baresip_wait_established(&side[ALICE]);
    find_call_id(r, call_id);
    baresip_wait_end(&side[ALICE]);
    baresip_wait_end(&side[BOB]);
    expect_record(r, d, call_id);

    bool alice_has = has_heard(ALICE, d->why), bob_has = has_heard(BOB, d->why);
    put_away(NULL);
    return alice_has && bob_has;
}

/* baresip plays and records by the clock of a machine that may have stopped for a while (its three
 * seconds took twelve once), and what it made of that is no fault of the relay's. So it may try
 * again: silence, a wrong codec or a wrong key are the same each time. */
static bool run_until_heard(struct relay *r, const struct duet *d)
{
    bool is_heard = false;

    for (unsigned i = 0; i < ATTEMPTS && !is_heard; i++)
        is_heard = run(r, d);
    return is_heard;
}

static void both_hear_the_other_until_the_callee_hangs_up(void **state)
{
    for (size_t i = 0; i < sizeof(duets) / sizeof(duets[0]); i++) {
        print_message("%s\n", duets[i].why);
        assert_true(run_until_heard(*state, &duets[i]));
    }
}

/* @return false: we may not have one */
static bool network_of_our_own(void)
{
    struct ifreq second = {.ifr_name = "lo:1"};
    struct sockaddr_in address = {.sin_family = AF_INET};

    if (!process_own_network())
        return false;
    assert_int_equal(inet_pton(AF_INET, MEDIA, &address.sin_addr), 1);
    memcpy(&second.ifr_addr, &address, sizeof(address));
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int err = ioctl(fd, SIOCSIFADDR, &second);
    close(fd);
    return err == 0;
}

/* The last of the tests: the process stays in its own network. */
static void both_hear_each_other_over_ice(void **state)
{
    struct relay r;

    (void)state;
    if (!network_of_our_own()) {
        print_message("skipped: a network namespace needs root, or user namespaces\n");
        skip();
    }
    relay_start(&r, &(struct relay_config){0});
    for (size_t i = 0; i < sizeof(duets_with_ice) / sizeof(duets_with_ice[0]); i++) {
        print_message("%s\n", duets_with_ice[i].why);
        assert_true(run_until_heard(&r, &duets_with_ice[i]));
    }
    relay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(both_hear_the_other_until_the_callee_hangs_up, put_away),
        cmocka_unit_test_teardown(both_hear_each_other_over_ice, put_away),
    };

    return cmocka_run_group_tests_name("interop_baresip", tests, relay_setup, relay_teardown);
}
