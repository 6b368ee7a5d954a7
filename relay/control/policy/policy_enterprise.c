#include "relay/control/policy/policy_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/text.h"

/* The enterprises of the table: who holds which licences, and what has been activated for them. */

#define READER(name)                                                                               \
    static int name(const struct yaml_field *field, const struct yaml_node *node, void *target,    \
                    const struct yaml_report *report)

/* ---- kinds of licences ------------------------------------------------------------------------
 */

unsigned policy_find_license(const struct policy *p, const char *name)
{
    unsigned i = 0;

    while (i < p->n_licenses && !text_equal_nocase(p->licenses[i].name, name))
        i++;
    return i;
}

READER(read_license_name)
{
    return policy_read_license(field, node, target, report);
}

static const struct yaml_field license_fields[] = {
    {.key = "Name",
     .example = "Lync Server CAL",
     .is_required = true,
     .offset = offsetof(struct policy_license_kind, name),
     .read_h = read_license_name},
    {.key = "NotSoldSince",
     .example = "2012-09-01",
     .offset = offsetof(struct policy_license_kind, not_sold_since),
     .read_h = policy_read_day},
    {.key = NULL},
};

static int read_license_kind(struct policy *p, const struct yaml_node *node,
                             const struct yaml_report *report)
{
    struct policy_license_kind *kind = &p->licenses[p->n_licenses];
    int err;

    kind->not_sold_since.start = INT64_MAX;
    err = yaml_read_fields(license_fields, node, "license", kind, report);
    if (err)
        return err;
    if (policy_find_license(p, kind->name) < p->n_licenses)
        return yaml_fail(report, node->line, "Name: \"%s\": there is such a licence already",
                         kind->name);
    p->n_licenses++;
    return 0;
}

int policy_read_licenses(const struct yaml_field *field, const struct yaml_node *node, void *target,
                         const struct yaml_report *report)
{
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_license_kind(target, item, report);
    return err;
}

int policy_default_licenses(struct policy *p)
{
    static const char *const names[] = {"Lync Server CAL", "Lync Online Plan 1",
                                        "Lync Online Plan 2", "Lync Online Plan 3"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        text_copy(p->licenses[p->n_licenses].name, POLICY_LICENSE_MAX, names[i]);
        p->licenses[p->n_licenses++].not_sold_since.start = INT64_MAX;
    }
    text_copy(p->licenses[p->n_licenses].name, POLICY_LICENSE_MAX, "Lync PIC USL");
    return policy_date_parse("2012-09-01", &p->licenses[p->n_licenses++].not_sold_since.start)
               ? 0
               : EINVAL;
}

/* ---- licences that are held -------------------------------------------------------------------
 */

/* What a licence or an activation is read into before its name is looked up. */
struct named {
    char name[POLICY_LICENSE_MAX];
    struct policy_day since;
    char until[POLICY_DATE_MAX];
    int64_t end;
};

READER(read_until)
{
    struct named *named = target;

    return policy_read_last_day(field, node, named->until, &named->end, report);
}

#define SINCE                                                                                      \
    {                                                                                              \
        .key = "Since", .example = "2011-05-01", .offset = offsetof(struct named, since),          \
        .read_h = policy_read_day                                                                  \
    }

static const struct yaml_field held_fields[] = {
    {.key = "Name",
     .example = "Lync Server CAL",
     .is_required = true,
     .offset = offsetof(struct named, name),
     .read_h = read_license_name},
    SINCE,
    {.key = "Until", .example = "2014-06-30", .read_h = read_until},
    {.key = NULL},
};

static const struct yaml_field activation_fields[] = {
    {.key = "Provider",
     .example = "skype",
     .is_required = true,
     .offset = offsetof(struct named, name),
     .read_h = read_license_name},
    SINCE,
    {.key = NULL},
};

static int check_sale(const struct policy_license_kind *kind, const struct named *named,
                      const struct yaml_report *report)
{
    char day[POLICY_DATE_MAX];

    if (named->since.line == 0 || named->since.start < kind->not_sold_since.start)
        return 0;
    return yaml_fail(report, named->since.line,
                     "Since: %s is not sold since %s; expected an earlier day", kind->name,
                     policy_date_print(day, kind->not_sold_since.start));
}

