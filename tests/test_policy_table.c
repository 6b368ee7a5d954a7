#include "relay/control/policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/control/policy/policy_table.h"

/* The provider table of Lync Server 2013's public IM connectivity, to be compared with its
 * documentation line by line: each provider and kind, by the licences that a domain holds, on five
 * days. The table is the shipped one; the domains stand for the licences. All of them have every
 * service activated since 2011. */
static const char domains[] =
    "enterprise:\n"
    "  - Domains: [none.example]\n"
    "    Activated: &\n"
    "  - Domains: [cal.example]\n"
    "    Licenses: [{Name: Lync Server CAL}]\n"
    "    Activated: &\n"
    "  - Domains: [plan1.example]\n"
    "    Licenses: [{Name: Lync Online Plan 1}]\n"
    "    Activated: &\n"
    "  - Domains: [plan2.example]\n"
    "    Licenses: [{Name: Lync Online Plan 2}]\n"
    "    Activated: &\n"
    "  - Domains: [plan3.example]\n"
    "    Licenses: [{Name: Lync Online Plan 3}]\n"
    "    Activated: &\n"
    "  - Domains: [usl.example]\n"
    "    Licenses: [{Name: Lync PIC USL, Since: 2011-06-01}]\n"
    "    Activated: &\n"
    "  - Domains: [cal-usl.example]\n"
    "    Licenses: [{Name: Lync Server CAL}, {Name: Lync PIC USL, Since: 2011-06-01}]\n"
    "    Activated: &\n"
    "  - Domains: [cal-usl-2013.example]\n"
    "    Licenses:\n"
    "      - {Name: Lync Server CAL}\n"
    "      - {Name: Lync PIC USL, Since: 2011-06-01, Until: 2013-10-06}\n"
    "    Activated: &\n"
    "  - Domains: [late.example]\n"
    "    Licenses: [{Name: Lync Server CAL}]\n"
    "    Activated: []\n";

static const char activated[] =
    "[{Provider: skype, Since: 2011-01-01}, {Provider: wlm, Since: 2011-01-01}, "
    "{Provider: aol, Since: 2011-01-01}, {Provider: yahoo, Since: 2011-01-01}]";

static const char *const days[] = {"2012-08-31", "2013-10-07", "2014-06-30", "2014-07-01",
                                   "2026-11-22"};

/* yes; -: not a capability; L: a licence is missing; l: it has ended; E: the service has ended;
 * N: not activated; X: closed to new domains. Domains without their ".example"; every provider,
 * kind and domain is in exactly one row. */
static const struct {
    const char *provider, *kinds, *domains, *verdicts;
} table[] = {
    /*                                                     12-08 13-10 14-06 14-07 today */
    {"skype", "im presence audio", "cal plan1 plan2 plan3", "yes   yes   yes   yes   yes"},
    {"skype", "im presence audio", "cal-usl cal-usl-2013", " yes   yes   yes   yes   yes"},
    {"skype", "im presence audio", "none usl", "             L     L     L     L     L"},
    {"skype", "im presence audio", "late", "                 N     N     N     N     N"},
    {"skype", "video", "none cal plan1 plan2 plan3", "       -     -     -     -     -"},
    {"skype", "video", "usl cal-usl cal-usl-2013 late", "    -     -     -     -     -"},

    {"wlm", "im presence audio video", "cal", "              yes   yes   yes   yes   yes"},
    {"wlm", "im presence audio video", "cal-usl", "          yes   yes   yes   yes   yes"},
    {"wlm", "im presence audio video", "cal-usl-2013", "     yes   yes   yes   yes   yes"},
    {"wlm", "im presence audio video", "none usl", "         L     L     L     L     L"},
    {"wlm", "im presence audio video", "plan1 plan2 plan3", "L     L     L     L     L"},
    {"wlm", "im presence audio video", "late", "             N     N     N     N     N"},

    {"aol", "im presence", "cal cal-usl cal-usl-2013", "     yes   yes   yes   E     E"},
    {"aol", "im presence", "none usl", "                     L     L     L     E     E"},
    {"aol", "im presence", "plan1 plan2 plan3", "            L     L     L     E     E"},
    {"aol", "im presence", "late", "                         X     X     X     E     E"},
    {"aol", "audio video", "none cal plan1 plan2 plan3", "   -     -     -     -     -"},
    {"aol", "audio video", "usl cal-usl cal-usl-2013 late", "-     -     -     -     -"},

    {"yahoo", "im presence", "cal-usl", "                    yes   yes   yes   E     E"},
    {"yahoo", "im presence", "cal-usl-2013", "               yes   l     l     E     E"},
    {"yahoo", "im presence", "none cal usl late", "          L     L     L     E     E"},
    {"yahoo", "im presence", "plan1 plan2 plan3", "          L     L     L     E     E"},
    {"yahoo", "audio video", "none cal plan1 plan2 plan3", " -     -     -     -     -"},
    {"yahoo", "audio video", "usl cal-usl cal-usl-2013 late", "-     -     -     -     -"},
};

static const char *const all_providers[] = {"skype", "wlm", "aol", "yahoo"};
static const char *const all_kinds[] = {"im", "presence", "audio", "video"};
static const char *const all_domains[] = {"none", "cal",     "plan1",        "plan2", "plan3",
                                          "usl",  "cal-usl", "cal-usl-2013", "late"};

