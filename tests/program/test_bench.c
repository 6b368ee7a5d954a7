#include "tests/program/talk.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* picrelay-bench as who measures has it: against the real relay, and against what goes wrong. */

static const char program[] = PICRELAY_BINARY_DIR "/picrelay-bench";

#define WORDS_MAX 32

struct bench {
    struct loop *loop;
    struct process *process;
};

static void bench_start(struct bench *b, struct loop *loop, const char *const *words,
                        uint64_t n_descriptors)
{
    const char *argv[WORDS_MAX] = {program};
    unsigned n = 1;

    for (; words[n - 1]; n++)
        argv[n] = words[n - 1];
    const struct process_config cfg = {
        .loop = loop, .argv = argv, .n_descriptors = n_descriptors, .is_quiet = true};
    b->loop = loop;
    assert_int_equal(process_start(&b->process, &cfg), 0);
}

static void bench_wait(const struct bench *b)
{
    const struct relay r = {.loop = b->loop};

    relay_wait(&r, process_has_ended, b->process, "the end of picrelay-bench");
}

static void bench_has_said(const struct bench *b, const char *text)
{
    if (!strstr(process_err(b->process), text) && !strstr(process_out(b->process), text))
        fail_msg("not said: \"%s\"; but:\n%s\n%s", text, process_out(b->process),
                 process_err(b->process));
}

/* ---- without a relay --------------------------------------------------------------------------
 */

static struct loop *own_loop(void)
{
    struct loop *loop = NULL;

    assert_int_equal(loop_alloc(&loop), 0);
    return loop;
}

static void a_relay_that_is_not_there_is_told_at_once(void **state)
{
    struct loop *loop = own_loop();
    struct bench b;
    char address[16], ng[40];

    (void)state;
    relay_own_address(address);
    snprintf(ng, sizeof(ng), "%s:%u", address, relay_free_port(address, SOCK_DGRAM));
    bench_start(&b, loop, (const char *const[]){"--ng", ng, NULL}, 0);
    bench_wait(&b);
    assert_int_equal(process_status(b.process), 1);
    bench_has_said(&b, "nothing listens at");
    bench_has_said(&b, ng);
    process_free(b.process);
    loop_free(loop);
}

static void what_there_is_too_little_of_is_told_before_the_load_with_the_numbers(void **state)
{
    struct loop *loop = own_loop();
    struct bench b;

    (void)state;
    bench_start(
        &b, loop,
        (const char *const[]){"--ng", "127.0.0.1:9", "--calls", "100", "--sockets", "100", NULL},
        200);
    bench_wait(&b);
    assert_int_equal(process_status(b.process), 1);
    bench_has_said(&b, "464 descriptors are needed and 200 allowed");
    bench_has_said(&b, "--sockets");
    process_free(b.process);
    loop_free(loop);
}

static void a_mistake_in_a_scenario_is_told_by_file_and_line(void **state)
{
    struct loop *loop = own_loop();
    struct bench b;
    char folder[32], path[64], said[80];

    (void)state;
    relay_write_file(folder, path, "calls: 5\nseconds: 2\nimpair: {rain: 1}\n");
    bench_start(&b, loop, (const char *const[]){"--ng", "127.0.0.1:9", "--scenario", path, NULL},
                0);
    bench_wait(&b);
    assert_int_equal(process_status(b.process), 1);
    snprintf(said, sizeof(said), "%s:3:", path);
    bench_has_said(&b, said);
    bench_has_said(&b, "rain");
    process_free(b.process);
    relay_remove_file(folder, path);
    loop_free(loop);
}

/* ---- a mock relay: an NG socket that pongs, and says the same to all else ---------------------
 */

struct mock {
    int fd;
    char ng[40];
    const char *reply; /* to what is no ping, a dictionary */
};

static void mock_readable_h(int fd, void *arg)
{
    const struct mock *m = arg;
    char request[8192], reply[8400];
    struct sockaddr_in from;
    socklen_t n_from = sizeof(from);

    ssize_t n = recvfrom(fd, request, sizeof(request) - 1, 0, (struct sockaddr *)&from, &n_from);
    if (n <= 0)
        return;
    request[n] = 0;
    const char *text = strstr(request, "4:ping") ? "d6:result4:ponge" : m->reply;
    int n_reply =
        snprintf(reply, sizeof(reply), "%.*s %s", (int)strcspn(request, " "), request, text);
    (void)sendto(fd, reply, (size_t)n_reply, 0, (struct sockaddr *)&from, n_from);
}

