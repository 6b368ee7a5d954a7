#include "relay/control/policy/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TODAY ((int64_t)1795305600) /* 2026-11-22 */

static int load_builtin(void **state)
{
    return policy_load_builtin((struct policy **)state);
}

static int unload(void **state)
{
    policy_free(*state);
    return 0;
}

static struct policy *parse(const char *yaml)
{
    struct policy *p = NULL;
    char err[512] = "";

    if (policy_parse(&p, yaml, strlen(yaml), "my.yaml", err, sizeof(err)))
        fail_msg("%s", err);
    return p;
}

static void expect(const struct policy *p, const char *why, struct policy_query q,
                   enum policy_code code)
{
    struct policy_decision d;

    q.unix_time = q.unix_time ? q.unix_time : TODAY;
    policy_decide(&d, p, &q);
    if (d.code != code)
        fail_msg("%s: expected %s, got %s (%s)", why, policy_code_name(code),
                 policy_code_name(d.code), d.reason);
}

static void sources_of_the_provider_narrow_each_other(void **state)
{
#define MSN   "federation.messenger.msn.com"
#define VIDEO MEDIA_VIDEO
    static const struct {
        const char *why, *provider, *fqdn, *remote;
        enum policy_code audio, video;
    } rows[] = {
        {"a proxy of two: what both allow", NULL, MSN, "", POLICY_CODE_ALLOWED,
         POLICY_CODE_CAPABILITY},
        {"a decorated name: the same two", NULL, "", "sip:bob(fabrikam.com)@msn.com",
         POLICY_CODE_ALLOWED, POLICY_CODE_CAPABILITY},
        {"an address of an excluded domain", NULL, "", "sip:bob@hotmail.com", POLICY_CODE_ALLOWED,
         POLICY_CODE_CAPABILITY},
        {"the key narrows them", "wlm", MSN, "sip:bob(fabrikam.com)@msn.com", POLICY_CODE_ALLOWED,
         POLICY_CODE_ALLOWED},
        {"case does not count", "WLM", "Federation.Messenger.MSN.com", "sip:bob@MSN.com",
         POLICY_CODE_ALLOWED, POLICY_CODE_ALLOWED},
        {"a proxy of another", "skype", "sip.oscar.aol.com", "", POLICY_CODE_CONTRADICTION,
         POLICY_CODE_CONTRADICTION},
        {"an address of another", "aol", "", "sip:bob@hotmail.com", POLICY_CODE_CONTRADICTION,
         POLICY_CODE_CONTRADICTION},
        {"a proxy and an address that disagree", NULL, "sip.oscar.aol.com", "sip:bob@msn.com",
         POLICY_CODE_CONTRADICTION, POLICY_CODE_CONTRADICTION},
        {"a proxy of nobody, whatever the key says", "skype", "evil.example", "",
         POLICY_CODE_UNKNOWN_PROVIDER, POLICY_CODE_UNKNOWN_PROVIDER},
        {"a look-alike of a proxy", NULL, MSN ".evil.example", "", POLICY_CODE_UNKNOWN_PROVIDER,
         POLICY_CODE_UNKNOWN_PROVIDER},
        {"an address that no row describes says nothing", "skype", "", "sip:bob@fabrikam.com",
         POLICY_CODE_ALLOWED, POLICY_CODE_CAPABILITY},
        {"and alone it is nobody's", NULL, "", "sip:bob@fabrikam.com", POLICY_CODE_UNKNOWN_PROVIDER,
         POLICY_CODE_UNKNOWN_PROVIDER},
        {"a decoration at another domain", NULL, "", "sip:bob(fabrikam.com)@hotmail.com",
         POLICY_CODE_UNKNOWN_PROVIDER, POLICY_CODE_UNKNOWN_PROVIDER},
        {"a decoration that nobody writes", NULL, "", "sip:bob(hotmail.com)@msn.com",
         POLICY_CODE_UNKNOWN_PROVIDER, POLICY_CODE_UNKNOWN_PROVIDER},
        {"an address that cannot be read", "wlm", "", "sip:bob@msn.com@evil.example",
         POLICY_CODE_BAD_ADDRESS, POLICY_CODE_BAD_ADDRESS},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_query q = {.provider = rows[i].provider,
                                 .peer_fqdn = str_of(rows[i].fqdn),
                                 .remote_user = str_of(rows[i].remote),
                                 .kind = MEDIA_AUDIO};

        expect(*state, rows[i].why, q, rows[i].audio);
        q.kind = MEDIA_VIDEO;
        expect(*state, rows[i].why, q, rows[i].video);
    }
}

