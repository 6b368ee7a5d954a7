#ifndef PICRELAY_HTTP_GUARD_H
#define PICRELAY_HTTP_GUARD_H

#include "relay/addr.h"
#include "relay/control/status/http.h"

/**
 * Who may change something by HTTP, and the parameters of a query. [pure] Thread: any.
 * Source: threat model, section 4 (HTTP); RFC 6750 s.2.1 (bearer token); RFC 3986 s.2.1.
 */

#define HTTP_TOKEN_MAX 256
#define HTTP_TOKEN_MIN 16 /* shorter ones can be tried out */

/** Reads the first line of a token file. @return 0; EINVAL: too short or too long; errno */
int http_token_load(char token[static HTTP_TOKEN_MAX], const char *path);

/**
 * Judges a request that would change something: its Host has to be the listener's address (or
 * localhost for a loopback one), so that no name that was made to point here is enough; its Origin,
 * if a browser sent one, the same; its token has to be ours.
 * @param token  empty: nothing may be changed
 * @return 200; 403
 */
unsigned http_guard_check(const struct http_request *req, const union addr *listen,
                          const char *token);

/** The same without a token: a page of ours asks, or somebody who is no browser. */
bool http_guard_is_own(const struct http_request *req, const union addr *listen);

/**
 * Takes a parameter out of a query, %XX and + undone.
 * @return its length; 0: not there, or empty; more than cap: it is too long, buf holds nothing
 */
size_t http_query_get(char *buf, size_t cap, struct str query, struct str name);

#endif
