#include "relay/addr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "relay/clock.h"

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

static union addr addr_of(const char *text)
{
    union addr a;

    if (addr_parse_host(&a, text, strlen(text)))
        fail_msg("not an address: %s", text);
    return a;
}

struct parse_row {
    const char *why;
    const char *text;
    int family; /* 0: refused */
};

static void addr_parses_hosts_strictly(void **state)
{
    static const struct parse_row rows[] = {
        {"dotted quad", "192.0.2.1", AF_INET},
        {"all zero", "0.0.0.0", AF_INET},
        {"IPv6", "2001:db8::1", AF_INET6},
        {"IPv6 unspecified", "::", AF_INET6},
        {"IPv6 with dotted tail", "::ffff:192.0.2.1", AF_INET6},
        {"two parts, as inet_aton() takes them", "127.1", 0},
        {"a leading zero is octal to some", "010.0.0.1", 0},
        {"hexadecimal", "0x7f.0.0.1", 0},
        {"one number", "2130706433", 0},
        {"part too large", "256.0.0.1", 0},
        {"five parts", "1.2.3.4.5", 0},
        {"blank before", " 192.0.2.1", 0},
        {"blank after", "192.0.2.1 ", 0},
        {"with a port", "192.0.2.1:80", 0},
        {"zone", "fe80::1%lo", 0},
        {"brackets", "[::1]", 0},
        {"two gaps", "1::2::3", 0},
        {"a name", "localhost", 0},
        {"nothing", "", 0},
        {"longer than any address", "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111", 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        union addr a;
        int err;

        memset(&a, 0x5a, sizeof(a));
        err = addr_parse_host(&a, rows[i].text, strlen(rows[i].text));
        if (err != (rows[i].family ? 0 : EINVAL))
            fail_msg("%s: \"%s\" gives %d", rows[i].why, rows[i].text, err);
        if (!err && a.sa.sa_family != rows[i].family)
            fail_msg("%s: family %d", rows[i].why, a.sa.sa_family);
        if (err && a.sa.sa_family != 0x5a5a)
            fail_msg("%s: written in spite of an error", rows[i].why);
    }
}

static void addr_refuses_a_nul_inside(void **state)
{
    union addr a;

    (void)state;
    assert_int_equal(addr_parse_host(&a, "1.2.3.4\0", 8), EINVAL);
    assert_int_equal(addr_parse_host(&a, "1.2.3.4\0.5", 10), EINVAL);
}

static void addr_needs_no_nul_after_the_text(void **state)
{
    const char text[] = {'1', '.', '2', '.', '3', '.', '4'};
    char out[ADDR_TEXT_MAX];
    union addr a;

    (void)state;
    assert_int_equal(addr_parse_host(&a, text, sizeof(text)), 0);
    assert_string_equal(addr_print_host(out, &a), "1.2.3.4");
}

static void addr_parses_host_and_port(void **state)
{
    static const struct {
        const char *why, *text, *printed; /* NULL: refused */
    } rows[] = {
        {"IPv4", "192.0.2.1:5004", "192.0.2.1:5004"},
        {"IPv6", "[2001:db8::1]:5004", "[2001:db8::1]:5004"},
        {"highest port", "192.0.2.1:65535", "192.0.2.1:65535"},
        {"port 0", "192.0.2.1:0", "192.0.2.1:0"},
        {"port too high", "192.0.2.1:65536", NULL},
        {"port beyond 32 bits", "192.0.2.1:4294972300", NULL},
        {"port with a leading zero", "192.0.2.1:05004", NULL},
        {"signed port", "192.0.2.1:+5004", NULL},
        {"no port", "192.0.2.1", NULL},
        {"empty port", "192.0.2.1:", NULL},
        {"no host", ":5004", NULL},
        {"IPv6 without brackets", "2001:db8::1:5004", NULL},
        {"IPv4 in brackets", "[192.0.2.1]:5004", NULL},
        {"bracket left open", "[::1:5004", NULL},
        {"nothing", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        char out[ADDR_TEXT_MAX];
        union addr a;
        int err = addr_parse(&a, rows[i].text, strlen(rows[i].text));

        if (err != (rows[i].printed ? 0 : EINVAL))
            fail_msg("%s: \"%s\" gives %d", rows[i].why, rows[i].text, err);
        if (!err && strcmp(addr_print(out, &a), rows[i].printed) != 0)
            fail_msg("%s: printed as %s", rows[i].why, out);
    }
}

static void addr_print_fits_the_longest_address(void **state)
{
    const char *longest = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535";
    char out[ADDR_TEXT_MAX];
    union addr a;

    (void)state;
    assert_int_equal(addr_parse(&a, longest, strlen(longest)), 0);
    assert_string_equal(addr_print(out, &a), longest);
}

static void addr_not_set_prints_as_a_dash(void **state)
{
    char out[ADDR_TEXT_MAX];
    union addr a;

    (void)state;
    memset(&a, 0, sizeof(a));
    assert_false(addr_is_set(&a));
    assert_int_equal(addr_len(&a), 0);
    assert_int_equal(addr_port(&a), 0);
    assert_string_equal(addr_print(out, &a), "-");
    assert_string_equal(addr_print_host(out, &a), "-");
    assert_true(addr_is_unusable(&a));
}

static void addr_net_holds_what_its_prefix_says(void **state)
{
    static const struct {
        const char *why, *net, *addr;
        bool is_in;
    } rows[] = {
        {"first of it", "127.0.0.0/8", "127.0.0.0", true},
        {"last of it", "127.0.0.0/8", "127.255.255.255", true},
        {"next to it", "127.0.0.0/8", "128.0.0.0", false},
        {"a prefix inside a byte", "172.16.0.0/12", "172.31.255.255", true},
        {"past a prefix inside a byte", "172.16.0.0/12", "172.32.0.0", false},
        {"a host alone", "192.0.2.7", "192.0.2.7", true},
        {"beside a host", "192.0.2.7", "192.0.2.6", false},
        {"everything", "0.0.0.0/0", "203.0.113.9", true},
        {"IPv6", "fd00::/8", "fdff::1", true},
        {"IPv6, next to it", "fd00::/8", "fe00::1", false},
        {"IPv6 inside a byte", "fc00::/7", "fd00::1", true},
        {"IPv6 host", "::1", "::1", true},
        {"mapped address, IPv4 net", "10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"mapped address outside", "10.0.0.0/8", "::ffff:11.1.2.3", false},
        {"IPv4 address, mapped net", "::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"mapped address, mapped net", "::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true},
        {"IPv4 address, mapped net, outside", "::ffff:10.0.0.0/104", "11.1.2.3", false},
        {"IPv4 is not in any IPv6", "::/0", "10.1.2.3", false},
        {"mapped is IPv4 and not in any IPv6", "::/0", "::ffff:10.1.2.3", false},
        {"IPv6 is not in any IPv4", "0.0.0.0/0", "2001:db8::1", false},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        union addr a = addr_of(rows[i].addr);
        struct addr_net net;

        if (addr_parse_net(&net, rows[i].net, strlen(rows[i].net)))
            fail_msg("%s: not a net: %s", rows[i].why, rows[i].net);
        if (addr_in_net(&a, &net) != rows[i].is_in)
            fail_msg("%s: %s in %s", rows[i].why, rows[i].addr, rows[i].net);
    }
}

static void addr_net_refuses_what_is_not_one(void **state)
{
    static const char *const rows[] = {
        "10.0.0.0/33", "10.0.0.0/",          "10.0.0.0/-1", "10.0.0.0/08",
        "10.0.0.0/8 ", "10.0.0.1/8", /* one host or the net? */
        "::1/64",      "fd00::/129",         "/8",          "",
        "10/8",        "10.0.0.0/255.0.0.0",
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        struct addr_net net;

        if (addr_parse_net(&net, rows[i], strlen(rows[i])) != EINVAL)
            fail_msg("taken: \"%s\"", rows[i]);
    }
}

enum { PRIVATE = 1, LOOPBACK = 2, ANY = 4, UNUSABLE = 8 };

static void addr_knows_its_kind(void **state)
{
    static const struct {
        const char *addr;
        unsigned kinds;
    } rows[] = {
        {"8.8.8.8", 0},
        {"9.255.255.255", 0},
        {"10.0.0.0", PRIVATE},
        {"10.255.255.255", PRIVATE},
        {"100.63.255.255", 0},
        {"100.64.0.1", PRIVATE},
        {"100.127.255.255", PRIVATE},
        {"100.128.0.0", 0},
        {"172.15.255.255", 0},
        {"172.16.0.1", PRIVATE},
        {"172.31.255.255", PRIVATE},
        {"172.32.0.0", 0},
        {"192.168.3.4", PRIVATE},
        {"::ffff:192.168.3.4", PRIVATE},
        {"fc00::1", PRIVATE},
        {"fdff::1", PRIVATE},
        {"fe00::1", 0},
        {"127.0.0.1", LOOPBACK},
        {"127.9.9.9", LOOPBACK},
        {"::ffff:127.0.0.1", LOOPBACK},
        {"::1", LOOPBACK},
        {"::2", 0},
        {"0.0.0.0", ANY | UNUSABLE},
        {"::", ANY | UNUSABLE},
        {"::ffff:0.0.0.0", ANY | UNUSABLE},
        {"0.1.2.3", UNUSABLE},
        {"169.253.255.255", 0},
        {"169.254.1.1", UNUSABLE},
        {"::ffff:169.254.1.1", UNUSABLE},
        {"223.255.255.255", 0},
        {"224.0.0.1", UNUSABLE},
        {"239.255.255.255", UNUSABLE},
        {"::ffff:224.0.0.1", UNUSABLE},
        {"255.255.255.255", UNUSABLE},
        {"::ffff:255.255.255.255", UNUSABLE},
        {"fe80::1", UNUSABLE},
        {"febf::1", UNUSABLE},
        {"fec0::1", 0},
        {"ff02::1", UNUSABLE},
        {"2001:db8::1", 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        union addr a = addr_of(rows[i].addr);
        unsigned kinds = (addr_is_private(&a) ? PRIVATE : 0U) |
                         (addr_is_loopback(&a) ? LOOPBACK : 0U) | (addr_is_any(&a) ? ANY : 0U) |
                         (addr_is_unusable(&a) ? UNUSABLE : 0U);

        if (kinds != rows[i].kinds)
            fail_msg("%s: kinds %#x, expected %#x", rows[i].addr, kinds, rows[i].kinds);
    }
}

static void addr_equality_is_of_family_address_and_port(void **state)
{
    union addr a = addr_of("192.0.2.1");
    union addr b = addr_of("192.0.2.1");
    union addr mapped = addr_of("::ffff:192.0.2.1");

    (void)state;
    assert_true(addr_equal(&a, &b));
    addr_set_port(&b, 5004);
    assert_false(addr_equal(&a, &b));
    assert_true(addr_equal_host(&a, &b));
    assert_false(addr_equal_host(&a, &mapped));
    assert_int_equal(addr_port(&b), 5004);
    addr_set_port(&mapped, 5006);
    assert_int_equal(addr_port(&mapped), 5006);
}

static void addr_of_this_host_is_local(void **state)
{
    union addr loopback = addr_of("127.0.0.1");
    union addr documentation = addr_of("192.0.2.1"); /* RFC 5737: nobody's */

    (void)state;
    addr_set_port(&loopback, 1); /* the port does not matter */
    assert_true(addr_is_local(&loopback));
    assert_false(addr_is_local(&documentation));
}

static void clock_ntp_counts_from_1900(void **state)
{
    (void)state;
    assert_true(clock_ntp(0) == (uint64_t)2208988800U << 32);
    assert_true(clock_ntp(500000) == ((uint64_t)2208988800U << 32 | 0x80000000U));
    assert_true(clock_ntp(250000) == ((uint64_t)2208988800U << 32 | 0x40000000U));
    /* 2036-02-07T06:28:16Z: the era ends, seconds start at 0 again (RFC 5905 s.6) */
    assert_true(clock_ntp((uint64_t)2085978496U * 1000000) == 0);
}

static void clock_goes_forward(void **state)
{
    uint64_t before = clock_now_us();

    (void)state;
    assert_true(before > 0);
    assert_true(clock_now_us() >= before);
    assert_true(clock_wall_us() > (uint64_t)1577836800U * 1000000); /* 2020 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addr_parses_hosts_strictly),
        cmocka_unit_test(addr_refuses_a_nul_inside),
        cmocka_unit_test(addr_needs_no_nul_after_the_text),
        cmocka_unit_test(addr_parses_host_and_port),
        cmocka_unit_test(addr_print_fits_the_longest_address),
        cmocka_unit_test(addr_not_set_prints_as_a_dash),
        cmocka_unit_test(addr_net_holds_what_its_prefix_says),
        cmocka_unit_test(addr_net_refuses_what_is_not_one),
        cmocka_unit_test(addr_knows_its_kind),
        cmocka_unit_test(addr_equality_is_of_family_address_and_port),
        cmocka_unit_test(addr_of_this_host_is_local),
        cmocka_unit_test(clock_ntp_counts_from_1900),
        cmocka_unit_test(clock_goes_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
