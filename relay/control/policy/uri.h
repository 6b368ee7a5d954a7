#ifndef PICRELAY_URI_H
#define PICRELAY_URI_H

#include <stdbool.h>

#include "relay/str.h"

/**
 * Addresses of SIP users, in the one form in which they can be compared. [pure] Thread: any.
 * Source: RFC 3261 s.19.1; name decoration of public IM providers: a Microsoft account of another
 * domain, bob@fabrikam.com, is addressed as sip:bob(fabrikam.com)@msn.com.
 *
 * Users are lower case here: RFC 3261 tells Bob from bob, but the directories behind Lync and the
 * public providers do not, and a rule against bob must not be passed by writing BOB.
 */

#define URI_USER_MAX 256 /* with NUL */
#define URI_HOST_MAX 254 /* RFC 1035 s.2.3.4: 253 characters, NUL */

struct uri {
    char user[URI_USER_MAX]; /* unescaped, lower case, without password; empty: none */
    char host[URI_HOST_MAX]; /* lower case; of IPv6 with its brackets */
    /** user(domain)@host: the account that is meant. Empty: the name is not decorated. */
    char account_user[URI_USER_MAX];
    char account_domain[URI_HOST_MAX];
};

/**
 * Reads a sip: or sips: URI; port, parameters and headers are checked for bytes that cannot be
 * there, and left out.
 * @return 0; EBADMSG: no URI, or one with control characters, escaped or not; EMSGSIZE: a user or
 *         host that is too long; EPROTONOSUPPORT: another scheme. *u is empty then.
 */
int uri_parse(struct uri *u, struct str text);

/** Reads a domain name or address alone, into lower case. @return 0; EBADMSG; EMSGSIZE */
int uri_parse_host(char host[static URI_HOST_MAX], struct str text);

/** Labels of 1 to 63 letters, digits and inner hyphens; no dot at the end: RFC 1123 s.2.1. */
bool uri_is_domain(struct str text);

#endif
