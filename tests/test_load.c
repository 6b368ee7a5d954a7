#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/load/histogram.h"
#include "bench/load/pattern.h"
#include "bench/load/plan.h"
#include "bench/load/search.h"
#include "bench/load/track.h"

/* ---- histogram --------------------------------------------------------------------------------
 */

static void histogram_reads_within_a_hundredth_above_what_was_put(void **state)
{
    (void)state;
    for (uint64_t v = 1; v < LOAD_HISTOGRAM_MAX_NS; v += v / 3 + 1) {
        struct load_histogram h = {0};

        load_histogram_put(&h, v);
        load_histogram_put(&h, LOAD_HISTOGRAM_MAX_NS);
        assert_in_range(load_histogram_at(&h, 0.5), v, v + v / 100);
    }
}

static void histogram_shares_are_those_of_a_sorted_list(void **state)
{
    struct load_histogram h = {0};

    (void)state;
    for (uint64_t v = 100; v >= 1; v--) /* exact below 256 */
        load_histogram_put(&h, v);
    assert_int_equal(load_histogram_at(&h, 0.5), 50);
    assert_int_equal(load_histogram_at(&h, 0.9), 90);
    assert_int_equal(load_histogram_at(&h, 0.999), 100);
    assert_int_equal(load_histogram_at(&h, 1), 100);
    assert_int_equal(load_histogram_at(&h, 0), 1);
    assert_int_equal(h.max_ns, 100);
    assert_int_equal(h.sum_ns, 5050);
}

static void histogram_keeps_what_is_too_long_as_the_longest(void **state)
{
    struct load_histogram h = {0};

    (void)state;
    load_histogram_put(&h, UINT64_MAX);
    assert_int_equal(load_histogram_at(&h, 0.5), LOAD_HISTOGRAM_MAX_NS);
    assert_int_equal(h.n, 1);
}

static void histogram_that_is_empty_reads_zero(void **state)
{
    struct load_histogram h = {0};

    (void)state;
    assert_int_equal(load_histogram_at(&h, 0.99), 0);
}

static void histogram_sum_of_two_holds_what_both_hold(void **state)
{
    struct load_histogram a = {0}, b = {0};

    (void)state;
    load_histogram_put(&a, 10);
    load_histogram_put(&b, 30);
    load_histogram_put(&b, 20);
    load_histogram_add(&a, &b);
    assert_int_equal(a.n, 3);
    assert_int_equal(load_histogram_at(&a, 0.5), 20);
    assert_int_equal(a.max_ns, 30);
}

/* ---- plan -------------------------------------------------------------------------------------
 */

static const struct load_plan plans[] = {
    {.start_ns = 1000, .interval_ns = 20000000, .n_streams = 2},
    {.start_ns = 0, .interval_ns = 20000000, .n_streams = 6},
    {.start_ns = 77, .interval_ns = 20000000, .n_streams = 998},
    {.start_ns = 5, .interval_ns = 20000000, .n_streams = 4400},
    {.start_ns = 5, .interval_ns = 7, .n_streams = 10}, /* more streams than nanoseconds */
};
#define PLANS (sizeof(plans) / sizeof(plans[0]))

static void plan_says_a_packet_is_due_from_its_time_on_and_not_before(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS; i++) {
        const struct load_plan *p = &plans[i];

        for (uint64_t k = 0; k < 3 * (uint64_t)p->n_streams; k++) {
            uint64_t due_ns = load_plan_due_ns(p, k);

            assert_true(load_plan_due(p, due_ns) > k);
            assert_true(!due_ns || load_plan_due(p, due_ns - 1) <= k);
        }
    }
}

static void plan_has_each_stream_send_once_an_interval(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS; i++) {
        const struct load_plan *p = &plans[i];
        uint64_t *last_ns = calloc(p->n_streams, sizeof(*last_ns));

        for (uint64_t k = 0; k < 3 * (uint64_t)p->n_streams; k++) {
            uint32_t stream = load_plan_stream(p, k);
            uint64_t due_ns = load_plan_due_ns(p, k);

            assert_true(stream < p->n_streams);
            if (k >= p->n_streams)
                assert_int_equal(due_ns - last_ns[stream], p->interval_ns);
            last_ns[stream] = due_ns;
        }
        free(last_ns);
    }
}

static void plan_spreads_packets_evenly_to_the_nanosecond(void **state)
{
    const struct load_plan *p = &plans[2];
    uint64_t step_ns = p->interval_ns / p->n_streams;

    (void)state;
    for (uint64_t k = 1; k < 3 * (uint64_t)p->n_streams; k++)
        assert_in_range(load_plan_due_ns(p, k) - load_plan_due_ns(p, k - 1), step_ns, step_ns + 1);
}

