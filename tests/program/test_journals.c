#include "tests/program/talk.h"
#include "tests/program/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the relay writes of decisions and calls, and readers and disks that do not keep up. */

#define N_REFUSED 400 /* records of more than 64 KiB, which is what a pipe holds */

static const char offers[] = "picrelay_control_requests_total{command=\"offer\",result=\"ok\"} ";

/* A relay that keeps its decisions in `audit`. */
struct scene {
    struct relay relay;
    char folder[32], audit[64], renamed[72];
};

static void open_scene(struct scene *s, const char *sync)
{
    char more[256];

    snprintf(more, sizeof(more), "audit: {file: %s, sync: %s}", s->audit, sync);
    relay_start(&s->relay, &(struct relay_config){.more = more});
}

static void make_folder(struct scene *s)
{
    relay_write_file(s->folder, s->audit, "");
    assert_int_equal(unlink(s->audit), 0);
    snprintf(s->renamed, sizeof(s->renamed), "%s.1", s->audit);
}

static void close_scene(struct scene *s)
{
    relay_stop(&s->relay);
    (void)unlink(s->renamed);
    relay_remove_file(s->folder, s->audit);
}

/* @return how many of its lines have all of these; whole lines alone */
static unsigned count_lines(const char *path, const char *one, const char *two)
{
    char line[4096];
    unsigned n = 0;
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    while (fgets(line, sizeof(line), f))
        n += strchr(line, '\n') && strstr(line, one) && strstr(line, two);
    fclose(f);
    return n;
}

/* ---- the audit file ---------------------------------------------------------------------------
 */

static void with_sync_each_a_decision_is_in_the_file_when_it_is_told(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct scene s;

    (void)state;
    make_folder(&s);
    open_scene(&s, "each");
    for (unsigned i = 0; i < 20; i++) {
        char key[64];

        talk_open(t, &s.relay);
        snprintf(key, sizeof(key), "\"call_id\":\"%s\"", t->id);
        talk_offer(t, TALK_A, NULL, NULL);
        assert_int_equal(count_lines(s.audit, key, "\"event\":\"offer\""), 1);
        talk_close(t);
    }
    close_scene(&s);
    free(t);
}

/* A named pipe that nobody reads stands for a disk that does not answer. @return its reading end */
static int make_full_pipe(const char *path)
{
    static const char line[] = "\n";
    int fd;

    assert_int_equal(mkfifo(path, 0600), 0);
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    while (write(fd, line, 1) == 1)
        ;
    assert_int_equal(errno, EAGAIN);
    return fd;
}

static void read_all(int fd)
{
    char buf[4096];

    while (read(fd, buf, sizeof(buf)) > 0)
        ;
}

static size_t offer_message(char *message, size_t cap, const char *cookie, struct relay *r)
{
    char id[40];

    relay_new_id(r, id);
    int n = snprintf(message, cap,
                     "%s {\"command\":\"offer\",\"call-id\":\"%s\",\"from-tag\":\"a\","
                     "\"direction\":[\"enterprise\",\"skype\"],\"sdp\":\"v=0\\r\\n"
                     "o=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nc=IN IP4 127.0.0.1\\r\\n"
                     "t=0 0\\r\\nm=audio 5004 RTP/AVP 0\\r\\n\"}",
                     cookie, id);
    return (size_t)n;
}

static void expect_pong(struct wire *w, const char *cookie)
{
    char message[64], expected[64];

    int n = snprintf(message, sizeof(message), "%s d7:command4:pinge", cookie);
    snprintf(expected, sizeof(expected), "%s d6:result4:ponge", cookie);
    assert_string_equal(wire_ask(w, message, (size_t)n), expected);
}

static void a_disk_that_does_not_answer_holds_back_decisions_and_nothing_else(void **state)
{
    char message[1024];
    struct scene s;
    struct wire w;
    double before;

    (void)state;
    make_folder(&s);
    int fd = make_full_pipe(s.audit);
    open_scene(&s, "each");
    before = relay_metric(&s.relay, offers);
    wire_open(&w, &s.relay, NULL);
    size_t n = offer_message(message, sizeof(message), "c1", &s.relay);

    wire_send(&w, message, n);
    expect_pong(&w, "c2"); /* it came after the offer, and is answered before it */
    wire_send(&w, message, n);
    expect_pong(&w, "c3");
    assert_false(wire_has_more(&w));
    assert_true(relay_metric(&s.relay, offers) == before + 1); /* asked twice, decided once */

    read_all(fd);
    wire_receive(&w);
    assert_memory_equal(w.reply, "c1 ", 3);
    assert_non_null(strstr(w.reply, "\"result\":\"ok\""));
    assert_memory_equal(wire_ask(&w, message, n), "c1 ", 3); /* kept for who asks again */
    assert_true(relay_metric(&s.relay, offers) == before + 1);
    wire_close(&w);
    close_scene(&s);
    close(fd);
}

/* Offers are decided about while half of the replies that can be held is free. */
#define N_HELD   2048
#define N_OFFERS (N_HELD + 50)

