#include "tests/program/shifted_clock.h"
#include "tests/program/talk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "relay/clock.h"

/* A day that passes while calls are up is a change of policy: the relay with a wall clock that the
 * test sets. Nothing waits for the machine's own midnight. */

#define BEFORE 1404169200 /* 2014-06-30 23:00:00 UTC */
#define AFTER  1404172800 /* 2014-07-01 00:00:00 UTC */
#define H263   34

static const char table[] =
    "providers:\n"
    "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n"
    "  - {Identity: wlm, Enabled: yes, capabilities: {audio: yes, video: yes}%s}\n"
    "%s";

struct scene {
    struct relay relay;
    _Atomic int64_t *shift_us;
    char folder[32], policy[64], clock[72];
};

static void set_clock(const struct scene *s, int64_t unix_time)
{
    *s->shift_us = unix_time * 1000000 - (int64_t)clock_wall_us();
}

static void make_clock(struct scene *s)
{
    int fd;

    snprintf(s->clock, sizeof(s->clock), "%s/clock", s->folder);
    fd = open(s->clock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof(*s->shift_us)), 0);
    s->shift_us = mmap(NULL, sizeof(*s->shift_us), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(s->shift_us != MAP_FAILED);
    close(fd);
    assert_int_equal(setenv(SHIFTED_CLOCK_FILE, s->clock, 1), 0);
}

/* An hour before the day ends. @param wlm  more of the row; @param more  of the table */
static void open_scene(struct scene *s, const char *wlm, const char *more)
{
    char text[2048], config[128];

    memset(s, 0, sizeof(*s));
    snprintf(text, sizeof(text), table, wlm, more);
    relay_write_file(s->folder, s->policy, text);
    make_clock(s);
    set_clock(s, BEFORE);
    snprintf(config, sizeof(config), "policy: %s", s->policy);
    relay_start(&s->relay, &(struct relay_config){.program = PICRELAY_BINARY_DIR "/tests/program/"
                                                                                 "picrelay-shifted",
                                                  .more = config,
                                                  .is_only_skype_and_wlm = true});
}

static void close_scene(struct scene *s)
{
    relay_stop(&s->relay);
    (void)munmap((void *)s->shift_us, sizeof(*s->shift_us));
    (void)unlink(s->clock);
    relay_remove_file(s->folder, s->policy);
}

