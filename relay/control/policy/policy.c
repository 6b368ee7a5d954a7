#include "relay/control/policy/policy.h"

#include <string.h>

#include "relay/control/policy/policy_table.h"
#include "relay/text.h"

static const char *const kind_names[MEDIA_KIND_COUNT] = {
    [MEDIA_AUDIO] = "audio", [MEDIA_VIDEO] = "video",       [MEDIA_IM] = "im",
    [MEDIA_OTHER] = "other", [MEDIA_PRESENCE] = "presence",
};

static const char *const code_names[POLICY_CODE_COUNT] = {
    [POLICY_CODE_ALLOWED] = "allowed",
    [POLICY_CODE_UNKNOWN_PROVIDER] = "unknown_provider",
    [POLICY_CODE_DISABLED] = "disabled",
    [POLICY_CODE_CAPABILITY] = "capability",
    [POLICY_CODE_SERVICE_ENDED] = "service_ended",
    [POLICY_CODE_CONTRADICTION] = "contradiction",
    [POLICY_CODE_BAD_ADDRESS] = "bad_address",
    [POLICY_CODE_UNKNOWN_ENTERPRISE] = "unknown_enterprise",
    [POLICY_CODE_LICENSE] = "license",
    [POLICY_CODE_LICENSE_ENDED] = "license_ended",
    [POLICY_CODE_NOT_ACTIVATED] = "not_activated",
    [POLICY_CODE_NEW_DOMAIN] = "new_domain",
    [POLICY_CODE_USER] = "user",
    [POLICY_CODE_ENCRYPTION] = "encryption",
};

const char *media_kind_name(enum media_kind kind)
{
    return (unsigned)kind < MEDIA_KIND_COUNT ? kind_names[kind] : "unknown";
}

bool media_kind_parse(enum media_kind *kind, struct str name)
{
    for (unsigned i = 0; i < MEDIA_KIND_COUNT; i++) {
        if (i != MEDIA_OTHER && str_equal_nocase(name, str_of(kind_names[i]))) {
            *kind = (enum media_kind)i;
            return true;
        }
    }
    return false;
}

const char *policy_code_name(enum policy_code code)
{
    return (unsigned)code < POLICY_CODE_COUNT ? code_names[code] : "unknown";
}

const char *policy_verdict_name(enum policy_verdict verdict)
{
    static const char *const names[] = {
        [POLICY_ALLOW] = "allow", [POLICY_DENY] = "deny", [POLICY_REDUCE] = "reduce"};

    return (unsigned)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "unknown";
}

const char *policy_side_name(enum policy_side side)
{
    return side == POLICY_SIDE_PUBLIC ? "public" : "enterprise";
}

const struct policy_row *policy_find_row(const struct policy *p, const char *identity)
{
    for (unsigned i = 0; identity && i < p->n_rows; i++) {
        if (text_equal_nocase(p->rows[i].identity, identity))
            return &p->rows[i];
    }
    return NULL;
}

const char *policy_provider_name(const struct policy *p, const char *identity)
{
    const struct policy_row *row = policy_find_row(p, identity);

    return row ? row->identity : NULL;
}

const char *policy_provider_at(const struct policy *p, unsigned index)
{
    return index < p->n_rows ? p->rows[index].identity : NULL;
}

/* ---- one row ----------------------------------------------------------------------------------
 */

/* What a row can say against a call, the most lasting first. */
enum policy_code policy_judge_row(struct policy_finding *f, const struct policy *p,
                                  const struct policy_query *q, const struct uri *users)
{
    const struct uri *enterprise = q->enterprise_user.n ? &users[POLICY_SIDE_ENTERPRISE] : NULL;
    const struct uri *remote = q->remote_user.n ? &users[POLICY_SIDE_PUBLIC] : NULL;
    enum policy_code code;

    if (!f->row->is_enabled)
        return POLICY_CODE_DISABLED;
    if (!f->row->allows[q->kind])
        return POLICY_CODE_CAPABILITY;
    if (q->unix_time >= f->row->service_end)
        return POLICY_CODE_SERVICE_ENDED;
    code = policy_judge_enterprise(f, p, q->unix_time);
    if (code == POLICY_CODE_ALLOWED)
        code = policy_judge_user(f, p, POLICY_SIDE_ENTERPRISE, enterprise, q->kind);
    if (code == POLICY_CODE_ALLOWED)
        code = policy_judge_user(f, p, POLICY_SIDE_PUBLIC, remote, q->kind);
    return code;
}

/* A user who has moved falls under the row that he moved to; no cycle was let into the table. */
static const struct policy_row *follow(struct policy_finding *f, const struct policy *p,
                                       const struct policy_row *row, const struct uri *remote,
                                       int64_t unix_time)
{
    while (remote && row->migrates_to[0] &&
           policy_has_migrated(p, remote, (unsigned)(row - p->rows), unix_time)) {
        f->migrated_from = row;
        row = &p->rows[row->migrates_to_row];
    }
    return row;
}

/* ---- all rows that may be meant ---------------------------------------------------------------
 */

