#include "relay/control/status/http_guard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef"

static void a_change_needs_token_host_and_no_foreign_origin(void **state)
{
    static const struct {
        const char *why, *host, *authorization, *origin, *token;
        unsigned status;
    } rows[] = {
        {"all is right", "127.0.0.1:9901", "Bearer " TOKEN, NULL, TOKEN, 200},
        {"by name", "LocalHost:9901", "bearer " TOKEN, NULL, TOKEN, 200},
        {"its own page", "127.0.0.1:9901", "Bearer " TOKEN, "http://127.0.0.1:9901", TOKEN, 200},
        {"a foreign page", "127.0.0.1:9901", "Bearer " TOKEN, "http://evil.example", TOKEN, 403},
        {"an origin that is hidden", "127.0.0.1:9901", "Bearer " TOKEN, "null", TOKEN, 403},
        {"an origin sent twice", "127.0.0.1:9901", "Bearer " TOKEN, "", TOKEN, 403},
        {"a name that points here", "evil.example:9901", "Bearer " TOKEN, NULL, TOKEN, 403},
        {"another port", "127.0.0.1:80", "Bearer " TOKEN, NULL, TOKEN, 403},
        {"no host", "", "Bearer " TOKEN, NULL, TOKEN, 403},
        {"no token", "127.0.0.1:9901", "", NULL, TOKEN, 403},
        {"half a token", "127.0.0.1:9901", "Bearer 01234567", NULL, TOKEN, 403},
        {"another token", "127.0.0.1:9901", "Bearer 0123456789abcdeF", NULL, TOKEN, 403},
        {"another scheme", "127.0.0.1:9901", "Basic  " TOKEN, NULL, TOKEN, 403},
        {"no token is configured", "127.0.0.1:9901", "Bearer ", NULL, "", 403},
    };
    union addr listen;

    (void)state;
    assert_int_equal(addr_parse(&listen, "127.0.0.1:9901", 14), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct http_request req = {.host = str_of(rows[i].host),
                                         .authorization = str_of(rows[i].authorization),
                                         .origin = str_of(rows[i].origin),
                                         .has_origin = rows[i].origin != NULL};

        if (http_guard_check(&req, &listen, rows[i].token) != rows[i].status)
            fail_msg("%s", rows[i].why);
    }
}

static void parameters_are_found_by_their_whole_name(void **state)
{
    static const struct {
        const char *query, *value;
    } rows[] = {
        {"to=sip%3Abob%28a.com%29%40msn.com", "sip:bob(a.com)@msn.com"},
        {"from=x&to=y", "y"},
        {"auto=x&to=y+z", "y z"},
        {"tox=1", ""},
        {"to", ""},
        {"to=", ""},
        {"to=%4", "%4"},
        {"to=%zz", "%zz"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char buf[64];
        size_t n = http_query_get(buf, sizeof(buf), str_of(rows[i].query), STR("to"));

        assert_int_equal(n, strlen(rows[i].value));
        assert_memory_equal(buf, rows[i].value, n);
    }
}

static void a_token_is_the_first_line_and_long_enough(void **state)
{
    static const struct {
        const char *text;
        int err;
    } rows[] = {
        {TOKEN "\n", 0}, {TOKEN, 0}, {TOKEN "\r\nmore\n", 0}, {"short\n", EINVAL}, {"", EINVAL}};
    char token[HTTP_TOKEN_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char path[] = "/tmp/picrelay-token-XXXXXX";
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, rows[i].text, strlen(rows[i].text)), strlen(rows[i].text));
        close(fd);
        assert_int_equal(http_token_load(token, path), rows[i].err);
        assert_string_equal(token, rows[i].err ? "" : TOKEN);
        unlink(path);
    }
    assert_int_equal(http_token_load(token, "/nowhere/token"), ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_needs_token_host_and_no_foreign_origin),
        cmocka_unit_test(parameters_are_found_by_their_whole_name),
        cmocka_unit_test(a_token_is_the_first_line_and_long_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
