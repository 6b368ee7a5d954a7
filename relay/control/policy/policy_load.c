#include "relay/control/policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "relay/config.h"
#include "relay/control/policy/policy_table.h"
#include "relay/yaml.h"

static const struct yaml_limits limits = {
    .bytes_max = (size_t)64 * 1024 * 1024,
    .nodes_max = 4000000,
};

static unsigned line_of(const struct yaml_node *row, const char *key)
{
    const struct yaml_node *node = yaml_find(row, key);

    return node ? node->line : row->line;
}

/* Licences are known by now: they are read before the rows. */
static int find_licenses(const struct policy *p, struct policy_row *row,
                         const struct yaml_node *node, const struct yaml_report *report)
{
    for (unsigned i = 0; i < row->n_licenses; i++) {
        struct policy_licenses *needed = &row->licenses[i];

        for (unsigned k = 0; k < needed->n_names; k++) {
            needed->kinds[k] = policy_find_license(p, needed->names[k]);
            if (needed->kinds[k] == p->n_licenses)
                return yaml_fail(report, line_of(node, "RequiresLicense"),
                                 "RequiresLicense: \"%s\": no such licence among `licenses`",
                                 needed->names[k]);
        }
    }
    return 0;
}

static int read_row(struct policy *p, const struct yaml_node *node,
                    const struct yaml_report *report)
{
    struct policy_row *row = &p->rows[p->n_rows];
    int err;

    row->line = node->line;
    row->verification_level = 2;
    row->service_end = INT64_MAX;
    row->new_domains_refused_since.start = INT64_MAX;
    for (unsigned side = 0; side < POLICY_SIDES; side++)
        row->encryption[side] = POLICY_ENCRYPTION_OPTIONAL;
    err = yaml_read_fields(policy_row_fields, node, "provider", row, report);
    if (err)
        return err;

    if (policy_find_row(p, row->identity)) /* of the rows before */
        return yaml_fail(report, node->line,
                         "Identity: \"%s\": there is such a row already; expected one a provider",
                         row->identity);
    p->n_rows++;
    return find_licenses(p, row, node, report);
}

/* ---- where users move to ----------------------------------------------------------------------
 */

static int find_target(struct policy *p, struct policy_row *row, const struct yaml_node *node,
                       const struct yaml_report *report)
{
    const struct policy_row *to = policy_find_row(p, row->migrates_to);

    if (!row->migrates_to[0])
        return 0;
    if (!to)
        return yaml_fail(report, line_of(node, "MigratesTo"),
                         "MigratesTo: \"%s\": no such Identity among `providers`",
                         row->migrates_to);
    row->migrates_to_row = (unsigned)(to - p->rows);
    return 0;
}

/* More steps than there are rows lead in a circle. */
static bool is_in_circle(const struct policy *p, const struct policy_row *row)
{
    for (unsigned steps = 0; row->migrates_to[0]; steps++) {
        if (steps == p->n_rows)
            return true;
        row = &p->rows[row->migrates_to_row];
    }
    return false;
}

/* Each item of the list has become a row. */
static int check_migrations(struct policy *p, const struct yaml_node *providers,
                            const struct yaml_report *report)
{
    const struct yaml_node *node = providers->first;
    int err = 0;

    for (unsigned i = 0; node && !err; i++, node = node->next)
        err = find_target(p, &p->rows[i], node, report);
    node = providers->first;
    for (unsigned i = 0; node && !err; i++, node = node->next) {
        if (is_in_circle(p, &p->rows[i]))
            err = yaml_fail(report, line_of(node, "MigratesTo"),
                            "MigratesTo: \"%s\": this leads back to where it came from",
                            p->rows[i].migrates_to);
    }
    return err;
}

static int read_providers(const struct yaml_field *field, const struct yaml_node *node,
                          void *target, const struct yaml_report *report)
{
    struct policy *p = target;
    int err = yaml_check_list(field, node, report);

    if (err || !node->n_items)
        return err;

    p->rows = calloc(node->n_items, sizeof(*p->rows));
    if (!p->rows)
        return yaml_fail_memory(report);

    for (const struct yaml_node *item = node->first; item && !err; item = item->next)
        err = read_row(p, item, report);
    if (!err)
        err = check_migrations(p, node, report);
    return err;
}

/* In the order in which one needs the other. */
static const struct yaml_field table_fields[] = {
    {.key = "licenses",
     .example = "[{Name: Lync Server CAL}]",
     .max = POLICY_LICENSE_KINDS,
     .read_h = policy_read_licenses},
    {.key = "providers",
     .example = "[{Identity: skype, Enabled: yes, capabilities: {audio: yes}}]",
     .max = POLICY_PROVIDERS_MAX,
     .is_required = true,
     .read_h = read_providers},
    {.key = "enterprise",
     .example = "[{Domains: [contoso.com], Licenses: [{Name: Lync Server CAL}]}]",
     .max = POLICY_DOMAINS_MAX,
     .read_h = policy_read_enterprises},
    {.key = "users",
     .example = "[{Rule: deny, Users: [alice@contoso.com]}]",
     .max = POLICY_RULES_MAX,
     .read_h = policy_read_users},
    {.key = NULL},
};

static int read_root(struct policy *p, const struct yaml_node *root,
                     const struct yaml_report *report)
{
    int err = 0;

    p->any_enterprise = POLICY_NO_ENTERPRISE;
    if (!yaml_find(root, "licenses"))
        err = policy_default_licenses(p);
    if (!err)
        err = yaml_read_fields(table_fields, root, "policy", p, report);
    if (!err && !yaml_find(root, "enterprise"))
        err = policy_default_enterprise(p, report);
    return err;
}

static int read_table(struct policy *p, const char *text, size_t n,
                      const struct yaml_report *report)
{
    struct yaml_tree *tree;
    int err = yaml_tree_parse(&tree, text, n, &limits, report);

    if (err)
        return err;

    if (yaml_tree_root(tree))
        err = read_root(p, yaml_tree_root(tree), report);
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
    int e = p ? read_table(p, yaml, n, &report) : yaml_fail_memory(&report);

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

    policy_wipe_enterprises(p);
    policy_wipe_users(p);
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
