#include "io_rig.h"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>

/* A socket that cannot send any more. In a network of our own there is a neighbour who has not been
 * found yet: what is sent to him stays charged to its socket, so a small one is full at once. */

enum { PACKETS = 1024, FRAME_MAX = 2048, POSTED = 60 };

#define OUR_ADDRESS   0xc0000201u /* 192.0.2.1: RFC 5737 */
#define NEIGHBOUR     0xc0000202u
#define ARP_BYTES     (ETH_HLEN + 28)
#define ARP_OPERATION 20 /* in a frame */
#define ARP_SENDER    22
#define ARP_TARGET    32
#define IP_PROTOCOL   23

static union addr address_of(uint32_t host, uint16_t port)
{
    return (union addr){
        .in = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)}};
}

static int bring_up(int fd, const char *name)
{
    struct ifreq ifr = {.ifr_flags = IFF_UP | IFF_RUNNING};

    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    return ioctl(fd, SIOCSIFFLAGS, &ifr);
}

static int set_address(int fd, const char *name, unsigned long request, uint32_t host)
{
    const union addr addr = address_of(host, 0);
    struct ifreq ifr = {0};

    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    memcpy(&ifr.ifr_addr, &addr.in, sizeof(addr.in));
    return ioctl(fd, request, &ifr);
}

static bool set_up(int fd, int tap)
{
    struct ifreq ifr = {.ifr_name = "far", .ifr_flags = IFF_TAP | IFF_NO_PI};

    return ioctl(tap, TUNSETIFF, &ifr) == 0 &&
           set_address(fd, "far", SIOCSIFADDR, OUR_ADDRESS) == 0 &&
           set_address(fd, "far", SIOCSIFNETMASK, 0xffffff00u) == 0 && bring_up(fd, "far") == 0 &&
           bring_up(fd, "lo") == 0;
}

/* @return the other end of an interface of our own, "far", with a network of two; -1: not here */
static int open_network(void)
{
    int fd, tap;

    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return -1;
    tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (tap < 0)
        return -1;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && set_up(fd, tap)) {
        close(fd);
        return tap;
    }
    if (fd >= 0)
        close(fd);
    close(tap);
    return -1;
}

/* @return the next frame's length; what the kernel says of its own accord, by IPv6, is passed by */
static size_t read_frame(int tap, uint8_t frame[static FRAME_MAX], uint16_t type)
{
    struct pollfd p = {.fd = tap, .events = POLLIN};
    ssize_t n;

    do {
        assert_int_equal(poll(&p, 1, RIG_WAIT_MS), 1);
        n = read(tap, frame, FRAME_MAX);
        assert_true(n > IP_PROTOCOL);
    } while (get_be16(frame + 12) != type);
    return (size_t)n;
}

/* The neighbour is there after all: RFC 826. */
static void answer_arp(int tap)
{
    static const uint8_t mac[ETH_ALEN] = {2, 0, 0, 0, 0, 2};
    uint8_t frame[FRAME_MAX], sender[10];

    assert_true(read_frame(tap, frame, ETH_P_ARP) >= ARP_BYTES);
    memcpy(frame, frame + ETH_ALEN, ETH_ALEN);
    memcpy(frame + ETH_ALEN, mac, sizeof(mac));
    put_be16(frame + ARP_OPERATION, ARPOP_REPLY);
    memcpy(sender, frame + ARP_SENDER, sizeof(sender));
    memcpy(frame + ARP_SENDER, mac, sizeof(mac));
    put_be32(frame + ARP_SENDER + ETH_ALEN, NEIGHBOUR);
    memcpy(frame + ARP_TARGET, sender, sizeof(sender));
    assert_int_equal(write(tap, frame, ARP_BYTES), ARP_BYTES);
}

static struct io_line small_line_open(struct io_rig *rig)
{
    struct io_line line = io_line_new();
    const union addr local = address_of(OUR_ADDRESS, 0);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, &local.sa, sizeof(local.in)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){1}, sizeof(int)), 0);
    close(line.stream->socket[0].fd);
    line.stream->socket[0].fd = fd;
    io_line_watch(rig, &line);
    return line;
}

static uint64_t n_refused(const struct io_rig *rig)
{
    return counter_get(&rig->count.drops[DROP_SEND]);
}

static void send_all(struct io_rig *rig)
{
    const uint64_t n = n_refused(rig) + counter_get(&rig->count.packets_out) + rig->batch.n;

    egress_write(rig->io, &rig->batch);
    while (n_refused(rig) + counter_get(&rig->count.packets_out) < n)
        io_rig_poll(rig);
}

static void full_socket_holds_up_nobody_and_sends_again(void **state)
{
    const int tap = *(const int *)*state;
    const union addr neighbour = address_of(NEIGHBOUR, 9);
    struct io_line full, other;
    uint8_t frame[FRAME_MAX];
    struct io_rig rig;
    union addr to;
    int fd = rig_socket(&to);
    uint64_t n;
    unsigned i;

    io_rig_open(&rig, PACKETS);
    full = small_line_open(&rig);
    other = io_line_open(&rig);
    rig.batch.n = 0;
    for (i = 0; i < POSTED; i++)
        io_line_post(&rig, i % 2 ? &other : &full, i % 2 ? &to : &neighbour, (uint16_t)i);
    send_all(&rig);
    n = n_refused(&rig);
    assert_in_range(n, 1, POSTED / 2 - 1);
    assert_int_equal(counter_get(&full.stream->count.drops[DROP_SEND]), n);
    for (i = 0; i < POSTED / 2; i++) /* the other socket's are all there */
        assert_int_equal(recv(fd, frame, sizeof(frame), 0), 172);

    answer_arp(tap);
    for (i = 0; i < POSTED / 2 - n; i++) /* what was not refused leaves now */
        assert_int_equal(read_frame(tap, frame, ETH_P_IP), ETH_HLEN + 20 + 8 + 172);
    io_line_post(&rig, &full, &neighbour, POSTED);
    send_all(&rig);
    assert_int_equal(n_refused(&rig), n);
    (void)read_frame(tap, frame, ETH_P_IP);
    io_line_close(&rig, &full);
    io_line_close(&rig, &other);
    close(fd);
    io_rig_close(&rig);
}

int main(void)
{
    int tap = -1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(full_socket_holds_up_nobody_and_sends_again, &tap),
    };
    int status;

    if (rig_io_is_refused())
        return RIG_SKIPPED;
    tap = open_network();
    if (tap < 0) {
        print_message("skipped: no network of our own: %s\n", strerror(errno));
        return RIG_SKIPPED;
    }
    status = cmocka_run_group_tests_name("io_full", tests, NULL, NULL);
    close(tap);
    return status;
}
