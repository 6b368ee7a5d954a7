#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/load/delay_line.h"
#include "bench/load/impair.h"
#include "bench/load/talk.h"
#include "bench/report/limits.h"
#include "bench/report/machine.h"
#include "bench/scenario/scenario.h"

/* ---- files ------------------------------------------------------------------------------------
 */

static void scenario_mistakes_are_told_by_line_with_what_is_expected(void **state)
{
    static const struct {
        const char *why, *yaml, *said[2];
    } rows[] = {
        {"an unknown key", "calls: 5\ncolour: red\n", {"day.yaml:2:", "colour"}},
        {"a number that is none", "calls: many\n", {"day.yaml:1:", "calls"}},
        {"too many calls", "\n\ncalls: 30001\n", {"day.yaml:3:", "30000"}},
        {"a decimal that is none", "impair:\n  loss: 1e1\n", {"day.yaml:2:", "loss"}},
        {"more than all packets", "impair: {loss: 101}\n", {"day.yaml:1:", "100 %"}},
        {"a mode that is none",
         "mix:\n  - {mode: plain}\n  - {mode: magic}\n",
         {"day.yaml:3:", "magic"}},
        {"a part without a mode", "mix: [{weight: 2}]\n", {"day.yaml:1:", "mode"}},
        {"no parts", "mix: []\n", {"day.yaml:1:", "mix"}},
        {"an attack that is none", "attack: {kinds: [wish]}\n", {"day.yaml:1:", "garbage"}},
        {"a list where a number is", "calls: [1]\n", {"day.yaml:1:", "calls"}},
        {"the same key twice", "calls: 1\ncalls: 2\n", {"day.yaml:2:", "twice"}},
        {"a limit below nothing", "limits: {loss: -1}\n", {"day.yaml:1:", "loss"}},
        {"a rate without end", "rate: 5\n", {"day.yaml:", "hold_s"}},
        {"a rate of too many", "rate: 10000\nhold_s: 60\n", {"day.yaml:", "30000"}},
        {"media of refused calls", "mix: [{mode: refused}]\n", {"day.yaml:", "refused"}},
        {"an attack without media",
         "kind: place\nattack: {kinds: [ng]}\n",
         {"day.yaml:", "attack"}},
        {"nothing", "", {"day.yaml:1:", "calls: 200"}},
        {"not YAML", "calls: {\n", {"day.yaml:", "YAML"}},
        {"a list", "- 1\n", {"day.yaml:1:", "map"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scenario s;
        char err[512] = "";
        int error =
            scenario_parse(&s, rows[i].yaml, strlen(rows[i].yaml), "day.yaml", err, sizeof(err));

        if (error != EINVAL || !strstr(err, rows[i].said[0]) || !strstr(err, rows[i].said[1]))
            fail_msg("%s: %d, \"%s\"", rows[i].why, error, err);
    }
}

static void scenario_is_read_as_it_is_printed(void **state)
{
    struct scenario s, again;
    char err[512], *text = NULL;
    size_t n;

    (void)state;
    for (unsigned i = 0; scenario_builtin_at(i); i++) {
        assert_int_equal(scenario_read(&s, scenario_builtin_at(i)->name, err, sizeof(err)), 0);
        FILE *f = open_memstream(&text, &n);
        assert_non_null(f);
        scenario_print(&s, f);
        fclose(f);
        if (scenario_parse(&again, text, n, "printed", err, sizeof(err)) != 0)
            fail_msg("%s", err);
        free(text);
        memcpy(again.name, s.name, sizeof(s.name));
        assert_memory_equal(&s.limits, &again.limits, sizeof(s.limits));
        assert_memory_equal(&s.impair, &again.impair, sizeof(s.impair));
        assert_memory_equal(&s.attack, &again.attack, sizeof(s.attack));
        assert_int_equal(s.n_parts, again.n_parts);
        assert_int_equal(s.calls, again.calls);
        assert_int_equal(s.kind, again.kind);
    }
}

static void scenario_of_a_modes_name_is_that_mode(void **state)
{
    struct scenario s;
    char err[512];

    (void)state;
    for (unsigned i = 0; load_mode_at(i); i++) {
        const char *name = load_mode_at(i)->name;

        if (load_mode_at(i)->is_refused)
            continue;
        assert_int_equal(scenario_read(&s, name, err, sizeof(err)), 0);
        if (scenario_check(&s, err, sizeof(err)) != 0)
            fail_msg("%s: %s", name, err);
    }
}

static void scenario_mixes_by_weight(void **state)
{
    static const char yaml[] = "mix: [{mode: plain, weight: 3}, {mode: srtp-both}]\n";
    struct scenario s;
    char err[512];
    unsigned n_plain = 0;

    (void)state;
    assert_int_equal(scenario_parse(&s, yaml, sizeof(yaml) - 1, "mix", err, sizeof(err)), 0);
    for (uint64_t serial = 0; serial < 400; serial++)
        n_plain += strcmp(scenario_part_of(&s, serial)->mode->name, "plain") == 0;
    assert_int_equal(n_plain, 300);
}

/* ---- the bad network --------------------------------------------------------------------------
 */

#define PACKETS     200000
#define INTERVAL_NS UINT64_C(20000000)

static void impair_loses_the_share_in_bursts_of_the_length_that_is_asked_for(void **state)
{
    static const struct load_impair rows[] = {
        {.loss = 1}, {.loss = 5, .burst = 3}, {.loss = 30, .burst = 10}, {.loss = 100}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct load_impair_state s;
        unsigned n_lost = 0, n_bursts = 0;
        bool was_lost = false;

        load_impair_init(&s, &rows[i], 7);
        for (unsigned k = 0; k < PACKETS; k++) {
            bool is_lost = load_impair_next(&s, &rows[i], INTERVAL_NS).is_lost;

            n_lost += is_lost;
            n_bursts += is_lost && !was_lost;
            was_lost = is_lost;
        }
        double loss = rows[i].loss / 100 * PACKETS;
        assert_in_range(n_lost, (unsigned)(loss * 0.9), (unsigned)(loss * 1.1));
        if (rows[i].burst > 1)
            assert_in_range(10 * n_lost / n_bursts, (unsigned)(9 * rows[i].burst),
                            (unsigned)(11 * rows[i].burst));
    }
}

static void impair_does_the_same_for_the_same_seed_and_stream_only(void **state)
{
    struct load_impair i = {.loss = 50, .jitter_ms = 20, .reorder = 10, .dup = 10, .seed = 3};
    struct load_impair_state a, same, other_stream, other_seed;
    unsigned n_other_stream = 0, n_other_seed = 0;

    (void)state;
    load_impair_init(&a, &i, 1);
    load_impair_init(&same, &i, 1);
    load_impair_init(&other_stream, &i, 2);
    i.seed = 4;
    load_impair_init(&other_seed, &i, 1);
    for (unsigned k = 0; k < 1000; k++) {
        struct load_impair_fate f = load_impair_next(&a, &i, INTERVAL_NS);
        struct load_impair_fate g = load_impair_next(&same, &i, INTERVAL_NS);

        assert_true(f.is_lost == g.is_lost && f.is_doubled == g.is_doubled &&
                    f.delay_ns == g.delay_ns);
        n_other_stream += f.is_lost != load_impair_next(&other_stream, &i, INTERVAL_NS).is_lost;
        n_other_seed += f.is_lost != load_impair_next(&other_seed, &i, INTERVAL_NS).is_lost;
    }
    assert_in_range(n_other_stream, 300, 700);
    assert_in_range(n_other_seed, 300, 700);
}

static void impair_has_a_clock_drift_by_so_many_packets(void **state)
{
    static const double ppm[] = {0, 100, -100};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct load_impair impair = {.drift_ppm = ppm[i]};
        struct load_impair_state s;
        unsigned n = 0;

        load_impair_init(&s, &impair, 1);
        for (unsigned k = 0; k < 1000000; k++)
            n += load_impair_turn(&s, &impair, INTERVAL_NS);
        assert_in_range(n, 999999 + (int)ppm[i], 1000001 + (int)ppm[i]);
    }
}

static void delay_line_gives_packets_back_in_the_order_of_their_times(void **state)
{
    struct load_delay_line *l = NULL;
    uint64_t random = 5, last_ns = 0;

    (void)state;
    assert_int_equal(load_delay_line_alloc(&l), 0);
    assert_int_equal(load_delay_line_due_ns(l), UINT64_MAX);
    for (unsigned i = 0; i < LOAD_DELAY_LINE_MAX; i++)
        assert_non_null(load_delay_line_put(l, 1 + (uint64_t)(load_random(&random) * 1000)));
    assert_null(load_delay_line_put(l, 1)); /* full */
    for (uint64_t now_ns = 1, n = 0; n < LOAD_DELAY_LINE_MAX; now_ns++) {
        for (struct load_delayed *d; (d = load_delay_line_take(l, now_ns)); n++) {
            assert_true(d->due_ns >= last_ns && d->due_ns <= now_ns);
            last_ns = d->due_ns;
        }
        assert_true(now_ns <= 1001);
    }
    assert_null(load_delay_line_take(l, UINT64_MAX - 1));
    load_delay_line_free(l);
}

static void talk_is_two_fifths_of_the_time_in_spurts_that_are_marked(void **state)
{
    struct load_talk t;
    unsigned n_talk = 0, n_first = 0;
    bool was_talking = true, is_first;

    (void)state;
    load_talk_init(&t, 9, true);
    for (unsigned i = 0; i < PACKETS; i++) {
        bool is_talking = load_talk_turn(&t, &is_first);

        assert_true(is_first == (is_talking && !was_talking));
        n_talk += is_talking;
        n_first += is_first;
        was_talking = is_talking;
    }
    assert_in_range(100 * n_talk / PACKETS, 34, 44); /* 1.004 / (1.004 + 1.587) = 39 % */
    assert_in_range(n_talk / n_first, 40, 60);
}

/* ---- limits -----------------------------------------------------------------------------------
 */

static void limits_hold_up_to_their_value_and_fail_where_nothing_was_measured(void **state)
{
    struct report_limit limits[REPORT_LIMITS_MAX];
    struct load_result *r = calloc(1, sizeof(*r));
    struct scenario s;

    (void)state;
    assert_non_null(r);
    scenario_default(&s);
    s.limits.loss = 1;
    s.limits.cpu_us = 5; /* no --pid: not known */
    s.limits.score = 0.9;
    r->scenario = &s;
    r->media.sent = 100;
    r->media.received = 99;
    r->n_scores = 2;
    r->scores[0].stoi = 0.95;
    r->scores[1].stoi = 0.85; /* the worst counts */
    assert_int_equal(report_limits(limits, r), 3);
    assert_string_equal(limits[0].key, "loss");
    assert_true(limits[0].holds);
    assert_string_equal(limits[1].key, "cpu_us");
    assert_false(limits[1].is_known || limits[1].holds);
    assert_string_equal(limits[2].key, "score");
    assert_false(limits[2].holds);
    r->media.received = 98;
    assert_int_equal(report_limits(limits, r), 3);
    assert_false(limits[0].holds);
    free(r);
}

/* A transcoded packet that is taken for one that was sent may be one too many. */
static void nothing_is_lost_where_more_came_than_was_sent(void **state)
{
    struct load_result *r = calloc(1, sizeof(*r));
    const struct load_half half = {.sent = 100, .received = 101};

    (void)state;
    assert_non_null(r);
    r->media.sent = 100;
    r->media.received = 101;
    assert_true(load_result_loss(r) == 0);
    assert_true(load_half_loss_percent(&half) == 0);
    assert_int_equal(load_lost(100, 101), 0);
    assert_int_equal(load_lost(100, 99), 1);
    free(r);
}

static void report_has_the_command_as_one_would_type_it(void **state)
{
    char *argv[] = {(char *)"/some/where/picrelay-bench", (char *)"--html", (char *)"a/b.html",
                    NULL};
    json_t *machine = report_machine(3, argv);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(machine, "command")),
                        "picrelay-bench --html a/b.html");
    json_decref(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenario_mistakes_are_told_by_line_with_what_is_expected),
        cmocka_unit_test(scenario_is_read_as_it_is_printed),
        cmocka_unit_test(scenario_of_a_modes_name_is_that_mode),
        cmocka_unit_test(scenario_mixes_by_weight),
        cmocka_unit_test(impair_loses_the_share_in_bursts_of_the_length_that_is_asked_for),
        cmocka_unit_test(impair_does_the_same_for_the_same_seed_and_stream_only),
        cmocka_unit_test(impair_has_a_clock_drift_by_so_many_packets),
        cmocka_unit_test(delay_line_gives_packets_back_in_the_order_of_their_times),
        cmocka_unit_test(talk_is_two_fifths_of_the_time_in_spurts_that_are_marked),
        cmocka_unit_test(limits_hold_up_to_their_value_and_fail_where_nothing_was_measured),
        cmocka_unit_test(nothing_is_lost_where_more_came_than_was_sent),
        cmocka_unit_test(report_has_the_command_as_one_would_type_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
