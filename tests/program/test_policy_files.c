#include "tests/program/talk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Tables that are too large, too deep or too clever: refused with their line, within bounds of
 * memory and time, and without a change. */

#define FILE_BYTES  (RELAY_IS_SANITIZED ? 4u << 20 : 50u << 20)
#define SOME_BYTES  (4u << 20)
#define CTL         (PICRELAY_BINARY_DIR "/picrelayctl")
#define MEMORY_KIB  (1024 * 1024) /* of who reads such a file */
#define CPU_SECONDS 120           /* of all that this test starts: no more than a guard */

static const char good[] = "providers:\n"
                           "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n"
                           "  - {Identity: wlm, Enabled: yes, capabilities: {audio: yes}}\n";

static char folder[32], path[64];

static int make_folder(void **state)
{
    const struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS};

    (void)state;
    relay_write_file(folder, path, good);
    return setrlimit(RLIMIT_CPU, &cpu);
}

static int remove_folder(void **state)
{
    (void)state;
    relay_remove_file(folder, path);
    return 0;
}

/* ---- the files --------------------------------------------------------------------------------
 */

static void write_deep(FILE *f, size_t i)
{
    (void)i;
    fputs("[", f);
}

static void write_empty_list(FILE *f, size_t i)
{
    (void)i;
    fputs("[],", f);
}

static void write_key(FILE *f, size_t i)
{
    fprintf(f, "enterprise%zu: 1,", i);
}

static void write_comment(FILE *f, size_t i)
{
    (void)i;
    fputs("# there is nothing here\n", f);
}

static void write_rule(FILE *f, size_t i)
{
    fprintf(f, "  - {Rule: deny, Users: [u%zu@contoso.example]}\n", i);
}

static void write_text(FILE *f, size_t i)
{
    (void)i;
    fputs("xxxxxxxxxxxxxxxx", f);
}

/* Each anchor stands for ten of the one before. */
static void write_laughs(FILE *f, size_t i)
{
    char c = (char)('a' + i % 26);

    fprintf(f, "%c: &%c [", c, c);
    for (unsigned k = 0; k < 10; k++)
        fprintf(f, "*%c,", c - 1);
    fputs("]\n", f);
}

struct hostile {
    const char *why, *head;
    void (*write)(FILE *f, size_t i);
    size_t n_bytes;
    const char *err;  /* behind the path */
    const char *tail; /* NULL: none */
};

static void write_hostile(const struct hostile *h)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(h->head, f);
    for (size_t i = 0; i % 1024 || (size_t)ftell(f) < h->n_bytes; i++) /* ftell() asks the kernel */
        h->write(f, i);
    fputs(h->tail ? h->tail : "", f);
    assert_int_equal(fclose(f), 0);
}

/* ---- who reads them ---------------------------------------------------------------------------
 */

static void expect_refusal(struct loop *loop, const char *err)
{
    const char *const argv[] = {CTL, "policy", "check", path, NULL};
    char expected[256];
    struct rusage usage;
    struct process *p;

    assert_int_equal(
        process_start(&p, &(struct process_config){.loop = loop, .argv = argv, .is_quiet = true}),
        0);
    assert_int_equal(loop_run(loop, process_has_ended, p, loop_now_us() + RELAY_PATIENCE_US), 0);
    snprintf(expected, sizeof(expected), "picrelayctl: %s:%s", path, err);
    if (process_status(p) != 2 || strncmp(process_err(p), expected, strlen(expected)) != 0)
        fail_msg("status %d: %s\n  expected: %s", process_status(p), process_err(p), expected);
    assert_true(strlen(process_err(p)) < 2048); /* nobody reads 50 MB of complaint */
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
    print_message("    %ld MiB\n", usage.ru_maxrss / 1024);
    if (!RELAY_IS_SANITIZED)
        assert_true(usage.ru_maxrss < MEMORY_KIB);
    process_free(p);
}

static void hostile_tables_are_refused_with_their_line(void **state)
{
    static const struct hostile rows[] = {
        {"nested without end", "providers: ", write_deep, FILE_BYTES,
         "1: nested too deep; expected at most 32 levels", NULL},
        {"an alias bomb", "a: &a [lol]\n", write_laughs, 4096,
         "1: anchor \"&a\": aliases are not allowed here", NULL},
        {"an alias bomb in a row that is right",
         "providers:\n  - Identity: skype\n    Enabled: *a\n", write_comment, 4096,
         "3: \"*a\": aliases are not allowed here", NULL},
        {"millions of keys", "{", write_key, FILE_BYTES, "1: policy: unknown key \"enterprise0\"",
         "}"},
        {"a text of the whole file", "providers: ", write_text, SOME_BYTES, "1: providers: \"xxx",
         NULL},
        {"comments alone", "", write_comment, SOME_BYTES, "1: policy: an empty file", NULL},
        {"more than is read at all", "", write_comment, 65u << 20,
         "1: a larger file; expected at most 67108864 bytes", NULL},
    };
    static const struct hostile large[] = {
        {"millions of empty lists", "providers: [", write_empty_list, 16u << 20,
         "1: more than 4000000 values; expected a shorter file", NULL},
        {"more rules than there may be", "providers: []\nusers:\n", write_rule, FILE_BYTES,
         "1000002: more than 4000000 values; expected a shorter file", NULL},
    };
    struct loop *loop;

    (void)state;
    assert_int_equal(loop_alloc(&loop), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("  %s\n", rows[i].why);
        write_hostile(&rows[i]);
        expect_refusal(loop, rows[i].err);
    }
    for (size_t i = 0; !RELAY_IS_SANITIZED && i < sizeof(large) / sizeof(large[0]); i++) {
        print_message("  %s\n", large[i].why);
        write_hostile(&large[i]);
        expect_refusal(loop, large[i].err);
    }
    loop_free(loop);
}

/* ---- the relay --------------------------------------------------------------------------------
 */

struct wanted {
    const struct relay *relay;
    const char *text;
};

static bool has_logged(void *arg)
{
    const struct wanted *w = arg;

    return relay_has_logged(w->relay, w->text);
}

static void a_hostile_table_changes_nothing_and_stops_nobody(void **state)
{
    static const struct hostile keys = {"", "{", write_key, 2 * SOME_BYTES, "", "}"};
    struct talk *t = calloc(1, sizeof(*t));
    char more[128], line[160];
    struct relay r;

    (void)state;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(good, f);
    assert_int_equal(fclose(f), 0);
    snprintf(more, sizeof(more), "policy: %s", path);
    relay_start(&r, &(struct relay_config){.more = more, .is_only_skype_and_wlm = true});
    talk_set_up(t, &r);
    write_hostile(&keys);
    process_signal(r.process, SIGHUP);
    talk_pass(t, TALK_A); /* while it is read */
    json_decref(relay_query(&r, t->id));
    snprintf(line, sizeof(line), "error policy: %s:1: policy: unknown key", path);
    struct wanted w = {&r, line};
    relay_wait(&r, has_logged, &w, line);
    assert_true(relay_has_logged(&r, "the old table stays in force"));
    talk_pass(t, TALK_B);
    talk_close(t);
    talk_set_up(t, &r);
    talk_pass(t, TALK_A);
    talk_close(t);
    relay_stop(&r);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hostile_tables_are_refused_with_their_line, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_hostile_table_changes_nothing_and_stops_nobody,
                                        make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