static json_t *offer_request(struct talk *t, const char *lines, const char *to)
{
    char sdp[PHONE_SDP_MAX];
    json_t *request = talk_request(t, "offer", TALK_A, false,
                                   phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", lines), NULL);

    json_object_set_new(request, "from-uri", json_string("sip:alice@contoso.com"));
    json_object_set_new(request, "to-uri", json_string(to));
    return request;
}

/* alice@contoso.com calls bob@hotmail.com. @param lines  more of both descriptions */
static void open_call(struct talk *t, struct scene *s, const char *provider, const char *lines)
{
    char sdp[PHONE_SDP_MAX];

    talk_open(t, &s->relay);
    t->direction[TALK_B] = provider;
    json_t *reply = relay_ask_for(t->relay, offer_request(t, lines, "sip:bob@hotmail.com"), "ok");
    talk_take(t, TALK_B, reply);
    json_decref(reply);
    talk_answer(t, TALK_A, phone_sdp(sdp, &t->phone[TALK_B], "RTP/AVP", "0", lines), NULL);
    talk_pass(t, TALK_A);
}

/* The call must end with the day, and a new one must be refused for the same reason. */
static void expect_end(struct talk *t, const char *code, const char *reason)
{
    char text[256];
    json_t *record = relay_record(t->relay, t->id);

    assert_string_equal(relay_json_text(record, "end"), "policy");
    assert_string_equal(relay_json_text(record, "policy.audio.verdict"), "deny");
    assert_string_equal(relay_json_text(record, "policy.audio.code"), code);
    assert_string_equal(relay_json_text(record, "policy.audio.reason"), reason);
    print_message("the day ended at 00:00:00.000, the call at %s\n",
                  relay_json_text(record, "ended"));
    json_decref(record);
    relay_new_id(t->relay, t->id);
    snprintf(text, sizeof(text), "policy: %s", reason);
    relay_ask_error(t->relay, offer_request(t, NULL, "sip:bob@hotmail.com"), text);
}

static void calls_end_with_the_last_day_of_service(void **state)
{
    struct talk *t = calloc(2, sizeof(*t));
    struct scene s;

    (void)state;
    open_scene(&s, ", ServiceUntil: 2014-06-30", "");
    open_call(&t[0], &s, "wlm", NULL);
    open_call(&t[1], &s, "skype", NULL);
    talk_pass(&t[0], TALK_B);
    set_clock(&s, AFTER);
    expect_end(&t[0], "service_ended", "the service of provider wlm ended on 2014-06-30");
    talk_pass(&t[1], TALK_A);
    talk_pass(&t[1], TALK_B);
    talk_close(&t[0]);
    talk_close(&t[1]);
    close_scene(&s);
    free(t);
}

static void calls_end_with_the_last_day_of_a_licence(void **state)
{
    static const char held[] = "enterprise:\n"
                               "  - Domains: [contoso.com]\n"
                               "    Licenses: [{Name: Lync Server CAL, Until: 2014-06-30}]\n"
                               "    Activated: [{Provider: skype}, {Provider: wlm}]\n";
    struct talk *t = calloc(1, sizeof(*t));
    struct scene s;

    (void)state;
    open_scene(&s, ", RequiresLicense: [[Lync Server CAL]]", held);
    open_call(t, &s, "wlm", NULL);
    set_clock(&s, AFTER);
    expect_end(t, "license_ended", "the Lync Server CAL of domain contoso.com ended on 2014-06-30");
    talk_close(t);
    close_scene(&s);
    free(t);
}

/* A picture of A's camera, to where the relay has told A to send it. */
static void send_picture(struct talk *t, struct phone *camera)
{
    struct peer_description told = t->told[TALK_A];

    told.port = told.media[1].port;
    phone_send_rtp(camera, &told, H263, 7);
}

static void pictures_end_with_the_day_on_which_their_user_moves(void **state)
{
    static const char moves[] =
        "users:\n"
        "  - {Rule: migrated, Users: [bob@hotmail.com], Providers: [wlm], Since: 2014-07-01}\n";
    struct talk *t = calloc(1, sizeof(*t));
    struct phone camera;
    char line[64];
    struct scene s;

    (void)state;
    open_scene(&s, ", MigratesTo: skype", moves);
    phone_open(&camera, s.relay.loop, NULL);
    snprintf(line, sizeof(line), "m=video %u RTP/AVP 34\r\n", camera.port);
    open_call(t, &s, "wlm", line); /* both sides have the same camera: it sees itself */
    send_picture(t, &camera);
    phone_hear(&camera, &s.relay, PHONE_RTP, 1);

    set_clock(&s, AFTER);
    relay_wait_metric(&s.relay,
                      "picrelay_policy_verdicts_total{provider=\"skype\",kind=\"video\","
                      "verdict=\"deny\",code=\"capability\"} ",
                      1);
    talk_settle(t, TALK_A);
    send_picture(t, &camera);
    talk_pass(t, TALK_A); /* who is heard by both goes on being heard */
    talk_pass(t, TALK_B);
    json_t *record = talk_delete(t);
    assert_string_equal(relay_json_text(record, "end"), "deleted");
    assert_string_equal(relay_json_text(record, "policy.audio.verdict"), "allow");
    assert_string_equal(relay_json_text(record, "policy.video.verdict"), "deny");
    assert_string_equal(relay_json_text(record, "policy.video.reason"),
                        "provider skype allows no video");
    assert_int_equal(camera.n_heard[PHONE_RTP], 1);
    json_decref(record);
    phone_close(&camera);
    talk_close(t);
    close_scene(&s);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_end_with_the_last_day_of_service),
        cmocka_unit_test(calls_end_with_the_last_day_of_a_licence),
        cmocka_unit_test(pictures_end_with_the_day_on_which_their_user_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
