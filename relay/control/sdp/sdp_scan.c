#include "relay/control/sdp/sdp_scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct str cut(struct str *rest, size_t n)
{
    struct str head = {rest->p, n};

    if (n > 0) { /* NULL + 0 is undefined in C11 */
        rest->p += n;
        rest->n -= n;
    }
    return head;
}

struct str scan_word(struct str *rest)
{
    size_t blanks = 0, n = 0;

    while (blanks < rest->n && is_blank(rest->p[blanks]))
        blanks++;
    cut(rest, blanks);
    while (n < rest->n && !is_blank(rest->p[n]))
        n++;
    return cut(rest, n);
}

struct str scan_until(struct str *rest, char c)
{
    size_t n = 0;
    struct str head;

    while (n < rest->n && rest->p[n] != c)
        n++;
    head = cut(rest, n);
    if (rest->n > 0)
        cut(rest, 1);
    return head;
}

struct str scan_line(struct str *rest)
{
    size_t n = 0;
    struct str line;

    while (n < rest->n && rest->p[n] != '\r' && rest->p[n] != '\n')
        n++;
    line = cut(rest, n);
    if (rest->n >= 2 && rest->p[0] == '\r' && rest->p[1] == '\n')
        cut(rest, 2);
    else if (rest->n > 0)
        cut(rest, 1);
    return line;
}

struct str scan_trim(struct str s)
{
    size_t blanks = 0;

    while (blanks < s.n && is_blank(s.p[blanks]))
        blanks++;
    cut(&s, blanks);
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool scan_has_prefix(struct str s, struct str prefix)
{
    if (s.n < prefix.n)
        return false;
    s.n = prefix.n;
    return str_equal_nocase(s, prefix);
}

bool scan_contains(struct str s, struct str text)
{
    if (text.n == 0)
        return false;
    for (; s.n >= text.n; cut(&s, 1)) {
        if (scan_has_prefix(s, text))
            return true;
    }
    return false;
}

bool scan_uint(uint32_t *v, struct str s, uint32_t max)
{
    uint64_t sum = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(s.p[i] - '0');
        if (sum > max)
            return false;
    }
    *v = (uint32_t)sum;
    return true;
}

bool scan_connection(union addr *a, struct str value)
{
    struct str net = scan_word(&value);
    struct str family = scan_word(&value);
    struct str host = scan_word(&value);
    union addr found = {0};

    host = scan_until(&host, '/'); /* the ttl and count of a multicast address */
    if (!str_equal_nocase(net, STR("IN")))
        return false;
    if (addr_parse_host(&found, host.p, host.n) != 0)
        return false;
    if (!str_equal_nocase(family, found.sa.sa_family == AF_INET6 ? STR("IP6") : STR("IP4")))
        return false;
    *a = found;
    return true;
}