static int read_held(struct policy_enterprise *e, const struct policy *p,
                     const struct yaml_node *node, const struct yaml_report *report)
{
    struct named named = {.since.start = INT64_MIN, .end = INT64_MAX};
    struct policy_held *held = &e->held[e->n_held];
    int err = yaml_read_fields(held_fields, node, "license", &named, report);
    unsigned kind;

    if (err)
        return err;
    kind = policy_find_license(p, named.name);
    if (kind == p->n_licenses)
        return yaml_fail(report, node->line, "Name: \"%s\": no such licence among `licenses`",
                         named.name);
    if (named.since.start >= named.end)
        return yaml_fail(report, node->line, "Until: \"%s\": it is before Since", named.until);
    *held = (struct policy_held){
        .kind = kind, .since = named.since, .end = named.end, .line = node->line};
    memcpy(held->until, named.until, sizeof(held->until));
    e->n_held++;
    return check_sale(&p->licenses[kind], &named, report);
}

static int read_activation(struct policy_enterprise *e, const struct policy *p,
                           const struct yaml_node *node, const struct yaml_report *report)
{
    struct named named = {.since.start = INT64_MIN};
    int err = yaml_read_fields(activation_fields, node, "activation", &named, report);
    const struct policy_row *row;

    if (err)
        return err;
    row = policy_find_row(p, named.name);
    if (!row)
        return yaml_fail(report, node->line, "Provider: \"%s\": no such Identity among `providers`",
                         named.name);
    if (row->refuses_new_domains && (e->is_any || named.since.line == 0))
        return yaml_fail(report, node->line,
                         "Provider: \"%s\": it refuses new domains; expected Since, and domains "
                         "by their names",
                         named.name);
    for (unsigned i = 0; i < e->n_activations; i++) {
        if (e->activations[i].row == row - p->rows)
            return yaml_fail(report, node->line, "Provider: \"%s\": it is activated twice",
                             named.name);
    }
    e->activations[e->n_activations++] = (struct policy_activation){
        .row = (unsigned)(row - p->rows), .since = named.since, .line = node->line};
    return 0;
}

/* ---- enterprises ------------------------------------------------------------------------------
 */

/* One being read, and the table that it goes into. */
struct reading {
    struct policy *policy;
    struct policy_enterprise *enterprise;
};

static bool is_of_provider(const struct policy *p, const char *domain)
{
    for (unsigned i = 0; i < p->n_rows; i++) {
        const struct policy_row *row = &p->rows[i];

        if (strcmp(row->routing_domain, domain) == 0)
            return true;
        for (unsigned k = 0; k < row->n_excluded_domains; k++) {
            if (strcmp(row->excluded_domains[k], domain) == 0)
                return true;
        }
    }
    return false;
}

static int take_any(struct reading *r, const struct yaml_node *node,
                    const struct yaml_report *report)
{
    struct policy *p = r->policy;

    if (p->any_enterprise != POLICY_NO_ENTERPRISE)
        return yaml_fail(report, node->line, "Domains: \"*\" is that of the entry at line %u",
                         p->enterprises[p->any_enterprise].line);
    r->enterprise->is_any = true;
    p->any_enterprise = p->n_enterprises;
    return 0;
}

static int read_domain(const struct yaml_field *field, struct reading *r,
                       const struct yaml_node *node, const struct yaml_report *report)
{
    struct policy *p = r->policy;
    char domain[POLICY_FQDN_MAX];
    const uint32_t *other;
    int err;

    if (node->kind == YAML_KIND_SCALAR && strcmp(node->text, "*") == 0)
        return take_any(r, node, report);
    err = policy_read_fqdn(field, node, domain, report);
    if (err)
        return err;
    other = policy_index_find(&p->domains, str_of(domain));
    if (other)
        return yaml_fail(
            report, node->line,
            "Domains: \"%s\" is a domain of the entry at line %u; expected each in "
            "one entry",
            domain, *other == p->n_enterprises ? r->enterprise->line : p->enterprises[*other].line);
    if (is_of_provider(p, domain))
        return yaml_fail(report, node->line, "Domains: \"%s\" is the domain of a provider", domain);
    return policy_index_add(&p->domains, str_of(domain), p->n_enterprises)
               ? yaml_fail_memory(report)
               : 0;
}

