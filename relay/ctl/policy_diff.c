#include "relay/ctl/policy_diff.h"

#include <stdio.h>
#include <string.h>

#define SENTENCE_MAX 1024

static bool is_changed(const struct policy_decision *a, const struct policy_decision *b)
{
    return a->verdict != b->verdict || a->code != b->code;
}

/* ---- provider and kind ------------------------------------------------------------------------
 */

static void add_pair(json_t *list, const char *provider, enum media_kind kind,
                     const struct policy_decision *a, const struct policy_decision *b)
{
    char what[SENTENCE_MAX];

    (void)snprintf(what, sizeof(what), "%s %s: %s -> %s (%s)", provider, media_kind_name(kind),
                   policy_verdict_name(a->verdict), policy_verdict_name(b->verdict), b->reason);
    (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "what", what,
                                                "provider", provider, "kind", media_kind_name(kind),
                                                "before", policy_verdict_name(a->verdict), "after",
                                                policy_verdict_name(b->verdict), "code",
                                                policy_code_name(b->code), "reason", b->reason));
}

static void compare_provider(json_t *list, const struct policy *before, const struct policy *after,
                             const char *provider, int64_t unix_time)
{
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        const struct policy_query q = {
            .provider = provider, .kind = (enum media_kind)kind, .unix_time = unix_time};
        struct policy_decision a, b;

        policy_decide(&a, before, &q);
        policy_decide(&b, after, &q);
        if (is_changed(&a, &b))
            add_pair(list, provider, (enum media_kind)kind, &a, &b);
    }
}

static json_t *compare_pairs(const struct policy *before, const struct policy *after,
                             int64_t unix_time)
{
    json_t *list = json_array();
    const char *provider;

    for (unsigned i = 0; (provider = policy_provider_at(before, i)) != NULL; i++)
        compare_provider(list, before, after, provider, unix_time);
    for (unsigned i = 0; (provider = policy_provider_at(after, i)) != NULL; i++) {
        if (!policy_provider_name(before, provider))
            compare_provider(list, before, after, provider, unix_time);
    }
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
