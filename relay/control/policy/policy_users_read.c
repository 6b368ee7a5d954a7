#include "relay/control/policy/policy_users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/control/policy/policy_table.h"
#include "relay/text.h"

/* Reads the rules about users. */

#define PATTERN_MAX  (URI_USER_MAX + URI_HOST_MAX + 8)
#define PATTERNS_MIN 16
#define EVERY_KIND   ((1u << MEDIA_KIND_COUNT) - 1)

#define READER(name)                                                                               \
    static int name(const struct yaml_field *field, const struct yaml_node *node, void *target,    \
                    const struct yaml_report *report)

enum verb { VERB_ALLOW, VERB_DENY, VERB_MIGRATED, VERB_COUNT };

static const char *verb_name(unsigned verb)
{
    static const char *const names[VERB_COUNT] = {"allow", "deny", "migrated"};

    return names[verb];
}

static const char *side_at(unsigned side)
{
    return policy_side_name((enum policy_side)side);
}

static const struct yaml_words verbs = {VERB_COUNT, verb_name};
static const struct yaml_words sides = {POLICY_SIDES, side_at};

/* One rule as it stands in the file. */
struct rule {
    const struct policy *policy;
    unsigned verb, side;
    policy_set rows;
    unsigned kinds; /* bits */
    struct policy_day since;
    const struct yaml_node *users;
};

READER(read_users)
{
    struct rule *rule = target;

    rule->users = node;
    return yaml_check_list(field, node, report);
}

READER(read_rows)
{
    struct rule *rule = target;
    int err = yaml_check_list(field, node, report);

    rule->rows = 0;
    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        const struct policy_row *row =
            policy_find_row(rule->policy, item->kind == YAML_KIND_SCALAR ? item->text : NULL);

        if (!row)
            return yaml_fail_value(report, item, field->key, "expected an Identity of `providers`");
        rule->rows |= (policy_set)1 << (row - rule->policy->rows);
    }
    return err;
}

READER(read_kinds)
{
    struct rule *rule = target;
    int err = yaml_check_list(field, node, report);

    rule->kinds = 0;
    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        enum media_kind kind;

        if (item->kind != YAML_KIND_SCALAR || !media_kind_parse(&kind, str_of(item->text)))
            return yaml_fail_value(report, item, field->key,
                                   "expected im, presence, audio or video");
        rule->kinds |= 1u << kind;
    }
    return err;
}

static const struct yaml_field rule_fields[] = {
    {.key = "Rule",
     .example = "deny",
     .is_required = true,
     .offset = offsetof(struct rule, verb),
     .more = &verbs,
     .read_h = yaml_read_word},
    {.key = "Users",
     .example = "[sip:alice@contoso.com, \"*@sales.contoso.com\"]",
     .min = 1,
     .max = POLICY_RULES_MAX,
     .is_required = true,
     .read_h = read_users},
    {.key = "Side",
     .example = "enterprise",
     .offset = offsetof(struct rule, side),
     .more = &sides,
     .read_h = yaml_read_word},
    {.key = "Providers",
     .example = "[skype]",
     .min = 1,
     .max = POLICY_PROVIDERS_MAX,
     .read_h = read_rows},
    {.key = "Media", .example = "[audio, video]", .min = 1, .max = 4, .read_h = read_kinds},
    {.key = "Since",
     .example = "2013-05-01",
     .offset = offsetof(struct rule, since),
     .read_h = policy_read_day},
    {.key = NULL},
};

static bool has_scheme(const char *text)
{
    return strncasecmp(text, "sip:", 4) == 0 || strncasecmp(text, "sips:", 5) == 0;
}

/* "*", "*@domain", "*@*.domain", "user@domain", with or without sip: before it. */
static bool parse_pattern(struct policy_key *key, const char *text)
{
    char whole[PATTERN_MAX];
    struct uri uri;
    int n = snprintf(whole, sizeof(whole), "%s%s", has_scheme(text) ? "" : "sip:", text);

    if (n < 0 || (size_t)n >= sizeof(whole))
        return false;
    text = strchr(whole, ':') + 1;
    if (strcmp(text, "*") == 0) {
        *key = policy_key_of('a', "", "");
        return true;
    }
    if (strncmp(text, "*@*.", 4) == 0) {
        if (!uri_is_domain(str_of(text + 4)) || uri_parse_host(uri.host, str_of(text + 4)))
            return false;
        *key = policy_key_of('s', "", uri.host);
        return true;
    }
    if (uri_parse(&uri, str_of(whole)) || !uri.user[0])
        return false;
    if (strcmp(uri.user, "*") != 0 && strchr(uri.user, '*'))
        return false; /* al*ce is no pattern here: nobody shall believe that it is */
    *key = policy_key_of(strcmp(uri.user, "*") == 0 ? 'd' : 'u', uri.user, uri.host);
    return true;
}

