#include "tests/program/talk.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* picrelayctl beside a relay: each of its commands, and what it makes of everything else. */

#define ARGS_MAX  16
#define TOKEN     "0123456789abcdef0123456789abcdef"
#define BAD_TOKEN "0123456789abcdef0123456789abcdee"

static const char skype_alone[] =
    "providers:\n"
    "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n"
    "  - {Identity: wlm, Enabled: yes, capabilities: {audio: no}}\n"
    "  - {Identity: aol, Enabled: no, capabilities: {}}\n"
    "  - {Identity: yahoo, Enabled: no, capabilities: {}}\n";

/* A relay with the built-in table, and files for the command line. */
struct scene {
    struct relay relay;
    char folder[32], token[64], bad_token[72], table[72], broken[72];
};

static void write_file(char *path, size_t cap, const char *folder, const char *name,
                       const char *text)
{
    snprintf(path, cap, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int open_scene(void **state)
{
    static struct scene s;
    char more[128];

    relay_write_file(s.folder, s.token, TOKEN "\n");
    write_file(s.bad_token, sizeof(s.bad_token), s.folder, "bad", BAD_TOKEN "\n");
    write_file(s.table, sizeof(s.table), s.folder, "table.yaml", skype_alone);
    write_file(s.broken, sizeof(s.broken), s.folder, "broken.yaml", "providers:\n  - Identity:\n");
    snprintf(more, sizeof(more), "http_token_file: %s", s.token);
    relay_start(&s.relay, &(struct relay_config){.more = more});
    *state = &s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;

    relay_stop(&s->relay);
    (void)unlink(s->bad_token);
    (void)unlink(s->table);
    (void)unlink(s->broken);
    relay_remove_file(s->folder, s->token);
    return 0;
}

/* ---- running it -------------------------------------------------------------------------------
 */

/* What it did. To be let go by done(). */
static struct process *run_at(struct loop *loop, const char *http, const char *const *args)
{
    const char *argv[ARGS_MAX] = {PICRELAY_BINARY_DIR "/picrelayctl", "--http", http};
    struct process *p;
    size_t n = 3;

    while (*args) {
        assert_true(n < ARGS_MAX - 1);
        argv[n++] = *args++;
    }
    assert_int_equal(
        process_start(&p, &(struct process_config){.loop = loop, .argv = argv, .is_quiet = true}),
        0);
    return p;
}

static struct process *run(struct scene *s, const char *const *args)
{
    struct process *p = run_at(s->relay.loop, s->relay.http_address, args);

    relay_wait(&s->relay, process_has_ended, p, "the end of picrelayctl");
    return p;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_text(const char *text, const char *part)
{
    if (part && !strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

static void expect(struct process *p, int status, const char *out, const char *err)
{
    if (process_status(p) != status)
        fail_msg("status %d: %s%s", process_status(p), process_out(p), process_err(p));
    expect_text(process_out(p), out);
    expect_text(process_err(p), err);
    if (!err)
        assert_string_equal(process_err(p), "");
}

static void run_and_expect(struct scene *s, const char *const *args, int status, const char *out,
                           const char *err)
{
    struct process *p = run(s, args);

    expect(p, status, out, err);
    process_free(p);
}

/* One run, whose stdout must have all of these parts. */
static void run_and_find(struct scene *s, const char *const *args, const char *const *parts)
{
    struct process *p = run(s, args);

    expect(p, 0, NULL, NULL);
    while (*parts)
        expect_text(process_out(p), *parts++);
    process_free(p);
}

/* Its stdout must be one JSON value. */
static json_t *run_for_json(struct scene *s, const char *const *args, int status)
{
    struct process *p = run(s, args);

    expect(p, status, NULL, NULL);
    json_t *value = json_loads(process_out(p), 0, NULL);
    assert_non_null(value);
    process_free(p);
    return value;
}

/* ---- the command line -------------------------------------------------------------------------
 */

static void help_names_every_command_and_exit_code(void **state)
{
    run_and_find(*state, ARGS("--help"),
                 ARGS("policy explain", "policy show", "policy check FILE", "policy diff OLD NEW",
                      "policy reload", "--json", "--timeout SECONDS", "Exit codes: 0"));
}

static void mistakes_in_the_command_line_are_named(void **state)
{
    static const struct {
        const char *why, *args[6], *err;
    } rows[] = {
        {"nothing", {NULL}, "no command"},
        {"half a command", {"policy"}, "the command is incomplete"},
        {"another command", {"policy", "undo"}, "unknown command policy undo"},
        {"another option", {"--verbose"}, "unknown option --verbose"},
        {"no value", {"policy", "explain", "--from"}, "--from: a value is missing"},
        {"an option of another command", {"policy", "show", "--from", "x"}, "--from is not for it"},
        {"no file", {"policy", "check"}, "expected FILE"},
        {"one file of two", {"policy", "diff", "a"}, "expected OLD NEW"},
        {"a file too many", {"policy", "check", "a", "b"}, "expected FILE"},
        {"no address", {"--http", "relay.example", "policy", "show"}, "--http: expected ADDR:PORT"},
        {"no time", {"--timeout", "0", "policy", "show"}, "--timeout: expected 1 to 3600"},
        {"not a time", {"--timeout", "1s", "policy", "show"}, "--timeout: expected 1 to 3600"},
        {"no token", {"policy", "reload"}, "expected --token-file FILE"},
        {"no such token", {"policy", "reload", "--token-file", "/nowhere"}, "/nowhere: No such"},
        {"a day of no calendar",
         {"policy", "explain", "--date", "2013-02-29"},
         "date: expected a day of the calendar"},
        {"a kind that is none",
         {"policy", "explain", "--media", "smell"},
         "media: expected a list"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("  %s\n", rows[i].why);
        run_and_expect(*state, rows[i].args, 2, NULL, rows[i].err);
    }
}

/* ---- questions --------------------------------------------------------------------------------
 */

static void explain_says_what_decided_and_what_would_have_to_change(void **state)
{
    run_and_find(*state,
                 ARGS("policy", "explain", "--from", "sip:alice@contoso.com", "--to",
                      "sip:bob(fabrikam.com)@msn.com", "--media", "audio,video", "--provider",
                      "skype", "--date", "2013-10-07"),
                 ARGS("verdict:   reduce\n", "code:      capability\n",
                      "reason:    provider skype allows no video\n", "allowed:   audio\n",
                      "date:      2013-10-07\n", "decided by:\n  - ",
                      "would have to change:\n  - "));
}

static void explain_as_json_has_the_promised_members(void **state)
{
    static const struct {
        const char *why, *provider, *media, *date, *verdict, *code;
    } rows[] = {
        {"all of it", "wlm", "audio,video", "2013-10-07", "allow", "allowed"},
        {"a part of it", "skype", "audio,video", "2013-10-07", "reduce", "capability"},
        {"nothing of it", "skype", "video", "2013-10-07", "deny", "capability"},
        {"too late", "yahoo", "im", "2014-07-01", "deny", "service_ended"},
        {"a licence that is missing", "yahoo", "im", "2014-06-30", "deny", "license"},
        {"nobody's", "icq", "audio", "2013-10-07", "deny", "unknown_provider"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *o = run_for_json(*state,
                                 ARGS("--json", "policy", "explain", "--provider", rows[i].provider,
                                      "--media", rows[i].media, "--date", rows[i].date, "--from",
                                      "sip:alice@contoso.com"),
                                 0);

        print_message("  %s\n", rows[i].why);
        assert_string_equal(relay_json_text(o, "verdict"), rows[i].verdict);
        assert_string_equal(relay_json_text(o, "code"), rows[i].code);
        assert_true(*relay_json_text(o, "reason") != '\0');
        assert_true(json_is_array(relay_json(o, "allowed")));
        assert_true(json_is_array(relay_json(o, "decided_by")));
        json_decref(o);
    }
}

/* The other end of a question is found in the same way as that of a call. */
static void explain_finds_the_provider_and_the_direction_from_addresses(void **state)
{
    json_t *o = run_for_json(*state,
                             ARGS("--json", "policy", "explain", "--from",
                                  "sip:bob(fabrikam.com)@msn.com", "--to", "sip:alice@contoso.com",
                                  "--peer-fqdn", "federation.messenger.msn.com"),
                             0);

    /* skype and wlm share proxy and domain: what both allow */
    assert_string_equal(relay_json_text(o, "verdict"), "reduce");
    assert_int_equal(json_array_size(relay_json(o, "providers")), 2);
    json_decref(o);
}

static void show_is_a_table_or_json(void **state)
{
    run_and_find(*state, ARGS("policy", "show"),
                 ARGS("skype        yes      yes  yes       yes    no     -           "
                      "Lync Server CAL, or Lync Online Plan 1",
                      "Lync Server CAL + Lync PIC USL",
                      "enterprise *: Lync Server CAL; activated: skype, wlm\n"));
    json_t *o = run_for_json(*state, ARGS("policy", "show", "--json"), 0);
    assert_string_equal(relay_json_text(o, "providers.2.ServiceUntil"), "2014-06-30");
    json_decref(o);
}

/* ---- files ------------------------------------------------------------------------------------
 */

static void check_names_the_line_of_a_mistake(void **state)
{
    struct scene *s = *state;
    char line[128];

    snprintf(line, sizeof(line), "%s: valid\n", s->table);
    run_and_expect(s, ARGS("policy", "check", s->table), 0, line, NULL);
    snprintf(line, sizeof(line), "picrelayctl: %s:2: ", s->broken);
    run_and_expect(s, ARGS("policy", "check", s->broken), 2, NULL, line);
    run_and_expect(s, ARGS("policy", "check", "/nowhere"), 2, NULL,
                   "picrelayctl: /nowhere: No such file or directory");
    json_t *o = run_for_json(s, ARGS("--json", "policy", "check", s->broken), 2);
    assert_true(json_is_false(relay_json(o, "valid")));
    expect_text(relay_json_text(o, "error"), ":2: ");
    json_decref(o);
    o = run_for_json(s, ARGS("--json", "policy", "check", s->table), 0);
    assert_true(json_is_true(relay_json(o, "valid")));
    json_decref(o);
}

static void diff_tells_what_changes_for_the_calls_that_are_up(void **state)
{
    struct scene *s = *state;
    struct talk *t = calloc(1, sizeof(*t));
    char path[80], line[128];

    write_file(path, sizeof(path), s->folder, "new.yaml",
               "providers:\n  - {Identity: skype, Enabled: no, capabilities: {audio: yes}}\n"
               "  - {Identity: wlm, Enabled: yes, capabilities: {audio: no}}\n"
               "  - {Identity: aol, Enabled: no, capabilities: {}}\n"
               "  - {Identity: yahoo, Enabled: no, capabilities: {}}\n");
    talk_set_up(t, &s->relay);
    snprintf(line, sizeof(line), "call %s: audio ends (provider skype is not enabled)\n", t->id);
    run_and_find(s, ARGS("policy", "diff", s->table, path),
                 ARGS("  skype audio: allow -> deny for whoever is not named "
                      "(provider skype is not enabled)\n",
                      "calls that are up: 1 would change\n", line));
    json_t *o = run_for_json(s, ARGS("policy", "diff", s->table, path, "--json"), 0);
    assert_string_equal(relay_json_text(o, "calls.0.call_id"), t->id);
    assert_string_equal(relay_json_text(o, "calls.0.kind"), "audio");
    assert_true(json_is_true(relay_json(o, "calls.0.ends")));
    json_decref(o);
    run_and_expect(s, ARGS("policy", "diff", s->table, s->table), 0,
                   "no provider and kind of media changes\ncalls that are up: 0 would change\n",
                   NULL);
    run_and_expect(s, ARGS("policy", "diff", s->table, s->broken), 2, NULL, ":2: ");
    talk_close(t);
    (void)unlink(path);
    free(t);
}

/* ---- changes ----------------------------------------------------------------------------------
 */

static void reload_needs_the_token(void **state)
{
    struct scene *s = *state;

    run_and_expect(s, ARGS("policy", "reload", "--token-file", s->bad_token), 1, NULL,
                   "a change needs the token");
    run_and_expect(s, ARGS("policy", "reload", "--token-file", s->token), 0,
                   "the table was read anew\n", NULL);
    json_t *o = run_for_json(s, ARGS("policy", "reload", "--json", "--token-file", s->token), 0);
    assert_true(json_is_true(relay_json(o, "reloaded")));
    json_decref(o);
}

/* ---- who is not a relay -----------------------------------------------------------------------
 */

static void a_relay_that_is_not_there_is_named_by_its_address(void **state)
{
    struct scene *s = *state;
    char http[32], line[128];

    snprintf(http, sizeof(http), "%s:%u", s->relay.address,
             relay_free_port(s->relay.address, SOCK_STREAM));
    snprintf(line, sizeof(line), "no answer from http %s: Connection refused", http);
    run_and_expect(s, ARGS("--http", http, "policy", "show"), 1, NULL, line);
    snprintf(line, sizeof(line), "calls that are up: the relay cannot be asked\n");
    run_and_expect(s, ARGS("--http", http, "policy", "diff", s->table, s->table), 0, line,
                   "Connection refused");
}

/* A server that says whatever a test wants it to. */
struct server {
    int fd, peer;
    struct loop *loop;
    struct loop_watch *watch, *peer_watch;
    struct loop_timer *timer;
    const char *answer;
    unsigned n_repeats;
    bool stays; /* and never ends the connection; else it ends behind the answer */
    char http[32];
};

static void leave(struct server *v)
{
    loop_watch_free(v->peer_watch);
    v->peer_watch = NULL;
    if (v->peer >= 0)
        close(v->peer);
    v->peer = -1;
}

/* The request: all of it is there, or enough to answer. */
static void asked_h(int fd, void *arg)
{
    struct server *v = arg;
    char request[4096];

    if (recv(fd, request, sizeof(request), 0) <= 0) {
        leave(v);
        return;
    }
    for (unsigned i = 0; i < v->n_repeats; i++) {
        if (send(fd, v->answer, strlen(v->answer), MSG_NOSIGNAL) < 0)
            break;
    }
    if (!v->stays)
        (void)shutdown(fd, SHUT_WR);
}

static void arrival_h(int fd, void *arg)
{
    struct server *v = arg;

    v->peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(v->peer >= 0);
    assert_int_equal(loop_watch_alloc(&v->peer_watch, v->loop, v->peer, asked_h, v), 0);
}

static void open_server(struct server *v, const struct relay *r)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t n = sizeof(in);

    v->peer = -1;
    v->loop = r->loop;
    v->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(inet_pton(AF_INET, r->address, &in.sin_addr), 1);
    assert_int_equal(bind(v->fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(v->fd, 1), 0);
    assert_int_equal(getsockname(v->fd, (struct sockaddr *)&in, &n), 0);
    snprintf(v->http, sizeof(v->http), "%s:%u", r->address, ntohs(in.sin_port));
    assert_int_equal(loop_watch_alloc(&v->watch, r->loop, v->fd, arrival_h, v), 0);
}

static void close_server(struct server *v)
{
    leave(v);
    loop_watch_free(v->watch);
    close(v->fd);
}

#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

static void an_answer_that_is_none_is_refused(void **state)
{
    static const struct {
        const char *why, *answer, *err;
    } rows[] = {
        {"nothing", "", "what came is no HTTP"},
        {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "what came is no HTTP"},
        {"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n{}", "what came is no HTTP"},
        {"a header that does not end", "HTTP/1.1 200 OK\r\nX: y\r\n", "what came is no HTTP"},
        {"no JSON", OK "<html>", "the relay's answer is no JSON"},
        {"half of it", OK "{\"verdict\":", "the relay's answer is no JSON"},
        {"a text alone", OK "\"text\"", "the relay's answer is no JSON"},
        {"another server's 404", "HTTP/1.1 404 Not Found\r\n\r\n<html>", "refuses the request"},
        {"an error that steers terminals",
         "HTTP/1.1 500 X\r\n\r\n{\"error\":\"\\u001b[2J\\u202eevil\"}", "\\x1b[2J\\u202eevil"},
    };
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct server v = {.answer = rows[i].answer, .n_repeats = 1};

        print_message("  %s\n", rows[i].why);
        open_server(&v, &s->relay);
        run_and_expect(s, ARGS("--http", v.http, "policy", "explain"), 1, NULL, rows[i].err);
        close_server(&v);
    }
}

/* JSON, but not what was asked for: nothing is made of it, and nothing breaks. */
static void json_of_another_shape_is_shown_as_far_as_it_goes(void **state)
{
    static const char *const answers[] = {
        OK "[]",
        OK "{\"providers\":[{}, 1, null], \"enterprise\":[7, {\"Licenses\":[{}]}]}",
        OK "{\"verdict\":1, \"allowed\":{}, \"decided_by\":[1, null], \"calls\":[{}, 3]}",
        OK "{\"calls\":[{\"allowed\":[\"audio\", 1, null]}]}",
        OK "{\"verdict\":\"\\u001b]0;owned\\u0007\"}",
    };
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct server v = {.answer = answers[i], .n_repeats = 1};
        const char *const *const commands[] = {
            ARGS("--http", v.http, "policy", "show"), ARGS("--http", v.http, "policy", "explain"),
            ARGS("--http", v.http, "policy", "diff", s->table, s->table)};

        open_server(&v, &s->relay);
        for (unsigned k = 0; k < 3; k++) {
            struct process *p = run(s, commands[k]);

            assert_int_equal(process_status(p), 0);
            assert_null(strpbrk(process_out(p), "\x1b\x07"));
            process_free(p);
        }
        close_server(&v);
    }
}

static void an_answer_without_end_is_cut_off(void **state)
{
    static char line[65536];
    struct scene *s = *state;
    struct server v = {.answer = line, .n_repeats = 2000}; /* twice of what is taken */

    memset(line, 'x', sizeof(line) - 1);
    open_server(&v, &s->relay);
    run_and_expect(s, ARGS("--http", v.http, "policy", "show"), 1, NULL, "it is too long");
    close_server(&v);
}

static void drip_h(uint64_t n, void *arg)
{
    struct server *v = arg;

    (void)n;
    if (v->peer >= 0)
        (void)!send(v->peer, "x", 1, MSG_NOSIGNAL);
}

static void a_server_that_never_ends_is_left(void **state)
{
    struct scene *s = *state;
    struct server v = {.answer = OK, .n_repeats = 1, .stays = true};
    const char *const *show;

    open_server(&v, &s->relay);
    show = ARGS("--http", v.http, "--timeout", "1", "policy", "show");
    run_and_expect(s, show, 1, NULL, "Connection timed out");
    leave(&v);
    /* a byte now and then does not make it wait longer */
    assert_int_equal(loop_timer_alloc(&v.timer, s->relay.loop, drip_h, &v), 0);
    loop_timer_start(v.timer, loop_now_us(), 20000);
    run_and_expect(s, show, 1, NULL, "Connection timed out");
    loop_timer_free(v.timer);
    close_server(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_names_every_command_and_exit_code),
        cmocka_unit_test(mistakes_in_the_command_line_are_named),
        cmocka_unit_test(explain_says_what_decided_and_what_would_have_to_change),
        cmocka_unit_test(explain_as_json_has_the_promised_members),
        cmocka_unit_test(explain_finds_the_provider_and_the_direction_from_addresses),
        cmocka_unit_test(show_is_a_table_or_json),
        cmocka_unit_test(check_names_the_line_of_a_mistake),
        cmocka_unit_test(diff_tells_what_changes_for_the_calls_that_are_up),
        cmocka_unit_test(reload_needs_the_token),
        cmocka_unit_test(a_relay_that_is_not_there_is_named_by_its_address),
        cmocka_unit_test(an_answer_that_is_none_is_refused),
        cmocka_unit_test(json_of_another_shape_is_shown_as_far_as_it_goes),
        cmocka_unit_test(an_answer_without_end_is_cut_off),
        cmocka_unit_test(a_server_that_never_ends_is_left),
    };

    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
