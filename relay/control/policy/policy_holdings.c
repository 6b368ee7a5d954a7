#include "relay/control/policy/policy_table.h"

/* What an enterprise's licences and activations allow on a day. */

/* The one in force; else the one that ended last, so that the reason can name it. */
static const struct policy_held *find_held(const struct policy_enterprise *e, unsigned kind,
                                           int64_t unix_time)
{
    const struct policy_held *ended = NULL;

    for (unsigned i = 0; i < e->n_held; i++) {
        const struct policy_held *held = &e->held[i];

        if (held->kind != kind || unix_time < held->since.start)
            continue;
        if (unix_time < held->end)
            return held;
        if (!ended || held->end > ended->end)
            ended = held;
    }
    return ended;
}

/* All that one alternative names. What is missing, or ended, is said in f. */
static enum policy_code judge_alternative(struct policy_finding *f, const struct policy *p,
                                          const struct policy_licenses *needed, int64_t unix_time)
{
    enum policy_code code = POLICY_CODE_ALLOWED;

    for (unsigned i = 0; i < needed->n_names; i++) {
        const struct policy_held *held = find_held(f->enterprise, needed->kinds[i], unix_time);

        if (held && unix_time < held->end) {
            if (code == POLICY_CODE_ALLOWED)
                f->held = held;
            continue;
        }
        f->license = p->licenses[needed->kinds[i]].name;
        f->held = held;
        code = held ? POLICY_CODE_LICENSE_ENDED : POLICY_CODE_LICENSE;
        if (!held)
            break;
    }
    return code;
}

/* One alternative is enough. Of several that fail, one that was held once says most; else the
 * first, which is the usual one. */
static enum policy_code judge_licenses(struct policy_finding *f, const struct policy *p,
                                       int64_t unix_time)
{
    struct policy_finding kept = *f;
    enum policy_code code = POLICY_CODE_ALLOWED;

    for (unsigned i = 0; i < f->row->n_licenses; i++) {
        struct policy_finding here = *f;
        enum policy_code c = judge_alternative(&here, p, &f->row->licenses[i], unix_time);

        if (i == 0 || c == POLICY_CODE_ALLOWED ||
            (c == POLICY_CODE_LICENSE_ENDED && code == POLICY_CODE_LICENSE)) {
            kept = here;
            code = c;
        }
        if (c == POLICY_CODE_ALLOWED)
            break;
    }
    *f = kept;
    return code;
}

static enum policy_code judge_activation(struct policy_finding *f, const struct policy *p,
                                         int64_t unix_time)
{
    const struct policy_enterprise *e = f->enterprise;
    const unsigned row = (unsigned)(f->row - p->rows);

    for (unsigned i = 0; i < e->n_activations; i++) {
        if (e->activations[i].row == row)
            f->activation = &e->activations[i];
    }
    if (!f->activation || unix_time < f->activation->since.start)
        return f->row->refuses_new_domains ? POLICY_CODE_NEW_DOMAIN : POLICY_CODE_NOT_ACTIVATED;
    if (f->row->refuses_new_domains &&
        f->activation->since.start >= f->row->new_domains_refused_since.start)
        return POLICY_CODE_NEW_DOMAIN;
    return POLICY_CODE_ALLOWED;
}

/* Without an address of the user the enterprise is known if there is one alone. */
static const struct policy_enterprise *find_enterprise(const struct policy *p, const char *domain)
{
    const uint32_t *found = policy_index_find(&p->domains, str_of(domain));

    if (found)
        return &p->enterprises[*found];
    if (p->any_enterprise != POLICY_NO_ENTERPRISE)
        return &p->enterprises[p->any_enterprise];
    return !*domain && p->n_enterprises == 1 ? &p->enterprises[0] : NULL;
}

enum policy_code policy_judge_enterprise(struct policy_finding *f, const struct policy *p,
                                         int64_t unix_time)
{
    enum policy_code code;

    f->enterprise = find_enterprise(p, f->domain);
    if (!f->enterprise)
        return POLICY_CODE_UNKNOWN_ENTERPRISE;
    code = judge_licenses(f, p, unix_time);
    return code == POLICY_CODE_ALLOWED ? judge_activation(f, p, unix_time) : code;
}