/* @return the pattern's entry, made if needed; NULL: no memory */
static struct policy_pattern *entry_of(struct policy_users *users, const struct policy_key *key)
{
    const uint32_t *found = policy_index_find(&users->index, policy_key_text(key));

    if (found)
        return &users->patterns[*found];
    if (users->n_patterns == users->cap) {
        size_t cap = users->cap ? users->cap * 2 : PATTERNS_MIN;
        struct policy_pattern *grown = realloc(users->patterns, cap * sizeof(*grown));

        if (!grown)
            return NULL;
        users->patterns = grown;
        users->cap = cap;
    }
    if (policy_index_add(&users->index, policy_key_text(key), (uint32_t)users->n_patterns))
        return NULL;
    users->patterns[users->n_patterns] = (struct policy_pattern){.migrated_since = INT64_MAX};
    return &users->patterns[users->n_patterns++];
}

static void merge(struct policy_pattern *entry, const struct rule *rule, unsigned line)
{
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        if (!(rule->kinds >> kind & 1))
            continue;
        if (rule->verb == VERB_DENY)
            entry->deny[kind] |= rule->rows;
        else if (rule->verb == VERB_ALLOW)
            entry->allow[kind] |= rule->rows;
    }
    if (rule->verb == VERB_MIGRATED) {
        entry->migrated |= rule->rows;
        if (rule->since.start < entry->migrated_since)
            entry->migrated_since = rule->since.start;
    }
    entry->line = line;
}

static int check_migration(const struct rule *rule, const struct yaml_node *node,
                           const struct yaml_report *report)
{
    for (unsigned i = 0; i < rule->policy->n_rows; i++) {
        const struct policy_row *row = &rule->policy->rows[i];

        if (rule->rows >> i & 1 && !row->migrates_to[0])
            return yaml_fail(report, node->line,
                             "Rule: migrated: provider %s has no MigratesTo; expected Providers "
                             "that have",
                             row->identity);
    }
    return 0;
}

static int check_rule(struct rule *rule, const struct yaml_node *node,
                      const struct yaml_report *report)
{
    if (rule->verb != VERB_MIGRATED)
        return rule->since.line
                   ? yaml_fail(report, rule->since.line, "Since: only a rule `migrated` has it")
                   : 0;
    if (yaml_find(node, "Side") || yaml_find(node, "Media"))
        return yaml_fail(report, node->line,
                         "Rule: migrated: it is about all media of users of the provider; "
                         "expected no Side or Media");
    rule->side = POLICY_SIDE_PUBLIC;
    return check_migration(rule, node, report);
}

static int read_rule(struct policy *p, const struct yaml_node *node,
                     const struct yaml_report *report)
{
    struct rule rule = {.policy = p,
                        .side = POLICY_SIDE_ENTERPRISE,
                        .rows = ~(policy_set)0,
                        .kinds = EVERY_KIND,
                        .since.start = INT64_MIN};
    struct policy_users *users;
    int err = yaml_read_fields(rule_fields, node, "rule", &rule, report);

    if (!err)
        err = check_rule(&rule, node, report);
    if (err)
        return err;
    users = &p->users[rule.side];
    for (const struct yaml_node *item = rule.users->first; item; item = item->next) {
        struct policy_pattern *entry;
        struct policy_key key;

        if (item->kind != YAML_KIND_SCALAR || !parse_pattern(&key, item->text))
            return yaml_fail_value(report, item, "Users",
                                   "expected user@domain, *@domain, *@*.domain or *");
        entry = entry_of(users, &key);
        if (!entry)
            return yaml_fail_memory(report);
        merge(entry, &rule, item->line);
    }
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT && rule.verb == VERB_ALLOW; kind++)
        users->has_allow[kind] |= rule.kinds >> kind & 1 ? rule.rows : 0;
    return 0;
}

int policy_read_users(const struct yaml_field *field, const struct yaml_node *node, void *target,
                      const struct yaml_report *report)
{
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_rule(target, item, report);
    return err;
}
