#include "relay/control/status/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A journal of files and pipes. What its writer does is awaited by what it writes. */

#define PATIENCE_MS 30000
#define QUEUE       65536
#define LINE_BYTES  1000
#define PIPE_BYTES  (1024 * 1024)

static char folder[64], path[80], renamed[88];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/picrelay-journal-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/lines", folder);
    snprintf(renamed, sizeof(renamed), "%s/lines.1", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(renamed);
    return rmdir(folder);
}

static struct journal *open_on(const char *file, int fd, enum config_sync sync)
{
    const struct journal_config cfg = {
        .name = "test lines", .path = file, .fd = fd, .sync = sync, .queue_bytes = QUEUE};
    struct journal *j = NULL;

    assert_int_equal(journal_open(&j, &cfg), 0);
    return j;
}

static void append(struct journal *j, const char *line)
{
    assert_int_equal(journal_append(j, line, strlen(line)), 0);
}

static void expect_file(const char *file, const char *text)
{
    char have[4096] = "";
    FILE *f = fopen(file, "r");

    assert_non_null(f);
    have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(have, text);
}

static void expect_stats(const struct journal *j, uint64_t written, uint64_t dropped,
                         uint64_t failed)
{
    struct journal_stats s;

    journal_stats(j, &s);
    assert_int_equal(s.written, written);
    assert_int_equal(s.dropped, dropped);
    assert_int_equal(s.failed, failed);
}

static void wait_until_settled(const struct journal *j, uint64_t place)
{
    struct pollfd p = {.fd = journal_event_fd(j), .events = POLLIN};

    while (journal_settled(j) < place)
        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

static void lines_are_appended_to_what_is_there(void **state)
{
    struct journal *j = open_on(path, -1, CONFIG_SYNC_SECOND);

    (void)state;
    append(j, "one\n");
    append(j, "two\n");
    journal_close(j);
    j = open_on(path, -1, CONFIG_SYNC_NEVER);
    append(j, "three\n");
    journal_close(j);
    expect_file(path, "one\ntwo\nthree\n");
}

static void a_file_is_for_its_owner_and_group(void **state)
{
    const mode_t mask = umask(0);
    struct journal *j = open_on(path, -1, CONFIG_SYNC_NEVER);
    struct stat st;

    (void)state;
    (void)umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    journal_close(j);
}

static void a_link_in_the_place_of_the_file_is_refused(void **state)
{
    const struct journal_config cfg = {.name = "test lines", .path = path, .queue_bytes = QUEUE};
    struct journal *j = NULL;

    (void)state;
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(journal_open(&j, &cfg), ELOOP);
    assert_null(j);
}

static void what_has_settled_is_in_the_file(void **state)
{
    struct journal *j = open_on(path, -1, CONFIG_SYNC_EACH);

    (void)state;
    assert_int_equal(journal_end(j), 0);
    append(j, "one\n");
    assert_int_equal(journal_end(j), 4);
    wait_until_settled(j, journal_end(j));
    expect_file(path, "one\n");
    expect_stats(j, 1, 0, 0);
    journal_close(j);
}

static void after_a_rotation_lines_go_to_the_new_file(void **state)
{
    struct journal *j = open_on(path, -1, CONFIG_SYNC_EACH);

    (void)state;
    append(j, "before\n");
    assert_int_equal(rename(path, renamed), 0);
    append(j, "still\n");
    journal_reopen(j);
    append(j, "after\n");
    wait_until_settled(j, journal_end(j));
    journal_close(j);
    expect_file(renamed, "before\nstill\n");
    expect_file(path, "after\n");
}

static void a_rotation_that_fails_goes_on_with_the_old_file(void **state)
{
    struct journal *j = open_on(path, -1, CONFIG_SYNC_EACH);

    (void)state;
    assert_int_equal(rename(path, renamed), 0);
    assert_int_equal(symlink("/dev/null", path), 0); /* which is never followed */
    journal_reopen(j);
    append(j, "goes on\n");
    wait_until_settled(j, journal_end(j));
    journal_close(j);
    expect_file(renamed, "goes on\n");
}

static void fill_pipe(int fd)
{
    static const char byte = '\n';
    const int flags = fcntl(fd, F_GETFL);

    assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
    while (write(fd, &byte, 1) == 1)
        ;
    assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

/* Until more has been taken than the queue holds, so that the writer has some of it, and no more is
 * taken. @return lines that were taken */
static size_t fill_queue(struct journal *j, const char *line, size_t n)
{
    size_t n_taken = 0;

    for (;;) {
        const int err = journal_append(j, line, n);

        if (err && n_taken * n > QUEUE)
            return n_taken;
        n_taken += err == 0;
        if (err)
            (void)sched_yield();
    }
}

/* Lines of LINE_BYTES; what fill_pipe() wrote are shorter ones. */
static size_t count_long_lines(int fd)
{
    size_t n_lines = 0, n_line = 0;
    char buf[4096];
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            n_line++;
            n_lines += buf[i] == '\n' && n_line == LINE_BYTES;
            n_line = buf[i] == '\n' ? 0 : n_line;
        }
    }
    return n_lines;
}

