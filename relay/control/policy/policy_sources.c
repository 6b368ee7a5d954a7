#include "relay/control/policy/policy_table.h"

#include <stdio.h>
#include <string.h>

#include "relay/text.h"

/* Which rows a call falls under. Each source of the provider stands for a set of rows; several
 * sources for what their sets have in common. */

static policy_set rows_named(const struct policy *p, const char *identity)
{
    const struct policy_row *row = policy_find_row(p, identity);

    return row ? (policy_set)1 << (row - p->rows) : 0;
}

static policy_set rows_of_proxy(const struct policy *p, const char *host)
{
    policy_set set = 0;

    for (unsigned i = 0; i < p->n_rows; i++) {
        if (host[0] && strcmp(p->rows[i].proxy_fqdn, host) == 0)
            set |= (policy_set)1 << i;
    }
    return set;
}

static bool is_excluded_domain(const struct policy_row *row, const char *host)
{
    for (unsigned i = 0; i < row->n_excluded_domains; i++) {
        if (strcmp(row->excluded_domains[i], host) == 0)
            return true;
    }
    return false;
}

/* A decorated name is at the routing domain, and its account is not of a domain that is addressed
 * as it is; any other address is at one of those. */
static bool has_address(const struct policy_row *row, const struct uri *u)
{
    if (!row->routing_domain[0] || !u->user[0])
        return false;
    if (strpbrk(u->user, "()"))
        return u->account_domain[0] && strcmp(row->routing_domain, u->host) == 0 &&
               !is_excluded_domain(row, u->account_domain);
    return strcmp(row->routing_domain, u->host) == 0 || is_excluded_domain(row, u->host);
}

static policy_set rows_of_address(const struct policy *p, const struct uri *u)
{
    policy_set set = 0;

    for (unsigned i = 0; i < p->n_rows; i++) {
        if (has_address(&p->rows[i], u))
            set |= (policy_set)1 << i;
    }
    return set;
}

/* @return false: it has nothing in common with what is known so far */
static bool narrow(struct policy_finding *f, policy_set set, const char *what, const char *said)
{
    f->what = what;
    (void)snprintf(f->name, sizeof(f->name), "%s", said);
    f->rows &= set;
    return f->rows != 0;
}

static enum policy_code take_proxy(struct policy_finding *f, const struct policy *p,
                                   struct str fqdn, bool is_first)
{
    char host[URI_HOST_MAX];
    policy_set set;

    (void)uri_parse_host(host, fqdn); /* what is none is nobody's */
    set = rows_of_proxy(p, host);
    text_quote(f->name, sizeof(f->name), fqdn.p, fqdn.n);
    f->what = "peer-fqdn";
    if (!set)
        return POLICY_CODE_UNKNOWN_PROVIDER;
    return narrow(f, set, "peer-fqdn", host) || is_first ? POLICY_CODE_ALLOWED
                                                         : POLICY_CODE_CONTRADICTION;
}

/* An address that no row describes (AOL and Yahoo! have no routing domain) says nothing. */
static enum policy_code take_address(struct policy_finding *f, const struct policy *p,
                                     const struct uri *remote, bool is_first)
{
    const policy_set set = rows_of_address(p, remote);

    if (set && !narrow(f, set, "the address at", remote->host))
        return POLICY_CODE_CONTRADICTION;
    if (set || !is_first)
        return POLICY_CODE_ALLOWED;
    f->what = "address";
    text_quote(f->name, sizeof(f->name), remote->host, strlen(remote->host));
    return POLICY_CODE_UNKNOWN_PROVIDER;
}

enum policy_code policy_find_rows(struct policy_finding *f, const struct policy *p,
                                  const struct policy_query *q, const struct uri *remote)
{
    bool is_first = true;
    enum policy_code code = POLICY_CODE_ALLOWED;

    f->rows = ~(policy_set)0;
    if (q->provider && *q->provider) {
        f->what = "provider";
        f->rows = rows_named(p, q->provider);
        if (!f->rows)
            return POLICY_CODE_UNKNOWN_PROVIDER;
        is_first = false;
    }
    if (q->peer_fqdn.n) {
        code = take_proxy(f, p, q->peer_fqdn, is_first);
        is_first = false;
    }
    if (code == POLICY_CODE_ALLOWED && remote) {
        code = take_address(f, p, remote, is_first);
        is_first = false;
    }
    if (is_first) {
        f->what = NULL;
        f->rows = 0;
        return POLICY_CODE_UNKNOWN_PROVIDER;
    }
    return code;
}

bool policy_is_public_address(const struct policy *p, struct str text)
{
    struct uri u;

    return uri_parse(&u, text) == 0 && rows_of_address(p, &u) != 0;
}
