#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "ice/split.h"

/* Datagrams are numbered by their last two bytes, so a test knows which one a socket got. The
 * loopback delivers within send(): what is not there then was given to the other socket. */

#define DATAGRAM_MAX 1500

enum place { STUN, MEDIA };

static const struct {
    const char *reason;
    size_t n;
    uint8_t head[2];
    enum place place;
} datagrams[] = {
    {"an empty datagram is junk", 0, {0}, MEDIA},
    {"one byte is too short for a STUN type", 1, {0x00}, MEDIA},
    {"two zero bytes are a request of no method", 2, {0x00, 0x00}, MEDIA},
    {"a shared secret is not ours to give", 64, {0x00, 0x02}, MEDIA},
    {"a TURN allocation is not ours to make", 64, {0x00, 0x03}, MEDIA},
    {"a TURN allocation that was made for us", 64, {0x01, 0x03}, STUN},
    {"data by a TURN server", 200, {0x00, 0x17}, STUN},
    {"a binding request of 64 bytes may be a check", 64, {0x00, 0x01}, STUN},
    {"a binding request of 1,400 bytes may be a check", 1400, {0x00, 0x01}, STUN},
    {"a bare binding request is no check", 28, {0x00, 0x01}, MEDIA},
    {"a binding request of 63 bytes is no check", 63, {0x00, 0x01}, MEDIA},
    {"a request of two bytes is no check", 2, {0x00, 0x01}, MEDIA},
    {"a short binding indication is a keep-alive", 20, {0x00, 0x11}, STUN},
    {"a short binding response is an answer", 32, {0x01, 0x01}, STUN},
    {"a short error response is an answer", 36, {0x01, 0x11}, STUN},
    {"the last first byte of STUN", 40, {0x03, 0xff}, STUN},
    {"the first byte after STUN", 40, {0x04, 0x00}, MEDIA},
    {"ZRTP", 40, {0x10, 0x00}, MEDIA},
    {"a DTLS handshake", 200, {0x16, 0xfe}, MEDIA},
    {"a TURN channel", 40, {0x40, 0x00}, MEDIA},
    {"RTP", 172, {0x80, 0x08}, MEDIA},
    {"RTP with a payload type of 1", 172, {0x80, 0x01}, MEDIA},
    {"RTCP", 60, {0x81, 0xc8}, MEDIA},
    {"all ones", 40, {0xff, 0xff}, MEDIA},
};

struct port {
    int stun_fd, media_fd, sender_fd;
    struct sockaddr_storage addr;
    socklen_t addr_len;
};

static struct sockaddr_storage loopback(int family)
{
    struct sockaddr_storage ss = {.ss_family = (sa_family_t)family};

    if (family == AF_INET6)
        ((struct sockaddr_in6 *)&ss)->sin6_addr = in6addr_loopback;
    else
        ((struct sockaddr_in *)&ss)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ss;
}

static void port_open_for(struct port *p, int family, bool has_turn)
{
    p->addr = loopback(family);
    p->addr_len = sizeof(p->addr);
    p->stun_fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(p->stun_fd, (struct sockaddr *)&p->addr, sizeof(p->addr)), 0);
    assert_int_equal(getsockname(p->stun_fd, (struct sockaddr *)&p->addr, &p->addr_len), 0);
    assert_int_equal(ice_split_open(p->stun_fd, 0xb8, has_turn, &p->media_fd), 0);
    p->sender_fd = socket(family, SOCK_DGRAM, 0);
}

static void port_open(struct port *p, int family)
{
    port_open_for(p, family, false);
}

static void port_close(struct port *p)
{
    close(p->stun_fd);
    close(p->media_fd);
    close(p->sender_fd);
}

static void send_to_port(const struct port *p, const uint8_t *data, size_t n)
{
    assert_int_equal(
        sendto(p->sender_fd, data, n, 0, (const struct sockaddr *)&p->addr, p->addr_len), n);
}

static void expect(int fd, const uint8_t *data, size_t n)
{
    uint8_t got[DATAGRAM_MAX];

    assert_int_equal(recv(fd, got, sizeof(got), 0), n);
    assert_memory_equal(got, data, n);
}

