#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/gate.h"

#define START_US UINT64_C(1000000)
#define SECOND   UINT64_C(1000000)

static union addr addr_of(const char *text)
{
    union addr a = {0};

    if (text[0])
        assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
    return a;
}

/* Threat model, section 3: one row a rule. The address of SDP is 192.0.2.1:5000, received-from is
 * 198.51.100.9 where there is one. */
static void gate_believes_whom_the_threat_model_says(void **state)
{
    /* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as it is read */
    static const struct {
        const char *reason;
        enum media_source rule;
        const char *expected, *host, *from;
        bool has_nat;
        uint64_t after_us;
        enum drop drop;
    } rows[] = {
        {"no description yet", MEDIA_SOURCE_NONE, "192.0.2.1:5000", "", "192.0.2.1:5000", false, 0,
         DROP_NOT_READY},
        {"no address yet", MEDIA_SOURCE_EXACT, "", "", "192.0.2.1:5000", false, 0, DROP_NOT_READY},
        {"the exact address", MEDIA_SOURCE_EXACT, "192.0.2.1:5000", "", "192.0.2.1:5000", false, 0,
         DROP_NONE},
        {"exact: another port, ever so late", MEDIA_SOURCE_EXACT, "192.0.2.1:5000", "",
         "192.0.2.1:5001", true, 100 * SECOND, DROP_SOURCE},
        {"learn: the exact address", MEDIA_SOURCE_LEARN, "192.0.2.1:5000", "", "192.0.2.1:5000",
         false, 0, DROP_NONE},
        {"learn: another port, at once", MEDIA_SOURCE_LEARN, "192.0.2.1:5000", "", "192.0.2.1:5001",
         false, 0, DROP_SOURCE},
        {"learn: another port, just before 3 s", MEDIA_SOURCE_LEARN, "192.0.2.1:5000", "",
         "192.0.2.1:5001", false, 3 * SECOND - 1, DROP_SOURCE},
        {"learn: another port, after 3 s", MEDIA_SOURCE_LEARN, "192.0.2.1:5000", "",
         "192.0.2.1:5001", false, 3 * SECOND, DROP_NONE},
        {"learn: another port, with NAT, at once", MEDIA_SOURCE_LEARN, "192.0.2.1:5000", "",
         "192.0.2.1:5001", true, 0, DROP_NONE},
        {"learn: received-from, with NAT", MEDIA_SOURCE_LEARN, "192.0.2.1:5000", "198.51.100.9:0",
         "198.51.100.9:777", true, 0, DROP_NONE},
        {"learn: received-from, without NAT", MEDIA_SOURCE_LEARN, "192.0.2.1:5000",
         "198.51.100.9:0", "198.51.100.9:777", false, SECOND, DROP_SOURCE},
        {"learn: a stranger, with NAT, late", MEDIA_SOURCE_LEARN, "192.0.2.1:5000",
         "198.51.100.9:0", "203.0.113.5:5000", true, 100 * SECOND, DROP_SOURCE},
        {"learn: a stranger who knows the port", MEDIA_SOURCE_LEARN, "192.0.2.1:5000", "",
         "192.0.2.2:5000", true, 100 * SECOND, DROP_SOURCE},
        {"learn: an address of the other family", MEDIA_SOURCE_LEARN, "192.0.2.1:5000", "",
         "[2001:db8::1]:5000", true, 100 * SECOND, DROP_SOURCE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gate_learning learning = {.host = addr_of(rows[i].host), .has_nat = rows[i].has_nat};
        union addr expected = addr_of(rows[i].expected), from = addr_of(rows[i].from);
        struct gate g = {0};
        bool may_lock;

        print_message("    %s\n", rows[i].reason);
        gate_set(&g, rows[i].rule, &expected, START_US);
        assert_int_equal(gate_check(&g, &learning, &from, START_US + rows[i].after_us, &may_lock),
                         rows[i].drop);
        assert_int_equal(may_lock, rows[i].drop == DROP_NONE);
        assert_false(addr_is_set(&g.locked)); /* looking changes nothing */
    }
}

static void gate_once_locked_believes_nobody_else(void **state)
{
    union addr sdp = addr_of("192.0.2.1:5000"), nat = addr_of("192.0.2.1:6000");
    struct gate_learning learning = {.has_nat = true};
    struct gate g = {0};
    bool may_lock;

    (void)state;
    gate_set(&g, MEDIA_SOURCE_LEARN, &sdp, START_US);
    gate_lock(&g, &nat);
    assert_int_equal(gate_check(&g, &learning, &nat, START_US, &may_lock), DROP_NONE);
    assert_false(may_lock);
    assert_int_equal(gate_check(&g, &learning, &sdp, START_US + 100 * SECOND, &may_lock),
                     DROP_SOURCE);
    assert_true(addr_equal(gate_remote(&g), &nat));
}

static void gate_is_unlocked_by_a_changed_address_only(void **state)
{
    union addr sdp = addr_of("192.0.2.1:5000"), nat = addr_of("192.0.2.1:6000");
    union addr moved = addr_of("192.0.2.77:5000");
    struct gate g = {0};

    (void)state;
    gate_set(&g, MEDIA_SOURCE_LEARN, &sdp, START_US);
    gate_lock(&g, &nat);
    gate_set(&g, MEDIA_SOURCE_LEARN, &sdp, START_US + SECOND); /* a re-INVITE, or hold */
    assert_true(addr_equal(&g.locked, &nat));
    assert_int_equal(g.silent_since_us, START_US);
    gate_set(&g, MEDIA_SOURCE_LEARN, &moved, START_US + 2 * SECOND);
    assert_false(addr_is_set(&g.locked));
    assert_int_equal(g.silent_since_us, START_US + 2 * SECOND);
    assert_true(addr_equal(gate_remote(&g), &moved));
}

static void gate_forgets_what_it_learned_when_only_the_exact_address_is_allowed(void **state)
{
    union addr sdp = addr_of("192.0.2.1:5000"), nat = addr_of("192.0.2.1:6000");
    struct gate g = {0};

    (void)state;
    gate_set(&g, MEDIA_SOURCE_LEARN, &sdp, START_US);
    gate_lock(&g, &nat);
    gate_set(&g, MEDIA_SOURCE_EXACT, &sdp, START_US);
    assert_false(addr_is_set(&g.locked));
    gate_lock(&g, &sdp);
    gate_set(&g, MEDIA_SOURCE_EXACT, &sdp, START_US);
    assert_true(addr_equal(&g.locked, &sdp));
}

static void formats_keep_what_the_rules_say_of_each_payload_type(void **state)
{
    static struct media_rules rules;
    static struct formats f;
    unsigned pt;

    (void)state;
    for (pt = 0; pt < 128; pt++) {
        rules.action[pt] = pt % 3 == 0 ? MEDIA_RELAY : pt % 3 == 1 ? MEDIA_TRANSCODE : MEDIA_DROP;
        rules.out_pt[pt] = (uint8_t)(127 - pt);
        rules.clock_hz[pt] = pt % 2 ? 8000 : 48000;
    }
    formats_set(&f, &rules);
    for (pt = 0; pt < 128; pt++) {
        assert_int_equal(formats_find(&f, (uint8_t)pt)->action, rules.action[pt]);
        assert_int_equal(formats_find(&f, (uint8_t)pt)->clock_hz, rules.clock_hz[pt]);
        assert_int_equal(f.out_pt[pt], 127 - pt);
    }
}

static void formats_beyond_its_rows_are_dropped_not_confused(void **state)
{
    static struct media_rules rules;
    static struct formats f;
    unsigned pt, n_relayed = 0;

    (void)state;
    for (pt = 0; pt < 128; pt++) {
        rules.action[pt] = MEDIA_RELAY;
        rules.clock_hz[pt] = 1000 + pt; /* 128 clocks: nobody has that */
    }
    formats_set(&f, &rules);
    for (pt = 0; pt < 128; pt++) {
        if (formats_find(&f, (uint8_t)pt)->action == MEDIA_RELAY) {
            assert_int_equal(formats_find(&f, (uint8_t)pt)->clock_hz, 1000 + pt);
            n_relayed++;
        }
    }
    assert_int_equal(n_relayed, FORMATS_ROWS - 1);
}

static struct rate_gate rate_gate(uint32_t pps, uint32_t bytes_ps, uint16_t packet_bytes)
{
    struct rate_gate g = {0};
    const struct media_rules rules = {
        .max_pps = pps, .max_bytes_ps = bytes_ps, .max_packet_bytes = packet_bytes};

    rate_gate_set(&g, &rules);
    return g;
}

/* @return how many of n packets pass, one every step_us */
static unsigned n_passing(struct rate_gate *g, unsigned n, size_t bytes, uint64_t *now_us,
                          unsigned step_us)
{
    unsigned n_passed = 0;

    for (unsigned i = 0; i < n; i++, *now_us += step_us)
        n_passed += rate_gate_take(g, bytes, *now_us);
    return n_passed;
}

static void rate_gate_lets_a_burst_pass_and_then_the_rate(void **state)
{
    struct rate_gate g = rate_gate(100, 0, 0);
    uint64_t now_us = START_US;

    (void)state;
    /* all at once: a second's worth and the one that is due */
    assert_in_range(n_passing(&g, 10000, 172, &now_us, 0), 100, 101);
    /* 1,000 a second for ten seconds */
    assert_in_range(n_passing(&g, 10000, 172, &now_us, 1000), 999, 1001);
    g = rate_gate(0, 0, 0);
    assert_true(rate_gate_take(&g, 65535, 0));
}

static void rate_gate_counts_bytes_as_well(void **state)
{
    struct rate_gate g = rate_gate(500, 16000, 0);
    uint64_t now_us = START_US;

    (void)state;
    /* 50 packets of 172 bytes a second, for a minute: what G.711 is */
    assert_int_equal(n_passing(&g, 3000, 172, &now_us, 20000), 3000);
    /* 500 kbit/s in 100 packets of 625 bytes a second: a second's worth, then 128 kbit/s */
    assert_in_range(n_passing(&g, 1000, 625, &now_us, 10000), 256, 284);
}

static void rate_gate_lets_no_packet_pass_that_is_too_large(void **state)
{
    struct rate_gate g = rate_gate(0, 0, 784);

    (void)state;
    assert_true(rate_gate_take(&g, 784, START_US));
    assert_false(rate_gate_take(&g, 785, START_US));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_believes_whom_the_threat_model_says),
        cmocka_unit_test(gate_once_locked_believes_nobody_else),
        cmocka_unit_test(gate_is_unlocked_by_a_changed_address_only),
        cmocka_unit_test(gate_forgets_what_it_learned_when_only_the_exact_address_is_allowed),
        cmocka_unit_test(formats_keep_what_the_rules_say_of_each_payload_type),
        cmocka_unit_test(formats_beyond_its_rows_are_dropped_not_confused),
        cmocka_unit_test(rate_gate_lets_a_burst_pass_and_then_the_rate),
        cmocka_unit_test(rate_gate_counts_bytes_as_well),
        cmocka_unit_test(rate_gate_lets_no_packet_pass_that_is_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