static void a_reader_that_stops_costs_lines_and_nothing_else(void **state)
{
    static char line[LINE_BYTES];
    struct journal_stats s;
    struct journal *j;
    int ends[2];
    size_t n_taken;

    (void)state;
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    assert_int_equal(pipe(ends), 0);
    fill_pipe(ends[1]);
    j = open_on(NULL, ends[1], CONFIG_SYNC_NEVER);
    n_taken = fill_queue(j, line, sizeof(line));
    journal_stats(j, &s);
    assert_true(s.dropped >= 1);
    assert_int_equal(s.failed + s.written, 0);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0); /* it is not ours to change */

    /* room again: what was taken comes whole */
    assert_int_equal(fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES), PIPE_BYTES);
    journal_close(j);
    close(ends[1]);
    assert_int_equal(count_long_lines(ends[0]), n_taken);
    close(ends[0]);
}

static void a_reader_that_has_gone_does_not_end_the_process(void **state)
{
    struct journal *j;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    j = open_on(NULL, ends[1], CONFIG_SYNC_EACH);
    append(j, "one\ntwo\n");
    wait_until_settled(j, journal_end(j));
    expect_stats(j, 0, 0, 2);
    journal_close(j);
    close(ends[1]);
}

/* As a full disk: a write that is cut, then one that is refused. */
static void a_line_that_was_torn_is_ended_before_the_next(void **state)
{
    struct rlimit before, small = {.rlim_cur = 10};
    struct journal *j = open_on(path, -1, CONFIG_SYNC_EACH);

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    append(j, "1234567\n");
    wait_until_settled(j, journal_end(j));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    append(j, "torn\n");
    wait_until_settled(j, journal_end(j));
    expect_stats(j, 1, 0, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    append(j, "whole\n");
    wait_until_settled(j, journal_end(j));
    expect_stats(j, 2, 0, 1);
    journal_close(j);
    expect_file(path, "1234567\nto\nwhole\n");
}

static void a_line_longer_than_the_queue_is_refused(void **state)
{
    static char line[QUEUE + 1];
    struct journal *j = open_on(path, -1, CONFIG_SYNC_EACH);

    (void)state;
    memset(line, 'x', sizeof(line));
    line[QUEUE] = '\n';
    assert_int_equal(journal_room(j), QUEUE);
    assert_int_equal(journal_append(j, line, sizeof(line)), ENOBUFS);
    assert_int_equal(journal_append(j, line + 1, QUEUE), 0);
    wait_until_settled(j, QUEUE);
    expect_stats(j, 1, 1, 0);
    journal_close(j);
}

static void who_is_patient_loses_nothing_to_a_slow_reader(void **state)
{
    static char line[LINE_BYTES];
    const unsigned n = 200; /* three queues' worth */
    struct journal *j = open_on(path, -1, CONFIG_SYNC_NEVER);

    (void)state;
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    journal_be_patient(j);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(journal_append(j, line, sizeof(line)), 0);
    journal_close(j);
    int fd = open(path, O_RDONLY);
    assert_int_equal(count_long_lines(fd), n);
    close(fd);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lines_are_appended_to_what_is_there),
        CASE(a_file_is_for_its_owner_and_group),
        CASE(a_link_in_the_place_of_the_file_is_refused),
        CASE(what_has_settled_is_in_the_file),
        CASE(after_a_rotation_lines_go_to_the_new_file),
        CASE(a_rotation_that_fails_goes_on_with_the_old_file),
        CASE(a_reader_that_stops_costs_lines_and_nothing_else),
        CASE(a_reader_that_has_gone_does_not_end_the_process),
        CASE(a_line_that_was_torn_is_ended_before_the_next),
        CASE(a_line_longer_than_the_queue_is_refused),
        CASE(who_is_patient_loses_nothing_to_a_slow_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
