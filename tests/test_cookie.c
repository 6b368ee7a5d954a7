#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "relay/control/ng/cookie.h"
#include "relay/control/ng/siphash.h"

#define LIFETIME_US 30000000u

static union addr source(const char *text)
{
    union addr a = {0};

    assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
    return a;
}

static struct cookie_cache *cache(size_t max_bytes)
{
    struct cookie_cache *c = NULL;

    assert_int_equal(cookie_cache_alloc(&c, max_bytes, LIFETIME_US), 0);
    return c;
}

static void a_retransmission_gets_the_stored_reply(void **state)
{
    struct cookie_cache *c = cache(10000);
    union addr a = source("192.0.2.1:5000");
    struct str reply;

    (void)state;
    assert_null(cookie_cache_get(c, &a, STR("1_2_3"), 0).p);
    cookie_cache_put(c, &a, STR("1_2_3"), STR("1_2_3 d6:result4:ponge"), 0);
    reply = cookie_cache_get(c, &a, STR("1_2_3"), 1);
    assert_true(str_equal(reply, STR("1_2_3 d6:result4:ponge")));
    cookie_cache_free(c);
}

static void a_reply_is_only_for_its_cookie_and_source(void **state)
{
    static const char *const others[] = {"192.0.2.2:5000", "192.0.2.1:5001", "[2001:db8::1]:5000"};
    struct cookie_cache *c = cache(10000);
    union addr a = source("192.0.2.1:5000");

    (void)state;
    cookie_cache_put(c, &a, STR("cookie"), STR("reply"), 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        union addr other = source(others[i]);

        assert_null(cookie_cache_get(c, &other, STR("cookie"), 0).p);
    }
    assert_null(cookie_cache_get(c, &a, STR("cookie2"), 0).p);
    assert_null(cookie_cache_get(c, &a, STR("cooki"), 0).p);
    assert_null(cookie_cache_get(c, &a, (struct str){"cookie\0", 7}, 0).p);
    cookie_cache_free(c);
}

static void a_reply_lives_as_long_as_was_asked(void **state)
{
    struct cookie_cache *c = cache(10000);
    union addr a = source("[2001:db8::1]:5000");

    (void)state;
    cookie_cache_put(c, &a, STR("cookie"), STR("reply"), 5);
    assert_true(str_equal(cookie_cache_get(c, &a, STR("cookie"), 4 + LIFETIME_US), STR("reply")));
    assert_null(cookie_cache_get(c, &a, STR("cookie"), 5 + 2 * LIFETIME_US).p);
    cookie_cache_free(c);
}

static void the_younger_of_two_replies_counts(void **state)
{
    struct cookie_cache *c = cache(10000);
    union addr a = source("192.0.2.1:5000");

    (void)state;
    cookie_cache_put(c, &a, STR("cookie"), STR("first"), 0);
    cookie_cache_put(c, &a, STR("cookie"), STR("second"), 10);
    assert_true(str_equal(cookie_cache_get(c, &a, STR("cookie"), 10), STR("second")));
    assert_true(str_equal(cookie_cache_get(c, &a, STR("cookie"), LIFETIME_US + 5), STR("second")));
    cookie_cache_free(c);
}

static struct str numbered(char buf[32], int i)
{
    return (struct str){buf, (size_t)snprintf(buf, 32, "1_%d_2", i)};
}

static void the_oldest_replies_make_room(void **state)
{
    struct cookie_cache *c = cache(20000);
    union addr a = source("192.0.2.1:5000");
    char buf[32], reply[1000] = {0};
    int n_kept = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        cookie_cache_put(c, &a, numbered(buf, i), (struct str){reply, sizeof(reply)}, 0);

    for (int i = 999; i >= 0 && cookie_cache_get(c, &a, numbered(buf, i), 0).p; i--)
        n_kept++;
    assert_in_range(n_kept, 15, 20);
    for (int i = 0; i < 1000 - n_kept; i++)
        assert_null(cookie_cache_get(c, &a, numbered(buf, i), 0).p);
    cookie_cache_free(c);
}

static void a_reply_larger_than_the_cache_is_not_kept(void **state)
{
    struct cookie_cache *c = cache(1000);
    union addr a = source("192.0.2.1:5000");
    char reply[1000] = {0};

    (void)state;
    cookie_cache_put(c, &a, STR("small"), STR("reply"), 0);
    cookie_cache_put(c, &a, STR("large"), (struct str){reply, sizeof(reply)}, 0);
    assert_null(cookie_cache_get(c, &a, STR("large"), 0).p);
    assert_non_null(cookie_cache_get(c, &a, STR("small"), 0).p);
    cookie_cache_free(c);
}

static void siphash_gives_the_value_of_its_paper(void **state)
{
    struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}}; /* bytes 0 to 15 */
    unsigned char message[15];

    (void)state;
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (unsigned char)i;
    assert_true(siphash(&key, message, sizeof(message)) == 0xa129ca6149be45e5);
    assert_true(siphash(&key, message, 0) == 0x726fdb47dd0e0e31);
    assert_true(siphash(&key, message, 8) == 0x93f5f5799a932462);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retransmission_gets_the_stored_reply),
        cmocka_unit_test(a_reply_is_only_for_its_cookie_and_source),
        cmocka_unit_test(a_reply_lives_as_long_as_was_asked),
        cmocka_unit_test(the_younger_of_two_replies_counts),
        cmocka_unit_test(the_oldest_replies_make_room),
        cmocka_unit_test(a_reply_larger_than_the_cache_is_not_kept),
        cmocka_unit_test(siphash_gives_the_value_of_its_paper),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
