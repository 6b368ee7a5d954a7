#ifndef PICRELAY_POLICY_USERS_H
#define PICRELAY_POLICY_USERS_H

#include "relay/control/policy/uri.h"
#include "relay/str.h"

/**
 * Inside of the policy room: how rules about users are found. All rules with one pattern are put
 * together in one entry, under a key of the pattern's form and text, so that a verdict takes a few
 * look-ups however many rules there are:
 *
 *   u alice@contoso.com   one user           d contoso.com   *@contoso.com, all users of a domain
 *   a                     *, everybody       s contoso.com   *@*.contoso.com, of its subdomains
 */

#define POLICY_KEY_MAX (1 + URI_USER_MAX + URI_HOST_MAX)

struct policy_key {
    char text[POLICY_KEY_MAX];
    size_t n;
};

/** @param user  of form 'u' alone; user and host are those of a struct uri, so that they fit */
struct policy_key policy_key_of(char form, const char *user, const char *host);

struct str policy_key_text(const struct policy_key *key);

#endif
