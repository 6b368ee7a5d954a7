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
 * N: not activated; X: closed to new domains */
static const struct {
    const char *provider, *kinds, *domain, *verdicts;
} table[] = {
    /*                                                12-08 13-10 14-06 14-07 today */
    {"skype", "im presence audio", "none.example", "         L     L     L     L     L   "},
    {"skype", "im presence audio", "cal.example", "          yes   yes   yes   yes   yes "},
    {"skype", "im presence audio", "plan1.example", "        yes   yes   yes   yes   yes "},
    {"skype", "im presence audio", "plan2.example", "        yes   yes   yes   yes   yes "},
    {"skype", "im presence audio", "plan3.example", "        yes   yes   yes   yes   yes "},
    {"skype", "im presence audio", "usl.example", "          L     L     L     L     L   "},
    {"skype", "im presence audio", "late.example", "         N     N     N     N     N   "},
    {"skype", "video", "none.example", "                     -     -     -     -     -   "},
    {"skype", "video", "cal.example", "                      -     -     -     -     -   "},
    {"skype", "video", "late.example", "                     -     -     -     -     -   "},

    {"wlm", "im presence audio video", "none.example", "     L     L     L     L     L   "},
    {"wlm", "im presence audio video", "cal.example", "      yes   yes   yes   yes   yes "},
    {"wlm", "im presence audio video", "plan1.example", "    L     L     L     L     L   "},
    {"wlm", "im presence audio video", "plan3.example", "    L     L     L     L     L   "},
    {"wlm", "im presence audio video", "late.example", "     N     N     N     N     N   "},

    {"aol", "im presence", "none.example", "                 L     L     L     E     E   "},
    {"aol", "im presence", "cal.example", "                  yes   yes   yes   E     E   "},
    {"aol", "im presence", "plan2.example", "                L     L     L     E     E   "},
    {"aol", "im presence", "late.example", "                 X     X     X     E     E   "},
    {"aol", "audio video", "none.example", "                 -     -     -     -     -   "},
    {"aol", "audio video", "cal.example", "                  -     -     -     -     -   "},

    {"yahoo", "im presence", "none.example", "               L     L     L     E     E   "},
    {"yahoo", "im presence", "cal.example", "                L     L     L     E     E   "},
    {"yahoo", "im presence", "usl.example", "                L     L     L     E     E   "},
    {"yahoo", "im presence", "cal-usl.example", "            yes   yes   yes   E     E   "},
    {"yahoo", "im presence", "cal-usl-2013.example", "       yes   l     l     E     E   "},
    {"yahoo", "audio video", "cal-usl.example", "            -     -     -     -     -   "},
    {"yahoo", "audio video", "none.example", "               -     -     -     -     -   "},
};

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

static void check_cell(const struct policy *p, size_t row, const char *kind, const char *day,
                       const char *expected)
{
    char user[128];
    struct policy_query q = {.provider = table[row].provider};
    struct policy_decision d;

    snprintf(user, sizeof(user), "sip:alice@%s", table[row].domain);
    q.enterprise_user = str_of(user);
    assert_true(media_kind_parse(&q.kind, str_of(kind)));
    assert_true(policy_date_parse(day, &q.unix_time));
    for (unsigned second = 0; second < 2; second++) { /* the first and the last of the day */
        policy_decide(&d, p, &q);
        if (strcmp(word_of(d.code), expected) != 0)
            fail_msg("%s %s, %s, %s: expected %s, got %s (%s)", table[row].provider, kind,
                     table[row].domain, day, expected, word_of(d.code), d.reason);
        q.unix_time += POLICY_DAY_S - 1;
    }
}

static void the_table_decides_as_its_documentation_says(void **state)
{
    for (size_t row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
        char verdicts[5][8];
        char kinds[64], *rest = kinds, *kind;

        assert_int_equal(sscanf(table[row].verdicts, "%7s %7s %7s %7s %7s", verdicts[0],
                                verdicts[1], verdicts[2], verdicts[3], verdicts[4]),
                         5);
        snprintf(kinds, sizeof(kinds), "%s", table[row].kinds);
        while ((kind = strtok_r(rest, " ", &rest)) != NULL) {
            for (unsigned i = 0; i < 5; i++)
                check_cell(*state, row, kind, days[i], verdicts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_table_decides_as_its_documentation_says, load, unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
