#include "relay/control/policy/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "relay/config.h"
#include "relay/control/policy/policy_table.h"
#include "tests/sim/malloc_count.h"

#define IN_2013       ((int64_t)1380585600) /* 2013-10-01 */
#define LAST_SECOND   ((int64_t)1404172799) /* 2014-06-30T23:59:59Z */
#define AFTER_THE_END ((int64_t)1404172800) /* 2014-07-01T00:00:00Z */
#define IN_2026       ((int64_t)1795305600) /* 2026-11-22 */

#define ROW "{Identity: p, Enabled: yes, capabilities: {audio: yes}"

static int load_builtin(void **state)
{
    return policy_load_builtin((struct policy **)state);
}

static int unload(void **state)
{
    policy_free(*state);
    return 0;
}

static int parse(struct policy **pp, const char *yaml, char *err, size_t err_cap)
{
    return policy_parse(pp, yaml, strlen(yaml), "my.yaml", err, err_cap);
}

struct decision_row {
    const char *provider;
    enum media_kind kind;
    enum policy_code code;
    int64_t unix_time;
    const char *reason;
};

static void check_decisions(const struct policy *p, const struct decision_row *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        const struct policy_query query = {
            .provider = rows[i].provider, .kind = rows[i].kind, .unix_time = rows[i].unix_time};
        struct policy_decision d;

        memset(&d, 0x5a, sizeof(d));
        policy_decide(&d, p, &query);
        if (d.code != rows[i].code || strcmp(d.reason, rows[i].reason) != 0)
            fail_msg("row %zu: %s: %s", i, policy_code_name(d.code), d.reason);
        assert_int_equal(d.verdict,
                         rows[i].code == POLICY_CODE_ALLOWED ? POLICY_ALLOW : POLICY_DENY);
    }
}

#define CHECK_DECISIONS(p, rows) check_decisions(p, rows, sizeof(rows) / sizeof((rows)[0]))

static void builtin_table_decides_as_lync_server_2013(void **state)
{
    static const struct decision_row rows[] = {
        {"skype", MEDIA_AUDIO, POLICY_CODE_ALLOWED, IN_2026, "provider skype allows audio"},
        {"skype", MEDIA_VIDEO, POLICY_CODE_CAPABILITY, IN_2026, "provider skype allows no video"},
        {"skype", MEDIA_IM, POLICY_CODE_ALLOWED, IN_2026, "provider skype allows instant messages"},
        {"wlm", MEDIA_AUDIO, POLICY_CODE_ALLOWED, IN_2026, "provider wlm allows audio"},
        {"wlm", MEDIA_VIDEO, POLICY_CODE_ALLOWED, IN_2026, "provider wlm allows video"},
        {"aol", MEDIA_AUDIO, POLICY_CODE_CAPABILITY, IN_2013,
         "provider aol allows no audio or video"},
        {"aol", MEDIA_VIDEO, POLICY_CODE_CAPABILITY, IN_2013,
         "provider aol allows no audio or video"},
        {"aol", MEDIA_IM, POLICY_CODE_NEW_DOMAIN, IN_2013,
         "provider aol accepts no new domains, and is not activated for the enterprise"},
        {"yahoo", MEDIA_AUDIO, POLICY_CODE_CAPABILITY, IN_2013,
         "provider yahoo allows no audio or video"},
        {"yahoo", MEDIA_IM, POLICY_CODE_LICENSE, IN_2013,
         "the enterprise holds no Lync PIC USL, which provider yahoo requires"},
        {"wlm", MEDIA_PRESENCE, POLICY_CODE_ALLOWED, IN_2026, "provider wlm allows presence"},
    };

    CHECK_DECISIONS(*state, rows);
}

static void service_lasts_to_the_end_of_its_last_day(void **state)
{
    static const struct decision_row rows[] = {
        {"p", MEDIA_AUDIO, POLICY_CODE_ALLOWED, LAST_SECOND, "provider p allows audio"},
        {"p", MEDIA_AUDIO, POLICY_CODE_SERVICE_ENDED, AFTER_THE_END,
         "the service of provider p ended on 2014-06-30"},
    };
    static const struct decision_row open_end[] = {
        {"wlm", MEDIA_VIDEO, POLICY_CODE_ALLOWED, INT64_MAX - 1, "provider wlm allows video"},
    };
    struct policy *p = NULL;
    char err[256] = "";

    assert_int_equal(parse(&p, "providers: [" ROW ", ServiceUntil: 2014-06-30}]", err, sizeof(err)),
                     0);
    CHECK_DECISIONS(p, rows);
    policy_free(p);
    CHECK_DECISIONS(*state, open_end);
}

