#include "relay/ctl/policy_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTENCE_MAX 2048
#define SUBJECT_MAX  512 /* user@domain */

/* ---- provider and kind ------------------------------------------------------------------------
 */

/* For whom verdicts are compared. */
enum who { WHO_UNNAMED, WHO_DOMAIN, WHO_USER, WHO_PUBLIC_USER, WHO_COUNT };

/* Those whose verdict changes in the same way. */
struct change {
    unsigned n;
    char first[SUBJECT_MAX]; /* one of them */
    struct policy_decision before, after;
};

/* One provider and kind of media being compared. */
struct comparison {
    const struct policy *before, *after;
    struct policy_query query;
    char partner[SUBJECT_MAX]; /* enterprise user whom public users are judged with */
    struct change changes[WHO_COUNT][POLICY_CODE_COUNT][POLICY_CODE_COUNT];
};

/* Whose verdict it is: an enterprise user with anybody, or a public user with an enterprise one. */
static void set_subject(struct comparison *x, enum who who, struct str uri)
{
    const struct str nobody = STR("");

    x->query.remote_user = who == WHO_PUBLIC_USER ? uri : nobody;
    x->query.enterprise_user = uri;
    if (who == WHO_PUBLIC_USER)
        x->query.enterprise_user = str_of(x->partner);
    else if (who == WHO_UNNAMED)
        x->query.enterprise_user = nobody;
}

static void compare_subject(struct comparison *x, enum who who, struct str subject)
{
    char uri[SUBJECT_MAX + 32];
    const int n =
        snprintf(uri, sizeof(uri), "%s" STR_FMT,
                 who == WHO_DOMAIN ? "sip:nobody-in-particular@" : "sip:", STR_ARG(subject));
    struct policy_decision a, b;
    struct change *c;

    set_subject(x, who, (struct str){uri, n > 0 ? (size_t)n : 0});
    policy_decide(&a, x->before, &x->query);
    policy_decide(&b, x->after, &x->query);
    c = &x->changes[who][a.code][b.code];
    if (a.code == b.code || c->n++)
        return;
    (void)snprintf(c->first, sizeof(c->first), STR_FMT, STR_ARG(subject));
    c->before = a;
    c->after = b;
}

/* How the names of a kind are found in a table. */
struct names {
    struct str (*next)(const struct policy *p, size_t *at);
    bool (*has)(const struct policy *p, struct str name);
};

static struct str enterprise_next(const struct policy *p, size_t *at)
{
    return policy_user_next(p, POLICY_SIDE_ENTERPRISE, at);
}

static bool has_enterprise(const struct policy *p, struct str user)
{
    return policy_has_user(p, POLICY_SIDE_ENTERPRISE, user);
}

static struct str public_next(const struct policy *p, size_t *at)
{
    return policy_user_next(p, POLICY_SIDE_PUBLIC, at);
}

static bool has_public(const struct policy *p, struct str user)
{
    return policy_has_user(p, POLICY_SIDE_PUBLIC, user);
}

static const struct names names[WHO_COUNT] = {
    [WHO_DOMAIN] = {policy_domain_next, policy_has_domain},
    [WHO_USER] = {enterprise_next, has_enterprise},
    [WHO_PUBLIC_USER] = {public_next, has_public},
};

/* Where both tables name domains, somebody of one that they share: else no rule about public users
 * would ever be reached. */
static void choose_partner(struct comparison *x)
{
    size_t at = 0;
    struct str domain;

    do
        domain = policy_domain_next(x->before, &at);
    while (domain.n && !policy_has_domain(x->after, domain));
    if (domain.n)
        (void)snprintf(x->partner, sizeof(x->partner), "sip:nobody-in-particular@" STR_FMT,
                       STR_ARG(domain));
}

/* Each once, be it in one table or in both. */
static void compare_names(struct comparison *x, enum who who)
{
    size_t at = 0;
    struct str name;

    while ((name = names[who].next(x->before, &at)).n)
        compare_subject(x, who, name);
    at = 0;
    while ((name = names[who].next(x->after, &at)).n) {
        if (!names[who].has(x->before, name))
            compare_subject(x, who, name);
    }
}

static void say_whom(char *buf, size_t cap, enum who who, const struct change *c)
{
    const char *what = who == WHO_DOMAIN ? "domains" : "users";

    if (who == WHO_UNNAMED)
        (void)snprintf(buf, cap, "whoever is not named");
    else if (c->n == 1)
        (void)snprintf(buf, cap, "%s", c->first);
    else
        (void)snprintf(buf, cap, "%u %s, %s among them", c->n, what, c->first);
}

