#include "relay/control/policy/policy_table.h"

#include <string.h>

#include "relay/text.h"

#define NAME_CHARS    "_.-"
#define LICENSE_CHARS "_.- "

#define READER(name)                                                                               \
    static int name(const struct yaml_field *field, const struct yaml_node *node, void *target,    \
                    const struct yaml_report *report)

READER(read_identity)
{
    return yaml_read_chars(field, node, target, POLICY_IDENTITY_MAX, NAME_CHARS, report);
}

int policy_read_fqdn(const struct yaml_field *field, const struct yaml_node *node, void *target,
                     const struct yaml_report *report)
{
    char *to = target;
    char host[URI_HOST_MAX];
    int err = yaml_check_text(field, node, POLICY_FQDN_MAX, report);

    if (err)
        return err;
    if (!uri_is_domain(str_of(node->text)) || uri_parse_host(host, str_of(node->text)))
        return yaml_fail_value(report, node, field->key, "expected a domain name, such as %s",
                               field->example);
    text_copy(to, POLICY_FQDN_MAX, host);
    return 0;
}

READER(read_excluded_domains)
{
    struct policy_row *row = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = policy_read_fqdn(field, item, row->excluded_domains[n++], report);

    row->n_excluded_domains = n;
    return err;
}

int policy_read_license(const struct yaml_field *field, const struct yaml_node *node,
                        char name[static POLICY_LICENSE_MAX], const struct yaml_report *report)
{
    return yaml_read_chars(field, node, name, POLICY_LICENSE_MAX, LICENSE_CHARS, report);
}

READER(read_alternative)
{
    struct policy_licenses *licenses = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = policy_read_license(field, item, licenses->names[n++], report);

    licenses->n_names = n;
    return err;
}

READER(read_licenses)
{
    const struct yaml_field line = {
        .key = field->key, .example = "[Lync Server CAL]", .min = 1, .max = POLICY_LICENSES_MAX};
    struct policy_row *row = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_alternative(&line, item, &row->licenses[n++], report);

    row->n_licenses = n;
    return err;
}

int policy_read_day(const struct yaml_field *field, const struct yaml_node *node, void *target,
                    const struct yaml_report *report)
{
    struct policy_day *day = target;

    if (node->kind != YAML_KIND_SCALAR || !policy_date_parse(node->text, &day->start))
        return yaml_fail_value(report, node, field->key,
                               "expected a day of the calendar, such as %s", field->example);
    day->line = node->line;
    return 0;
}

int policy_read_last_day(const struct yaml_field *field, const struct yaml_node *node,
                         char text[static POLICY_DATE_MAX], int64_t *end,
                         const struct yaml_report *report)
{
    struct policy_day day = {.start = 0};
    int err = policy_read_day(field, node, &day, report);

    if (err)
        return err;
    *end = day.start + POLICY_DAY_S;
    text_copy(text, POLICY_DATE_MAX, node->text);
    return 0;
}

READER(read_service_until)
{
    struct policy_row *row = target;

    return policy_read_last_day(field, node, row->service_until, &row->service_end, report);
}

/* Words for false and true. */
READER(read_either)
{
    const char *const *words = field->more;
    bool *value = target;

    for (unsigned i = 0; i < 2; i++) {
        if (node->kind == YAML_KIND_SCALAR && strcmp(node->text, words[i]) == 0) {
            *value = i;
            return 0;
        }
    }
    return yaml_fail_value(report, node, field->key, "expected %s or %s", words[0], words[1]);
}

static const char *const new_domains_words[] = {"accepted", "refused"};
static const char *const on_revoke_words[] = {"end", "finish"};

_Static_assert(sizeof(enum policy_encryption) == sizeof(unsigned),
               "yaml_read_word() stores unsigned");

static const char *encryption_at(unsigned value)
{
    static const char *const names[] = {[POLICY_ENCRYPTION_NONE] = "none",
                                        [POLICY_ENCRYPTION_OPTIONAL] = "optional",
                                        [POLICY_ENCRYPTION_REQUIRED] = "required"};

    return names[value];
}