/* Only what all of them allow: the first that denies decides. */
static void judge_rows(struct policy_finding *f, const struct policy *p,
                       const struct policy_query *q, const struct uri *users)
{
    const struct uri *remote = q->remote_user.n ? &users[POLICY_SIDE_PUBLIC] : NULL;

    for (unsigned i = 0; i < p->n_rows; i++) {
        struct policy_finding here = *f;

        if (!(f->rows >> i & 1))
            continue;
        here.row = follow(&here, p, &p->rows[i], remote, q->unix_time);
        here.code = policy_judge_row(&here, p, q, users);
        if (!f->row || here.code != POLICY_CODE_ALLOWED) {
            const policy_set rows = f->rows;

            *f = here;
            f->rows = rows;
        }
        if (here.code != POLICY_CODE_ALLOWED)
            return;
    }
}

/* An address of another scheme is nobody's that the table knows; one that cannot be read denies. */
static bool read_user(struct uri *u, struct str text)
{
    return text.n == 0 || uri_parse(u, text) == 0;
}

void policy_find(struct policy_finding *f, const struct policy *p, const struct policy_query *query)
{
    struct policy_query q = *query;
    struct uri users[POLICY_SIDES];

    memset(f, 0, sizeof(*f));
    if ((unsigned)q.kind >= MEDIA_KIND_COUNT)
        q.kind = MEDIA_OTHER;
    for (unsigned side = 0; side < POLICY_SIDES; side++) {
        f->side = (enum policy_side)side;
        if (!read_user(&users[side],
                       side == POLICY_SIDE_PUBLIC ? q.remote_user : q.enterprise_user)) {
            f->code = POLICY_CODE_BAD_ADDRESS;
            return;
        }
    }
    f->code = policy_find_rows(f, p, &q, q.remote_user.n ? &users[POLICY_SIDE_PUBLIC] : NULL);
    if (f->code != POLICY_CODE_ALLOWED)
        return;
    if (q.enterprise_user.n)
        memcpy(f->domain, users[POLICY_SIDE_ENTERPRISE].host, sizeof(f->domain));
    judge_rows(f, p, &q, users);
}

void policy_decide(struct policy_decision *d, const struct policy *p, const struct policy_query *q)
{
    struct policy_finding f;

    policy_find(&f, p, q);
    d->code = f.code;
    d->verdict = f.code == POLICY_CODE_ALLOWED ? POLICY_ALLOW : POLICY_DENY;
    d->provider[0] = '\0';
    if (f.row)
        memcpy(d->provider, f.row->identity, sizeof(d->provider));
    policy_write_reason(d, &f, q);
}

/* ---- several kinds ----------------------------------------------------------------------------
 */

void policy_decide_kinds(struct policy_outcome *o, const struct policy *p,
                         const struct policy_query *q, unsigned kinds)
{
    struct policy_query query = *q;

    memset(o, 0, sizeof(*o));
    o->asked = kinds & ((1u << MEDIA_KIND_COUNT) - 1);
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        if (!(o->asked >> kind & 1))
            continue;
        query.kind = (enum media_kind)kind;
        policy_decide(&o->kinds[kind], p, &query);
        if (o->kinds[kind].verdict == POLICY_ALLOW)
            o->allowed |= 1u << kind;
        else if (o->code == POLICY_CODE_ALLOWED)
            o->code = o->kinds[kind].code;
    }
    if (!o->allowed)
        o->verdict = POLICY_DENY;
    else
        o->verdict = o->allowed == o->asked ? POLICY_ALLOW : POLICY_REDUCE;
}

const char *policy_outcome_reason(const struct policy_outcome *o)
{
    const char *allowed = "nothing was asked for";

    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        if (!(o->asked >> kind & 1))
            continue;
        if (o->kinds[kind].verdict != POLICY_ALLOW)
            return o->kinds[kind].reason;
        allowed = o->kinds[kind].reason;
    }
    return allowed;
}

/* ---- what else rows say -----------------------------------------------------------------------
 */

static policy_set rows_meant(const struct policy *p, const struct policy_query *q)
{
    struct policy_finding f;

    policy_find(&f, p, q);
    return f.rows;
}

enum policy_encryption policy_encryption(const struct policy *p, const struct policy_query *q,
                                         enum policy_side side)
{
    const policy_set rows = rows_meant(p, q);
    enum policy_encryption strictest = POLICY_ENCRYPTION_NONE;

    for (unsigned i = 0; i < p->n_rows; i++) {
        if (rows >> i & 1 && p->rows[i].encryption[side] > strictest)
            strictest = p->rows[i].encryption[side];
    }
    return rows ? strictest : POLICY_ENCRYPTION_REQUIRED;
}

bool policy_ends_revoked(const struct policy *p, const struct policy_query *q)
{
    const policy_set rows = rows_meant(p, q);

    for (unsigned i = 0; i < p->n_rows; i++) {
        if (rows >> i & 1 && !p->rows[i].finishes_revoked)
            return true;
    }
    return rows == 0;
}

const char *policy_find_provider(const struct policy *p, const struct policy_query *q, unsigned *n)
{
    const policy_set rows = rows_meant(p, q);
    const char *name = NULL;

    *n = 0;
    for (unsigned i = 0; i < p->n_rows; i++) {
        if (rows >> i & 1) {
            name = p->rows[i].identity;
            (*n)++;
        }
    }
    return *n == 1 ? name : NULL;
}