static void add_pair(json_t *list, const struct comparison *x, enum who who, const struct change *c)
{
    const char *provider = x->query.provider, *kind = media_kind_name(x->query.kind);
    char whom[SUBJECT_MAX + 64], what[SENTENCE_MAX];
    json_t *pair;

    say_whom(whom, sizeof(whom), who, c);
    (void)snprintf(what, sizeof(what), "%s %s: %s -> %s for %s (%s)", provider, kind,
                   policy_verdict_name(c->before.verdict), policy_verdict_name(c->after.verdict),
                   whom, c->after.reason);
    pair = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "what", what, "provider", provider,
                     "kind", kind, "before", policy_verdict_name(c->before.verdict), "after",
                     policy_verdict_name(c->after.verdict), "code", policy_code_name(c->after.code),
                     "reason", c->after.reason, "n", (int)c->n);
    if (who == WHO_DOMAIN)
        (void)json_object_set_new(pair, "domain", json_string(c->first));
    else if (who != WHO_UNNAMED)
        (void)json_object_set_new(pair, "user", json_string(c->first));
    (void)json_array_append_new(list, pair);
}

static void add_pairs(json_t *list, const struct comparison *x)
{
    for (unsigned who = 0; who < WHO_COUNT; who++) {
        for (unsigned a = 0; a < POLICY_CODE_COUNT; a++) {
            for (unsigned b = 0; b < POLICY_CODE_COUNT; b++) {
                if (x->changes[who][a][b].n && a != b)
                    add_pair(list, x, (enum who)who, &x->changes[who][a][b]);
            }
        }
    }
}

static void forget(struct comparison *x)
{
    for (unsigned who = 0; who < WHO_COUNT; who++) {
        for (unsigned a = 0; a < POLICY_CODE_COUNT; a++) {
            for (unsigned b = 0; b < POLICY_CODE_COUNT; b++)
                x->changes[who][a][b].n = 0;
        }
    }
}

static void compare_provider(json_t *list, struct comparison *x, const char *provider)
{
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        forget(x);
        x->query.provider = provider;
        x->query.kind = (enum media_kind)kind;
        compare_subject(x, WHO_UNNAMED, STR(""));
        compare_names(x, WHO_DOMAIN);
        compare_names(x, WHO_USER);
        compare_names(x, WHO_PUBLIC_USER);
        add_pairs(list, x);
    }
}

static json_t *compare_pairs(const struct policy *before, const struct policy *after,
                             int64_t unix_time)
{
    struct comparison *x = calloc(1, sizeof(*x));
    json_t *list = json_array();
    const char *provider;

    if (!x)
        return list;
    x->before = before;
    x->after = after;
    x->query.unix_time = unix_time;
    choose_partner(x);
    for (unsigned i = 0; (provider = policy_provider_at(before, i)) != NULL; i++)
        compare_provider(list, x, provider);
    for (unsigned i = 0; (provider = policy_provider_at(after, i)) != NULL; i++) {
        if (!policy_provider_name(before, provider))
            compare_provider(list, x, provider);
    }
    free(x);
    return list;
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static struct str text_of(const json_t *call, const char *key)
{
    const json_t *text = json_object_get(call, key);

    return json_is_string(text) ? (struct str){json_string_value(text), json_string_length(text)}
                                : STR("");
}

static void compare_call(json_t *list, const struct policy *after, const json_t *call,
                         int64_t unix_time)
{
    const bool is_to = json_is_true(json_object_get(call, "to_provider"));
    struct policy_query q = {.provider = text_of(call, "provider").p,
                             .peer_fqdn = text_of(call, "peer_fqdn"),
                             .remote_user = text_of(call, "remote_user"),
                             .enterprise_user = text_of(call, "enterprise_user"),
                             .direction = is_to ? POLICY_TO_PROVIDER : POLICY_FROM_PROVIDER,
                             .unix_time = unix_time};
    size_t i;
    json_t *kind;

    json_array_foreach(json_object_get(call, "allowed"), i, kind)
    {
        const struct str name = str_of(json_string_value(kind));
        struct policy_decision d;
        char what[SENTENCE_MAX];

        if (!media_kind_parse(&q.kind, name))
            continue;
        policy_decide(&d, after, &q);
        if (d.verdict == POLICY_ALLOW)
            continue;
        (void)snprintf(what, sizeof(what), "call %.200s: %s %s (%s)", text_of(call, "call_id").p,
                       media_kind_name(q.kind),
                       policy_ends_revoked(after, &q) ? "ends" : "may finish", d.reason);
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s%, s:s, s:s, s:s, s:b}", "what", what, "call_id",
                            text_of(call, "call_id").p, text_of(call, "call_id").n, "kind",
                            media_kind_name(q.kind), "code", policy_code_name(d.code), "reason",
                            d.reason, "ends", policy_ends_revoked(after, &q)));
    }
}

json_t *policy_diff(const struct policy *before, const struct policy *after, const json_t *calls,
                    int64_t unix_time)
{
    json_t *changed = calls ? json_array() : json_null();
    size_t i;
    json_t *call;

    json_array_foreach(calls, i, call) compare_call(changed, after, call, unix_time);
    return json_pack("{s:o, s:o}", "pairs", compare_pairs(before, after, unix_time), "calls",
                     changed);
}
