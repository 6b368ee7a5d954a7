#include "relay/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define V4_BITS     32
#define V6_BITS     128
#define MAPPED_BITS 96 /* ::ffff:0:0/96, RFC 4291 s.2.5.5.2 */

/* A network, as one writes it in a table of this file. */
struct v4_net {
    uint32_t base;
    uint8_t prefix_bits;
};

struct v6_net {
    uint8_t base[16];
    uint8_t prefix_bits;
};

static const struct v4_net v4_private[] = {
    {0x0a000000, 8},  /* 10/8: RFC 1918 */
    {0xac100000, 12}, /* 172.16/12 */
    {0xc0a80000, 16}, /* 192.168/16 */
    {0x64400000, 10}, /* 100.64/10: RFC 6598, carrier NAT */
};
static const struct v6_net v6_private[] = {
    {{0xfc}, 7}, /* RFC 4193 */
};
static const struct v4_net v4_loopback[] = {
    {0x7f000000, 8},
};
static const struct v6_net v6_loopback[] = {
    {{[15] = 1}, 128},
};
static const struct v4_net v4_any[] = {
    {0x00000000, 32},
};
static const struct v6_net v6_any[] = {
    {{0}, 128},
};
static const struct v4_net v4_unusable[] = {
    {0x00000000, 8},  /* "this network", 0.0.0.0 included: RFC 1122 s.3.2.1.3 */
    {0xa9fe0000, 16}, /* link-local: RFC 3927 */
    {0xe0000000, 4},  /* multicast: RFC 5771 */
    {0xf0000000, 4},  /* reserved, and the limited broadcast: RFC 1112 s.4, RFC 919 */
};
static const struct v6_net v6_unusable[] = {
    {{0}, 128},         /* unspecified: RFC 4291 s.2.5.2 */
    {{0xfe, 0x80}, 10}, /* link-local: RFC 4291 s.2.5.6 */
    {{0xff}, 8},        /* multicast: RFC 4291 s.2.7 */
};

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Every address of this host's stack goes through one of these two forms. */
static bool v4_of(const union addr *a, uint32_t *host)
{
    uint32_t net;

    if (a->sa.sa_family == AF_INET) {
        *host = ntohl(a->in.sin_addr.s_addr);
        return true;
    }
    if (a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        return false;

    /* A dual-stack socket shows an IPv4 peer like this: it is judged as what it is. */
    memcpy(&net, &a->in6.sin6_addr.s6_addr[12], sizeof(net));
    *host = ntohl(net);
    return true;
}

static bool v4_match(uint32_t host, uint32_t base, unsigned prefix_bits)
{
    uint32_t mask = prefix_bits ? UINT32_MAX << (V4_BITS - prefix_bits) : 0;

    return (host & mask) == (base & mask);
}

static bool v6_match(const uint8_t *host, const uint8_t *base, unsigned prefix_bits)
{
    unsigned n_bytes = prefix_bits / 8;
    unsigned n_bits = prefix_bits % 8;

    if (memcmp(host, base, n_bytes) != 0)
        return false;

    return !n_bits || (host[n_bytes] >> (8 - n_bits)) == (base[n_bytes] >> (8 - n_bits));
}

static bool in_tables(const union addr *a, const struct v4_net *v4, size_t n_v4,
                      const struct v6_net *v6, size_t n_v6)
{
    uint32_t host;

    if (v4_of(a, &host)) {
        for (size_t i = 0; i < n_v4; i++) {
            if (v4_match(host, v4[i].base, v4[i].prefix_bits))
                return true;
        }
        return false;
    }
    if (a->sa.sa_family != AF_INET6)
        return false;

    for (size_t i = 0; i < n_v6; i++) {
        if (v6_match(a->in6.sin6_addr.s6_addr, v6[i].base, v6[i].prefix_bits))
            return true;
    }
    return false;
}

#define IN_TABLES(a, what) in_tables(a, v4_##what, N_ROWS(v4_##what), v6_##what, N_ROWS(v6_##what))

bool addr_is_private(const union addr *a)
{
    return IN_TABLES(a, private);
}

bool addr_is_loopback(const union addr *a)
{
    return IN_TABLES(a, loopback);
}

bool addr_is_any(const union addr *a)
{
    return IN_TABLES(a, any);
}

bool addr_is_unusable(const union addr *a)
{
    return addr_len(a) == 0 || IN_TABLES(a, unusable);
}

socklen_t addr_len(const union addr *a)
{
    switch (a->sa.sa_family) {
    case AF_INET:
        return sizeof(a->in);
    case AF_INET6:
        return sizeof(a->in6);
    default:
        return 0;
    }
}

uint16_t addr_port(const union addr *a)
{
    switch (a->sa.sa_family) {
    case AF_INET:
        return ntohs(a->in.sin_port);
    case AF_INET6:
        return ntohs(a->in6.sin6_port);
    default:
        return 0;
    }
}

void addr_set_port(union addr *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET)
        a->in.sin_port = htons(port);
    else if (a->sa.sa_family == AF_INET6)
        a->in6.sin6_port = htons(port);
}

bool addr_equal_host(const union addr *a, const union addr *b)
{
    if (a->sa.sa_family != b->sa.sa_family)
        return false;

    switch (a->sa.sa_family) {
    case AF_INET:
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    case AF_INET6:
        return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
    default:
        return true;
    }
}

bool addr_equal(const union addr *a, const union addr *b)
{
    return addr_equal_host(a, b) && addr_port(a) == addr_port(b);
}