static const char *word_of(enum policy_code code)
{
    static const char *const words[POLICY_CODE_COUNT] = {
        [POLICY_CODE_ALLOWED] = "yes",     [POLICY_CODE_CAPABILITY] = "-",
        [POLICY_CODE_LICENSE] = "L",       [POLICY_CODE_LICENSE_ENDED] = "l",
        [POLICY_CODE_SERVICE_ENDED] = "E", [POLICY_CODE_NOT_ACTIVATED] = "N",
        [POLICY_CODE_NEW_DOMAIN] = "X",
    };

    return words[code] ? words[code] : policy_code_name(code);
}

/* The shipped table with these domains in the place of its own. */
static int load(void **state)
{
    const char *end = memmem(policy_builtin_yaml, policy_builtin_bytes, "\nenterprise:\n", 13);
    char *text = NULL, err[512] = "";
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(end);
    fwrite(policy_builtin_yaml, 1, (size_t)(end + 1 - policy_builtin_yaml), out);
    for (const char *c = domains; *c; c++) {
        if (*c == '&')
            fputs(activated, out);
        else
            fputc(*c, out);
    }
    fclose(out);
    if (policy_parse((struct policy **)state, text, n, "table", err, sizeof(err)))
        fail_msg("%s", err);
    free(text);
    return 0;
}

static int unload(void **state)
{
    policy_free(*state);
    return 0;
}

static void check_moment(const struct policy *p, const struct policy_query *q, size_t row,
                         const char *day, const char *expected)
{
    struct policy_decision d;

    policy_decide(&d, p, q);
    if (strcmp(word_of(d.code), expected) != 0)
        fail_msg("%s %s, " STR_FMT ", %s: expected %s, got %s (%s)", table[row].provider,
                 media_kind_name(q->kind), STR_ARG(q->enterprise_user), day, expected,
                 word_of(d.code), d.reason);
}

/* In both directions, in the first and in the last second of the day. */
static void check_cell(const struct policy *p, size_t row, const char *kind, const char *domain,
                       const char *day, const char *expected)
{
    char user[128];
    struct policy_query q = {.provider = table[row].provider};
    int64_t start;

    snprintf(user, sizeof(user), "sip:alice@%s.example", domain);
    q.enterprise_user = str_of(user);
    assert_true(media_kind_parse(&q.kind, str_of(kind)));
    assert_true(policy_date_parse(day, &start));
    for (unsigned way = 0; way < 4; way++) {
        q.direction = way % 2 ? POLICY_FROM_PROVIDER : POLICY_TO_PROVIDER;
        q.unix_time = way < 2 ? start : start + POLICY_DAY_S - 1;
        check_moment(p, &q, row, day, expected);
    }
}

/* Calls check for each of its kinds and domains. */
static void for_each(size_t row,
                     void (*check)(size_t row, const char *kind, const char *domain, void *arg),
                     void *arg)
{
    char kinds[64], domains_of[64], *kind, *domain, *rest_kinds = kinds;

    snprintf(kinds, sizeof(kinds), "%s", table[row].kinds);
    while ((kind = strtok_r(rest_kinds, " ", &rest_kinds)) != NULL) {
        char *rest = domains_of;

        snprintf(domains_of, sizeof(domains_of), "%s", table[row].domains);
        while ((domain = strtok_r(rest, " ", &rest)) != NULL)
            check(row, kind, domain, arg);
    }
}

static void check_days(size_t row, const char *kind, const char *domain, void *arg)
{
    char verdicts[5][8];

    assert_int_equal(sscanf(table[row].verdicts, "%7s %7s %7s %7s %7s", verdicts[0], verdicts[1],
                            verdicts[2], verdicts[3], verdicts[4]),
                     5);
    for (unsigned i = 0; i < 5; i++)
        check_cell(arg, row, kind, domain, days[i], verdicts[i]);
}

static void the_table_decides_as_its_documentation_says(void **state)
{
    for (size_t row = 0; row < sizeof(table) / sizeof(table[0]); row++)
        for_each(row, check_days, *state);
}

/* ---- is it all of it? -------------------------------------------------------------------------
 */

/* One combination, and how often it was found. */
struct combination {
    const char *provider, *kind, *domain;
    unsigned n;
};

static void look_for(size_t row, const char *kind, const char *domain, void *arg)
{
    struct combination *c = arg;

    c->n += strcmp(table[row].provider, c->provider) == 0 && strcmp(kind, c->kind) == 0 &&
            strcmp(domain, c->domain) == 0;
}

static void expect_once(struct combination *c)
{
    for (size_t row = 0; row < sizeof(table) / sizeof(table[0]); row++)
        for_each(row, look_for, c);
    if (c->n != 1)
        fail_msg("%s %s, %s: in %u rows of the table", c->provider, c->kind, c->domain, c->n);
}

static void every_combination_is_in_one_row(void **state)
{
    (void)state;
    for (unsigned p = 0; p < 4; p++) {
        for (unsigned k = 0; k < 4; k++) {
            for (size_t d = 0; d < sizeof(all_domains) / sizeof(all_domains[0]); d++)
                expect_once(
                    &(struct combination){all_providers[p], all_kinds[k], all_domains[d], 0});
        }
    }
}

static void the_shipped_table_has_these_providers_and_no_others(void **state)
{
    const struct policy *p = *state;

    for (unsigned i = 0; i < 4; i++)
        assert_string_equal(policy_provider_at(p, i), all_providers[i]);
    assert_null(policy_provider_at(p, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_table_decides_as_its_documentation_says, load, unload),
        cmocka_unit_test(every_combination_is_in_one_row),
        cmocka_unit_test_setup_teardown(the_shipped_table_has_these_providers_and_no_others, load,
                                        unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
