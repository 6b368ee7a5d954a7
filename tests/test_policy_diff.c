#include "relay/ctl/policy_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What one table changes of another, as picrelayctl tells it. */

#define NOW 1795305600 /* 2026-11-22 */

static const char providers[] = "providers:\n"
                                "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes},\n"
                                "     RequiresLicense: [[Lync Server CAL]]}\n";

static struct policy *table(const char *head, const char *tail)
{
    char text[4096], err[512] = "";
    struct policy *p = NULL;
    const int n = snprintf(text, sizeof(text), "%s%s", head, tail);

    if (policy_parse(&p, text, (size_t)n, "table", err, sizeof(err)))
        fail_msg("%s", err);
    return p;
}

/* The sentences of one part of the difference, a line each. */
static char *sentences(const json_t *diff, const char *part)
{
    static char text[8192];
    const json_t *list = json_object_get(diff, part);
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(list); i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n",
                              json_string_value(json_object_get(json_array_get(list, i), "what")));
    return text;
}

static void expect_pairs(const char *before, const char *after, const char *expected)
{
    struct policy *a = table(providers, before), *b = table(providers, after);
    json_t *diff = policy_diff(a, b, NULL, NOW);

    assert_string_equal(sentences(diff, "pairs"), expected);
    assert_true(json_is_null(json_object_get(diff, "calls")));
    json_decref(diff);
    policy_free(a);
    policy_free(b);
}

#define HOLDS(domain)                                                                              \
    "  - {Domains: [" domain                                                                       \
    "], Licenses: [{Name: Lync Server CAL}], Activated: [{Provider: skype}]}\n"
#define LACKS(domain) "  - {Domains: [" domain "], Licenses: [], Activated: [{Provider: skype}]}\n"

static void equal_tables_differ_in_nothing(void **state)
{
    (void)state;
    expect_pairs("", "", "");
    expect_pairs("enterprise:\n" HOLDS("a.example") HOLDS("b.example"),
                 "enterprise:\n" HOLDS("b.example") HOLDS("a.example"), "");
}

/* With several domains and no "*", nothing is known of a user who is not named. */
static void a_domain_that_loses_its_licence_is_named(void **state)
{
    (void)state;
    expect_pairs("enterprise:\n" HOLDS("a.example") HOLDS("b.example"),
                 "enterprise:\n" HOLDS("a.example") LACKS("b.example"),
                 "skype audio: allow -> deny for b.example (domain b.example holds no Lync "
                 "Server CAL, which provider skype requires)\n");
}

static void domains_that_come_and_go_are_counted_once(void **state)
{
    (void)state;
    expect_pairs("enterprise:\n" HOLDS("a.example") HOLDS("b.example"),
                 "enterprise:\n" HOLDS("a.example") HOLDS("c.example"),
                 "skype audio: allow -> deny for b.example (domain b.example is not an "
                 "enterprise domain of the table)\n"
                 "skype audio: deny -> allow for c.example (provider skype allows audio)\n");
}

static void equal_changes_are_one_line(void **state)
{
    struct policy *a = table(providers, "enterprise:\n" HOLDS("a.example") HOLDS("b.example")
                                            HOLDS("c.example") HOLDS("d.example"));
    struct policy *b = table(providers, "enterprise:\n" HOLDS("a.example") LACKS("b.example")
                                            LACKS("c.example") LACKS("d.example"));
    json_t *diff = policy_diff(a, b, NULL, NOW);
    const json_t *pairs = json_object_get(diff, "pairs");

    (void)state;
    assert_int_equal(json_array_size(pairs), 1);
    assert_non_null(strstr(sentences(diff, "pairs"), "for 3 domains, "));
    assert_int_equal(json_integer_value(json_object_get(json_array_get(pairs, 0), "n")), 3);
    json_decref(diff);
    policy_free(a);
    policy_free(b);
}

static void a_rule_about_a_user_is_a_change_for_that_user(void **state)
{
    (void)state;
    expect_pairs(
        "", "users:\n  - {Rule: deny, Users: [eve@contoso.com]}\n",
        "skype audio: allow -> deny for eve@contoso.com (a rule denies the enterprise user "
        "audio with provider skype)\n");
}