static void mock_start(struct mock *m, const char *reply)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof(address);
    char own[16];

    relay_own_address(own);
    *m = (struct mock){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), .reply = reply};
    assert_int_equal(inet_pton(AF_INET, own, &address.sin_addr), 1);
    assert_int_equal(bind(m->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(m->fd, (struct sockaddr *)&address, &n), 0);
    snprintf(m->ng, sizeof(m->ng), "%s:%u", own, ntohs(address.sin_port));
}

static void replies_that_make_no_call_are_told_with_their_reason(void **state)
{
    static const struct {
        const char *reply, *said;
    } rows[] = {
        {"d6:result5:error12:error-reason12:out of luckse", "out of luck"},
        {"d6:result2:oke", "no usable reply"},
        {"garbage", "no usable reply"},
        {"d6:result2:ok3:sdp5:v=0\r\ne", "no address or stream"},
        {"d6:result2:ok3:sdp53:v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 0 RTP/AVP 8\r\n        e",
         "refused the stream"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct loop *loop = own_loop();
        struct loop_watch *watch;
        struct bench b;
        struct mock m;

        mock_start(&m, rows[i].reply);
        assert_int_equal(loop_watch_alloc(&watch, loop, m.fd, mock_readable_h, &m), 0);
        bench_start(&b, loop, (const char *const[]){"--ng", m.ng, "--calls", "3", NULL}, 0);
        bench_wait(&b);
        assert_int_equal(process_status(b.process), 1);
        bench_has_said(&b, "3 of 3 calls could not be set up");
        bench_has_said(&b, rows[i].said);
        process_free(b.process);
        loop_watch_free(watch);
        close(m.fd);
        loop_free(loop);
    }
}

/* ---- with the relay ---------------------------------------------------------------------------
 */

static void relay_bench_start(struct bench *b, const struct relay *r, const char *const *more)
{
    char pid[16];
    const char *words[WORDS_MAX] = {"--ng", r->ng_address, "--local",          r->address, "--pid",
                                    pid,    "--direction", "enterprise,skype", "--calls",  "4"};
    unsigned n = 10;

    snprintf(pid, sizeof(pid), "%d", (int)process_id(r->process));
    for (; *more; more++)
        words[n++] = *more;
    bench_start(b, r->loop, words, 0);
}

static json_t *bench_json(const struct bench *b)
{
    json_error_t error;
    json_t *json = json_loads(process_out(b->process), 0, &error);

    if (!json)
        fail_msg("%s:\n%s\n%s", error.text, process_out(b->process), process_err(b->process));
    return json;
}

/* All kinds of calls at once, with all that can be done to them; what is checked is what the load
 * itself checks: each packet, tag, report and key. */
static void calls_of_all_kinds_come_through_whole(void **state)
{
    static const char yaml[] = "rate: 8\nhold_s: 1\nseconds: 3\nrtcp: yes\ntalk: yes\n"
                               "dtmf_every_s: 1\non_hold_every_s: 0.5\non_hold_for_s: 0.3\n"
                               "impair: {loss: 2, dup: 1, drift_ppm: 100, seed: 5}\n"
                               "mix:\n  - {mode: plain}\n  - {mode: srtp-both}\n"
                               "  - {mode: srtp-one}\n  - {mode: ice-srtp}\n  - {mode: opus}\n"
                               "  - {mode: siren-opus}\n  - {mode: refused, provider: aol,\n"
                               "     direction: 'enterprise,aol'}\n";
    char folder[32], path[64];
    struct relay *r = *state;
    struct bench b;

    relay_write_file(folder, path, yaml);
    relay_bench_start(&b, r, (const char *const[]){"--scenario", path, "--json", NULL});
    bench_wait(&b);
    json_t *json = bench_json(&b);
    if (process_status(b.process) != 0)
        fail_msg("%s\n%s", process_out(b.process), process_err(b.process));
    assert_true(relay_json_int(json, "media.received") > 0);
    assert_true(relay_json_int(json, "media.keys_heard") > 0);
    assert_true(relay_json_int(json, "media.rtcp_received") > 0);
    assert_true(relay_json_int(json, "media.ice_checks") > 0);
    assert_true(relay_json_int(json, "media.dropped_before") > 0);
    assert_true(relay_json_int(json, "media.doubled_before") > 0);
    assert_true(relay_json_int(json, "control.holds") > 0);
    assert_true(relay_json_int(json, "control.refused") > 0);
    assert_int_equal(relay_json_int(json, "control.failed"), 0);
    json_decref(json);
    process_free(b.process);
    relay_remove_file(folder, path);
    relay_wait_metric(r, "picrelay_calls ", 0); /* none is left behind */
}

/* The built-in scenario does the same 200 times a second; how fast it is is not a test's matter. */
static void no_check_is_lost_while_calls_with_ice_come_and_go(void **state)
{
    static const char yaml[] = "rate: 15\nhold_s: 2\nseconds: 3\nmix: [{mode: ice-both}]\n"
                               "limits: {failed_calls: 0, lost_checks: 0}\n";
    char folder[32], path[64];
    struct bench b;

    relay_write_file(folder, path, yaml);
    relay_bench_start(&b, *state, (const char *const[]){"--scenario", path, "--json", NULL});
    bench_wait(&b);
    json_t *json = bench_json(&b);
    if (process_status(b.process) != 0)
        fail_msg("%s\n%s", process_out(b.process), process_err(b.process));
    /* of one call at the least: two legs, two components */
    assert_true(relay_json_int(json, "media.ice_checks") >= 4);
    assert_int_equal(relay_json_int(json, "media.ice_lost"), 0);
    assert_int_equal(relay_json_int(json, "media.ice_failed"), 0);
    assert_true(relay_json_int(json, "control.ended") > 0);
    json_decref(json);
    process_free(b.process);
    relay_remove_file(folder, path);
    relay_wait_metric(*state, "picrelay_calls ", 0);
}

static void speech_is_scored_where_a_codec_works_on_it(void **state)
{
    struct bench b;

    relay_bench_start(&b, *state,
                      (const char *const[]){"--mode", "g722-opus", "--seconds", "4", "--json",
                                            "--limit", "score=0.8", NULL});
    bench_wait(&b);
    json_t *json = bench_json(&b);
    assert_int_equal(process_status(b.process), 0);
    assert_true(json_number_value(relay_json(json, "scores.0.stoi")) > 0.8);
    json_decref(json);
    process_free(b.process);
}

static void a_limit_that_does_not_hold_is_exit_status_1(void **state)
{
    struct bench b;

    relay_bench_start(
        &b, *state,
        (const char *const[]){"--seconds", "1", "--limit", "loss=100,delay_p50_ms=0.000001", NULL});
    bench_wait(&b);
    assert_int_equal(process_status(b.process), 1);
    bench_has_said(&b, "holds       loss");
    bench_has_said(&b, "EXCEEDED    delay_p50_ms");
    process_free(b.process);
}

static void an_offer_that_is_refused_is_told_with_the_relays_reason(void **state)
{
    struct bench b;

    relay_bench_start(&b, *state,
                      (const char *const[]){"--direction", "enterprise,aol", "--quiet", NULL});
    bench_wait(&b);
    assert_int_equal(process_status(b.process), 1);
    bench_has_said(&b, "4 of 4 calls could not be set up: policy:");
    process_free(b.process);
}

/* Both halves are in the report; no forged packet came through as one of a good call. */
static void good_calls_are_whole_beside_an_attack(void **state)
{
    struct bench b;

    relay_bench_start(&b, *state,
                      (const char *const[]){"--scenario", "attack", "--seconds", "2", "--limit",
                                            "attack_loss=100,loss=100,attack_p99_ms=60000",
                                            "--json", NULL});
    bench_wait(&b);
    json_t *json = bench_json(&b);
    if (process_status(b.process) != 0)
        fail_msg("%s\n%s", process_out(b.process), process_err(b.process));
    assert_true(relay_json_int(json, "attack.quiet.sent") > 0);
    assert_true(relay_json_int(json, "attack.attacked.sent") > 0);
    assert_true(relay_json_int(json, "attack.garbage") > 0);
    assert_true(relay_json_int(json, "attack.spoof") > 0);
    assert_true(relay_json_int(json, "attack.ng") > 0);
    assert_int_equal(relay_json_int(json, "media.duplicates"), 0); /* SRTP: replays are dropped */
    json_decref(json);
    process_free(b.process);
}

static bool has_begun(void *arg)
{
    return strstr(process_err(arg), "packets/s") != NULL;
}

static char *file_read(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = calloc(1, 1 << 20);

    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static void html_is_one_page_of_its_own(const char *path)
{
    char *html = file_read(path);

    assert_non_null(strstr(html, "<svg"));
    assert_non_null(strstr(html, "</html>"));
    assert_null(strstr(html, "http"));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "nan"));
    assert_null(strstr(html, "inf\""));
    free(html);
}

