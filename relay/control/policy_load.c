#include "relay/control/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/config.h"
#include "relay/control/policy_table.h"
#include "relay/text.h"
#include "relay/yaml.h"

#define SECONDS_PER_DAY 86400
#define NAME_CHARS      "_.-"
#define LICENSE_CHARS   "_.- "
#define LABEL_MAX       63 /* RFC 1035 s.2.3.4 */

#define READER(name)                                                                               \
    static int name(const struct yaml_field *field, const struct yaml_node *node, void *target,    \
                    const struct yaml_report *report)

static const struct yaml_limits limits = {
    .bytes_max = (size_t)64 * 1024 * 1024,
    .nodes_max = 4000000,
};

static int fail_memory(const struct yaml_report *report)
{
    snprintf(report->err, report->err_cap, "%s: out of memory", report->file);
    return ENOMEM;
}

static int read_chars(const struct yaml_field *field, const struct yaml_node *node, char *to,
                      size_t cap, const char *also, const struct yaml_report *report)
{
    int err = yaml_check_text(field, node, cap, report);

    if (err)
        return err;
    if (!text_is_name(node->text, also))
        return yaml_fail_value(report, node, field->key,
                               "expected only letters, digits and the characters \"%s\"", also);
    strcpy(to, node->text);
    return 0;
}

READER(read_identity)
{
    return read_chars(field, node, target, POLICY_IDENTITY_MAX, NAME_CHARS, report);
}

/* Letters, digits and hyphens in labels of 1 to 63, none with a hyphen at an end:
 * RFC 1123 s.2.1. Names are compared as written, so no trailing dot. */
static bool is_fqdn(const char *text)
{
    size_t n_label = 0;
    char last = '-';

    if (!text_is_name(text, ".-"))
        return false;

    for (; *text; last = *text++) {
        if (*text != '.') {
            if ((*text == '-' && n_label == 0) || ++n_label > LABEL_MAX)
                return false;
            continue;
        }
        if (n_label == 0 || last == '-')
            return false;
        n_label = 0;
    }
    return n_label > 0 && last != '-';
}

READER(read_fqdn)
{
    char *to = target;
    int err = yaml_check_text(field, node, POLICY_FQDN_MAX, report);

    if (err)
        return err;
    if (!is_fqdn(node->text))
        return yaml_fail_value(report, node, field->key, "expected a domain name, such as %s",
                               field->example);
    strcpy(to, node->text);
    return 0;
}

READER(read_excluded_domains)
{
    struct policy_row *row = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_fqdn(field, item, row->excluded_domains[n++], report);

    row->n_excluded_domains = n;
    return err;
}

READER(read_alternative)
{
    struct policy_licenses *licenses = target;
    unsigned n = 0;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_chars(field, item, licenses->names[n++], POLICY_LICENSE_MAX, LICENSE_CHARS,
                         report);

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

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01, of the calendar's 400-year cycle of 146097 days, counted from March so
 * that the leap day comes last. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int m = month <= 2 ? month + 9 : month - 3;
    int cycle = y / 400;
    int y_of_cycle = y % 400;
    int day_of_year = (153 * m + 2) / 5 + day - 1;
    int day_of_cycle = y_of_cycle * 365 + y_of_cycle / 4 - y_of_cycle / 100 + day_of_year;

    return (int64_t)cycle * 146097 + day_of_cycle - 719468;
}

/* "YYYY-MM-DD" and nothing else. */
static bool parse_date(const char *text, int *year, int *month, int *day)
{
    static const char form[] = "0000-00-00";
    int number[10];

    for (size_t i = 0; i < sizeof(form); i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';

        if (form[i] == '0' ? !is_digit : text[i] != form[i])
            return false;
        if (is_digit)
            number[i] = text[i] - '0';
    }
    *year = number[0] * 1000 + number[1] * 100 + number[2] * 10 + number[3];
    *month = number[5] * 10 + number[6];
    *day = number[8] * 10 + number[9];
    return *year >= 1970 && *month >= 1 && *month <= 12 && *day >= 1 &&
           *day <= days_of_month(*year, *month);
}

READER(read_service_until)
{
    struct policy_row *row = target;
    int year;
    int month;
    int day;

    if (node->kind != YAML_KIND_SCALAR || !parse_date(node->text, &year, &month, &day))
        return yaml_fail_value(report, node, field->key,
                               "expected a day of the calendar, such as %s", field->example);

    /* that day is still served, to its end */
    row->service_end = (days_since_epoch(year, month, day) + 1) * SECONDS_PER_DAY;
    strcpy(row->service_until, node->text);
    return 0;
}

READER(read_capabilities)
{
    return yaml_read_fields(field->more, node, field->key, target, report);
}

