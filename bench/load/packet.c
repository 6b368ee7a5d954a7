#include "bench/load/packet.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/clock.h"
#include "bench/load/stream.h"

#define FRAME_BYTES   2048
#define RING_FRAMES   32768 /* 64 MB: a stall must not look like loss */
#define BLOCK_BYTES   (1u << 20)
#define PADDING       2
#define HEADERS_BYTES (sizeof(struct headers) - PADDING)
#define SNDBUF_BYTES  (8 * 1024 * 1024)
#define RECEIVE_MAX   128

/* Of a frame. Ethernet's 14 bytes would leave those of IP unaligned. */
struct headers {
    uint8_t padding[PADDING];
    struct ether_header ethernet;
    struct iphdr ip;
    struct udphdr udp;
};

struct packet_wire {
    struct load_wire wire; /* first: what the others know of it */
    int fd;
    char interface[IF_NAMESIZE];
    uint8_t *ring; /* of what comes */
    unsigned next; /* frame */
    uint16_t first_port, n_ports;
    uint8_t own_mac[ETH_ALEN], relay_mac[ETH_ALEN];
    uint32_t relay_host; /* whose MAC that is; 0: not known yet */

    struct headers headers[LOAD_BATCH];
    struct iovec iov[LOAD_BATCH][2];
    struct mmsghdr msg[LOAD_BATCH];
};

/* ---- sending ----------------------------------------------------------------------------------
 */

/* From the kernel's table: the commands over NG have filled it. */
static bool relay_resolve(struct packet_wire *p, const struct sockaddr_in *relay)
{
    struct arpreq request = {0};
    int fd;

    if (relay->sin_addr.s_addr == p->relay_host)
        return true;
    memcpy(&request.arp_pa, relay, sizeof(*relay));
    snprintf(request.arp_dev, sizeof(request.arp_dev), "%.15s", p->interface);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_known = fd >= 0 && ioctl(fd, SIOCGARP, &request) == 0 && (request.arp_flags & ATF_COM);
    if (fd >= 0)
        close(fd);
    if (!is_known)
        return false;
    memcpy(p->relay_mac, request.arp_ha.sa_data, ETH_ALEN);
    p->relay_host = relay->sin_addr.s_addr;
    return true;
}