static const struct yaml_words encryption_words = {POLICY_ENCRYPTION_REQUIRED + 1, encryption_at};

#define ENCRYPTION(word, side)                                                                     \
    {                                                                                              \
        .key = (word), .example = "optional",                                                      \
        .offset = offsetof(struct policy_row, encryption[side]), .more = &encryption_words,        \
        .read_h = yaml_read_word                                                                   \
    }

static const struct yaml_field encryption_fields[] = {
    ENCRYPTION("Enterprise", POLICY_SIDE_ENTERPRISE),
    ENCRYPTION("Public", POLICY_SIDE_PUBLIC),
    {.key = NULL},
};

#define CAPABILITY(word, member)                                                                   \
    {                                                                                              \
        .key = (word), .example = "yes", .offset = offsetof(struct policy_row, member),            \
        .read_h = yaml_read_bool                                                                   \
    }

static const struct yaml_field capability_fields[] = {
    CAPABILITY("im", allows[MEDIA_IM]),
    CAPABILITY("presence", allows[MEDIA_PRESENCE]),
    CAPABILITY("audio", allows[MEDIA_AUDIO]),
    CAPABILITY("video", allows[MEDIA_VIDEO]),
    {.key = NULL},
};

const struct yaml_field policy_row_fields[] = {
    {.key = "Identity",
     .example = "skype",
     .is_required = true,
     .offset = offsetof(struct policy_row, identity),
     .read_h = read_identity},
    {.key = "Enabled",
     .example = "yes",
     .is_required = true,
     .offset = offsetof(struct policy_row, is_enabled),
     .read_h = yaml_read_bool},
    {.key = "ProxyFqdn",
     .example = "federation.messenger.msn.com",
     .offset = offsetof(struct policy_row, proxy_fqdn),
     .read_h = policy_read_fqdn},
    {.key = "NameDecorationRoutingDomain",
     .example = "msn.com",
     .offset = offsetof(struct policy_row, routing_domain),
     .read_h = policy_read_fqdn},
    {.key = "NameDecorationExcludedDomains",
     .example = "[msn.com, outlook.com]",
     .max = POLICY_EXCLUDED_MAX,
     .read_h = read_excluded_domains},
    {.key = "VerificationLevel",
     .example = "2",
     .min = 1,
     .max = 3,
     .offset = offsetof(struct policy_row, verification_level),
     .read_h = yaml_read_uint32},
    {.key = "capabilities",
     .example = "{im: yes, presence: yes, audio: yes, video: no}",
     .is_required = true,
     .more = capability_fields,
     .read_h = yaml_read_map},
    {.key = "RequiresLicense",
     .example = "[[Lync Server CAL], [Lync Online Plan 1]]",
     .max = POLICY_ALTERNATIVES_MAX,
     .read_h = read_licenses},
    {.key = "ServiceUntil", .example = "2014-06-30", .read_h = read_service_until},
    {.key = "Encryption",
     .example = "{Enterprise: required, Public: optional}",
     .more = encryption_fields,
     .read_h = yaml_read_map},
    {.key = "NewDomains",
     .example = "refused",
     .offset = offsetof(struct policy_row, refuses_new_domains),
     .more = new_domains_words,
     .read_h = read_either},
    {.key = "NewDomainsRefusedSince",
     .example = "2013-10-07",
     .offset = offsetof(struct policy_row, new_domains_refused_since),
     .read_h = policy_read_day},
    {.key = "MigratesTo",
     .example = "skype",
     .offset = offsetof(struct policy_row, migrates_to),
     .read_h = read_identity},
    {.key = "on_revoke",
     .example = "end",
     .offset = offsetof(struct policy_row, finishes_revoked),
     .more = on_revoke_words,
     .read_h = read_either},
    {.key = NULL},
};
