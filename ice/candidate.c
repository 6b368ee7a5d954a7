#include "ice/candidate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TOKENS_MAX    40 /* 8 fixed ones, raddr and rport, 14 extension pairs: more is refused */
#define BASE64_GROUP  4
#define Q_SCALE       1000 /* draft-06 priorities are decimals 0.000 to 1.000 */
#define Q_HOST_MIN    700  /* peers send 0.830 host, 0.550 reflexive, 0.450 or 0.410 relayed */
#define Q_SRFLX_MIN   500
#define FIXED_TOKENS  8 /* foundation component transport priority address port typ TYPE */
#define DRAFT6_TOKENS 7 /* ufrag component password transport q address port */

struct token {
    const char *p;
    size_t n;
};

static const char *const type_names[] = {
    [ICE_HOST] = "host", [ICE_SRFLX] = "srflx", [ICE_PRFLX] = "prflx", [ICE_RELAY] = "relay"};

/* Transports on the wire. Lync writes the old ice-tcp draft's names; RFC 6544 says TCP and tcptype,
 * which no leg here uses: ICE_TCP_OTHER. */
static const char *const transport_names[] = {[ICE_UDP] = "UDP",
                                              [ICE_TCP_ACT] = "TCP-ACT",
                                              [ICE_TCP_PASS] = "TCP-PASS",
                                              [ICE_TCP_OTHER] = "TCP"};

#define N_TYPES      (sizeof(type_names) / sizeof(type_names[0]))
#define N_TRANSPORTS (sizeof(transport_names) / sizeof(transport_names[0]))

const char *ice_candidate_type_name(enum ice_candidate_type type)
{
    return (size_t)type < N_TYPES ? type_names[type] : "?";
}

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

/** @return how many tokens; 0: none, too many, or a NUL among them */
static size_t split_tokens(struct token *t, size_t max, const char *value, size_t n)
{
    size_t n_tokens = 0;

    for (size_t i = 0; i < n;) {
        size_t start;

        if (is_blank(value[i])) {
            i++;
            continue;
        }
        if (n_tokens == max)
            return 0;

        start = i;
        while (i < n && !is_blank(value[i])) {
            if (value[i] == '\0')
                return 0;
            i++;
        }
        t[n_tokens++] = (struct token){value + start, i - start};
    }
    return n_tokens;
}

static bool token_is(struct token t, const char *word)
{
    return strlen(word) == t.n && !strncasecmp(t.p, word, t.n);
}

/* RFC 8839 s.5.1: ice-char = ALPHA / DIGIT / "+" / "/", which is also the alphabet of base64 */
static bool is_ice_char(char ch)
{
    return isalnum((unsigned char)ch) || ch == '+' || ch == '/';
}

/** Copies t if it has min to cap - 1 ice-chars; n_pad of trailing "=" may follow and are kept. */
static int copy_ice_chars(char *dst, size_t cap, struct token t, size_t min, size_t n_pad)
{
    size_t n = t.n;

    if (t.n < min || t.n >= cap)
        return EINVAL;

    while (n_pad > 0 && n > min && t.p[n - 1] == '=') {
        n--;
        n_pad--;
    }
    for (size_t i = 0; i < n; i++)
        if (!is_ice_char(t.p[i]))
            return EINVAL;

    memcpy(dst, t.p, t.n);
    dst[t.n] = '\0';
    return 0;
}

static int parse_uint(uint32_t *v, struct token t, uint32_t max)
{
    uint64_t sum = 0;

    if (t.n == 0 || t.n > 10)
        return EINVAL;
    for (size_t i = 0; i < t.n; i++) {
        if (!isdigit((unsigned char)t.p[i]))
            return EINVAL;
        sum = sum * 10 + (uint64_t)(t.p[i] - '0');
    }
    if (sum > max)
        return EINVAL;

    *v = (uint32_t)sum;
    return 0;
}

/* draft-06 s.7.1: qvalue; what follows the third decimal is cut off */
static int parse_q(uint32_t *v, struct token t)
{
    uint32_t sum = 0, scale = Q_SCALE;
    size_t i = 0;

    if (t.n == 0 || (t.n == 1 && t.p[0] == '.'))
        return EINVAL;
    for (; i < t.n && t.p[i] != '.'; i++) {
        if (t.p[i] < '0' || t.p[i] > '1' || i > 0)
            return EINVAL;
        sum = (uint32_t)(t.p[i] - '0') * Q_SCALE;
    }
    for (i++; i < t.n; i++) {
        if (!isdigit((unsigned char)t.p[i]))
            return EINVAL;
        scale /= 10;
        sum += (uint32_t)(t.p[i] - '0') * scale;
    }
    if (sum > Q_SCALE)
        return EINVAL;

    *v = sum;
    return 0;
}