bool addr_in_net(const union addr *a, const struct addr_net *net)
{
    uint32_t host;
    uint32_t base;
    unsigned bits = net->prefix_bits;

    if (v4_of(a, &host)) {
        if (!v4_of(&net->base, &base))
            return false;
        if (net->base.sa.sa_family == AF_INET6) {
            if (bits < MAPPED_BITS)
                return false;
            bits -= MAPPED_BITS;
        }
        return bits <= V4_BITS && v4_match(host, base, bits);
    }
    if (a->sa.sa_family != AF_INET6 || net->base.sa.sa_family != AF_INET6)
        return false;

    return bits <= V6_BITS &&
           v6_match(a->in6.sin6_addr.s6_addr, net->base.in6.sin6_addr.s6_addr, bits);
}

/* Plain decimal as RFC 4566 s.9 has it: no sign, no blank, no leading zero. */
static int parse_decimal(unsigned *value, unsigned max, const char *text, size_t n)
{
    unsigned v = 0;

    if (n == 0 || n > 5 || (n > 1 && text[0] == '0'))
        return EINVAL;

    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return EINVAL;
        v = v * 10 + (unsigned)(text[i] - '0');
    }
    if (v > max)
        return EINVAL;

    *value = v;
    return 0;
}

/* inet_pton() is as strict as we are: four decimal parts without leading zeros, no zone. */
int addr_parse_host(union addr *a, const char *text, size_t n)
{
    char copy[INET6_ADDRSTRLEN];
    union addr parsed;

    if (n == 0 || n >= sizeof(copy) || memchr(text, '\0', n))
        return EINVAL;

    memcpy(copy, text, n);
    copy[n] = '\0';
    memset(&parsed, 0, sizeof(parsed));

    if (inet_pton(AF_INET, copy, &parsed.in.sin_addr) == 1) {
        parsed.in.sin_family = AF_INET;
    } else {
        memset(&parsed, 0, sizeof(parsed));
        if (inet_pton(AF_INET6, copy, &parsed.in6.sin6_addr) != 1)
            return EINVAL;
        parsed.in6.sin6_family = AF_INET6;
    }

    *a = parsed;
    return 0;
}

int addr_parse(union addr *a, const char *text, size_t n)
{
    const char *colon = memrchr(text, ':', n);
    union addr parsed;
    unsigned port;
    size_t n_host;
    bool is_bracketed;

    if (!colon)
        return EINVAL;

    n_host = (size_t)(colon - text);
    if (parse_decimal(&port, UINT16_MAX, colon + 1, n - n_host - 1))
        return EINVAL;

    is_bracketed = n_host >= 2 && text[0] == '[' && text[n_host - 1] == ']';
    if (is_bracketed) {
        text++;
        n_host -= 2;
    }
    if (addr_parse_host(&parsed, text, n_host))
        return EINVAL;
    if (is_bracketed != (parsed.sa.sa_family == AF_INET6))
        return EINVAL;

    addr_set_port(&parsed, (uint16_t)port);
    *a = parsed;
    return 0;
}

/* An address with bits beyond its prefix is somebody's slip: one host or the whole net? */
static bool has_host_bits(const struct addr_net *net)
{
    unsigned bits = net->prefix_bits;
    unsigned n_total = net->base.sa.sa_family == AF_INET ? V4_BITS : V6_BITS;
    const uint8_t *bytes = net->base.sa.sa_family == AF_INET
                               ? (const uint8_t *)&net->base.in.sin_addr
                               : net->base.in6.sin6_addr.s6_addr;

    for (unsigned i = bits; i < n_total; i++) {
        if (bytes[i / 8] & (0x80U >> (i % 8)))
            return true;
    }
    return false;
}

int addr_parse_net(struct addr_net *net, const char *text, size_t n)
{
    const char *slash = n ? memchr(text, '/', n) : NULL;
    size_t n_host = slash ? (size_t)(slash - text) : n;
    struct addr_net parsed;
    unsigned max;
    unsigned bits;

    memset(&parsed, 0, sizeof(parsed));
    if (addr_parse_host(&parsed.base, text, n_host))
        return EINVAL;

    max = parsed.base.sa.sa_family == AF_INET ? V4_BITS : V6_BITS;
    bits = max;
    if (slash && parse_decimal(&bits, max, slash + 1, n - n_host - 1))
        return EINVAL;

    parsed.prefix_bits = (uint8_t)bits;
    if (has_host_bits(&parsed))
        return EINVAL;

    *net = parsed;
    return 0;
}

const char *addr_print_host(char buf[ADDR_TEXT_MAX], const union addr *a)
{
    const void *bytes = a->sa.sa_family == AF_INET ? (const void *)&a->in.sin_addr
                                                   : (const void *)&a->in6.sin6_addr;

    if (!addr_len(a) || !inet_ntop(a->sa.sa_family, bytes, buf, ADDR_TEXT_MAX))
        snprintf(buf, ADDR_TEXT_MAX, "-");
    return buf;
}

const char *addr_print(char buf[ADDR_TEXT_MAX], const union addr *a)
{
    char host[ADDR_TEXT_MAX];

    addr_print_host(host, a);
    if (!addr_len(a))
        snprintf(buf, ADDR_TEXT_MAX, "-");
    else if (a->sa.sa_family == AF_INET6)
        snprintf(buf, ADDR_TEXT_MAX, "[%.45s]:%u", host, addr_port(a));
    else
        snprintf(buf, ADDR_TEXT_MAX, "%.15s:%u", host, addr_port(a));
    return buf;
}

bool addr_is_local(const union addr *a)
{
    union addr probe = *a;
    bool is_bound;
    int fd;

    if (!addr_len(a))
        return false;

    fd = socket(a->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;

    addr_set_port(&probe, 0);
    is_bound = bind(fd, &probe.sa, addr_len(&probe)) == 0;
    close(fd);
    return is_bound;
}
