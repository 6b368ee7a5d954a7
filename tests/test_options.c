#include "relay/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARGS_MAX 6

struct row {
    const char *args[ARGS_MAX]; /* after the program's name */
    const char *config;         /* NULL: none */
    enum options_action action;
    const char *err; /* a part of it; NULL: the line is right */
};

static int parse(struct options *o, const char *const *args, char *err, size_t err_cap)
{
    char *argv[ARGS_MAX + 2] = {"picrelay"};
    int argc = 1;

    for (; argc <= ARGS_MAX && args[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)args[argc - 1];

    return options_parse(o, argc, argv, err, err_cap);
}

static void options_are_read(void **state)
{
    static const struct row rows[] = {
        {{NULL}, NULL, OPTIONS_RUN, NULL},
        {{"--config", "a.yaml"}, "a.yaml", OPTIONS_RUN, NULL},
        {{"--config=a.yaml"}, "a.yaml", OPTIONS_RUN, NULL},
        {{"--config", "--check"}, "--check", OPTIONS_RUN, NULL},
        {{"--config=a=b"}, "a=b", OPTIONS_RUN, NULL},
        {{"--check", "--config", "a.yaml"}, "a.yaml", OPTIONS_CHECK, NULL},
        {{"--config=a.yaml", "--check"}, "a.yaml", OPTIONS_CHECK, NULL},
        {{"--check", "--check"}, NULL, OPTIONS_CHECK, NULL},
        {{"--print-config"}, NULL, OPTIONS_PRINT_CONFIG, NULL},
        {{"--print-reference"}, NULL, OPTIONS_PRINT_REFERENCE, NULL},
        {{"--version"}, NULL, OPTIONS_VERSION, NULL},
        {{"--help"}, NULL, OPTIONS_HELP, NULL},
        {{"--check", "--help"}, NULL, OPTIONS_HELP, NULL},
        {{"--help", "--check"}, NULL, OPTIONS_HELP, NULL},
        {{"--version", "--help"}, NULL, OPTIONS_HELP, NULL},
        {{"--help", "--version"}, NULL, OPTIONS_HELP, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct options o = {.config = "x", .action = OPTIONS_VERSION};
        char err[256] = "";

        if (parse(&o, rows[i].args, err, sizeof(err)))
            fail_msg("row %zu: %s", i, err);
        assert_int_equal(o.action, rows[i].action);
        if (rows[i].config)
            assert_string_equal(o.config, rows[i].config);
        else
            assert_null(o.config);
    }
}

static void options_that_are_wrong_are_named(void **state)
{
    static const struct row rows[] = {
        {{"--confg", "a"}, NULL, 0, "unknown option \"--confg\"; did you mean --config"},
        {{"--configs=a"}, NULL, 0, "unknown option \"--configs=a\""},
        {{"--daemonize"}, NULL, 0, "unknown option \"--daemonize\"; see --help"},
        {{"-c"}, NULL, 0, "unknown option \"-c\""},
        {{"-\x1b[2J"}, NULL, 0, "\"-\\x1b[2J\""},
        {{"a.yaml"}, NULL, 0, "unexpected argument \"a.yaml\""},
        {{""}, NULL, 0, "unexpected argument \"\""},
        {{"--config"}, NULL, 0, "--config: no file"},
        {{"--config="}, NULL, 0, "--config: no file"},
        {{"--config", ""}, NULL, 0, "--config: no file"},
        {{"--config", "a", "--config", "b"}, NULL, 0, "given twice"},
        {{"--check=yes"}, NULL, 0, "--check takes no value"},
        {{"--check", "--print-config"}, NULL, 0, "one at a time"},
        {{"--help", "--nonsense-of-somebody"}, NULL, 0, "unknown option"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct options o = {.config = "as it was", .action = OPTIONS_VERSION};
        char err[256] = "";

        assert_int_equal(parse(&o, rows[i].args, err, sizeof(err)), EINVAL);
        if (!strstr(err, rows[i].err))
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err, rows[i].err);
        assert_string_equal(o.config, "as it was");
        assert_int_equal(o.action, OPTIONS_VERSION);
    }
}

static void usage_names_every_option(void **state)
{
    static const char *const names[] = {"--config FILE",     "--check",   "--print-config",
                                        "--print-reference", "--version", "--help"};
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    (void)state;
    assert_non_null(out);
    options_print_usage(out);
    fclose(out);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strstr(text, names[i]))
            fail_msg("usage does not name %s", names[i]);
    }
    free(text);
}

static void version_is_name_and_number(void **state)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    (void)state;
    assert_non_null(out);
    options_print_version(out);
    fclose(out);
    assert_int_equal(strncmp(text, "picrelay ", 9), 0);
    assert_true(strspn(text + 9, "0123456789.") >= strlen("0.0.0"));
    assert_string_equal(text + 9 + strspn(text + 9, "0123456789."), "\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(options_that_are_wrong_are_named),
        cmocka_unit_test(usage_names_every_option),
        cmocka_unit_test(version_is_name_and_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
