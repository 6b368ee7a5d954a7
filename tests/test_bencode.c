#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/control/ng/bencode.h"
#include "relay/control/ng/json.h"

#define BIG 65535

static bool is_string(const struct tree_node *n, const char *text)
{
    return n->kind == TREE_STRING && str_equal(n->string, str_of(text));
}

static void a_dictionary_is_read_in_its_order(void **state)
{
    const struct tree_node *n;
    struct tree t = {0};

    (void)state;
    assert_int_equal(bencode_decode(&t, STR("d1:bi-42e1:al1:x0:ede1:zdee")), EBADMSG);
    tree_wipe(&t);
    assert_int_equal(bencode_decode(&t, STR("d1:bi-42e1:al1:x0:dee1:zdee")), 0);

    n = t.nodes;
    assert_int_equal(n->kind, TREE_DICT);
    assert_int_equal(n->n_nodes, t.n);
    n = tree_first(n);
    assert_true(is_string(n, "b"));
    n = tree_next(n);
    assert_int_equal(n->kind, TREE_INTEGER);
    assert_int_equal(n->integer, -42);
    n = tree_next(n);
    assert_true(is_string(n, "a"));
    n = tree_next(n);
    assert_int_equal(n->kind, TREE_LIST);
    assert_int_equal(n->n_nodes, 4);
    assert_true(is_string(tree_first(n), "x"));
    n = tree_next(n);
    assert_true(is_string(n, "z"));
    n = tree_next(n);
    assert_int_equal(n->kind, TREE_DICT);
    assert_ptr_equal(tree_next(n), tree_end(t.nodes));
    tree_wipe(&t);
}

static void a_string_may_hold_any_byte(void **state)
{
    struct tree t = {0};

    (void)state;
    assert_int_equal(bencode_decode(&t, (struct str){"5:a\0e\r\n", 7}), 0);
    assert_int_equal(t.nodes[0].string.n, 5);
    assert_memory_equal(t.nodes[0].string.p, "a\0e\r\n", 5);
    tree_wipe(&t);
}

static void integers_reach_both_ends_of_64_bits(void **state)
{
    struct tree t = {0};

    (void)state;
    assert_int_equal(bencode_decode(&t, STR("li9223372036854775807ei-9223372036854775808ei0ee")),
                     0);
    assert_true(t.nodes[1].integer == INT64_MAX);
    assert_true(t.nodes[2].integer == INT64_MIN);
    assert_true(t.nodes[3].integer == 0);
    tree_wipe(&t);
}

static void a_line_end_behind_the_value_is_passed_over(void **state)
{
    struct tree t = {0};

    (void)state;
    assert_int_equal(bencode_decode(&t, STR("de\r\n")), 0);
    tree_wipe(&t);
}