#define TABLE                                                                                      \
    "providers:\n"                                                                                 \
    "  - {Identity: s, Enabled: yes, capabilities: {audio: yes}}\n"                                \
    "  - {Identity: w, Enabled: yes, capabilities: {audio: yes, video: yes}, MigratesTo: s}\n"

static void rules_about_users_are_the_narrowest_door(void **state)
{
    struct policy *p =
        parse(TABLE "users:\n"
                    "  - {Rule: deny, Users: [sip:eve@contoso.com, '*@interns.contoso.com']}\n"
                    "  - {Rule: deny, Users: ['*@*.test.example'], Media: [video]}\n"
                    "  - {Rule: allow, Users: ['*@contoso.com', '*@interns.contoso.com'], "
                    "Providers: [w], Media: [video]}\n"
                    "  - {Rule: deny, Side: public, Users: [mallory@hotmail.com]}\n");
    static const struct {
        const char *why, *provider, *user, *remote;
        enum media_kind kind;
        bool is_allowed;
    } rows[] = {
        {"who is in no rule", "s", "sip:alice@contoso.com", "", MEDIA_AUDIO, true},
        {"who is denied", "s", "sip:eve@contoso.com", "", MEDIA_AUDIO, false},
        {"in capitals", "s", "SIP:EVE@CONTOSO.COM", "", MEDIA_AUDIO, false},
        {"escaped", "s", "sip:%65ve@contoso.com", "", MEDIA_AUDIO, false},
        {"with parameters", "s", "sip:eve@contoso.com:5060;x=y", "", MEDIA_AUDIO, false},
        {"of a denied domain", "s", "sip:bob@interns.contoso.com", "", MEDIA_AUDIO, false},
        {"of a domain below it", "s", "sip:bob@a.interns.contoso.com", "", MEDIA_AUDIO, true},
        {"of a subdomain, another kind", "s", "sip:bob@a.test.example", "", MEDIA_AUDIO, true},
        {"of a subdomain", "w", "sip:bob@b.a.test.example", "", MEDIA_VIDEO, false},
        {"on the list of those allowed", "w", "sip:alice@contoso.com", "", MEDIA_VIDEO, true},
        {"not on it", "w", "sip:alice@fabrikam.com", "", MEDIA_VIDEO, false},
        {"not known", "w", "", "", MEDIA_VIDEO, false},
        {"on both lists", "w", "sip:bob@interns.contoso.com", "", MEDIA_VIDEO, false},
        {"of the other side", "w", "sip:mallory@hotmail.com", "", MEDIA_AUDIO, true},
        {"with a denied one", "w", "sip:alice@contoso.com", "sip:mallory@hotmail.com", MEDIA_AUDIO,
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(p, rows[i].why,
               (struct policy_query){.provider = rows[i].provider,
                                     .enterprise_user = str_of(rows[i].user),
                                     .remote_user = str_of(rows[i].remote),
                                     .kind = rows[i].kind},
               rows[i].is_allowed ? POLICY_CODE_ALLOWED : POLICY_CODE_USER);
    policy_free(p);
}

static void who_has_moved_falls_under_the_row_moved_to(void **state)
{
    struct policy *p = parse(TABLE "users:\n  - {Rule: migrated, Users: [bob@hotmail.com], "
                                   "Providers: [w], Since: 2013-05-01}\n");
    struct policy_query q = {
        .provider = "w", .remote_user = STR("sip:bob@hotmail.com"), .kind = MEDIA_VIDEO};

    (void)state;
    q.unix_time = 1367366399; /* 2013-04-30T23:59:59Z */
    expect(p, "the day before", q, POLICY_CODE_ALLOWED);
    q.unix_time++;
    expect(p, "from that day on", q, POLICY_CODE_CAPABILITY);
    q.remote_user = STR("sip:carol@hotmail.com");
    expect(p, "somebody else", q, POLICY_CODE_ALLOWED);
    policy_free(p);
}

static void several_kinds_are_reduced_to_what_is_allowed(void **state)
{
    const struct policy_query q = {.provider = "skype", .unix_time = TODAY};
    struct policy_outcome o;

    policy_decide_kinds(&o, *state, &q, 1u << MEDIA_AUDIO | 1u << MEDIA_VIDEO);
    assert_int_equal(o.verdict, POLICY_REDUCE);
    assert_int_equal(o.code, POLICY_CODE_CAPABILITY);
    assert_int_equal(o.allowed, 1u << MEDIA_AUDIO);
    assert_string_equal(policy_outcome_reason(&o), "provider skype allows no video");
    policy_decide_kinds(&o, *state, &q, 1u << MEDIA_AUDIO);
    assert_int_equal(o.verdict, POLICY_ALLOW);
    policy_decide_kinds(&o, *state, &q, 1u << MEDIA_VIDEO);
    assert_int_equal(o.verdict, POLICY_DENY);
    policy_decide_kinds(&o, *state, &q, 0);
    assert_int_equal(o.verdict, POLICY_DENY);
}

#define CAL "licenses: [{Name: CAL}, {Name: USL, NotSoldSince: 2012-09-01}]\n"

static void bad_tables_are_refused_with_line_and_reason(void **state)
{
    static const struct {
        const char *yaml, *err;
    } rows[] = {
        {CAL "providers:\n- {Identity: a, Enabled: yes, capabilities: {},\n   RequiresLicense: "
             "[[Cal, XYZ]]}\n",
         "my.yaml:4: RequiresLicense: \"XYZ\": no such licence"},
        {CAL TABLE "enterprise: [{Domains: [a.com],\n  Licenses: [{Name: XYZ}]}]\n",
         "my.yaml:6: Name: \"XYZ\": no such licence"},
        {CAL TABLE "enterprise: [{Domains: [a.com],\n  Licenses: [{Name: USL, Since: "
                   "2012-09-01}]}]\n",
         "my.yaml:6: Since: USL is not sold since 2012-09-01"},
        {TABLE "enterprise:\n- {Domains: [a.com]}\n- {Domains: [b.com, A.com]}\n",
         "my.yaml:6: Domains: \"a.com\" is a domain of the entry at line 5"},
        {TABLE "enterprise:\n- {Domains: ['*']}\n- {Domains: ['*']}\n",
         "my.yaml:6: Domains: \"*\" is that of the entry at line 5"},
        {TABLE "enterprise: [{Domains: [a.com], Activated: [{Provider: x}]}]\n",
         "my.yaml:4: Provider: \"x\": no such Identity"},
        {TABLE "users: [{Rule: deny, Users: ['al*ce@a.com']}]\n",
         "my.yaml:4: Users: \"al*ce@a.com\": expected user@domain"},
        {TABLE "users: [{Rule: deny, Users: [a@a.com], Providers: [x]}]\n",
         "my.yaml:4: Providers: \"x\": expected an Identity"},
        {TABLE "users: [{Rule: migrated, Users: [a@a.com], Providers: [s]}]\n",
         "my.yaml:4: Rule: migrated: provider s has no MigratesTo"},
        {"providers:\n- {Identity: a, Enabled: yes, capabilities: {}, MigratesTo: b}\n",
         "my.yaml:2: MigratesTo: \"b\": no such Identity"},
        {"providers:\n- {Identity: a, Enabled: yes, capabilities: {}, MigratesTo: b}\n"
         "- {Identity: b, Enabled: yes, capabilities: {}, MigratesTo: a}\n",
         "my.yaml:2: MigratesTo: \"b\": this leads back"},
        {"providers:\n- {Identity: a, Enabled: yes, capabilities: {}, MigratesTo: a}\n",
         "my.yaml:2: MigratesTo: \"a\": this leads back"},
        {"providers:\n- {Identity: a, Enabled: yes, capabilities: {}, on_revoke: never}\n",
         "my.yaml:2: on_revoke: \"never\": expected end or finish"},
        {"providers:\n- {Identity: a, Enabled: yes, capabilities: {}, Encryption: {Public: x}}\n",
         "my.yaml:2: Public: \"x\": expected one of: none, optional, required"},
        {"providers: []\nusers: &a [*a, *a]\n", "my.yaml:2: anchor \"&a\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy *p = NULL;
        char err[512] = "";

        assert_int_equal(
            policy_parse(&p, rows[i].yaml, strlen(rows[i].yaml), "my.yaml", err, sizeof(err)),
            EINVAL);
        assert_null(p);
        if (strncmp(err, rows[i].err, strlen(rows[i].err)) != 0)
            fail_msg("\n  said:     %s\n  expected: %s", err, rows[i].err);
    }
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, load_builtin, unload)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(sources_of_the_provider_narrow_each_other),
        cmocka_unit_test(rules_about_users_are_the_narrowest_door),
        cmocka_unit_test(who_has_moved_falls_under_the_row_moved_to),
        WITH_TABLE(several_kinds_are_reduced_to_what_is_allowed),
        cmocka_unit_test(bad_tables_are_refused_with_line_and_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
