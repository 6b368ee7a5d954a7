#include "relay/control/policy/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/control/policy/policy.h"

/* Addresses in every spelling: the same one always matches, another one never does. The spellings
 * are made from a seed, so that a failure comes again. */

#define N_SPELLINGS 20000
#define SEED        20131007u
#define TEXT_CAP    1024

static const char eve_rule[] =
    "providers:\n"
    "  - {Identity: skype, Enabled: yes, NameDecorationRoutingDomain: msn.com,\n"
    "     NameDecorationExcludedDomains: [hotmail.com], capabilities: {audio: yes}}\n"
    "users:\n"
    "  - {Rule: deny, Side: public, Users: [eve.e@hotmail.com]}\n"
    "  - {Rule: deny, Users: [mallory@contoso.com, \"*@*.evil.example\"]}\n";

static uint32_t next(uint32_t *seed, uint32_t below)
{
    *seed ^= *seed << 13; /* xorshift, Marsaglia 2003 */
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}

struct text {
    char bytes[TEXT_CAP];
    size_t n;
};

static void put(struct text *t, char c)
{
    assert_true(t->n < sizeof(t->bytes));
    t->bytes[t->n++] = c;
}

static void put_cased(struct text *t, const char *s, uint32_t *seed)
{
    for (; *s; s++)
        put(t, *s >= 'a' && *s <= 'z' && next(seed, 2) ? (char)(*s - 32) : *s);
}

/* RFC 3261 s.19.1.1: any character of a user may be escaped; @ and % have to be. */
static void put_user(struct text *t, const char *s, uint32_t *seed)
{
    for (; *s; s++) {
        char form[8];

        if (*s != '@' && *s != '%' && next(seed, 3)) {
            put_cased(t, (char[]){*s, '\0'}, seed);
            continue;
        }
        snprintf(form, sizeof(form), next(seed, 2) ? "%%%02x" : "%%%02X", (unsigned char)*s);
        for (const char *c = form; *c; c++)
            put(t, *c);
    }
}

static void put_some(struct text *t, const char *const *list, size_t n, uint32_t *seed)
{
    for (const char *c = list[next(seed, (uint32_t)n)]; *c; c++)
        put(t, *c);
}

#define PUT_SOME(t, seed, ...)                                                                     \
    put_some(t, (const char *const[]){__VA_ARGS__},                                                \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), seed)

/* user@host in some spelling. */
static struct text spell(const char *user, const char *host, uint32_t *seed)
{
    struct text t = {.n = 0};

    PUT_SOME(&t, seed, "sip:", "sips:", "SIP:", "Sips:");
    put_user(&t, user, seed);
    PUT_SOME(&t, seed, "", "", ":secret", ":");
    put(&t, '@');
    put_cased(&t, host, seed);
    PUT_SOME(&t, seed, "", "", ":5060", ":65535");
    PUT_SOME(&t, seed, "", ";transport=tls", ";user=phone;lr", ";x=%40msn.com");
    PUT_SOME(&t, seed, "", "", "?subject=hello%20there");
    return t;
}

static struct str str_of_text(const struct text *t)
{
    return (struct str){t->bytes, t->n};
}

static void every_spelling_of_an_address_is_that_address(void **state)
{
    uint32_t seed = SEED;

    (void)state;
    for (unsigned i = 0; i < N_SPELLINGS; i++) {
        const struct text t = spell("bob(fabrikam.com)", "msn.com", &seed);
        struct uri u;

        if (uri_parse(&u, str_of_text(&t)))
            fail_msg("refused: %.*s", (int)t.n, t.bytes);
        assert_string_equal(u.user, "bob(fabrikam.com)");
        assert_string_equal(u.host, "msn.com");
        assert_string_equal(u.account_user, "bob");
        assert_string_equal(u.account_domain, "fabrikam.com");
    }
}

static struct policy *load_rules(void)
{
    struct policy *p = NULL;
    char err[512];

    if (policy_parse(&p, eve_rule, sizeof(eve_rule) - 1, "rules", err, sizeof(err)))
        fail_msg("%s", err);
    return p;
}

static enum policy_verdict decide(const struct policy *p, const struct text *enterprise,
                                  const struct text *remote)
{
    const struct policy_query q = {.provider = "skype",
                                   .enterprise_user = str_of_text(enterprise),
                                   .remote_user = str_of_text(remote),
                                   .kind = MEDIA_AUDIO};
    struct policy_decision d;

    policy_decide(&d, p, &q);
    return d.verdict;
}

