#include "relay/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#include "relay/text.h"

/* stderr becomes a SOCK_SEQPACKET socket: each write(2) is one message, so that a line written in
 * two halves shows. */
struct capture {
    int saved, reader;
    char line[8192];
};

static int capture_start(void **state)
{
    struct capture *c = calloc(1, sizeof(*c));
    int pair[2];

    if (!c || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        free(c);
        return -1;
    }

    c->saved = dup(STDERR_FILENO);
    c->reader = pair[0];
    dup2(pair[1], STDERR_FILENO);
    close(pair[1]);
    *state = c;
    return 0;
}

static int capture_stop(void **state)
{
    struct capture *c = *state;

    dup2(c->saved, STDERR_FILENO);
    close(c->saved);
    close(c->reader);
    free(c);
    log_init(LOG_INFO, LOG_TEXT);
    return 0;
}

/* The message of the next write(2); NULL: nothing has been written. */
static const char *next_line(struct capture *c)
{
    ssize_t n = recv(c->reader, c->line, sizeof(c->line) - 1, MSG_DONTWAIT);

    if (n < 0)
        return NULL;
    c->line[n] = '\0';
    return c->line;
}

/* Without its time stamp, whose form is checked. */
static const char *after_time(const char *line)
{
    static const char form[] = "0000-00-00T00:00:00.000Z ";

    assert_non_null(line);
    for (size_t i = 0; form[i]; i++) {
        if (form[i] == '0' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
            fail_msg("not a time stamp: %s", line);
    }
    return line + sizeof(form) - 1;
}

static void log_line_has_time_level_message_and_call(void **state)
{
    log_init(LOG_INFO, LOG_TEXT);
    log_info("a84b4c76@example", "offer of %u streams", 2U);
    assert_string_equal(after_time(next_line(*state)),
                        "info offer of 2 streams call=a84b4c76@example\n");
    log_error(NULL, "no call");
    assert_string_equal(after_time(next_line(*state)), "error no call\n");
    assert_null(next_line(*state));
}

static void log_writes_nothing_below_its_level(void **state)
{
    log_init(LOG_WARNING, LOG_TEXT);
    log_notice(NULL, "not wanted");
    assert_null(next_line(*state));
    assert_false(log_wants(LOG_NOTICE));
    assert_true(log_wants(LOG_WARNING));
    log_warning(NULL, "wanted");
    assert_string_equal(after_time(next_line(*state)), "warning wanted\n");
}

static void log_escapes_what_strangers_wrote(void **state)
{
    static const struct {
        const char *why, *message, *line;
    } rows[] = {
        {"a line of its own", "a\nerror forged", "info a\\nerror forged\n"},
        {"carriage return", "a\rb", "info a\\x0db\n"},
        {"terminal command", "\x1b[2J", "info \\x1b[2J\n"},
        {"DEL", "\x7f", "info \\x7f\n"},
        {"C1 control in UTF-8", "\xc2\x9b", "info \\x9b\n"},
        {"not UTF-8", "\xff\xfe", "info \\xff\\xfe\n"},
        {"overlong form of /", "\xc0\xaf", "info \\xc0\\xaf\n"},
        {"surrogate", "\xed\xa0\x80", "info \\xed\\xa0\\x80\n"},
        {"cut in a character", "\xe2\x82", "info \\xe2\\x82\n"},
        {"direction override", "\xe2\x80\xae", "info \\u202e\n"},
        {"UTF-8 stays", "J\xc3\xbcrgen \xf0\x9f\x93\x9e", "info J\xc3\xbcrgen \xf0\x9f\x93\x9e\n"},
        {"backslash", "a\\nb", "info a\\\\nb\n"},
        {"quotes stay", "say \"x\"", "info say \"x\"\n"},
    };

    log_init(LOG_INFO, LOG_TEXT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *line;

        log_info(NULL, "%s", rows[i].message);
        line = after_time(next_line(*state));
        if (strcmp(line, rows[i].line) != 0)
            fail_msg("%s: %s", rows[i].why, line);
    }
}

static void log_call_id_is_one_word(void **state)
{
    log_init(LOG_INFO, LOG_TEXT);
    log_info("a call=b\n", "x");
    assert_string_equal(after_time(next_line(*state)), "info x call=a\\x20call=b\\n\n");
}

static void log_json_line_is_an_object_that_keeps_the_text(void **state)
{
    const char *text = "say \"x\" \\ \n \x01 J\xc3\xbcrgen";
    json_t *object;
    const char *line;

    log_init(LOG_INFO, LOG_JSON);
    log_info("id\"1", "%s", text);
    line = next_line(*state);
    assert_non_null(line);
    assert_int_equal(line[strlen(line) - 1], '\n');

    object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_string_equal(json_string_value(json_object_get(object, "msg")), text);
    assert_string_equal(json_string_value(json_object_get(object, "call")), "id\"1");
    assert_string_equal(json_string_value(json_object_get(object, "level")), "info");
    assert_int_equal(strlen(json_string_value(json_object_get(object, "ts"))), 24);
    json_decref(object);
}

static void log_json_line_without_a_call_has_no_call(void **state)
{
    json_t *object;

    log_init(LOG_INFO, LOG_JSON);
    log_info(NULL, "not UTF-8: \xff");
    object = json_loads(next_line(*state), 0, NULL);
    assert_non_null(object);
    assert_null(json_object_get(object, "call"));
    assert_string_equal(json_string_value(json_object_get(object, "msg")),
                        "not UTF-8: \xef\xbf\xbd");
    json_decref(object);
}

/* Each byte of these becomes up to six in the line. */
static void log_cuts_a_long_line_so_that_it_shows(void **state)
{
    static const char fillers[] = {'x', '\x01', '"', '\xff', ' '};

    for (size_t i = 0; i < sizeof(fillers); i++) {
        char text[6000];
        const char *line;
        json_t *object;

        memset(text, fillers[i], sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';

        log_init(LOG_INFO, LOG_TEXT);
        log_info(text, "%s", text);
        line = next_line(*state);
        assert_non_null(line);
        assert_in_range(strlen(line), 3000, 4096);
        assert_non_null(strstr(line, "[cut] call="));
        assert_string_equal(line + strlen(line) - 6, "[cut]\n");

        log_init(LOG_INFO, LOG_JSON);
        log_info(text, "%s", text);
        line = next_line(*state);
        assert_non_null(line);
        assert_in_range(strlen(line), 3000, 4096);
        assert_string_equal(line + strlen(line) - 8, "[cut]\"}\n");
        object = json_loads(line, 0, NULL);
        assert_non_null(object);
        json_decref(object);
    }
}

static void log_limit_passes_ten_lines_a_second(void **state)
{
    struct log_limit limit = {0};
    unsigned n_passed = 0;

    log_init(LOG_INFO, LOG_TEXT);
    for (unsigned i = 0; i < 25; i++)
        n_passed += log_limit_pass(&limit, "bad packet", 7000000 + i);
    assert_int_equal(n_passed, 10);
    assert_null(next_line(*state));

    assert_true(log_limit_pass(&limit, "bad packet", 8000000));
    assert_string_equal(after_time(next_line(*state)),
                        "warning bad packet: 15 more lines were suppressed\n");
    assert_true(log_limit_pass(&limit, "bad packet", 9000000));
    assert_null(next_line(*state));
}

static void log_level_names_are_read_back(void **state)
{
    (void)state;
    for (unsigned i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        enum log_level level = LOG_ERROR;

        assert_int_equal(log_level_parse(&level, log_level_name((enum log_level)i)), 0);
        assert_int_equal(level, i);
    }
    enum log_level untouched = LOG_NOTICE;

    assert_int_not_equal(log_level_parse(&untouched, "loud"), 0);
    assert_int_equal(untouched, LOG_NOTICE);
}

static void text_quote_cuts_what_does_not_fit(void **state)
{
    char buf[12];

    (void)state;
    assert_string_equal(text_quote(buf, sizeof(buf), "abc", 3), "\"abc\"");
    assert_string_equal(text_quote(buf, sizeof(buf), "abcdefghijkl", 12), "\"abcdef...\"");
    assert_string_equal(text_quote(buf, sizeof(buf), "\x01\x01\x01", 3), "\"\\x01...\"");
    assert_string_equal(text_quote(buf, 8, "abcdefghijkl", 12), "\"ab...\"");
}

static void text_distance_counts_slips(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } rows[] = {
        {"workers", "workers", 0},
        {"workers", "Workers", 0},
        {"worker", "workers", 1},
        {"wrokers", "workers", 1},
        {"", "abc", 3},
        {"abc", "", 3},
        {"ports", "port_rest_s", 6},
        {"123456789012345678901234567890123", "a", 99},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(text_distance(rows[i].a, rows[i].b), rows[i].distance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(log_line_has_time_level_message_and_call, capture_start,
                                        capture_stop),
        cmocka_unit_test_setup_teardown(log_writes_nothing_below_its_level, capture_start,
                                        capture_stop),
        cmocka_unit_test_setup_teardown(log_escapes_what_strangers_wrote, capture_start,
                                        capture_stop),
        cmocka_unit_test_setup_teardown(log_call_id_is_one_word, capture_start, capture_stop),
        cmocka_unit_test_setup_teardown(log_json_line_is_an_object_that_keeps_the_text,
                                        capture_start, capture_stop),
        cmocka_unit_test_setup_teardown(log_json_line_without_a_call_has_no_call, capture_start,
                                        capture_stop),
        cmocka_unit_test_setup_teardown(log_cuts_a_long_line_so_that_it_shows, capture_start,
                                        capture_stop),
        cmocka_unit_test_setup_teardown(log_limit_passes_ten_lines_a_second, capture_start,
                                        capture_stop),
        cmocka_unit_test(log_level_names_are_read_back),
        cmocka_unit_test(text_quote_cuts_what_does_not_fit),
        cmocka_unit_test(text_distance_counts_slips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
