#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ice/candidate.h"

#define N_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static int parse(struct ice_candidate *c, const char *value)
{
    return ice_candidate_parse(c, value, strlen(value));
}

static struct sockaddr_storage address(const char *text, uint16_t port)
{
    struct sockaddr_storage ss = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&ss;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;

    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
    }
    return ss;
}

static void assert_addr(const struct sockaddr_storage *ss, const char *text, uint16_t port)
{
    const struct sockaddr_storage want = address(text, port);

    assert_memory_equal(ss, &want, sizeof(want));
}

/* Both printers undo the parser, but for blanks and the names of unknown extensions. */
static void assert_prints_as(const struct ice_candidate *c, const char *value)
{
    char text[512];
    const int n = c->ufrag[0] ? ice_candidate_print_draft6(text, sizeof(text), c)
                              : ice_candidate_print(text, sizeof(text), c);

    assert_int_equal(n, strlen(value));
    assert_string_equal(text, value);
}

static void candidate_reads_a_draft19_line_of_lync(void **state)
{
    struct ice_candidate c;

    (void)state;
    assert_int_equal(parse(&c, "3 2 UDP 184547838 131.253.141.158 53988 typ relay raddr "
                               "198.51.100.239 rport 50003 "),
                     0);
    assert_string_equal(c.foundation, "3");
    assert_int_equal(c.component, 2);
    assert_int_equal(c.transport, ICE_UDP);
    assert_int_equal(c.type, ICE_RELAY);
    assert_int_equal(c.priority, 184547838);
    assert_addr(&c.addr, "131.253.141.158", 53988);
    assert_addr(&c.raddr, "198.51.100.239", 50003);
    assert_string_equal(c.ufrag, "");
}

static void candidate_reads_a_draft6_line_of_ocs(void **state)
{
    struct ice_candidate c;

    (void)state;
    assert_int_equal(parse(&c, "BJG5XDfUp7LbhulOKzU0MdyDFaXqTEkyPo9FoVQxwxY 1 "
                               "DhULez4ppG6UIm8QTT2eNA UDP 0.830 192.168.1.253 50004 "),
                     0);
    assert_string_equal(c.foundation, "BJG5XDfUp7LbhulOKzU0MdyDFaXqTEky");
    assert_string_equal(c.ufrag, "BJG5XDfUp7LbhulOKzU0MdyDFaXqTEkyPo9FoVQxwxY");
    assert_string_equal(c.pwd, "DhULez4ppG6UIm8QTT2eNA");
    assert_int_equal(c.component, 1);
    assert_int_equal(c.priority, 830);
    assert_int_equal(c.type, ICE_HOST);
    assert_addr(&c.addr, "192.168.1.253", 50004);
    assert_int_equal(c.raddr.ss_family, AF_UNSPEC);
}

/* q below 0.5 is a relay, about 0.55 a reflexive one */
static void candidate_tells_the_type_of_a_draft6_line_by_its_q(void **state)
{
    static const struct {
        const char *q;
        uint32_t priority;
        enum ice_candidate_type type;
    } rows[] = {
        {"1.000", 1000, ICE_HOST}, {"1", 1000, ICE_HOST},     {"0.830", 830, ICE_HOST},
        {"0.83", 830, ICE_HOST},   {"0.550", 550, ICE_SRFLX}, {"0.5", 500, ICE_SRFLX},
        {".45", 450, ICE_RELAY},   {"0.410", 410, ICE_RELAY}, {"0.4109", 410, ICE_RELAY},
        {"0", 0, ICE_RELAY},       {"0.001", 1, ICE_RELAY},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        struct ice_candidate c;
        char line[128];

        snprintf(line, sizeof(line), "AAAA 1 BBBB UDP %s 192.0.2.1 5000", rows[i].q);
        assert_int_equal(parse(&c, line), 0);
        assert_int_equal(c.priority, rows[i].priority);
        assert_int_equal(c.type, rows[i].type);
    }
}

