#ifndef PICRELAY_ADDR_H
#define PICRELAY_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * A transport address: IPv4 or IPv6 and a port, in the form that the socket calls take.
 * Pure, except addr_is_local(). Any thread. A zeroed addr is "not known" (family AF_UNSPEC).
 */
union addr {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/** Room for the longest text of addr_print(), its NUL included: "[v6]:65535". */
#define ADDR_TEXT_MAX (INET6_ADDRSTRLEN + 8)

/** A network, to hold addresses against: "127.0.0.0/8", "fd00::/8". */
struct addr_net {
    union addr base;
    uint8_t prefix_bits; /* 0..32 or 0..128 */
};

static inline bool addr_is_set(const union addr *a)
{
    return a->sa.sa_family != AF_UNSPEC;
}

/** @return the size to give to bind(), sendto() and the like [bytes]; 0 if not set */
socklen_t addr_len(const union addr *a);

/** @return the port in host order; 0 if not set */
uint16_t addr_port(const union addr *a);
void addr_set_port(union addr *a, uint16_t port);

/** Family, address and port are equal. */
bool addr_equal(const union addr *a, const union addr *b);
/** Family and address are equal, the ports may differ. */
bool addr_equal_host(const union addr *a, const union addr *b);
/** An IPv4-mapped IPv6 address is taken for the IPv4 address that it is, and so is such a net. */
bool addr_in_net(const union addr *a, const struct addr_net *net);

/** 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7: addresses that a NAT hides. */
bool addr_is_private(const union addr *a);
bool addr_is_loopback(const union addr *a);
/** 0.0.0.0 or ::, the "hold" address of RFC 2543. */
bool addr_is_any(const union addr *a);
/** Multicast, broadcast, reserved, unspecified, link-local or not set: never a place to send media
 *  to. IPv4-mapped too. */
bool addr_is_unusable(const union addr *a);

/**
 * Reads a numeric address without port ("192.0.2.1", "2001:db8::1"); names are never resolved.
 * @param text  n bytes, no NUL needed
 * @return 0; EINVAL: not a numeric address. On an error *a is as it was.
 */
int addr_parse_host(union addr *a, const char *text, size_t n);
/** "192.0.2.1:5004" or "[2001:db8::1]:5004". @return 0; EINVAL */
int addr_parse(union addr *a, const char *text, size_t n);
/** "10.0.0.0/8", or an address alone for a host; EINVAL also for bits beyond the prefix, as in
 *  "10.0.0.1/8". @return 0; EINVAL */
int addr_parse_net(struct addr_net *net, const char *text, size_t n);

/** Writes address and port. @return buf; "-" if not set */
const char *addr_print(char buf[ADDR_TEXT_MAX], const union addr *a);
/** Writes the address alone, as in SDP. @return buf; "-" if not set */
const char *addr_print_host(char buf[ADDR_TEXT_MAX], const union addr *a);

/** Whether this host can bind to the address. Asks the kernel: control thread, at start. */
bool addr_is_local(const union addr *a);

#endif