static void capability_is_decided_before_the_date(void **state)
{
    static const struct decision_row rows[] = {
        {"aol", MEDIA_AUDIO, POLICY_CODE_CAPABILITY, IN_2026,
         "provider aol allows no audio or video"},
        {"yahoo", MEDIA_VIDEO, POLICY_CODE_CAPABILITY, IN_2026,
         "provider yahoo allows no audio or video"},
    };

    CHECK_DECISIONS(*state, rows);
}

static void what_is_not_known_is_denied(void **state)
{
    static const struct decision_row rows[] = {
        {NULL, MEDIA_AUDIO, POLICY_CODE_UNKNOWN_PROVIDER, IN_2026,
         "the provider of the call is not known"},
        {"", MEDIA_AUDIO, POLICY_CODE_UNKNOWN_PROVIDER, IN_2026,
         "the provider of the call is not known"},
        {"icq", MEDIA_AUDIO, POLICY_CODE_UNKNOWN_PROVIDER, IN_2026, "no provider row for \"icq\""},
        {"skype.", MEDIA_AUDIO, POLICY_CODE_UNKNOWN_PROVIDER, IN_2026,
         "no provider row for \"skype.\""},
        {"skyp", MEDIA_AUDIO, POLICY_CODE_UNKNOWN_PROVIDER, IN_2026,
         "no provider row for \"skyp\""},
        {"a\nb\x1b", MEDIA_AUDIO, POLICY_CODE_UNKNOWN_PROVIDER, IN_2026,
         "no provider row for \"a\\nb\\x1b\""},
        {"wlm", MEDIA_OTHER, POLICY_CODE_CAPABILITY, IN_2026,
         "provider wlm allows no media of other kinds"},
        {"wlm", (enum media_kind)99, POLICY_CODE_CAPABILITY, IN_2026,
         "provider wlm allows no media of other kinds"},
        {"wlm", (enum media_kind)INT32_MAX, POLICY_CODE_CAPABILITY, IN_2026,
         "provider wlm allows no media of other kinds"},
    };

    CHECK_DECISIONS(*state, rows);
}

static void provider_names_have_no_case(void **state)
{
    static const struct decision_row rows[] = {
        {"SKYPE", MEDIA_AUDIO, POLICY_CODE_ALLOWED, IN_2026, "provider skype allows audio"},
        {"WlM", MEDIA_VIDEO, POLICY_CODE_ALLOWED, IN_2026, "provider wlm allows video"},
    };

    CHECK_DECISIONS(*state, rows);
    assert_string_equal(policy_provider_name(*state, "Skype"), "skype");
    assert_null(policy_provider_name(*state, "icq"));
    assert_null(policy_provider_name(*state, NULL));
}