static void candidate_prints_what_it_read(void **state)
{
    static const char *const lines[] = {
        "1 1 UDP 2130706431 192.168.1.253 50016 typ host",
        "5 1 UDP 1694234623 198.51.100.239 50002 typ srflx raddr 192.168.1.253 rport 50002",
        "2 1 TCP-PASS 174456319 131.253.141.198 54367 typ relay raddr 131.253.141.254 rport 50019",
        "9 2 TCP-ACT 1684794878 131.253.141.254 50019 typ srflx raddr 192.168.1.253 rport 50019",
        "4 1 UDP 184547839 2a01:111:202b:a::24 52280 typ relay raddr 198.51.100.239 rport 50002",
        "abc+/19 255 UDP 4294967295 2001:db8::1 65535 typ prflx",
        "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/abcde 1 0123456789abcdefghijkl UDP 0.830 192.0.2.1 9",
        "AAAA 2 BBBB TCP 1.000 2001:db8::1 50004",
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(lines); i++) {
        struct ice_candidate c;

        assert_int_equal(parse(&c, lines[i]), 0);
        assert_prints_as(&c, lines[i]);
    }
}

static void candidate_cuts_the_padding_off_when_it_prints_draft6(void **state)
{
    struct ice_candidate c;

    (void)state;
    assert_int_equal(parse(&c, "gAH6Rj7UAhyhL37x1myyRCEe0s90i/okTPPlQ8q9Ufg= 1 "
                               "AT6jQtrWTfVi7S1Ko4pBxA== UDP 0.830 192.168.1.107 54183"),
                     0);
    assert_string_equal(c.pwd, "AT6jQtrWTfVi7S1Ko4pBxA==");
    assert_prints_as(&c, "gAH6Rj7UAhyhL37x1myyRCEe0s90i/okTPPlQ8q9Ufg 1 AT6jQtrWTfVi7S1Ko4pBxA "
                         "UDP 0.830 192.168.1.107 54183");
}

static void candidate_says_when_the_buffer_is_too_small(void **state)
{
    static const char *const lines[] = {
        "5 1 UDP 1694234623 198.51.100.239 50002 typ srflx raddr 192.168.1.253 rport 50002",
        "AAAA 2 BBBB UDP 1.000 192.0.2.1 50004"};

    (void)state;
    for (size_t i = 0; i < N_ROWS(lines); i++) {
        struct ice_candidate c;
        char text[128];
        int (*print)(char *, size_t, const struct ice_candidate *) =
            i ? ice_candidate_print_draft6 : ice_candidate_print;
        const size_t n = strlen(lines[i]);

        assert_int_equal(parse(&c, lines[i]), 0);
        for (size_t cap = 1; cap <= n; cap++)
            assert_int_equal(print(text, cap, &c), -ENOSPC);
        assert_int_equal(print(text, n + 1, &c), n);
    }
}

static void candidate_takes_what_real_peers_write(void **state)
{
    static const struct {
        const char *reason, *line;
    } rows[] = {
        {"a browser's generation and network-id", "842163049 1 udp 1677729535 203.0.113.7 53705 "
                                                  "typ srflx raddr 10.0.0.5 rport 53705 generation "
                                                  "0 network-cost 999"},
        {"lower case transport, as Teams", "1 1 tcp-pass 174456319 192.0.2.1 443 typ relay"},
        {"RFC 6544 TCP", "1 1 TCP 174456319 192.0.2.1 9 typ host tcptype active"},
        {"a related address that was hidden",
         "1 1 UDP 5 192.0.2.1 9 typ srflx raddr x.local rport 9"},
        {"blanks before and many between", "  1  1\tUDP 5 192.0.2.1  9 typ host  "},
        {"a carriage return at the end", "1 1 UDP 5 192.0.2.1 9 typ host\r"},
        {"an attribute after its raddr",
         "1 1 UDP 5 192.0.2.1 9 typ host x y raddr 192.0.2.2 rport 9"},
    };
    struct ice_candidate c;

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        print_message("           %s\n", rows[i].reason);
        assert_int_equal(parse(&c, rows[i].line), 0);
    }
}

