#include "relay/control/policy/policy_explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "relay/control/policy/policy_table.h"

#define SENTENCE_MAX 512

/* A line of a list. jansson takes NULL for "no memory" and fails, which shows at the end. */
static void __attribute__((format(printf, 2, 3))) add(json_t *list, const char *fmt, ...)
{
    char text[SENTENCE_MAX];
    va_list ap;
    size_t i;
    json_t *other;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    json_array_foreach(list, i, other)
    {
        if (strcmp(json_string_value(other), text) == 0)
            return;
    }
    (void)json_array_append_new(list, json_string(text));
}

/* Where it stands in the file. */
static const char *at_line(char buf[32], unsigned line)
{
    buf[0] = '\0';
    if (line)
        (void)snprintf(buf, 32, " (line %u)", line);
    return buf;
}

/* ---- what decided -----------------------------------------------------------------------------
 */

static void add_row(json_t *list, const struct policy_finding *f, enum media_kind kind)
{
    const struct policy_row *row = f->row;
    char line[32];

    if (f->migrated_from)
        add(list, "provider %s MigratesTo %s: the user has moved", f->migrated_from->identity,
            row->identity);
    at_line(line, row->line);
    if (f->code == POLICY_CODE_DISABLED) {
        add(list, "provider %s%s: Enabled: no", row->identity, line);
        return;
    }
    add(list, "provider %s%s: capabilities: {%s: %s}", row->identity, line, media_kind_name(kind),
        row->allows[kind] ? "yes" : "no");
    if (f->code == POLICY_CODE_CAPABILITY)
        return;
    if (row->service_until[0])
        add(list, "provider %s%s: ServiceUntil: %s", row->identity, line, row->service_until);
}

static void add_license(json_t *list, const struct policy_finding *f, const struct policy *p,
                        const char *who)
{
    char line[32];

    if (f->license && !f->held)
        add(list, "enterprise %s: no %s", who, f->license);
    else if (f->held && f->held->until[0])
        add(list, "enterprise %s: %s%s until %s", who, p->licenses[f->held->kind].name,
            at_line(line, f->held->line), f->held->until);
    else if (f->held)
        add(list, "enterprise %s: %s%s", who, p->licenses[f->held->kind].name,
            at_line(line, f->held->line));
}

static void add_activation(json_t *list, const struct policy_finding *f, const char *who)
{
    char line[32], day[POLICY_DATE_MAX];

    if (f->code == POLICY_CODE_LICENSE || f->code == POLICY_CODE_LICENSE_ENDED)
        return;
    if (!f->activation)
        add(list, "enterprise %s: %s is not activated", who, f->row->identity);
    else if (f->activation->since.line)
        add(list, "enterprise %s: %s activated%s since %s", who, f->row->identity,
            at_line(line, f->activation->line), policy_date_print(day, f->activation->since.start));
    else
        add(list, "enterprise %s: %s activated%s", who, f->row->identity,
            at_line(line, f->activation->line));
    if (f->row->refuses_new_domains)
        add(list, "provider %s%s: NewDomains: refused", f->row->identity,
            at_line(line, f->row->line));
}

static void add_enterprise(json_t *list, const struct policy_finding *f, const struct policy *p)
{
    char who[URI_HOST_MAX + 32], line[32];

    if (!f->enterprise) {
        add(list, "no entry of `enterprise` for %s", f->domain[0] ? f->domain : "a user unknown");
        return;
    }
    (void)snprintf(who, sizeof(who), "%s%s", f->enterprise->is_any ? "*" : f->domain,
                   at_line(line, f->enterprise->line));
    add_license(list, f, p, who);
    add_activation(list, f, who);
}

static void add_rule(json_t *list, const struct policy_finding *f)
{
    char line[32];

    if (f->code != POLICY_CODE_USER)
        return;
    if (f->pattern)
        add(list, "users: a rule%s denies the %s user", at_line(line, f->pattern->line),
            policy_side_name(f->side));
    else
        add(list, "users: no rule allows the %s user", policy_side_name(f->side));
}

static void add_decided_by(json_t *list, const struct policy_finding *f, const struct policy *p,
                           enum media_kind kind)
{
    if (!f->row) {
        if (f->what)
            add(list, "%s %s", f->what, f->name);
        return;
    }
    add_row(list, f, kind);
    if (f->code == POLICY_CODE_DISABLED || f->code == POLICY_CODE_CAPABILITY ||
        f->code == POLICY_CODE_SERVICE_ENDED)
        return;
    add_enterprise(list, f, p);
    add_rule(list, f);
}

/* ---- what would have to change ----------------------------------------------------------------
 */