static void malformed_bencode_is_refused(void **state)
{
    static const struct {
        const char *reason;
        struct str in;
        int decode, scan;
    } rows[] = {
        {"nothing", STR_INIT(""), EBADMSG, EAGAIN},
        {"open dictionary", STR_INIT("d"), EBADMSG, EAGAIN},
        {"open list", STR_INIT("d1:al"), EBADMSG, EAGAIN},
        {"key without value", STR_INIT("d1:ae"), EBADMSG, 0},
        {"integer as key", STR_INIT("di1e1:ae"), EBADMSG, 0},
        {"list as key", STR_INIT("dle1:ae"), EBADMSG, 0},
        {"end alone", STR_INIT("e"), EBADMSG, EBADMSG},
        {"two values", STR_INIT("dede"), EBADMSG, 0},
        {"rubbish behind the value", STR_INIT("dex"), EBADMSG, 0},
        {"unknown type", STR_INIT("d1:ax"), EBADMSG, EBADMSG},
        {"string runs past the end", STR_INIT("5:abcd"), EBADMSG, EAGAIN},
        {"length without colon", STR_INIT("5"), EBADMSG, EAGAIN},
        {"length with something else than a colon", STR_INIT("5;abcde"), EBADMSG, EBADMSG},
        {"negative length", STR_INIT("-1:a"), EBADMSG, EBADMSG},
        {"length with leading zero", STR_INIT("01:a"), EBADMSG, EBADMSG},
        {"two zeros", STR_INIT("00:"), EBADMSG, EBADMSG},
        {"length above any message", STR_INIT("262145:a"), EBADMSG, EBADMSG},
        {"length of 2^32", STR_INIT("4294967296:a"), EBADMSG, EBADMSG},
        {"length of 2^64", STR_INIT("18446744073709551616:a"), EBADMSG, EBADMSG},
        {"length of 2^64 + 1", STR_INIT("18446744073709551617:a"), EBADMSG, EBADMSG},
        {"length of many digits", STR_INIT("99999999999999999999999999999"), EBADMSG, EBADMSG},
        {"integer without digits", STR_INIT("ie"), EBADMSG, EBADMSG},
        {"minus alone", STR_INIT("i-e"), EBADMSG, EBADMSG},
        {"minus zero", STR_INIT("i-0e"), EBADMSG, EBADMSG},
        {"integer with leading zero", STR_INIT("i01e"), EBADMSG, EBADMSG},
        {"integer with plus", STR_INIT("i+1e"), EBADMSG, EBADMSG},
        {"integer without end", STR_INIT("i12"), EBADMSG, EAGAIN},
        {"integer with a fraction", STR_INIT("i1.5e"), EBADMSG, EBADMSG},
        {"one above 64 bits", STR_INIT("i9223372036854775808e"), EBADMSG, EBADMSG},
        {"one below 64 bits", STR_INIT("i-9223372036854775809e"), EBADMSG, EBADMSG},
        {"NUL", STR_INIT("\0"), EBADMSG, EBADMSG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bencode_scan s = {0};
        struct tree t = {0};

        if (bencode_decode(&t, rows[i].in) != rows[i].decode ||
            bencode_scan(&s, rows[i].in) != rows[i].scan)
            fail_msg("%s", rows[i].reason);
        tree_wipe(&t);
    }
}

/** n times `open`, n times `close`. */
static struct str nested(char *buf, char open, char close, size_t n)
{
    memset(buf, open, n);
    memset(buf + n, close, n);
    return (struct str){buf, 2 * n};
}

static void nesting_has_a_bound(void **state)
{
    static const struct {
        size_t depth;
        int err;
    } rows[] = {{1, 0}, {TREE_DEPTH_MAX, 0}, {TREE_DEPTH_MAX + 1, E2BIG}, {10000, E2BIG}};
    char *buf = malloc(20000);

    (void)state;
    assert_non_null(buf);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str in = nested(buf, 'l', 'e', rows[i].depth);
        struct bencode_scan s = {0};
        struct tree t = {0};

        assert_int_equal(bencode_decode(&t, in), rows[i].err);
        assert_int_equal(bencode_scan(&s, in), rows[i].err);
        tree_wipe(&t);
    }
    free(buf);
}

static void memory_is_in_proportion_to_the_message(void **state)
{
    char *buf = malloc(BIG);
    struct tree t = {0};

    (void)state;
    assert_non_null(buf);
    buf[0] = 'l';
    for (size_t i = 1; i + 2 < BIG; i += 2) /* the cheapest node: an empty string */
        buf[i] = '0', buf[i + 1] = ':';
    buf[BIG - 4] = '1'; /* one byte is left over */
    buf[BIG - 2] = 'a';
    buf[BIG - 1] = 'e';

    assert_int_equal(bencode_decode(&t, (struct str){buf, BIG}), 0);
    assert_true(t.n <= BIG / 2 + 1);
    assert_true(t.cap <= 2 * t.n);
    tree_wipe(&t);
    free(buf);
}

static void a_message_that_trickles_in_is_found_at_its_end(void **state)
{
    static const struct str in = STR_INIT("d3:abci17e4:listl1:a0:deee5_1_1 d");
    size_t n_value = in.n - strlen("5_1_1 d");
    struct bencode_scan s = {0};

    (void)state;
    for (size_t n = 0; n < n_value; n++)
        assert_int_equal(bencode_scan(&s, (struct str){in.p, n}), EAGAIN);
    assert_int_equal(bencode_scan(&s, in), 0);
    assert_int_equal(s.at, n_value);
}

