#include "relay/control/policy_table.h"

#include "relay/text.h"

#define SECONDS_PER_DAY 86400
#define NAME_CHARS      "_.-"
#define LICENSE_CHARS   "_.- "
#define LABEL_MAX       63 /* RFC 1035 s.2.3.4 */

#define READER(name)                                                                               \
    static int name(const struct yaml_field *field, const struct yaml_node *node, void *target,    \
                    const struct yaml_report *report)

READER(read_identity)
{
    return yaml_read_chars(field, node, target, POLICY_IDENTITY_MAX, NAME_CHARS, report);
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
    text_copy(to, POLICY_FQDN_MAX, node->text);
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
        err = yaml_read_chars(field, item, licenses->names[n++], POLICY_LICENSE_MAX, LICENSE_CHARS,
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
    text_copy(row->service_until, sizeof(row->service_until), node->text);
    return 0;
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
     .read_h = yaml_read_map},
    {.key = "RequiresLicense",
     .example = "[[Lync Server CAL], [Lync Online Plan 1]]",
     .max = POLICY_ALTERNATIVES_MAX,
     .read_h = read_licenses},
    {.key = "ServiceUntil", .example = "2014-06-30", .read_h = read_service_until},
    {.key = NULL},
};