static void control_c_ends_each_call_and_writes_the_report(void **state)
{
    struct relay *r = *state;
    struct bench b;
    char folder[32], path[64];

    relay_write_file(folder, path, "");
    relay_bench_start(&b, r,
                      (const char *const[]){"--seconds", "600", "--html", path, "--json", NULL});
    relay_wait(r, has_begun, b.process, "the first figures");
    process_signal(b.process, SIGINT);
    bench_wait(&b);
    assert_int_equal(process_status(b.process), 1);
    json_t *json = bench_json(&b);
    assert_true(relay_json_int(json, "media.received") > 0);
    assert_int_equal(relay_json_int(json, "control.delete.us.n"), 4);
    json_decref(json);
    html_is_one_page_of_its_own(path);
    process_free(b.process);
    relay_remove_file(folder, path);
    relay_wait_metric(r, "picrelay_calls ", 0);
}

static void a_relay_that_dies_is_told_with_what_was_measured_until_then(void **state)
{
    struct relay r;
    struct bench b;

    (void)state;
    relay_start(&r, NULL);
    relay_bench_start(&b, &r, (const char *const[]){"--seconds", "60", "--json", NULL});
    relay_wait(&r, has_begun, b.process, "the first figures");
    process_signal(r.process, SIGKILL);
    bench_wait(&b);
    assert_int_equal(process_status(b.process), 1);
    bench_has_said(&b, "the relay has ended after");
    json_t *json = bench_json(&b);
    assert_true(relay_json_int(json, "media.received") > 0);
    assert_true(json_is_true(relay_json(json, "has_died")));
    json_decref(json);
    process_free(b.process);
    process_free(r.process);
    ng_client_free(r.ng);
    relay_remove_file(r.folder, r.config);
    loop_free(r.loop);
}