static void candidate_refuses_what_no_peer_may_write(void **state)
{
    static const struct {
        const char *reason, *line;
        int err;
    } rows[] = {
        {"nothing", "", EINVAL},
        {"blanks", "   ", EINVAL},
        {"too few tokens", "1 1 UDP 5 192.0.2.1 9", EINVAL},
        {"no type", "1 1 UDP 5 192.0.2.1 9 typ", EINVAL},
        {"an unknown type", "1 1 UDP 5 192.0.2.1 9 typ guest", EINVAL},
        {"typ is missing", "1 1 UDP 5 192.0.2.1 9 type host", EINVAL},
        {"component 0", "1 0 UDP 5 192.0.2.1 9 typ host", EINVAL},
        {"component 256", "1 256 UDP 5 192.0.2.1 9 typ host", EINVAL},
        {"a negative component", "1 -1 UDP 5 192.0.2.1 9 typ host", EINVAL},
        {"a transport nobody knows", "1 1 SCTP 5 192.0.2.1 9 typ host", EINVAL},
        {"priority beyond 32 bits", "1 1 UDP 4294967296 192.0.2.1 9 typ host", EINVAL},
        {"priority of 11 digits", "1 1 UDP 00000000005 192.0.2.1 9 typ host", EINVAL},
        {"port 65536", "1 1 UDP 5 192.0.2.1 65536 typ host", EINVAL},
        {"port with letters", "1 1 UDP 5 192.0.2.1 9x typ host", EINVAL},
        {"a foundation of 33 characters",
         "123456789012345678901234567890123 1 UDP 5 192.0.2.1 9 typ host", EINVAL},
        {"a foundation with a colon", "a:b 1 UDP 5 192.0.2.1 9 typ host", EINVAL},
        {"an extension without value", "1 1 UDP 5 192.0.2.1 9 typ host generation", EINVAL},
        {"raddr without rport", "1 1 UDP 5 192.0.2.1 9 typ srflx raddr 192.0.2.2", EINVAL},
        {"raddr and something else", "1 1 UDP 5 192.0.2.1 9 typ srflx raddr 192.0.2.2 port 9",
         EINVAL},
        {"a name of a host", "1 1 UDP 5 edge.example.net 9 typ host", EAFNOSUPPORT},
        {"a hidden name", "1 1 UDP 5 5a2b-33.local 9 typ host", EAFNOSUPPORT},
        {"half an address", "1 1 UDP 5 192.0.2 9 typ host", EAFNOSUPPORT},
        {"an IPv6 address with a zone", "1 1 UDP 5 fe80::1%eth0 9 typ host", EINVAL},
        {"a bracketed address", "1 1 UDP 5 [2001:db8::1] 9 typ host", EINVAL},
        {"draft-06 with q above 1", "AAAA 1 BBBB UDP 1.001 192.0.2.1 9", EINVAL},
        {"draft-06 with q of 2", "AAAA 1 BBBB UDP 2 192.0.2.1 9", EINVAL},
        {"draft-06 with a point for q", "AAAA 1 BBBB UDP . 192.0.2.1 9", EINVAL},
        {"draft-06 with q in letters", "AAAA 1 BBBB UDP 0.8a 192.0.2.1 9", EINVAL},
        {"draft-06 with a short ufrag", "AAA 1 BBBB UDP 0.8 192.0.2.1 9", EINVAL},
        {"draft-06 with three paddings", "AAAAA=== 1 BBBB UDP 0.8 192.0.2.1 9", EINVAL},
        {"draft-06 with padding inside", "AA=A 1 BBBB UDP 0.8 192.0.2.1 9", EINVAL},
        {"draft-06 with a ufrag of 48 characters",
         "012345678901234567890123456789012345678901234567 1 BBBB UDP 0.8 192.0.2.1 9", EINVAL},
        {"draft-06 with a name", "AAAA 1 BBBB UDP 0.8 edge.example.net 9", EAFNOSUPPORT},
    };
    struct ice_candidate c;

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        print_message("           %s\n", rows[i].reason);
        assert_int_equal(parse(&c, rows[i].line), rows[i].err);
    }
}

