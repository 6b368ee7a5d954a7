#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/load/ethernet.h"

static const uint8_t relay_mac[LOAD_MAC_BYTES] = {2, 0, 0, 0, 0, 1};
static const uint8_t own_mac[LOAD_MAC_BYTES] = {2, 0, 0, 0, 0, 2};

static union load_address address(const char *host, uint16_t port)
{
    union load_address a;

    assert_true(load_address_parse(&a, host));
    load_address_set_port(&a, port);
    return a;
}

/* @return bytes of the whole frame */
static size_t frame_write(uint8_t frame[256], const char *from, const char *to, const char *payload)
{
    union load_address a = address(from, 20000), b = address(to, 30002);
    uint8_t headers[LOAD_ETHERNET_MAX];
    size_t n_payload = strnlen(payload, 256);
    size_t n = load_ethernet_write(headers, relay_mac, own_mac, &a, &b, (const uint8_t *)payload,
                                   n_payload);

    assert_true(n <= sizeof(headers) && n + n_payload <= 256);
    memcpy(frame, headers, n);
    memcpy(frame + n, payload, n_payload);
    return n + n_payload;
}

/* The sum of words of 16 bits, written out as RFC 1071 s.1 has it. */
static uint16_t sum_of(const uint8_t *at, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (uint32_t)at[i] << (i % 2 ? 0 : 8);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void ethernet_reads_what_it_writes(void **state)
{
    static const char *const hosts[][2] = {{"192.0.2.3", "192.0.2.2"},
                                           {"2001:db8::3", "2001:db8::2"}};
    uint8_t frame[256];
    struct load_datagram d;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t n = frame_write(frame, hosts[i][0], hosts[i][1], "what is said");
        union load_address from = address(hosts[i][0], 0), to = address(hosts[i][1], 0);

        assert_memory_equal(frame, relay_mac, LOAD_MAC_BYTES);
        assert_memory_equal(frame + LOAD_MAC_BYTES, own_mac, LOAD_MAC_BYTES);
        assert_true(load_ethernet_read(&d, frame, n));
        assert_true(load_address_is_same_host(&d.from, &from));
        assert_true(load_address_is_same_host(&d.to, &to));
        assert_int_equal(load_address_port(&d.from), 20000);
        assert_int_equal(load_address_port(&d.to), 30002);
        assert_int_equal(d.n, 12);
        assert_memory_equal(d.at, "what is said", 12);
    }
}

static void ethernet_may_be_padded_to_its_shortest_frame(void **state)
{
    uint8_t frame[256] = {0};
    struct load_datagram d;

    (void)state;
    (void)frame_write(frame, "192.0.2.3", "192.0.2.2", "x");
    assert_true(load_ethernet_read(&d, frame, 60));
    assert_int_equal(d.n, 1);
}

/* RFC 791 s.3.1: with its checksum in it, the sum over the header is all ones. */
static void ethernet_sums_the_header_of_ip4(void **state)
{
    uint8_t frame[256];

    (void)state;
    (void)frame_write(frame, "192.0.2.3", "198.51.100.254", "x");
    assert_int_equal(sum_of(frame + 14, 20), 0xffff);
}

/* RFC 8200 s.8.1: likewise over a pseudo header and all of the datagram, of even and odd length. */
static void ethernet_sums_the_datagram_of_ip6(void **state)
{
    static const char *const payloads[] = {"", "x", "of even length", "it is of odd length",
                                           "\xff\xff\xff\xff\xff\xff"};
    uint8_t frame[256], all[256];

    (void)state;
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        size_t n = frame_write(frame, "2001:db8::3", "2001:db8:ffff::2", payloads[i]);
        uint8_t length[4] = {0, 17, frame[18], frame[19]};

        memcpy(all, frame + 22, 32);
        memcpy(all + 32, length, 4);
        memcpy(all + 36, frame + 54, n - 54);
        assert_int_equal(sum_of(all, n - 18), 0xffff);
        assert_true(frame[60] || frame[61]); /* zero would mean that there is none */
    }
}

/* A payload that makes the sum come to zero: RFC 8200 wants the other form of it. */
static void ethernet_never_sends_a_sum_of_zero_over_ip6(void **state)
{
    uint8_t frame[256];
    char payload[3] = "\x01\x01";

    (void)state;
    (void)frame_write(frame, "2001:db8::3", "2001:db8::2", payload);
    uint16_t sum = (uint16_t)((uint16_t)(frame[60] << 8 | frame[61]) + 0x0101);
    if (sum < 0x0101)
        sum++; /* ones' complement */
    payload[0] = (char)(sum >> 8);
    payload[1] = (char)sum;
    assert_true(payload[0] && payload[1]); /* it is a string */
    (void)frame_write(frame, "2001:db8::3", "2001:db8::2", payload);
    assert_int_equal(frame[60], 0xff);
    assert_int_equal(frame[61], 0xff);
}

static void ethernet_refuses_what_is_no_datagram_of_ours(void **state)
{
    static const struct {
        const char *why, *from, *to;
        size_t at;
        uint8_t byte;
    } rows[] = {
        {"ARP", "192.0.2.3", "192.0.2.2", 13, 6},
        {"IPv4 in a frame of IPv6", "192.0.2.3", "192.0.2.2", 12, 0x86},
        {"options", "192.0.2.3", "192.0.2.2", 14, 0x46},
        {"the first of two fragments", "192.0.2.3", "192.0.2.2", 20, 0x20},
        {"the second one", "192.0.2.3", "192.0.2.2", 21, 0x08},
        {"TCP", "192.0.2.3", "192.0.2.2", 23, 6},
        {"a UDP length that is too long", "192.0.2.3", "192.0.2.2", 38, 1},
        {"one that is shorter than its header", "192.0.2.3", "192.0.2.2", 39, 7},
        {"a version that there is not", "2001:db8::3", "2001:db8::2", 14, 0x50},
        {"an extension header", "2001:db8::3", "2001:db8::2", 20, 0},
        {"a UDP length that is too long", "2001:db8::3", "2001:db8::2", 58, 1},
    };
    uint8_t frame[256];
    struct load_datagram d;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = frame_write(frame, rows[i].from, rows[i].to, "a payload of some length");

        assert_true(load_ethernet_read(&d, frame, n));
        frame[rows[i].at] = rows[i].byte;
        if (load_ethernet_read(&d, frame, n))
            fail_msg("%s", rows[i].why);
    }
}

static void ethernet_refuses_what_is_cut_off(void **state)
{
    static const char *const hosts[][2] = {{"192.0.2.3", "192.0.2.2"},
                                           {"2001:db8::3", "2001:db8::2"}};
    uint8_t frame[256];
    struct load_datagram d;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t whole = frame_write(frame, hosts[i][0], hosts[i][1], "what is said");

        for (size_t n = 0; n < whole; n++)
            assert_false(load_ethernet_read(&d, frame, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethernet_reads_what_it_writes),
        cmocka_unit_test(ethernet_may_be_padded_to_its_shortest_frame),
        cmocka_unit_test(ethernet_sums_the_header_of_ip4),
        cmocka_unit_test(ethernet_sums_the_datagram_of_ip6),
        cmocka_unit_test(ethernet_never_sends_a_sum_of_zero_over_ip6),
        cmocka_unit_test(ethernet_refuses_what_is_no_datagram_of_ours),
        cmocka_unit_test(ethernet_refuses_what_is_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