static void add_change_of_call(json_t *list, const struct policy_finding *f)
{
    switch (f->code) {
    case POLICY_CODE_UNKNOWN_PROVIDER:
        if (f->what && strcmp(f->what, "provider") == 0)
            add(list, "a row of `providers` with that Identity");
        else
            add(list, "the provider has to be named, or a row with that ProxyFqdn or domain");
        break;
    case POLICY_CODE_CONTRADICTION:
        add(list, "the sources of the provider have to agree");
        break;
    default:
        add(list, "the address of the %s user has to be a SIP URI", policy_side_name(f->side));
    }
}

static void add_change_of_enterprise(json_t *list, const struct policy_finding *f)
{
    const char *who = f->domain[0] ? f->domain : "the enterprise";
    const char *name = f->row->identity;

    switch (f->code) {
    case POLICY_CODE_UNKNOWN_ENTERPRISE:
        add(list, "an entry of `enterprise` with the domain of the enterprise user");
        break;
    case POLICY_CODE_LICENSE:
        add(list, "%s needs a %s", who, f->license);
        break;
    case POLICY_CODE_LICENSE_ENDED:
        add(list, "%s needs a %s that is in force", who, f->license);
        break;
    case POLICY_CODE_NOT_ACTIVATED:
        add(list, "the service of %s has to be activated for %s", name, who);
        break;
    default:
        add(list, "nothing: %s is closed to domains that did not have it", name);
    }
}

static void add_change(json_t *list, const struct policy_finding *f, enum media_kind kind)
{
    if (f->code == POLICY_CODE_ALLOWED)
        return;
    if (!f->row) {
        add_change_of_call(list, f);
        return;
    }
    switch (f->code) {
    case POLICY_CODE_DISABLED:
        add(list, "Enabled of provider %s: yes", f->row->identity);
        break;
    case POLICY_CODE_CAPABILITY:
        add(list, "capabilities.%s of provider %s: yes", media_kind_name(kind), f->row->identity);
        break;
    case POLICY_CODE_SERVICE_ENDED:
        add(list, "ServiceUntil of provider %s: later than %s", f->row->identity,
            f->row->service_until);
        break;
    case POLICY_CODE_USER:
        add(list, f->pattern ? "the rule about the %s user" : "a rule that allows the %s user",
            policy_side_name(f->side));
        break;
    default:
        add_change_of_enterprise(list, f);
    }
}

/* ---- the explanation --------------------------------------------------------------------------
 */

static json_t *providers_of(const struct policy *p, policy_set rows)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < p->n_rows; i++) {
        if (rows >> i & 1)
            (void)json_array_append_new(list, json_string(p->rows[i].identity));
    }
    return list;
}

/* Takes the lists over. */
static json_t *explain_kind(const struct policy_decision *d, json_t *decided_by, json_t *change)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "verdict", policy_verdict_name(d->verdict),
                     "code", policy_code_name(d->code), "reason", d->reason, "decided_by",
                     decided_by, "change", change);
}

static void extend(json_t *all, const json_t *list)
{
    size_t i;
    json_t *text;

    json_array_foreach(list, i, text) add(all, "%s", json_string_value(text));
}

struct explaining {
    json_t *kinds, *allowed, *decided_by, *change;
    policy_set rows;
};

static void explain_one(struct explaining *x, const struct policy *p, const struct policy_query *q,
                        const struct policy_decision *d)
{
    json_t *decided_by = json_array(), *change = json_array();
    struct policy_finding f;

    policy_find(&f, p, q);
    x->rows = f.rows;
    add_decided_by(decided_by, &f, p, q->kind);
    add_change(change, &f, q->kind);
    extend(x->decided_by, decided_by);
    extend(x->change, change);
    if (d->verdict == POLICY_ALLOW)
        (void)json_array_append_new(x->allowed, json_string(media_kind_name(q->kind)));
    (void)json_object_set_new(x->kinds, media_kind_name(q->kind),
                              explain_kind(d, decided_by, change));
}

json_t *policy_explain(const struct policy *p, const struct policy_query *query, unsigned kinds)
{
    struct explaining x = {json_object(), json_array(), json_array(), json_array(), 0};
    struct policy_query q = *query;
    struct policy_outcome o;
    char day[POLICY_DATE_MAX];

    policy_decide_kinds(&o, p, &q, kinds);
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        q.kind = (enum media_kind)kind;
        if (o.asked >> kind & 1)
            explain_one(&x, p, &q, &o.kinds[kind]);
    }
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "verdict",
                     policy_verdict_name(o.verdict), "code", policy_code_name(o.code), "reason",
                     policy_outcome_reason(&o), "allowed", x.allowed, "decided_by", x.decided_by,
                     "change", x.change, "providers", providers_of(p, x.rows), "date",
                     policy_date_print(day, q.unix_time), "kinds", x.kinds);
}
