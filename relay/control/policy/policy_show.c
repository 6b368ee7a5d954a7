#include "relay/control/policy/policy_explain.h"

#include <stdio.h>

#include "relay/control/policy/policy_table.h"

#define ENTRIES_SHOWN 100 /* of enterprises; more are counted */

/* n texts, one every `step` bytes. */
static json_t *texts(const void *first, size_t n, size_t step)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(list, json_string((const char *)first + i * step));
    return list;
}

static const char *encryption_name(enum policy_encryption e)
{
    return e == POLICY_ENCRYPTION_REQUIRED ? "required"
           : e == POLICY_ENCRYPTION_NONE   ? "none"
                                           : "optional";
}

static json_t *show_needs(const struct policy_row *row)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < row->n_licenses; i++) {
        const struct policy_licenses *needed = &row->licenses[i];

        (void)json_array_append_new(
            list, texts(needed->names, needed->n_names, sizeof(needed->names[0])));
    }
    return list;
}

static void set_text(json_t *o, const char *key, const char *text)
{
    if (*text)
        (void)json_object_set_new(o, key, json_string(text));
}

static json_t *show_row(const struct policy_row *row)
{
    json_t *o =
        json_pack("{s:s, s:b, s:{s:b, s:b, s:b, s:b}, s:{s:s, s:s}, s:o, s:s, s:s, s:i}",
                  "Identity", row->identity, "Enabled", row->is_enabled, "capabilities", "im",
                  row->allows[MEDIA_IM], "presence", row->allows[MEDIA_PRESENCE], "audio",
                  row->allows[MEDIA_AUDIO], "video", row->allows[MEDIA_VIDEO], "Encryption",
                  "Enterprise", encryption_name(row->encryption[POLICY_SIDE_ENTERPRISE]), "Public",
                  encryption_name(row->encryption[POLICY_SIDE_PUBLIC]), "RequiresLicense",
                  show_needs(row), "NewDomains", row->refuses_new_domains ? "refused" : "accepted",
                  "on_revoke", row->finishes_revoked ? "finish" : "end", "VerificationLevel",
                  (int)row->verification_level);

    set_text(o, "ProxyFqdn", row->proxy_fqdn);
    set_text(o, "NameDecorationRoutingDomain", row->routing_domain);
    set_text(o, "ServiceUntil", row->service_until);
    set_text(o, "MigratesTo", row->migrates_to);
    if (row->n_excluded_domains)
        (void)json_object_set_new(o, "NameDecorationExcludedDomains",
                                  texts(row->excluded_domains, row->n_excluded_domains,
                                        sizeof(row->excluded_domains[0])));
    return o;
}

static json_t *show_enterprise(const struct policy *p, const struct policy_enterprise *e)
{
    json_t *licenses = json_array(), *activated = json_array();

    for (unsigned i = 0; i < e->n_held; i++) {
        json_t *held = json_pack("{s:s}", "Name", p->licenses[e->held[i].kind].name);

        set_text(held, "Until", e->held[i].until);
        (void)json_array_append_new(licenses, held);
    }
    for (unsigned i = 0; i < e->n_activations; i++)
        (void)json_array_append_new(activated,
                                    json_string(p->rows[e->activations[i].row].identity));
    return json_pack("{s:b, s:i, s:o, s:o}", "any", e->is_any, "line", (int)e->line, "Licenses",
                     licenses, "Activated", activated);
}

static json_t *show_enterprises(const struct policy *p)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < p->n_enterprises && i < ENTRIES_SHOWN; i++)
        (void)json_array_append_new(list, show_enterprise(p, &p->enterprises[i]));
    return list;
}

json_t *policy_show(const struct policy *p)
{
    json_t *rows = json_array();

    for (unsigned i = 0; i < p->n_rows; i++)
        (void)json_array_append_new(rows, show_row(&p->rows[i]));
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "providers", rows, "licenses",
                     texts(p->licenses, p->n_licenses, sizeof(p->licenses[0])), "enterprise",
                     show_enterprises(p), "n_enterprises", (json_int_t)p->n_enterprises,
                     "n_domains", (json_int_t)p->domains.n_used, "n_enterprise_users",
                     (json_int_t)p->users[POLICY_SIDE_ENTERPRISE].n_patterns, "n_public_users",
                     (json_int_t)p->users[POLICY_SIDE_PUBLIC].n_patterns);
}