/** @return 0; EAFNOSUPPORT: a name; EINVAL: neither a name nor an address */
static int parse_addr(struct sockaddr_storage *ss, struct token addr, struct token port)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in *in = (struct sockaddr_in *)ss;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
    uint32_t port_no;

    memset(ss, 0, sizeof(*ss));
    if (parse_uint(&port_no, port, UINT16_MAX))
        return EINVAL;

    if (addr.n < sizeof(text)) {
        memcpy(text, addr.p, addr.n);
        text[addr.n] = '\0';
        if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
            in->sin_family = AF_INET;
            in->sin_port = htons((uint16_t)port_no);
            return 0;
        }
        if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
            in6->sin6_family = AF_INET6;
            in6->sin6_port = htons((uint16_t)port_no);
            return 0;
        }
    }

    memset(ss, 0, sizeof(*ss));
    for (size_t i = 0; i < addr.n; i++)
        if (!isalnum((unsigned char)addr.p[i]) && !strchr(".-_", addr.p[i]))
            return EINVAL;
    return EAFNOSUPPORT;
}

static int parse_component(uint8_t *component, struct token t)
{
    uint32_t v;

    if (parse_uint(&v, t, UINT8_MAX) || v == 0)
        return EINVAL;
    *component = (uint8_t)v;
    return 0;
}

static int parse_transport(enum ice_transport *transport, struct token t)
{
    for (size_t i = 0; i < N_TRANSPORTS; i++) {
        if (token_is(t, transport_names[i])) {
            *transport = (enum ice_transport)i;
            return 0;
        }
    }
    return EINVAL;
}

static int parse_type(enum ice_candidate_type *type, struct token t)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (token_is(t, type_names[i])) {
            *type = (enum ice_candidate_type)i;
            return 0;
        }
    }
    return EINVAL;
}

/* RFC 8839 s.5.1: raddr, rport, then pairs of a name and a value that nobody here needs. A related
 * address that is a name is only for diagnostics: left out. */
static int parse_extensions(struct ice_candidate *c, const struct token *t, size_t n)
{
    for (size_t i = 0; i < n; i += 2) {
        if (token_is(t[i], "raddr")) {
            if (i + 3 >= n || !token_is(t[i + 2], "rport"))
                return EINVAL;
            if (parse_addr(&c->raddr, t[i + 1], t[i + 3]) == EINVAL)
                return EINVAL;
        }
    }
    return n % 2 == 0 ? 0 : EINVAL;
}

static int parse_rfc(struct ice_candidate *c, const struct token *t, size_t n)
{
    if (copy_ice_chars(c->foundation, sizeof(c->foundation), t[0], 1, 0) ||
        parse_component(&c->component, t[1]) || parse_transport(&c->transport, t[2]) ||
        parse_uint(&c->priority, t[3], UINT32_MAX) || parse_type(&c->type, t[7]) ||
        parse_extensions(c, t + FIXED_TOKENS, n - FIXED_TOKENS))
        return EINVAL;

    return parse_addr(&c->addr, t[4], t[5]);
}

static enum ice_candidate_type type_of_q(uint32_t q)
{
    if (q >= Q_HOST_MIN)
        return ICE_HOST;
    return q >= Q_SRFLX_MIN ? ICE_SRFLX : ICE_RELAY;
}

/* draft-ietf-mmusic-ice-06 s.7.1. No foundation in the line: the ufrag, which both components of a
 * candidate share, does its work. */
static int parse_draft6(struct ice_candidate *c, const struct token *t)
{
    if (copy_ice_chars(c->ufrag, sizeof(c->ufrag), t[0], BASE64_GROUP, 2) ||
        parse_component(&c->component, t[1]) ||
        copy_ice_chars(c->pwd, sizeof(c->pwd), t[2], BASE64_GROUP, 2) ||
        parse_transport(&c->transport, t[3]) || parse_q(&c->priority, t[4]))
        return EINVAL;

    memcpy(c->foundation, c->ufrag, sizeof(c->foundation) - 1);
    c->type = type_of_q(c->priority);
    return parse_addr(&c->addr, t[5], t[6]);
}

int ice_candidate_parse(struct ice_candidate *c, const char *value, size_t n)
{
    struct token t[TOKENS_MAX];
    size_t n_tokens = split_tokens(t, TOKENS_MAX, value, n);

    memset(c, 0, sizeof(*c));
    if (n_tokens >= FIXED_TOKENS && token_is(t[6], "typ"))
        return parse_rfc(c, t, n_tokens);
    if (n_tokens == DRAFT6_TOKENS)
        return parse_draft6(c, t);
    return EINVAL;
}