static void a_rule_about_a_public_user_is_a_change_for_that_user(void **state)
{
    static const char rule[] = "users:\n  - {Rule: deny, Users: [eve@outlook.com], Side: public}\n";
    static const char contoso[] = "enterprise:\n" HOLDS("contoso.com");
    static const char line[] = "skype audio: allow -> deny for eve@outlook.com (a rule denies the "
                               "public user audio with provider skype)\n";
    char after[512];

    (void)state;
    expect_pairs("", rule, line);
    (void)snprintf(after, sizeof(after), "%s%s", contoso, rule);
    expect_pairs(contoso, after, line);
}

static void a_provider_that_is_new_is_compared_too(void **state)
{
    struct policy *a = table(providers, "");
    struct policy *b =
        table(providers, "  - {Identity: wlm, Enabled: yes, capabilities: {video: yes}}\n");
    json_t *diff = policy_diff(a, b, NULL, NOW);

    (void)state;
    assert_non_null(strstr(sentences(diff, "pairs"),
                           "wlm video: deny -> allow for whoever is not named (provider wlm"));
    json_decref(diff);
    policy_free(a);
    policy_free(b);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static json_t *diff_calls(const char *after, const char *calls_json)
{
    struct policy *a = table(providers, ""), *b = table(providers, after);
    json_t *calls = json_loads(calls_json, 0, NULL);
    json_t *diff = policy_diff(a, b, calls, NOW);

    assert_non_null(calls);
    json_decref(calls);
    policy_free(a);
    policy_free(b);
    return diff;
}

#define CALL(id, user)                                                                             \
    "{\"call_id\":\"" id "\", \"provider\":\"skype\", \"peer_fqdn\":\"\", \"remote_user\":\"\", "  \
    "\"enterprise_user\":\"" user "\", \"to_provider\":true, \"allowed\":[\"audio\"]}"

static void the_calls_that_would_end_are_named_with_the_reason(void **state)
{
    json_t *diff = diff_calls("users:\n  - {Rule: deny, Users: [eve@contoso.com]}\n",
                              "[" CALL("1", "sip:alice@contoso.com") "," CALL(
                                  "2", "sip:eve@contoso.com") "," CALL("3", "") "]");

    (void)state;
    assert_string_equal(sentences(diff, "calls"),
                        "call 2: audio ends (a rule denies the enterprise user "
                        "audio with provider skype)\n");
    json_decref(diff);
}

static void what_is_no_call_is_passed_over(void **state)
{
    json_t *diff = diff_calls("users:\n  - {Rule: deny, Users: [\"*\"]}\n",
                              "[1, null, {}, [], {\"allowed\":[7, \"smell\", null]},"
                              "{\"allowed\":[\"audio\"]}]");

    (void)state;
    assert_int_equal(json_array_size(json_object_get(diff, "calls")), 1);
    json_decref(diff);
}

/* The limits of the table, as an administrator of many domains has it. */
static void ten_thousand_domains_are_compared(void **state)
{
    char *text[2] = {NULL, NULL}, err[512];
    struct policy *p[2] = {NULL, NULL};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        size_t n = 0;
        FILE *out = open_memstream(&text[i], &n);

        assert_non_null(out);
        fprintf(out, "%senterprise:\n", providers);
        for (unsigned k = 0; k < 10000; k++)
            fprintf(out,
                    "  - {Domains: [d%u.example], Licenses: [%s], Activated: [{Provider: "
                    "skype}]}\n",
                    k, i == 0 || k % 2 ? "{Name: Lync Server CAL}" : "");
        fclose(out);
        assert_int_equal(policy_parse(&p[i], text[i], n, "table", err, sizeof(err)), 0);
    }
    json_t *diff = policy_diff(p[0], p[1], NULL, NOW);
    assert_non_null(strstr(sentences(diff, "pairs"), "for 5000 domains, "));
    json_decref(diff);
    for (unsigned i = 0; i < 2; i++) {
        policy_free(p[i]);
        free(text[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_tables_differ_in_nothing),
        cmocka_unit_test(a_domain_that_loses_its_licence_is_named),
        cmocka_unit_test(domains_that_come_and_go_are_counted_once),
        cmocka_unit_test(equal_changes_are_one_line),
        cmocka_unit_test(a_rule_about_a_user_is_a_change_for_that_user),
        cmocka_unit_test(a_rule_about_a_public_user_is_a_change_for_that_user),
        cmocka_unit_test(a_provider_that_is_new_is_compared_too),
        cmocka_unit_test(the_calls_that_would_end_are_named_with_the_reason),
        cmocka_unit_test(what_is_no_call_is_passed_over),
        cmocka_unit_test(ten_thousand_domains_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
