#include "bench/load/neighbour.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/clock.h"

#define WAIT_NS      UINT64_C(1000000000)
#define DISCARD_PORT 9 /* RFC 863 */
#define KNOWN_STATES (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)

struct request {
    struct nlmsghdr header;
    struct ndmsg neighbour;
    struct rtattr attribute;
    uint8_t host[16];
};

static const void *host_of(const union load_address *a, size_t *n)
{
    *n = load_address_is_ip6(a) ? sizeof(a->in6.sin6_addr) : sizeof(a->in4.sin_addr);
    return load_address_is_ip6(a) ? (const void *)&a->in6.sin6_addr
                                  : (const void *)&a->in4.sin_addr;
}

static bool request_send(int fd, unsigned card, const union load_address *host)
{
    size_t n;
    const void *bytes = host_of(host, &n);
    struct request r = {
        .header = {.nlmsg_type = RTM_GETNEIGH, .nlmsg_flags = NLM_F_REQUEST},
        .neighbour = {.ndm_family = (uint8_t)host->sa.sa_family, .ndm_ifindex = (int)card},
        .attribute = {.rta_type = NDA_DST, .rta_len = (uint16_t)RTA_LENGTH(n)},
    };

    memcpy(r.host, bytes, n);
    r.header.nlmsg_len = (uint32_t)(offsetof(struct request, host) + n);
    return send(fd, &r, r.header.nlmsg_len, 0) == (ssize_t)r.header.nlmsg_len;
}

/* Is this message the entry of the host, with its MAC? */
static bool entry_read(uint8_t mac[LOAD_MAC_BYTES], struct nlmsghdr *h, unsigned card,
                       const union load_address *host)
{
    struct ndmsg *m = NLMSG_DATA(h);
    bool is_host = false, has_mac = false;
    size_t n_host;
    const void *bytes = host_of(host, &n_host);

    if (h->nlmsg_type != RTM_NEWNEIGH || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
        m->ndm_ifindex != (int)card || !(m->ndm_state & KNOWN_STATES))
        return false;
    long n = (long)(h->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));
    struct rtattr *a = (void *)((uint8_t *)m + NLMSG_ALIGN(sizeof(*m)));
    for (; RTA_OK(a, n); a = RTA_NEXT(a, n)) {
        if (a->rta_type == NDA_DST && RTA_PAYLOAD(a) == n_host)
            is_host = memcmp(RTA_DATA(a), bytes, n_host) == 0;
        if (a->rta_type == NDA_LLADDR && RTA_PAYLOAD(a) == LOAD_MAC_BYTES) {
            memcpy(mac, RTA_DATA(a), LOAD_MAC_BYTES);
            has_mac = true;
        }
    }
    return is_host && has_mac;
}

/* What the kernel says next: an answer, or that its table has changed. */
static bool message_read(int fd, uint8_t mac[LOAD_MAC_BYTES], unsigned card,
                         const union load_address *host)
{
    union {
        struct nlmsghdr header;
        uint8_t bytes[8192];
    } buf;
    ssize_t n = recv(fd, &buf, sizeof(buf), 0);
    size_t left = n > 0 ? (size_t)n : 0;

    for (struct nlmsghdr *h = &buf.header; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
        if (entry_read(mac, h, card, host))
            return true;
    return false;
}

/* A datagram that nobody reads: to send it, the kernel has to know where to. */
static void resolve_start(const union load_address *host)
{
    union load_address to = *host;
    int fd = socket(host->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    load_address_set_port(&to, DISCARD_PORT);
    if (fd < 0)
        return;
    (void)sendto(fd, "", 0, 0, &to.sa, load_address_bytes(&to));
    close(fd);
}

int load_neighbour_find(uint8_t mac[LOAD_MAC_BYTES], unsigned card, const union load_address *host)
{
    struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_NEIGH};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    uint64_t until_ns = load_now_ns() + WAIT_NS, now_ns;
    int err = EHOSTUNREACH;

    if (fd < 0)
        return errno;
    if (bind(fd, (const struct sockaddr *)&own, sizeof(own)) != 0 || !request_send(fd, card, host))
        err = errno;
    else
        resolve_start(host);
    while (err == EHOSTUNREACH && (now_ns = load_now_ns()) < until_ns) {
        struct pollfd p = {.fd = fd, .events = POLLIN};

        if (poll(&p, 1, (int)((until_ns - now_ns) / 1000000) + 1) > 0 &&
            message_read(fd, mac, card, host))
            err = 0;
    }
    close(fd);
    return err;
}
