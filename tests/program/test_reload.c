#include "tests/program/talk.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A table that is read anew while requests go on. A named pipe stands for a table that takes long
 * to read: it is read when the test writes it. */

#define CTL     (PICRELAY_BINARY_DIR "/picrelayctl")
#define READ    "picrelay_control_events_total{event=\"policy_read\"} "
#define REFUSED "picrelay_control_events_total{event=\"policy_refused\"} "

static const char wlm_allowed[] =
    "providers:\n"
    "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n"
    "  - {Identity: wlm, Enabled: yes, capabilities: {audio: yes}}\n";
static const char wlm_denied[] = "providers:\n"
                                 "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n"
                                 "  - {Identity: wlm, Enabled: yes, capabilities: {audio: no}}\n";
static const char no_skype[] =
    "providers:\n  - {Identity: wlm, Enabled: yes, capabilities: {audio: yes}}\n";
static const char refusal[] = "policy: provider wlm allows no audio or video";

struct scene {
    struct relay relay;
    char folder[32], table[64], token[72];
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void open_scene(struct scene *s)
{
    char more[256];

    relay_write_file(s->folder, s->table, wlm_allowed);
    snprintf(s->token, sizeof(s->token), "%s.token", s->table);
    write_file(s->token, "0123456789abcdef0123456789abcdef\n");
    snprintf(more, sizeof(more), "policy: %s\nhttp_token_file: %s", s->table, s->token);
    relay_start(&s->relay, &(struct relay_config){.more = more, .is_only_skype_and_wlm = true});
}

static void close_scene(struct scene *s)
{
    relay_stop(&s->relay);
    (void)unlink(s->token);
    relay_remove_file(s->folder, s->table);
}

/* The table becomes a pipe; a new one each time, so that no reader sees what is for the next. */
static void make_slow(const struct scene *s)
{
    assert_int_equal(unlink(s->table), 0);
    assert_int_equal(mkfifo(s->table, 0600), 0);
}

struct opening {
    const char *path;
    int fd;
};

static bool is_open(void *arg)
{
    struct opening *o = arg;

    o->fd = open(o->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return o->fd >= 0; /* ENXIO: nobody reads it yet */
}

/* Waits until the relay reads the table. */
static int wait_for_reader(const struct scene *s)
{
    struct opening o = {.path = s->table};

    relay_wait_polling(&s->relay, is_open, &o, "somebody who reads the table");
    return o.fd;
}

static void give(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* A call to a user of wlm, as the table in force has it. */
static json_t *offer(struct talk *t)
{
    char sdp[PHONE_SDP_MAX];

    t->direction[TALK_B] = "wlm";
    relay_new_id(t->relay, t->id);
    return talk_request(t, "offer", TALK_A, false,
                        phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL), NULL);
}

static void expect_allowed(struct talk *t)
{
    json_decref(relay_ask_for(t->relay, offer(t), "ok"));
}

static bool is_denied(void *arg)
{
    struct talk *t = arg;
    json_t *reply = relay_ask(t->relay, offer(t));
    const char *reason = json_string_value(json_object_get(reply, "error-reason"));
    const bool is = reason && strcmp(reason, refusal) == 0;

    json_decref(reply);
    return is;
}

static struct process *start_ctl(const struct scene *s)
{
    const char *const argv[] = {CTL,      "--http", s->relay.http_address, "--timeout", "60",
                                "policy", "reload", "--token-file",        s->token,    NULL};
    struct process *p;

    assert_int_equal(
        process_start(
            &p, &(struct process_config){.loop = s->relay.loop, .argv = argv, .is_quiet = true}),
        0);
    return p;
}

static void expect_end(const struct scene *s, struct process *p, int status, const char *text)
{
    relay_wait(&s->relay, process_has_ended, p, "the end of picrelayctl");
    assert_int_equal(process_status(p), status);
    assert_non_null(strstr(status ? process_err(p) : process_out(p), text));
    process_free(p);
}

static void calls_are_answered_by_the_old_table_while_the_new_one_is_read(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct scene s;

    (void)state;
    open_scene(&s);
    talk_open(t, &s.relay);
    make_slow(&s);
    process_signal(s.relay.process, SIGHUP);
    int fd = wait_for_reader(&s);
    expect_allowed(t);
    expect_allowed(t);
    give(fd, wlm_denied);
    relay_wait_polling(&s.relay, is_denied, t, "the new table");
    talk_close(t);
    close_scene(&s);
    free(t);
}

static void who_asks_for_a_reload_is_answered_when_it_is_done(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct scene s;

    (void)state;
    open_scene(&s);
    talk_open(t, &s.relay);
    make_slow(&s);
    struct process *ctl = start_ctl(&s);
    int fd = wait_for_reader(&s);
    expect_allowed(t);
    assert_int_equal(process_status(ctl), -1);
    give(fd, wlm_denied);
    expect_end(&s, ctl, 0, "the table was read anew");
    assert_true(is_denied(t)); /* at once: it was told that it is in force */
    talk_close(t);
    close_scene(&s);
    free(t);
}

/* The file may have changed after its first bytes were read: it is read again. */
static void who_asks_while_a_table_is_read_gets_the_next_one(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct scene s;

    (void)state;
    open_scene(&s);
    talk_open(t, &s.relay);
    make_slow(&s);
    process_signal(s.relay.process, SIGHUP);
    int fd = wait_for_reader(&s);
    struct process *ctl = start_ctl(&s);
    relay_wait_metric(&s.relay, "picrelay_http_requests_total{result=\"put_off\"} ", 1);
    make_slow(&s);
    give(fd, wlm_allowed);
    fd = wait_for_reader(&s);
    assert_int_equal(process_status(ctl), -1);
    give(fd, wlm_denied);
    expect_end(&s, ctl, 0, "the table was read anew");
    assert_true(is_denied(t));
    talk_close(t);
    close_scene(&s);
    free(t);
}

static void a_mistake_is_told_to_who_asked_and_changes_nothing(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    char line[128];
    struct scene s;

    (void)state;
    open_scene(&s);
    talk_open(t, &s.relay);
    write_file(s.table, "providers:\n  - {Identity: skype, Enabled: perhaps}\n");
    snprintf(line, sizeof(line), "%s:2: Enabled: \"perhaps\": expected yes or no", s.table);
    expect_end(&s, start_ctl(&s), 1, line);
    expect_allowed(t);
    write_file(s.table, no_skype); /* right in itself, but not for this configuration */
    expect_end(&s, start_ctl(&s), 1, "interface skype: provider skype has no row");
    expect_allowed(t);
    write_file(s.table, wlm_denied);
    expect_end(&s, start_ctl(&s), 0, "the table was read anew");
    assert_true(is_denied(t));
    assert_true(relay_metric(&s.relay, REFUSED) == 2);
    assert_true(relay_metric(&s.relay, READ) == 1);
    talk_close(t);
    close_scene(&s);
    free(t);
}

static void the_end_does_not_wait_for_a_table(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s);
    make_slow(&s);
    process_signal(s.relay.process, SIGHUP);
    int fd = wait_for_reader(&s); /* it is never given anything */
    close_scene(&s);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_answered_by_the_old_table_while_the_new_one_is_read),
        cmocka_unit_test(who_asks_for_a_reload_is_answered_when_it_is_done),
        cmocka_unit_test(who_asks_while_a_table_is_read_gets_the_next_one),
        cmocka_unit_test(a_mistake_is_told_to_who_asked_and_changes_nothing),
        cmocka_unit_test(the_end_does_not_wait_for_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
