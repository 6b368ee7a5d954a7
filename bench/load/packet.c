#include "bench/load/packet.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/bytes.h"
#include "bench/load/clock.h"
#include "bench/load/ethernet.h"
#include "bench/load/neighbour.h"
#include "bench/load/stream.h"

#define FRAME_BYTES  2048
#define RING_FRAMES  32768 /* 64 MB: a stall must not look like loss */
#define BLOCK_BYTES  (1u << 20)
#define SNDBUF_BYTES (8 * 1024 * 1024)
#define RECEIVE_MAX  128

struct packet_wire {
    struct load_wire wire; /* first: what the others know of it */
    int fd;
    unsigned card; /* its index */
    uint8_t *ring; /* of what comes */
    unsigned next; /* frame */
    uint16_t first_port, n_ports;
    uint8_t own_mac[LOAD_MAC_BYTES], relay_mac[LOAD_MAC_BYTES];
    union load_address relay; /* whose MAC that is; no family: not asked yet */
    bool is_known;            /* it has one */

    uint8_t headers[LOAD_BATCH][LOAD_ETHERNET_MAX];
    struct iovec iov[LOAD_BATCH][2];
    struct mmsghdr msg[LOAD_BATCH];
};

/* ---- sending ----------------------------------------------------------------------------------
 */

/* Once for each host: one that nobody answers for is not waited for with each packet. */
static bool relay_resolve(struct packet_wire *p, const union load_address *relay)
{
    if (!load_address_is_same_host(relay, &p->relay)) {
        p->relay = *relay;
        p->is_known = load_neighbour_find(p->relay_mac, p->card, relay) == 0;
    }
    return p->is_known;
}

static void frame_make(struct packet_wire *p, unsigned i, const struct load_departure *d)
{
    union load_address from = p->wire.sockets->addresses[d->place];

    if (d->is_rtcp)
        load_address_set_port(&from, (uint16_t)(load_address_port(&from) + 1));
    size_t n =
        load_ethernet_write(p->headers[i], p->relay_mac, p->own_mac, &from, d->to, d->at, d->n);
    p->iov[i][0] = (struct iovec){p->headers[i], n};
    p->iov[i][1] = (struct iovec){d->at, d->n};
    p->msg[i].msg_hdr = (struct msghdr){.msg_iov = p->iov[i], .msg_iovlen = 2};
}

static void send_h(struct load_wire *w, struct load_departure *d, unsigned n)
{
    struct packet_wire *p = (struct packet_wire *)w;
    uint64_t wall_ns = load_wall_ns();
    bool is_known = n && relay_resolve(p, d[0].to);

    for (unsigned i = 0; i < n; i++) {
        d[i].ns = is_known ? wall_ns : 0;
        frame_make(p, i, &d[i]);
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
    struct load_datagram d;

    if (!load_ethernet_read(&d, (uint8_t *)h + h->tp_mac, h->tp_snaplen))
        return;
    unsigned port = (unsigned)load_address_port(&d.to) - p->first_port;
    if (port >= p->n_ports)
        return;
    struct load_arrival a = {
        .side = (enum load_side)(port / 2 % 2),
        .from = d.from,
        .at = d.at,
        .n = d.n,
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
static int filter_attach(int fd, const union load_address *local)
{
    struct sock_filter code[16];
    bool is_ip6 = load_address_is_ip6(local);
    const uint8_t *host =
        is_ip6 ? local->in6.sin6_addr.s6_addr : (const uint8_t *)(const void *)&local->in4.sin_addr;
    uint32_t at = is_ip6 ? 38 : 30, protocol_at = is_ip6 ? 20 : 23; /* in the frame */
    uint8_t n_words = is_ip6 ? 4 : 1, n = 0, n_left = (uint8_t)(2 * n_words + 1);

    for (unsigned i = 0; i < n_words; i++, n_left = (uint8_t)(n_left - 2)) {
        code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 4 * i);
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                 load_get32(host + 4 * (size_t)i), 0, n_left);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, protocol_at);
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, FRAME_BYTES);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = n, .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? errno : 0;
}

static int card_bind(struct packet_wire *p, const char *interface, bool is_ip6)
{
    struct ifreq request = {0};
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(is_ip6 ? ETH_P_IPV6 : ETH_P_IP)};

    p->card = if_nametoindex(interface);
    if (!p->card)
        return ENODEV;
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%.15s", interface);
    if (ioctl(p->fd, SIOCGIFHWADDR, &request) != 0)
        return errno;
    memcpy(p->own_mac, request.ifr_hwaddr.sa_data, LOAD_MAC_BYTES);
    address.sll_ifindex = (int)p->card;
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

static int open_all(struct packet_wire *p, const char *interface,
                    const struct load_sockets *sockets)
{
    const union load_address *local = &sockets->addresses[0];

    /* it hears nothing until it has its filter and is bound: protocol 0 */
    p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (p->fd < 0)
        return errno;
    p->first_port = load_address_port(local);
    p->n_ports = (uint16_t)(4 * sockets->n_pairs);
    int err = filter_attach(p->fd, local);
    if (!err)
        err = ring_map(p);
    if (!err)
        err = card_bind(p, interface, load_address_is_ip6(local));
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
    int err = open_all(p, interface, sockets);
    if (err) {
        snprintf(problem, cap, "--interface %s: %s%s", interface, strerror(err),
                 err == EPERM ? " (it takes CAP_NET_RAW)" : "");
        free_h(&p->wire);
        return err;
    }
    *wp = &p->wire;
    return 0;
}
