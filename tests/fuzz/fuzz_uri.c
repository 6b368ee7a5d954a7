/* SIP URIs of strangers: what is read is in one form, which reads as itself again; what is refused
 * leaves nothing; no address but one at its domain is a provider's. */
#include <stdio.h>
#include <stdlib.h>

#include "relay/control/policy/policy.h"
#include "relay/control/policy/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_form(const struct uri *u)
{
    if (!u->host[0] || (u->account_user[0] == '\0') != (u->account_domain[0] == '\0'))
        abort();
    for (const char *c = u->user; *c; c++) {
        if ((*c >= 'A' && *c <= 'Z') || (unsigned char)*c < 0x20 || *c == 0x7f)
            abort();
    }
    if (u->host[0] != '[' && !uri_is_domain(str_of(u->host)))
        abort();
}

static void check_provider(struct str text, const struct uri *u)
{
    static const char *const domains[] = {"msn.com", "outlook.com", "live.com", "hotmail.com"};
    static struct policy *policy;
    bool is_there = false;

    if (!policy && policy_load_builtin(&policy))
        abort();
    for (unsigned i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
        is_there = is_there || strcmp(u->host, domains[i]) == 0;
    if (policy_is_public_address(policy, text) && !is_there)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct uri empty;
    const struct str text = {size ? (const char *)data : NULL, size};
    struct uri u;

    if (uri_parse(&u, text)) {
        if (memcmp(&u, &empty, sizeof(u)) != 0)
            abort();
        return 0;
    }
    check_form(&u);
    check_provider(text, &u);
    return 0;
}