#define CAPABILITY(word, member)                                                                   \
    {                                                                                              \
        .key = (word), .example = "yes", .offset = offsetof(struct policy_row, member),            \
        .read_h = yaml_read_bool                                                                   \
    }

static const struct yaml_field capability_fields[] = {
    CAPABILITY("im", allows[MEDIA_IM]),
    CAPABILITY("presence", has_presence),
    CAPABILITY("audio", allows[MEDIA_AUDIO]),
    CAPABILITY("video", allows[MEDIA_VIDEO]),
    {.key = NULL},
};

static const struct yaml_field provider_fields[] = {
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
     .read_h = read_fqdn},
    {.key = "NameDecorationRoutingDomain",
     .example = "msn.com",
     .offset = offsetof(struct policy_row, routing_domain),
     .read_h = read_fqdn},
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
     .read_h = read_capabilities},
    {.key = "RequiresLicense",
     .example = "[[Lync Server CAL], [Lync Online Plan 1]]",
     .max = POLICY_ALTERNATIVES_MAX,
     .read_h = read_licenses},
    {.key = "ServiceUntil", .example = "2014-06-30", .read_h = read_service_until},
    {.key = NULL},
};

static int read_row(struct policy *p, const struct yaml_node *node,
                    const struct yaml_report *report)
{
    struct policy_row *row = &p->rows[p->n_rows];
    int err;

    row->verification_level = 2;
    row->service_end = INT64_MAX;
    err = yaml_read_fields(provider_fields, node, "provider", row, report);
    if (err)
        return err;

    if (policy_find_row(p, row->identity)) /* of the rows before */
        return yaml_fail(report, node->line,
                         "Identity: \"%s\": there is such a row already; expected one a provider",
                         row->identity);
    p->n_rows++;
    return 0;
}

READER(read_providers)
{
    struct policy *p = target;
    int err = yaml_check_list(field, node, report);

    if (err || !node->n_items)
        return err;

    p->rows = calloc(node->n_items, sizeof(*p->rows));
    if (!p->rows)
        return fail_memory(report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_row(p, item, report);

    return err;
}

static const struct yaml_field table_fields[] = {
    {.key = "providers",
     .example = "[{Identity: skype, Enabled: yes, capabilities: {audio: yes}}]",
     .max = POLICY_PROVIDERS_MAX,
     .is_required = true,
     .read_h = read_providers},
    {.key = NULL},
};

static int read_table(struct policy *p, const char *text, size_t n,
                      const struct yaml_report *report)
{
    struct yaml_tree *tree;
    int err = yaml_tree_parse(&tree, text, n, &limits, report);

    if (err)
        return err;

    if (yaml_tree_root(tree))
        err = yaml_read_fields(table_fields, yaml_tree_root(tree), "policy", p, report);
    else /* an empty file would deny everything, which nobody means by an empty file */
        err = yaml_fail(report, 1, "policy: an empty file; expected a list of providers");

    yaml_tree_free(tree);
    return err;
}

int policy_parse(struct policy **pp, const char *yaml, size_t n, const char *name, char *err,
                 size_t err_cap)
{
    const struct yaml_report report = {.file = name, .err = err, .err_cap = err_cap};
    struct policy *p = calloc(1, sizeof(*p));
    int e = p ? read_table(p, yaml, n, &report) : fail_memory(&report);

    if (e)
        policy_free(p);
    else
        *pp = p;
    return e;
}

int policy_load_builtin(struct policy **pp)
{
    char err[256];

    return policy_parse(pp, policy_builtin_yaml, policy_builtin_bytes, "policy.yaml", err,
                        sizeof(err));
}

int policy_load_file(struct policy **pp, const char *path, char *err, size_t err_cap)
{
    const struct yaml_report report = {.file = path, .err = err, .err_cap = err_cap};
    char *text = NULL;
    size_t n = 0;
    int e = yaml_read_file(&text, &n, limits.bytes_max, &report);

    if (!e)
        e = policy_parse(pp, text, n, path, err, err_cap);

    free(text);
    return e;
}

void policy_free(struct policy *p)
{
    if (!p)
        return;

    free(p->rows);
    free(p);
}

int policy_check_config(const struct policy *p, const struct config *cfg, char *err, size_t err_cap)
{
    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        const struct config_interface *itf = &cfg->interfaces[i];

        if (*itf->provider && !policy_find_row(p, itf->provider)) {
            snprintf(err, err_cap,
                     "interface %s: provider %s has no row in the policy table; expected an "
                     "Identity of %s",
                     itf->name, itf->provider, *cfg->policy ? cfg->policy : "the built-in table");
            return EINVAL;
        }
    }
    return 0;
}