static void plan_sets_the_sides_of_a_call_half_an_interval_apart(void **state)
{
    const struct load_plan *p = &plans[3];
    uint64_t due_ns[2] = {0}, step_ns = p->interval_ns / p->n_streams;

    (void)state;
    for (uint64_t k = 0; k < p->n_streams; k++)
        if (load_plan_stream(p, k) / 2 == 7)
            due_ns[load_plan_stream(p, k) % 2] = load_plan_due_ns(p, k);
    uint64_t apart_ns = due_ns[0] > due_ns[1] ? due_ns[0] - due_ns[1] : due_ns[1] - due_ns[0];
    assert_in_range(apart_ns, p->interval_ns / 2 - 2 * step_ns, p->interval_ns / 2 + 2 * step_ns);
}

static void plan_has_nothing_due_before_its_start(void **state)
{
    (void)state;
    assert_int_equal(load_plan_due(&plans[0], 999), 0);
    assert_int_equal(load_plan_due(&plans[0], 1000), 1);
}

/* ---- track ------------------------------------------------------------------------------------
 */

static void track_tells_new_late_double_and_stale_packets_apart(void **state)
{
    static const struct {
        const char *why;
        uint64_t number;
        enum load_track_verdict verdict;
    } rows[] = {
        {"the first may have any number", 3, LOAD_TRACK_NEW},
        {"in order", 4, LOAD_TRACK_NEW},
        {"after a gap", 7, LOAD_TRACK_NEW},
        {"one of the gap", 5, LOAD_TRACK_REORDERED},
        {"the same again", 5, LOAD_TRACK_DUPLICATE},
        {"the latest again", 7, LOAD_TRACK_DUPLICATE},
        {"from before the first", 0, LOAD_TRACK_REORDERED},
        {"a jump within the window", 250, LOAD_TRACK_NEW},
        {"still in the window", 6, LOAD_TRACK_REORDERED},
        {"a jump beyond it", 1000, LOAD_TRACK_NEW},
        {"in the window's place of 7, but new", 1000 - LOAD_TRACK_WINDOW + 8, LOAD_TRACK_REORDERED},
        {"just out of the window", 1000 - LOAD_TRACK_WINDOW, LOAD_TRACK_STALE},
        {"the oldest of the window", 1001 - LOAD_TRACK_WINDOW, LOAD_TRACK_REORDERED},
        {"long gone", 7, LOAD_TRACK_STALE},
    };
    struct load_track t = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (load_track_put(&t, rows[i].number) != rows[i].verdict)
            fail_msg("%s", rows[i].why);
}

/* ---- pattern ----------------------------------------------------------------------------------
 */

static const uint32_t names[][2] = {
    {0, 0}, {1, 2}, {4399, 499}, {0x80000001, 0x7fffffff}, {~0u, ~0u}};
#define NAMES (sizeof(names) / sizeof(names[0]))

static void pattern_says_which_packet_it_is(void **state)
{
    uint8_t payload[LOAD_PATTERN_BYTES];
    uint32_t stream, number;

    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        load_pattern_write(payload, sizeof(payload), names[i][0], names[i][1]);
        load_pattern_read(payload, &stream, &number);
        assert_int_equal(stream, names[i][0]);
        assert_int_equal(number, names[i][1]);
        assert_true(load_pattern_is_same(payload, sizeof(payload), stream, number));
    }
}