static void json_becomes_the_same_tree(void **state)
{
    const struct tree_node *n;
    struct arena a = {0};
    struct tree t = {0};

    (void)state;
    assert_int_equal(json_decode(&t, &a,
                                 STR("{\"b\":-42,\"gone\":null,\"a\":[\"\\u00e9\\n\",null,true,"
                                     "false,2.9,[]],\"z\":{}} \n")),
                     0);
    n = tree_first(t.nodes);
    assert_true(is_string(n, "b"));
    n = tree_next(n);
    assert_int_equal(n->integer, -42);
    n = tree_next(n);
    assert_true(is_string(n, "a"));
    n = tree_next(n);
    assert_int_equal(n->n_nodes, 6);
    assert_true(is_string(n + 1, "\xc3\xa9\n"));
    assert_int_equal(n[2].integer, 1);
    assert_int_equal(n[3].integer, 0);
    assert_int_equal(n[4].integer, 2);
    assert_int_equal(n[5].kind, TREE_LIST);
    n = tree_next(n);
    assert_true(is_string(n, "z"));
    assert_ptr_equal(tree_next(n + 1), tree_end(t.nodes));
    tree_wipe(&t);
    arena_wipe(&a);
}

static void malformed_json_is_refused(void **state)
{
    static const struct {
        const char *reason;
        struct str in;
    } rows[] = {
        {"nothing", STR_INIT("")},
        {"open object", STR_INIT("{")},
        {"not an object", STR_INIT("[]")},
        {"bare word", STR_INIT("{a:1}")},
        {"rubbish behind it", STR_INIT("{}x")},
        {"two objects", STR_INIT("{}{}")},
        {"a name twice", STR_INIT("{\"a\":1,\"a\":2}")},
        {"integer above 64 bits", STR_INIT("{\"a\":9223372036854775808}")},
        {"not UTF-8", STR_INIT("{\"a\":\"\xff\"}")},
        {"half a surrogate pair", STR_INIT("{\"a\":\"\\ud800\"}")},
        {"raw NUL", STR_INIT("{\"a\":\"\0\"}")},
        {"raw line end in a string", STR_INIT("{\"a\":\"\n\"}")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct tree t = {0};

        if (json_decode(&t, &a, rows[i].in) != EBADMSG)
            fail_msg("%s", rows[i].reason);
        tree_wipe(&t);
        arena_wipe(&a);
    }
}

static void json_strings_keep_their_nul(void **state)
{
    struct arena a = {0};
    struct tree t = {0};

    (void)state;
    assert_int_equal(json_decode(&t, &a, STR("{\"a\":\"x\\u0000y\"}")), 0);
    assert_int_equal(t.nodes[2].string.n, 3);
    assert_memory_equal(t.nodes[2].string.p, "x\0y", 3);
    tree_wipe(&t);
    arena_wipe(&a);
}

/** {"a":[[[...]]]} with n brackets */
static int json_nested(size_t n)
{
    char *buf = malloc(2 * n + 6);
    struct arena a = {0};
    struct tree t = {0};
    int err;

    assert_non_null(buf);
    snprintf(buf, 6, "{\"a\":");
    nested(buf + 5, '[', ']', n);
    buf[5 + 2 * n] = '}';
    err = json_decode(&t, &a, (struct str){buf, 2 * n + 6});
    tree_wipe(&t);
    arena_wipe(&a);
    free(buf);
    return err;
}

static void json_nesting_has_the_same_bound(void **state)
{
    (void)state;
    assert_int_equal(json_nested(TREE_DEPTH_MAX - 1), 0);
    assert_int_equal(json_nested(TREE_DEPTH_MAX), E2BIG);
    assert_int_equal(json_nested(10000), EBADMSG); /* jansson's own bound comes first */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dictionary_is_read_in_its_order),
        cmocka_unit_test(a_string_may_hold_any_byte),
        cmocka_unit_test(integers_reach_both_ends_of_64_bits),
        cmocka_unit_test(a_line_end_behind_the_value_is_passed_over),
        cmocka_unit_test(malformed_bencode_is_refused),
        cmocka_unit_test(nesting_has_a_bound),
        cmocka_unit_test(memory_is_in_proportion_to_the_message),
        cmocka_unit_test(a_message_that_trickles_in_is_found_at_its_end),
        cmocka_unit_test(json_becomes_the_same_tree),
        cmocka_unit_test(malformed_json_is_refused),
        cmocka_unit_test(json_strings_keep_their_nul),
        cmocka_unit_test(json_nesting_has_the_same_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