static void no_spelling_gets_past_a_rule(void **state)
{
    static const char *const denied[][2] = {
        {"mallory", "contoso.com"}, {"anybody", "mail.evil.example"}, {"x", "a.b.evil.example"}};
    struct policy *p = load_rules();
    uint32_t seed = SEED;

    (void)state;
    for (unsigned i = 0; i < N_SPELLINGS; i++) {
        const struct text alice = spell("alice", "contoso.com", &seed);
        const struct text bob = spell("bob", "hotmail.com", &seed);
        const struct text eve = spell("eve.e", "hotmail.com", &seed);
        const struct text evil = spell(denied[i % 3][0], denied[i % 3][1], &seed);

        assert_int_equal(decide(p, &alice, &bob), POLICY_ALLOW);
        if (decide(p, &alice, &eve) != POLICY_DENY)
            fail_msg("allowed: %.*s", (int)eve.n, eve.bytes);
        if (decide(p, &evil, &bob) != POLICY_DENY)
            fail_msg("allowed: %.*s", (int)evil.n, evil.bytes);
    }
    policy_free(p);
}

static void a_rule_meets_nobody_but_whom_it_names(void **state)
{
    static const char *const others[][2] = {
        {"eve", "hotmail.com"},      {"evee", "hotmail.com"},   {"eve.e.", "hotmail.com"},
        {"eve.e@x", "hotmail.com"},  {"xeve.e", "hotmail.com"}, {"eve%2ee", "hotmail.com"},
        {"eve.e(a.com)", "msn.com"}, {"eve.e", "msn.com"},      {"*", "hotmail.com"},
    };
    static const char *const users[][2] = {
        {"mallory", "contoso.com.example"},
        {"mallory", "xcontoso.com"},
        {"mallory", "sub.contoso.com"},
        {"mallor", "contoso.com"},
        {"x", "evil.example"}, /* the domain itself is no subdomain of it */
        {"x", "notevil.example"},
        {"x", "evil.example.com"},
    };
    struct policy *p = load_rules();
    uint32_t seed = SEED;

    (void)state;
    for (unsigned i = 0; i < N_SPELLINGS; i++) {
        const struct text alice = spell("alice", "contoso.com", &seed);
        const struct text bob = spell("bob", "hotmail.com", &seed);
        const struct text other = spell(others[i % 9][0], others[i % 9][1], &seed);
        const struct text user = spell(users[i % 7][0], users[i % 7][1], &seed);

        if (decide(p, &alice, &other) != POLICY_ALLOW)
            fail_msg("denied: %.*s", (int)other.n, other.bytes);
        if (decide(p, &user, &bob) != POLICY_ALLOW)
            fail_msg("denied: %.*s", (int)user.n, user.bytes);
    }
    policy_free(p);
}

/* One to three bytes of anything (NULs, @, brackets) into an address of somebody else: it may be
 * refused, or be read as his, but is never a provider's. */
static void no_byte_makes_a_strangers_address_a_providers(void **state)
{
    static const char noise[] = "@:;?%/\\<>[]()\"' \t\r\n\0\x7f\x80\xff.,-_0aA";
    static const char *const hosts[] = {"evil.example", "msn.com.evil.example", "xmsn.com",
                                        "msn.comx",     "[2001:db8::1]",        "hotmail.com-"};
    struct policy *p = NULL;
    uint32_t seed = SEED;

    (void)state;
    assert_int_equal(policy_load_builtin(&p), 0);
    for (unsigned i = 0; i < 10 * N_SPELLINGS; i++) {
        struct text t = spell("bob(msn.com)", hosts[i % 6], &seed);
        struct uri u;

        for (uint32_t k = 1 + next(&seed, 3); k; k--)
            t.bytes[next(&seed, (uint32_t)t.n)] = noise[next(&seed, sizeof(noise))];
        if (uri_parse(&u, str_of_text(&t)) == 0 &&
            (strcmp(u.host, "msn.com") == 0 || strcmp(u.host, "hotmail.com") == 0))
            continue; /* a byte in the right place: it is one then */
        if (policy_is_public_address(p, str_of_text(&t)))
            fail_msg("a provider's: %.*s", (int)t.n, t.bytes);
    }
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_an_address_is_that_address),
        cmocka_unit_test(no_spelling_gets_past_a_rule),
        cmocka_unit_test(a_rule_meets_nobody_but_whom_it_names),
        cmocka_unit_test(no_byte_makes_a_strangers_address_a_providers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