READER(read_domains)
{
    struct reading *r = target;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_domain(field, r, item, report);
    return err;
}

READER(read_all_held)
{
    struct reading *r = target;
    struct policy_enterprise *e = r->enterprise;
    int err = yaml_check_list(field, node, report);

    if (err || !node->n_items)
        return err;
    e->held = calloc(node->n_items, sizeof(*e->held));
    if (!e->held)
        return yaml_fail_memory(report);
    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_held(e, r->policy, item, report);
    return err;
}

READER(read_activations)
{
    struct reading *r = target;
    struct policy_enterprise *e = r->enterprise;
    int err = yaml_check_list(field, node, report);

    if (err || !node->n_items)
        return err;
    e->activations = calloc(node->n_items, sizeof(*e->activations));
    if (!e->activations)
        return yaml_fail_memory(report);
    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_activation(e, r->policy, item, report);
    return err;
}

static const struct yaml_field enterprise_fields[] = {
    {.key = "Domains",
     .example = "[contoso.com]",
     .min = 1,
     .max = POLICY_DOMAINS_MAX,
     .is_required = true,
     .read_h = read_domains},
    {.key = "Licenses",
     .example = "[{Name: Lync Server CAL}]",
     .max = POLICY_HELD_MAX,
     .read_h = read_all_held},
    {.key = "Activated",
     .example = "[{Provider: skype, Since: 2013-06-01}]",
     .max = POLICY_PROVIDERS_MAX,
     .read_h = read_activations},
    {.key = NULL},
};

int policy_read_enterprises(const struct yaml_field *field, const struct yaml_node *node,
                            void *target, const struct yaml_report *report)
{
    struct policy *p = target;
    int err = yaml_check_list(field, node, report);

    if (err)
        return err;
    p->enterprises = calloc(node->n_items + 1, sizeof(*p->enterprises));
    if (!p->enterprises)
        return yaml_fail_memory(report);
    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        struct reading r = {p, &p->enterprises[p->n_enterprises]};

        r.enterprise->line = item->line;
        err = yaml_read_fields(enterprise_fields, item, "enterprise", &r, report);
        p->n_enterprises++; /* half read or not: what it holds is let go with the table */
    }
    return err;
}

int policy_default_enterprise(struct policy *p, const struct yaml_report *report)
{
    struct policy_enterprise *e = calloc(1, sizeof(*e));
    unsigned kind = policy_find_license(p, "Lync Server CAL");

    p->enterprises = e;
    if (!e)
        return yaml_fail_memory(report);
    p->n_enterprises = 1;
    p->any_enterprise = 0;
    e->is_any = true;
    e->held = calloc(1, sizeof(*e->held));
    e->activations = calloc(p->n_rows + 1, sizeof(*e->activations));
    if (!e->held || !e->activations)
        return yaml_fail_memory(report);
    if (kind < p->n_licenses)
        e->held[e->n_held++] =
            (struct policy_held){.kind = kind, .since.start = INT64_MIN, .end = INT64_MAX};
    for (unsigned i = 0; i < p->n_rows; i++)
        e->activations[e->n_activations++] =
            (struct policy_activation){.row = i, .since.start = INT64_MIN};
    return 0;
}

struct str policy_domain_next(const struct policy *p, size_t *at)
{
    return policy_index_next(&p->domains, at);
}

bool policy_has_domain(const struct policy *p, struct str domain)
{
    return policy_index_find(&p->domains, domain) != NULL;
}

void policy_wipe_enterprises(struct policy *p)
{
    for (unsigned i = 0; i < p->n_enterprises; i++) {
        free(p->enterprises[i].held);
        free(p->enterprises[i].activations);
    }
    free(p->enterprises);
    policy_index_wipe(&p->domains);
}
