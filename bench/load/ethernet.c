#include "bench/load/ethernet.h"

#include <string.h>

#include <net/ethernet.h>

#include "bench/load/bytes.h"

#define ETHERNET_BYTES 14
#define IP4_BYTES      20
#define IP6_BYTES      40
#define UDP_BYTES      8
#define IP4_HOSTS      12 /* where the addresses are in the header: source, then destination */
#define IP6_HOSTS      8
#define TTL            64

/* ---- writing ----------------------------------------------------------------------------------
 */

/* RFC 1071: a sum of words of 16 bits in any byte order, folded at the end; n is even but for the
 * last part. */
static uint64_t sum_add(uint64_t sum, const uint8_t *at, size_t n)
{
    uint32_t word;

    for (; n >= sizeof(word); at += sizeof(word), n -= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        sum += word;
    }
    word = 0;
    memcpy(&word, at, n);
    return sum + word;
}

static void checksum_write(uint8_t *at, uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    uint16_t check = (uint16_t)~sum;
    memcpy(at, &check, sizeof(check));
}

static void ip4_write(uint8_t *ip, const union load_address *from, const union load_address *to,
                      size_t n)
{
    memset(ip, 0, IP4_BYTES);
    ip[0] = 0x45; /* version 4, five words */
    load_put16(ip + 2, (uint16_t)(IP4_BYTES + n));
    ip[8] = TTL;
    ip[9] = IPPROTO_UDP;
    memcpy(ip + IP4_HOSTS, &from->in4.sin_addr, 4);
    memcpy(ip + IP4_HOSTS + 4, &to->in4.sin_addr, 4);
    checksum_write(ip + 10, sum_add(0, ip, IP4_BYTES));
}

static void ip6_write(uint8_t *ip, const union load_address *from, const union load_address *to,
                      size_t n)
{
    memset(ip, 0, IP6_HOSTS);
    ip[0] = 0x60; /* version 6 */
    load_put16(ip + 4, (uint16_t)n);
    ip[6] = IPPROTO_UDP;
    ip[7] = TTL;
    memcpy(ip + IP6_HOSTS, &from->in6.sin6_addr, 16);
    memcpy(ip + IP6_HOSTS + 16, &to->in6.sin6_addr, 16);
}

/* RFC 8200 s.8.1; a sum that comes to zero is sent as its other form, since zero means none. */
static void udp_check6(uint8_t *udp, const uint8_t *ip, const uint8_t *payload, size_t n)
{
    uint8_t pseudo[4] = {0, IPPROTO_UDP, udp[4], udp[5]};
    uint64_t sum = sum_add(0, ip + IP6_HOSTS, 32);

    sum = sum_add(sum, pseudo, sizeof(pseudo));
    sum = sum_add(sum, udp, UDP_BYTES);
    checksum_write(udp + 6, sum_add(sum, payload, n));
    if (!udp[6] && !udp[7])
        udp[6] = udp[7] = 0xff;
}

size_t load_ethernet_write(uint8_t headers[LOAD_ETHERNET_MAX], const uint8_t *to_mac,
                           const uint8_t *own_mac, const union load_address *from,
                           const union load_address *to, const uint8_t *payload, size_t n)
{
    bool is_ip6 = load_address_is_ip6(to);
    uint8_t *ip = headers + ETHERNET_BYTES, *udp = ip + (is_ip6 ? IP6_BYTES : IP4_BYTES);

    memcpy(headers, to_mac, LOAD_MAC_BYTES);
    memcpy(headers + LOAD_MAC_BYTES, own_mac, LOAD_MAC_BYTES);
    load_put16(headers + 12, is_ip6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
    load_put16(udp, load_address_port(from));
    load_put16(udp + 2, load_address_port(to));
    load_put16(udp + 4, (uint16_t)(UDP_BYTES + n));
    load_put16(udp + 6, 0); /* over IPv4 that is none: RFC 768 */
    if (is_ip6) {
        ip6_write(ip, from, to, UDP_BYTES + n);
        udp_check6(udp, ip, payload, n);
    } else {
        ip4_write(ip, from, to, UDP_BYTES + n);
    }
    return (size_t)(udp + UDP_BYTES - headers);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* @return bytes of the IP header; 0: it is not what we read */
static size_t ip_read(struct load_datagram *d, const uint8_t *frame, size_t n)
{
    const uint8_t *ip = frame + ETHERNET_BYTES;
    uint16_t type = n >= ETHERNET_BYTES ? load_get16(frame + 12) : 0;

    *d = (struct load_datagram){0};
    if (type == ETHERTYPE_IP && n >= ETHERNET_BYTES + IP4_BYTES + UDP_BYTES) {
        bool is_fragment = load_get16(ip + 6) & 0x3fff; /* more to come, or an offset */

        d->from.in4.sin_family = d->to.in4.sin_family = AF_INET;
        memcpy(&d->from.in4.sin_addr, ip + IP4_HOSTS, 4);
        memcpy(&d->to.in4.sin_addr, ip + IP4_HOSTS + 4, 4);
        return ip[0] == 0x45 && ip[9] == IPPROTO_UDP && !is_fragment ? IP4_BYTES : 0;
    }
    if (type != ETHERTYPE_IPV6 || n < ETHERNET_BYTES + IP6_BYTES + UDP_BYTES)
        return 0;
    d->from.in6.sin6_family = d->to.in6.sin6_family = AF_INET6;
    memcpy(&d->from.in6.sin6_addr, ip + IP6_HOSTS, 16);
    memcpy(&d->to.in6.sin6_addr, ip + IP6_HOSTS + 16, 16);
    return ip[0] >> 4 == 6 && ip[6] == IPPROTO_UDP ? IP6_BYTES : 0;
}

bool load_ethernet_read(struct load_datagram *d, uint8_t *frame, size_t n)
{
    size_t n_ip = ip_read(d, frame, n);
    if (!n_ip)
        return false;

    uint8_t *udp = frame + ETHERNET_BYTES + n_ip;
    size_t n_udp = load_get16(udp + 4);
    if (n_udp < UDP_BYTES || n_udp > n - ETHERNET_BYTES - n_ip)
        return false;
    load_address_set_port(&d->from, load_get16(udp));
    load_address_set_port(&d->to, load_get16(udp + 2));
    d->at = udp + UDP_BYTES;
    d->n = n_udp - UDP_BYTES;
    return true;
}