static void expect_nothing(int fd)
{
    uint8_t byte;

    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void each_datagram_goes_to_its_socket(int family)
{
    struct port p;

    port_open(&p, family);
    for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
        uint8_t data[DATAGRAM_MAX] = {datagrams[i].head[0], datagrams[i].head[1]};
        const size_t n = datagrams[i].n;

        if (n >= 4)
            data[n - 1] = (uint8_t)i;
        print_message("           %s\n", datagrams[i].reason);
        send_to_port(&p, data, n);
        expect(datagrams[i].place == STUN ? p.stun_fd : p.media_fd, data, n);
        expect_nothing(p.stun_fd);
        expect_nothing(p.media_fd);
    }
    port_close(&p);
}

static void split_gives_each_datagram_to_its_socket_over_ipv4(void **state)
{
    (void)state;
    each_datagram_goes_to_its_socket(AF_INET);
}

static void split_gives_each_datagram_to_its_socket_over_ipv6(void **state)
{
    (void)state;
    each_datagram_goes_to_its_socket(AF_INET6);
}

static void split_does_not_depend_on_who_sends(void **state)
{
    static const uint8_t rtp[172] = {0x80, 0x08}, check[100] = {0x00, 0x01};
    struct port p;

    (void)state;
    port_open(&p, AF_INET);
    for (int i = 0; i < 64; i++) { /* a hash over the sender's port would err in half of them */
        close(p.sender_fd);
        p.sender_fd = socket(AF_INET, SOCK_DGRAM, 0);
        send_to_port(&p, rtp, sizeof(rtp));
        send_to_port(&p, check, sizeof(check));
        expect(p.media_fd, rtp, sizeof(rtp));
        expect(p.stun_fd, check, sizeof(check));
    }
    port_close(&p);
}

static void split_marks_the_media_socket_with_the_tos(void **state)
{
    struct port p;
    int tos = 0;
    socklen_t len = sizeof(tos);

    (void)state;
    port_open(&p, AF_INET);
    assert_int_equal(getsockopt(p.media_fd, IPPROTO_IP, IP_TOS, &tos, &len), 0);
    assert_int_equal(tos, 0xb8);
    port_close(&p);

    port_open(&p, AF_INET6);
    assert_int_equal(getsockopt(p.media_fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, &len), 0);
    assert_int_equal(tos, 0xb8);
    port_close(&p);
}

static void split_leaves_no_room_for_a_stranger_without_the_option(void **state)
{
    struct port p;
    int fd = -1;

    (void)state;
    port_open(&p, AF_INET);
    assert_int_equal(ice_split_probe((struct sockaddr *)&p.addr, p.addr_len, &fd), EADDRINUSE);
    port_close(&p);
    assert_int_equal(ice_split_probe((struct sockaddr *)&p.addr, p.addr_len, &fd), 0);
    close(fd);
}

static void split_answers_for_a_socket_that_is_none(void **state)
{
    int media_fd = -1;

    (void)state;
    assert_int_equal(ice_split_open(-1, -1, false, &media_fd), EBADF);
    assert_int_equal(media_fd, -1);
}

/* RFC 7983 s.7: 64 to 79 are channels of TURN, and with a server they are the agent's. */
static void split_gives_channels_to_the_agent_of_a_turn_server(void **state)
{
    static const uint8_t heads[] = {63, 64, 79, 80};

    (void)state;
    for (unsigned turn = 0; turn < 2; turn++) {
        struct port p;

        port_open_for(&p, AF_INET, turn);
        for (unsigned i = 0; i < sizeof(heads); i++) {
            const uint8_t data[12] = {heads[i], 1, 0, 8};
            const bool is_channel = turn && heads[i] >= 64 && heads[i] <= 79;

            send_to_port(&p, data, sizeof(data));
            expect(is_channel ? p.stun_fd : p.media_fd, data, sizeof(data));
            expect_nothing(p.stun_fd);
            expect_nothing(p.media_fd);
        }
        port_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_gives_each_datagram_to_its_socket_over_ipv4),
        cmocka_unit_test(split_gives_each_datagram_to_its_socket_over_ipv6),
        cmocka_unit_test(split_does_not_depend_on_who_sends),
        cmocka_unit_test(split_marks_the_media_socket_with_the_tos),
        cmocka_unit_test(split_leaves_no_room_for_a_stranger_without_the_option),
        cmocka_unit_test(split_answers_for_a_socket_that_is_none),
        cmocka_unit_test(split_gives_channels_to_the_agent_of_a_turn_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