/* An offer that policy refuses: it takes no ports. @return whether it was not even decided about */
static bool is_turned_away(struct wire *w, unsigned i)
{
    char message[512], ping[64], pong[64];
    bool is = false;
    int n = snprintf(message, sizeof(message),
                     "o%u {\"command\":\"offer\",\"call-id\":\"full-%u\",\"from-tag\":\"a\","
                     "\"provider\":\"icq\",\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 127.0.0.1\\r\\n"
                     "s=-\\r\\nc=IN IP4 127.0.0.1\\r\\nt=0 0\\r\\nm=audio 5004 RTP/AVP 0\\r\\n\"}",
                     i, i);

    wire_send(w, message, (size_t)n);
    n = snprintf(ping, sizeof(ping), "p%u d7:command4:pinge", i);
    snprintf(pong, sizeof(pong), "p%u ", i);
    wire_send(w, ping, (size_t)n);
    do {
        wire_receive(w);
        is = is || strstr(w->reply, "the audit file does not keep up");
    } while (strncmp(w->reply, pong, strlen(pong)) != 0);
    return is;
}

struct draining {
    const struct relay *relay;
    int fd;
};

static bool is_drained(void *arg)
{
    const struct draining *d = arg;

    read_all(d->fd);
    return relay_metric(d->relay, "picrelay_lines_total{of=\"audit\",result=\"written\"} ") >=
           N_HELD;
}

static void a_disk_that_stays_away_stops_new_calls_before_they_are_decided(void **state)
{
    unsigned n_turned_away = 0;
    char message[1024];
    struct scene s;
    struct wire w;

    (void)state;
    make_folder(&s);
    int fd = make_full_pipe(s.audit);
    open_scene(&s, "each");
    wire_open(&w, &s.relay, NULL);
    for (unsigned i = 0; i < N_OFFERS; i++)
        n_turned_away += is_turned_away(&w, i);
    assert_int_equal(n_turned_away, N_OFFERS - N_HELD);
    assert_true(relay_metric(&s.relay, "picrelay_lines_total{of=\"audit\",result=\"dropped\"} ") ==
                0);

    struct draining d = {&s.relay, fd};
    relay_wait_polling(&s.relay, is_drained, &d, "the decisions that were held back");
    wire_close(&w);
    wire_open(&w, &s.relay, NULL); /* without the replies to all of them */
    wire_send(&w, message, offer_message(message, sizeof(message), "c9", &s.relay));
    wire_receive(&w);
    assert_memory_equal(w.reply, "c9 ", 3);
    assert_non_null(strstr(w.reply, "\"result\":\"ok\""));
    wire_close(&w);
    close_scene(&s);
    close(fd);
}

static bool is_new_file(void *arg)
{
    struct stat st;

    return stat(arg, &st) == 0;
}

static void a_file_that_was_renamed_is_left_behind_at_sighup(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct scene s;

    (void)state;
    make_folder(&s);
    open_scene(&s, "each");
    talk_open(t, &s.relay);
    talk_offer(t, TALK_A, NULL, NULL);
    talk_close(t);
    assert_int_equal(rename(s.audit, s.renamed), 0);
    process_signal(s.relay.process, SIGHUP);
    relay_wait_polling(&s.relay, is_new_file, s.audit, "a new audit file");
    talk_open(t, &s.relay);
    talk_offer(t, TALK_A, NULL, NULL);
    assert_int_equal(count_lines(s.audit, t->id, "\"verdict\":\"allow\""), 1);
    assert_int_equal(count_lines(s.renamed, t->id, ""), 0);
    assert_int_equal(count_lines(s.renamed, "", "\"verdict\":\"allow\""), 1);
    talk_close(t);
    close_scene(&s);
    free(t);
}

/* ---- records ----------------------------------------------------------------------------------
 */

static void refuse_call(struct relay *r, char id[static 40])
{
    json_t *request = relay_request("offer", NULL);

    relay_new_id(r, id);
    json_object_set_new(request, "call-id", json_string(id));
    json_object_set_new(request, "from-tag", json_string("a"));
    json_object_set_new(request, "provider", json_string("icq"));
    json_object_set_new(request, "sdp",
                        json_string("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                                    "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n"));
    relay_ask_error(r, request, "policy: no provider row for \"icq\"");
}

static void a_reader_of_records_that_stops_keeps_no_call_waiting(void **state)
{
    static char ids[N_REFUSED][40];
    struct relay r;

    (void)state;
    relay_start(&r, NULL);
    process_pause_out(r.process);
    for (unsigned i = 0; i < N_REFUSED; i++) /* far beyond what the pipe holds */
        refuse_call(&r, ids[i]);
    assert_int_equal(process_resume_out(r.process), 0);
    for (unsigned i = 0; i < N_REFUSED; i++) {
        json_t *record = relay_record(&r, ids[i]);

        assert_string_equal(relay_json_text(record, "end"), "policy");
        json_decref(record);
    }
    relay_wait_metric(&r, "picrelay_lines_total{of=\"records\",result=\"written\"} ", N_REFUSED);
    assert_true(relay_metric(&r, "picrelay_lines_total{of=\"records\",result=\"dropped\"} ") == 0);
    relay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_sync_each_a_decision_is_in_the_file_when_it_is_told),
        cmocka_unit_test(a_disk_that_does_not_answer_holds_back_decisions_and_nothing_else),
        cmocka_unit_test(a_disk_that_stays_away_stops_new_calls_before_they_are_decided),
        cmocka_unit_test(a_file_that_was_renamed_is_left_behind_at_sighup),
        cmocka_unit_test(a_reader_of_records_that_stops_keeps_no_call_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