static void candidate_refuses_a_line_with_a_nul(void **state)
{
    static const char line[] = "1 1 UDP 5 192.0.2.1 9 typ host\0generation 0";
    struct ice_candidate c;

    (void)state;
    assert_int_equal(ice_candidate_parse(&c, line, sizeof(line) - 1), EINVAL);
}

static void candidate_refuses_a_line_of_too_many_tokens(void **state)
{
    static const char line[] = "1 1 UDP 5 192.0.2.1 9 typ host a b a b a b a b a b a b a b a b "
                               "a b a b a b a b a b a b a b a b a b";
    struct ice_candidate c;

    (void)state;
    assert_int_equal(ice_candidate_parse(&c, line, sizeof(line) - 1), EINVAL);
    assert_int_equal(ice_candidate_parse(&c, line, sizeof(line) - 1 - strlen(" a b")), 0);
}

static void candidate_knows_addresses_that_no_peer_may_have(void **state)
{
    static const struct {
        const char *reason, *addr, *local;
        uint16_t port;
        bool is_usable;
    } rows[] = {
        {"a public address", "203.0.113.7", "192.0.2.1", 5000, true},
        {"a private address", "10.1.2.3", "192.0.2.1", 5000, true},
        {"no port", "203.0.113.7", "192.0.2.1", 0, false},
        {"unspecified", "0.0.0.0", "192.0.2.1", 5000, false},
        {"this network", "0.1.2.3", "192.0.2.1", 5000, false},
        {"multicast", "224.0.0.1", "192.0.2.1", 5000, false},
        {"the last multicast", "239.255.255.255", "192.0.2.1", 5000, false},
        {"class E", "240.0.0.1", "192.0.2.1", 5000, false},
        {"broadcast", "255.255.255.255", "192.0.2.1", 5000, false},
        {"loopback from outside", "127.0.0.1", "192.0.2.1", 5000, false},
        {"any loopback from outside", "127.255.0.1", "192.0.2.1", 5000, false},
        {"loopback on loopback", "127.0.0.2", "127.0.0.1", 5000, true},
        {"outside on loopback", "192.0.2.1", "127.0.0.1", 5000, true},
        {"link-local from outside", "169.254.3.4", "192.0.2.1", 5000, false},
        {"link-local on link-local", "169.254.3.4", "169.254.1.1", 5000, true},
        {"loopback on link-local", "127.0.0.1", "169.254.1.1", 5000, false},
        {"a public IPv6 address", "2001:db8::7", "2001:db8::1", 5000, true},
        {"IPv6 unspecified", "::", "2001:db8::1", 5000, false},
        {"IPv6 multicast", "ff02::1", "2001:db8::1", 5000, false},
        {"IPv6 loopback from outside", "::1", "2001:db8::1", 5000, false},
        {"IPv6 loopback on loopback", "::1", "::1", 5000, true},
        {"IPv6 link-local from outside", "fe80::1", "2001:db8::1", 5000, false},
        {"mapped loopback", "::ffff:127.0.0.1", "2001:db8::1", 5000, false},
        {"mapped multicast", "::ffff:224.0.0.1", "2001:db8::1", 5000, false},
        {"mapped unspecified", "::ffff:0.0.0.0", "2001:db8::1", 5000, false},
        {"mapped link-local", "::ffff:169.254.0.1", "2001:db8::1", 5000, false},
        {"mapped ordinary", "::ffff:192.0.2.9", "2001:db8::1", 5000, true},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        const struct sockaddr_storage local = address(rows[i].local, 0);
        const struct ice_candidate c = {.addr = address(rows[i].addr, rows[i].port)};

        print_message("           %s\n", rows[i].reason);
        assert_int_equal(ice_candidate_usable(&c, &local), rows[i].is_usable);
    }
}