static void two_relays_and_the_floor_are_measured_in_turn(void **state)
{
    struct relay *r = *state;
    struct bench b;
    char folder[32], path[64];

    relay_write_file(folder, path, "");
    relay_bench_start(&b, r,
                      (const char *const[]){"--versus", r->ng_address, "--names", "this,that",
                                            "--floor", "per-stream", "--runs", "1", "--seconds",
                                            "1", "--html", path, NULL});
    bench_wait(&b);
    assert_int_equal(process_status(b.process), 0);
    bench_has_said(&b, "| figure | this | that | floor | this / that |");
    bench_has_said(&b, "| plain: delay p50 [µs] |");
    html_is_one_page_of_its_own(path);
    process_free(b.process);
    relay_remove_file(folder, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_that_is_not_there_is_told_at_once),
        cmocka_unit_test(what_there_is_too_little_of_is_told_before_the_load_with_the_numbers),
        cmocka_unit_test(a_mistake_in_a_scenario_is_told_by_file_and_line),
        cmocka_unit_test(replies_that_make_no_call_are_told_with_their_reason),
        cmocka_unit_test(calls_of_all_kinds_come_through_whole),
        cmocka_unit_test(no_check_is_lost_while_calls_with_ice_come_and_go),
        cmocka_unit_test(speech_is_scored_where_a_codec_works_on_it),
        cmocka_unit_test(a_limit_that_does_not_hold_is_exit_status_1),
        cmocka_unit_test(an_offer_that_is_refused_is_told_with_the_relays_reason),
        cmocka_unit_test(good_calls_are_whole_beside_an_attack),
        cmocka_unit_test(control_c_ends_each_call_and_writes_the_report),
        cmocka_unit_test(a_relay_that_dies_is_told_with_what_was_measured_until_then),
        cmocka_unit_test(two_relays_and_the_floor_are_measured_in_turn),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