static void a_long_name_of_a_stranger_is_cut_in_the_reason(void **state)
{
    char name[4000];
    const struct policy_query query = {.provider = name, .kind = MEDIA_AUDIO};
    struct policy_decision d;

    memset(name, '\x01', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    policy_decide(&d, *state, &query);
    assert_int_equal(d.verdict, POLICY_DENY);
    assert_true(strlen(d.reason) < POLICY_REASON_MAX);
    assert_string_equal(d.reason + strlen(d.reason) - 4, "...\"");
}

/* The table of the documentation, row by row; a change of the shipped file shows here. */
static void builtin_table_is_the_documented_one(void **state)
{
    static const struct {
        const char *identity;
        bool im, presence, audio, video;
        const char *until, *routing_domain;
        unsigned n_licenses, n_needed_together;
    } rows[] = {
        {"skype", true, true, true, false, "", "msn.com", 4, 1},
        {"wlm", true, true, true, true, "", "msn.com", 1, 1},
        {"aol", true, true, false, false, "2014-06-30", "", 1, 1},
        {"yahoo", true, true, false, false, "2014-06-30", "", 1, 2},
    };
    const struct policy *p = *state;

    assert_int_equal(p->n_rows, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct policy_row *row = &p->rows[i];

        assert_string_equal(row->identity, rows[i].identity);
        assert_true(row->is_enabled);
        assert_int_equal(row->allows[MEDIA_IM], rows[i].im);
        assert_int_equal(row->allows[MEDIA_PRESENCE], rows[i].presence);
        assert_int_equal(row->allows[MEDIA_AUDIO], rows[i].audio);
        assert_int_equal(row->allows[MEDIA_VIDEO], rows[i].video);
        assert_string_equal(row->service_until, rows[i].until);
        assert_string_equal(row->routing_domain, rows[i].routing_domain);
        assert_int_equal(row->n_licenses, rows[i].n_licenses);
        assert_int_equal(row->licenses[0].n_names, rows[i].n_needed_together);
        assert_int_equal(row->verification_level, 2);
    }
    assert_string_equal(p->rows[0].proxy_fqdn, "federation.messenger.msn.com");
    assert_string_equal(p->rows[0].excluded_domains[3], "hotmail.com");
    assert_string_equal(p->rows[3].licenses[0].names[1], "Lync PIC USL");
}

static void a_row_that_is_not_enabled_denies_everything(void **state)
{
    static const struct decision_row rows[] = {
        {"msn", MEDIA_AUDIO, POLICY_CODE_DISABLED, IN_2026, "provider msn is not enabled"},
        {"msn", MEDIA_VIDEO, POLICY_CODE_DISABLED, IN_2026, "provider msn is not enabled"},
    };
    struct policy *p = NULL;
    char err[256] = "";

    (void)state;
    assert_int_equal(parse(&p,
                           "providers: [{Identity: MSN, Enabled: false, capabilities: {audio: "
                           "true}}]",
                           err, sizeof(err)),
                     0);
    CHECK_DECISIONS(p, rows);
    policy_free(p);
}

static void a_capability_that_is_not_listed_is_denied(void **state)
{
    static const struct decision_row rows[] = {
        {"p", MEDIA_AUDIO, POLICY_CODE_ALLOWED, IN_2026, "provider p allows audio"},
        {"p", MEDIA_VIDEO, POLICY_CODE_CAPABILITY, IN_2026, "provider p allows no video"},
        {"p", MEDIA_IM, POLICY_CODE_CAPABILITY, IN_2026, "provider p allows no instant messages"},
    };
    struct policy *p = NULL;
    char err[256] = "";

    (void)state;
    assert_int_equal(parse(&p, "providers: [" ROW "}]", err, sizeof(err)), 0);
    CHECK_DECISIONS(p, rows);
    assert_int_equal(p->rows[0].verification_level, 2); /* use source verification */
    policy_free(p);
}

static void an_empty_list_of_providers_denies_everybody(void **state)
{
    static const struct decision_row rows[] = {
        {"skype", MEDIA_AUDIO, POLICY_CODE_UNKNOWN_PROVIDER, IN_2013,
         "no provider row for \"skype\""},
    };
    struct policy *p = NULL;
    char err[256] = "";

    (void)state;
    assert_int_equal(parse(&p, "providers: []", err, sizeof(err)), 0);
    CHECK_DECISIONS(p, rows);
    policy_free(p);
}

static void dates_are_those_of_the_calendar(void **state)
{
    static const struct {
        const char *date;
        int64_t end; /* first second after it; 0: refused */
    } rows[] = {
        {"1970-01-01", 86400},
        {"2000-02-29", 951868800},
        {"2014-06-30", 1404172800},
        {"2016-02-29", 1456790400},
        {"2100-02-28", 4107542400},
        {"9999-12-31", 253402300800},
        {"1999-12-31", 946684800},
        {"2100-02-29", 0},
        {"2015-02-29", 0},
        {"2014-06-31", 0},
        {"2014-13-01", 0},
        {"2014-00-01", 0},
        {"2014-01-00", 0},
        {"1969-12-31", 0},
        {"2014-6-30", 0},
        {"30.06.2014", 0},
        {"2014-06-30T00:00:00Z", 0},
        {"2014-06", 0},
        {"", 0},
        {"never", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy *p = NULL;
        char yaml[256];
        char err[256] = "";
        int e;

        snprintf(yaml, sizeof(yaml), "providers: [" ROW ", ServiceUntil: %s}]", rows[i].date);
        e = parse(&p, yaml, err, sizeof(err));
        if (e != (rows[i].end ? 0 : EINVAL))
            fail_msg("\"%s\": %d, %s", rows[i].date, e, err);
        if (!e && p->rows[0].service_end != rows[i].end)
            fail_msg("\"%s\": %lld", rows[i].date, (long long)p->rows[0].service_end);
        policy_free(p);
    }
}

static void bad_tables_are_refused_with_line_and_reason(void **state)
{
    static const struct {
        const char *yaml, *err;
    } rows[] = {
        {"", "my.yaml:1: policy: an empty file; expected a list of providers"},
        {"# nothing\n", "my.yaml:1: policy: an empty file"},
        {"{}", "my.yaml:1: policy: no providers; expected, for example, providers: ["},
        {"provider: []", "my.yaml:1: policy: unknown key \"provider\"; expected \"providers\"?"},
        {"providers: {}", "my.yaml:1: providers: a map: expected a list"},
        {"providers:\n  - skype\n", "my.yaml:2: provider: \"skype\": expected a map"},
        {"providers:\n  - Enabled: yes\n", "my.yaml:2: provider: no Identity"},
        {"providers:\n  - Identity: a\n    Enabled: yes\n", "my.yaml:2: provider: no capabilities"},
        {"providers:\n  - {Identity: a, capabilities: {}}\n", "my.yaml:2: provider: no Enabled"},
        {"providers:\n  - " ROW "}\n  - {Identity: P, Enabled: yes, capabilities: {}}\n",
         "my.yaml:3: Identity: \"P\": there is such a row already; expected one a provider"},
        {"providers:\n- {Identity: a,\n   Enabled: perhaps, capabilities: {}}\n",
         "my.yaml:3: Enabled: \"perhaps\": expected yes or no"},
        {"providers:\n- {Identity: a, Enabled: \"yes\", capabilities: {}}\n",
         "my.yaml:2: Enabled: \"yes\": expected yes or no"},
        {"providers:\n- {Identity: a b, Enabled: yes, capabilities: {}}\n",
         "my.yaml:2: Identity: \"a b\": expected only letters, digits"},
        {"providers:\n- {Identity: a, Enabled: yes, capabilities: {vidoe: yes}}\n",
         "my.yaml:2: capabilities: unknown key \"vidoe\"; expected \"video\"?"},
        {"providers:\n- {Identity: a, Enabled: yes, capabilities: {fax: yes}}\n",
         "my.yaml:2: capabilities: unknown key \"fax\"; expected one of: im, presence, audio, "
         "video"},
        {"providers:\n- {Identity: a, Enabled: yes, capabilities: yes}\n",
         "my.yaml:2: capabilities: \"yes\": expected a map, such as {im: yes}"},
        {"providers:\n- " ROW ", VerificationLevel: 4}\n",
         "my.yaml:2: VerificationLevel: \"4\": expected a whole number, 1 to 3"},
        {"providers:\n- " ROW ", ProxyFqdn: -a.com}\n",
         "my.yaml:2: ProxyFqdn: \"-a.com\": expected a domain name"},
        {"providers:\n- " ROW ", ProxyFqdn: a..com}\n", "my.yaml:2: ProxyFqdn: \"a..com\""},
        {"providers:\n- " ROW ", ProxyFqdn: a-.com}\n", "my.yaml:2: ProxyFqdn: \"a-.com\""},
        {"providers:\n- " ROW ", ProxyFqdn: a.com.}\n", "my.yaml:2: ProxyFqdn: \"a.com.\""},
        {"providers:\n- " ROW ", ProxyFqdn: .}\n", "my.yaml:2: ProxyFqdn: \".\""},
        {"providers:\n- " ROW ", RequiresLicense: [Lync Server CAL]}\n",
         "my.yaml:2: RequiresLicense: \"Lync Server CAL\": expected a list, such as [Lync Server "
         "CAL]"},
        {"providers:\n- " ROW ", RequiresLicense: [[]]}\n",
         "my.yaml:2: RequiresLicense: a list of 0; expected 1 to 8 items"},
        {"providers:\n- " ROW ", ServiceUntil: soon}\n",
         "my.yaml:2: ServiceUntil: \"soon\": expected a day of the calendar, such as 2014-06-30"},
        {"providers: &a []\n", "my.yaml:1: anchor \"&a\": aliases are not allowed here"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy *p = NULL;
        char err[512] = "";

        assert_int_equal(parse(&p, rows[i].yaml, err, sizeof(err)), EINVAL);
        assert_null(p);
        if (strncmp(err, rows[i].err, strlen(rows[i].err)) != 0)
            fail_msg("\n  said:     %s\n  expected: %s", err, rows[i].err);
    }
}

static void domain_name_limits_are_those_of_dns(void **state)
{
    char label[65];
    char yaml[512];
    char err[512] = "";
    struct policy *p = NULL;

    (void)state;
    memset(label, 'a', 64);
    label[63] = '\0';
    snprintf(yaml, sizeof(yaml), "providers: [" ROW ", ProxyFqdn: %s.com}]", label);
    assert_int_equal(parse(&p, yaml, err, sizeof(err)), 0);
    policy_free(p);

    label[63] = 'a';
    label[64] = '\0';
    snprintf(yaml, sizeof(yaml), "providers: [" ROW ", ProxyFqdn: %s.com}]", label);
    assert_int_equal(parse(&p, yaml, err, sizeof(err)), EINVAL);
}

static void a_table_from_a_file_is_the_builtin_one_when_it_is_that_file(void **state)
{
    char path[] = "/tmp/picrelay-policy-XXXXXX";
    const struct policy *builtin = *state;
    struct policy *p = NULL;
    char err[512] = "";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, policy_builtin_yaml, policy_builtin_bytes), policy_builtin_bytes);
    close(fd);
    assert_int_equal(policy_load_file(&p, path, err, sizeof(err)), 0);
    assert_int_equal(p->n_rows, builtin->n_rows);
    assert_memory_equal(p->rows, builtin->rows, p->n_rows * sizeof(p->rows[0]));
    policy_free(p);
    unlink(path);

    assert_int_equal(policy_load_file(&p, path, err, sizeof(err)), ENOENT);
    assert_non_null(strstr(err, path));
}

static void any_allocation_may_fail(void **state)
{
    struct policy *p = NULL;
    unsigned n_failed = 0;
    int e = ENOMEM;

    (void)state;
    if (!malloc_fail_nth(1))
        skip();
    for (unsigned n = 1; e; n++) {
        (void)malloc_fail_nth(n);
        e = policy_load_builtin(&p);
        (void)malloc_fail_nth(0);
        if (e) {
            assert_int_equal(e, ENOMEM);
            assert_null(p);
        }
        n_failed += e != 0;
    }
    assert_true(n_failed > 10);
    policy_free(p);
}

static void interfaces_need_a_row_for_their_provider(void **state)
{
    struct config *cfg = malloc(sizeof(*cfg));
    char err[512] = "";

    assert_non_null(cfg);
    config_default(cfg);
    assert_int_equal(policy_check_config(*state, cfg, err, sizeof(err)), 0);
    strcpy(cfg->interfaces[2].provider, "icq");
    assert_int_equal(policy_check_config(*state, cfg, err, sizeof(err)), EINVAL);
    assert_string_equal(err, "interface wlm: provider icq has no row in the policy table; expected "
                             "an Identity of the built-in table");
    free(cfg);
}

static void names_of_codes_and_kinds_are_all_different(void **state)
{
    (void)state;
    for (unsigned i = 0; i < POLICY_CODE_COUNT; i++) {
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(policy_code_name((enum policy_code)i),
                                    policy_code_name((enum policy_code)j));
    }
    for (unsigned i = 0; i < MEDIA_KIND_COUNT; i++) {
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(media_kind_name((enum media_kind)i),
                                    media_kind_name((enum media_kind)j));
    }
    assert_string_equal(media_kind_name(MEDIA_AUDIO), "audio");
    assert_string_equal(policy_code_name(POLICY_CODE_COUNT), "unknown");
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, load_builtin, unload)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(builtin_table_decides_as_lync_server_2013),
        WITH_TABLE(service_lasts_to_the_end_of_its_last_day),
        WITH_TABLE(capability_is_decided_before_the_date),
        WITH_TABLE(what_is_not_known_is_denied),
        WITH_TABLE(provider_names_have_no_case),
        WITH_TABLE(a_long_name_of_a_stranger_is_cut_in_the_reason),
        WITH_TABLE(builtin_table_is_the_documented_one),
        cmocka_unit_test(a_row_that_is_not_enabled_denies_everything),
        cmocka_unit_test(a_capability_that_is_not_listed_is_denied),
        cmocka_unit_test(an_empty_list_of_providers_denies_everybody),
        cmocka_unit_test(dates_are_those_of_the_calendar),
        cmocka_unit_test(bad_tables_are_refused_with_line_and_reason),
        cmocka_unit_test(domain_name_limits_are_those_of_dns),
        WITH_TABLE(a_table_from_a_file_is_the_builtin_one_when_it_is_that_file),
        cmocka_unit_test(any_allocation_may_fail),
        WITH_TABLE(interfaces_need_a_row_for_their_provider),
        cmocka_unit_test(names_of_codes_and_kinds_are_all_different),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
