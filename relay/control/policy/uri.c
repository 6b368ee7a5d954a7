#include "relay/control/policy/uri.h"

#include <errno.h>

#define LABEL_MAX 63 /* RFC 1035 s.2.3.4 */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Printable bytes without space and without what would end a URI in a header: RFC 3261 s.25.1.
 * UTF-8 is let pass in users, as some clients write it unescaped. */
static bool is_visible(char c)
{
    unsigned char b = (unsigned char)c;

    return b > 0x20 && b != 0x7f && c != '<' && c != '>' && c != '"';
}

static bool is_all_visible(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_visible(s.p[i]))
            return false;
    }
    return true;
}

static struct str from(struct str s, size_t at)
{
    return (struct str){s.p + at, s.n - at};
}

/* @return what stands before the first of these characters; all of it if there is none */
static struct str until(struct str s, const char *ends)
{
    size_t n = 0;

    while (n < s.n && !(s.p[n] && strchr(ends, s.p[n])))
        n++;
    return (struct str){s.p, n};
}

/* ---- host -------------------------------------------------------------------------------------
 */

bool uri_is_domain(struct str s)
{
    size_t n_label = 0;
    char last = '-';

    for (size_t i = 0; i < s.n; last = s.p[i++]) {
        if (s.p[i] != '.') {
            bool is_inner = s.p[i] == '-' && n_label > 0;

            if ((!is_inner && !is_alnum(s.p[i])) || ++n_label > LABEL_MAX)
                return false;
            continue;
        }
        if (n_label == 0 || last == '-')
            return false;
        n_label = 0;
    }
    return n_label > 0 && last != '-';
}

static bool is_ipv6_reference(struct str s)
{
    if (s.n < 4 || s.p[0] != '[' || s.p[s.n - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < s.n; i++) {
        if (hex(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.')
            return false;
    }
    return true;
}

int uri_parse_host(char host[static URI_HOST_MAX], struct str text)
{
    host[0] = '\0';
    if (text.n >= URI_HOST_MAX)
        return EMSGSIZE;
    if (!uri_is_domain(text) && !is_ipv6_reference(text))
        return EBADMSG;
    for (size_t i = 0; i < text.n; i++)
        host[i] = lower(text.p[i]);
    host[text.n] = '\0';
    return 0;
}

static bool is_port(struct str s)
{
    unsigned long port = 0;

    if (s.n == 0 || s.n > 5)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        port = port * 10 + (unsigned long)(s.p[i] - '0');
    }
    return port > 0 && port <= 65535;
}

/* host [":" port] and what follows: ";" parameters, "?" headers */
static int read_hostport(struct uri *u, struct str s)
{
    const bool is_v6 = s.n > 0 && s.p[0] == '[';
    struct str host = until(s, is_v6 ? "]" : ":;?");
    struct str rest;

    if (is_v6 && host.n == s.n)
        return EBADMSG;
    host.n += is_v6;
    rest = from(s, host.n);
    if (rest.n && rest.p[0] == ':') {
        struct str port = until(from(rest, 1), ";?");

        if (!is_port(port))
            return EBADMSG;
        rest = from(rest, 1 + port.n);
    }
    if (rest.n && rest.p[0] != ';' && rest.p[0] != '?')
        return EBADMSG;
    return uri_parse_host(u->host, host);
}

/* ---- user -------------------------------------------------------------------------------------
 */

/* An escaped character is the character (RFC 3261 s.19.1.4), so that %61lice is no other user. */
static int read_user(struct uri *u, struct str s)
{
    size_t n = 0;

    s = until(s, ":"); /* a password: RFC 3261 s.19.1.1 */
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c == '%') {
            if (i + 2 >= s.n || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0)
                return EBADMSG;
            c = (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
            i += 2;
            if (!is_visible(c) && c != '"' && c != ' ' && c != '<' && c != '>')
                return EBADMSG;
        }
        if (n + 1 == sizeof(u->user))
            return EMSGSIZE;
        u->user[n++] = lower(c);
    }
    u->user[n] = '\0';
    return n ? 0 : EBADMSG; /* "sip:@host" is none, "sip:host" has none */
}

/* user "(" domain ")": exactly one pair, at the end, with something on both sides. */
static void read_decoration(struct uri *u)
{
    const size_t n = strlen(u->user);
    const char *open = strchr(u->user, '(');
    struct str domain;

    if (!open || open == u->user || u->user[n - 1] != ')' || strchr(open + 1, '(') ||
        strchr(u->user, ')') != u->user + n - 1)
        return;
    domain = (struct str){open + 1, n - 1 - (size_t)(open + 1 - u->user)};
    if (!uri_is_domain(domain) || domain.n >= sizeof(u->account_domain))
        return;
    memcpy(u->account_user, u->user, (size_t)(open - u->user));
    memcpy(u->account_domain, domain.p, domain.n);
}

/* ---- both -------------------------------------------------------------------------------------
 */

static int skip_scheme(struct str *s)
{
    struct str scheme = until(*s, ":");

    if (scheme.n == s->n)
        return EBADMSG;
    if (!str_equal_nocase(scheme, STR("sip")) && !str_equal_nocase(scheme, STR("sips")))
        return EPROTONOSUPPORT;
    *s = from(*s, scheme.n + 1);
    return 0;
}

static int read_all(struct uri *u, struct str s)
{
    struct str user;
    int err;

    if (!is_all_visible(s))
        return EBADMSG;
    err = skip_scheme(&s);
    if (err)
        return err;
    /* an '@' in parameters or headers would have to be escaped, as would one in the user: two of
     * them are two readings of one text */
    user = until(s, "@");
    if (user.n == s.n)
        return read_hostport(u, s);
    s = from(s, user.n + 1);
    if (memchr(s.p, '@', s.n))
        return EBADMSG;
    err = read_user(u, user);
    if (!err)
        read_decoration(u);
    return err ? err : read_hostport(u, s);
}

int uri_parse(struct uri *u, struct str text)
{
    int err;

    memset(u, 0, sizeof(*u));
    err = text.n ? read_all(u, text) : EBADMSG;
    if (err)
        memset(u, 0, sizeof(*u));
    return err;
}