/* RFC 1071 */
static uint16_t checksum(const struct iphdr *ip)
{
    uint16_t words[sizeof(*ip) / 2];
    uint32_t sum = 0;

    memcpy(words, ip, sizeof(*ip));
    for (unsigned i = 0; i < sizeof(*ip) / 2; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

/* A UDP checksum of 0 is none: RFC 768. */
static void headers_make(const struct packet_wire *p, struct headers *h,
                         const struct load_departure *d)
{
    const struct sockaddr_in *from = &p->wire.sockets->addresses[d->place].in4, *to = &d->to->in4;

    *h = (struct headers){
        .ethernet.ether_type = htons(ETHERTYPE_IP),
        .ip = {.version = 4,
               .ihl = 5,
               .tot_len = htons((uint16_t)(sizeof(h->ip) + sizeof(h->udp) + d->n)),
               .ttl = 64,
               .protocol = IPPROTO_UDP,
               .saddr = from->sin_addr.s_addr,
               .daddr = to->sin_addr.s_addr},
        .udp = {.source = htons((uint16_t)(ntohs(from->sin_port) + d->is_rtcp)),
                .dest = to->sin_port,
                .len = htons((uint16_t)(sizeof(h->udp) + d->n))},
    };
    memcpy(h->ethernet.ether_dhost, p->relay_mac, ETH_ALEN);
    memcpy(h->ethernet.ether_shost, p->own_mac, ETH_ALEN);
    h->ip.check = checksum(&h->ip);
}

static void send_h(struct load_wire *w, struct load_departure *d, unsigned n)
{
    struct packet_wire *p = (struct packet_wire *)w;
    uint64_t wall_ns = load_wall_ns();
    bool is_known = n && relay_resolve(p, &d[0].to->in4);

    for (unsigned i = 0; i < n; i++) {
        d[i].ns = is_known ? wall_ns : 0;
        headers_make(p, &p->headers[i], &d[i]);
        p->iov[i][0] = (struct iovec){(uint8_t *)&p->headers[i] + PADDING, HEADERS_BYTES};
        p->iov[i][1] = (struct iovec){d[i].at, d[i].n};
        p->msg[i].msg_hdr = (struct msghdr){.msg_iov = p->iov[i], .msg_iovlen = 2};
    }
    int sent = is_known ? sendmmsg(p->fd, p->msg, n, 0) : 0;
    for (unsigned i = sent < 0 ? 0 : (unsigned)sent; i < n; i++)
        d[i].ns = 0;
}

/* ---- receiving --------------------------------------------------------------------------------
 */

static void frame_take(struct packet_wire *p, struct tpacket2_hdr *h, load_arrival_h *arrival_h,
                       void *arg)
{
    uint8_t *frame = (uint8_t *)h + h->tp_mac;
    struct headers headers = {0};

    if (h->tp_snaplen < HEADERS_BYTES)
        return;
    memcpy((uint8_t *)&headers + PADDING, frame, HEADERS_BYTES);
    size_t n_udp = ntohs(headers.udp.len), n = n_udp - sizeof(headers.udp);
    unsigned port = (unsigned)ntohs(headers.udp.dest) - p->first_port;
    if (headers.ip.ihl != 5 || n_udp < sizeof(headers.udp) || n > h->tp_snaplen - HEADERS_BYTES ||
        port >= p->n_ports)
        return;
    struct load_arrival a = {
        .side = (enum load_side)(port / 2 % 2),
        .from.in4 = {.sin_family = AF_INET,
                     .sin_addr.s_addr = headers.ip.saddr,
                     .sin_port = headers.udp.source},
        .at = frame + HEADERS_BYTES,
        .n = n,
        .ns = (uint64_t)h->tp_sec * 1000000000 + h->tp_nsec,
    };
    arrival_h(&a, arg);
}

static unsigned receive_h(struct load_wire *w, load_arrival_h *h, void *arg)
{
    struct packet_wire *p = (struct packet_wire *)w;

    for (unsigned n = 0;; n++) {
        struct tpacket2_hdr *frame =
            (struct tpacket2_hdr *)(void *)(p->ring + (size_t)p->next * FRAME_BYTES);

        if (n == RECEIVE_MAX ||
            !(__atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            return n;
        frame_take(p, frame, h, arg);
        __atomic_store_n(&frame->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        p->next = (p->next + 1) % RING_FRAMES;
    }
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static void free_h(struct load_wire *w)
{
    struct packet_wire *p = (struct packet_wire *)w;

    if (p->ring)
        (void)munmap(p->ring, (size_t)RING_FRAMES * FRAME_BYTES);
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}

/* UDP to our address alone; the rest of the host's traffic is none of ours. */
static int filter_attach(int fd, uint32_t local)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 30), /* destination */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(local), 0, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), /* protocol */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, FRAME_BYTES),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? errno : 0;
}

static int card_bind(struct packet_wire *p)
{
    struct ifreq request = {0};
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_IP),
                                  .sll_ifindex = (int)if_nametoindex(p->interface)};

    if (!address.sll_ifindex)
        return ENODEV;
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", p->interface);
    if (ioctl(p->fd, SIOCGIFHWADDR, &request) != 0)
        return errno;
    memcpy(p->own_mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
    return bind(p->fd, (const struct sockaddr *)&address, sizeof(address)) ? errno : 0;
}

static int ring_map(struct packet_wire *p)
{
    struct tpacket_req ring = {.tp_block_size = BLOCK_BYTES,
                               .tp_block_nr = RING_FRAMES / (BLOCK_BYTES / FRAME_BYTES),
                               .tp_frame_size = FRAME_BYTES,
                               .tp_frame_nr = RING_FRAMES};
    int version = TPACKET_V2, one = 1, sndbuf = SNDBUF_BYTES;

    (void)setsockopt(p->fd, SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf));
    (void)setsockopt(p->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
    if (setsockopt(p->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
        setsockopt(p->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) != 0)
        return errno;
    void *memory = mmap(NULL, (size_t)RING_FRAMES * FRAME_BYTES, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_LOCKED, p->fd, 0);
    if (memory == MAP_FAILED)
        return errno;
    p->ring = memory;
    return 0;
}

static int open_all(struct packet_wire *p, const struct load_sockets *sockets)
{
    const union load_address *local = &sockets->addresses[0];

    if (load_address_is_ip6(local))
        return EINVAL;
    /* it hears nothing until it has its filter and is bound: protocol 0 */
    p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (p->fd < 0)
        return errno;
    p->first_port = load_address_port(local);
    p->n_ports = (uint16_t)(4 * sockets->n_pairs);
    int err = filter_attach(p->fd, local->in4.sin_addr.s_addr);
    if (!err)
        err = ring_map(p);
    if (!err)
        err = card_bind(p);
    return err;
}

int load_wire_packet(struct load_wire **wp, const char *interface,
                     const struct load_sockets *sockets, char *problem, size_t cap)
{
    struct packet_wire *p = calloc(1, sizeof(*p));
    if (!p)
        return ENOMEM;

    p->wire = (struct load_wire){
        .send_h = send_h, .receive_h = receive_h, .free_h = free_h, .sockets = sockets};
    p->fd = -1;
    snprintf(p->interface, sizeof(p->interface), "%s", interface);
    int err = open_all(p, sockets);
    if (err) {
        snprintf(problem, cap, "--interface %s: %s%s", interface, strerror(err),
                 err == EPERM ? " (it takes CAP_NET_RAW)" : "");
        free_h(&p->wire);
        return err;
    }
    *wp = &p->wire;
    return 0;
}