static void candidate_without_an_address_is_of_no_use(void **state)
{
    const struct sockaddr_storage local = address("192.0.2.1", 0);
    const struct ice_candidate c = {.component = 1};

    (void)state;
    assert_false(ice_candidate_usable(&c, &local));
}

/* ---- the bodies of tests/vectors/sdp ---- */

static const char *value_of(const char *line)
{
    static const char *const names[] = {"a=candidate:", "a=x-candidate-ipv6:"};

    for (size_t i = 0; i < N_ROWS(names); i++)
        if (!strncmp(line, names[i], strlen(names[i])))
            return line + strlen(names[i]);
    return NULL;
}

static unsigned parse_file(const char *path)
{
    char line[1024], again[512];
    FILE *f = fopen(path, "r");
    unsigned n_lines = 0;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        const char *value = value_of(line);
        struct ice_candidate c, c2;
        int n;

        if (!value)
            continue;
        assert_int_equal(parse(&c, value), 0);
        n = c.ufrag[0] ? ice_candidate_print_draft6(again, sizeof(again), &c)
                       : ice_candidate_print(again, sizeof(again), &c);
        assert_true(n > 0);
        assert_int_equal(ice_candidate_parse(&c2, again, (size_t)n), 0);
        assert_memory_equal(&c.addr, &c2.addr, sizeof(c.addr));
        assert_int_equal(c.priority, c2.priority);
        assert_int_equal(c.type, c2.type);
        n_lines++;
    }
    fclose(f);
    return n_lines;
}

static void candidate_reads_every_line_of_the_captured_bodies(void **state)
{
    static const struct {
        const char *file;
        unsigned n_lines;
    } rows[] = {
        {"lync-online-ucwa-offer-multipart.sdp", 24},     {"lync-online-ucwa-part1-draft6.sdp", 6},
        {"lync-online-ucwa-part2-draft19.sdp", 18},       {"lync2010-draft6-part-truncated.sdp", 2},
        {"sfb-client-offer-plain-audio-bypassid.sdp", 6}, {"wlm-draft6-candidate-lines.sdp", 6},
        {"wlm2009-draft19-audio-video.sdp", 10},          {"exchange-um-o365-answer.sdp", 0},
        {"mediation-server-offer-hold.sdp", 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ROWS(rows); i++) {
        char path[1024];

        snprintf(path, sizeof(path), PICRELAY_VECTORS "/sdp/%s", rows[i].file);
        print_message("           %s\n", rows[i].file);
        assert_int_equal(parse_file(path), rows[i].n_lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidate_reads_a_draft19_line_of_lync),
        cmocka_unit_test(candidate_reads_a_draft6_line_of_ocs),
        cmocka_unit_test(candidate_tells_the_type_of_a_draft6_line_by_its_q),
        cmocka_unit_test(candidate_prints_what_it_read),
        cmocka_unit_test(candidate_cuts_the_padding_off_when_it_prints_draft6),
        cmocka_unit_test(candidate_says_when_the_buffer_is_too_small),
        cmocka_unit_test(candidate_takes_what_real_peers_write),
        cmocka_unit_test(candidate_refuses_what_no_peer_may_write),
        cmocka_unit_test(candidate_refuses_a_line_with_a_nul),
        cmocka_unit_test(candidate_refuses_a_line_of_too_many_tokens),
        cmocka_unit_test(candidate_knows_addresses_that_no_peer_may_have),
        cmocka_unit_test(candidate_without_an_address_is_of_no_use),
        cmocka_unit_test(candidate_reads_every_line_of_the_captured_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