static uint16_t addr_text(char *text, size_t cap, const struct sockaddr_storage *ss)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
    const bool is_v6 = ss->ss_family == AF_INET6;
    const void *addr = is_v6 ? (const void *)&in6->sin6_addr : (const void *)&in->sin_addr;

    if (!inet_ntop(is_v6 ? AF_INET6 : AF_INET, addr, text, (socklen_t)cap))
        text[0] = '\0';
    return ntohs(is_v6 ? in6->sin6_port : in->sin_port);
}

/** @return n, or -ENOSPC if snprintf() had to cut */
static int fits(int n, size_t cap)
{
    return n >= 0 && (size_t)n < cap ? n : -ENOSPC;
}

int ice_candidate_print(char *buf, size_t cap, const struct ice_candidate *c)
{
    char addr[INET6_ADDRSTRLEN], raddr[INET6_ADDRSTRLEN];
    const unsigned port = addr_text(addr, sizeof(addr), &c->addr);
    unsigned rport;
    int n, n_related;

    n = fits(snprintf(buf, cap, "%s %u %s %u %s %u typ %s", c->foundation, c->component,
                      transport_names[c->transport], c->priority, addr, port,
                      ice_candidate_type_name(c->type)),
             cap);
    if (n < 0 || c->raddr.ss_family == AF_UNSPEC)
        return n;

    rport = addr_text(raddr, sizeof(raddr), &c->raddr);
    n_related = fits(snprintf(buf + n, cap - (size_t)n, " raddr %s rport %u", raddr, rport),
                     cap - (size_t)n);
    return n_related < 0 ? n_related : n + n_related;
}

static int length_without_padding(const char *base64)
{
    return (int)strcspn(base64, "=");
}

int ice_candidate_print_draft6(char *buf, size_t cap, const struct ice_candidate *c)
{
    char addr[INET6_ADDRSTRLEN];
    const unsigned port = addr_text(addr, sizeof(addr), &c->addr);
    const uint32_t q = c->priority < Q_SCALE ? c->priority : Q_SCALE;

    return fits(
        snprintf(buf, cap, "%.*s %u %.*s %s %u.%03u %s %u", length_without_padding(c->ufrag),
                 c->ufrag, c->component, length_without_padding(c->pwd), c->pwd,
                 c->transport == ICE_UDP ? "UDP" : "TCP", q / Q_SCALE, q % Q_SCALE, addr, port),
        cap);
}

enum addr_kind { KIND_ORDINARY, KIND_LOOPBACK, KIND_LINK_LOCAL, KIND_NEVER };

static enum addr_kind kind_of_v4(uint32_t addr)
{
    if (addr >> 24 == 0 || addr >> 28 >= 0xe) /* this network; multicast, class E, broadcast */
        return KIND_NEVER;
    if (addr >> 24 == 127)
        return KIND_LOOPBACK;
    return addr >> 16 == 0xa9fe ? KIND_LINK_LOCAL : KIND_ORDINARY; /* 169.254/16: RFC 3927 */
}

static enum addr_kind kind_of_v6(const struct in6_addr *addr)
{
    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        uint32_t v4;

        memcpy(&v4, addr->s6_addr + 12, sizeof(v4));
        return kind_of_v4(ntohl(v4));
    }
    if (IN6_IS_ADDR_UNSPECIFIED(addr) || IN6_IS_ADDR_MULTICAST(addr))
        return KIND_NEVER;
    if (IN6_IS_ADDR_LOOPBACK(addr))
        return KIND_LOOPBACK;
    return IN6_IS_ADDR_LINKLOCAL(addr) ? KIND_LINK_LOCAL : KIND_ORDINARY;
}

static enum addr_kind kind_of(const struct sockaddr_storage *ss)
{
    if (ss->ss_family == AF_INET)
        return kind_of_v4(ntohl(((const struct sockaddr_in *)ss)->sin_addr.s_addr));
    if (ss->ss_family == AF_INET6)
        return kind_of_v6(&((const struct sockaddr_in6 *)ss)->sin6_addr);
    return KIND_NEVER;
}

bool ice_candidate_usable(const struct ice_candidate *c, const struct sockaddr_storage *local)
{
    const enum addr_kind kind = kind_of(&c->addr);
    const in_port_t port = c->addr.ss_family == AF_INET6
                               ? ((const struct sockaddr_in6 *)&c->addr)->sin6_port
                               : ((const struct sockaddr_in *)&c->addr)->sin_port;

    if (kind == KIND_NEVER || port == 0)
        return false;
    return kind == KIND_ORDINARY || kind == kind_of(local);
}