static void pattern_shows_each_changed_bit(void **state)
{
    uint8_t payload[LOAD_PATTERN_BYTES];

    (void)state;
    load_pattern_write(payload, sizeof(payload), 5, 6);
    for (unsigned bit = 0; bit < 8 * LOAD_PATTERN_BYTES; bit++) {
        payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(load_pattern_is_same(payload, sizeof(payload), 5, 6));
        payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(load_pattern_is_same(payload, sizeof(payload), 5, 6));
}

/* The nearest byte of the other law. */
static uint8_t recode(uint8_t byte, enum load_law from, enum load_law to)
{
    int wanted = load_pattern_sample(byte, from), best = 0;

    for (int i = 1; i < 256; i++)
        if (abs(load_pattern_sample((uint8_t)i, to) - wanted) <
            abs(load_pattern_sample((uint8_t)best, to) - wanted))
            best = i;
    return (uint8_t)best;
}

static void pattern_survives_the_way_to_the_other_law(void **state)
{
    static const enum load_law laws[][2] = {{LOAD_ALAW, LOAD_ULAW}, {LOAD_ULAW, LOAD_ALAW}};
    uint8_t payload[LOAD_PATTERN_BYTES];
    uint32_t stream, number;

    (void)state;
    for (size_t i = 0; i < 2 * NAMES; i++) {
        const enum load_law *law = laws[i % 2];
        const uint32_t *name = names[i / 2];

        load_pattern_write(payload, sizeof(payload), name[0], name[1]);
        for (size_t j = 0; j < LOAD_PATTERN_BYTES; j++)
            payload[j] = recode(payload[j], law[0], law[1]);
        load_pattern_read(payload, &stream, &number);
        assert_int_equal(stream, name[0]);
        assert_int_equal(number, name[1]);
        assert_true(load_pattern_is_like(payload, stream, number, law[0], law[1]));
        payload[100] ^= 0x80; /* one sample upside down */
        if (abs(load_pattern_sample(payload[100], law[1])) > 100)
            assert_false(load_pattern_is_like(payload, stream, number, law[0], law[1]));
    }
}

static void pattern_samples_are_those_of_g711(void **state)
{
    static const struct {
        const char *why;
        uint8_t byte;
        enum load_law law;
        int sample;
    } rows[] = {
        {"A-law, loudest plus", 0xaa, LOAD_ALAW, 32256},
        {"A-law, loudest minus", 0x2a, LOAD_ALAW, -32256},
        {"A-law, silence", 0xd5, LOAD_ALAW, 8},
        {"mu-law, loudest plus", 0x80, LOAD_ULAW, 32124},
        {"mu-law, loudest minus", 0x00, LOAD_ULAW, -32124},
        {"mu-law, silence", 0xff, LOAD_ULAW, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (load_pattern_sample(rows[i].byte, rows[i].law) != rows[i].sample)
            fail_msg("%s", rows[i].why);
}

/* ---- search -----------------------------------------------------------------------------------
 */

/* @return how many measurements it took */
static unsigned search_run(struct load_search *s, unsigned first, unsigned max, unsigned capacity)
{
    unsigned n = 0;

    load_search_init(s, first, max);
    for (; s->now && n < 100; n++)
        load_search_put(s, s->now <= capacity);
    return n;
}

static void search_finds_the_capacity_within_two_percent(void **state)
{
    static const unsigned capacities[] = {1, 2, 57, 99, 100, 101, 820, 1103, 2200, 3999};
    struct load_search s;

    (void)state;
    for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++) {
        unsigned n = search_run(&s, 100, 4000, capacities[i]);

        assert_in_range(s.good, capacities[i] - capacities[i] / 49, capacities[i]);
        assert_in_range(n, 1, 30);
    }
}

static void search_ends_at_its_upper_end_and_without_any(void **state)
{
    struct load_search s;

    (void)state;
    (void)search_run(&s, 100, 500, 1000);
    assert_int_equal(s.good, 500);
    assert_int_equal(s.bad, 0); /* so 500 is a lower bound */
    (void)search_run(&s, 100, 500, 0);
    assert_int_equal(s.good, 0);
}

static void search_gives_a_number_up_only_when_it_failed_twice(void **state)
{
    struct load_search s;

    (void)state;
    load_search_init(&s, 100, 1000);
    load_search_put(&s, false);
    assert_int_equal(s.now, 100);
    load_search_put(&s, true);
    assert_int_equal(s.good, 100);
    load_search_put(&s, false);
    load_search_put(&s, false);
    assert_int_equal(s.bad, 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histogram_reads_within_a_hundredth_above_what_was_put),
        cmocka_unit_test(histogram_shares_are_those_of_a_sorted_list),
        cmocka_unit_test(histogram_keeps_what_is_too_long_as_the_longest),
        cmocka_unit_test(histogram_that_is_empty_reads_zero),
        cmocka_unit_test(histogram_sum_of_two_holds_what_both_hold),
        cmocka_unit_test(plan_says_a_packet_is_due_from_its_time_on_and_not_before),
        cmocka_unit_test(plan_has_each_stream_send_once_an_interval),
        cmocka_unit_test(plan_spreads_packets_evenly_to_the_nanosecond),
        cmocka_unit_test(plan_sets_the_sides_of_a_call_half_an_interval_apart),
        cmocka_unit_test(plan_has_nothing_due_before_its_start),
        cmocka_unit_test(track_tells_new_late_double_and_stale_packets_apart),
        cmocka_unit_test(pattern_says_which_packet_it_is),
        cmocka_unit_test(pattern_shows_each_changed_bit),
        cmocka_unit_test(pattern_survives_the_way_to_the_other_law),
        cmocka_unit_test(pattern_samples_are_those_of_g711),
        cmocka_unit_test(search_finds_the_capacity_within_two_percent),
        cmocka_unit_test(search_ends_at_its_upper_end_and_without_any),
        cmocka_unit_test(search_gives_a_number_up_only_when_it_failed_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
